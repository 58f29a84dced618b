//===-- NodeGraph.cpp - nodes of a model, and layers made of them ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeGraph.h"

#include "moec/Conversion/OnnxToLinalg.h"
#include "moec/Raising/LayerSummary.h"

#include "dialects/Onnx/IR/Onnx.h"

using namespace mlir;
using namespace moec;

StringRef moec::getImportedName(Operation *op) {
  auto name = dyn_cast<NameLoc>(op->getLoc());
  return name ? name.getName().getValue() : StringRef();
}

/// Whether elements only get another place.
static bool isMove(Operation *op) {
  return isOnnxView(op) ||
         isa<onnx::IdentityOp, onnx::TransposeOp, onnx::ExpandOp>(op);
}

NodeGraph::NodeGraph(ModuleOp module) {
  auto getNumber = [&](Operation *op) -> std::optional<unsigned> {
    auto node = dyn_cast<onnx::OnnxNode>(op);
    StringRef name = getImportedName(op);
    if (!node || name.empty())
      return std::nullopt;
    auto [found, isNew] = numbers.try_emplace(name, nodes.size());
    if (isNew)
      nodes.push_back({name.str(), node.getSchema().opType.str(), {}, {}});
    nodes[found->second].isMove &= isMove(op);
    return found->second;
  };
  module.walk([&](Operation *op) {
    std::optional<unsigned> reader = getNumber(op);
    if (!reader)
      return;
    for (Value operand : op->getOperands()) {
      Operation *def = operand.getDefiningOp();
      std::optional<unsigned> source = def ? getNumber(def) : std::nullopt;
      // One node may be several ops.
      if (!source || *source == *reader)
        continue;
      nodes[*source].readers.push_back(*reader);
      nodes[*reader].sources.push_back(*source);
    }
  });
}

std::optional<unsigned> NodeGraph::find(StringRef name) const {
  auto found = numbers.find(name);
  return found == numbers.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::optional<unsigned>>
NodeGraph::measureFrom(unsigned start) const {
  std::vector<std::optional<unsigned>> steps(nodes.size());
  std::vector<unsigned> queue = {start};
  steps[start] = 0;
  for (size_t i = 0; i < queue.size(); ++i)
    for (unsigned reader : nodes[queue[i]].readers)
      if (!steps[reader]) {
        steps[reader] = *steps[queue[i]] + 1;
        queue.push_back(reader);
      }
  return steps;
}

NodeLayers::NodeLayers(const NodeGraph &graph, ModuleOp module) : graph(graph) {
  module.walk([&](moe::PlanOp plan) {
    LayerSummary summary(plan);
    std::optional<unsigned> root = graph.find(summary.getName());
    if (!root)
      return;
    // A layer with experts of several kinds has several plans.
    if (roots.try_emplace(*root, layers.size()).second)
      layers.push_back({summary.getName(), summary.getRaisedFrom(), *root});
  });
  module.walk([&](onnx::OnnxNode op) {
    // What a layer is written with has its root's name.
    if (op->hasAttr(moe::MoeDialect::getLayerAttrName()))
      return;
    auto node = graph.find(getImportedName(op));
    // A node may be written as several: the view of an operand is not all of
    // it.
    if (node && (!isMove(op) || graph.getNodes()[*node].isMove))
      left.insert(*node);
  });
}

std::optional<unsigned> NodeLayers::find(unsigned node) const {
  llvm::SetVector<unsigned> queue;
  queue.insert(node);
  for (size_t i = 0; i < queue.size(); ++i) {
    unsigned next = queue[i];
    auto root = roots.find(next);
    if (root != roots.end())
      return root->second;
    if (!isLeft(next))
      queue.insert_range(graph.getNodes()[next].readers);
  }
  return std::nullopt;
}

SmallVector<unsigned> NodeLayers::getNodes(unsigned layer) const {
  llvm::SetVector<unsigned> queue;
  queue.insert(layers[layer].root);
  for (size_t i = 0; i < queue.size(); ++i)
    for (unsigned source : graph.getNodes()[queue[i]].sources)
      if (!isLeft(source) && !roots.count(source))
        queue.insert(source);
  SmallVector<unsigned> nodes = queue.takeVector();
  llvm::erase_if(nodes, [&](unsigned node) {
    return graph.getNodes()[node].op == "Constant";
  });
  llvm::sort(nodes);
  return nodes;
}
