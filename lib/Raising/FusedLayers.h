//===-- FusedLayers.h - the layers of onnx.MoE and onnx.QMoE --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_FUSEDLAYERS_H
#define MOEC_LIB_RAISING_FUSEDLAYERS_H

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <optional>

namespace moec {

/// How weights lie in the file.
enum class WeightLayout {
  /// [E, N, K]
  Documented,
  /// [E, K, N], packed along N where packed
  Transposed,
  /// The extents of `Transposed` over the bytes of `Documented`.
  Misnamed
};

/// One matrix of each expert, in the terms of the moe dialect. All but the
/// weights may be null.
struct FusedMatrix {
  mlir::Value weights, bias, scales, zeroPoints, globalScales;
  moe::WeightFormat format;
};

/// How gate and up projection lie in fc1, where they are to be taken apart.
enum class GateOrder { Apart, Alternating, Halves };

/// What is in a fused MoE node, in the terms of the moe dialect.
struct FusedLayer {
  mlir::Operation *node = nullptr;
  mlir::Value input, router;
  /// What weighs the chosen experts, where it is not what chooses them.
  mlir::Value routerWeights;
  /// fc3's weights may be null.
  FusedMatrix fc1, fc2, fc3;
  int64_t k = 1;
  moe::ScoreFunction score = moe::ScoreFunction::SoftmaxAll;
  moe::TieRule tie = moe::TieRule::Highest;
  bool renormalize = false;
  moe::ActivationAttr activation;
  /// Of an fc1 that becomes fc1 and fc3.
  GateOrder order = GateOrder::Apart;
  /// The form of the weights in the file.
  WeightLayout layout = WeightLayout::Documented;
};

/// Reasons against a node, each a diagnostic.
class Refusals {
public:
  explicit Refusals(mlir::Operation *node) : node(node) {}

  void add(const llvm::Twine &reason);
  void addInput(llvm::StringRef name, mlir::Value value,
                llvm::StringRef advice);
  bool isEmpty() const { return !any; }

private:
  mlir::Operation *node;
  bool any = false;
};

/// Reads a node. Fails where its form has no lowering, with one diagnostic for
/// each input or attribute that is the reason. `ortCpu`: where ONNX Runtime's
/// CPU kernel has other rules than this compiler, its rules are followed.
llvm::FailureOr<FusedLayer> readLayer(onnx::MoEOp node, bool ortCpu);
llvm::FailureOr<FusedLayer> readLayer(onnx::QMoEOp node, bool ortCpu);

/// Reads what is quantised of a layer whose values are read already.
void readQuantisation(onnx::QMoEOp node, FusedLayer &layer, bool ortCpu,
                      Refusals &refusals);

/// Brings the weights into the one form that moe ops know: documented layout,
/// gate and up in turn or as fc1 and fc3. Builds ops in front of the node.
void normalizeWeights(FusedLayer &layer, mlir::ImplicitLocOpBuilder &b);

/// Rows of products are counted by 32 bits. Demands of `op`, at run time where
/// the extents of `from` leave it open, that their product but for the last,
/// times `times`, is less than 2^31; returns false where it is known not to be.
bool requireCountableRows(mlir::Operation *op, mlir::Value from,
                          int64_t times = 1);

/// The node's name in the source model, for diagnostics and `moe.layer`.
std::string getNodeName(mlir::Operation *node);

/// The name of the layer that an op is in, "?" where it is in none.
std::string getLayerName(mlir::Operation *op);

} // namespace moec

#endif // MOEC_LIB_RAISING_FUSEDLAYERS_H
