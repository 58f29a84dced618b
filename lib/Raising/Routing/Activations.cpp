//===-- Activations.cpp - activation functions, however they are spelled --===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Activations.h"

#include "Axes.h"
#include "Constants.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::routing;

bool moec::routing::isReadOnlyBy(Value value, ArrayRef<Operation *> nodes) {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    return llvm::is_contained(nodes, user);
  });
}

LogicalResult moec::routing::readColumnRanges(
    Operation *node, SmallVectorImpl<std::pair<Value, ColumnRange>> &parts) {
  if (auto split = dyn_cast<onnx::SplitOp>(node)) {
    if (normalizeAxis(split.getAxis(), 2) != 1)
      return failure();
    int64_t begin = 0;
    for (Value part : split.getOutputs()) {
      int64_t count = getType(part).getDimSize(1);
      if (ShapedType::isDynamic(count) || count == 0)
        return failure();
      parts.push_back({part, {begin, count, 1}});
      begin += count;
    }
    return success();
  }
  auto slice = dyn_cast<onnx::SliceOp>(node);
  if (!slice)
    return failure();
  auto starts = getIntegers(slice.getStarts());
  auto axes = slice.getAxes() ? getIntegers(slice.getAxes()) : std::nullopt;
  std::optional<SmallVector<int64_t>> steps = SmallVector<int64_t>{1};
  if (slice.getSteps())
    steps = getIntegers(slice.getSteps());
  int64_t width = getType(slice.getData()).getDimSize(1);
  int64_t count = getType(slice.getOutput()).getDimSize(1);
  if (!starts || starts->size() != 1 || !axes || axes->size() != 1 || !steps ||
      steps->size() != 1 || normalizeAxis(axes->front(), 2) != 1 ||
      steps->front() < 1 || ShapedType::isDynamic(count) || count == 0)
    return failure();
  // The result has elements, so the start is inside, but for one that is
  // clamped from far below.
  int64_t begin = std::max<int64_t>(normalizeAxis(starts->front(), width), 0);
  parts.push_back({slice.getOutput(), {begin, count, steps->front()}});
  return success();
}

namespace {
/// A node of two operands of which one is a number.
struct WithNumber {
  Value value;
  double number;
};
} // namespace

template <typename OpTy>
static std::optional<WithNumber> matchCommutative(Value value) {
  auto op = value.getDefiningOp<OpTy>();
  if (!op)
    return std::nullopt;
  if (std::optional<double> number = getUniform(op.getB()))
    return WithNumber{op.getA(), *number};
  if (std::optional<double> number = getUniform(op.getA()))
    return WithNumber{op.getB(), *number};
  return std::nullopt;
}

/// value * number, or value / number.
static std::optional<WithNumber> matchScaled(Value value) {
  if (auto scaled = matchCommutative<onnx::MulOp>(value))
    return scaled;
  auto div = value.getDefiningOp<onnx::DivOp>();
  std::optional<double> number =
      div ? getUniform(div.getB()) : std::optional<double>();
  if (!number || *number == 0)
    return std::nullopt;
  return WithNumber{div.getA(), 1.0 / *number};
}

/// Whether a constant of a graph is this number, to the precision that its type
/// can hold.
static bool isRounded(double number, double wanted, Value value) {
  auto type = dyn_cast<FloatType>(getType(value).getElementType());
  unsigned digits = type ? type.getFPMantissaWidth() : 24;
  return std::abs(number - wanted) <=
         std::abs(wanted) * std::ldexp(1.0, 2 - int(std::min(digits, 24u)));
}

/// x * sigmoid(alpha * x).
static std::optional<WithNumber>
matchSigmoidProduct(Value value, SmallVectorImpl<Operation *> &nodes) {
  auto mul = value.getDefiningOp<onnx::MulOp>();
  if (auto swish = value.getDefiningOp<onnx::SwishOp>()) {
    nodes.push_back(swish);
    return WithNumber{swish.getX(), swish.getAlpha().convertToDouble()};
  }
  if (auto quick = value.getDefiningOp<onnx::QuickGeluOp>()) {
    nodes.push_back(quick);
    return WithNumber{quick->getOperand(0), quick.getAlpha().convertToDouble()};
  }
  if (!mul)
    return std::nullopt;
  for (auto [x, other] :
       {std::pair(mul.getA(), mul.getB()), std::pair(mul.getB(), mul.getA())}) {
    auto sigmoid = other.getDefiningOp<onnx::SigmoidOp>();
    if (!sigmoid)
      continue;
    if (sigmoid.getX() == x) {
      nodes.append({mul, sigmoid});
      return WithNumber{x, 1.0};
    }
    std::optional<WithNumber> scaled = matchScaled(sigmoid.getX());
    if (scaled && scaled->value == x) {
      nodes.append({mul, sigmoid, sigmoid.getX().getDefiningOp()});
      return WithNumber{x, scaled->number};
    }
  }
  return std::nullopt;
}

