//===-- WeightsTest.cpp - weights files, whole and damaged ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "FakeModel.h"
#include "Internal.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fcntl.h>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

using namespace moec::testing;

namespace {
class WeightsTest : public ::testing::Test {
protected:
  void SetUp() override {
    api = model.api();
    char folder[] = "/tmp/moec-weights-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    this->folder = folder;
    path = this->folder + "/fake.weights";
  }
  void TearDown() override {
    unlink(path.c_str());
    rmdir(folder.c_str());
  }
  void write(const WeightsImage &image) {
    FILE *file = fopen(path.c_str(), "wb");
    ASSERT_NE(file, nullptr);
    ASSERT_EQ(fwrite(image.data, 1, image.size, file), image.size);
    fclose(file);
  }
  int32_t create(moec_session_options options) {
    text[0] = 0;
    options.struct_size = sizeof(options);
    options.n_threads = 1;
    options.error_text = text;
    options.error_capacity = sizeof(text);
    moec_session *session = nullptr;
    int32_t status = api->session_create(api, &options, &session);
    if (status == MOEC_OK)
      api->session_destroy(session);
    else
      EXPECT_NE(text[0], 0) << "a failure without a word";
    return status;
  }
  int32_t createFromPath() {
    moec_session_options options = {};
    options.weights_path = path.c_str();
    return create(options);
  }
  int32_t createFromMemory(const WeightsImage &image, bool check = false) {
    moec_session_options options = {};
    options.weights_data = image.data;
    options.weights_size = image.size;
    options.check_weights = check;
    return create(options);
  }

  FakeModel model;
  const moec_api *api;
  std::string folder, path;
  char text[512];
};
} // namespace

TEST_F(WeightsTest, FromPathDescriptorAndMemory) {
  write(model.weights);
  EXPECT_EQ(createFromPath(), MOEC_OK) << text;
  int fd = open(path.c_str(), O_RDONLY);
  moec_session_options options = {};
  options.weights_fd = fd;
  EXPECT_EQ(create(options), MOEC_OK) << text;
  EXPECT_EQ(fcntl(fd, F_GETFD) >= 0, true) << "the descriptor is the caller's";
  ::close(fd);
  EXPECT_EQ(createFromMemory(model.weights), MOEC_OK) << text;
  options.weights_path = path.c_str();
  EXPECT_EQ(create(options), MOEC_INVALID_ARGUMENT);
}

TEST_F(WeightsTest, MissingOrNoFile) {
  EXPECT_EQ(createFromPath(), MOEC_WEIGHTS_MISSING);
  EXPECT_NE(std::string(text).find(path), std::string::npos) << text;
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(createFromPath(), MOEC_WEIGHTS_MISSING);
  path = folder;
  EXPECT_EQ(createFromPath(), MOEC_WEIGHTS_MISSING);
  path = folder + "/fake.weights";
  moec_session_options options = {};
  options.weights_fd = 9999;
  EXPECT_EQ(create(options), MOEC_WEIGHTS_MISSING);
  // This descriptor lies in no library, so nothing lies beside it.
  options.weights_fd = 0;
  EXPECT_EQ(create(options), MOEC_WEIGHTS_MISSING);
}

TEST_F(WeightsTest, BesideTheProgramThatHasTheModel) {
  // This descriptor lies on the heap, so only a static one has a place.
  static moec_model_desc desc;
  desc = model.desc;
  static moec_model_slot slot;
  desc.slot = &slot;
  desc.name = "no-such-model";
  api = moec_rt_query(&desc);
  EXPECT_EQ(create({}), MOEC_WEIGHTS_MISSING);
  std::string said = text;
  EXPECT_NE(said.find("no-such-model.weights' (errno 2), give weights_path"),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("'/"), std::string::npos) << said;
}

