//===-- Activations.cpp - activations of vectors --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Activations.h"

#include "moec/CodeGen/VectorMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace moec;
using namespace moec::cpu;

namespace {
/// A number in every lane of vectors of one type.
class Splat {
public:
  Splat(ImplicitLocOpBuilder &b, Value like)
      : b(b), type(cast<VectorType>(like.getType())) {}

  Value operator()(double value) const {
    return arith::ConstantOp::create(
        b, type, DenseElementsAttr::get(type, b.getF32FloatAttr(value)));
  }

private:
  ImplicitLocOpBuilder &b;
  VectorType type;
};
} // namespace

/// An activation of one column.
static Value activateOne(ImplicitLocOpBuilder &b, moe::ActivationKind kind,
                         Value h) {
  Splat splat(b, h);
  switch (kind) {
  case moe::ActivationKind::Identity:
  case moe::ActivationKind::SwiGlu:
  case moe::ActivationKind::SwiGluLate:
    return h;
  case moe::ActivationKind::Relu:
  case moe::ActivationKind::ReluSquared: {
    // NaN is not below zero and stays.
    Value isNegative =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, h, splat(0.0));
    h = arith::SelectOp::create(b, isNegative, splat(0.0), h);
    if (kind == moe::ActivationKind::ReluSquared)
      h = arith::MulFOp::create(b, h, h);
    return h;
  }
  case moe::ActivationKind::GeluTanh: {
    // (1 + tanh u) / 2 is sigmoid(2 u).
    Value square = arith::MulFOp::create(b, h, h);
    Value factor = math::FmaOp::create(b, square, splat(2 * 0.0356774081363),
                                       splat(2 * 0.7978845608028654));
    Value inner = arith::MulFOp::create(b, h, factor);
    return arith::MulFOp::create(b, h, buildSigmoid(b, inner));
  }
  case moe::ActivationKind::GeluErf: {
    Value scaled = arith::MulFOp::create(b, h, splat(0.7071067811865476));
    Value erf = buildErf(b, scaled);
    Value half = arith::MulFOp::create(b, h, splat(0.5));
    return math::FmaOp::create(b, half, erf, half);
  }
  case moe::ActivationKind::Silu:
    return arith::MulFOp::create(b, h, buildSigmoid(b, h));
  }
  llvm_unreachable("unknown activation");
}

/// An activation of two columns.
static Value activatePair(ImplicitLocOpBuilder &b,
                          moe::ActivationAttr activation, Value gate,
                          Value up) {
  Splat splat(b, gate);
  APFloat limitAttr = activation.getLimit();
  bool isLimited = limitAttr.isFinite();
  bool isLate = activation.getKind() == moe::ActivationKind::SwiGluLate;
  double limit = limitAttr.convertToFloat();
  double alpha = activation.getAlpha().convertToFloat();
  double beta = activation.getBeta().convertToFloat();
  auto clampTo = [&](Value value, double bound,
                     arith::CmpFPredicate beyond) -> Value {
    Value isBeyond = arith::CmpFOp::create(b, beyond, value, splat(bound));
    return arith::SelectOp::create(b, isBeyond, splat(bound), value);
  };
  if (isLimited) {
    if (!isLate)
      gate = clampTo(gate, limit, arith::CmpFPredicate::OGT);
    up = clampTo(up, limit, arith::CmpFPredicate::OGT);
    up = clampTo(up, -limit, arith::CmpFPredicate::OLT);
  }
  Value inner = gate;
  if (alpha != 1.0)
    inner = arith::MulFOp::create(b, gate, splat(alpha));
  Value value = arith::MulFOp::create(b, gate, buildSigmoid(b, inner));
  if (isLimited && isLate)
    value = clampTo(value, limit, arith::CmpFPredicate::OGT);
  if (beta != 0.0)
    up = arith::AddFOp::create(b, up, splat(beta));
  return arith::MulFOp::create(b, value, up);
}

SmallVector<Value> cpu::buildActivation(ImplicitLocOpBuilder &b,
                                        moe::ActivationAttr activation,
                                        ArrayRef<Value> sums) {
  SmallVector<Value> values;
  if (!activation.isGated()) {
    for (Value sum : sums)
      values.push_back(activateOne(b, activation.getKind(), sum));
    return values;
  }
  size_t half = sums.size() / 2;
  for (size_t i = 0; i < half; ++i)
    values.push_back(activatePair(b, activation, sums[i], sums[half + i]));
  return values;
}