/// Takes a product of several values and numbers apart.
static void collectFactors(Value value, SmallVectorImpl<Value> &factors,
                           double &number, SmallVectorImpl<Operation *> &nodes,
                           unsigned depth = 0) {
  if (std::optional<double> constant = getUniform(value)) {
    number *= *constant;
    return;
  }
  auto mul = value.getDefiningOp<onnx::MulOp>();
  if (!mul || depth > 3) {
    factors.push_back(value);
    return;
  }
  nodes.push_back(mul);
  collectFactors(mul.getA(), factors, number, nodes, depth + 1);
  collectFactors(mul.getB(), factors, number, nodes, depth + 1);
}

/// 0.5 * x * (1 + erf(x / sqrt 2)), or with tanh(sqrt(2/pi) (x + c x^3)).
static std::optional<UnaryActivation> matchGeluComposition(Value value) {
  UnaryActivation found{};
  SmallVector<Value> factors;
  double number = 1.0;
  collectFactors(value, factors, number, found.nodes);
  if (factors.size() != 2 || !isRounded(number, 0.5, value))
    return std::nullopt;
  for (auto [x, other] :
       {std::pair(factors[0], factors[1]), std::pair(factors[1], factors[0])}) {
    std::optional<WithNumber> sum = matchCommutative<onnx::AddOp>(other);
    if (!sum || sum->number != 1.0)
      continue;
    found.input = x;
    Operation *inner = sum->value.getDefiningOp();
    found.nodes.append({other.getDefiningOp(), inner});
    if (auto erf = dyn_cast_or_null<onnx::ErfOp>(inner)) {
      std::optional<WithNumber> scaled = matchScaled(erf.getX());
      if (!scaled || scaled->value != x ||
          !isRounded(scaled->number, std::sqrt(0.5), value))
        return std::nullopt;
      found.nodes.push_back(erf.getX().getDefiningOp());
      found.kind = moe::ActivationKind::GeluErf;
      return found;
    }
    auto tanh = dyn_cast_or_null<onnx::TanhOp>(inner);
    if (!tanh)
      continue;
    // sqrt(2/pi) * (x + c * x^3)
    std::optional<WithNumber> scaled = matchScaled(tanh.getX());
    if (!scaled || !isRounded(scaled->number, std::sqrt(2.0 / M_PI), value))
      return std::nullopt;
    found.nodes.push_back(tanh.getX().getDefiningOp());
    auto add = scaled->value.getDefiningOp<onnx::AddOp>();
    if (!add)
      return std::nullopt;
    found.nodes.push_back(add);
    Value cubic = add.getA() == x ? add.getB() : add.getA();
    if (add.getA() != x && add.getB() != x)
      return std::nullopt;
    SmallVector<Value> cubes;
    double scale = 1.0;
    collectFactors(cubic, cubes, scale, found.nodes);
    bool isCube = cubes.size() == 3 && llvm::all_equal(cubes) && cubes[0] == x;
    if (cubes.size() == 1)
      if (auto pow = cubes[0].getDefiningOp<onnx::PowOp>()) {
        found.nodes.push_back(pow);
        isCube = pow.getX() == x && getUniform(pow.getY()) == 3.0;
      }
    if (!isCube || !isRounded(scale, 0.044715, value))
      return std::nullopt;
    found.kind = moe::ActivationKind::GeluTanh;
    return found;
  }
  return std::nullopt;
}

std::optional<UnaryActivation> moec::routing::matchActivation(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto relu = dyn_cast_or_null<onnx::ReluOp>(op))
    return UnaryActivation{moe::ActivationKind::Relu, relu.getX(), {op}};
  if (auto gelu = dyn_cast_or_null<onnx::GeluOp>(op))
    return UnaryActivation{gelu.getApproximate() == "tanh"
                               ? moe::ActivationKind::GeluTanh
                               : moe::ActivationKind::GeluErf,
                           gelu.getX(),
                           {op}};
  if (isa_and_present<onnx::FastGeluOp>(op) && op->getNumOperands() == 1)
    return UnaryActivation{
        moe::ActivationKind::GeluTanh, op->getOperand(0), {op}};
  UnaryActivation silu{moe::ActivationKind::Silu, {}, {}};
  std::optional<WithNumber> product = matchSigmoidProduct(value, silu.nodes);
  if (product && product->number == 1.0) {
    silu.input = product->value;
    return silu;
  }
  return matchGeluComposition(value);
}

