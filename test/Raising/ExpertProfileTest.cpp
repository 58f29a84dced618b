//===-- ExpertProfileTest.cpp - profiles as they come ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Raising/ExpertProfile.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

using namespace moec;
namespace fs = std::filesystem;

namespace {
class ExpertProfileTest : public ::testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/moec-profile-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
    path = (folder / "p.json").string();
  }
  void TearDown() override { fs::remove_all(folder); }

  void write(const std::string &text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  ExpertProfile read(const std::string &text) {
    write(text);
    llvm::Expected<ExpertProfile> profile = ExpertProfile::read(path);
    if (profile)
      return *profile;
    ADD_FAILURE() << llvm::toString(profile.takeError());
    return ExpertProfile();
  }
  /// One layer of these members.
  ExpertProfile readLayer(const std::string &members) {
    return read("{\"moe_layers\": [{\"name\": \"a\", " + members + "}]}");
  }
  void refuseFile(const std::string &expected) {
    llvm::Expected<ExpertProfile> profile = ExpertProfile::read(path);
    ASSERT_FALSE(bool(profile)) << "accepted; expected: " << expected;
    EXPECT_EQ(llvm::toString(profile.takeError()),
              "cannot read the expert profile '" + path + "': " + expected);
  }
  void refuse(const std::string &text, const std::string &expected) {
    write(text);
    refuseFile(expected);
  }
  void refuseLayer(const std::string &members, const std::string &expected) {
    refuse("{\"moe_layers\": [{\"name\": \"a\", " + members + "}]}",
           "layer 'a': " + expected);
  }

  fs::path folder;
  std::string path;
};

using Shares = std::vector<double>;
using Experts = llvm::SmallVector<int64_t>;
} // namespace

TEST_F(ExpertProfileTest, SharesOfWhatWasRouted) {
  ExpertProfile profile = read(R"({"name": "m", "runs_ms": [0.5],
    "moe_layers": [
      {"name": "b/1", "experts": 4, "top_k": 2, "tokens": 8, "new": null,
       "expert_tokens": [8, 1, 0, 7], "expert_weight": [6, 0.5, 0, 1.5]},
      {"name": "a", "expert_tokens": [1]}]})");
  ASSERT_EQ(profile.getLayers().size(), 2u);
  EXPECT_EQ(profile.getLayers()[0].first, "b/1");
  const LayerProfile *layer = profile.lookup("b/1");
  ASSERT_NE(layer, nullptr);
  EXPECT_EQ(layer->share, (Shares{0.5, 0.0625, 0, 0.4375}));
  EXPECT_EQ(layer->weightShare, (Shares{0.75, 0.0625, 0, 0.1875}));
  ASSERT_NE(profile.lookup("a"), nullptr);
  EXPECT_EQ(profile.lookup("a")->share, Shares{1});
  EXPECT_EQ(profile.lookup("a")->weightShare, Shares{});
  EXPECT_EQ(profile.lookup("b"), nullptr);
  EXPECT_EQ(profile.lookup(""), nullptr);
}

TEST_F(ExpertProfileTest, AShareIsTheNumberThatItsTextMeans) {
  ExpertProfile profile = readLayer("\"expert_tokens\": [40, 82, 278]");
  EXPECT_EQ(profile.lookup("a")->share, (Shares{0.1, 0.205, 0.695}));
  EXPECT_EQ(profile.lookup("a")->getBelow(0.1), Experts{});
}

TEST_F(ExpertProfileTest, ThoseBelow) {
  ExpertProfile profile = readLayer(R"("expert_tokens": [8, 1, 0, 7])");
  const LayerProfile &layer = *profile.lookup("a");
  EXPECT_EQ(layer.getBelow(0), Experts());
  EXPECT_EQ(layer.getBelow(1e-9), Experts{2});
  // What has just the share is not below it.
  EXPECT_EQ(layer.getBelow(0.0625), Experts{2});
  EXPECT_EQ(layer.getBelow(0.1), (Experts{1, 2}));
  EXPECT_EQ(layer.getBelow(1), (Experts{0, 1, 2, 3}));
}

