//===-- MoecRunTest.cpp - the program moec-run and its files --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "../../tools/moec-run/Npy.h"
#include "../../tools/moec-run/Tokens.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sys/wait.h>

using namespace moecrun;
namespace fs = std::filesystem;

namespace {
class MoecRunTest : public ::testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/moec-run-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }
  std::string path(const std::string &name) { return (folder / name).string(); }
  std::string write(const std::string &name, const std::string &content) {
    std::ofstream(folder / name, std::ios::binary) << content;
    return path(name);
  }
  /// Runs the program; `out` and `err` get what it prints.
  int run(const std::string &arguments) {
    std::string command =
        MOEC_RUN " " + arguments + " >" + path("out") + " 2>" + path("err");
    // NOLINTNEXTLINE(bugprone-command-processor): the commands are this file's.
    int status = std::system(command.c_str());
    auto read = [&](const char *name) {
      std::ifstream file(folder / name);
      return std::string(std::istreambuf_iterator<char>(file), {});
    };
    out = read("out");
    err = read("err");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  fs::path folder;
  std::string out, err;
};
} // namespace

/// The half of a last byte that holds nothing is no element.
TEST_F(MoecRunTest, CountOfPackedElements) {
  EXPECT_EQ(Buffer(MOEC_INT4, {5, 5}).count(), 25u);
  EXPECT_EQ(Buffer(MOEC_INT4, {5, 5}).bytes.size(), 13u);
  EXPECT_EQ(Buffer(MOEC_UINT4, {}).count(), 1u);
  EXPECT_EQ(Buffer(MOEC_UINT4, {3, 0}).count(), 0u);
}

//===-- .npy --------------------------------------------------------------===//

TEST_F(MoecRunTest, NpyRoundTrip) {
  std::mt19937 random(1);
  for (int32_t dtype : {MOEC_FLOAT, MOEC_DOUBLE, MOEC_FLOAT16, MOEC_BFLOAT16,
                        MOEC_INT8, MOEC_INT16, MOEC_INT32, MOEC_INT64,
                        MOEC_UINT8, MOEC_UINT16, MOEC_UINT32, MOEC_UINT64,
                        MOEC_BOOL, MOEC_FLOAT8E4M3FN, MOEC_FLOAT8E8M0})
    for (const std::vector<int64_t> &shape :
         {std::vector<int64_t>{}, {5}, {2, 3, 4}, {3, 0}}) {
      Buffer buffer(dtype, shape);
      for (uint8_t &byte : buffer.bytes)
        byte = uint8_t(random());
      writeNpy(path("a.npy"), buffer);
      Buffer read = readNpy(path("a.npy"), dtype);
      EXPECT_EQ(read.shape, shape) << dtypeName(dtype);
      EXPECT_EQ(read.bytes, buffer.bytes) << dtypeName(dtype);
    }
}

/// As numpy.save writes it.
static std::string npy(const std::string &dictionary, const std::string &data,
                       char version = 1) {
  std::string header = dictionary;
  size_t start = version == 1 ? 10 : 12;
  header.resize((start + header.size() + 64) / 64 * 64 - start - 1, ' ');
  header += '\n';
  std::string text = "\x93NUMPY";
  text += version;
  text += '\0';
  text += char(header.size() & 255);
  text += char(header.size() >> 8);
  if (version > 1)
    text += std::string(2, '\0');
  return text + header + data;
}

const char *const goodHeader =
    "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }";
static std::string eight() { return {"\1\0\0\0\2\0\0\0", 8}; }

TEST_F(MoecRunTest, NpyVersions) {
  for (char version : {1, 2, 3}) {
    Buffer buffer =
        readNpy(write("v.npy", npy(goodHeader, eight(), version)), MOEC_INT32);
    EXPECT_EQ(elementValue(buffer.bytes.data(), MOEC_INT32, 1), 2.0);
  }
}

