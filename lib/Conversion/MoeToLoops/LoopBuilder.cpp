//===-- LoopBuilder.cpp - loops over the elements of tensors --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace moec::moe;

Value LoopBuilder::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}
Value LoopBuilder::i32(int64_t value) {
  return arith::ConstantIntOp::create(b, value, 32);
}
Value LoopBuilder::f32(float value) {
  return arith::ConstantFloatOp::create(b, b.getF32Type(), APFloat(value));
}
Value LoopBuilder::boolean(bool value) {
  return arith::ConstantIntOp::create(b, value, 1);
}

LoopBuilder::Values LoopBuilder::loop(Value from, Value to, ValueRange carried,
                                      Body body) {
  auto op = scf::ForOp::create(b, from, to, index(1), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  Values next = body(op.getInductionVar(), op.getRegionIterArgs());
  // A loop that carries nothing has its terminator already.
  if (!carried.empty())
    scf::YieldOp::create(b, next);
  return Values(op.getResults());
}

Value LoopBuilder::loop(Value from, Value to, Value carried,
                        llvm::function_ref<Value(Value, Value)> body) {
  return loop(from, to, ValueRange(carried),
              [&](Value i, ValueRange carried) -> Values {
                return {body(i, carried[0])};
              })[0];
}

LoopBuilder::Values LoopBuilder::when(Value condition, ValueRange otherwise,
                                      Branch then) {
  auto op = scf::IfOp::create(b, otherwise.getTypes(), condition,
                              /*addThenBlock=*/true, /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.thenBlock());
  Values values = then();
  scf::YieldOp::create(b, values);
  b.setInsertionPointToStart(op.elseBlock());
  scf::YieldOp::create(b, otherwise);
  return Values(op.getResults());
}

Value LoopBuilder::dim(Value tensor, unsigned number) {
  return b.createOrFold<tensor::DimOp>(tensor, number);
}

Value LoopBuilder::scratch(Value size, Type element) {
  return tensor::EmptyOp::create(b, ArrayRef<OpFoldResult>{size}, element);
}

Value LoopBuilder::get(Value tensor, ValueRange indices) {
  Value value = tensor::ExtractOp::create(b, tensor, indices);
  if (isa<FloatType>(value.getType()) && !value.getType().isF32())
    return arith::ExtFOp::create(b, b.getF32Type(), value);
  return value;
}

Value LoopBuilder::put(Value scalar, Value tensor, ValueRange indices) {
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  if (isa<FloatType>(element) && !element.isF32())
    scalar = arith::TruncFOp::create(b, element, scalar);
  return tensor::InsertOp::create(b, scalar, tensor, indices);
}

Value LoopBuilder::add(Value a, Value c) {
  if (isa<FloatType>(a.getType()))
    return arith::AddFOp::create(b, a, c);
  return arith::AddIOp::create(b, a, c);
}
Value LoopBuilder::sub(Value a, Value c) {
  if (isa<FloatType>(a.getType()))
    return arith::SubFOp::create(b, a, c);
  return arith::SubIOp::create(b, a, c);
}
Value LoopBuilder::mul(Value a, Value c) {
  if (isa<FloatType>(a.getType()))
    return arith::MulFOp::create(b, a, c);
  return arith::MulIOp::create(b, a, c);
}
Value LoopBuilder::div(Value a, Value c) {
  if (isa<FloatType>(a.getType()))
    return arith::DivFOp::create(b, a, c);
  return arith::DivUIOp::create(b, a, c);
}
Value LoopBuilder::rem(Value a, Value c) {
  return arith::RemUIOp::create(b, a, c);
}
Value LoopBuilder::select(Value condition, Value a, Value c) {
  return arith::SelectOp::create(b, condition, a, c);
}
Value LoopBuilder::both(Value a, Value c) {
  return arith::AndIOp::create(b, a, c);
}
Value LoopBuilder::either(Value a, Value c) {
  return arith::OrIOp::create(b, a, c);
}
Value LoopBuilder::invert(Value a) {
  return arith::XOrIOp::create(b, a, boolean(true));
}
Value LoopBuilder::toIndex(Value integer) {
  return arith::IndexCastOp::create(b, b.getIndexType(), integer);
}
Value LoopBuilder::toI32(Value index) {
  return arith::IndexCastOp::create(b, b.getI32Type(), index);
}

Value LoopBuilder::less(Value a, Value c) {
  if (isa<FloatType>(a.getType()))
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, a, c);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, a, c);
}
Value LoopBuilder::greater(Value a, Value c) { return less(c, a); }
Value LoopBuilder::equal(Value a, Value c) {
  if (isa<FloatType>(a.getType()))
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, a, c);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, a, c);
}
Value LoopBuilder::isNaN(Value a) {
  return arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, a, a);
}

