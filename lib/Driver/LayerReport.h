//===-- LayerReport.h - what is said of a model's MoE layers -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_DRIVER_LAYERREPORT_H
#define MOEC_LIB_DRIVER_LAYERREPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/JSON.h"

#include <vector>

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
/// A range of the model's files.
struct WeightSource {
  mlir::Attribute key;
  double elements = 0;
  /// Elements that one token meets, each as often as it is read.
  double met = 0;
  /// Parameters that an element stands for: more than one of packed weights,
  /// none of their scales.
  double worth = 1;
};
/// What the experts of a module are made of.
std::vector<WeightSource> findExpertSources(mlir::ModuleOp module);

/// Counts for a module at the `moe` stage, whose file has so many elements of
/// initializers: packed weights of experts count as what they stand for, and
/// what several layers or experts share counts once. Of `experts`, what no
/// expert has any more is met by no token.
ParameterCount countParameters(mlir::ModuleOp module, int64_t fileElements,
                               llvm::ArrayRef<WeightSource> experts);

} // namespace moec

#endif // MOEC_LIB_DRIVER_LAYERREPORT_H
