//===-- Why.h - what became of one node ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_DRIVER_WHY_H
#define MOEC_LIB_DRIVER_WHY_H

#include "PassRemark.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"

#include <optional>

namespace moec {

/// The nodes of a model as it was imported, by name, and which reads which.
class NodeGraph {
public:
  explicit NodeGraph(mlir::ModuleOp module);

  struct Node {
    std::string name, op;
    llvm::SmallVector<unsigned, 4> sources, readers;
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

/// The names that come nearest to one that is none, the nearest first.
std::vector<std::string> findNearNames(llvm::StringRef name,
                                       llvm::ArrayRef<std::string> names);

/// Why a node is in a MoE layer, or is not: of the graph as it was imported,
/// the module at the `moe` stage, and what passes remarked on until then.
class NodeExplanation {
public:
  NodeExplanation(const NodeGraph &graph, mlir::ModuleOp module,
                  llvm::ArrayRef<PassRemark> remarks, unsigned node);

  /// `node`, `op`, `layer`, `raised_from`, `nearest` and `remarks`.
  llvm::json::Object toJson() const;
  void print(llvm::raw_ostream &os) const;

private:
  /// A layer that was raised, or a choice of experts that was left alone.
  struct Layer {
    std::string name, raisedFrom;
    /// Nodes that stand for it.
    llvm::SmallVector<unsigned, 2> nodes;
    bool isRaised() const { return !raisedFrom.empty(); }
  };

  void collectLayers(mlir::ModuleOp module);
  void findOwn(mlir::ModuleOp module);
  void findSources();
  void findNearest();
  std::optional<unsigned> measure(unsigned other) const;
  void collectRemarks();
  void addRemarks(const Layer &layer);
  std::string describePlace() const;

  const NodeGraph &graph;
  llvm::ArrayRef<PassRemark> remarks;
  unsigned node;
  std::vector<Layer> layers;
  /// The layer that it is in; those that its operands come from.
  std::optional<unsigned> own, nearest;
  unsigned distance = 0;
  std::vector<std::pair<std::string, unsigned>> sources;
  std::vector<const PassRemark *> told;
};

} // namespace moec

#endif // MOEC_LIB_DRIVER_WHY_H
