//===-- InputBound.cpp - what bounds the input of a router ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Router.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::certificates;

/// Below, squares that underflow would count.
static constexpr double kLeastEpsilon = 1e-20;
/// Roundings to the type of storage that delta_v covers.
static constexpr int64_t kMaxRoundings = 4;

namespace {
/// Walks from a value, v = gain * (rest) + offset, back to what bounds it.
class BoundReader {
public:
  BoundReader(Value value, ConstantReader &constants)
      : constants(constants), hidden(getLastExtent(value)) {
    bound.gain.assign(std::max<int64_t>(hidden, 0), 1);
    bound.offset.assign(bound.gain.size(), 0);
  }

  InputBound read(Value value) {
    if (hidden <= 0)
      return stop(value, "has a last extent that is not known");
    while (value) {
      double roundoff = getRoundoff(getElementType(value));
      if (roundoff == 0)
        return stop(value, "is of a type other than f32, f16 and bf16");
      storage = std::max(storage, roundoff);
      hasHalf |= getElementType(value).isF16();
      value = step(value);
    }
    return finish();
  }

private:
  InputBound stop(Value value, StringRef reason) {
    InputBound none;
    none.unknown = describe(value) + " " + reason.str();
    return none;
  }

  InputBound finish() {
    if (!failure.empty()) {
      InputBound none;
      none.unknown = failure;
      return none;
    }
    bound.roundoff = 4 * storage;
    bound.underflow = hasHalf ? 0x1p-24 : 0x1p-100;
    return std::move(bound);
  }

  /// Ends the walk without a bound.
  Value giveUp(Operation *op, StringRef reason) {
    failure = describe(op) + " " + reason.str();
    return {};
  }

  /// The value that a node continues; null at the end.
  Value step(Value value) {
    Operation *op = value.getDefiningOp();
    if (Value viewed = getViewed(value))
      return viewed;
    if (!op) {
      failure = "it is an input of the model";
      return {};
    }
    if (auto cast = dyn_cast<onnx::CastOp>(op))
      return stepCast(cast);
    if (Value rest = stepScaled(op))
      return rest;
    if (!failure.empty() || readSquashed(op) || readOperator(op, value) ||
        readComposition(op))
      return {};
    if (failure.empty())
      giveUp(op, "bounds nothing that is known to this check");
    return {};
  }

  Value stepCast(onnx::CastOp cast) {
    if (!isa<FloatType>(getElementType(cast.getInput())))
      return giveUp(cast, "makes floats of integers");
    roundings += getRoundoff(getElementType(cast.getOutput())) >
                 getRoundoff(getElementType(cast.getInput()));
    return checkRoundings(cast) ? cast.getInput() : Value();
  }

  bool checkRoundings(Operation *op) {
    if (roundings > kMaxRoundings)
      giveUp(op, "rounds once too often");
    return failure.empty();
  }

  //===-- Gain and offset ---------------------------------------------------//

  /// The other operand of a product with, or a sum with, a constant.
  Value stepScaled(Operation *op) {
    if (!isa<onnx::MulOp, onnx::AddOp, onnx::DivOp>(op))
      return {};
    Value rest = op->getOperand(0), constant = op->getOperand(1);
    if (!isa<onnx::DivOp>(op) && constants.isConstant(rest))
      std::swap(rest, constant);
    if (!constants.isConstant(constant) || constants.isConstant(rest) ||
        getLastExtent(rest) != hidden)
      return {};
    auto row = readRow(op, constant);
    if (!row)
      return {};
    if (isa<onnx::AddOp>(op) ? !addOffset(op, *row)
                             : !scale(op, *row, isa<onnx::DivOp>(op)))
      return {};
    ++roundings;
    return checkRoundings(op) ? rest : Value();
  }

  std::optional<std::vector<double>> readRow(Operation *op, Value constant) {
    auto row = constants.readRow(constant, hidden);
    if (row)
      return std::move(*row);
    giveUp(op, llvm::toString(row.takeError()));
    return std::nullopt;
  }

  bool scale(Operation *op, ArrayRef<double> row, bool isDivision) {
    isScaled = true;
    for (auto [gain, factor] : llvm::zip_equal(bound.gain, row)) {
      gain = isDivision ? gain / factor : gain * factor;
      if (!std::isfinite(gain))
        giveUp(op, "has an infinite factor");
    }
    return failure.empty();
  }

