//===-- NodeGraph.h - nodes of a model, and layers made of them -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_DRIVER_NODEGRAPH_H
#define MOEC_LIB_DRIVER_NODEGRAPH_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

#include <optional>
#include <string>
#include <vector>

namespace moec {

/// The nodes of a model as it was imported, by name and in their order, and
/// which reads which.
class NodeGraph {
public:
  explicit NodeGraph(mlir::ModuleOp module);

  struct Node {
    std::string name, op;
    llvm::SmallVector<unsigned, 4> sources, readers;
    /// Whether it computes nothing.
    bool isMove = true;
  };
  llvm::ArrayRef<Node> getNodes() const { return nodes; }
  std::optional<unsigned> find(llvm::StringRef name) const;
  /// How many steps along readers lead from a node to each other one; nothing
  /// where none do.
  std::vector<std::optional<unsigned>> measureFrom(unsigned start) const;

private:
  std::vector<Node> nodes;
  llvm::StringMap<unsigned> numbers;
};

/// The name that the importer gave the node of an op; "" if it has none.
llvm::StringRef getImportedName(mlir::Operation *op);

/// Which nodes became the MoE layers of a module at the `moe` stage.
class NodeLayers {
public:
  NodeLayers(const NodeGraph &graph, mlir::ModuleOp module);

  struct Layer {
    std::string name, raisedFrom;
    /// The node whose value the layer makes.
    unsigned root;
  };
  llvm::ArrayRef<Layer> getLayers() const { return layers; }
  /// The layer that a node is in: it is the root, or is no more and led to it
  /// through nodes that are no more either.
  std::optional<unsigned> find(unsigned node) const;
  /// All nodes that are in a layer but constants, in their order; the root is
  /// the last.
  llvm::SmallVector<unsigned> getNodes(unsigned layer) const;

private:
  bool isLeft(unsigned node) const { return left.contains(node); }

  const NodeGraph &graph;
  std::vector<Layer> layers;
  /// Nodes that are ops still.
  llvm::DenseSet<unsigned> left;
  llvm::DenseMap<unsigned, unsigned> roots;
};

} // namespace moec

#endif // MOEC_LIB_DRIVER_NODEGRAPH_H
