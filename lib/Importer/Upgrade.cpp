//===-- Upgrade.cpp - older forms of operators ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Upgrade.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/STLExtras.h"

#include <limits>

using namespace llvm;
using namespace mlir;
using namespace moec;
using namespace moec::importer;

namespace {

/// What kind of tensor an attribute becomes.
enum class InputKind {
  List,   ///< integers, rank 1
  Single, ///< one integer, as a tensor of rank 1
  Scalar, ///< one number of the first input's element type, rank 0
};

/// An attribute that a later version made an input.
struct AttributeToInput {
  StringLiteral opType;
  StringLiteral attribute;
  int64_t before;
  unsigned input;
  InputKind kind;
};

/// An operator that a later version calls something else.
struct Renamed {
  StringLiteral domain;
  StringLiteral opType;
  int64_t before;
  StringLiteral newDomain;
  StringLiteral newOpType;
  /// The version to read it as; 0: its own.
  int64_t newVersion;
};

} // namespace

static constexpr AttributeToInput kAttributesToInputs[] = {
    {"Clip", "min", 11, 1, InputKind::Scalar},
    {"Clip", "max", 11, 2, InputKind::Scalar},
    {"Pad", "pads", 11, 1, InputKind::List},
    {"Pad", "value", 11, 2, InputKind::Scalar},
    {"ReduceL1", "axes", 18, 1, InputKind::List},
    {"ReduceL2", "axes", 18, 1, InputKind::List},
    {"ReduceLogSum", "axes", 18, 1, InputKind::List},
    {"ReduceLogSumExp", "axes", 18, 1, InputKind::List},
    {"ReduceMax", "axes", 18, 1, InputKind::List},
    {"ReduceMean", "axes", 18, 1, InputKind::List},
    {"ReduceMin", "axes", 18, 1, InputKind::List},
    {"ReduceProd", "axes", 18, 1, InputKind::List},
    {"ReduceSum", "axes", 13, 1, InputKind::List},
    {"ReduceSumSquare", "axes", 18, 1, InputKind::List},
    {"Reshape", "shape", 5, 1, InputKind::List},
    {"Slice", "starts", 10, 1, InputKind::List},
    {"Slice", "ends", 10, 2, InputKind::List},
    {"Slice", "axes", 10, 3, InputKind::List},
    {"Split", "split", 13, 1, InputKind::List},
    {"Squeeze", "axes", 13, 1, InputKind::List},
    {"TopK", "k", 10, 1, InputKind::Single},
    {"Unsqueeze", "axes", 13, 1, InputKind::List},
};

static constexpr int64_t kAnyVersion = std::numeric_limits<int64_t>::max();

static constexpr Renamed kRenamed[] = {
    // Exporters put ONNX Runtime's operator in the default domain, which has
    // none of this name; ONNX Runtime accepts it there.
    {"", "SimplifiedLayerNormalization", kAnyVersion, "com.microsoft",
     "SimplifiedLayerNormalization", 1},
    {"", "Scatter", 11, "", "ScatterElements", 0},
    // At inference.
    {"", "Dropout", kAnyVersion, "", "Identity", 0},
};

/// Before 13 these worked on a matrix made of the input at `axis`.
static bool isFlatteningSoftmax(StringRef opType, int64_t version) {
  return version < 13 &&
         (opType == "Softmax" || opType == "LogSoftmax" || opType == "Hardmax");
}

OperatorName importer::getNewestOperator(StringRef domain, StringRef opType,
                                         int64_t version) {
  for (const Renamed &entry : kRenamed)
    if (entry.domain == domain && entry.opType == opType &&
        version < entry.before)
      return {entry.newDomain, entry.newOpType,
              entry.newVersion ? entry.newVersion : version};
  return {domain, opType, version};
}

bool importer::isUpgradedAttribute(StringRef opType, int64_t version,
                                   StringRef attribute) {
  if (opType == "Dropout")
    return attribute == "ratio" || attribute == "seed";
  return any_of(kAttributesToInputs, [&](const AttributeToInput &entry) {
    return entry.opType == opType && entry.attribute == attribute &&
           version < entry.before;
  });
}

bool importer::isUpgradedVersion(StringRef opType, int64_t version) {
  return isFlatteningSoftmax(opType, version);
}