TEST_F(WeightsTest, NamesThatLeadToTheFileThatWasLoaded) {
  using moec::rt::leadsTo;
  write(model.weights);
  std::string link = folder + "/link", gone = folder + "/gone";
  ASSERT_EQ(symlink("fake.weights", link.c_str()), 0);
  EXPECT_TRUE(leadsTo(path.c_str(), path.c_str()));
  EXPECT_TRUE(leadsTo(link.c_str(), path.c_str()));
  // Another file, and none.
  EXPECT_FALSE(leadsTo("/proc/self/exe", path.c_str()));
  EXPECT_FALSE(leadsTo(gone.c_str(), path.c_str()));
  // Of a file that is gone a full name is still a hint; where nothing is known
  // of the file, any is.
  EXPECT_TRUE(leadsTo(path.c_str(), gone.c_str()));
  EXPECT_FALSE(leadsTo("fake.weights", gone.c_str()));
  EXPECT_TRUE(leadsTo("fake.weights", ""));
  unlink(link.c_str());
}

TEST_F(WeightsTest, MisalignedMemory) {
  WeightsImage image = model.weights;
  moec_session_options options = {};
  options.weights_data = image.data + 4;
  options.weights_size = image.size;
  EXPECT_EQ(create(options), MOEC_INVALID_ARGUMENT);
}

TEST_F(WeightsTest, OfAnotherBuild) {
  WeightsImage image = model.weights;
  moec_weights_header header = image.header();
  header.build_id[15] ^= 1;
  image.setHeader(header);
  EXPECT_EQ(createFromMemory(image), MOEC_WEIGHTS_MISMATCH);
  EXPECT_NE(std::string(text).find("another build"), std::string::npos);
}

TEST_F(WeightsTest, OfAnotherVersion) {
  WeightsImage image = model.weights;
  moec_weights_header header = image.header();
  header.version++;
  image.setHeader(header);
  EXPECT_EQ(createFromMemory(image), MOEC_VERSION_MISMATCH);
}

TEST_F(WeightsTest, EveryFlippedBitOfTheHeaderIsRefused) {
  moec_weights_header header = model.weights.header();
  uint64_t end = header.names_offset + header.names_bytes;
  for (uint64_t byte = 0; byte < end; ++byte)
    for (int bit = 0; bit < 8; ++bit) {
      WeightsImage image = model.weights;
      image.data[byte] ^= uint8_t(1 << bit);
      ASSERT_NE(createFromMemory(image), MOEC_OK) << byte << " " << bit;
    }
}

TEST_F(WeightsTest, EveryFlippedByteIsFoundByTheHashes) {
  ScopedEnv env("MOEC_CHECK_WEIGHTS", "1");
  WeightsImage image = model.weights;
  ASSERT_EQ(createFromMemory(image), MOEC_OK) << text;
  for (size_t byte = 0; byte < image.size; ++byte) {
    uint8_t bit = uint8_t(1 << (byte % 8));
    image.data[byte] ^= bit;
    ASSERT_NE(createFromMemory(image), MOEC_OK) << byte;
    image.data[byte] ^= bit;
  }
}

TEST_F(WeightsTest, HashesOnlyWhenAsked) {
  WeightsImage image = model.weights;
  image.data[image.header().data_offset] ^= 1;
  {
    ScopedEnv env("MOEC_CHECK_WEIGHTS", nullptr);
    EXPECT_EQ(createFromMemory(image), MOEC_OK) << text;
  }
  EXPECT_EQ(createFromMemory(image, true), MOEC_WEIGHTS_CORRUPT);
  EXPECT_NE(std::string(text).find("segment 0 'w'"), std::string::npos) << text;

  moec_session_options options = {};
  options.struct_size = sizeof(options);
  options.weights_data = image.data;
  options.weights_size = image.size;
  moec_session *session;
  ASSERT_EQ(api->session_create(api, &options, &session), MOEC_OK);
  EXPECT_EQ(api->verify_weights(session), MOEC_WEIGHTS_CORRUPT);
  EXPECT_NE(std::string(api->last_error(session)).find("'w'"),
            std::string::npos);
  image.data[image.header().data_offset] ^= 1;
  EXPECT_EQ(api->verify_weights(session), MOEC_OK);
  api->session_destroy(session);
}