TEST_F(ExpertProfileTest, ScoresTakeThePlaceOfTokens) {
  Shares expected = {0.25, 0.75};
  EXPECT_EQ(readLayer(R"("scores": [0.5, 1.5])").lookup("a")->share, expected);
  EXPECT_EQ(readLayer(R"("expert_tokens": [9, 1], "scores": [1, 3])")
                .lookup("a")
                ->share,
            expected);
  // Nothing was routed, and yet there are scores.
  EXPECT_EQ(readLayer(R"("expert_tokens": [0, 0], "scores": [1, 3])")
                .lookup("a")
                ->share,
            expected);
}

TEST_F(ExpertProfileTest, NumbersOfAnySize) {
  EXPECT_EQ(readLayer(R"("scores": [1e308, 1e308, 0])").lookup("a")->share,
            (Shares{0.5, 0.5, 0}));
  EXPECT_EQ(readLayer(R"("expert_tokens": [18446744073709551615, 0])")
                .lookup("a")
                ->share,
            (Shares{1, 0}));
  EXPECT_EQ(readLayer(R"("expert_tokens": [1.0, 3.0])").lookup("a")->share,
            (Shares{0.25, 0.75}));
  EXPECT_EQ(readLayer(R"("expert_tokens": [1, 3], "expert_weight": [0, 0])")
                .lookup("a")
                ->weightShare,
            Shares{});
}

TEST_F(ExpertProfileTest, OfAModelWithoutLayersIsEmpty) {
  EXPECT_TRUE(read(R"({"moe_layers": []})").getLayers().empty());
}

TEST_F(ExpertProfileTest, FilesThatAreNone) {
  refuseFile("No such file or directory");
  path = folder.string();
  refuseFile("it is not a regular file");
  path = "/dev/zero";
  refuseFile("it is not a regular file");
  path = (folder / "large.json").string();
  write("{}");
  fs::resize_file(path, (uint64_t(64) << 20) + 1);
  refuseFile("it has 67108865 bytes, expected at most 67108864");
}

TEST_F(ExpertProfileTest, TextsThatAreNone) {
  std::string deep = "it is nested over 64 deep";
  refuse(std::string(1 << 22, '['), deep);
  std::string objects;
  for (int i = 0; i < 100000; ++i)
    objects += "{\"a\":";
  refuse(objects, deep);
  // Brackets of a string, and those that are closed, are not deep.
  std::string many;
  for (int i = 0; i < 100; ++i)
    many += "[],";
  read("{\"a\": \"\\\"" + std::string(99, '[') + "\", \"b\": [" + many +
       "[]], \"moe_layers\": []}");
  std::string advice =
      "it has no array 'moe_layers'; write it with moec-run --profile";
  for (const char *text : {"[]", "3", "{}", R"({"moe_layers": {}})",
                           R"({"moe_layers": null})", R"("moe_layers")"})
    refuse(text, advice);
  for (const char *text : {"", "{", R"({"moe_layers": [}])", "{} x", "\xff",
                           R"({"moe_layers": [NaN]})"}) {
    write(text);
    llvm::Expected<ExpertProfile> profile = ExpertProfile::read(path);
    ASSERT_FALSE(bool(profile)) << text;
    EXPECT_NE(
        llvm::toString(profile.takeError()).find("p.json': it is not JSON: "),
        std::string::npos);
  }
}

TEST_F(ExpertProfileTest, LayersThatAreNone) {
  refuse(R"({"moe_layers": [3]})", "'moe_layers[0]' is 3, expected an object");
  refuse(R"({"moe_layers": [{"name": "a", "scores": [1]}, {"name": 7}]})",
         "'moe_layers[1]' has no 'name' that is a string");
  refuse(R"({"moe_layers": [{"name": "a", "scores": [1]},
                            {"name": "a", "scores": [2]}]})",
         "two layers are named 'a'; give the nodes of the model different "
         "names");
  refuseLayer(R"("experts": 4)", "it has neither 'expert_tokens' nor 'scores'");
  refuseLayer(R"("expert_weight": [1])",
              "it has neither 'expert_tokens' nor 'scores'");
}

