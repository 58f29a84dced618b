//===-- ReductionPatterns.h - what makes a graph smaller -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TOOLS_MOEC_REDUCE_REDUCTIONPATTERNS_H
#define MOEC_TOOLS_MOEC_REDUCE_REDUCTIONPATTERNS_H

#include "mlir/IR/DialectRegistry.h"

namespace moec {

/// Tells the reducer how to leave out ops whose results are read.
void registerReductionPatterns(mlir::DialectRegistry &registry);

} // namespace moec

#endif // MOEC_TOOLS_MOEC_REDUCE_REDUCTIONPATTERNS_H
