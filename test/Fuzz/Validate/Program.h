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
#include "mlir/Pass/PassManager.h"

#include <string>

namespace moec::validate {

/// The way to the plain-loop reference.
class Lowering {
public:
  explicit Lowering(mlir::MLIRContext *context);

  /// A copy of a module of the onnx, moe or kernels stage in which every op is
  /// a kernel and every parameter has its place. No optimisation of ours, and
  /// none of the canonicalizer's patterns for our dialects, comes in between.
  /// Null, with a diagnostic, where that fails.
  mlir::OwningOpRef<mlir::ModuleOp> outline(mlir::ModuleOp module);

private:
  friend class Program;
  // Made once: their patterns cost more than a small module.
  mlir::PassManager outlining, layout, toLoops, toLlvm;
};

/// What such a module computes, by the plain-loop reference.
class Program {
public:
  /// The model's path says where the parameters are. Fails with a diagnostic.
  static mlir::FailureOr<Program> make(Jit &jit, Lowering &lowering,
                                       mlir::ModuleOp outlined,
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
