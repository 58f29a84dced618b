//===-- moec.cpp - the compiler driver ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Driver/Compile.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <map>
#include <string>

using moec::CompileOptions;
using moec::EmitKind;

static constexpr int kExitFailed = 1;
static constexpr int kExitUsage = 2;

/// The folder of the runtime archive: beside this program's.
static std::string findResourceFolder() {
  std::error_code error;
  auto program = std::filesystem::canonical("/proc/self/exe", error);
  return (program.parent_path().parent_path() / "lib").string();
}

/// "NAME=N" of --dim.
static std::pair<std::string, int64_t> parseDim(const std::string &text) {
  size_t equal = text.rfind('=');
  if (equal == std::string::npos || equal == 0)
    throw CLI::ValidationError("--dim", "expected NAME=N, got '" + text + "'");
  try {
    size_t used = 0;
    int64_t value = std::stoll(text.substr(equal + 1), &used);
    if (used == text.size() - equal - 1 && value >= 0)
      return {text.substr(0, equal), value};
  } catch (const std::exception &) {
  }
  throw CLI::ValidationError("--dim", "expected a number of at least 0 in '" +
                                          text + "'");
}

static void addCompile(CLI::App &app, CompileOptions &options,
                       std::vector<std::string> &dims) {
  static const std::map<std::string, EmitKind> kinds = {
      {"onnx", EmitKind::Onnx},
      {"moe", EmitKind::Moe},
      {"kernels", EmitKind::Kernels},
      {"linalg", EmitKind::Linalg},
      {"vector", EmitKind::Vector},
      {"llvm", EmitKind::Llvm},
      {"asm", EmitKind::Asm},
      {"obj", EmitKind::Obj},
      {"staticlib", EmitKind::StaticLib},
      {"lib", EmitKind::Lib}};
  CLI::App *compile =
      app.add_subcommand("compile", "Compile a model to a native library");
  compile->add_option("model", options.modelPath, "The ONNX model")->required();
  compile
      ->add_option("-o", options.output,
                   "Folder for the library; a file or - for other --emit")
      ->required();
  compile->add_option("--name", options.name,
                      "Name of the library (default: the file's stem)");
  compile
      ->add_option("--emit", options.emit,
                   "Stop after a stage: onnx, moe, kernels, linalg, vector, "
                   "llvm, asm, obj, staticlib, lib")
      ->transform(CLI::Transformer(kinds))
      ->type_name("STAGE");
  compile
      ->add_option("--cpu", options.levels,
                   "CPU levels, best first (default: x86-64-v4,x86-64-v3)")
      ->delimiter(',');
  compile->add_option("--dim", dims, "Fix a symbolic extent: NAME=N");
  compile->add_option("-j", options.jobs, "Threads (default: all)");
  compile->footer("Example:\n  moec compile model.onnx -o build/\n"
                  "  moec compile model.onnx --emit moe -o -");
}

int main(int argc, char **argv) {
  CLI::App app("moec: Mixture-of-Experts models in ONNX to native libraries");
  app.set_version_flag("--version", "moec " MOEC_VERSION);
  app.require_subcommand(1);
  CompileOptions compile;
  std::vector<std::string> dims;
  addCompile(app, compile, dims);
  try {
    app.parse(argc, argv);
    for (const std::string &dim : dims)
      compile.dims.push_back(parseDim(dim));
  } catch (const CLI::ParseError &error) {
    int code = app.exit(error);
    return code == 0 ? 0 : kExitUsage;
  }
  compile.resourceFolder = findResourceFolder();
  return llvm::succeeded(moec::compileModel(compile)) ? 0 : kExitFailed;
}
