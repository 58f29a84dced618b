//===-- MaskRules.cpp - facts about masks and weights ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "RoutingFacts.h"

#include "dialects/Onnx/IR/ShapeArithmetic.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// A value as a vector of all experts that counts up: its dimensions.
static std::optional<Dims> getExpertNumbers(Value value, int64_t experts) {
  auto type = cast<RankedTensorType>(value.getType());
  if (experts < 2 || !isIota(value))
    return std::nullopt;
  Dims dims;
  for (int64_t size : type.getShape()) {
    if (size != 1 && size != experts)
      return std::nullopt;
    dims.push_back(size == 1 ? Dim() : Dim{Axis::Expert});
  }
  return findAxis(dims, Axis::Expert) ? std::optional(dims) : std::nullopt;
}

std::optional<Fact> RoutingFacts::inferEqual(onnx::EqualOp op) {
  Value value = op.getA(), other = op.getB();
  if (!lookup(value))
    std::swap(value, other);
  const Fact &fact = *lookup(value);
  std::optional<double> number = getUniform(other);
  if (const Fact *second = lookup(other);
      second && second->kind == FactKind::Uniform)
    number = second->number;
  bool isOne = fact.kind == FactKind::OneOfIds;
  if (fact.kind != FactKind::Ids && !isOne) {
    if (fact.kind == FactKind::Uniform && number) {
      Fact result = fact;
      result.number = fact.number == *number;
      return result;
    }
    return number == 1.0 ? inferCompare(op) : std::nullopt;
  }
  Fact result(isOne ? FactKind::ChoiceMask : FactKind::Mask);
  result.choice = fact.choice;
  std::optional<Dims> dims;
  if (number) {
    // The only expert with this number.
    for (int64_t expert = 0; expert < extents.experts; ++expert) {
      double id = fact.numbers.empty() ? expert : fact.numbers[expert];
      if (id != *number)
        continue;
      if (result.expert)
        return std::nullopt;
      result.expert = expert;
    }
    if (!result.expert)
      return std::nullopt;
    Dims ones(cast<RankedTensorType>(other.getType()).getRank());
    dims = broadcastDims(fact.dims, ones);
  } else if (!fact.numbers.empty()) {
    return std::nullopt;
  } else if (auto experts = getExpertNumbers(other, extents.experts)) {
    dims = broadcastDims(fact.dims, *experts);
  }
  if (!dims)
    return std::nullopt;
  result.dims = *dims;
  return result;
}

/// Comparisons that only say what a mask says already, or that no index is
/// negative.
std::optional<Fact> RoutingFacts::inferCompare(Operation *op) {
  const Fact *fact = lookup(op->getOperand(0));
  std::optional<double> number = getUniform(op->getOperand(1));
  if (!fact || !number)
    return std::nullopt;
  Fact result = *fact;
  if (fact->kind == FactKind::Mask || fact->kind == FactKind::AnyMask) {
    bool isSame =
        (isa<onnx::EqualOp>(op) && *number == 1) ||
        (isa<onnx::GreaterOp>(op) && *number >= 0 && *number < 1) ||
        (isa<onnx::GreaterOrEqualOp>(op) && *number > 0 && *number <= 1);
    Dims ones(cast<RankedTensorType>(op->getOperand(1).getType()).getRank());
    std::optional<Dims> dims = broadcastDims(fact->dims, ones);
    if (!isSame || !dims)
      return std::nullopt;
    result.dims = *dims;
    return result;
  }
  bool isIndex =
      (fact->kind == FactKind::Ids && fact->numbers.empty()) ||
      fact->kind == FactKind::HitToken || fact->kind == FactKind::HitChoice ||
      fact->kind == FactKind::HitFlat || fact->kind == FactKind::RowFlat ||
      fact->kind == FactKind::RowToken || fact->kind == FactKind::Inverse;
  if (!isIndex || *number != 0)
    return std::nullopt;
  if (!isa<onnx::LessOp, onnx::GreaterOrEqualOp>(op))
    return std::nullopt;
  result.kind = FactKind::Uniform;
  result.number = isa<onnx::GreaterOrEqualOp>(op);
  return result;
}

