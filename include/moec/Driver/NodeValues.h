//===-- NodeValues.h - what the nodes of a model make ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DRIVER_NODEVALUES_H
#define MOEC_DRIVER_NODEVALUES_H

#include "moec/Driver/Compile.h"
#include "moec/Driver/Scratch.h"

#include <optional>

namespace moec {

/// What became of nodes of the model together.
struct ReplacedNodes {
  /// The pattern, or the operator, that they were raised from.
  std::string raisedFrom;
  unsigned count = 0;
  /// The first of them; the last is the one whose value the layer makes.
  std::string first;
};

/// A value that a node makes of the model's inputs.
struct NodeValue {
  NodeOutput output;
  std::string node, op;
  /// Of the value, where symbols that `CompileOptions::dims` does not fix
  /// are 1.
  uint64_t bytes = 0;
  /// Where a MoE layer of several nodes makes it, of which it is the last.
  std::optional<ReplacedNodes> layer;
};

/// The extents that symbols of the model have.
using NamedExtents = std::vector<std::pair<std::string, int64_t>>;

/// Lists, in a worker, the values of floats that an error could first show in,
/// in the order of the nodes: not views of others, and of nodes that `options`
/// raise to a MoE layer the last one's alone. Were others outputs, who reads
/// them would keep the nodes, and there would be no layer. `dims` says how
/// large values are, no more: with extents fixed, nodes have other numbers.
llvm::LogicalResult listNodeValues(const CompileOptions &options,
                                   const NamedExtents &dims,
                                   const ScratchFolder &scratch,
                                   DiagnosticPrinter &printer,
                                   std::vector<NodeValue> &values);

} // namespace moec

#endif // MOEC_DRIVER_NODEVALUES_H