/// The constant that an attribute becomes; null where it cannot.
static Value makeInput(const AttributeToInput &entry, Attribute attribute,
                       Value first, OpBuilder &builder, Location loc) {
  auto makeList = [&](ArrayRef<int64_t> values) -> Value {
    auto type =
        RankedTensorType::get(int64_t(values.size()), builder.getI64Type());
    return onnx::ConstantOp::create(builder, loc,
                                    DenseElementsAttr::get(type, values));
  };
  if (entry.kind == InputKind::List) {
    auto list = dyn_cast<DenseI64ArrayAttr>(attribute);
    return list ? makeList(list.asArrayRef()) : Value();
  }
  if (entry.kind == InputKind::Single) {
    auto integer = dyn_cast<IntegerAttr>(attribute);
    return integer && integer.getType().isInteger(64)
               ? makeList(integer.getInt())
               : Value();
  }
  auto number = dyn_cast<FloatAttr>(attribute);
  auto type = first ? dyn_cast<RankedTensorType>(first.getType()) : nullptr;
  auto element = type ? dyn_cast<FloatType>(type.getElementType()) : nullptr;
  if (!number || !element)
    return {};
  bool losesInfo;
  APFloat value = number.getValue();
  value.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                &losesInfo);
  return onnx::ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(RankedTensorType::get({}, element), value));
}

static LogicalResult
upgradeSoftmax(NodeForm &node, OpBuilder &builder,
               llvm::function_ref<InFlightDiagnostic()> emitError) {
  auto axis = dyn_cast_or_null<IntegerAttr>(node.attributes.get("axis"));
  int64_t value = axis ? axis.getInt() : 1;
  auto type = node.inputs.empty() || !node.inputs[0]
                  ? nullptr
                  : dyn_cast<RankedTensorType>(node.inputs[0].getType());
  if (!type)
    return emitError() << "has no input, expected one";
  int64_t rank = type.getRank();
  if (value != -1 && value != rank - 1)
    return emitError() << "of version " << node.version
                       << " flattens its input at axis " << value
                       << ", only the last axis is supported; export the "
                          "model with opset 13 or later";
  node.attributes.set("axis", builder.getI64IntegerAttr(-1));
  return success();
}

/// What remains of Dropout when nothing is trained.
static LogicalResult
upgradeDropout(NodeForm &node,
               llvm::function_ref<InFlightDiagnostic()> emitError) {
  node.attributes.erase("ratio");
  node.attributes.erase("seed");
  if (node.outputs.size() > 1 && !node.outputs[1].empty())
    return emitError() << "has its mask as an output, which is not supported; "
                          "export the model for inference";
  if (node.inputs.size() > 2 && node.inputs[2]) {
    DenseIntElementsAttr training;
    if (!matchPattern(node.inputs[2], m_Constant(&training)) ||
        !training.getElementType().isInteger(1) || training.size() != 1 ||
        *training.value_begin<bool>())
      return emitError() << "is in training mode, expected inference; export "
                            "the model for inference";
  }
  node.inputs.truncate(std::min<size_t>(node.inputs.size(), 1));
  node.outputs.truncate(1);
  return success();
}

LogicalResult
importer::upgradeNode(NodeForm &node, OpBuilder &builder, Location loc,
                      llvm::function_ref<InFlightDiagnostic()> emitError) {
  if (!node.domain.empty())
    return success();
  if (isFlatteningSoftmax(node.opType, node.version) &&
      failed(upgradeSoftmax(node, builder, emitError)))
    return failure();
  if (node.opType == "Dropout" && failed(upgradeDropout(node, emitError)))
    return failure();

  for (const AttributeToInput &entry : kAttributesToInputs) {
    if (entry.opType != node.opType || node.version >= entry.before)
      continue;
    Attribute attribute = node.attributes.erase(entry.attribute);
    if (!attribute)
      continue;
    Value input =
        makeInput(entry, attribute,
                  node.inputs.empty() ? Value() : node.inputs[0], builder, loc);
    if (!input)
      return emitError() << "has an attribute '" << entry.attribute
                         << "' of the wrong type; export the model again";
    if (node.inputs.size() > entry.input && node.inputs[entry.input])
      return emitError() << "has both the attribute '" << entry.attribute
                         << "' and the input that replaced it; export the "
                            "model again";
    if (node.inputs.size() <= entry.input)
      node.inputs.resize(entry.input + 1);
    node.inputs[entry.input] = input;
  }

  // Before 18 a Split without sizes made as many equal parts as it has outputs.
  if (node.opType == "Split" && node.version < 18 &&
      (node.inputs.size() < 2 || !node.inputs[1]))
    node.attributes.set("num_outputs",
                        builder.getI64IntegerAttr(node.outputs.size()));

  OperatorName newest =
      getNewestOperator(node.domain, node.opType, node.version);
  node.version = newest.version;
  node.domain = newest.domain.str();
  node.opType = newest.opType.str();
  return success();
}