bool moec::routing::isCondition(Value value) {
  while (auto cast = value.getDefiningOp<onnx::CastOp>())
    value = cast.getInput();
  return getElementTypeOrSelf(value.getType()).isInteger(1);
}

/// A mask of all experts and a condition on each token and expert: choices that
/// fail it count no more.
std::optional<Fact> RoutingFacts::keepSome(Operation *op, const Fact &mask,
                                           Value other) {
  bool isAny = mask.kind == FactKind::AnyMask ||
               (mask.kind == FactKind::Mask && extents.choices == 1 &&
                !hasAxis(mask.dims, Axis::Choice));
  // A number that is no index may be a weight as well.
  bool isIndex =
      isa<IntegerType>(getElementTypeOrSelf(op->getResult(0).getType()));
  if (!isAny || !isIndex || mask.expert || lookup(other) ||
      !isCondition(other) || !alignDims(other, mask.dims))
    return std::nullopt;
  Fact result = mask;
  result.kind = FactKind::AnyMask;
  result.hits.kept = op->getResult(0);
  result.hits.keptDims = mask.dims;
  return result;
}

/// Of numbers that are zero outside of choices: where they are not zero.
Fact RoutingFacts::keepNotZero(const Fact &numbers) {
  Fact result(FactKind::AnyMask, numbers.dims);
  result.expert = numbers.expert;
  result.hits.kept = numbers.dense;
  result.hits.keptDims = numbers.denseDims;
  return result;
}

std::optional<Fact> RoutingFacts::inferAnd(onnx::AndOp op) {
  for (auto [value, other] :
       {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())}) {
    const Fact *fact = lookup(value);
    if (!fact)
      continue;
    if (MaybeFact kept = keepSome(op, *fact, other))
      return kept;
    if (fact->kind != FactKind::Uniform)
      continue;
    if (fact->number == 0)
      return *fact;
    if (const Fact *second = lookup(other))
      return *second;
  }
  return std::nullopt;
}

std::optional<Fact> RoutingFacts::inferOneHot(onnx::OneHotOp op) {
  const Fact *fact = lookup(op.getIndices());
  bool isOne = fact && fact->kind == FactKind::OneOfIds;
  if (!fact || (fact->kind != FactKind::Ids && !isOne) ||
      !fact->numbers.empty())
    return std::nullopt;
  auto type = cast<RankedTensorType>(op.getOutput().getType());
  int64_t axis = normalizeAxis(op.getAxis(), type.getRank());
  if (type.getDimSize(axis) != extents.experts || !isZeroAndOne(op.getValues()))
    return std::nullopt;
  Fact result = *fact;
  result.kind = isOne ? FactKind::ChoiceMask : FactKind::Mask;
  result.dims.insert(result.dims.begin() + axis, {Axis::Expert});
  return result;
}

/// A mask times one number for each choice.
std::optional<Fact> RoutingFacts::maskWeights(Operation *op, const Fact &mask,
                                              Value other, const Dims &result) {
  std::optional<Dims> dims = alignDims(other, result);
  if (!dims)
    return std::nullopt;
  Fact fact = mask;
  fact.dims = result;
  fact.after.clear();
  SmallVector<Axis> axes = flattenDims(*dims);
  bool hasExperts = llvm::is_contained(axes, Axis::Expert);
  // Of one choice there is one weight, whichever mask meets it.
  bool isOfChoice = extents.choices == 1 && !hasExperts;
  if (mask.kind == FactKind::AnyMask && !isOfChoice) {
    fact.kind = FactKind::ZeroOutside;
    fact.dense = op->getResult(0);
    fact.denseDims = result;
    return mask.expert ? std::nullopt : std::optional(fact);
  }
  SmallVector<Axis> wanted = getCounted({Axis::Token});
  if (extents.choices != 1)
    wanted.push_back(Axis::Choice);
  bool isTransposed = extents.choices != 1 &&
                      axes == SmallVector<Axis>{Axis::Choice, Axis::Token};
  llvm::erase_if(axes, [&](Axis axis) {
    return axis == Axis::Choice && extents.choices == 1;
  });
  if (hasExperts || (axes != wanted && !isTransposed))
    return std::nullopt;
  fact.kind = FactKind::MaskedWeight;
  fact.weights = other;
  fact.weightDims = *dims;
  return fact;
}

