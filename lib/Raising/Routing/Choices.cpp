//===-- Choices.cpp - values that choose experts --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Choices.h"

#include "Axes.h"
#include "Constants.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

using MaybeChoice = std::optional<Choice>;

static int64_t getLastExtent(Value value) {
  return getType(value).getShape().back();
}

static MaybeChoice readTopK(onnx::TopKOp top) {
  RankedTensorType type = getType(top.getIndices());
  if (type.getRank() < 2 || !isLastAxis(top.getAxis(), top.getIndices()))
    return std::nullopt;
  int64_t experts = getLastExtent(top.getX());
  int64_t choices = type.getShape().back();
  if (ShapedType::isDynamic(experts) || ShapedType::isDynamic(choices) ||
      choices == 0)
    return std::nullopt;
  return Choice{top.getIndices(), /*hasChoices=*/true, experts};
}

/// The first of more numbers than are used, as where noise needs the next one.
static MaybeChoice readFirst(onnx::SliceOp slice) {
  auto top = slice.getData().getDefiningOp<onnx::TopKOp>();
  RankedTensorType type = getType(slice.getOutput());
  bool isOfIds = top && slice.getData() == top.getIndices() &&
                 isa<IntegerType>(type.getElementType());
  MaybeChoice all = isOfIds ? readTopK(top) : std::nullopt;
  if (!all || ShapedType::isDynamic(type.getShape().back()) ||
      type.getShape().back() == 0 ||
      type.getShape().drop_back() !=
          getType(top.getIndices()).getShape().drop_back())
    return std::nullopt;
  auto axes = slice.getAxes() ? getIntegers(slice.getAxes()) : std::nullopt;
  bool isStep = !slice.getSteps() || getUniform(slice.getSteps()) == 1.0;
  if (!isStep || !axes || axes->size() != 1 ||
      !isLastAxis(axes->front(), slice.getOutput()))
    return std::nullopt;
  return Choice{slice.getOutput(), /*hasChoices=*/true, all->experts};
}

static MaybeChoice readArgMax(onnx::ArgMaxOp most) {
  Value scores = most.getData();
  if (getType(scores).getRank() < 2 || !isLastAxis(most.getAxis(), scores) ||
      ShapedType::isDynamic(getLastExtent(scores)))
    return std::nullopt;
  return Choice{most.getResult(), most.getKeepdims() != 0,
                getLastExtent(scores)};
}

