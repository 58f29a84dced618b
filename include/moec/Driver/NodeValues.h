//===-- NodeValues.h - what the nodes of a model make ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DRIVER_NODEVALUES_H
#define MOEC_DRIVER_NODEVALUES_H

#include "moec/Driver/Compile.h"
#include "moec/Driver/Scratch.h"

namespace moec {

/// A value that a node makes of the model's inputs.
struct NodeValue {
  NodeOutput output;
  std::string node, op;
  /// Of the value, where symbols that `CompileOptions::dims` does not fix
  /// are 1.
  uint64_t bytes = 0;
};

/// The extents that symbols of the model have.
using NamedExtents = std::vector<std::pair<std::string, int64_t>>;

/// Lists, in a worker, the values of floats that an error could first show in,
/// in the order of the nodes: not views of others. `dims` says how large they
/// are, no more: with extents fixed, nodes have other numbers.
llvm::LogicalResult listNodeValues(const CompileOptions &options,
                                   const NamedExtents &dims,
                                   const ScratchFolder &scratch,
                                   DiagnosticPrinter &printer,
                                   std::vector<NodeValue> &values);

} // namespace moec

#endif // MOEC_DRIVER_NODEVALUES_H
