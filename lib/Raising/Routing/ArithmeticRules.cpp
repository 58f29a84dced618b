//===-- ArithmeticRules.cpp - facts about numbers made of ids -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "RoutingFacts.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// `value` rounded as an element of the type is.
static double roundTo(Type type, double value) {
  if (type.isF64())
    return value;
  if (auto number = dyn_cast<FloatType>(type)) {
    APFloat rounded(value);
    bool losesInfo;
    rounded.convert(number.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                    &losesInfo);
    rounded.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                    &losesInfo);
    return rounded.convertToDouble();
  }
  return std::trunc(value);
}

/// One number by an elementwise operator, in the arithmetic of its type; sums,
/// products and quotients of f32 that are computed in f64 round alike.
static std::optional<double> compute(Operation *op, Type type, double a,
                                     double b) {
  bool isInteger = isa<IntegerType>(type);
  return llvm::TypeSwitch<Operation *, std::optional<double>>(op)
      .Case<onnx::CastOp, onnx::CastLikeOp>(
          [&](Operation *) { return roundTo(type, a); })
      .Case([&](onnx::AddOp) { return roundTo(type, a + b); })
      .Case([&](onnx::SubOp) { return roundTo(type, a - b); })
      .Case([&](onnx::MulOp) { return roundTo(type, a * b); })
      .Case([&](onnx::DivOp) -> std::optional<double> {
        return b == 0 ? std::nullopt : std::optional(roundTo(type, a / b));
      })
      .Case([&](onnx::AbsOp) { return std::abs(a); })
      .Case([&](onnx::FloorOp) { return std::floor(a); })
      .Case([&](onnx::CeilOp) { return std::ceil(a); })
      .Case([&](onnx::ModOp op) -> std::optional<double> {
        if (!isInteger || b <= 0 || a < 0)
          return std::nullopt;
        return std::fmod(a, b);
      })
      .Default([](Operation *) { return std::nullopt; });
}

std::optional<Fact> RoutingFacts::inferArithmetic(Operation *op) {
  if (!isRowwiseElementwise(op) && !isa<onnx::ModOp>(op))
    return std::nullopt;
  const Fact *fact = nullptr;
  unsigned position = 0;
  for (auto [i, operand] : llvm::enumerate(op->getOperands()))
    if (const Fact *known = lookup(operand))
      if (known->kind == FactKind::Ids || known->kind == FactKind::RowId) {
        if (fact)
          return std::nullopt;
        fact = known;
        position = i;
      }
  if (!fact || extents.experts > 4096)
    return std::nullopt;
  Type type = getElementTypeOrSelf(op->getResult(0).getType());
  auto integer = dyn_cast<IntegerType>(type);
  if ((integer && integer.getWidth() < 16) ||
      (!integer && !isa<FloatType>(type)))
    return std::nullopt;
  SmallVector<std::optional<double>, 3> others;
  int64_t rank = fact->dims.size();
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    bool isCastLike = isa<onnx::CastLikeOp>(op) && i == 1;
    others.push_back(i == position || isCastLike ? 0.0 : getUniform(operand));
    if (!others.back())
      return std::nullopt;
    if (!isCastLike)
      rank =
          std::max(rank, cast<RankedTensorType>(operand.getType()).getRank());
  }
  Fact result = *fact;
  result.numbers.clear();
  result.dims.insert(result.dims.begin(), rank - fact->dims.size(), Dim());
  bool isSame = true;
  for (int64_t expert = 0; expert < extents.experts; ++expert) {
    double id = fact->numbers.empty() ? expert : fact->numbers[expert];
    std::optional<double> number;
    if (auto clip = dyn_cast<onnx::ClipOp>(op)) {
      if (position != 0)
        return std::nullopt;
      number = id;
      unsigned next = 1;
      if (clip.getMin())
        number = std::max(*number, *others[next++]);
      if (clip.getMax())
        number = std::min(*number, *others[next]);
    } else if (op->getNumOperands() <= 2) {
      double other = others.size() < 2 ? 0.0 : *others[1 - position];
      number = position == 0 ? compute(op, type, id, other)
                             : compute(op, type, other, id);
    }
    constexpr double kMost = 1 << 24;
    if (!number || !(std::abs(*number) <= kMost))
      return std::nullopt;
    result.numbers.push_back(*number);
    isSame &= *number == double(expert);
  }
  if (isSame)
    result.numbers.clear();
  return result;
}
