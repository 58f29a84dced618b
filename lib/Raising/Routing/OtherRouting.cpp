//===-- OtherRouting.cpp - experts that no token chooses ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OtherRouting.h"

#include "Axes.h"
#include "Choices.h"
#include "Constants.h"
#include "LostChoices.h"

#include "dialects/Param/IR/Param.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

#include <set>

using namespace mlir;
using namespace moec;
using namespace moec::routing;

using OpList = llvm::SetVector<Operation *>;

static bool isProduct(Operation *op) {
  return isa<onnx::MatMulOp, onnx::FusedMatMulOp, onnx::GemmOp, onnx::EinsumOp,
             onnx::MatMulNBitsOp>(op);
}

/// An op and those that read it, up to products.
static OpList collectNear(Operation *op) {
  constexpr size_t kMost = 64;
  OpList near;
  near.insert(op);
  for (size_t i = 0; i < near.size() && i < kMost; ++i)
    for (Operation *user : near[i]->getUsers())
      if (!isProduct(user))
        near.insert(user);
  return near;
}

static bool isChoice(Operation *op) {
  return isa<onnx::TopKOp, onnx::ArgMaxOp>(op);
}

/// An op and what it is made of, up to products and with them.
static OpList collectSources(Operation *op) {
  constexpr size_t kMost = 64;
  OpList sources;
  sources.insert(op);
  for (size_t i = 0; i < sources.size() && i < kMost; ++i)
    if (!isProduct(sources[i]))
      for (Value operand : sources[i]->getOperands())
        if (Operation *source = operand.getDefiningOp())
          sources.insert(source);
  return sources;
}

/// Whether something chooses by the same scores, or the op is made of that.
static bool isOfChoice(Operation *op) {
  return llvm::any_of(collectSources(op), [](Operation *source) {
    return llvm::any_of(collectNear(source), isChoice);
  });
}

//===-- Tokens chosen for experts -----------------------------------------===//

/// The extent of another dimension than the one along which scores are
/// compared, if so many networks follow.
static int64_t findExpertsBeside(Operation *op, Value scores, int64_t axis,
                                 ArrayRef<Value> choices) {
  ArrayRef<int64_t> shape = getType(scores).getShape();
  axis = normalizeAxis(axis, shape.size());
  for (auto [dim, extent] : llvm::enumerate(shape))
    if (int64_t(dim) != axis && !ShapedType::isDynamic(extent) && extent > 1 &&
        leadsToExperts(op, extent, choices))
      return extent;
  return 0;
}

template <typename OpT>
static std::string describeChosenTokens(OpT op, Value scores,
                                        ArrayRef<Value> choices) {
  std::optional<Choice> choice = readChoice(op);
  if (choice && leadsToExperts(op, choice->experts, choices))
    return "";
  int64_t experts = findExpertsBeside(op, scores, op.getAxis(), choices);
  if (!experts)
    return "";
  return "it chooses tokens for each of " + std::to_string(experts) +
         " experts (expert choice), not experts for each token";
}

//===-- All experts, weighed ----------------------------------------------===//

static bool isTest(Operation *op) {
  return isa<onnx::GreaterOp, onnx::GreaterOrEqualOp, onnx::LessOp,
             onnx::LessOrEqualOp>(op);
}

static std::string describeWeighed(onnx::SoftmaxOp op,
                                   ArrayRef<Value> choices) {
  // Classes of a batch of tokens; attention has one more dimension. Two
  // products side by side are a gate and what it gates, too.
  constexpr int64_t kLeast = 3, kMost = 4096;
  ArrayRef<int64_t> shape = getType(op.getX()).getShape();
  if (shape.size() < 2 || shape.size() > 3 || shape.back() < kLeast ||
      shape.back() > kMost || isOfChoice(op))
    return "";
  bool isOverLast = isLastAxis(op.getAxis(), op.getX());
  std::string all = std::to_string(shape.back());
  if (isOverLast && leadsToExperts(op, shape.back(), choices)) {
    std::string text = "it weighs all " + all + " experts of a token ";
    if (llvm::any_of(collectNear(op), isTest))
      return text + "and a comparison takes those above a threshold, any "
                    "number of them; no TopK or ArgMax chooses";
    return text + "(a soft mixture); no TopK or ArgMax chooses among them";
  }
  int64_t experts = findExpertsOfSlots(op, shape.back(), choices);
  if (!experts)
    return "";
  std::string slots = all + " slots of " + std::to_string(experts) +
                      " experts (soft slots); no TopK or ArgMax chooses "
                      "experts for a token";
  return isOverLast ? "it weighs what comes out of " + slots
                    : "it mixes all tokens into each of " + slots;
}

//===-- Experts looked up -------------------------------------------------===//

/// How many numbers the ids of a table are compared with, one after the other,
/// or look up a stack of.
static int64_t countExperts(onnx::GatherOp op) {
  std::set<double> numbers;
  for (Operation *user : collectNear(op)) {
    if (auto equal = dyn_cast<onnx::EqualOp>(user))
      for (Value operand : equal->getOperands())
        if (std::optional<double> number = getUniform(operand))
          numbers.insert(*number);
    auto taken = dyn_cast<onnx::GatherOp>(user);
    if (taken && taken != op && getType(taken.getData()).getRank() > 2 &&
        !ShapedType::isDynamic(getType(taken.getData()).getShape().front()))
      return getType(taken.getData()).getShape().front();
  }
  return numbers.size();
}

static std::string describeLookedUp(onnx::GatherOp op,
                                    ArrayRef<Value> choices) {
  Operation *table = op.getData().getDefiningOp();
  auto type = getType(op.getData());
  if (!isa_and_present<param::LoadOp, onnx::ConstantOp>(table) ||
      !isa<IntegerType>(type.getElementType()) || type.getRank() > 2)
    return "";
  int64_t experts = countExperts(op);
  if (experts < 2 || !leadsToExperts(op, experts, choices))
    return "";
  return "it looks up which of " + std::to_string(experts) +
         " experts a token has in a table (hash routing); no TopK or ArgMax "
         "chooses among them";
}

std::string moec::routing::describeOtherRouting(Operation *op,
                                                ArrayRef<Value> choices) {
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case([&](onnx::TopKOp op) {
        return describeChosenTokens(op, op.getX(), choices);
      })
      .Case([&](onnx::ArgMaxOp op) {
        return describeChosenTokens(op, op.getData(), choices);
      })
      .Case([&](onnx::SoftmaxOp op) { return describeWeighed(op, choices); })
      .Case([&](onnx::GatherOp op) { return describeLookedUp(op, choices); })
      .Default([](Operation *) { return ""; });
}
