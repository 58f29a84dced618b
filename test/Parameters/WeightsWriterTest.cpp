//===-- WeightsWriterTest.cpp - weights files, as the runtime sees them ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fixture.h"

#include "Internal.h"

#include "dialects/Param/Transforms/Passes.h"
#include "moec/Parameters/WeightsWriter.h"
#include "moec/weights_format.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <filesystem>
#include <sys/resource.h>

using namespace mlir;
using namespace moec;
using namespace moec::testing;

namespace {

class WeightsWriterTest : public ParametersTest {
protected:
  WeightsWriterTest() {
    context.loadDialect<func::FuncDialect>();
    path = folder + "/out.weights";
  }
  ~WeightsWriterTest() override { unlink(path.c_str()); }

  /// A module in which main loads every parameter, laid out.
  OwningOpRef<ModuleOp> parseModule(StringRef decls) {
    auto module = parseSourceString<ModuleOp>(decls, &context);
    EXPECT_TRUE(module) << messages;
    OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
    auto location = builder.getUnknownLoc();
    auto main = func::FuncOp::create(builder, location, "main",
                                     builder.getFunctionType({}, {}));
    builder.setInsertionPointToStart(main.addEntryBlock());
    for (auto decl : module->getOps<param::DeclOp>())
      param::LoadOp::create(builder, location, decl.getType(),
                            FlatSymbolRefAttr::get(decl.getSymNameAttr()));
    func::ReturnOp::create(builder, location);
    PassManager manager(&context);
    manager.addPass(param::createParamLayout());
    EXPECT_TRUE(succeeded(manager.run(*module))) << messages;
    return module;
  }

  std::vector<char> readAll() {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  /// What the runtime says of the file.
  int32_t open(const WeightsWriter &writer, const BuildId &id,
               bool spoil = false) {
    moec_model_desc model = {};
    model.name = "out";
    memcpy(model.build_id, id.data(), id.size());
    model.weights_bytes = writer.getFileBytes();
    model.n_segments = writer.getSegments().size();
    moec_session_options options = {};
    options.weights_path = path.c_str();
    rt::Weights weights;
    int32_t status = rt::openWeights(model, options, weights, text);
    if (status != MOEC_OK)
      return status;
    status = rt::checkWeightsData(weights, text);
    data.assign(weights.data, weights.base + weights.size);
    rt::closeWeights(weights);
    return status;
  }

  size_t countFiles() {
    size_t count = 0;
    for (const auto &entry : std::filesystem::directory_iterator(folder))
      count += entry.is_regular_file();
    return count;
  }

  std::string path;
  rt::Text text = {};
  std::vector<char> data;
};

const char *const decls = R"(
  param.decl @a : tensor<3x37xf32> = #param.file<"m", 4, 444>
  param.decl @empty : tensor<0xf32> = #param.file<"m", 0, 0>
  param.decl @packed : tensor<2x3x37x32xf32> = #param.pack_panels<#param.file<"m", 0, 21904, tensor<2x74x37xf32>>, k_major = false, gated = true>
  param.decl @nibbles : tensor<7x3xi4> = #param.file<"m", 1, 11>
  param.decl @again : tensor<37x3xf32> = #param.reshape<#param.file<"m", 4, 444, tensor<3x37xf32>>, [37, 3]>
  param.decl @half : tensor<37xbf16> = #param.cast<#param.file<"m", 8, 148, tensor<37xf32>>, bf16>
)";

TEST_F(WeightsWriterTest, TheRuntimeReadsIt) {
  writeRandomFile("m", 21904);
  OwningOpRef<ModuleOp> module = parseModule(decls);
  SourceFiles sources = openFiles();
  WeightsWriter writer(path, UnknownLoc::get(&context));
  uint64_t last = 0, total = 0;
  ASSERT_TRUE(succeeded(writer.writeSegments(*module, sources,
                                             [&](uint64_t done, uint64_t all) {
                                               EXPECT_GT(done, last);
                                               last = done;
                                               total = all;
                                             })))
      << messages;
  EXPECT_EQ(last, total);
  EXPECT_FALSE(std::filesystem::exists(path)) << "no name before the header";
  BuildId id = writer.computeBuildId({});
  ASSERT_TRUE(succeeded(writer.finalize(id))) << messages;
  ASSERT_EQ(open(writer, id), MOEC_OK) << text.data;
  EXPECT_EQ(writer.getFileBytes(), std::filesystem::file_size(path));

  // @again shares the bytes of @a.
  ASSERT_EQ(writer.getSegments().size(), 5u);
  EXPECT_EQ(writer.getSegments()[0].name, "a");
  EXPECT_EQ(writer.getSegments()[0].dtype, uint32_t(MOEC_FLOAT));
  EXPECT_EQ(writer.getSegments()[2].dtype, 0u) << "a packed layout";
  for (auto decl : module->getOps<param::DeclOp>()) {
    std::vector<char> expected = evaluateStored(decl.getTypedRecipe(), files);
    ASSERT_LE(*decl.getOffset() + expected.size(), data.size());
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(),
                           data.begin() + *decl.getOffset()))
        << decl.getSymName().str();
  }

  // Another id is refused, and every flipped bit is found.
  BuildId other = writer.computeBuildId({1});
  EXPECT_NE(other, id);
  EXPECT_EQ(open(writer, other), MOEC_WEIGHTS_MISMATCH);
  std::vector<char> image = readAll();
  for (size_t i = 0; i < image.size(); i += i < 512 ? 1 : 97) {
    std::vector<char> spoilt = image;
    spoilt[i] ^= 4;
    std::ofstream(path, std::ios::binary).write(spoilt.data(), spoilt.size());
    EXPECT_NE(open(writer, id), MOEC_OK) << "byte " << i;
  }
}

