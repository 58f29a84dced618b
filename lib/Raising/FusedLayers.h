//===-- FusedLayers.h - the layers of onnx.MoE and onnx.QMoE --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_FUSEDLAYERS_H
#define MOEC_LIB_RAISING_FUSEDLAYERS_H

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Onnx/IR/Onnx.h"

#include <optional>

namespace moec {

/// What is in a fused MoE node, in the terms of the moe dialect.
struct FusedLayer {
  mlir::Operation *node = nullptr;
  mlir::Value input, router;
  mlir::Value w1, bias1, scales1;
  mlir::Value w2, bias2, scales2;
  int64_t k = 1;
  moe::ScoreFunction score = moe::ScoreFunction::SoftmaxAll;
  bool renormalize = false;
  moe::ActivationAttr activation;
  std::optional<moe::QuantAttr> quant;
};

/// Reads a node. Fails where its form has no lowering yet, with one diagnostic
/// for each input or attribute that is the reason.
llvm::FailureOr<FusedLayer> readLayer(onnx::MoEOp node);
llvm::FailureOr<FusedLayer> readLayer(onnx::QMoEOp node);

/// Rows of products are counted by 32 bits. Demands of `op`, at run time where
/// the extents of `from` leave it open, that their product but for the last,
/// times `times`, is less than 2^31; returns false where it is known not to be.
bool requireCountableRows(mlir::Operation *op, mlir::Value from,
                          int64_t times = 1);

/// The node's name in the source model, for diagnostics and `moe.layer`.
std::string getNodeName(mlir::Operation *node);

} // namespace moec

#endif // MOEC_LIB_RAISING_FUSEDLAYERS_H