TEST_F(MoecRunTest, NpyRefusals) {
  auto refuse = [&](const std::string &content, const std::string &text) {
    try {
      readNpy(write("bad.npy", content), MOEC_INT32);
      ADD_FAILURE() << "accepted; expected: " << text;
    } catch (const Error &error) {
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos)
          << error.what();
      EXPECT_NE(std::string(error.what()).find("bad.npy"), std::string::npos);
    }
  };
  auto header = [](const std::string &descr, const std::string &shape,
                   const char *fortran = "False") {
    return npy("{'descr': '" + descr + "', 'fortran_order': " + fortran +
                   ", 'shape': " + shape + ", }",
               eight());
  };
  refuse("", "begin with");
  refuse("PK\3\4 a zip of arrays", "begin with");
  refuse(npy(goodHeader, eight(), 4), "version is 4");
  refuse(npy(goodHeader, eight()).substr(0, 9), "begin with");
  refuse(npy(goodHeader, eight()).substr(0, 40), "header is too long");
  refuse(npy(goodHeader, eight().substr(1)), "holds 7 bytes of data");
  refuse(npy(goodHeader, eight() + "x"), "holds 9 bytes of data");
  refuse(header("<f4", "(2,)"), "element type '<f4', expected '<i4'");
  refuse(header(">i4", "(2,)"), "element type '>i4'");
  refuse(header("|O", "(2,)"), "element type '|O'");
  refuse(header("<i4", "(1,2)", "True"), "Fortran order");
  refuse(header("<i4", "(-2,)"), "expected an extent");
  refuse(header("<i4", "(99999999999999999999,)"), "overflows");
  refuse(header("<i4", "(4611686018427387904,4)"), "overflows");
  refuse(header("<i4", "(4611686018427387904,)"), "overflows");
  refuse(header("<i4", "(1000000000000,)"), "its shape needs 4000000000000");
  refuse(header("<i4", "(1,1,1,1,1,1,1,1,2)"), "rank is greater than 8");
  refuse(npy("{'descr': '<i4', 'shape': (2,)}", eight()), "lacks");
  refuse(npy("{'descr': [('a', '<i4')], }", eight()), "expected a string");
  refuse(npy("{'import': 'os'}", eight()), "unknown key 'import'");
  refuse(npy("{'descr': '<i4", eight()), "does not end");
  EXPECT_THROW(readNpy(path("none.npy"), MOEC_INT32), Error);
  EXPECT_THROW(readNpy(folder.string(), MOEC_INT32), Error);
}

TEST_F(MoecRunTest, NpyOfAnyBytes) {
  std::string good = npy(goodHeader, eight());
  std::mt19937 random(7);
  for (int round = 0; round < 400; ++round) {
    std::string bad = good;
    for (int i = 0; i < 3; ++i)
      bad[random() % bad.size()] = char(random());
    if (round % 3 == 0)
      bad.resize(random() % bad.size());
    try {
      readNpy(write("any.npy", bad), MOEC_INT32);
    } catch (const Error &error) {
      EXPECT_NE(std::string(error.what()).find("any.npy"), std::string::npos);
    }
  }
}

TEST(Elements, HalfPrecision) {
  // Every finite value and infinity is itself again.
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    if ((bits & 0x7c00) == 0x7c00 && (bits & 0x3ff))
      continue;
    uint16_t half = uint16_t(bits), again;
    double value = elementValue(&half, MOEC_FLOAT16, 0);
    setElement(&again, MOEC_FLOAT16, 0, value);
    ASSERT_EQ(again, half) << value;
  }
  uint16_t half;
  auto rounded = [&](double value) {
    setElement(&half, MOEC_FLOAT16, 0, value);
    return elementValue(&half, MOEC_FLOAT16, 0);
  };
  EXPECT_EQ(rounded(1.0 + 1.0 / 2048), 1.0); // A tie, to even.
  EXPECT_EQ(rounded(1.0 + 3.0 / 2048), 1.0 + 4.0 / 2048);
  EXPECT_EQ(rounded(65519.9), 65504.0);
  EXPECT_TRUE(std::isinf(rounded(65520.0)));
  EXPECT_TRUE(std::isnan(rounded(NAN)));
}

//===-- Tokens ------------------------------------------------------------===//

