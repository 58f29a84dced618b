//===-- OtherRouting.h - experts that no token chooses --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_OTHERROUTING_H
#define MOEC_LIB_RAISING_ROUTING_OTHERROUTING_H

#include "mlir/IR/Value.h"

#include <string>

namespace moec::routing {

/// What an op that leads to experts does in place of choosing some of them for
/// each token, as a sentence about it: it chooses tokens for them, weighs all
/// of them, fills slots of them, or looks them up in a table. Empty for any
/// other op. `choices` are all of the graph, in its order.
std::string describeOtherRouting(mlir::Operation *op,
                                 llvm::ArrayRef<mlir::Value> choices);

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_OTHERROUTING_H
