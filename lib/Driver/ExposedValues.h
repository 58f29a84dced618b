//===-- ExposedValues.h - values of nodes as outputs ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_DRIVER_EXPOSEDVALUES_H
#define MOEC_LIB_DRIVER_EXPOSEDVALUES_H

#include "moec/Driver/NodeValues.h"

#include "mlir/IR/BuiltinOps.h"

namespace moec {

/// Makes values of nodes the outputs of main, instead of the model's, of a
/// module as it was imported. What only the model's outputs needed dies.
void exposeNodeValues(mlir::ModuleOp module,
                      llvm::ArrayRef<NodeOutput> outputs);

} // namespace moec

#endif // MOEC_LIB_DRIVER_EXPOSEDVALUES_H
