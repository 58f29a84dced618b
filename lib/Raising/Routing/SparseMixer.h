//===-- SparseMixer.h - a sparse mixer of ordinary operators --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_SPARSEMIXER_H
#define MOEC_LIB_RAISING_ROUTING_SPARSEMIXER_H

#include "dialects/Onnx/IR/Onnx.h"

#include <optional>

namespace moec::routing {

/// The scores of a sparse mixer, and its jitter.
struct SparseMixer {
  mlir::Value scores;
  float jitter = 0.0f;
};

/// Reads ids and weights of all choices, each a concatenation of rounds, as
/// those of a sparse mixer. Nothing where they are none; `reason` says why.
std::optional<SparseMixer> matchSparseMixer(onnx::ConcatOp ids,
                                            onnx::ConcatOp weights,
                                            llvm::StringRef &reason);

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_SPARSEMIXER_H
