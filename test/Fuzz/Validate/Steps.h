//===-- Steps.h - what each pass does to a module -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_FUZZ_VALIDATE_STEPS_H
#define MOEC_TEST_FUZZ_VALIDATE_STEPS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>
#include <vector>

namespace moec::validate {

/// One pass that changed the module: the numbers of two snapshots.
struct Step {
  std::string pass;
  size_t before, after;
};

/// The passes of the stages that are validated, run on one module.
struct Steps {
  /// The first is the module as it was given; equal ones are one.
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> snapshots;
  std::vector<Step> steps;
};

/// The moe and the kernels stage.
void buildValidatedStages(mlir::OpPassManager &manager);

/// The flags of their passes, each once, in order.
std::vector<std::string> listPasses(mlir::MLIRContext *context);

/// Runs them. Fails with a diagnostic where a pass does. `change`, if given, is
/// called with the module after each pass, as if it were a part of it.
using Change = llvm::function_ref<void(llvm::StringRef, mlir::ModuleOp)>;
mlir::FailureOr<Steps> takeSteps(mlir::ModuleOp module, Change change = {});

/// The module without locations: what a pass has to change to have fired.
std::string print(mlir::ModuleOp module);

} // namespace moec::validate

#endif // MOEC_TEST_FUZZ_VALIDATE_STEPS_H
