//===-- Why.h - what became of one node ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_DRIVER_WHY_H
#define MOEC_LIB_DRIVER_WHY_H

#include "NodeGraph.h"
#include "PassRemark.h"

#include "llvm/Support/JSON.h"

namespace moec {

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

  void collectLayers();
  void findSources();
  void findNearest();
  std::optional<unsigned> measure(unsigned other) const;
  void collectRemarks();
  void addRemarks(const Layer &layer);
  bool choosesOthers() const;
  std::string describePlace() const;
  std::string describeNearest() const;

  const NodeGraph &graph;
  NodeLayers raised;
  llvm::ArrayRef<PassRemark> remarks;
  unsigned node;
  /// First those that were raised.
  std::vector<Layer> layers;
  /// The layer that it is in; those that its operands come from.
  std::optional<unsigned> own, nearest;
  unsigned distance = 0;
  std::vector<std::pair<std::string, unsigned>> sources;
  std::vector<const PassRemark *> told;
};

} // namespace moec

#endif // MOEC_LIB_DRIVER_WHY_H