/// min(x, limit).
static std::optional<WithNumber>
matchUpperClamp(Value value, SmallVectorImpl<Operation *> &nodes) {
  if (auto min = value.getDefiningOp<onnx::MinOp>()) {
    if (min->getNumOperands() != 2)
      return std::nullopt;
    for (unsigned i : {0, 1})
      if (std::optional<double> number = getUniform(min->getOperand(i))) {
        nodes.push_back(min);
        return WithNumber{min->getOperand(1 - i), *number};
      }
  }
  auto clip = value.getDefiningOp<onnx::ClipOp>();
  if (!clip || !clip.getMax())
    return std::nullopt;
  std::optional<double> high = getUniform(clip.getMax());
  std::optional<double> low =
      clip.getMin() ? getUniform(clip.getMin())
                    : std::optional(-std::numeric_limits<double>::infinity());
  // Nothing is below the least number of the type.
  if (!high || !low || *low > -65504.0)
    return std::nullopt;
  bool isUnbounded = std::isinf(*low) || *low <= -3.3e38 ||
                     (getType(value).getElementType().isF16());
  if (!isUnbounded)
    return std::nullopt;
  nodes.push_back(clip);
  return WithNumber{clip.getInput(), *high};
}

/// clamp(x, -limit, limit).
static std::optional<WithNumber>
matchClamp(Value value, SmallVectorImpl<Operation *> &nodes) {
  auto clip = value.getDefiningOp<onnx::ClipOp>();
  if (!clip) {
    // min(max(x, -limit), limit), either way round.
    for (bool isMinOuter : {true, false}) {
      Operation *outer = value.getDefiningOp();
      bool fits = isMinOuter ? isa_and_present<onnx::MinOp>(outer)
                             : isa_and_present<onnx::MaxOp>(outer);
      if (!fits || outer->getNumOperands() != 2)
        continue;
      for (unsigned i : {0, 1}) {
        std::optional<double> bound = getUniform(outer->getOperand(i));
        Operation *inner = outer->getOperand(1 - i).getDefiningOp();
        bool isInner = isMinOuter ? isa_and_present<onnx::MaxOp>(inner)
                                  : isa_and_present<onnx::MinOp>(inner);
        // The smallest of it and the upper bound, or the largest with the
        // lower.
        if (!bound || !isInner || inner->getNumOperands() != 2 ||
            !(isMinOuter ? *bound > 0 : *bound < 0))
          continue;
        for (unsigned j : {0, 1}) {
          std::optional<double> other = getUniform(inner->getOperand(j));
          if (!other || *other != -*bound)
            continue;
          nodes.append({outer, inner});
          return WithNumber{inner->getOperand(1 - j), std::abs(*bound)};
        }
      }
    }
    return std::nullopt;
  }
  if (!clip.getMin() || !clip.getMax())
    return std::nullopt;
  std::optional<double> low = getUniform(clip.getMin());
  std::optional<double> high = getUniform(clip.getMax());
  if (!low || !high || *low != -*high || !(*high > 0))
    return std::nullopt;
  nodes.push_back(clip);
  return WithNumber{clip.getInput(), *high};
}

/// The gate's side: g' * sigmoid(alpha * g').
static bool matchGateSide(Value value, GatedActivation &found) {
  if (auto product = value.getDefiningOp<moe::GroupedMatmulOp>()) {
    found.gate = value;
    found.isProductActivated = true;
    return product.getActivation().getKind() == moe::ActivationKind::Silu;
  }
  std::optional<WithNumber> sigmoid = matchSigmoidProduct(value, found.nodes);
  if (!sigmoid || !std::isfinite(float(sigmoid->number)))
    return false;
  found.alpha = float(sigmoid->number);
  found.gate = sigmoid->value;
  if (auto clamped = matchUpperClamp(found.gate, found.nodes)) {
    found.gate = clamped->value;
    found.limit = float(clamped->number);
    return found.limit > 0;
  }
  return true;
}

/// The other side: u' + beta, where the gate has set the limit.
static bool matchUpSide(Value value, GatedActivation &found) {
  found.up = value;
  if (auto sum = matchCommutative<onnx::AddOp>(value)) {
    if (!std::isfinite(float(sum->number)))
      return false;
    found.beta = float(sum->number);
    found.up = sum->value;
    found.nodes.push_back(value.getDefiningOp());
  }
  bool isLimited = std::isfinite(found.limit);
  if (auto clamped = matchClamp(found.up, found.nodes)) {
    found.up = clamped->value;
    return isLimited && float(clamped->number) == found.limit;
  }
  return !isLimited;
}

std::optional<GatedActivation> moec::routing::matchGated(Value value) {
  auto mul = value.getDefiningOp<onnx::MulOp>();
  if (!mul)
    return std::nullopt;
  for (auto [gate, up] :
       {std::pair(mul.getA(), mul.getB()), std::pair(mul.getB(), mul.getA())}) {
    GatedActivation found;
    found.nodes.push_back(mul);
    if (matchGateSide(gate, found) && matchUpSide(up, found))
      return found;
  }
  // (g' * (u' + beta)) * sigmoid(alpha * g') is the same in other brackets,
  // which rounds differently: left as it is.
  return std::nullopt;
}
