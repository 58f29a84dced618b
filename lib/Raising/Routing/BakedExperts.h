//===-- BakedExperts.h - experts of the example input alone --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tracing a loop over the experts that were hit leaves a graph of the experts
// that the example input chose: a file that loads, runs, and is wrong for other
// inputs.
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_BAKEDEXPERTS_H
#define MOEC_LIB_RAISING_ROUTING_BAKEDEXPERTS_H

#include "RoutingFacts.h"

namespace moec::routing {

/// What is missing, for a warning about the choice: "chooses among 8 experts,
/// of which the graph has 2 (0, 3)". Nothing where all experts have a use, or
/// where a use of the choice is not understood.
std::optional<std::string> findBakedExperts(const RoutingFacts &facts);

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_BAKEDEXPERTS_H
