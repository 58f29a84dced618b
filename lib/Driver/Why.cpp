//===-- Why.cpp - what became of one node --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Why.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace moec;

std::vector<std::string> moec::findNearNames(StringRef name,
                                             ArrayRef<std::string> names) {
  constexpr size_t kMost = 3;
  std::vector<std::pair<unsigned, StringRef>> near;
  unsigned bound = std::max<unsigned>(2, name.size() / 3);
  llvm::StringSet<> seen;
  for (StringRef other : names) {
    unsigned changes =
        name.edit_distance(other, /*AllowReplacements=*/true, bound);
    // What was left off, in front or behind, is near too.
    if (name.size() > 2 && other.contains(name))
      changes = std::min(changes, 1u);
    if (changes <= bound && seen.insert(other).second)
      near.push_back({changes, other});
  }
  llvm::stable_sort(near, llvm::less_first());
  std::vector<std::string> nearest;
  for (auto [changes, other] : ArrayRef(near).take_front(kMost))
    nearest.push_back(other.str());
  return nearest;
}

//===-- One node ----------------------------------------------------------===//

NodeExplanation::NodeExplanation(const NodeGraph &graph, ModuleOp module,
                                 ArrayRef<PassRemark> remarks, unsigned node)
    : graph(graph), raised(graph, module), remarks(remarks), node(node),
      own(raised.find(node)) {
  collectLayers();
  findSources();
  if (!own)
    findNearest();
  collectRemarks();
}

/// Whether it says why something is no layer, and of what choice.
static bool isOfLostLayer(const PassRemark &remark) {
  return remark.name == "LayerNotRaised" && !remark.nodes.empty();
}

void NodeExplanation::collectLayers() {
  for (const NodeLayers::Layer &layer : raised.getLayers())
    layers.push_back({layer.name, layer.raisedFrom, {layer.root}});
  for (const PassRemark &remark : remarks) {
    if (!isOfLostLayer(remark))
      continue;
    // The choice comes last.
    Layer layer = {remark.nodes.back(), "", {}};
    for (const std::string &name : remark.nodes)
      if (auto number = graph.find(name))
        layer.nodes.push_back(*number);
    layers.push_back(std::move(layer));
  }
}

void NodeExplanation::findSources() {
  for (unsigned source : graph.getNodes()[node].sources)
    for (auto [number, layer] : llvm::enumerate(layers))
      if (number != own && llvm::is_contained(layer.nodes, source) &&
          layer.isRaised())
        sources.push_back({graph.getNodes()[source].name, number});
}

/// Steps between two nodes, down from both to where what they make meets.
std::optional<unsigned> NodeExplanation::measure(unsigned other) const {
  std::vector<std::optional<unsigned>> mine = graph.measureFrom(node),
                                       theirs = graph.measureFrom(other);
  std::optional<unsigned> least;
  for (auto [a, b] : llvm::zip(mine, theirs))
    if (a && b && (!least || *a + *b < *least))
      least = *a + *b;
  return least;
}

/// One that is not raised before one that is, which it is not in.
void NodeExplanation::findNearest() {
  for (bool isRaised : {false, true})
    for (auto [number, layer] : llvm::enumerate(layers)) {
      if (layer.isRaised() != isRaised ||
          (nearest && layers[*nearest].isRaised() != isRaised))
        continue;
      for (unsigned other : layer.nodes) {
        std::optional<unsigned> steps = measure(other);
        if (!steps || (nearest && *steps >= distance))
          continue;
        nearest = number;
        distance = *steps;
      }
    }
}

void NodeExplanation::addRemarks(const Layer &layer) {
  for (const PassRemark &remark : remarks)
    for (const std::string &name : remark.nodes)
      // Of a layer that is none, the choice is its name.
      if (name == layer.name && !llvm::is_contained(told, &remark))
        told.push_back(&remark);
}

void NodeExplanation::collectRemarks() {
  for (const PassRemark &remark : remarks)
    if (llvm::is_contained(remark.nodes, graph.getNodes()[node].name))
      told.push_back(&remark);
  if (own)
    addRemarks(layers[*own]);
  if (nearest && !layers[*nearest].isRaised())
    addRemarks(layers[*nearest]);
  // Where nobody chooses experts: what else is done with them.
  if (layers.empty())
    for (const PassRemark &remark : remarks)
      if (remark.name == "OtherRouting" && !llvm::is_contained(told, &remark))
        told.push_back(&remark);
}

//===-- How it is said ----------------------------------------------------===//

/// Whether a node chooses, but no experts: nothing is lost of it.
bool NodeExplanation::choosesOthers() const {
  const NodeGraph::Node &self = graph.getNodes()[node];
  return !own && told.empty() && (self.op == "TopK" || self.op == "ArgMax");
}

std::string NodeExplanation::describePlace() const {
  if (choosesOthers())
    return describeNearest() + "; it chooses no experts itself: as many "
                               "networks as it chooses among do not follow";
  return describeNearest();
}

std::string NodeExplanation::describeNearest() const {
  if (own)
    return "is in the MoE layer '" + layers[*own].name + "', raised from " +
           layers[*own].raisedFrom;
  std::string text = "is in no MoE layer";
  if (layers.empty())
    return text + ": no node of the model chooses experts (TopK or ArgMax "
                  "along the last dimension) and leads to a sum of them";
  if (!nearest)
    return text + ", and leads to none";
  const Layer &layer = layers[*nearest];
  return text + "; the nearest, " + std::to_string(distance) +
         (distance == 1 ? " step" : " steps") + " away, " +
         (layer.isRaised()
              ? "is '" + layer.name + "', raised from " + layer.raisedFrom
              : "would be that of the experts that '" + layer.name +
                    "' chooses, which is not raised");
}

/// One sentence, with the pass that says it.
static std::string describe(const PassRemark &remark) {
  moec::Diagnostic said = remark.toDiagnostic("");
  return said.message + " (" + said.pass + ")";
}

llvm::json::Object NodeExplanation::toJson() const {
  const NodeGraph::Node &self = graph.getNodes()[node];
  llvm::json::Array list, inputs;
  for (const PassRemark *remark : told) {
    moec::Diagnostic said = remark->toDiagnostic("");
    list.push_back(
        llvm::json::Object{{"kind", said.kind},
                           {"pass", said.pass},
                           {"name", said.name},
                           {"node", llvm::json::fixUTF8(said.node)},
                           {"message", llvm::json::fixUTF8(said.message)}});
  }
  for (const auto &[source, layer] : sources)
    inputs.push_back(llvm::json::fixUTF8(layers[layer].name));
  llvm::json::Object object{{"node", llvm::json::fixUTF8(self.name)},
                            {"op", self.op},
                            {"why", llvm::json::fixUTF8(describePlace())},
                            {"layer", nullptr},
                            {"raised_from", nullptr},
                            {"reads_layers", std::move(inputs)},
                            {"remarks", std::move(list)}};
  if (own) {
    object["layer"] = llvm::json::fixUTF8(layers[*own].name);
    object["raised_from"] = layers[*own].raisedFrom;
  }
  return object;
}

void NodeExplanation::print(llvm::raw_ostream &os) const {
  const NodeGraph::Node &self = graph.getNodes()[node];
  os << "node '" << self.name << "' (" << self.op << ") " << describePlace()
     << "\n";
  for (const auto &[source, layer] : sources)
    os << "  it reads the MoE layer '" << layers[layer].name
       << "', raised from " << layers[layer].raisedFrom << "\n";
  for (const PassRemark *remark : told)
    os << "  " << describe(*remark) << "\n";
}
