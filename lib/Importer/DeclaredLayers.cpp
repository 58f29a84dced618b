//===-- DeclaredLayers.cpp - fused MoE nodes as the file has them --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeclaredLayers.h"

#include "ModelCheck.h"
#include "Tensors.h"

#include "llvm/Support/CheckedArithmetic.h"

using namespace llvm;
using namespace moec;
using namespace moec::importer;

using Nodes = google::protobuf::RepeatedPtrField<proto::NodeProto>;
using Extent = std::optional<int64_t>;

namespace {
/// The tensors that names of a graph stand for.
struct Scope {
  const proto::TensorProto *find(StringRef name) const {
    for (const Scope *scope = this; scope; scope = scope->outer)
      if (const proto::TensorProto *tensor = scope->tensors.lookup(name))
        return tensor;
    return nullptr;
  }

  const Scope *outer;
  StringMap<const proto::TensorProto *> tensors;
};

/// Where the operator has its three products (see OnnxMoeOps.td).
struct Inputs {
  int weights[3], biases[3];
};

class Finder {
public:
  explicit Finder(mlir::MLIRContext &context) : context(context) {}

  void look(const Nodes &nodes, Scope &scope, StringRef prefix);
  std::vector<DeclaredLayer> layers;

private:
  DeclaredLayer read(const proto::NodeProto &node, const Inputs &inputs,
                     const Scope &scope) const;

  mlir::MLIRContext &context;
};
} // namespace

/// The attribute of a node; null if it has none.
static const proto::AttributeProto *findAttribute(const proto::NodeProto &node,
                                                  StringRef name) {
  for (const proto::AttributeProto &attribute : node.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

/// An integer, which an attribute of the calling function may hide.
static Extent readInt(const proto::NodeProto &node, StringRef name,
                      int64_t otherwise) {
  const proto::AttributeProto *attribute = findAttribute(node, name);
  if (!attribute)
    return otherwise;
  return attribute->has_i() ? Extent(attribute->i()) : std::nullopt;
}

static Extent multiply(Extent a, Extent b) {
  return a && b ? checkedMul(*a, *b) : std::nullopt;
}

static Extent getExtent(const proto::TensorProto *tensor, int dim) {
  if (!tensor || dim >= tensor->dims_size() || tensor->dims(dim) < 0)
    return std::nullopt;
  return tensor->dims(dim);
}

static Extent countElements(const proto::TensorProto *tensor) {
  Extent count = tensor ? Extent(1) : std::nullopt;
  for (int dim = 0; tensor && dim < tensor->dims_size(); ++dim)
    count = multiply(count, getExtent(tensor, dim));
  return count;
}

/// The type as the IR spells it; "" if it is unknown.
static std::string describeElement(const proto::TensorProto *tensor,
                                   mlir::MLIRContext &context) {
  mlir::Type type =
      tensor ? getElementType(&context, tensor->data_type()) : nullptr;
  std::string text;
  if (type)
    raw_string_ostream(text) << type;
  return text;
}

DeclaredLayer Finder::read(const proto::NodeProto &node, const Inputs &inputs,
                           const Scope &scope) const {
  bool isQuantised = node.op_type() == "QMoE";
  Extent bits = isQuantised ? readInt(node, "expert_weight_bits", 4) : 8;
  // Codes of several weights share a byte.
  if (bits && (*bits < 1 || *bits > 8))
    bits = std::nullopt;
  Extent codes = bits ? Extent(8 / *bits) : std::nullopt;
  auto find = [&](int index) {
    return index < node.input_size() ? scope.find(node.input(index)) : nullptr;
  };
  DeclaredLayer layer;
  layer.opType = node.op_type();
  layer.topK = readInt(node, "k", 1);
  const proto::AttributeProto *type = findAttribute(node, "activation_type");
  layer.activation = type ? type->s() : "relu";
  const proto::TensorProto *last = find(inputs.weights[1]);
  layer.experts = getExtent(last, 0);
  layer.hidden = getExtent(last, 1);
  layer.intermediate = multiply(getExtent(last, 2), codes);
  layer.weights = isQuantised ? (bits ? "int" + std::to_string(*bits) : "")
                              : describeElement(last, context);
  layer.parameters = 0;
  auto add = [&](int index, Extent times) {
    if (index >= node.input_size() || node.input(index).empty())
      return;
    Extent more = multiply(countElements(find(index)), times);
    layer.parameters = layer.parameters && more
                           ? checkedAdd(*layer.parameters, *more)
                           : std::nullopt;
  };
  for (int index : inputs.weights)
    add(index, codes);
  for (int index : inputs.biases)
    add(index, 1);
  return layer;
}

void Finder::look(const Nodes &nodes, Scope &scope, StringRef prefix) {
  for (int index = 0; index < nodes.size(); ++index) {
    const proto::NodeProto &node = nodes[index];
    std::string name = getNodeName(node, unsigned(index), prefix);
    const proto::AttributeProto *value = findAttribute(node, "value");
    if (node.op_type() == "Constant" && value && value->has_t() &&
        node.output_size() == 1)
      scope.tensors[node.output(0)] = &value->t();
    if (node.domain() == "com.microsoft" &&
        (node.op_type() == "MoE" || node.op_type() == "QMoE")) {
      static constexpr Inputs plain = {{2, 4, 6}, {3, 5, 7}};
      static constexpr Inputs quantised = {{2, 5, 8}, {4, 7, 10}};
      layers.push_back(
          read(node, node.op_type() == "MoE" ? plain : quantised, scope));
      layers.back().name = name;
    }
    auto lookInside = [&](const proto::GraphProto &graph) {
      Scope inner = {&scope, {}};
      for (const proto::TensorProto &tensor : graph.initializer())
        inner.tensors[tensor.name()] = &tensor;
      look(graph.node(), inner, name);
    };
    for (const proto::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        lookInside(attribute.g());
      for (const proto::GraphProto &graph : attribute.graphs())
        lookInside(graph);
    }
  }
}

std::vector<DeclaredLayer>
importer::findDeclaredLayers(const proto::ModelProto &model,
                             mlir::MLIRContext &context) {
  Finder finder(context);
  Scope scope = {nullptr, {}};
  for (const proto::TensorProto &tensor : model.graph().initializer())
    scope.tensors[tensor.name()] = &tensor;
  finder.look(model.graph().node(), scope, "");
  for (const proto::FunctionProto &function : model.functions()) {
    // A function sees nothing of the graph.
    Scope own = {nullptr, {}};
    finder.look(function.node(), own, function.name());
  }
  return std::move(finder.layers);
}