  /// Two of them could cancel each other, which roundings then would not.
  bool addOffset(Operation *op, ArrayRef<double> row) {
    if (hasOffset) {
      giveUp(op, "adds a second constant");
      return false;
    }
    hasOffset = true;
    for (auto [offset, gain, term] :
         llvm::zip_equal(bound.offset, bound.gain, row)) {
      offset = gain * term;
      if (!std::isfinite(offset))
        giveUp(op, "adds an infinite number");
    }
    return failure.empty();
  }

  //===-- Ends --------------------------------------------------------------//

  bool endUnscaled(Operation *op, StringLiteral kind, double low, double high,
                   double more) {
    if (isScaled || hasOffset) {
      giveUp(op, "is scaled or shifted, which no bound covers");
      return false;
    }
    bound.kind = kind;
    bound.gain.clear();
    bound.offset.assign(hidden, (low + high) / 2);
    bound.halfWidth = (high - low) / 2 + more;
    return true;
  }

  /// Functions whose values lie between two numbers.
  bool readSquashed(Operation *op) {
    if (isa<onnx::SigmoidOp>(op))
      return endUnscaled(op, "sigmoid", 0, 1, 0x1p-20);
    if (auto softmax = dyn_cast<onnx::SoftmaxOp>(op)) {
      if (isLastAxis(softmax.getAxis(), op->getResult(0)))
        return endUnscaled(op, "softmax", 0, 1, 0x1p-20);
      giveUp(op, "is not over the last dimension");
    }
    if (isa<onnx::TanhOp>(op))
      return endUnscaled(op, "tanh", -1, 1, 0x1p-20);
    if (auto clip = dyn_cast<onnx::ClipOp>(op))
      return readClip(clip);
    return false;
  }

  bool readClip(onnx::ClipOp clip) {
    double ends[2];
    for (auto [end, value] :
         llvm::zip_equal(ends, ArrayRef{clip.getMin(), clip.getMax()})) {
      if (!value || !constants.isConstant(value)) {
        giveUp(clip, "has an end that is no constant");
        return false;
      }
      auto number = constants.readScalar(value);
      if (!number) {
        giveUp(clip, llvm::toString(number.takeError()));
        return false;
      }
      end = *number;
    }
    if (ends[0] <= ends[1] && std::isfinite(ends[0]) && std::isfinite(ends[1]))
      return endUnscaled(clip, "clip", ends[0], ends[1], 0);
    giveUp(clip, "has ends that are no interval");
    return false;
  }

  bool endNormalised(StringLiteral kind) {
    bound.kind = kind;
    Interval eta = double(hidden + 16) * 0x1p-23;
    bound.radius = sqrt(double(hidden)) * (Interval(1) + eta);
    if (!hasOffset)
      bound.offset.clear();
    return true;
  }

  /// A normalisation that is one node.
  bool readOperator(Operation *op, Value value) {
    if (value != op->getResult(0))
      return false;
    if (auto norm = dyn_cast<onnx::LayerNormalizationOp>(op))
      return readNorm(norm, norm.getEpsilon(), norm.getScale(), norm.getB(),
                      norm.getAxis(), norm.getStashType(), "layer_norm");
    if (auto norm = dyn_cast<onnx::RMSNormalizationOp>(op))
      return readNorm(norm, norm.getEpsilon(), norm.getScale(), {},
                      norm.getAxis(), norm.getStashType(), "rms_norm");
    if (auto norm = dyn_cast<onnx::SimplifiedLayerNormalizationOp>(op))
      return readNorm(norm, norm.getEpsilon(), norm.getScale(), {},
                      norm.getAxis(), norm.getStashType(), "rms_norm");
    if (auto norm = dyn_cast<onnx::SkipLayerNormalizationOp>(op))
      return readNorm(norm, norm.getEpsilon(), norm.getGamma(), norm.getBeta(),
                      -1, 1, "layer_norm");
    if (auto norm = dyn_cast<onnx::SkipSimplifiedLayerNormalizationOp>(op))
      return readNorm(norm, norm.getEpsilon(), norm.getGamma(), {}, -1, 1,
                      "rms_norm");
    return false;
  }