Value LoopBuilder::clamp(Value value, Value low, Value high) {
  // The lower bound wins where there is no room at all.
  return arith::MaxSIOp::create(b, arith::MinSIOp::create(b, value, high), low);
}
Value LoopBuilder::clampIndex(Value i32, Value size) {
  return clamp(toIndex(i32), index(0), sub(size, index(1)));
}

Value moec::moe::buildSigmoid(LoopBuilder &loops, Value value) {
  auto &b = loops.b;
  Value exp = math::ExpOp::create(b, arith::NegFOp::create(b, value));
  return loops.div(loops.f32(1.0f), loops.add(exp, loops.f32(1.0f)));
}

static Value buildSwiGlu(LoopBuilder &loops, ActivationAttr activation,
                         Value gate, Value up) {
  auto &b = loops.b;
  bool isLimited = !activation.getLimit().isInfinity();
  bool isLate = activation.getKind() == ActivationKind::SwiGluLate;
  float limit = activation.getLimit().convertToFloat();
  auto clampGate = [&](Value value, bool isHere) -> Value {
    if (!isLimited || !isHere)
      return value;
    return arith::MinimumFOp::create(b, value, loops.f32(limit));
  };
  gate = clampGate(gate, !isLate);
  if (isLimited) {
    up = arith::MinimumFOp::create(b, up, loops.f32(limit));
    up = arith::MaximumFOp::create(b, up, loops.f32(-limit));
  }
  Value alpha = loops.f32(activation.getAlpha().convertToFloat());
  Value beta = loops.f32(activation.getBeta().convertToFloat());
  Value activated =
      loops.mul(gate, buildSigmoid(loops, loops.mul(alpha, gate)));
  return loops.mul(clampGate(activated, isLate), loops.add(up, beta));
}

Value moec::moe::buildActivation(LoopBuilder &loops, ActivationAttr activation,
                                 Value h, Value up) {
  auto &b = loops.b;
  // 0.5 h (1 + s)
  auto half = [&](Value s) {
    return loops.mul(loops.mul(loops.f32(0.5f), h),
                     loops.add(loops.f32(1.0f), s));
  };
  switch (activation.getKind()) {
  case ActivationKind::Identity:
    return h;
  case ActivationKind::Relu:
    return arith::MaximumFOp::create(b, h, loops.f32(0.0f));
  case ActivationKind::ReluSquared: {
    Value positive = arith::MaximumFOp::create(b, h, loops.f32(0.0f));
    return loops.mul(positive, positive);
  }
  case ActivationKind::Silu:
    return loops.mul(h, buildSigmoid(loops, h));
  case ActivationKind::GeluErf:
    return half(
        math::ErfOp::create(b, loops.mul(h, loops.f32(0.70710678118654752f))));
  case ActivationKind::GeluTanh: {
    Value cube = loops.mul(loops.mul(h, h), h);
    Value inner = loops.add(h, loops.mul(loops.f32(0.044715f), cube));
    return half(math::TanhOp::create(
        b, loops.mul(loops.f32(0.79788456080286536f), inner)));
  }
  case ActivationKind::SwiGlu:
  case ActivationKind::SwiGluLate:
    return buildSwiGlu(loops, activation, h, up);
  }
  llvm_unreachable("every activation kind is handled above");
}
