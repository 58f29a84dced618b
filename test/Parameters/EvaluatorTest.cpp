//===-- EvaluatorTest.cpp - the bytes that recipes make -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fixture.h"

#include "dialects/Param/IR/Recipes.h"
#include "moec/Parameters/Evaluator.h"

#include "mlir/IR/Builders.h"

#include <numeric>

using namespace mlir;
using namespace moec;
using namespace moec::param;
using namespace moec::testing;

namespace {

class EvaluatorTest : public ParametersTest {
protected:
  std::vector<char> stream(RecipeInterface recipe, int64_t workingBytes) {
    SourceFiles sources = openFiles();
    ParameterEvaluator evaluator(sources, workingBytes);
    std::vector<char> bytes;
    LogicalResult result = evaluator.stream(
        recipe, UnknownLoc::get(&context), [&](ArrayRef<char> piece) {
          bytes.insert(bytes.end(), piece.begin(), piece.end());
          return success();
        });
    EXPECT_TRUE(succeeded(result)) << messages;
    return bytes;
  }

  /// The whole value and a few regions, with little and with much memory.
  void check(RecipeInterface recipe, int numRegions = 4) {
    ASSERT_TRUE(recipe);
    std::string text;
    llvm::raw_string_ostream(text) << recipe;
    SCOPED_TRACE(text);
    std::vector<char> expected = evaluateStored(recipe, files);
    for (int64_t workingBytes :
         {int64_t(1) << 10, int64_t(40) << 10, int64_t(48) << 20})
      ASSERT_EQ(stream(recipe, workingBytes), expected)
          << "with " << workingBytes << " bytes";
    SourceFiles sources = openFiles();
    ParameterEvaluator evaluator(sources, pick(0, 1) ? 2000 : 48 << 20);
    ArrayRef<int64_t> shape = recipe.getResultType().getShape();
    for (int i = 0; i < numRegions; ++i) {
      Index offsets, sizes;
      for (int64_t extent : shape) {
        int64_t begin = pick(0, extent), end = pick(0, extent);
        offsets.push_back(std::min(begin, end));
        sizes.push_back(std::abs(end - begin));
        if (sizes.back() == 0 && begin < extent)
          sizes.back() = 1;
      }
      std::vector<char> region = evaluateRegion(recipe, offsets, sizes, files);
      std::vector<char> buffer(region.size(), 'x');
      ASSERT_TRUE(succeeded(evaluator.readRegion(
          recipe, UnknownLoc::get(&context), offsets, sizes, buffer)))
          << messages;
      ASSERT_EQ(buffer, region) << ::testing::PrintToString(offsets) << " "
                                << ::testing::PrintToString(sizes);
    }
  }
};

TEST_F(EvaluatorTest, Files) {
  writeRandomFile("m", 4096);
  check(parse("#param.file<\"m\", 3, 1184, tensor<8x37xf32>>"));
  check(parse("#param.file<\"m\", 5, 77, tensor<7x11xi1>>"));
  check(parse("#param.file<\"m\", 1, 26, tensor<3x17xi4>>"));
  check(parse("#param.file<\"m\", 0, 8, tensor<f64>>"));
  check(parse("#param.file<\"m\", 4096, 0, tensor<3x0x2xf32>>"));
}

TEST_F(EvaluatorTest, Dense) {
  check(parse("#param.dense<dense<[[1.5, -2.0], [0.1, 4.0]]> : "
              "tensor<2x2xf16>>"));
  check(parse("#param.dense<dense<[true, false, true]> : tensor<3xi1>>"));
  check(parse("#param.dense<dense<[-8, 7, 3]> : tensor<3xi4>>"));
  check(parse("#param.dense<dense<7> : tensor<5x3xui16>>"));
  check(parse("#param.dense<dense<true> : tensor<5xi1>>"));
  check(parse("#param.dense<dense<> : tensor<0xf32>>"));
}

TEST_F(EvaluatorTest, PackPanels) {
  writeRandomFile("m", size_t(3) * 74 * 37 * 4);
  for (const char *source :
       {"#param.file<\"m\", 0, 32856, tensor<3x74x37xf32>>",
        "#param.file<\"m\", 0, 16428, tensor<3x74x37xf16>>",
        "#param.file<\"m\", 0, 8214, tensor<3x74x37xui8>>",
        "#param.file<\"m\", 0, 10952, tensor<74x37xf32>>",
        "#param.file<\"m\", 0, 9472, tensor<1x64x37xf32>>"})
    for (const char *options :
         {"k_major = false, gated = false", "k_major = true, gated = false",
          "k_major = false, gated = true"})
      check(parse("#param.pack_panels<" + std::string(source) + ", " + options +
                  ">"));
  // Columns of a k-major gated source are the last dimension: even here.
  check(parse("#param.pack_panels<#param.file<\"m\", 0, 32856, "
              "tensor<3x37x74xf32>>, k_major = true, gated = true>"));
  check(parse("#param.pack_panels<#param.file<\"m\", 0, 24, "
              "tensor<3x1x2xf32>>, k_major = true, gated = true>"));
  check(parse("#param.pack_panels<#param.file<\"m\", 0, 0, "
              "tensor<3x0x2xf32>>, k_major = false, gated = true>"));
}

TEST_F(EvaluatorTest, ExpertsInOnePackedParameter) {
  // Gate and up of separate experts, as initializers, to interleaved panels.
  writeRandomFile("a", size_t(4) * 40 * 19 * 4);
  auto expert = [&](int i) {
    return parse("#param.file<\"a\", " + std::to_string(i * 40 * 19 * 4) +
                 ", 3040, tensor<40x19xf32>>");
  };
  RecipeInterface gate = makeStack({expert(0), expert(2)}, 0);
  RecipeInterface up = makeStack({expert(1), expert(3)}, 0);
  RecipeInterface both = makeReshape(makeStack({gate, up}, 2), {2, 80, 19});
  check(makePackPanels(both, /*kMajor=*/false, /*gated=*/true));
  check(
      makePackPanels(makeCast(both, Float16Type::get(&context)), false, true));
}

/// Makes a random recipe of a random recipe.
class RandomRecipes : public EvaluatorTest {
protected:
  RecipeInterface makeLeaf() {
    Builder builder(&context);
    SmallVector<Type> types{
        builder.getF32Type(),      builder.getF16Type(),
        builder.getBF16Type(),     builder.getF64Type(),
        builder.getI8Type(),       builder.getI64Type(),
        builder.getIntegerType(4), builder.getIntegerType(16, false),
        builder.getI1Type()};
    SmallVector<int64_t> shape(pick(0, 4));
    for (int64_t &extent : shape)
      extent = pick(0, 40) == 0  ? 0
               : pick(0, 3) == 0 ? pick(1, 40)
                                 : pick(1, 6);
    auto type = RankedTensorType::get(shape, types[pick(0, types.size() - 1)]);
    return FileAttr::get(&context, "m", pick(0, 100), *getStorageBytes(type),
                         type);
  }