TEST_F(WeightsWriterTest, TheBytesDependOnTheModelAlone) {
  writeRandomFile("m", 21904);
  auto write = [&](StringRef text, uint8_t extra) {
    OwningOpRef<ModuleOp> module = parseModule(text);
    SourceFiles sources = openFiles();
    WeightsWriter writer(path, UnknownLoc::get(&context));
    EXPECT_TRUE(succeeded(writer.writeSegments(*module, sources))) << messages;
    EXPECT_TRUE(succeeded(writer.finalize(writer.computeBuildId(extra))));
    return readAll();
  };
  std::vector<char> first = write(decls, 0);
  EXPECT_EQ(first, write(decls, 0));
  std::vector<char> other = write(decls, 1);
  EXPECT_NE(first, other);
  // The build id and the header's hash differ, nothing else.
  for (size_t i = 0; i < first.size(); ++i)
    if (first[i] != other[i])
      EXPECT_TRUE((i >= 16 && i < 32) || (i >= 88 && i < 96)) << i;
  // One byte of the source changes the id.
  files["m"][10] ^= 1;
  writeFile("m", files["m"]);
  std::vector<char> changed = write(decls, 0);
  EXPECT_FALSE(
      std::equal(first.begin() + 16, first.begin() + 32, changed.begin() + 16));
}

TEST_F(WeightsWriterTest, NoParameters) {
  OwningOpRef<ModuleOp> module = parseModule("");
  SourceFiles sources = openFiles();
  WeightsWriter writer(path, UnknownLoc::get(&context));
  ASSERT_TRUE(succeeded(writer.writeSegments(*module, sources))) << messages;
  BuildId id = writer.computeBuildId({});
  ASSERT_TRUE(succeeded(writer.finalize(id)));
  EXPECT_EQ(open(writer, id), MOEC_OK) << text.data;
}

TEST_F(WeightsWriterTest, AFailureLeavesNothingBehind) {
  writeRandomFile("m", 100);
  OwningOpRef<ModuleOp> module = parseModule(
      "param.decl @a : tensor<26xf32> = #param.file<\"m\", 0, 104>");
  SourceFiles sources = openFiles();
  {
    WeightsWriter writer(path, UnknownLoc::get(&context));
    EXPECT_TRUE(failed(writer.writeSegments(*module, sources)));
    EXPECT_NE(messages.find("it has 100 bytes, expected 104 at 0"),
              std::string::npos);
    EXPECT_NE(messages.find("cannot make parameter @a"), std::string::npos);
  }
  EXPECT_EQ(countFiles(), 1u);
  {
    // Written, but never finished.
    OwningOpRef<ModuleOp> good = parseModule(
        "param.decl @a : tensor<25xf32> = #param.file<\"m\", 0, 100>");
    WeightsWriter writer(path, UnknownLoc::get(&context));
    EXPECT_TRUE(succeeded(writer.writeSegments(*good, sources)));
    EXPECT_EQ(countFiles(), 2u);
  }
  EXPECT_EQ(countFiles(), 1u);
  messages.clear();
  WeightsWriter nowhere(folder + "/missing/out", UnknownLoc::get(&context));
  EXPECT_TRUE(failed(nowhere.writeSegments(*module, sources)));
  EXPECT_NE(messages.find("cannot create weights file"), std::string::npos);
  EXPECT_TRUE(failed(nowhere.finalize(BuildId{})));
}

TEST_F(WeightsWriterTest, ReportsAFullDisk) {
  writeRandomFile("m", 21904);
  OwningOpRef<ModuleOp> module = parseModule(decls);
  SourceFiles sources = openFiles();
  // The limit on the size of a file stands for the disk.
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  auto handler = signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 8192;
  setrlimit(RLIMIT_FSIZE, &small);
  WeightsWriter writer(path, UnknownLoc::get(&context));
  EXPECT_TRUE(failed(writer.writeSegments(*module, sources)));
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  EXPECT_NE(messages.find("weights file"), std::string::npos) << messages;
}

TEST_F(WeightsWriterTest, RefusesBadPlaces) {
  writeRandomFile("m", 400);
  auto fails = [&](StringRef text) {
    auto module = parseSourceString<ModuleOp>(text, &context);
    SourceFiles sources = openFiles();
    messages.clear();
    WeightsWriter writer(path, UnknownLoc::get(&context));
    EXPECT_TRUE(failed(writer.writeSegments(*module, sources)));
    return messages;
  };
  EXPECT_NE(fails("param.decl @a : tensor<25xf32> = #param.file<\"m\", 0, 100>")
                .find("@a has no place in the weights file"),
            std::string::npos);
  EXPECT_NE(
      fails("param.decl @a : tensor<25xf32> = #param.file<\"m\", 0, 100> at 0 "
            "param.decl @b : tensor<1xf32> = #param.file<\"m\", 0, 4> at 64")
          .find("@b overlaps another"),
      std::string::npos);
  EXPECT_NE(
      fails("param.decl @a : tensor<25xf32> = #param.file<\"m\", 0, 100> at 0 "
            "param.decl @b : tensor<1xf32> = #param.file<\"m\", 0, 4> at 0")
          .find("@b overlaps another"),
      std::string::npos);
}

} // namespace
