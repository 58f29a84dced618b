//===-- Faults.h - wrong rewrites, for the tests to find ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_FUZZ_PLANT_FAULTS_H
#define MOEC_TEST_FUZZ_PLANT_FAULTS_H

#include "moec/Driver/Compile.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace moec {

/// A rewrite that a wrong pass could do: valid IR of another meaning.
struct Fault {
  const char *name;
  /// What a pass with this fault would have had in mind.
  const char *summary;
  /// The stage at whose end it is done.
  EmitKind stage;
  /// Returns how many places were changed.
  unsigned (*plant)(mlir::ModuleOp);
};

llvm::ArrayRef<Fault> getFaults();

/// What no stage notices before the last ones refuse it.
llvm::ArrayRef<Fault> getRefusedFaults();

/// Does the rewrite; with `needsPlace` an error where there is nothing to do it
/// to.
std::unique_ptr<mlir::Pass> createPlantFault(const Fault &fault,
                                             bool needsPlace);

} // namespace moec

#endif // MOEC_TEST_FUZZ_PLANT_FAULTS_H