TEST_F(MoecRunTest, TokenFiles) {
  using Ids = std::vector<int64_t>;
  Tokens list(write("list.json", "[\"<end>\", \"a\", \"\\u00e9\", \"ab\", "
                                 "\"\\ud83d\\ude00\"]"));
  EXPECT_EQ(list.encode("aab\xc3\xa9\xf0\x9f\x98\x80"), (Ids{1, 3, 2, 4}));
  EXPECT_EQ(list.decode(2), "\xc3\xa9");
  EXPECT_EQ(list.decode(77), "<77>");
  EXPECT_EQ(list.endId(), 0);
  EXPECT_THROW(list.encode("abc"), Error);
  Tokens object(write("object.json", "{\"x\": 5, \"y\": 2}\n"));
  EXPECT_EQ(object.encode("yx"), (Ids{2, 5}));
  EXPECT_EQ(object.endId(), -1);
  Tokens string(write("string.json", "\"ab\xc3\xa9\""));
  EXPECT_EQ(string.encode("\xc3\xa9"
                          "a"),
            (Ids{2, 0}));
  EXPECT_EQ(Tokens().encode("1,5 7"), (Ids{1, 5, 7}));
  EXPECT_THROW(Tokens().encode("1,x"), Error);
  for (const char *bad :
       {"", "[", "[\"a\"", "[\"a\" \"b\"]", "{\"a\": -1}",
        "{\"a\": 99999999999999999999}", "\"a", "[1]", "[\"\\u12\"]",
        "[\"\\ud83d\\u0041\"]", "[\"\\x\"]", "[] x", "[]"})
    EXPECT_THROW(Tokens(write("bad.json", bad)), Error) << bad;
}

//===-- The program -------------------------------------------------------===//

TEST_F(MoecRunTest, UsageAndHelp) {
  EXPECT_EQ(run("--help"), 0);
  EXPECT_NE(out.find("Example:"), std::string::npos);
  EXPECT_EQ(run("--version"), 0);
  EXPECT_EQ(out.rfind("moec-run ", 0), 0u) << out;
  for (const char *wrong :
       {"", "--nonsense", "lib.so --input x", "lib.so --dim n=x",
        "lib.so --dim n=-1", "lib.so --threads 0", "lib.so --ints 3..3",
        "lib.so --max-tokens 3", "lib.so lib.so"})
    EXPECT_EQ(run(wrong), 2) << wrong;
}

TEST_F(MoecRunTest, FailuresSayWhat) {
  auto fails = [&](const std::string &arguments, const std::string &text) {
    EXPECT_EQ(run(arguments), 1) << arguments;
    EXPECT_NE(err.find(text), std::string::npos) << err;
  };
  fails("/nowhere/lib.so", "cannot find library");
  fails(write("lib.so", "no library"), "cannot load library");
  fails(MOEC_FAKE_LIBRARY " --dim q=3", "no such dimension, only: n, p, t");
  fails(MOEC_FAKE_LIBRARY " --input q=a.npy", "no such input");
  fails(MOEC_FAKE_LIBRARY " --output q=a.npy", "no such output");
  fails(MOEC_FAKE_LIBRARY " --weights /nowhere", "cannot open weights file");
  fails(MOEC_FAKE_LIBRARY " --cpu i486", "CPU level 'i486'");
  fails(MOEC_FAKE_LIBRARY " --generate 1", "input 'x' is neither ids, mask");
  fails(MOEC_FAKE_LIBRARY " --output y=/nowhere/y.npy", "cannot write");
  fails(MOEC_FAKE_LIBRARY " --profile /nowhere/p.json",
        "cannot write '/nowhere/p.json'");
  // What the library refuses is said in its words.
  writeNpy(path("x.npy"), Buffer(MOEC_FLOAT, {2, 5}));
  fails(MOEC_FAKE_LIBRARY " --input x=" + path("x.npy"),
        "dimension 1 of 'x' is 5, expected 4");
}

TEST_F(MoecRunTest, RunsOnFiles) {
  Buffer x(MOEC_FLOAT, {3, 4});
  for (size_t i = 0; i < 12; ++i)
    setElement(x.bytes.data(), MOEC_FLOAT, i, double(i) - 4);
  writeNpy(path("x.npy"), x);
  // The library after an option with a value.
  ASSERT_EQ(run("--input x=" + path("x.npy") + " --output y=" + path("y.npy") +
                " --output present=" + path("p.npy") +
                " --dim p=2 --threads 2 --profile " + path("p.json") +
                " " MOEC_FAKE_LIBRARY),
            0)
      << err;
  EXPECT_NE(out.find("n=3 p=2"), std::string::npos) << out;
  Buffer y = readNpy(path("y.npy"), MOEC_FLOAT);
  EXPECT_EQ(y.shape, (std::vector<int64_t>{3, 4}));
  for (size_t i = 0; i < 12; ++i)
    EXPECT_EQ(elementValue(y.bytes.data(), MOEC_FLOAT, i),
              (double(i) - 4) * 2.5);
  EXPECT_EQ(readNpy(path("p.npy"), MOEC_FLOAT).shape,
            (std::vector<int64_t>{2, 3, 3}));
  std::ifstream file(path("p.json"));
  std::string json(std::istreambuf_iterator<char>(file), {});
  EXPECT_NE(json.find("\"expert_rows\": 3"), std::string::npos) << json;
  EXPECT_NE(json.find("\"threads\": 2"), std::string::npos) << json;
  EXPECT_NE(json.find("\"inputs\": {\"x\": [3, 4], \"past\": [2, 2, 3]}"),
            std::string::npos)
      << json;
}