  bool readNorm(Operation *op, const llvm::APFloat &epsilon, Value gain,
                Value offset, int64_t axis, int64_t stashType,
                StringLiteral kind) {
    if (epsilon.convertToFloat() < kLeastEpsilon || stashType != 1 ||
        !isLastAxis(axis, op->getResult(0))) {
      giveUp(op, "has an epsilon below 1e-20, statistics that are not f32, or "
                 "an axis that is not the last");
      return false;
    }
    ++roundings;
    if (offset) {
      auto row = readRow(op, offset);
      if (!row || !addOffset(op, *row))
        return false;
    }
    auto row = readRow(op, gain);
    return row && scale(op, *row, false) && checkRoundings(op) &&
           endNormalised(kind);
  }

  //===-- Normalisation of ordinary nodes -----------------------------------//

  /// x * (1 / root) or x / root, where root is that of the mean of x * x.
  bool readComposition(Operation *op) {
    if (isa<onnx::MulOp>(op))
      return readNormalised(op, op->getOperand(0), op->getOperand(1), true) ||
             readNormalised(op, op->getOperand(1), op->getOperand(0), true);
    return isa<onnx::DivOp>(op) &&
           readNormalised(op, op->getOperand(0), op->getOperand(1), false);
  }

  bool readNormalised(Operation *op, Value x, Value factor, bool isReciprocal) {
    Value mean = skipRoot(factor, isReciprocal);
    if (!mean || !isF32(x) || getLastExtent(x) != hidden)
      return false;
    Value squares = skipMean(mean);
    if (!squares || !isSquareOf(squares, x))
      return false;
    return endNormalised(isCentred(x) ? StringLiteral("layer_norm")
                                      : StringLiteral("rms_norm"));
  }

  /// What a square root, or the reciprocal of one, is of, without epsilon.
  Value skipRoot(Value value, bool isReciprocal) {
    Operation *op = value.getDefiningOp();
    if (!op || !isF32(value))
      return {};
    if (auto power = dyn_cast<onnx::PowOp>(op))
      return constants.isNumber(power.getOperand(1), isReciprocal ? -0.5 : 0.5)
                 ? skipEpsilon(power.getOperand(0))
                 : Value();
    if (isReciprocal && isa<onnx::ReciprocalOp>(op))
      return skipRoot(op->getOperand(0), false);
    if (isReciprocal && isa<onnx::DivOp>(op))
      return constants.isNumber(op->getOperand(0), 1)
                 ? skipRoot(op->getOperand(1), false)
                 : Value();
    return !isReciprocal && isa<onnx::SqrtOp>(op)
               ? skipEpsilon(op->getOperand(0))
               : Value();
  }

  Value skipEpsilon(Value value) {
    auto add = value.getDefiningOp<onnx::AddOp>();
    if (!add || !isF32(value))
      return {};
    Value rest = add.getOperand(0), constant = add.getOperand(1);
    if (constants.isConstant(rest))
      std::swap(rest, constant);
    if (!constants.isConstant(constant))
      return {};
    auto epsilon = constants.read(constant);
    if (!epsilon) {
      llvm::consumeError(epsilon.takeError());
      return {};
    }
    // Of several the least bounds each column.
    bool isEnough = llvm::all_of(epsilon->elements, [](double number) {
      return number >= kLeastEpsilon && std::isfinite(number);
    });
    return isEnough && !epsilon->elements.empty() ? rest : Value();
  }

  /// What a mean along the last dimension is of.
  Value skipMean(Value value) {
    auto mean = value.getDefiningOp<onnx::ReduceMeanOp>();
    if (!mean || !isF32(value) || mean.getKeepdims() == 0 || !mean.getAxes() ||
        !areLastAxis(mean.getAxes(), mean.getData()))
      return {};
    return mean.getData();
  }

  bool isSquareOf(Value squares, Value x) {
    Operation *op = squares.getDefiningOp();
    if (!op || !isF32(squares) || op->getOperand(0) != x)
      return false;
    if (isa<onnx::MulOp>(op))
      return op->getOperand(1) == x;
    return isa<onnx::PowOp>(op) && constants.isNumber(op->getOperand(1), 2);
  }

  /// x - mean of x
  bool isCentred(Value x) {
    auto difference = x.getDefiningOp<onnx::SubOp>();
    return difference &&
           skipMean(difference.getOperand(1)) == difference.getOperand(0);
  }

  ConstantReader &constants;
  int64_t hidden;
  InputBound bound;
  double storage = 0;
  int64_t roundings = 0;
  bool hasHalf = false, isScaled = false, hasOffset = false;
  std::string failure;
};
} // namespace

InputBound certificates::readInputBound(Value value,
                                        ConstantReader &constants) {
  return BoundReader(value, constants).read(value);
}