TEST_F(ExpertProfileTest, WrongNumbersOfExperts) {
  refuseLayer(R"("experts": 3, "expert_tokens": [1, 2])",
              "'expert_tokens' has 2 elements, expected one for each of 3 "
              "experts");
  refuseLayer(R"("expert_tokens": [1, 2], "expert_weight": [1])",
              "'expert_weight' has 1 elements, expected one for each of 2 "
              "experts");
  refuseLayer(R"("expert_tokens": [1, 2], "scores": [1, 2, 3])",
              "'scores' has 3 elements, expected one for each of 2 experts");
  for (const char *key : {"expert_tokens", "expert_weight", "scores"})
    for (const auto &[value, said] :
         {std::pair("[]", "an array"), std::pair("{}", "an object"),
          std::pair("3", "3"), std::pair("null", "null")})
      refuseLayer("\"" + std::string(key) + "\": " + value,
                  "'" + std::string(key) + "' is " + said +
                      ", expected an array of a number for each expert");
}

TEST_F(ExpertProfileTest, WrongNumbers) {
  std::string count = "expected an integer from 0 to 2^64 - 1";
  std::string amount = "expected a finite number of at least 0";
  for (const auto &[value, said] :
       {std::pair("-1", "-1"), std::pair("1.5", "1.5"),
        std::pair("1e30", "1e+30"), std::pair("null", "null"),
        std::pair("\"3\"", "a string"), std::pair("true", "a boolean")}) {
    for (const char *key : {"experts", "top_k", "tokens"})
      refuseLayer("\"" + std::string(key) + "\": " + value,
                  "'" + std::string(key) + "' is " + said + ", " + count);
    refuseLayer("\"expert_tokens\": [1, " + std::string(value) + "]",
                "'expert_tokens[1]' is " + std::string(said) + ", " + count);
  }
  for (const auto &[value, said] :
       {std::pair("-0.5", "-0.5"), std::pair("1e999", "inf"),
        std::pair("null", "null"), std::pair("[1]", "an array")})
    for (const char *key : {"expert_weight", "scores"})
      refuseLayer("\"" + std::string(key) + "\": [0, 1, " + value + "]",
                  "'" + std::string(key) + "[2]' is " + said + ", " + amount);
}

TEST_F(ExpertProfileTest, WhatSaysNothing) {
  refuseLayer(R"("expert_tokens": [0, 0])",
              "no expert was chosen; profile runs that choose some");
  refuseLayer(R"("expert_tokens": [1, 2], "scores": [0, 0])",
              "all of its 'scores' are 0");
}

TEST_F(ExpertProfileTest, MoreChoicesThanTokensHave) {
  refuseLayer(R"("top_k": 2, "tokens": 3, "expert_tokens": [3, 4])",
              "'expert_tokens' sum to 7, expected at most 6, 'top_k' for each "
              "of 'tokens'");
  refuseLayer(R"("top_k": 2, "tokens": 3,
                 "expert_tokens": [18446744073709551615, 1])",
              "'expert_tokens' sum to 18446744073709551615, expected at most "
              "6, 'top_k' for each of 'tokens'");
  readLayer(R"("top_k": 2, "tokens": 3, "expert_tokens": [3, 3])");
  readLayer(R"("top_k": 2, "expert_tokens": [3, 4])");
  readLayer(R"("tokens": 3, "expert_tokens": [3, 4])");
  readLayer(R"("top_k": 4294967296, "tokens": 4294967296,
               "expert_tokens": [18446744073709551615, 1])");
}

/// Any bytes end in a profile or a sentence.
TEST_F(ExpertProfileTest, OfAnyBytes) {
  std::string good = R"({"moe_layers": [{"name": "a", "experts": 2, "top_k": 1,
    "tokens": 3, "expert_tokens": [1, 2], "expert_weight": [0.5, 1.5e0]}]})";
  std::mt19937 random(7);
  int accepted = 0;
  for (int round = 0; round < 500; ++round) {
    std::string bad = good;
    for (int i = 0; i < 2; ++i)
      bad[random() % bad.size()] = char(random());
    if (round % 3 == 0)
      bad.resize(random() % bad.size());
    write(bad);
    if (llvm::Expected<ExpertProfile> profile = ExpertProfile::read(path))
      ++accepted;
    else
      EXPECT_NE(llvm::toString(profile.takeError()).find("p.json"),
                std::string::npos);
  }
  EXPECT_GT(accepted, 0);
}
