//===-- Constants.cpp - numbers that a graph spells out -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"

#include "Axes.h"

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Param/IR/Param.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

int64_t moec::routing::normalizeAxis(int64_t axis, int64_t rank) {
  return axis < 0 ? axis + rank : axis;
}

std::optional<SmallVector<int64_t>> moec::routing::getIntegers(Value value) {
  constexpr int64_t kMaxElements = 4096;
  DenseIntElementsAttr elements;
  if (!value || !matchPattern(value, m_Constant(&elements)) ||
      elements.getNumElements() > kMaxElements)
    return std::nullopt;
  bool isUnsigned = elements.getElementType().isUnsignedInteger() ||
                    elements.getElementType().isInteger(1);
  SmallVector<int64_t> values;
  for (const APInt &element : elements.getValues<APInt>())
    values.push_back(isUnsigned ? element.getZExtValue()
                                : element.getSExtValue());
  return values;
}

bool moec::routing::isZeroAndOne(Value value) {
  std::optional<SmallVector<int64_t>> values = getIntegers(value);
  DenseElementsAttr numbers;
  if (!values && matchPattern(value, m_Constant(&numbers)) &&
      numbers.getElementType().isF32() && numbers.size() == 2)
    values = {int64_t(numbers.getValues<float>()[0] != 0.0f),
              numbers.getValues<float>()[1] == 1.0f};
  return values && *values == SmallVector<int64_t>{0, 1};
}

/// The number in an element of any type.
static double getNumber(DenseElementsAttr elements) {
  if (isa<FloatType>(elements.getElementType())) {
    APFloat number = elements.getSplatValue<APFloat>();
    bool losesInfo;
    number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                   &losesInfo);
    return number.convertToDouble();
  }
  APInt number = elements.getSplatValue<APInt>();
  bool isUnsigned = elements.getElementType().isUnsignedInteger() ||
                    elements.getElementType().isInteger(1);
  return isUnsigned ? double(number.getZExtValue())
                    : double(number.getSExtValue());
}

/// Of a small parameter, whose elements can be looked at.
static std::optional<double> getUniformParameter(param::LoadOp load) {
  constexpr int64_t kMaxBytes = 1 << 16;
  auto *dialect = cast<param::ParamDialect>(load->getDialect());
  auto type = cast<RankedTensorType>(load.getType());
  Type element = type.getElementType();
  bool isNumber =
      isa<FloatType>(element) ||
      (isa<IntegerType>(element) && element.getIntOrFloatBitWidth() >= 8);
  if (!dialect->getValueSource() || !isNumber || type.getNumElements() == 0 ||
      type.getNumElements() > kMaxBytes)
    return std::nullopt;
  auto decl = SymbolTable::lookupNearestSymbolFrom<param::DeclOp>(
      load, load.getParamAttr());
  std::optional<std::vector<char>> bytes =
      decl ? dialect->getValueSource()->read(decl.getTypedRecipe(), kMaxBytes)
           : std::nullopt;
  if (!bytes)
    return std::nullopt;
  size_t width = element.getIntOrFloatBitWidth() / 8;
  for (size_t i = width; i < bytes->size(); ++i)
    if ((*bytes)[i] != (*bytes)[i - width])
      return std::nullopt;
  return getNumber(DenseElementsAttr::getFromRawBuffer(
      RankedTensorType::get({}, element), ArrayRef(*bytes).take_front(width)));
}

/// The operand whose elements are this op's, none added, all of them kept.
static Value getSameElements(Operation *op) {
  if (isa_and_present<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
                      onnx::FlattenOp, onnx::IdentityOp>(op))
    return op->getOperand(0);
  return {};
}

std::optional<double> moec::routing::getUniform(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return std::nullopt;
  DenseElementsAttr elements;
  if (matchPattern(value, m_Constant(&elements)))
    return elements.isSplat() && elements.getElementType().isIntOrFloat()
               ? std::optional(getNumber(elements))
               : std::nullopt;
  if (auto load = dyn_cast<param::LoadOp>(op))
    return getUniformParameter(load);
  if (auto filled = dyn_cast<onnx::ConstantOfShapeOp>(op)) {
    auto filling = dyn_cast_or_null<DenseElementsAttr>(
        filled.getValue() ? *filled.getValue() : ElementsAttr());
    if (!filled.getValue())
      return 0.0;
    return filling && filling.isSplat() ? std::optional(getNumber(filling))
                                        : std::nullopt;
  }
  if (isa<onnx::ExpandOp, onnx::TileOp, onnx::TransposeOp, onnx::SliceOp>(op) ||
      getSameElements(op))
    return getUniform(op->getOperand(0));
  if (isa<onnx::CastOp, onnx::CastLikeOp>(op)) {
    std::optional<double> number = getUniform(op->getOperand(0));
    // Small integers are the same in every type of numbers.
    bool isExact = number && std::abs(*number) <= 128 &&
                   *number == double(int64_t(*number));
    bool isNumber =
        !getElementTypeOrSelf(op->getResult(0).getType()).isInteger(1);
    return isExact && (isNumber || *number == 0 || *number == 1) ? number
                                                                 : std::nullopt;
  }
  return std::nullopt;
}

bool moec::routing::isMinusInfinity(Value value) {
  return getUniform(value) == -std::numeric_limits<double>::infinity();
}

bool moec::routing::isIota(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (std::optional<SmallVector<int64_t>> numbers = getIntegers(value)) {
    int64_t wide = llvm::count_if(type.getShape(),
                                  [](int64_t extent) { return extent != 1; });
    for (auto [i, number] : llvm::enumerate(*numbers))
      if (number != int64_t(i))
        return false;
    return wide <= 1;
  }
  Operation *op = value.getDefiningOp();
  if (auto range = dyn_cast_or_null<onnx::RangeOp>(op))
    return getUniform(range.getStart()) == 0.0 &&
           getUniform(range.getDelta()) == 1.0;
  if (isa_and_present<onnx::CastOp>(op))
    return isa<IntegerType>(type.getElementType()) &&
           type.getElementTypeBitWidth() >= 32 && isIota(op->getOperand(0));
  Value same = op ? getSameElements(op) : Value();
  if (!same)
    return false;
  // Still one dimension.
  int64_t wide = llvm::count_if(type.getShape(),
                                [](int64_t extent) { return extent != 1; });
  return wide <= 1 && isIota(same);
}

std::optional<Column> moec::routing::readColumn(Value value) {
  while (getSameElements(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  auto gather = value.getDefiningOp<onnx::GatherOp>();
  if (!gather)
    return std::nullopt;
  auto type = cast<RankedTensorType>(gather.getData().getType());
  auto numbers = getIntegers(gather.getIndices());
  int64_t columns = type.getShape().back();
  if (normalizeAxis(gather.getAxis(), type.getRank()) != type.getRank() - 1 ||
      !numbers || numbers->size() != 1 || ShapedType::isDynamic(columns))
    return std::nullopt;
  return Column{gather.getData(), normalizeAxis(numbers->front(), columns)};
}

Value moec::routing::getMultiplied(Operation *op) {
  bool isProduct = isa_and_present<onnx::MulOp>(op);
  if (!isProduct && !isa_and_present<onnx::DivOp>(op))
    return {};
  for (unsigned i : {1, 0}) {
    std::optional<double> number = getUniform(op->getOperand(i));
    Value other = op->getOperand(1 - i);
    bool isFinite = number && std::isfinite(isProduct ? *number : 1 / *number);
    if (isFinite && (isProduct || i == 1) &&
        getType(other) == getType(op->getResult(0)))
      return other;
  }
  return {};
}