  SmallVector<int64_t> getRandomShape(int64_t count) {
    SmallVector<int64_t> shape;
    for (int64_t factor = 2; count > 1 && shape.size() < 4;) {
      if (count % factor != 0) {
        ++factor;
        continue;
      }
      int64_t extent = 1;
      do {
        extent *= factor;
        count /= factor;
      } while (count % factor == 0 && pick(0, 1));
      shape.push_back(extent);
    }
    if (count != 1)
      shape.push_back(count);
    std::shuffle(shape.begin(), shape.end(), random);
    if (pick(0, 3) == 0)
      shape.insert(shape.begin() + pick(0, shape.size()), 1);
    return shape;
  }

  RecipeInterface makeRandom(int depth) {
    if (depth == 0)
      return makeLeaf();
    RecipeInterface source = makeRandom(depth - 1);
    RankedTensorType type = source.getResultType();
    ArrayRef<int64_t> shape = type.getShape();
    int64_t rank = shape.size();
    int64_t axis = rank ? pick(0, rank - 1) : 0;
    RecipeInterface result;
    switch (pick(0, 8)) {
    case 0: {
      SmallVector<int64_t> permutation(rank);
      std::iota(permutation.begin(), permutation.end(), 0);
      std::shuffle(permutation.begin(), permutation.end(), random);
      result = makeTranspose(source, permutation);
      break;
    }
    case 1:
    case 2:
      result = makeReshape(source, getRandomShape(type.getNumElements()));
      break;
    case 3: {
      SmallVector<int64_t> offsets, sizes, strides;
      for (int64_t extent : shape) {
        offsets.push_back(extent ? pick(0, extent - 1) : 0);
        strides.push_back(pick(1, extent > 20 ? 25 : 3) *
                          (pick(0, 2) ? 1 : -1));
        int64_t room =
            strides.back() > 0 ? extent - 1 - offsets.back() : offsets.back();
        sizes.push_back(extent ? pick(1, room / std::abs(strides.back()) + 1)
                               : 0);
      }
      result = makeSlice(source, offsets, sizes, strides);
      break;
    }
    case 4: {
      if (rank == 0 || shape[axis] == 0)
        return source;
      SmallVector<int64_t> indices(pick(1, 6));
      for (int64_t &index : indices)
        index = pick(0, shape[axis] - 1);
      result = makeGather(source, axis, indices);
      break;
    }
    case 5: {
      if (type.getNumElements() > 5000)
        return source;
      SmallVector<RecipeInterface> sources(pick(1, 3), source);
      result = makeStack(sources, pick(0, rank));
      break;
    }
    case 6: {
      if (rank == 0 || type.getNumElements() > 5000)
        return source;
      result = makeConcat({source, source, source}, axis);
      break;
    }
    case 7: {
      Builder builder(&context);
      SmallVector<Type> types{builder.getF32Type(),
                              builder.getF16Type(),
                              builder.getBF16Type(),
                              builder.getI8Type(),
                              builder.getIntegerType(32, false),
                              builder.getIntegerType(4)};
      result = makeCast(source, types[pick(0, types.size() - 1)]);
      break;
    }
    default: {
      if (rank < 2 || type.getNumElements() > 3000 ||
          *getStorageBits(type.getElementType()) < 8)
        return source;
      bool kMajor = pick(0, 1);
      bool isEven = shape[kMajor ? rank - 1 : rank - 2] % 2 == 0;
      result = makePackPanels(source, kMajor, isEven && pick(0, 1));
      break;
    }
    }
    EXPECT_TRUE(result);
    return result ? result : source;
  }
};

TEST_F(RandomRecipes, AgreeWithReference) {
  writeRandomFile("m", 40 * 40 * 40 * 40 * 8 + 100);
  int64_t numChecked = 0;
  while (numChecked < 400) {
    RecipeInterface recipe = makeRandom(pick(1, 6));
    if (recipe.getResultType().getNumElements() > 20000)
      continue;
    check(recipe);
    if (HasFatalFailure())
      return;
    ++numChecked;
  }
}

TEST_F(EvaluatorTest, LargeValuesInPieces) {
  // Beyond every piece and temporary, which are large enough for whole rows.
  writeRandomFile("m", size_t(2) * 130 * 4000 * 4);
  for (const char *text :
       {"#param.pack_panels<#param.file<\"m\", 0, 4160000, "
        "tensor<2x130x4000xf32>>, k_major = false, gated = true>",
        "#param.pack_panels<#param.file<\"m\", 0, 4160000, "
        "tensor<2x4000x130xf32>>, k_major = true, gated = false>",
        "#param.cast<#param.transpose<#param.file<\"m\", 0, 4160000, "
        "tensor<2x130x4000xf32>>, [2, 0, 1]>, bf16>"}) {
    RecipeInterface recipe = parse(text);
    EXPECT_TRUE(stream(recipe, 3 << 20) == evaluateStored(recipe, files))
        << text;
  }
}

TEST_F(EvaluatorTest, CastsOfEveryF16AndBf16) {
  std::vector<uint8_t> all;
  for (int i = 0; i < 65536; ++i) {
    all.push_back(i & 0xff);
    all.push_back(i >> 8);
  }
  writeFile("m", all);
  for (StringRef from : {"f16", "bf16", "i16", "ui16"})
    for (StringRef to : {"f16", "bf16", "f32", "f64", "i1", "i4", "ui4", "i8",
                         "ui8", "i16", "ui16", "i32", "i64", "ui64"})
      if (from != to)
        check(parse(("#param.cast<#param.file<\"m\", 0, 131072, tensor<65536x" +
                     from + ">>, " + to + ">")
                        .str()),
              0);
}

/// Numbers at, and one bit beside, where rounding decides.
TEST_F(EvaluatorTest, CastsRoundOnce) {
  std::vector<double> values{0.0,
                             -0.0,
                             65504,
                             65519.999,
                             65520,
                             65536,
                             1e300,
                             -1e300,
                             0x1p-24,
                             0x1p-25,
                             0x1.8p-25,
                             0x1p-1074,
                             3.4028235677973366e38,
                             3.39e38,
                             INFINITY,
                             NAN};
  for (int exponent : {-150, -140, -127, -126, -24, -15, -14, 0, 3, 15, 127})
    for (int kept : {7, 10, 23})
      for (int64_t odd : {0, 1}) {
        // Halfway between two numbers of `kept` bits, and close by.
        double half = std::ldexp(1.0 + std::ldexp(odd, -kept) +
                                     std::ldexp(1.0, -kept - 1),
                                 exponent);
        values.insert(values.end(), {half, std::nextafter(half, 0.0),
                                     std::nextafter(half, INFINITY), -half,
                                     half + std::ldexp(1.0, exponent - 40)});
      }
  std::vector<uint8_t> bytes(values.size() * 8);
  memcpy(bytes.data(), values.data(), bytes.size());
  writeFile("d", bytes);
  std::vector<float> singles(values.begin(), values.end());
  bytes.resize(values.size() * 4);
  memcpy(bytes.data(), singles.data(), bytes.size());
  writeFile("s", bytes);
  std::vector<int64_t> integers{0, -1, INT64_MIN, INT64_MAX, 2049, 2051, 4098};
  for (int shift : {9, 12, 25, 40, 54, 62})
    for (int kept : {7, 10, 23, 52})
      for (int64_t beside : {-1, 0, 1})
        if (shift > kept)
          integers.push_back((int64_t(1) << shift) +
                             (int64_t(1) << (shift - kept - 1)) + beside);
  bytes.resize(integers.size() * 8);
  memcpy(bytes.data(), integers.data(), bytes.size());
  writeFile("i", bytes);

  auto checkAll = [&](StringRef file, size_t count, StringRef type,
                      size_t width) {
    for (StringRef to : {"f16", "bf16", "f32", "f64", "i8", "ui8", "i32",
                         "ui32", "i64", "ui64", "i1"})
      if (to != type)
        check(parse(("#param.cast<#param.file<\"" + file + "\", 0, " +
                     Twine(count * width) + ", tensor<" + Twine(count) + "x" +
                     type + ">>, " + to + ">")
                        .str()),
              0);
  };
  checkAll("d", values.size(), "f64", 8);
  checkAll("s", values.size(), "f32", 4);
  checkAll("i", integers.size(), "i64", 8);
  checkAll("i", integers.size(), "ui64", 8);
}

TEST_F(EvaluatorTest, RefusesRegionsOutside) {
  writeRandomFile("m", 24);
  RecipeInterface recipe = parse("#param.file<\"m\", 0, 24, tensor<2x3xf32>>");
  SourceFiles sources = openFiles();
  ParameterEvaluator evaluator(sources);
  std::vector<char> buffer(8);
  auto read = [&](const Index &offsets, const Index &sizes) {
    messages.clear();
    bool isRead = succeeded(evaluator.readRegion(
        recipe, UnknownLoc::get(&context), offsets, sizes, buffer));
    EXPECT_EQ(isRead, messages.empty());
    return isRead;
  };
  EXPECT_TRUE(read({1, 1}, {1, 2}));
  EXPECT_FALSE(read({1, 2}, {1, 2}));
  EXPECT_FALSE(read({-1, 0}, {1, 2}));
  EXPECT_FALSE(read({0, 0}, {-1, -2}));
  EXPECT_FALSE(read({2, 0}, {1, 2}));
  EXPECT_FALSE(read({0, INT64_MAX}, {1, 2}));
  EXPECT_FALSE(read({0, 0}, {INT64_MAX, 2}));
  EXPECT_FALSE(read({0}, {2}));
  EXPECT_FALSE(read({0, 0}, {1, 3}));
}

TEST_F(EvaluatorTest, ReportsFilesThatCannotBeRead) {
  writeRandomFile("m", 100);
  auto fails = [&](StringRef text) {
    SourceFiles sources = openFiles();
    ParameterEvaluator evaluator(sources);
    messages.clear();
    EXPECT_TRUE(
        failed(evaluator.stream(parse(text), UnknownLoc::get(&context),
                                [](ArrayRef<char>) { return success(); })));
    return messages;
  };
  EXPECT_NE(fails("#param.file<\"m\", 92, 12, tensor<3xf32>>")
                .find("cannot read 'm': it has 100 bytes, expected 12 at 92"),
            std::string::npos);
  EXPECT_NE(fails("#param.file<\"n\", 0, 12, tensor<3xf32>>")
                .find("cannot read 'n': No such file"),
            std::string::npos);
  EXPECT_NE(fails("#param.file<\"../m\", 0, 12, tensor<3xf32>>")
                .find("cannot read '../m': it has a '..' component"),
            std::string::npos);
  EXPECT_NE(fails("#param.file<\"m\", 0, 1000000000000, "
                  "tensor<1000000000000xi8>>")
                .find("it has 100 bytes"),
            std::string::npos);
}

TEST_F(EvaluatorTest, ReportsAFileThatShrinks) {
  writeRandomFile("m", 1 << 20);
  SourceFiles sources = openFiles();
  ParameterEvaluator evaluator(sources);
  RecipeInterface recipe =
      parse("#param.file<\"m\", 0, 1048576, tensor<262144xf32>>");
  std::vector<char> buffer(4);
  EXPECT_TRUE(succeeded(evaluator.readRegion(recipe, UnknownLoc::get(&context),
                                             {0}, {1}, buffer)));
  ASSERT_EQ(truncate((folder + "/m").c_str(), 1000), 0);
  EXPECT_TRUE(failed(evaluator.readRegion(recipe, UnknownLoc::get(&context),
                                          {5000}, {1}, buffer)));
  EXPECT_NE(messages.find("the file became shorter"), std::string::npos)
      << messages;
}

TEST_F(EvaluatorTest, ManyFiles) {
  // More files than are open at once, each read twice.
  std::string list;
  for (int i = 0; i < 100; ++i) {
    std::string name = "f" + std::to_string(i);
    writeRandomFile(name, 8);
    list += (i ? ", " : "") + std::string("#param.file<\"") + name +
            "\", 0, 8, tensor<2xf32>>";
  }
  check(parse("#param.transpose<#param.concat<[#param.stack<[" + list +
              "], axis = 0>, #param.stack<[" + list +
              "], axis = 0>], axis = 1>, [1, 0]>"));
}

TEST_F(EvaluatorTest, ReadsLongRuns) {
  // Packing reads every byte once, and k-major sources in runs over 4 KiB.
  constexpr int64_t bytes = int64_t(2) * 2048 * 512 * 4;
  writeRandomFile("m", bytes);
  auto count = [&](StringRef text) {
    SourceFiles sources = openFiles();
    ParameterEvaluator evaluator(sources);
    EXPECT_TRUE(
        succeeded(evaluator.stream(parse(text), UnknownLoc::get(&context),
                                   [](ArrayRef<char>) { return success(); })));
    EXPECT_EQ(sources.getNumBytesRead(), static_cast<uint64_t>(bytes));
    return sources.getNumReads();
  };
  EXPECT_LE(count("#param.pack_panels<#param.file<\"m\", 0, 8388608, "
                  "tensor<2x2048x512xf32>>, k_major = false, gated = true>"),
            8u);
  EXPECT_LE(count("#param.pack_panels<#param.file<\"m\", 0, 8388608, "
                  "tensor<2x512x2048xf32>>, k_major = true, gated = false>"),
            static_cast<uint64_t>(bytes) / 4096);
}

} // namespace
