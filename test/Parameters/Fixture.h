//===-- Fixture.h - a folder of random files ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_PARAMETERS_FIXTURE_H
#define MOEC_TEST_PARAMETERS_FIXTURE_H

#include "Reference.h"

#include "moec/Parameters/SourceFiles.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/MLIRContext.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <unistd.h>

namespace moec::testing {

class ParametersTest : public ::testing::Test {
protected:
  ParametersTest() : context(mlir::MLIRContext::Threading::DISABLED) {
    context.loadDialect<param::ParamDialect>();
    context.getDiagEngine().registerHandler(
        [this](mlir::Diagnostic &error) { messages += error.str() + "\n"; });
    std::string name = "/tmp/moec-parameters-XXXXXX";
    folder = mkdtemp(name.data());
  }
  ~ParametersTest() override {
    for (const auto &file : files)
      unlink((folder + "/" + file.first).c_str());
    rmdir(folder.c_str());
  }

  void writeFile(const std::string &name, std::vector<uint8_t> bytes) {
    std::ofstream out(folder + "/" + name, std::ios::binary);
    out.write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    files[name] = std::move(bytes);
  }
  void writeRandomFile(const std::string &name, size_t bytes) {
    std::vector<uint8_t> data(bytes);
    for (uint8_t &byte : data)
      byte = static_cast<uint8_t>(random());
    writeFile(name, std::move(data));
  }

  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  }

  param::RecipeInterface parse(llvm::StringRef text) {
    auto recipe = llvm::dyn_cast_or_null<param::RecipeInterface>(
        mlir::parseAttribute(text, &context));
    EXPECT_TRUE(recipe) << text.str() << "\n" << messages;
    return recipe;
  }

  SourceFiles openFiles() {
    return SourceFiles(ModelFolder(folder + "/model.onnx"));
  }

  mlir::MLIRContext context;
  std::mt19937_64 random{20260523};
  std::string folder;
  Files files;
  std::string messages;
};

} // namespace moec::testing

#endif // MOEC_TEST_PARAMETERS_FIXTURE_H