/// That of the scores' largest, where the value is one.
static MaybeChoice readChosen(Value value) {
  while (isa_and_present<onnx::CastOp, onnx::IdentityOp>(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  Operation *op = value.getDefiningOp();
  if (!isa_and_present<onnx::TopKOp, onnx::ArgMaxOp>(op))
    return std::nullopt;
  MaybeChoice choice = readChoice(op);
  return choice && choice->ids == value ? choice : std::nullopt;
}

/// One choice after the other.
static MaybeChoice readConcat(onnx::ConcatOp concat) {
  RankedTensorType type = getType(concat.getResult());
  if (!isa<IntegerType>(type.getElementType()) || type.getRank() < 2 ||
      ShapedType::isDynamic(type.getShape().back()) ||
      !isLastAxis(concat.getAxis(), concat.getResult()))
    return std::nullopt;
  int64_t experts = 0;
  for (Value part : concat.getOperands()) {
    MaybeChoice choice = readChosen(part);
    if (!choice || choice->ids != part || !choice->hasChoices ||
        (experts && experts != choice->experts))
      return std::nullopt;
    experts = choice->experts;
  }
  return Choice{concat.getResult(), /*hasChoices=*/true, experts,
                /*areDistinct=*/concat.getOperands().size() == 1};
}

/// A member of a group: one choice for the group, one within it.
static MaybeChoice readMember(onnx::AddOp add) {
  for (auto [first, second] :
       {std::pair(add.getA(), add.getB()), std::pair(add.getB(), add.getA())}) {
    auto scaled = first.getDefiningOp<onnx::MulOp>();
    MaybeChoice member = readChosen(second);
    if (!scaled || !member || getType(first) != getType(second))
      continue;
    std::optional<double> size = getUniform(scaled.getB());
    MaybeChoice group = readChosen(scaled.getA());
    if (!size || !group) {
      size = getUniform(scaled.getA());
      group = readChosen(scaled.getB());
    }
    constexpr int64_t kMost = 4096;
    bool isOne = member->ids.getType() == getType(second) && group &&
                 group->hasChoices == member->hasChoices &&
                 (!group->hasChoices || getLastExtent(group->ids) == 1);
    if (isOne && size == double(member->experts) && group->experts <= kMost &&
        member->experts <= kMost)
      return Choice{add.getResult(), member->hasChoices,
                    group->experts * member->experts};
  }
  return std::nullopt;
}

/// Any number, for which a table has as many experts as it may be: what hashes
/// tokens.
static MaybeChoice readModulo(onnx::ModOp mod) {
  RankedTensorType type = getType(mod.getResult());
  std::optional<double> experts = getUniform(mod.getB());
  constexpr double kMost = 4096;
  if (!isa<IntegerType>(type.getElementType()) || type.getRank() == 0 ||
      mod.getFmod() != 0 || !experts || *experts < 2 || *experts > kMost ||
      getType(mod.getA()) != type)
    return std::nullopt;
  return Choice{mod.getResult(), /*hasChoices=*/false, int64_t(*experts),
                /*areDistinct=*/true, /*isOfScores=*/false};
}

std::optional<Choice> moec::routing::readChoice(Operation *op) {
  return llvm::TypeSwitch<Operation *, MaybeChoice>(op)
      .Case([](onnx::TopKOp op) { return readTopK(op); })
      .Case([](onnx::SliceOp op) { return readFirst(op); })
      .Case([](onnx::ArgMaxOp op) { return readArgMax(op); })
      .Case([](onnx::ConcatOp op) { return readConcat(op); })
      .Case([](onnx::AddOp op) { return readMember(op); })
      .Case([](onnx::ModOp op) { return readModulo(op); })
      .Default([](Operation *) { return std::nullopt; });
}

//===-- One round after the other -----------------------------------------===//

static bool isOfOne(const Choice &choice) {
  return choice.isOfScores &&
         (!choice.hasChoices || getLastExtent(choice.ids) == 1);
}

/// Whether few steps lead from the scores of `later` back to `first`, and no
/// layer is among them.
static bool isMadeOf(const Choice &later, const Choice &first) {
  constexpr size_t kMost = 64;
  SmallVector<Operation *> path = {later.ids.getDefiningOp()};
  for (size_t i = 0; i < path.size() && i < kMost; ++i)
    for (Value operand : path[i]->getOperands()) {
      Operation *op = operand.getDefiningOp();
      if (op == first.ids.getDefiningOp())
        return true;
      bool isNew = op && !llvm::is_contained(path, op);
      if (isNew && !isa<onnx::MatMulOp, onnx::GemmOp, onnx::EinsumOp>(op))
        path.push_back(op);
    }
  return false;
}

SmallVector<SmallVector<Choice, 2>>
moec::routing::findRounds(ArrayRef<Choice> choices) {
  SmallVector<SmallVector<Choice, 2>> found;
  for (const Choice &choice : choices) {
    if (!isOfOne(choice))
      continue;
    auto isNext = [&](ArrayRef<Choice> rounds) {
      return rounds.back().experts == choice.experts &&
             isMadeOf(choice, rounds.back());
    };
    auto *rounds = llvm::find_if(found, isNext);
    if (rounds == found.end())
      found.push_back({choice});
    else
      rounds->push_back(choice);
  }
  llvm::erase_if(found,
                 [](ArrayRef<Choice> rounds) { return rounds.size() < 2; });
  return found;
}