TEST_F(WeightsTest, EveryTruncationIsRefused) {
  for (size_t size : {0, 1, 7, 8, 127, 128, 129, 300, 4095, 4096, 4100}) {
    WeightsImage image = model.weights;
    image.resize(size);
    EXPECT_EQ(createFromMemory(image), MOEC_WEIGHTS_CORRUPT) << size;
    write(image);
    EXPECT_EQ(createFromPath(), MOEC_WEIGHTS_CORRUPT) << size;
    // A library made for a file of that size.
    model.desc.weights_bytes = size ? size : 1;
    EXPECT_NE(createFromMemory(image), MOEC_OK) << size;
    model.desc.weights_bytes = model.weights.size;
  }
  WeightsImage image = model.weights;
  image.resize(image.size + 64);
  EXPECT_EQ(createFromMemory(image), MOEC_WEIGHTS_CORRUPT);
}

/// Numbers that go wrong in unchecked arithmetic.
static uint64_t hostileNumber(std::mt19937_64 &random, uint64_t near) {
  switch (random() % 8) {
  case 0:
    return UINT64_MAX - random() % 256;
  case 1:
    return uint64_t(1) << (random() % 64);
  case 2:
    return near + random() % 256 - 128;
  case 3:
    return random();
  case 4:
    return 0;
  case 5:
    return UINT64_MAX - near + 1;
  case 6:
    return near + 4096;
  default:
    return near;
  }
}

TEST_F(WeightsTest, HostileHeadersWithARightHash) {
  std::mt19937_64 random(1);
  int accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    WeightsImage image = model.weights;
    moec_weights_header header = image.header();
    uint64_t *fields[] = {&header.n_segments,   &header.table_offset,
                          &header.names_offset, &header.names_bytes,
                          &header.data_offset,  &header.data_bytes};
    if (random() % 2)
      for (int i = 0; i < 2; ++i) {
        uint64_t *field = fields[random() % 6];
        *field = hostileNumber(random, *field);
      }
    else {
      moec_weights_segment segment;
      uint8_t *entry =
          image.data + header.table_offset + (random() % 2) * sizeof(segment);
      std::memcpy(&segment, entry, sizeof(segment));
      segment.offset = hostileNumber(random, segment.offset);
      segment.bytes = hostileNumber(random, segment.bytes);
      segment.name_offset = hostileNumber(random, segment.name_offset);
      segment.name_bytes = uint32_t(hostileNumber(random, segment.name_bytes));
      std::memcpy(entry, &segment, sizeof(segment));
    }
    // The right hash where it can be computed at all.
    uint64_t table = header.n_segments * sizeof(moec_weights_segment);
    if (header.n_segments < 100 && header.table_offset < image.size &&
        table <= image.size - header.table_offset &&
        header.names_offset < image.size &&
        header.names_bytes <= image.size - header.names_offset)
      image.setHeader(header);
    else
      std::memcpy(image.data, &header, sizeof(header));
    // The expected number of segments is not known to an attacker, but to the
    // one who made the library, too.
    model.desc.n_segments = header.n_segments;
    moec::rt::Text error;
    if (moec::rt::checkWeightsHeader(model.desc, image.data, image.size,
                                     error) != MOEC_OK)
      continue;
    ++accepted;
    moec_weights_header now = image.header();
    moec::rt::Weights weights = {image.data, image.size,
                                 image.data + now.data_offset, false};
    // Must stay within the image (the sanitizer looks).
    (void)moec::rt::checkWeightsData(weights, error);
  }
  EXPECT_GT(accepted, 10) << "the test no longer gets past the header";
}

TEST_F(WeightsTest, NoWeightsNeedNoFile) {
  model.desc.weights_bytes = 0;
  EXPECT_EQ(create({}), MOEC_OK) << text;
}
