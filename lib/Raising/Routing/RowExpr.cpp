//===-- RowExpr.cpp - an expert as a function of one row ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertLifter.h"

#include "../FusedLayers.h"
#include "Constants.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::routing;

Location Miss::getLoc(Location other) const {
  return node ? node->getLoc() : other;
}

std::string Miss::getPlace() const {
  if (!node)
    return "";
  return " at '" + getNodeName(node) + "' (" +
         node->getName().stripDialect().str() + ")";
}
std::optional<double> ExpertLifter::evaluateAtZero(const RowExpr *expr) {
  // What a token has does not matter where it is weighted by zero.
  if (expr->kind == RowExpr::Scaled)
    return 0.0;
  if (expr->kind == RowExpr::One)
    return 1.0;
  SmallVector<double, 3> values;
  for (const RowExpr::Operand &operand : expr->operands) {
    std::optional<double> value =
        operand.row ? evaluateAtZero(operand.row) : getUniform(operand.shared);
    // Others are the bounds of a cut, or what it is cut along.
    if (!value && (operand.row || isRowwiseElementwise(expr->op)))
      return std::nullopt;
    values.push_back(value.value_or(0));
  }
  if (expr->kind == RowExpr::Source)
    return std::nullopt;
  if (expr->kind == RowExpr::Product)
    return expr->bias.empty() && values[0] == 0 ? std::optional(0.0)
                                                : std::nullopt;
  using Result = std::optional<double>;
  return llvm::TypeSwitch<Operation *, Result>(expr->op)
      .Case<onnx::SplitOp, onnx::SliceOp, onnx::CastOp, onnx::ReluOp,
            onnx::TanhOp, onnx::ErfOp, onnx::NegOp, onnx::AbsOp, onnx::GeluOp,
            onnx::QuickGeluOp, onnx::SwishOp>(
          [&](Operation *) { return values[0] == 0 ? Result(0) : Result(); })
      .Case([&](onnx::SigmoidOp) { return 1 / (1 + std::exp(-values[0])); })
      .Case([&](onnx::MulOp) { return values[0] * values[1]; })
      .Case([&](onnx::AddOp) { return values[0] + values[1]; })
      .Case([&](onnx::SubOp) { return values[0] - values[1]; })
      .Case([&](onnx::ClipOp clip) {
        bool isInside = values[0] == 0;
        if (clip.getMin())
          isInside &= getUniform(clip.getMin()).value_or(1) <= 0;
        if (clip.getMax())
          isInside &= getUniform(clip.getMax()).value_or(-1) >= 0;
        return isInside ? Result(0) : Result();
      })
      .Default([](Operation *) { return Result(); });
}
