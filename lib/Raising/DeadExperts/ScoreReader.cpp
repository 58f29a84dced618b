//===-- ScoreReader.cpp - the numbers of a router, from its graph ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScoreReader.h"

#include "../Routing/Axes.h"
#include "../Routing/Constants.h"

#include "dialects/Param/IR/Param.h"

#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::dead;
using routing::getType;
using routing::getUniform;

/// More elements than the router of any layer has.
static constexpr int64_t kMaxRowElements = int64_t(1) << 24;

//===-- Numbers -----------------------------------------------------------===//

static double toDouble(APFloat number) {
  bool losesInfo;
  number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven,
                 &losesInfo);
  return number.convertToDouble();
}

static std::vector<double> getNumbers(DenseElementsAttr elements) {
  std::vector<double> numbers;
  if (elements.getElementType().isInteger(1))
    for (bool element : elements.getValues<bool>())
      numbers.push_back(element);
  else
    for (const APFloat &element : elements.getValues<APFloat>())
      numbers.push_back(toDouble(element));
  return numbers;
}

/// Elements of a parameter as its files have them: floats, or a byte each.
static std::optional<std::vector<double>> readParameter(param::LoadOp load) {
  auto type = cast<RankedTensorType>(load.getType());
  Type element = type.getElementType();
  auto decl = SymbolTable::lookupNearestSymbolFrom<param::DeclOp>(
      load, load.getParamAttr());
  param::ValueSource *source =
      cast<param::ParamDialect>(load->getDialect())->getValueSource();
  if (!decl || !source)
    return std::nullopt;
  bool isBool = element.isInteger(1);
  int64_t width = isBool ? 1 : element.getIntOrFloatBitWidth() / 8;
  std::vector<char> bytes(type.getNumElements() * width);
  SmallVector<int64_t> offsets(type.getRank(), 0);
  if (!source->readRegion(decl.getTypedRecipe(), offsets, type.getShape(),
                          bytes))
    return std::nullopt;
  if (!isBool)
    return getNumbers(DenseElementsAttr::getFromRawBuffer(type, bytes));
  return std::vector<double>(bytes.begin(), bytes.end());
}

/// The elements of a constant or parameter of floats or booleans.
static std::optional<std::vector<double>> readNumbers(Value value,
                                                      int64_t maxElements) {
  RankedTensorType type = getType(value);
  Type element = type.getElementType();
  bool isRead = element.isF16() || element.isBF16() || element.isF32() ||
                element.isInteger(1);
  if (!isRead || !type.hasStaticShape() || type.getNumElements() < 1 ||
      type.getNumElements() > maxElements)
    return std::nullopt;
  DenseElementsAttr elements;
  if (matchPattern(value, m_Constant(&elements)))
    return getNumbers(elements);
  if (auto load = value.getDefiningOp<param::LoadOp>())
    return readParameter(load);
  return std::nullopt;
}

std::optional<std::vector<double>> moec::dead::readFloats(Value value,
                                                          int64_t maxElements) {
  if (!isa<FloatType>(getType(value).getElementType()))
    return std::nullopt;
  return readNumbers(value, maxElements);
}

/// One number for each of the last dimension's elements, from a vector of them
/// or one for all.
static std::optional<std::vector<double>> readByExpert(Value value,
                                                       int64_t experts) {
  std::optional<std::vector<double>> numbers = readNumbers(value, experts);
  if (!numbers)
    return std::nullopt;
  if (numbers->size() == 1)
    return std::vector<double>(experts, numbers->front());
  bool isVector = int64_t(numbers->size()) == experts &&
                  getType(value).getShape().back() == experts;
  return isVector ? numbers : std::nullopt;
}

//===-- The reader --------------------------------------------------------===//

ScoreReader::ScoreReader(moe::RouteOp route) : route(route) {}

bool ScoreReader::fail(const Twine &reason) {
  if (miss.empty())
    miss = reason.str();
  return false;
}

