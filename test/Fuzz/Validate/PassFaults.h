//===-- PassFaults.h - one wrong rewrite for each pass --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_FUZZ_VALIDATE_PASSFAULTS_H
#define MOEC_TEST_FUZZ_VALIDATE_PASSFAULTS_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/ArrayRef.h"

namespace moec::validate {

/// What a pass could do wrong: valid IR, after it, of another meaning.
struct PassFault {
  /// Its flag.
  const char *pass;
  const char *summary;
  /// Returns whether there was a place for it.
  bool (*plant)(mlir::ModuleOp);
};

llvm::ArrayRef<PassFault> getPassFaults();

} // namespace moec::validate

#endif // MOEC_TEST_FUZZ_VALIDATE_PASSFAULTS_H
