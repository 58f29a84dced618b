//===-- CheckedExtents.cpp - extents that do not wrap ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CheckedExtents.h"

#include "dialects/Onnx/IR/ShapeArithmetic.h"
#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace moec;

/// Whether one input has all of these extents, each as often.
static bool areOfOneInput(ArrayRef<unsigned> sorted,
                          ArrayRef<AffineMap> inputs) {
  return llvm::any_of(inputs, [&](AffineMap shape) {
    SmallVector<unsigned> extents;
    for (AffineExpr extent : shape.getResults())
      if (auto symbol = dyn_cast<AffineSymbolExpr>(extent))
        extents.push_back(symbol.getPosition());
    llvm::sort(extents);
    return llvm::includes(extents, sorted);
  });
}

/// The largest magnitude that any step of the arithmetic can have.
static double getBound(AffineExpr expr, ArrayRef<AffineMap> inputs) {
  constexpr auto kMost = double(onnx::kMaxExtent);
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return std::fabs(double(constant.getValue()));
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return kMost;
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return getBound(binary.getLHS(), inputs) +
           getBound(binary.getRHS(), inputs);
  case AffineExprKind::Mul: {
    SmallVector<AffineExpr> factors;
    onnx::collectFactors(expr, factors);
    SmallVector<unsigned> symbols;
    double bound = 1;
    for (AffineExpr factor : factors)
      if (auto symbol = dyn_cast<AffineSymbolExpr>(factor))
        symbols.push_back(symbol.getPosition());
      else // One below 1 would hide the bound of the steps before it.
        bound *= std::max(1.0, getBound(factor, inputs));
    llvm::sort(symbols);
    if (!symbols.empty() && areOfOneInput(symbols, inputs))
      return bound * kMost;
    return bound * std::pow(kMost, double(symbols.size()));
  }
  default:
    return std::max(getBound(binary.getLHS(), inputs),
                    getBound(binary.getRHS(), inputs));
  }
}

bool moec::mayWrap(AffineExpr extent, ArrayRef<AffineMap> inputs) {
  return getBound(extent, inputs) >= std::ldexp(1.0, 62);
}

namespace {
/// Evaluates an extent in i64 and gathers whether any step has wrapped.
class Evaluation {
public:
  Evaluation(OpBuilder &builder, Location loc,
             function_ref<Value(unsigned)> getSymbol)
      : b(loc, builder), getSymbol(getSymbol) {}

  Value evaluate(AffineExpr expr) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return arith::ConstantIntOp::create(b, constant.getValue(), 64);
    if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
      return arith::IndexCastOp::create(b, b.getI64Type(),
                                        getSymbol(symbol.getPosition()));
    auto binary = cast<AffineBinaryOpExpr>(expr);
    Value left = evaluate(binary.getLHS()), right = evaluate(binary.getRHS());
    switch (binary.getKind()) {
    case AffineExprKind::Add:
      return add(left, right);
    case AffineExprKind::Mul:
      return multiply(left, right);
    // Divisors are positive constants, by which nothing wraps.
    case AffineExprKind::FloorDiv:
      return arith::FloorDivSIOp::create(b, left, right);
    case AffineExprKind::CeilDiv:
      return arith::CeilDivSIOp::create(b, left, right);
    default: {
      Value quotient = arith::FloorDivSIOp::create(b, left, right);
      Value multiple = arith::MulIOp::create(b, quotient, right);
      return arith::SubIOp::create(b, left, multiple);
    }
    }
  }

  /// Null where nothing can wrap.
  Value getWraps() const { return wraps; }

private:
  Value add(Value left, Value right) {
    Value sum = arith::AddIOp::create(b, left, right);
    // The sign differs from both only where the sum has wrapped.
    Value changed =
        arith::AndIOp::create(b, Value(arith::XOrIOp::create(b, left, sum)),
                              Value(arith::XOrIOp::create(b, right, sum)));
    Value zero = arith::ConstantIntOp::create(b, 0, 64);
    note(arith::CmpIOp::create(b, arith::CmpIPredicate::slt, changed, zero));
    return sum;
  }

  Value multiply(Value left, Value right) {
    auto product = arith::MulSIExtendedOp::create(b, left, right);
    Value shift = arith::ConstantIntOp::create(b, 63, 64);
    Value sign = arith::ShRSIOp::create(b, product.getLow(), shift);
    note(arith::CmpIOp::create(b, arith::CmpIPredicate::ne, product.getHigh(),
                               sign));
    return product.getLow();
  }

  void note(Value condition) {
    wraps =
        wraps ? Value(arith::OrIOp::create(b, wraps, condition)) : condition;
  }

  ImplicitLocOpBuilder b;
  function_ref<Value(unsigned)> getSymbol;
  Value wraps;
};
} // namespace

void moec::buildWrapCheck(OpBuilder &builder, Location loc, AffineExpr extent,
                          function_ref<Value(unsigned)> getSymbol) {
  Evaluation evaluation(builder, loc, getSymbol);
  evaluation.evaluate(extent);
  Value wraps = evaluation.getWraps();
  if (!wraps)
    return;
  Value no = arith::ConstantIntOp::create(builder, loc, 0, 1);
  Value isSound =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, wraps, no);
  rt::CheckOp::create(builder, loc, isSound, rt::Status::ShapeMismatch,
                      "an extent leaves 64 bits");
}