std::optional<RouterNumbers> ScoreReader::read() {
  int64_t experts = cast<ShapedType>(route.getScores().getType()).getDimSize(1);
  if (ShapedType::isDynamic(experts))
    return std::nullopt;
  numbers.experts = experts;
  numbers.choices =
      cast<ShapedType>(route.getIdsInit().getType()).getDimSize(1);
  numbers.score = route.getScore();
  numbers.tie = route.getTie();
  numbers.groups = route.getGroups();
  numbers.groupsKept = route.getGroupsKept();
  numbers.groupScore = route.getGroupScore();
  numbers.groupFill = route.getGroupFill().convertToDouble();
  numbers.keysWeigh = route.getKeysWeigh();
  if (Value scale = route.getExpertScale())
    numbers.expertScale = readByExpert(scale, experts)
                              .value_or(std::vector<double>(experts, NAN));
  if (Value selection = route.getSelectionBias()) {
    std::optional<std::vector<double>> read = readByExpert(selection, experts);
    if (!read) {
      fail("the selection bias is not known before the run");
      return std::nullopt;
    }
    numbers.selection = *read;
  }
  forgetBiases();
  numbers.isConstant.assign(experts, false);
  Value product = readBiases(peelStored(route.getScores(), storage));
  numbers.scoreRoundoff = storage.roundoff;
  numbers.scoreUnderflow = storage.hasHalf ? std::ldexp(1.0, -22) : 0;
  if (!product || !readProduct(product)) {
    numbers.rows.clear();
    numbers.input = InputBound();
  }
  clearMaskedRows();
  for (int64_t i = 0; i < experts; ++i)
    if (isReplaced[i])
      numbers.isConstant[i] = true;
  return numbers;
}

/// Constants that are added, and masks; the value they are added to. Null
/// where there are more than the bounds have room for.
Value ScoreReader::readBiases(Value scores) {
  // Each of them rounds once more.
  constexpr int kMaxSteps = 2;
  for (int step = 0; step < kMaxSteps; ++step) {
    Value rest;
    if (auto add = scores.getDefiningOp<onnx::AddOp>()) {
      if (addBias(add.getB(), false))
        rest = add.getA();
      else if (addBias(add.getA(), false))
        rest = add.getB();
    } else if (auto sub = scores.getDefiningOp<onnx::SubOp>()) {
      if (addBias(sub.getB(), true))
        rest = sub.getA();
    } else if (readMask(scores)) {
      rest = scores;
    }
    if (!rest)
      break;
    scores = peelStored(rest, storage);
  }
  if (!isa_and_present<onnx::AddOp, onnx::SubOp, onnx::WhereOp>(
          scores.getDefiningOp()))
    return scores;
  // A mask further in may be any expert's.
  forgetBiases();
  fail("more is added to the scores than the bounds have room for");
  return {};
}

void ScoreReader::forgetBiases() {
  numbers.bias.assign(numbers.experts, 0.0);
  isReplaced.assign(numbers.experts, false);
}

/// Where(constant, scores, number), or the other way round.
bool ScoreReader::readMask(Value &scores) {
  auto where = scores.getDefiningOp<onnx::WhereOp>();
  if (!where)
    return false;
  std::optional<std::vector<double>> condition =
      readByExpert(where.getCondition(), numbers.experts);
  std::optional<double> fill = getUniform(where.getY());
  bool isInverted = !fill;
  if (isInverted)
    fill = getUniform(where.getX());
  if (!condition || !fill)
    return false;
  std::vector<double> added(numbers.experts, 0.0);
  for (int64_t i = 0; i < numbers.experts; ++i)
    if (bool((*condition)[i]) == isInverted)
      added[i] = *fill;
  if (!addBias(added))
    return false;
  for (int64_t i = 0; i < numbers.experts; ++i)
    if (bool((*condition)[i]) == isInverted)
      isReplaced[i] = true;
  scores = isInverted ? where.getY() : where.getX();
  return true;
}