//===-- Profiles ----------------------------------------------------------===//

namespace {
class ProfileFileTest : public MoecRunTest {
protected:
  /// What is written behind "moe_layers"; "" where that is not there.
  std::string layersOf(const std::string &arguments) {
    EXPECT_EQ(run(arguments + " --profile " + path("p.json")), 0) << err;
    std::ifstream file(path("p.json"));
    json.assign(std::istreambuf_iterator<char>(file), {});
    size_t start = json.find("\"moe_layers\": ");
    return start == std::string::npos ? "" : json.substr(start + 14);
  }

  std::string json;
};
} // namespace

TEST_F(ProfileFileTest, SaysWhoWasChosen) {
  // Tokens 0 to 4 choose 0 1, 1 2, 2 3, 3 0 and 0 1, by three quarters and one.
  EXPECT_EQ(layersOf(MOEC_FAKE_LIBRARY " --dim n=5"), R"([
    {
      "name": "layer \"0\"",
      "experts": 4,
      "top_k": 2,
      "tokens": 5,
      "expert_tokens": [3, 3, 2, 2],
      "expert_weight": [1.75, 1.25, 1, 1]
    }
  ]
}
)");
}

TEST_F(ProfileFileTest, CountsAllRuns) {
  std::string layers = layersOf(MOEC_FAKE_LIBRARY " --dim n=4 --bench");
  size_t start = json.find("\"runs\": ");
  ASSERT_NE(start, std::string::npos);
  std::string runs = std::to_string(2 * std::stoll(json.substr(start + 8)));
  EXPECT_NE(
      layers.find("[" + runs + ", " + runs + ", " + runs + ", " + runs + "]"),
      std::string::npos)
      << json;
}

TEST_F(ProfileFileTest, OfAModelWithoutLayersIsEmpty) {
  EXPECT_EQ(layersOf(MOEC_DECODER_LIBRARY " --generate 3,1 --max-tokens 4"),
            "[]\n}\n");
  EXPECT_NE(json.find("\"measured\": 4"), std::string::npos) << json;
  EXPECT_NE(json.find("\"runs\": 4"), std::string::npos) << json;
  EXPECT_EQ(json.find("\"inputs\""), std::string::npos) << json;
}

/// Made before runs could count that, it still runs.
TEST_F(ProfileFileTest, OfAnOldLibraryHasTimesAlone) {
  EXPECT_EQ(layersOf(MOEC_OLD_LIBRARY), "");
  EXPECT_NE(json.find("\"runs\": 1"), std::string::npos) << json;
}

TEST_F(MoecRunTest, MadeUpInputsDependOnTheSeed) {
  auto yOf = [&](const std::string &arguments) {
    EXPECT_EQ(run(MOEC_FAKE_LIBRARY " --output y=" + path("y.npy") + arguments),
              0)
        << err;
    return readNpy(path("y.npy"), MOEC_FLOAT).bytes;
  };
  EXPECT_EQ(yOf(""), yOf(" --seed 1"));
  EXPECT_NE(yOf(""), yOf(" --seed 2"));
}

TEST_F(MoecRunTest, FindsTheSymbolOfARenamedLibrary) {
  fs::copy_file(MOEC_FAKE_LIBRARY, folder / "other.so");
  fs::copy_file(fs::path(MOEC_FAKE_LIBRARY).parent_path() / "fake.weights",
                folder / "fake.weights");
  EXPECT_EQ(run(path("other.so")), 0) << err;
}

TEST_F(MoecRunTest, Bench) {
  EXPECT_EQ(run(MOEC_FAKE_LIBRARY " --bench --profile " + path("p.json")), 0)
      << err;
  EXPECT_NE(out.find("median"), std::string::npos) << out;
}

//===-- Generation --------------------------------------------------------===//

