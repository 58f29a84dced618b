//===-- Constants.cpp - values of a graph that are known ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"

#include "dialects/Param/IR/Recipes.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cstring>

using namespace mlir;
using namespace moec;
using namespace moec::certificates;

/// Numbers that are held in memory at once: a router's matrix, amply.
static constexpr int64_t kMaxElements = int64_t(1) << 26;

/// The operands that elements are made of: others are there for a type or
/// shape.
static OperandRange getDecisive(Operation *op) {
  bool isFirst = isa<onnx::CastLikeOp, onnx::ExpandOp>(op);
  return isFirst ? op->getOperands().take_front(1) : op->getOperands();
}

ConstantReader::ConstantReader(ModuleOp module, ParameterEvaluator &evaluator)
    : module(module), evaluator(evaluator) {
  // Nodes are in the order of the data.
  module.walk([&](Operation *op) {
    if (isa<param::LoadOp, onnx::ConstantOp>(op) ||
        (isa<onnx::OnnxNode>(op) && op->getNumOperands() > 0 &&
         llvm::all_of(getDecisive(op),
                      [&](Value operand) { return isConstant(operand); })))
      constants.insert(op);
  });
}

bool ConstantReader::isConstant(Value value) const {
  Operation *op = value.getDefiningOp();
  return op && constants.contains(op) &&
         cast<RankedTensorType>(value.getType()).hasStaticShape();
}

//===-- Weights -----------------------------------------------------------===//

static param::RecipeInterface
transpose(param::RecipeInterface source,
          std::optional<ArrayRef<int64_t>> permutation) {
  int64_t rank = source.getResultType().getRank();
  SmallVector<int64_t> reversed(llvm::reverse(llvm::seq<int64_t>(0, rank)));
  return param::makeTranspose(source, permutation.value_or(reversed));
}

param::RecipeInterface ConstantReader::getRecipe(Value value) {
  Operation *op = value.getDefiningOp();
  auto type = cast<RankedTensorType>(value.getType());
  if (!op || !type.hasStaticShape())
    return {};
  if (auto load = dyn_cast<param::LoadOp>(op)) {
    auto decl = SymbolTable::lookupNearestSymbolFrom<param::DeclOp>(
        module, load.getParamAttr());
    return decl ? decl.getTypedRecipe() : param::RecipeInterface();
  }
  if (auto constant = dyn_cast<onnx::ConstantOp>(op))
    return param::makeDense(constant.getValue());
  if (auto gather = dyn_cast<onnx::GatherOp>(op))
    return getGathered(gather);
  if (auto split = dyn_cast<onnx::SplitOp>(op))
    return getPart(split, cast<OpResult>(value).getResultNumber());
  if (!isa<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp, onnx::FlattenOp,
           onnx::IdentityOp, onnx::TransposeOp, onnx::CastOp, onnx::CastLikeOp>(
          op))
    return {};
  param::RecipeInterface source = getRecipe(op->getOperand(0));
  if (!source)
    return {};
  if (auto transposed = dyn_cast<onnx::TransposeOp>(op))
    return transpose(source, transposed.getPerm());
  if (isa<onnx::CastOp, onnx::CastLikeOp>(op))
    return param::makeCast(source, type.getElementType());
  return param::makeReshape(source, type.getShape());
}

/// Indices that are constants themselves, such as those of one expert.
param::RecipeInterface ConstantReader::getGathered(onnx::GatherOp gather) {
  param::RecipeInterface source = getRecipe(gather.getData());
  DenseElementsAttr indices;
  if (!source || !matchPattern(gather.getIndices(), m_Constant(&indices)))
    return {};
  auto type = cast<RankedTensorType>(gather.getOutput().getType());
  int64_t rank = source.getResultType().getRank(), axis = gather.getAxis();
  axis += axis < 0 ? rank : 0;
  SmallVector<int64_t> chosen;
  for (const APInt &index : indices.getValues<APInt>()) {
    int64_t number = index.getSExtValue();
    chosen.push_back(
        number < 0 ? number + source.getResultType().getDimSize(axis) : number);
  }
  auto gathered = param::makeGather(source, axis, chosen);
  return gathered ? param::makeReshape(gathered, type.getShape()) : gathered;
}

param::RecipeInterface ConstantReader::getPart(onnx::SplitOp split,
                                               unsigned number) {
  param::RecipeInterface source = getRecipe(split.getInput());
  if (!source)
    return {};
  int64_t rank = source.getResultType().getRank(), axis = split.getAxis();
  axis += axis < 0 ? rank : 0;
  auto getType = [&](unsigned part) {
    return cast<RankedTensorType>(split->getResult(part).getType());
  };
  SmallVector<int64_t> offsets(rank, 0), strides(rank, 1);
  for (unsigned part = 0; part < number; ++part)
    offsets[axis] += getType(part).getDimSize(axis);
  return param::makeSlice(source, offsets, getType(number).getShape(), strides);
}

