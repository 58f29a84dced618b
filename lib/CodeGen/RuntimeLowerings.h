//===-- RuntimeLowerings.h - what becomes calls of the runtime ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CODEGEN_RUNTIMELOWERINGS_H
#define MOEC_LIB_CODEGEN_RUNTIMELOWERINGS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir {
class LLVMTypeConverter;
} // namespace mlir

namespace moec {

/// Adds the lowerings of the ops of rt, of allocations and of parameters.
void populateRuntimeLowerings(const mlir::LLVMTypeConverter &converter,
                              mlir::RewritePatternSet &patterns,
                              mlir::PatternBenefit benefit);

} // namespace moec

#endif // MOEC_LIB_CODEGEN_RUNTIMELOWERINGS_H