/// What libdecoder.so continues `tokens` with.
static std::vector<int64_t> continued(std::vector<int64_t> tokens,
                                      size_t length) {
  while (tokens.size() < length) {
    int64_t sum = 0;
    for (int64_t token : tokens)
      sum += token;
    tokens.push_back((sum + int64_t(tokens.size()) - 1) % 10);
  }
  return tokens;
}

TEST_F(MoecRunTest, GeneratesOverTheCache) {
  ASSERT_EQ(run(MOEC_DECODER_LIBRARY " --generate 3,1,4 --max-tokens 20"), 0)
      << err;
  std::string expected;
  for (int64_t token : continued({3, 1, 4}, 23))
    expected += std::to_string(token) + " ";
  EXPECT_EQ(out, expected + "\n");
  EXPECT_NE(err.find("1 of 2 states in place"), std::string::npos) << err;
}

TEST_F(MoecRunTest, GeneratesText) {
  std::string chars = write("chars.json", "\"abcdefghij\"");
  ASSERT_EQ(run(MOEC_DECODER_LIBRARY " --generate cab --max-tokens 9 --chars " +
                chars),
            0)
      << err;
  std::string expected;
  for (int64_t token : continued({2, 0, 1}, 12))
    expected += char('a' + token);
  EXPECT_EQ(out, expected + "\n");
  // The end of a text ends it.
  std::vector<int64_t> all = continued({2, 0, 1}, 12);
  std::string list = "[";
  for (int64_t i = 0; i < 10; ++i)
    list +=
        (i ? ", \"" : "\"") +
        (i == all[7] ? std::string("<end>") : std::string(1, char('a' + i))) +
        "\"";
  chars = write("chars.json", list + "]");
  size_t end = 3;
  while (all[end] != all[7])
    ++end;
  ASSERT_EQ(run(MOEC_DECODER_LIBRARY " --generate cab --max-tokens 9 --chars " +
                chars),
            0)
      << err;
  EXPECT_EQ(out, expected.substr(0, end) + "\n");
  EXPECT_EQ(run(MOEC_DECODER_LIBRARY " --generate xyz --chars " + chars), 1);
  EXPECT_NE(err.find("no token for 'x'"), std::string::npos) << err;
}

TEST_F(MoecRunTest, DecoderAsAPlainModel) {
  // The total length follows from the others.
  EXPECT_EQ(run(MOEC_DECODER_LIBRARY
                " --dim sequence_length=3 --dim past_sequence_length=0"),
            0)
      << err;
  EXPECT_NE(out.find("total_sequence_length=3"), std::string::npos) << out;
  EXPECT_EQ(run(MOEC_DECODER_SUM_LIBRARY " --dim S=3 --dim P=0"), 0) << err;
  EXPECT_NE(out.find("B=1 S=3 P=0 P + S=3"), std::string::npos) << out;
  EXPECT_EQ(
      run(MOEC_DECODER_LIBRARY " --dim past_sequence_length=0 --ints 50..60"),
      1);
  EXPECT_NE(err.find("/model/embed"), std::string::npos) << err;
  EXPECT_NE(err.find("; made up were the extents batch_size=1, "
                     "sequence_length=1, total_sequence_length=1 (--dim or "
                     "--input) and the integers of 'input_ids', "),
            std::string::npos)
      << err;
}

TEST_F(MoecRunTest, TheMaskIsAsLongAsIdsAndCache) {
  // Of names that say nothing.
  EXPECT_EQ(run(MOEC_DECODER_TWO_LIBRARY " --dim b=3 --dim c=0 --dim e=0"), 0)
      << err;
  EXPECT_NE(out.find("a=1 b=3 c=0 d=3 e=0"), std::string::npos) << out;
  // No length would be right where caches differ.
  EXPECT_EQ(run(MOEC_DECODER_TWO_LIBRARY " --dim c=2"), 1);
  EXPECT_NE(err.find("--dim d: no length of 'attention_mask' would do, for "
                     "'past_key_values.0.key' has 2 rows and "
                     "'past_key_values.0.value' 1"),
            std::string::npos)
      << err;
  EXPECT_EQ(run(MOEC_DECODER_TWO_LIBRARY " --dim c=2 --dim d=3"), 1);
  EXPECT_NE(err.find("run failed"), std::string::npos) << err;
  EXPECT_EQ(
      run(MOEC_DECODER_LIBRARY " --dim sequence_length=9223372036854775807"),
      1);
  EXPECT_NE(err.find("--dim total_sequence_length: the sum of other extents "
                     "leaves 64 bits"),
            std::string::npos)
      << err;
}