llvm::Expected<std::vector<char>>
ConstantReader::readRegion(param::RecipeInterface recipe,
                           ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes) {
  RankedTensorType type = recipe.getResultType();
  int64_t elements = 1;
  for (int64_t size : sizes)
    elements *= size;
  if (elements > kMaxElements)
    return refuse("a weight of " + Twine(elements) +
                  " elements is too large to be looked at");
  std::vector<char> bytes(
      elements * ParameterEvaluator::getElementBytes(type.getElementType()));
  std::string reason;
  ScopedDiagnosticHandler handler(recipe.getContext(), [&](Diagnostic &said) {
    reason = said.str();
    return success();
  });
  if (failed(evaluator.readRegion(recipe, UnknownLoc::get(recipe.getContext()),
                                  offsets, sizes, bytes)))
    return refuse("a weight cannot be read: " + reason);
  return bytes;
}

/// The bytes of f64 elements.
static std::vector<double> toNumbers(ArrayRef<char> bytes) {
  std::vector<double> numbers(bytes.size() / sizeof(double));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

/// The recipe, its elements as f64, which holds every type's but long
/// integers'.
static param::RecipeInterface castToNumbers(param::RecipeInterface recipe) {
  return param::makeCast(recipe, Float64Type::get(recipe.getContext()));
}

llvm::Expected<std::vector<char>> ConstantReader::readBytes(Value value) {
  param::RecipeInterface recipe = getRecipe(value);
  if (!recipe)
    return refuse(describe(value) + " is no weight of the model");
  ArrayRef<int64_t> shape = recipe.getResultType().getShape();
  return readRegion(recipe, SmallVector<int64_t>(shape.size(), 0), shape);
}

/// One index of the first dimension.
static SmallVector<int64_t> getSliceSizes(RankedTensorType type) {
  SmallVector<int64_t> sizes(type.getShape());
  sizes.front() = 1;
  return sizes;
}

llvm::Expected<std::vector<char>> ConstantReader::readSlice(Value value,
                                                            int64_t index) {
  param::RecipeInterface recipe = getRecipe(value);
  if (!recipe)
    return refuse(describe(value) + " is no weight of the model");
  return readSlice(recipe, index);
}

llvm::Expected<std::vector<char>>
ConstantReader::readSlice(param::RecipeInterface recipe, int64_t index) {
  SmallVector<int64_t> sizes = getSliceSizes(recipe.getResultType());
  SmallVector<int64_t> offsets(sizes.size(), 0);
  offsets.front() = index;
  return readRegion(recipe, offsets, sizes);
}

llvm::Expected<std::vector<double>>
ConstantReader::readSliceNumbers(Value value, int64_t index) {
  param::RecipeInterface recipe = getRecipe(value);
  if (!recipe)
    return refuse(describe(value) + " is no weight of the model");
  auto bytes = readSlice(castToNumbers(recipe), index);
  if (!bytes)
    return bytes.takeError();
  return toNumbers(*bytes);
}

//===-- What nodes make of them -------------------------------------------===//

/// A number as an element of the type holds it; arithmetic is in f32 and
/// rounded once more.
static std::optional<double> round(double number, Type type) {
  if (isa<IntegerType>(type))
    return number;
  auto single = static_cast<float>(number);
  if (type.isF32())
    return single;
  if (!type.isF16() && !type.isBF16())
    return std::nullopt;
  llvm::APFloat value(single);
  bool losesInfo;
  value.convert(cast<FloatType>(type).getFloatSemantics(),
                llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return value.convertToDouble();
}

/// The position in a value of `shape` of the element that meets position `at`
/// of a value of `whole`, to which it broadcasts.
static int64_t findElement(int64_t at, ArrayRef<int64_t> whole,
                           ArrayRef<int64_t> shape) {
  int64_t position = 0, stride = 1;
  for (int64_t i = 1; i <= int64_t(whole.size()); ++i) {
    int64_t extent = whole[whole.size() - i], index = at % extent;
    at /= extent;
    if (i > int64_t(shape.size()))
      continue;
    int64_t own = shape[shape.size() - i];
    position += own == 1 ? 0 : index * stride;
    stride *= own;
  }
  return position;
}

/// The element of a node's result that is made of one of each operand.
static std::optional<double> computeElement(Operation *op, ArrayRef<double> x) {
  return llvm::TypeSwitch<Operation *, std::optional<double>>(op)
      .Case<onnx::AddOp>([&](auto) { return x[0] + x[1]; })
      .Case<onnx::SubOp>([&](auto) { return x[0] - x[1]; })
      .Case<onnx::MulOp>([&](auto) { return x[0] * x[1]; })
      .Case<onnx::DivOp>([&](auto) { return x[0] / x[1]; })
      .Case<onnx::NegOp>([&](auto) { return -x[0]; })
      .Case<onnx::NotOp>([&](auto) { return x[0] == 0; })
      .Case<onnx::EqualOp>([&](auto) { return x[0] == x[1]; })
      .Case<onnx::LessOp>([&](auto) { return x[0] < x[1]; })
      .Case<onnx::GreaterOp>([&](auto) { return x[0] > x[1]; })
      .Case<onnx::WhereOp>([&](auto) { return x[0] != 0 ? x[1] : x[2]; })
      .Case<onnx::ExpandOp, onnx::CastOp, onnx::CastLikeOp>(
          [&](auto) { return x[0]; })
      .Default([](auto) { return std::nullopt; });
}

/// Of a Cast the elements alone are kept that both types have; arithmetic is
/// on floats.
static bool isExactNode(Operation *op) {
  Type to = getElementType(op->getResult(0));
  if (isa<onnx::CastOp, onnx::CastLikeOp>(op))
    return isa<FloatType>(to) ||
           (to.isInteger(1) && getElementType(op->getOperand(0)).isInteger(1));
  if (isa<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp, onnx::NegOp>(op))
    return isa<FloatType>(to);
  return true;
}

llvm::Expected<Constant> ConstantReader::compute(Operation *op) {
  Constant result{cast<RankedTensorType>(op->getResult(0).getType()), {}};
  std::vector<Constant> operands;
  for (Value operand : getDecisive(op)) {
    auto constant = read(operand);
    if (!constant)
      return constant.takeError();
    operands.push_back(std::move(*constant));
  }
  int64_t elements = result.type.getNumElements();
  for (int64_t at = 0; at < elements && elements <= kMaxElements; ++at) {
    SmallVector<double> x;
    for (const Constant &operand : operands)
      x.push_back(operand.elements[findElement(at, result.type.getShape(),
                                               operand.type.getShape())]);
    std::optional<double> element = computeElement(op, x);
    if (element)
      element = round(*element, result.type.getElementType());
    if (!element || !isExactNode(op))
      break;
    result.elements.push_back(*element);
  }
  if (int64_t(result.elements.size()) != elements)
    return refuse(describe(op) + " makes a constant in a way that is not known "
                                 "to this check");
  return result;
}

llvm::Expected<Constant> ConstantReader::read(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (!isConstant(value))
    return refuse(describe(value) + " is no constant");
  if (param::RecipeInterface recipe = getRecipe(value)) {
    auto bytes =
        readRegion(castToNumbers(recipe),
                   SmallVector<int64_t>(type.getRank(), 0), type.getShape());
    if (!bytes)
      return bytes.takeError();
    return Constant{type, toNumbers(*bytes)};
  }
  Operation *op = value.getDefiningOp();
  if (isa<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp, onnx::FlattenOp,
          onnx::IdentityOp>(op)) {
    auto constant = read(op->getOperand(0));
    if (constant)
      constant->type = type;
    return constant;
  }
  if (auto filled = dyn_cast<onnx::ConstantOfShapeOp>(op);
      filled && type.getNumElements() <= kMaxElements) {
    auto element = filled.getValue();
    double number = 0;
    if (auto dense = dyn_cast_or_null<DenseFPElementsAttr>(
            element.value_or(ElementsAttr())))
      number = (*dense.begin()).convertToDouble();
    else if (element)
      return refuse(describe(op) + " is filled with integers");
    return Constant{type, std::vector<double>(type.getNumElements(), number)};
  }
  return compute(op);
}

llvm::Expected<std::vector<double>> ConstantReader::readRow(Value value,
                                                            int64_t columns) {
  auto constant = read(value);
  if (!constant)
    return constant.takeError();
  if (constant->isScalar())
    return std::vector<double>(columns, constant->elements.front());
  if (int64_t(constant->elements.size()) != columns ||
      getLastExtent(value) != columns)
    return refuse(describe(value) + " has " + Twine(constant->elements.size()) +
                  " elements, expected one row of " + Twine(columns));
  return std::move(constant->elements);
}

llvm::Expected<double> ConstantReader::readScalar(Value value) {
  auto constant = read(value);
  if (!constant)
    return constant.takeError();
  if (!constant->isScalar())
    return refuse(describe(value) + " is no single number");
  return constant->elements.front();
}

bool ConstantReader::isNumber(Value value, double number) {
  auto constant = read(value);
  if (!constant) {
    llvm::consumeError(constant.takeError());
    return false;
  }
  return llvm::all_of(constant->elements,
                      [&](double element) { return element == number; });
}

bool ConstantReader::isFilled(Value value, double number) {
  if (isConstant(value))
    return isNumber(value, number);
  Operation *op = value.getDefiningOp();
  if (isa_and_present<onnx::ExpandOp>(op))
    return isConstant(op->getOperand(0)) && isNumber(op->getOperand(0), number);
  auto filled = dyn_cast_or_null<onnx::ConstantOfShapeOp>(op);
  if (!filled)
    return false;
  auto element = dyn_cast_or_null<DenseElementsAttr>(
      filled.getValue().value_or(ElementsAttr()));
  if (!element)
    return number == 0;
  if (isa<FloatType>(element.getElementType()))
    return (*element.value_begin<APFloat>()).convertToDouble() == number;
  APInt integer = *element.value_begin<APInt>();
  return integer == uint64_t(number);
}

bool ConstantReader::areEqual(Value a, Value b) {
  auto own = readBytes(a), other = readBytes(b);
  bool areEqual = own && other && a.getType() == b.getType() && *own == *other;
  llvm::consumeError(own.takeError());
  llvm::consumeError(other.takeError());
  return areEqual;
}