bool ScoreReader::addBias(Value bias, bool isSubtracted) {
  std::optional<std::vector<double>> read = readByExpert(bias, numbers.experts);
  if (!read)
    return false;
  if (isSubtracted)
    for (double &number : *read)
      number = -number;
  return addBias(*read);
}

bool ScoreReader::addBias(ArrayRef<double> added) {
  auto isNumber = [](double number) {
    return std::isfinite(number) && number != 0;
  };
  // Numbers that cancel would hide their own rounding.
  for (int64_t i = 0; i < numbers.experts; ++i)
    if (!isReplaced[i] && isNumber(numbers.bias[i]) && isNumber(added[i]))
      return fail("two biases are added to the scores");
  for (int64_t i = 0; i < numbers.experts; ++i)
    if (!isReplaced[i])
      numbers.bias[i] += added[i];
  return true;
}

bool ScoreReader::readProduct(Value scores) {
  Value weights;
  bool isByExpert = false;
  if (auto matmul = scores.getDefiningOp<onnx::MatMulOp>()) {
    input = matmul->getOperand(0);
    weights = matmul->getOperand(1);
  } else if (auto gemm = scores.getDefiningOp<onnx::GemmOp>()) {
    bool isPlain = gemm.getAlpha().convertToDouble() == 1.0 &&
                   gemm.getBeta().convertToDouble() == 1.0 &&
                   gemm.getTransA() == 0;
    if (!isPlain || (gemm.getC() && !addBias(gemm.getC(), false))) {
      forgetBiases();
      return fail("the router's Gemm scales, or adds what is not known");
    }
    input = gemm.getA();
    weights = gemm.getB();
    isByExpert = gemm.getTransB() != 0;
  } else {
    return fail("the scores are no product by a parameter");
  }
  if (!readRows(weights, isByExpert))
    return fail("the router's weights are not known before the run");
  numbers.input = readInputBound(input);
  if (numbers.input.kind == InputBound::None)
    return fail("nothing bounds the router's input");
  return true;
}

bool ScoreReader::readRows(Value weights, bool isByExpert) {
  RankedTensorType type = getType(weights);
  int64_t experts = numbers.experts;
  if (type.getRank() != 2 || type.getDimSize(isByExpert ? 0 : 1) != experts)
    return false;
  std::optional<std::vector<double>> read =
      readFloats(weights, kMaxRowElements);
  if (!read)
    return false;
  numbers.rows = std::move(*read);
  if (isByExpert)
    return lookAtRows();
  int64_t hidden = type.getDimSize(0);
  std::vector<double> rows(numbers.rows.size());
  for (int64_t k = 0; k < hidden; ++k)
    for (int64_t i = 0; i < experts; ++i)
      rows[i * hidden + k] = numbers.rows[k * experts + i];
  numbers.rows = std::move(rows);
  return lookAtRows();
}

/// Rows that are zero, and rows that are one large negative number: somebody
/// meant a mask.
bool ScoreReader::lookAtRows() {
  constexpr double kLikeMask = -1e4;
  int64_t hidden = int64_t(numbers.rows.size()) / numbers.experts;
  numbers.hidden = hidden;
  for (int64_t i = 0; i < numbers.experts; ++i) {
    ArrayRef<double> row = ArrayRef(numbers.rows).slice(i * hidden, hidden);
    numbers.isConstant[i] =
        llvm::all_of(row, [](double weight) { return weight == 0; });
    if (hidden > 0 && llvm::all_equal(row) && row.front() <= kLikeMask)
      falseMasks.push_back(i);
  }
  return true;
}

/// Where a mask has replaced the score, the row says nothing.
void ScoreReader::clearMaskedRows() {
  if (numbers.rows.empty())
    return;
  int64_t hidden = int64_t(numbers.rows.size()) / numbers.experts;
  for (int64_t i = 0; i < numbers.experts; ++i)
    if (isReplaced[i])
      std::fill_n(numbers.rows.begin() + i * hidden, hidden, 0.0);
}
