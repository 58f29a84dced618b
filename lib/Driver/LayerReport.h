//===-- LayerReport.h - what is said of a model's MoE layers -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_DRIVER_LAYERREPORT_H
#define MOEC_LIB_DRIVER_LAYERREPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/JSON.h"

namespace moec {

/// What the MoE layers of a module at the `moe` stage are, as the manifest
/// lists them.
llvm::json::Array describeMoeLayers(mlir::ModuleOp module);
/// Adds to each layer the kernels it runs, of a module at the `kernels` stage.
void addKernels(llvm::json::Array &layers, mlir::ModuleOp module);

/// Parameters of a model; of those, the ones that one token meets.
struct ParameterCount {
  int64_t total = 0;
  int64_t active = 0;
};
/// Counts for a module at the `moe` stage, whose file has so many elements of
/// initializers: packed weights of experts count as what they stand for, and
/// what several layers or experts share counts once.
ParameterCount countParameters(mlir::ModuleOp module, int64_t fileElements);

} // namespace moec

#endif // MOEC_LIB_DRIVER_LAYERREPORT_H
