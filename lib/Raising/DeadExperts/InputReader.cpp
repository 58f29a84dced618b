//===-- InputReader.cpp - what bounds the input of a router ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InputReader.h"

#include "../Routing/Axes.h"
#include "../Routing/Constants.h"
#include "ScoreReader.h"

#include "dialects/Onnx/IR/Reductions.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::dead;
using routing::getType;
using routing::getUniform;
using routing::normalizeAxis;

/// Below this, squares that underflow are not covered.
static constexpr double kLeastEpsilon = 1e-20;
/// Gains of more elements than any model has are not looked at.
static constexpr int64_t kMaxWidth = 1 << 20;

double moec::dead::getRoundoff(Type elementType) {
  auto type = cast<FloatType>(elementType);
  // Half a unit in the last place, the hidden bit included.
  return std::ldexp(1.0, -int(type.getFPMantissaWidth()));
}

static bool isFloat(Value value) {
  Type type = getType(value).getElementType();
  return type.isF16() || type.isBF16() || type.isF32();
}

Value moec::dead::peelStored(Value value, Storage &storage) {
  while (isFloat(value)) {
    Type type = getType(value).getElementType();
    storage.roundoff = std::max(storage.roundoff, getRoundoff(type));
    storage.hasHalf |= type.isF16();
    Operation *op = value.getDefiningOp();
    bool isView = isa_and_present<onnx::ReshapeOp, onnx::IdentityOp,
                                  onnx::FlattenOp, onnx::SqueezeOp,
                                  onnx::UnsqueezeOp, tensor::CollapseShapeOp,
                                  tensor::ExpandShapeOp, tensor::CastOp>(op) &&
                  routing::keepsRows(op);
    bool isCast =
        isa_and_present<onnx::CastOp>(op) && isFloat(op->getOperand(0));
    if (!isView && !isCast)
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// Without views and casts that change nothing.
static Value peel(Value value) {
  while (auto cast = value.getDefiningOp<onnx::CastOp>()) {
    if (getType(cast.getInput()).getElementType() !=
        getType(cast.getResult()).getElementType())
      break;
    value = cast.getInput();
  }
  return value;
}

//===-- Normalisations of ordinary nodes, in f32 --------------------------===//

static bool isF32(Value value) {
  return getType(value).getElementType().isF32();
}

/// x * x.
static Value matchSquare(Value value) {
  if (auto pow = value.getDefiningOp<onnx::PowOp>())
    return getUniform(pow->getOperand(1)) == 2.0 ? peel(pow->getOperand(0))
                                                 : Value();
  auto mul = value.getDefiningOp<onnx::MulOp>();
  return mul && peel(mul.getA()) == peel(mul.getB()) ? peel(mul.getA())
                                                     : Value();
}

/// The mean over the last dimension, which stays as one of extent 1.
static Value matchMean(Value value) {
  auto mean = value.getDefiningOp<onnx::ReduceMeanOp>();
  if (!mean || mean.getKeepdims() == 0)
    return {};
  Value data = mean->getOperand(0);
  int64_t rank = getType(data).getRank();
  auto axes = mean->getAttrOfType<DenseI64ArrayAttr>(onnx::kAxesAttr);
  if (!axes || axes.size() != 1 || normalizeAxis(axes[0], rank) != rank - 1)
    return {};
  return peel(data);
}

/// x of mean(x * x) + epsilon.
static Value matchMeanSquare(Value value) {
  auto add = peel(value).getDefiningOp<onnx::AddOp>();
  if (!add)
    return {};
  for (auto [mean, number] :
       {std::pair(add.getA(), add.getB()), std::pair(add.getB(), add.getA())}) {
    std::optional<double> epsilon = getUniform(number);
    Value squares = matchMean(peel(mean));
    if (squares && isF32(squares) && epsilon && *epsilon >= kLeastEpsilon)
      return matchSquare(squares);
  }
  return {};
}

static Value matchRoot(Value value) {
  auto root = peel(value).getDefiningOp<onnx::SqrtOp>();
  return root ? matchMeanSquare(root->getOperand(0)) : Value();
}

/// x of 1 / sqrt(mean(x * x) + epsilon).
static Value matchReciprocalRoot(Value value) {
  value = peel(value);
  if (auto reciprocal = value.getDefiningOp<onnx::ReciprocalOp>())
    return matchRoot(reciprocal->getOperand(0));
  if (auto div = value.getDefiningOp<onnx::DivOp>())
    return getUniform(div.getA()) == 1.0 ? matchRoot(div.getB()) : Value();
  if (auto pow = value.getDefiningOp<onnx::PowOp>())
    return getUniform(pow->getOperand(1)) == -0.5
               ? matchMeanSquare(pow->getOperand(0))
               : Value();
  return {};
}

/// x of x / sqrt(mean(x * x) + epsilon): of length sqrt(H) at most, whatever x
/// is.
static Value matchUnit(Value value) {
  if (!isF32(value))
    return {};
  if (auto div = value.getDefiningOp<onnx::DivOp>()) {
    Value x = matchRoot(div.getB());
    return x && x == peel(div.getA()) ? x : Value();
  }
  auto mul = value.getDefiningOp<onnx::MulOp>();
  if (!mul)
    return {};
  for (auto [x, scale] :
       {std::pair(mul.getA(), mul.getB()), std::pair(mul.getB(), mul.getA())})
    if (Value of = matchReciprocalRoot(scale); of && of == peel(x))
      return of;
  return {};
}

/// Whether x is something minus its mean.
static bool isCentred(Value x) {
  auto sub = x.getDefiningOp<onnx::SubOp>();
  return sub && matchMean(peel(sub.getB())) == peel(sub.getA());
}

//===-- Bounds ------------------------------------------------------------===//

namespace {
class InputReader {
public:
  explicit InputReader(Value value)
      : width(getType(value).getShape().back()), value(value) {}

  InputBound read() {
    if (ShapedType::isDynamic(width) || width < 1 || width > kMaxWidth ||
        !isFloat(value))
      return {};
    bound.gain.assign(width, 1.0);
    bound.center.assign(width, 0.0);
    Storage storage;
    value = peelStored(value, storage);
    if (!readOperator() && !readBox() && !readNodes(storage))
      return {};
    bound.relative = 4 * storage.roundoff;
    bound.absolute = std::ldexp(1.0, storage.hasHalf ? -24 : -100);
    return bound;
  }

private:
  void setBall(InputBound::Kind kind) {
    bound.kind = kind;
    bound.radius = std::sqrt(double(width)) *
                   (1 + double(width + 16) * std::ldexp(1.0, -23));
  }

  void setBox(InputBound::Kind kind, double low, double high, double error) {
    bound.kind = kind;
    bound.gain.assign(width, 0.0);
    bound.center.assign(width, (low + high) / 2);
    bound.halfWidth = (high - low) / 2 + error;
  }

  /// A factor or term for each element of the last dimension, or for all.
  bool readVector(Value operand, std::vector<double> &to) {
    if (!operand)
      return true;
    ArrayRef<int64_t> shape = getType(operand).getShape();
    std::optional<std::vector<double>> numbers = readFloats(operand, width);
    if (!numbers)
      return false;
    if (numbers->size() == 1)
      to.assign(width, numbers->front());
    else if (int64_t(numbers->size()) == width && shape.back() == width)
      to = *numbers;
    else
      return false;
    return true;
  }

  template <typename OpTy> bool readSimplified(OpTy op) {
    setBall(InputBound::RmsNorm);
    return op.getEpsilon().convertToDouble() >= kLeastEpsilon &&
           op.getStashType() == 1 &&
           routing::isLastAxis(op.getAxis(), op.getX()) &&
           readVector(op.getScale(), bound.gain);
  }

  template <typename OpTy>
  bool readSkipped(OpTy op, InputBound::Kind kind, Value beta) {
    setBall(kind);
    return value == op.getOutput() &&
           op.getEpsilon().convertToDouble() >= kLeastEpsilon &&
           readVector(op.getGamma(), bound.gain) &&
           readVector(beta, bound.center);
  }

  bool readOperator() {
    Operation *op = value.getDefiningOp();
    if (auto norm = dyn_cast_if_present<onnx::LayerNormalizationOp>(op)) {
      setBall(InputBound::LayerNorm);
      return value == norm.getY() &&
             norm.getEpsilon().convertToDouble() >= kLeastEpsilon &&
             norm.getStashType() == 1 &&
             routing::isLastAxis(norm.getAxis(), norm.getX()) &&
             readVector(norm.getScale(), bound.gain) &&
             readVector(norm.getB(), bound.center);
    }
    if (auto norm = dyn_cast_if_present<onnx::RMSNormalizationOp>(op))
      return readSimplified(norm);
    if (auto norm =
            dyn_cast_if_present<onnx::SimplifiedLayerNormalizationOp>(op))
      return value == norm.getY() && readSimplified(norm);
    if (auto norm = dyn_cast_if_present<onnx::SkipLayerNormalizationOp>(op))
      return readSkipped(norm, InputBound::LayerNorm, norm.getBeta());
    if (auto norm =
            dyn_cast_if_present<onnx::SkipSimplifiedLayerNormalizationOp>(op))
      return readSkipped(norm, InputBound::RmsNorm, Value());
    return false;
  }

  bool readBox() {
    Operation *op = value.getDefiningOp();
    double error = std::ldexp(1.0, -20);
    if (isa_and_present<onnx::SigmoidOp>(op))
      setBox(InputBound::Sigmoid, 0, 1, error);
    else if (isa_and_present<onnx::TanhOp>(op))
      setBox(InputBound::Tanh, -1, 1, error);
    else if (auto softmax = dyn_cast_if_present<onnx::SoftmaxOp>(op);
             softmax && routing::isLastAxis(softmax.getAxis(), value))
      setBox(InputBound::Softmax, 0, 1, error);
    else if (auto clip = dyn_cast_if_present<onnx::ClipOp>(op))
      return readClip(clip);
    else
      return false;
    return true;
  }

  bool readClip(onnx::ClipOp clip) {
    std::optional<double> low, high;
    if (clip.getMin())
      low = getUniform(clip.getMin());
    if (clip.getMax())
      high = getUniform(clip.getMax());
    if (!low || !high || !std::isfinite(*low) || !std::isfinite(*high) ||
        *low > *high)
      return false;
    setBox(InputBound::Clip, *low, *high, 0);
    return true;
  }

  /// center + gain * x / sqrt(mean(x * x) + epsilon), each of them optional.
  bool readNodes(Storage &storage) {
    if (auto add = value.getDefiningOp<onnx::AddOp>())
      for (auto [rest, term] : {std::pair(add.getA(), add.getB()),
                                std::pair(add.getB(), add.getA())})
        if (readVector(term, bound.center)) {
          value = peelStored(rest, storage);
          break;
        }
    if (auto mul = value.getDefiningOp<onnx::MulOp>(); mul && !matchUnit(value))
      for (auto [rest, factor] : {std::pair(mul.getA(), mul.getB()),
                                  std::pair(mul.getB(), mul.getA())})
        if (readVector(factor, bound.gain)) {
          value = peelStored(rest, storage);
          break;
        }
    Value x = matchUnit(value);
    if (!x || getType(x).getShape().back() != width)
      return false;
    setBall(isCentred(x) ? InputBound::LayerNorm : InputBound::RmsNorm);
    return true;
  }

  int64_t width;
  Value value;
  InputBound bound;
};
} // namespace

InputBound moec::dead::readInputBound(Value value) {
  return InputReader(value).read();
}

/// Operands of which a NaN in a row makes one in the same row of the result.
static SmallVector<Value> getCarriers(Operation *op) {
  if (isa_and_present<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp>(op))
    return op->getOperands();
  if (isa_and_present<onnx::LayerNormalizationOp, onnx::RMSNormalizationOp,
                      onnx::SimplifiedLayerNormalizationOp>(op))
    return {op->getOperand(0)};
  if (isa_and_present<onnx::SkipLayerNormalizationOp,
                      onnx::SkipSimplifiedLayerNormalizationOp>(op))
    return {op->getOperand(0), op->getOperand(1)};
  return {};
}

bool moec::dead::carriesNan(Value source, Value value) {
  Storage unused;
  source = peelStored(source, unused);
  llvm::SetVector<Value> seen;
  seen.insert(peelStored(value, unused));
  for (size_t i = 0; i < seen.size(); ++i) {
    if (seen[i] == source)
      return true;
    for (Value operand : getCarriers(seen[i].getDefiningOp()))
      // What is broadcast over rows says nothing of one.
      if (getType(operand).getShape() == getType(seen[i]).getShape())
        seen.insert(peelStored(operand, unused));
  }
  return false;
}
