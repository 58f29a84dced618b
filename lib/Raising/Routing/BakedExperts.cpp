//===-- BakedExperts.cpp - experts of the example input alone ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BakedExperts.h"

#include "llvm/ADT/SetVector.h"

#include <set>

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// Of all experts or of none in particular, on the way to those of one.
static bool leadsToExperts(FactKind kind) {
  switch (kind) {
  case FactKind::Ids:
  case FactKind::Mask:
  case FactKind::AnyMask:
  case FactKind::MaskedWeight:
  case FactKind::Gate:
  case FactKind::ZeroOutside:
  case FactKind::LowestOutside:
  case FactKind::Uniform:
    return true;
  default:
    return false;
  }
}

/// Whether a node asks for something else of a value than its elements, or only
/// for what facts are known of.
static bool isUnderstood(Operation *user, const RoutingFacts &facts) {
  if (user->hasTrait<OpTrait::IsTerminator>() ||
      isa<onnx::ShapeOp, onnx::SizeOp>(user))
    return true;
  return llvm::all_of(user->getResults(), [&](Value result) {
    return result.use_empty() || facts.lookup(result);
  });
}

/// Whether the number of choices of each expert becomes the numbers of those
/// that were hit at all.
static bool findsHitExperts(Operation *nonZero, const RoutingFacts &facts) {
  Value value = nonZero->getOperand(0);
  while (Operation *op = value.getDefiningOp()) {
    const Fact *fact = facts.lookup(value);
    if (fact && facts.isCount(*fact) && !fact->expert)
      return true;
    if (!isa<onnx::CastOp, onnx::GreaterOp, onnx::GreaterOrEqualOp, onnx::NotOp,
             onnx::EqualOp, onnx::IdentityOp, onnx::ReshapeOp, onnx::SqueezeOp,
             onnx::UnsqueezeOp>(op))
      break;
    value = op->getOperand(0);
  }
  return false;
}

/// The node that takes single ones of the experts that were hit.
static Operation *findTakenHit(Operation *nonZero) {
  llvm::SetVector<Operation *> path;
  path.insert(nonZero);
  for (size_t i = 0; i < path.size(); ++i)
    for (Operation *user : path[i]->getUsers()) {
      if (isa<onnx::SplitOp, onnx::SliceOp>(user) ||
          (isa<onnx::GatherOp>(user) &&
           user->getOperand(0).getDefiningOp() == path[i]))
        return user;
      if (isa<onnx::TransposeOp, onnx::CastOp, onnx::ReshapeOp, onnx::SqueezeOp,
              onnx::UnsqueezeOp, onnx::IdentityOp>(user))
        path.insert(user);
    }
  return nullptr;
}

/// A loop over the experts that were hit, unrolled: the first one that was hit
/// meets the weights of the first one of the example.
static bool hasUnrolledHits(const RoutingFacts &facts) {
  for (Operation &op : *facts.getIds().getParentBlock())
    if (isa<onnx::NonZeroOp>(op) && findsHitExperts(&op, facts) &&
        findTakenHit(&op))
      return true;
  return false;
}

static std::string listNumbers(const std::set<int64_t> &numbers) {
  constexpr size_t kMost = 8;
  std::string text;
  size_t count = 0;
  for (int64_t number : numbers) {
    if (count == kMost)
      return text + ", ...";
    text += (count++ ? ", " : "") + std::to_string(number);
  }
  return text;
}

std::optional<std::string>
moec::routing::findBakedExperts(const RoutingFacts &facts) {
  int64_t experts = facts.getExtents().experts;
  std::string among =
      "chooses among " + std::to_string(experts) + " experts, of which ";
  if (hasUnrolledHits(facts))
    return among + "the graph has as many as were hit by the input that it was "
                   "exported with, each in the place of any other";
  std::set<int64_t> used;
  for (const auto &[value, fact] : facts.getFacts()) {
    if (fact.expert) {
      used.insert(*fact.expert);
      continue;
    }
    if (!leadsToExperts(fact.kind))
      return std::nullopt;
    for (Operation *user : value.getUsers())
      if (!isUnderstood(user, facts))
        return std::nullopt;
  }
  if (used.empty() || int64_t(used.size()) == experts)
    return std::nullopt;
  return among + "the graph has " + std::to_string(used.size()) + " (" +
         listNumbers(used) + ")";
}
