//===-- SlotRules.cpp - facts about tables of slots -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "RoutingFacts.h"

#include "dialects/Onnx/IR/ShapeArithmetic.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

std::optional<Fact> RoutingFacts::inferSlots(Operation *op) {
  auto onPair = [&](auto rule) -> MaybeFact {
    Value a = op->getOperand(0), b = op->getOperand(1);
    MaybeFact fact = rule(a, b);
    return fact ? fact : rule(b, a);
  };
  auto asMask = [&](Value mask, Value other) {
    return multiplyMask(op, mask, other);
  };
  return llvm::TypeSwitch<Operation *, MaybeFact>(op)
      .Case([&](onnx::CumSumOp op) { return numberChoices(op); })
      .Case([&](onnx::OneHotOp op) { return inferSlotsOf(op); })
      .Case([&](onnx::EqualOp op) {
        MaybeFact fact = inferSlotsOf(op);
        return fact ? fact : testSlots(op);
      })
      .Case<onnx::GreaterOp, onnx::NotOp>(
          [&](Operation *op) { return testSlots(op); })
      .Case([&](onnx::GatherElementsOp op) { return gatherPlace(op); })
      .Case([&](onnx::ScatterElementsOp op) { return scatterMask(op); })
      .Case<onnx::ReduceSumOp, onnx::ReduceMaxOp>([&](Operation *op) {
        for (MaybeFact fact : {reducePlace(op), countChoices(op),
                               reduceMask(op), reduceSlots(op)})
          if (fact)
            return fact;
        return MaybeFact();
      })
      .Case([&](onnx::AddOp op) {
        MaybeFact sum = addSlots(op.getA(), op.getB());
        if (!sum)
          sum = addWeights(op);
        return sum ? sum : onPair([&](Value a, Value b) {
          return shiftPlace(a, b, 1);
        });
      })
      .Case(
          [&](onnx::SubOp op) { return shiftPlace(op.getA(), op.getB(), -1); })
      .Case([&](onnx::AndOp) { return onPair(asMask); })
      .Case([&](onnx::WhereOp op) {
        std::optional<double> rest = getUniform(op.getY());
        MaybeFact place =
            rest ? maskPlace(op.getX(), op.getCondition(), *rest) : MaybeFact();
        bool isProduct = !place && rest == 0.0;
        return isProduct ? asMask(op.getCondition(), op.getX()) : place;
      })
      .Case([&](onnx::MulOp op) {
        for (MaybeFact fact :
             {onPair([&](Value a, Value b) { return maskPlace(a, b, 0.0); }),
              onPair(asMask), multiplySlots(op)})
          if (fact)
            return fact;
        return MaybeFact();
      })
      .Case<onnx::MatMulOp, onnx::EinsumOp>(
          [&](Operation *op) { return multiplySlots(op); })
      .Default([](Operation *) { return std::nullopt; });
}

//===-- One-hot vectors of places -----------------------------------------===//

/// Slots of places, `dims` those of the table; elsewhere there may be anything.
std::optional<Fact> RoutingFacts::makeSlots(Value places, Dims dims,
                                            AffineExpr extent,
                                            Value capacity) const {
  const Fact &fact = *lookup(places);
  if (fact.expert || fact.numbering.first < 0 ||
      (!isa<AffineConstantExpr>(extent) && !capacity))
    return std::nullopt;
  Fact result(FactKind::Slots, std::move(dims));
  SlotPart part;
  part.choice = fact.choice;
  part.place = places;
  part.placeDims = fact.dims;
  part.capacity = capacity;
  part.extent = extent;
  part.numbering = fact.numbering;
  part.inside = fact.hits.kept;
  result.parts.push_back(std::move(part));
  return result;
}

std::optional<Fact> RoutingFacts::inferSlotsOf(onnx::OneHotOp op) const {
  const Fact *fact = lookup(op.getIndices());
  if (!fact || fact->kind != FactKind::Place || !isZeroAndOne(op.getValues()))
    return std::nullopt;
  onnx::Extents sizes = shapes.getExtents(op.getOutput());
  int64_t axis = normalizeAxis(op.getAxis(), sizes.size());
  Dims dims = fact->dims;
  dims.insert(dims.begin() + axis, Dim{Axis::Slot});
  return makeSlots(op.getIndices(), dims, sizes[axis], op.getDepth());
}

/// The number at which a Range ends, through what keeps its elements.
static Value getLimit(Value numbers) {
  while (isa_and_present<onnx::CastOp, onnx::ReshapeOp, onnx::SqueezeOp,
                         onnx::UnsqueezeOp, onnx::FlattenOp, onnx::IdentityOp>(
      numbers.getDefiningOp()))
    numbers = numbers.getDefiningOp()->getOperand(0);
  auto range = numbers.getDefiningOp<onnx::RangeOp>();
  return range ? range.getLimit() : Value();
}

