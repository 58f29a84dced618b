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

/// The least expert that a value is of; 0 without any.
int64_t findFirstExpert(const RoutingFacts &facts);

/// "2 and 5 have no term": the experts that are not among `added`.
std::string listMissing(llvm::ArrayRef<int64_t> added, int64_t experts);

/// Whether as many networks follow an op as it would choose experts among.
bool leadsToExperts(mlir::Operation *choice, int64_t experts,
                    llvm::ArrayRef<mlir::Value> choices);

/// How many experts follow an op, in a stack, of which each has several of so
/// many slots; 0 without any.
int64_t findExpertsOfSlots(mlir::Operation *op, int64_t slots,
                           llvm::ArrayRef<mlir::Value> choices);

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_LOSTCHOICES_H
