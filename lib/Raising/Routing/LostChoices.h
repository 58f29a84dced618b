//===-- LostChoices.h - choices of experts that lead to no layer ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_LOSTCHOICES_H
#define MOEC_LIB_RAISING_ROUTING_LOSTCHOICES_H

#include "ExpertLifter.h"

namespace moec::routing {

/// Why a choice led to no sum of experts, though none was tried: where what is
/// known of it ends. Without a reason where it chooses no experts: words of a
/// vocabulary, beams, groups that another choice is made among. `choices` are
/// all of the graph, in its order.
Miss findLostChoice(const RoutingFacts &facts,
                    llvm::ArrayRef<mlir::Value> choices);

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_LOSTCHOICES_H
