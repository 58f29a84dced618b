//===-- Program.h - a module on its way to numbers ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_FUZZ_VALIDATE_PROGRAM_H
#define MOEC_TEST_FUZZ_VALIDATE_PROGRAM_H

#include "Jit.h"
#include "Run.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>

namespace moec::validate {

/// What a module of the onnx, moe or kernels stage computes, by the plain-loop
/// reference: no optimisation of ours, and none of the canonicalizer's patterns
/// for our dialects, comes in between.
class Program {
public:
  /// Lowers a copy of the module and compiles it. The model's path says where
  /// its parameters are. Fails with a diagnostic.
  static mlir::FailureOr<Program> make(Jit &jit, mlir::ModuleOp module,
                                       llvm::StringRef model);
  ~Program();
  Program(Program &&) = default;
  Program &operator=(Program &&) = default;

  /// Returns the outputs of main; what went wrong is the error.
  llvm::Expected<std::vector<Tensor>> run(llvm::ArrayRef<Tensor> inputs) const;

private:
  Program() = default;
  mlir::LogicalResult readOutputs(mlir::ModuleOp module);

  Code code;
  std::vector<int32_t> sharedInputs;
  llvm::orc::ResourceTrackerSP tracker;
};

} // namespace moec::validate

#endif // MOEC_TEST_FUZZ_VALIDATE_PROGRAM_H
