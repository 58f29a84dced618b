//===-- LogitsReader.cpp - products and constants of scores ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Router.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::certificates;

/// Whether a cast between floats loses digits.
static bool isRounding(onnx::CastOp cast) {
  return getRoundoff(getElementType(cast.getOutput())) >
         getRoundoff(getElementType(cast.getInput()));
}

namespace {
/// Walks from scores back to the product.
class LogitsReader {
public:
  LogitsReader(int64_t experts, ConstantReader &constants)
      : constants(constants) {
    logits.experts = experts;
    logits.bias.assign(experts, 0);
    logits.biasMagnitude.assign(experts, 0);
    logits.isFixed.assign(experts, false);
    logits.numConstants.assign(experts, 0);
  }

  llvm::Expected<Logits> read(Value scores) {
    Value at = scores;
    while (at) {
      if (llvm::Error error = noteType(at))
        return std::move(error);
      auto next = step(at);
      if (!next)
        return next.takeError();
      at = *next;
    }
    clearFixed();
    return std::move(logits);
  }

private:
  llvm::Error noteType(Value value) {
    double roundoff = getRoundoff(getElementType(value));
    if (roundoff == 0)
      return refuse(describe(value) +
                    " makes scores of a type other than f32, f16 and bf16");
    logits.roundoff = std::max(logits.roundoff, roundoff);
    logits.hasHalf |= getElementType(value).isF16();
    return llvm::Error::success();
  }

  /// The value that a node continues; null where the product was read.
  llvm::Expected<Value> step(Value at) {
    if (Value viewed = getViewed(at))
      return viewed;
    Operation *op = at.getDefiningOp();
    if (!op)
      return refuse("the scores are an input of the model, expected a product "
                    "with the router's weights");
    if (auto cast = dyn_cast<onnx::CastOp>(op);
        cast && isa<FloatType>(getElementType(cast.getInput()))) {
      logits.roundings += isRounding(cast);
      return cast.getInput();
    }
    if (isa<onnx::AddOp, onnx::SubOp>(op))
      return readAdded(op);
    if (auto where = dyn_cast<onnx::WhereOp>(op))
      return readMask(where);
    if (auto product = dyn_cast<onnx::MatMulOp>(op))
      return readProduct(op, product.getA(), product.getB(), false);
    if (auto gemm = dyn_cast<onnx::GemmOp>(op))
      return readGemm(gemm);
    return refuse("its scores come of " + describe(op) +
                  ", expected a product with the router's weights, constants "
                  "added to it, and masks");
  }

  llvm::Error add(Value constant, double sign) {
    auto row = constants.readRow(constant, logits.experts);
    if (!row)
      return row.takeError();
    ++logits.roundings;
    for (auto [i, number] : llvm::enumerate(*row)) {
      if (logits.isFixed[i])
        continue;
      addTo(int64_t(i), sign * number);
    }
    return llvm::Error::success();
  }

  void addTo(int64_t expert, double number) {
    logits.bias[expert] += number;
    if (!std::isfinite(number))
      return;
    logits.biasMagnitude[expert] += std::abs(number);
    logits.numConstants[expert] += number != 0;
  }

  llvm::Expected<Value> readAdded(Operation *op) {
    Value constant = op->getOperand(1), rest = op->getOperand(0);
    bool isSub = isa<onnx::SubOp>(op);
    if (!isSub && constants.isConstant(rest))
      std::swap(constant, rest);
    if (!constants.isConstant(constant) ||
        getLastExtent(rest) != logits.experts)
      return refuse("its scores come of " + describe(op) +
                    ", which adds what is no constant row");
    if (llvm::Error error = add(constant, isSub ? -1 : 1))
      return std::move(error);
    return rest;
  }

  /// A constant in the place of what a constant row names.
  llvm::Expected<Value> readMask(onnx::WhereOp where) {
    Value fill = where.getX(), rest = where.getY();
    bool isFilled = true;
    if (constants.isConstant(rest)) {
      std::swap(fill, rest);
      isFilled = false;
    }
    if (!constants.isConstant(where.getCondition()) ||
        !constants.isConstant(fill) || getLastExtent(rest) != logits.experts)
      return refuse("its scores come of " + describe(where) +
                    ", whose mask or other value is no constant row");
    auto mask = constants.readRow(where.getCondition(), logits.experts);
    if (!mask)
      return mask.takeError();
    auto row = constants.readRow(fill, logits.experts);
    if (!row)
      return row.takeError();
    for (auto [i, bit] : llvm::enumerate(*mask)) {
      if ((bit != 0) != isFilled || logits.isFixed[i])
        continue;
      addTo(int64_t(i), (*row)[i]);
      logits.isFixed[i] = true;
    }
    return rest;
  }

  llvm::Expected<Value> readGemm(onnx::GemmOp gemm) {
    if (gemm.getTransA() != 0 || gemm.getAlpha().convertToFloat() != 1 ||
        (gemm.getC() && gemm.getBeta().convertToFloat() != 1))
      return refuse(describe(gemm) +
                    " has an alpha, a beta or a transposed input that is not "
                    "known to this check");
    if (gemm.getC())
      if (llvm::Error error = add(gemm.getC(), 1))
        return std::move(error);
    return readProduct(gemm, gemm.getA(), gemm.getB(), gemm.getTransB() != 0);
  }

  llvm::Expected<Value> readProduct(Operation *op, Value input, Value matrix,
                                    bool isTransposed) {
    auto constant = constants.read(matrix);
    if (!constant)
      return refuse("the weights of " + describe(op) + ": " +
                    llvm::toString(constant.takeError()));
    ArrayRef<int64_t> shape = constant->type.getShape();
    if (shape.size() != 2 || shape[isTransposed ? 0 : 1] != logits.experts ||
        shape[isTransposed ? 1 : 0] != getLastExtent(input))
      return refuse("the weights of " + describe(op) +
                    " are no matrix of one column an expert");
    ++logits.roundings;
    logits.product = op;
    logits.input = input;
    logits.hidden = shape[isTransposed ? 1 : 0];
    logits.weights = std::move(constant->elements);
    if (!isTransposed)
      transposeWeights();
    return Value();
  }

  void transposeWeights() {
    std::vector<double> rows(logits.weights.size());
    for (int64_t k = 0; k < logits.hidden; ++k)
      for (int64_t i = 0; i < logits.experts; ++i)
        rows[i * logits.hidden + k] = logits.weights[k * logits.experts + i];
    logits.weights = std::move(rows);
  }

  void clearFixed() {
    for (int64_t i = 0; i < logits.experts; ++i)
      if (logits.isFixed[i])
        std::fill_n(logits.weights.begin() + i * logits.hidden, logits.hidden,
                    0.0);
  }

  ConstantReader &constants;
  Logits logits;
};
} // namespace

llvm::Expected<Logits> certificates::readLogits(Value scores, int64_t experts,
                                                ConstantReader &constants) {
  return LogitsReader(experts, constants).read(scores);
}
