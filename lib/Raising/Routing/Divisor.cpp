//===-- Divisor.cpp - what renormalisation divides weights by -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Divisor.h"

#include "Constants.h"
#include "RoutingFacts.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// Repeated for each choice, as some exporters write.
static Value peelRepeats(Value value) {
  while (auto expand = value.getDefiningOp<onnx::ExpandOp>())
    value = expand.getInput();
  return value;
}

/// The number that one operand is everywhere; `rest` becomes the other one.
static std::optional<double> getNumberBeside(Operation *op, Value &rest) {
  for (unsigned i : {1u, 0u})
    if (std::optional<double> number = getUniform(op->getOperand(i))) {
      rest = op->getOperand(1 - i);
      return number;
    }
  return std::nullopt;
}

/// max(value, number): the number. `value` becomes what is compared with it,
/// `isFinite` whether it is clipped to the finite numbers, too.
static std::optional<double> peelLeast(Value &value, bool &isFinite) {
  if (auto clip = value.getDefiningOp<onnx::ClipOp>()) {
    isFinite = !clip.getMax();
    bool isOpen = isFinite || getUniform(clip.getMax()) ==
                                  std::numeric_limits<double>::infinity();
    if (!isOpen || !clip.getMin())
      return std::nullopt;
    value = clip.getInput();
    return getUniform(clip.getMin());
  }
  auto most = value.getDefiningOp<onnx::MaxOp>();
  if (!most || most->getNumOperands() != 2)
    return std::nullopt;
  return getNumberBeside(most, value);
}

/// Whether an op reduces rows, each to one element of the same rank.
static bool isOverRows(Operation *reduction) {
  int64_t rank = getType(reduction->getOperand(0)).getRank();
  std::optional<SmallVector<int64_t>> axes = getAxes(reduction, rank);
  return axes && *axes == SmallVector<int64_t>{rank - 1} &&
         keepsDims(reduction);
}

/// The order where the root of `base` is taken; 1 where none is.
static std::optional<double> peelRoot(Value &value) {
  if (auto root = value.getDefiningOp<onnx::SqrtOp>()) {
    value = root.getX();
    return 2;
  }
  auto power = value.getDefiningOp<onnx::PowOp>();
  if (!power)
    return 1;
  std::optional<double> exponent = getUniform(power->getOperand(1));
  value = power->getOperand(0);
  return exponent && *exponent > 0 ? std::optional(1 / *exponent)
                                   : std::nullopt;
}

/// The exponent where `value` is a power; 1 where it is none.
static std::optional<double> peelPower(Value &value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_present<onnx::MulOp>(op) &&
      op->getOperand(0) == op->getOperand(1)) {
    value = op->getOperand(0);
    return 2;
  }
  if (!isa_and_present<onnx::PowOp>(op))
    return 1;
  value = op->getOperand(0);
  return getUniform(op->getOperand(1));
}

static bool peelAbsolute(Value &value) {
  auto absolute = value.getDefiningOp<onnx::AbsOp>();
  if (absolute)
    value = absolute.getX();
  return absolute != nullptr;
}

/// sum(|of|^q)^(1/q) in any spelling: q. 0 where it is the sum of what may be
/// negative.
static std::optional<double> matchNorm(Value value, Value of) {
  std::optional<double> root = peelRoot(value);
  Operation *reduction = value.getDefiningOp();
  bool isNorm = isa_and_present<onnx::ReduceL1Op, onnx::ReduceL2Op>(reduction);
  bool isSquares = isa_and_present<onnx::ReduceSumSquareOp>(reduction);
  if (!root ||
      (!isNorm && !isSquares && !isa_and_present<onnx::ReduceSumOp>(reduction)))
    return std::nullopt;
  if (!isOverRows(reduction))
    return std::nullopt;
  Value term = reduction->getOperand(0);
  std::optional<double> power =
      isNorm || isSquares ? std::optional(1.0) : peelPower(term);
  bool isAbsolute = peelAbsolute(term) || isNorm || isSquares || power == 2.0;
  if (!power || term != of)
    return std::nullopt;
  if (isSquares)
    power = 2;
  // The root is of f32, the order too.
  constexpr double kRounding = 1.0 / (1 << 22);
  if (!(std::abs(*power / *root - 1) <= kRounding))
    return std::nullopt;
  if (isNorm)
    return *root == 1
               ? std::optional(isa<onnx::ReduceL1Op>(reduction) ? 1.0 : 2.0)
               : std::nullopt;
  if (isAbsolute)
    return power;
  return *power == 1 ? std::optional(0.0) : std::nullopt;
}

std::optional<Divisor> moec::routing::matchDivisor(Value value, Value of) {
  Divisor divisor;
  value = peelRepeats(value);
  if (std::optional<double> least = peelLeast(value, divisor.isFinite)) {
    if (!std::isfinite(float(*least)))
      return std::nullopt;
    divisor.least = float(*least);
    value = peelRepeats(value);
  }
  if (auto add = value.getDefiningOp<onnx::AddOp>()) {
    std::optional<double> number = getNumberBeside(add, value);
    if (!number || !(*number >= 0) || !std::isfinite(*number))
      return std::nullopt;
    divisor.epsilon = float(*number);
    value = peelRepeats(value);
  }
  std::optional<double> order = matchNorm(value, of);
  if (!order)
    return std::nullopt;
  if (*order != 0)
    divisor.norm = float(*order);
  return divisor;
}