/// Whether `rows` has the extents of the column `fact` but for the last.
bool RoutingFacts::hasRowsOf(const Fact &fact, Value rows) const {
  onnx::Extents sizes = shapes.getExtents(rows);
  AffineExpr count = onnx::getProduct(shapes, ArrayRef(sizes).drop_back());
  return hasAxis(fact.dims, Axis::Expert) &&
         (hasOneToken() || hasAxis(fact.dims, Axis::Token)) &&
         isSameExtent(count, tokens * extents.experts);
}

std::optional<Fact> RoutingFacts::inferMul(onnx::MulOp op) {
  for (auto [value, other] :
       {std::pair(op.getA(), op.getB()), std::pair(op.getB(), op.getA())}) {
    const Fact *fact = lookup(value);
    if (!fact)
      continue;
    Dims ones(cast<RankedTensorType>(other.getType()).getRank());
    std::optional<Dims> grown = broadcastDims(fact->dims, ones);
    std::optional<double> number = getUniform(other);
    Fact result = *fact;
    if (grown)
      result.dims = *grown;
    if (number == 1.0 && grown)
      return result;
    switch (fact->kind) {
    case FactKind::Mask:
    case FactKind::AnyMask: {
      if (MaybeFact kept = keepSome(op, *fact, other))
        return kept;
      if (lookup(other) ||
          !isa<FloatType>(getElementTypeOrSelf(other.getType())) || !grown)
        continue;
      return maskWeights(op, *fact, other, *grown);
    }
    case FactKind::RowToken: {
      // floor(q) * sign(q), of a quotient that is not negative.
      const Fact *sign = lookup(other);
      if (!sign || sign->kind != FactKind::RowSign || sign->dims != fact->dims)
        continue;
      return *fact;
    }
    case FactKind::HitToken:
      if (number != double(extents.choices))
        continue;
      result.kind = FactKind::HitTokenTimesK;
      return result;
    case FactKind::MaskedWeight:
    case FactKind::Gate:
    case FactKind::HitWeight:
    case FactKind::RowWeight:
      if (number) {
        result.after.push_back(op);
        return result;
      }
      [[fallthrough]];
    case FactKind::ZeroOutside:
      // Zero times what there is stays zero, as routing needs it.
      if (hasAxis(fact->dims, Axis::Expert) &&
          !hasAxis(fact->dims, Axis::Choice) && !lookup(other) &&
          alignDims(other, fact->dims) && fact->kind != FactKind::HitWeight &&
          fact->kind != FactKind::RowWeight) {
        std::optional<Dims> dims = alignDims(other, fact->dims);
        bool isInside = llvm::none_of(*dims, [](const Dim &dim) {
          return llvm::is_contained(dim, Axis::Feature);
        });
        auto type = cast<RankedTensorType>(other.getType());
        bool hasExtents =
            type.getRank() <= int64_t(fact->dims.size()) &&
            cast<RankedTensorType>(op.getResult().getType()).getRank() ==
                int64_t(fact->dims.size());
        for (auto [dim, size] : llvm::zip(llvm::reverse(fact->dims),
                                          llvm::reverse(type.getShape())))
          hasExtents &= !dim.empty() || size == 1;
        // A column times rows that are the same for every expert.
        bool isColumn = fact->dims.back().empty() && grown &&
                        type.getRank() == int64_t(fact->dims.size()) &&
                        type.getShape().back() > 1 && !countNothing(fact->dims);
        if (isColumn && hasRowsOf(*fact, op.getResult())) {
          result = Fact(FactKind::Computed, fact->dims);
          result.dims.back() = {Axis::Feature};
          return result;
        }
        if (isInside && hasExtents) {
          result = *fact;
          result.kind = FactKind::ZeroOutside;
          result.dense = op.getResult();
          result.denseDims = result.dims;
          return result;
        }
      }
      continue;
    default:
      continue;
    }
  }
  return std::nullopt;
}

