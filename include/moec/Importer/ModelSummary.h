//===-- ModelSummary.h - what a model file says of itself -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_IMPORTER_MODELSUMMARY_H
#define MOEC_IMPORTER_MODELSUMMARY_H

#include "moec/Importer/Importer.h"

#include <map>
#include <optional>

namespace moec {

/// A declared input or output.
struct DeclaredValue {
  std::string name;
  /// ONNX data type code; 0 where the value is no tensor.
  int32_t type = 0;
  /// Numbers, names, or "?".
  std::vector<std::string> shape;
};

/// A fused MoE node as the file has it; what is not written beside the node
/// itself, as where weights are inputs, stays unknown.
struct DeclaredLayer {
  std::string name;
  std::string opType;
  /// As ONNX names it.
  std::string activation;
  /// "f32", or "int4".
  std::string weights;
  std::optional<int64_t> experts, topK, hidden, intermediate;
  /// Weights and biases of all experts.
  std::optional<int64_t> parameters;
};

/// What can be said of a model without importing it: also of one that has
/// unsupported nodes. Nothing here was checked against anything else.
struct ModelSummary {
  int64_t irVersion = 0;
  std::string producer;
  std::string sha256;
  /// Versions by domain.
  std::map<std::string, int64_t> opsets;
  /// How many nodes the graph has of each operator.
  std::map<std::string, int64_t> operators;
  /// Names of the graph's own nodes, also of those that are folded away.
  std::vector<std::string> nodes;
  /// In the order of the file: of the graph, its subgraphs and functions.
  std::vector<DeclaredLayer> layers;
  /// Inputs that are no initializers.
  std::vector<DeclaredValue> inputs, outputs;
  /// Of initializers and constants.
  int64_t elements = 0;
  int64_t bytes = 0;
};

/// Reads a model file, which is untrusted. Fails with a diagnostic as
/// `importModel` does.
llvm::FailureOr<ModelSummary> summarizeModel(mlir::MLIRContext &context,
                                             llvm::StringRef path,
                                             const ImportLimits &limits = {});

/// The type as the standard writes it, "FLOAT16".
std::string getOnnxTypeName(int32_t code);

} // namespace moec

#endif // MOEC_IMPORTER_MODELSUMMARY_H