/// Places compared with the number of each slot, which no negative one has.
std::optional<Fact> RoutingFacts::inferSlotsOf(onnx::EqualOp op) const {
  for (auto [places, numbers] :
       {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())}) {
    const Fact *fact = lookup(places);
    if (!fact || fact->kind != FactKind::Place || lookup(numbers) ||
        !isIota(numbers))
      continue;
    onnx::Extents sizes = shapes.getExtents(numbers);
    Dims own;
    AffineExpr extent;
    for (AffineExpr size : sizes) {
      bool isOne = size == shapes.getConstant(1);
      own.push_back(isOne ? Dim() : Dim{Axis::Slot});
      extent = isOne ? extent : size;
    }
    std::optional<Dims> dims = broadcastDims(fact->dims, own);
    if (!extent || !dims || !hasAxis(*dims, Axis::Slot))
      continue;
    MaybeFact result = makeSlots(places, *dims, extent, getLimit(numbers));
    const std::optional<double> &outside = fact->numbering.outside;
    if (!result || !hasAxis(fact->dims, Axis::Expert) || !outside ||
        *outside >= 0)
      return result;
    SlotPart &part = result->parts.front();
    part.isOfAllExperts = false;
    if (part.inside)
      part.factors.push_back({part.inside, fact->hits.keptDims, true});
    part.inside = {};
    return result;
  }
  return std::nullopt;
}

//===-- Products ----------------------------------------------------------===//

/// Whether dimensions count all tokens, or none.
bool RoutingFacts::countsTokensOrNone(Value value, ArrayRef<Dim> dims) const {
  onnx::Extents sizes = shapes.getExtents(value);
  AffineExpr count = shapes.getConstant(1);
  for (auto [dim, size] : llvm::zip_equal(dims, sizes))
    if (llvm::is_contained(dim, Axis::Token)) {
      if (dim.size() > 1)
        return false;
      count = count * size;
    }
  return !hasAxis(dims, Axis::Token) || isAllTokens(count);
}

/// What numbers run over that are multiplied by a value which runs over `dims`;
/// nothing where that does not say it.
std::optional<Dims> RoutingFacts::alignFactor(Value value,
                                              ArrayRef<Dim> dims) const {
  ArrayRef<int64_t> sizes = getType(value).getShape();
  Dims result;
  for (auto [index, size] : llvm::enumerate(sizes)) {
    int64_t place = int64_t(index) + int64_t(dims.size()) - sizes.size();
    bool isKnown = place >= 0 && !dims[place].empty() &&
                   !llvm::is_contained(dims[place], Axis::Slot) &&
                   !llvm::is_contained(dims[place], Axis::Feature);
    if (size != 1 && !isKnown)
      return std::nullopt;
    result.push_back(size == 1 ? Dim() : dims[place]);
  }
  return countsTokensOrNone(value, result) ? std::optional(result)
                                           : std::nullopt;
}

/// Multiplies slots by a value, whose dimensions are given where no fact has
/// them.
bool RoutingFacts::multiplyPart(SlotPart &part, Value value, Dims dims) const {
  const Fact *fact = lookup(value);
  if (!fact) {
    bool isMask = isCondition(value);
    if ((!isMask && !isa<FloatType>(getElementTypeOrSelf(value.getType()))) ||
        !countsTokensOrNone(value, dims))
      return false;
    part.factors.push_back({value, std::move(dims), isMask});
    return true;
  }
  MaybeFact mask = readMask(fact);
  bool isWeight = isWeightOfChoice(*fact);
  int64_t choice = mask                   ? mask->choice
                   : extents.choices == 1 ? 0
                                          : fact->choice;
  if ((!mask && !isWeight) || choice != part.choice)
    return false;
  if (hasAxis(fact->dims, Axis::Expert))
    part.isOfAllExperts = false;
  if (isKeptOf(fact->hits.kept, part.inside))
    part.inside = {};
  // Where the choice is, the mask of all is 1.
  if (fact->hits.kept)
    part.factors.push_back({fact->hits.kept, fact->hits.keptDims, true});
  if (isWeight)
    part.factors.push_back({value, fact->dims, /*isMask=*/false});
  return true;
}

/// The one operand that is a table of slots.
static std::optional<unsigned> findTable(const RoutingFacts &facts,
                                         const Contraction &product) {
  std::optional<unsigned> found;
  for (auto [index, operand] : llvm::enumerate(product.operands)) {
    const Fact *fact = facts.lookup(operand);
    if (!fact || fact->kind != FactKind::Slots)
      continue;
    if (found || fact->expert)
      return std::nullopt;
    found = index;
  }
  return found;
}

/// What facts say of each label; nothing where they do not agree.
static std::optional<Dims> readLabels(const RoutingFacts &facts,
                                      const Contraction &product) {
  Dims dims(product.numLabels);
  for (auto [operand, labels] : llvm::zip(product.operands, product.labels)) {
    const Fact *fact = facts.lookup(operand);
    if (!fact)
      continue;
    for (auto [label, dim] : llvm::zip_equal(labels, fact->dims)) {
      if (!dim.empty() && !dims[label].empty() && dims[label] != dim)
        return std::nullopt;
      if (!dim.empty())
        dims[label] = dim;
    }
  }
  return dims;
}

