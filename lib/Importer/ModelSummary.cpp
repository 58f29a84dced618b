//===-- ModelSummary.cpp - what a model file says of itself ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Importer/ModelSummary.h"

#include "DeclaredLayers.h"
#include "ModelCheck.h"
#include "ModelReader.h"
#include "OperatorTable.h"
#include "Tensors.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace moec;
using namespace moec::importer;

std::string moec::getOnnxTypeName(int32_t code) {
  return getDataTypeName(code);
}

static DeclaredValue describe(const proto::ValueInfoProto &value) {
  DeclaredValue result;
  result.name = value.name();
  if (!value.type().has_tensor_type())
    return result;
  result.type = value.type().tensor_type().elem_type();
  for (const auto &dim : value.type().tensor_type().shape().dim())
    result.shape.push_back(dim.has_dim_value() ? std::to_string(dim.dim_value())
                           : dim.dim_param().empty() ? "?"
                                                     : dim.dim_param());
  return result;
}

/// Adds a tensor to the sums, which saturate: its extents are not checked yet.
static void addTensor(const proto::TensorProto &tensor,
                      mlir::MLIRContext &context, ModelSummary &summary) {
  mlir::Type type = getElementType(&context, tensor.data_type());
  if (!type)
    return;
  uint64_t elements = 1;
  for (int64_t dim : tensor.dims())
    elements =
        SaturatingMultiply<uint64_t>(elements, std::max<int64_t>(dim, 0));
  // A bool is a byte.
  uint64_t bits = type.isInteger(1) ? 8 : type.getIntOrFloatBitWidth();
  uint64_t bytes = SaturatingMultiply<uint64_t>(elements, bits) / 8;
  auto add = [](int64_t &sum, uint64_t more) {
    sum = int64_t(
        std::min<uint64_t>(SaturatingAdd<uint64_t>(sum, more), INT64_MAX));
  };
  add(summary.elements, elements);
  add(summary.bytes, bytes);
}

FailureOr<ModelSummary> moec::summarizeModel(mlir::MLIRContext &context,
                                             StringRef path,
                                             const ImportLimits &limits) {
  Reporter reporter(context, path);
  ModelFolder folder(path);
  proto::ModelProto model;
  ModelSummary summary;
  if (failed(readModel(folder, limits, reporter, model, summary.sha256)))
    return failure();
  summary.irVersion = model.ir_version();
  summary.producer = model.producer_name();
  if (!model.producer_version().empty())
    summary.producer += " " + model.producer_version();
  for (const proto::OperatorSetIdProto &import : model.opset_import())
    summary.opsets[describeDomain(normalizeDomain(import.domain())).str()] =
        import.version();
  StringSet<> initializers;
  for (const proto::TensorProto &tensor : model.graph().initializer()) {
    initializers.insert(tensor.name());
    addTensor(tensor, context, summary);
  }
  for (const proto::NodeProto &node : model.graph().node()) {
    summary.nodes.push_back(
        getNodeName(node, unsigned(summary.nodes.size()), /*prefix=*/""));
    ++summary.operators[node.op_type()];
    if (node.op_type() == "Constant")
      for (const proto::AttributeProto &attribute : node.attribute())
        if (attribute.has_t())
          addTensor(attribute.t(), context, summary);
  }
  summary.layers = findDeclaredLayers(model, context);
  for (const proto::ValueInfoProto &input : model.graph().input())
    if (!initializers.contains(input.name()))
      summary.inputs.push_back(describe(input));
  for (const proto::ValueInfoProto &output : model.graph().output())
    summary.outputs.push_back(describe(output));
  return summary;
}
