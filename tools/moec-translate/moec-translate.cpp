//===-- moec-translate.cpp - the importer-testing tool --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Importer/Importer.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

static cl::opt<bool> importOnnx("import-onnx",
                                cl::desc("Import an ONNX model and print it"));
static cl::opt<std::string> input(cl::Positional, cl::desc("<model.onnx>"),
                                  cl::Required);
static cl::opt<std::string> output("o", cl::desc("Output file"), cl::init("-"));
static cl::list<std::string> dims("dim", cl::desc("Fix a symbolic extent"),
                                  cl::value_desc("NAME=N"));
static cl::opt<bool> debugInfo("mlir-print-locations",
                               cl::desc("Print locations"));

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(
      argc, argv,
      "moec translation driver\n\n"
      "Example: moec-translate --import-onnx model.onnx --dim batch=4\n");
  if (!importOnnx) {
    errs() << "expected --import-onnx, see --help\n";
    return 2;
  }
  moec::ImportOptions options;
  for (StringRef dim : dims) {
    auto [name, text] = dim.rsplit('=');
    int64_t size;
    if (name.empty() || text.getAsInteger(10, size)) {
      errs() << "expected --dim NAME=N, found '" << dim << "'\n";
      return 2;
    }
    options.dims.emplace_back(name.str(), size);
  }
  mlir::MLIRContext context;
  context.disableMultithreading();
  FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> module =
      moec::importModel(context, input, options);
  if (failed(module))
    return 1;
  std::error_code error;
  raw_fd_ostream out(output, error);
  if (error) {
    errs() << "cannot write " << output << ": " << error.message() << "\n";
    return 1;
  }
  mlir::OpPrintingFlags flags;
  if (debugInfo)
    flags.enableDebugInfo();
  (*module)->print(out, flags);
  out << "\n";
  return 0;
}