std::optional<Fact> RoutingFacts::multiplySlots(Operation *op) const {
  std::optional<Contraction> product = readContraction(op);
  std::optional<unsigned> table;
  if (product)
    table = findTable(*this, *product);
  if (!table)
    return std::nullopt;
  std::optional<Dims> dims = readLabels(*this, *product);
  Fact result = *lookup(product->operands[*table]);
  bool isTested = result.test != SlotTest::None;
  if (!dims || result.test == SlotTest::Zero ||
      (isTested && !isOfMasks(result.parts)))
    return std::nullopt;
  result.test = SlotTest::None;
  for (auto [index, operand] : llvm::enumerate(product->operands)) {
    if (index == *table)
      continue;
    Dims own;
    for (auto [label, size] :
         llvm::zip_equal(product->labels[index], getType(operand).getShape())) {
      const Dim &dim = (*dims)[label];
      if (size != 1 && (dim.empty() || llvm::is_contained(dim, Axis::Slot)))
        return std::nullopt;
      own.push_back(size == 1 ? Dim() : dim);
    }
    for (SlotPart &part : result.parts)
      if (!multiplyPart(part, operand, own))
        return std::nullopt;
  }
  // Sums are over the choices of a token, or over nothing.
  for (const Dim &dim : ArrayRef(*dims).drop_front(product->numOutputLabels))
    if (!dim.empty() && dim != Dim{Axis::Choice})
      return std::nullopt;
  result.dims = Dims(ArrayRef(*dims).take_front(product->numOutputLabels));
  return result;
}

//===-- Sums and tests ----------------------------------------------------===//

static bool areExact(const Fact &fact) {
  return llvm::all_of(fact.parts,
                      [](const SlotPart &part) { return part.isExact(); });
}

/// Slots of all experts, each of them exact; null where the value is none.
const Fact *RoutingFacts::lookupExactSlots(Value value) const {
  const Fact *fact = lookup(value);
  bool isExact =
      fact && fact->kind == FactKind::Slots && !fact->expert && areExact(*fact);
  return isExact ? fact : nullptr;
}

/// The slots of several choices.
std::optional<Fact> RoutingFacts::addSlots(Value left, Value right) const {
  const Fact *a = lookupExactSlots(left), *b = lookupExactSlots(right);
  if (getType(left) != getType(right) || !a || !b || a->dims != b->dims ||
      a->test != b->test)
    return std::nullopt;
  Fact result = *a;
  for (const SlotPart &part : b->parts) {
    bool isNew =
        part.choice != kEveryChoice &&
        llvm::none_of(result.parts, [&](const SlotPart &other) {
          return other.choice == part.choice || other.choice == kEveryChoice;
        });
    if (!isNew)
      return std::nullopt;
    result.parts.push_back(part);
  }
  return result;
}

/// The slots of all choices of a token.
std::optional<Fact> RoutingFacts::reduceSlots(Operation *op) const {
  const Fact *fact = lookupExactSlots(op->getOperand(0));
  if (!fact)
    return std::nullopt;
  std::optional<SmallVector<int64_t>> axes = getAxes(op, fact->dims.size());
  bool isOfOnes = fact->test != SlotTest::None || isOfMasks(fact->parts);
  if (!axes || (isa<onnx::ReduceMaxOp>(op) && !isOfOnes))
    return std::nullopt;
  for (int64_t axis : *axes)
    if (!fact->dims[axis].empty() && fact->dims[axis] != Dim{Axis::Choice})
      return std::nullopt;
  Fact result = *fact;
  result.dims = reduceDims(fact->dims, *axes, keepsDims(op));
  return result;
}

/// Comparisons with zero.
std::optional<Fact> RoutingFacts::testSlots(Operation *op) const {
  const Fact *fact = lookupExactSlots(op->getOperand(0));
  if (!fact)
    return std::nullopt;
  Fact result = *fact;
  if (isa<onnx::NotOp>(op)) {
    result.test = SlotTest::NotZero;
    return fact->test == SlotTest::Zero ? MaybeFact(result) : std::nullopt;
  }
  bool isZero = getUniform(op->getOperand(1)) == 0.0 &&
                getType(op->getOperand(1)).getRank() <=
                    getType(op->getOperand(0)).getRank();
  if (!isZero || fact->test != SlotTest::None)
    return std::nullopt;
  result.test = isa<onnx::EqualOp>(op)   ? SlotTest::Zero
                : isOfMasks(fact->parts) ? SlotTest::NotZero
                                         : SlotTest::Positive;
  return result;
}

std::optional<Fact> RoutingFacts::castSlots(Operation *op,
                                            const Fact &fact) const {
  Type type = getElementTypeOrSelf(op->getResult(0).getType());
  Fact result = fact;
  bool isOfOnes = fact.test != SlotTest::None || isOfMasks(fact.parts);
  if (fact.test == SlotTest::Zero)
    return std::nullopt;
  if (type.isInteger(1) && !isOfOnes && areExact(fact)) {
    result.test = SlotTest::NotZero;
    return result;
  }
  return isOfOnes || type.isF32() ? MaybeFact(result) : std::nullopt;
}