std::optional<Fact> RoutingFacts::inferWhere(onnx::WhereOp op) {
  const Fact *mask = lookup(op.getCondition());
  if (!mask || lookup(op.getX()))
    return std::nullopt;
  std::optional<double> rest = getUniform(op.getY());
  auto type = cast<RankedTensorType>(op.getResult().getType());
  if (!rest || type.getRank() != int64_t(mask->dims.size()))
    return std::nullopt;
  bool isLowest = std::isinf(*rest) && *rest < 0;
  if (isLowest && mask->kind == FactKind::AnyMask) {
    Fact result = *mask;
    result.kind = FactKind::LowestOutside;
    return result;
  }
  bool isMask = mask->kind == FactKind::AnyMask || mask->kind == FactKind::Mask;
  return isMask && *rest == 0 ? maskWeights(op, *mask, op.getX(), mask->dims)
                              : std::nullopt;
}

std::optional<Fact> RoutingFacts::inferReduce(Operation *op, const Fact &fact) {
  std::optional<SmallVector<int64_t>> axes = getAxes(op, fact.dims.size());
  if (!axes)
    return std::nullopt;
  Fact result = fact;
  SmallVector<Axis> reduced;
  for (int64_t axis : *axes)
    llvm::append_range(reduced, fact.dims[axis]);
  result.dims = reduceDims(fact.dims, *axes, keepsDims(op));
  llvm::sort(reduced);
  reduced.erase(llvm::unique(reduced), reduced.end());
  bool isSum = isa<onnx::ReduceSumOp>(op);
  bool isOverChoices = reduced == SmallVector<Axis>{Axis::Choice} ||
                       (reduced.empty() && extents.choices == 1 &&
                        !hasAxis(fact.dims, Axis::Choice));
  if (fact.kind == FactKind::Mask && isOverChoices && (areDistinct || !isSum)) {
    result.kind = FactKind::AnyMask;
    return result;
  }
  if (fact.kind == FactKind::MaskedWeight && isSum && isOverChoices) {
    result.kind = FactKind::Gate;
    return result;
  }
  bool isOverAll = reduced == getCounted({Axis::Token, Axis::Choice}) ||
                   (reduced == getCounted({Axis::Token}) &&
                    (fact.kind == FactKind::AnyMask || extents.choices == 1) &&
                    !hasAxis(fact.dims, Axis::Choice));
  bool isMask = fact.kind == FactKind::Mask || fact.kind == FactKind::AnyMask;
  if (isMask && isSum && isOverAll && !hasAxis(result.dims, Axis::Token) &&
      !fact.hits.kept) {
    result.kind = FactKind::Count;
    return result;
  }
  return std::nullopt;
}

std::optional<Fact> RoutingFacts::inferSoftmax(Operation *op) {
  const Fact *fact = lookup(op->getOperand(0));
  if (!fact || fact->kind != FactKind::LowestOutside)
    return std::nullopt;
  Fact result = *fact;
  result.kind = FactKind::ZeroOutside;
  result.dense = op->getResult(0);
  result.denseDims = fact->dims;
  if (fact->expert)
    return std::nullopt;
  if (auto softmax = dyn_cast<onnx::SoftmaxOp>(op)) {
    int64_t axis = normalizeAxis(softmax.getAxis(), fact->dims.size());
    if (fact->dims[axis] != Dim{Axis::Expert})
      return std::nullopt;
  }
  return result;
}
