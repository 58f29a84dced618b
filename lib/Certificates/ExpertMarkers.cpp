//===-- ExpertMarkers.cpp - values that are about one expert --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertMarkers.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moec;
using namespace moec::certificates;

MarkerReader::MarkerReader(const Router &router, ConstantReader &constants)
    : experts(router.experts), constants(constants),
      choice(collectSources(router.choice)), ids(getIds(router.choice)) {}

SmallVector<ExpertMarker> MarkerReader::read(Operation *op) {
  return llvm::TypeSwitch<Operation *, SmallVector<ExpertMarker>>(op)
      .Case([&](onnx::EqualOp equal) { return readEqual(equal); })
      .Case([&](onnx::GatherOp gather) { return readGather(gather); })
      .Case([&](onnx::SliceOp slice) { return readSlice(slice); })
      .Case([&](onnx::SplitOp split) { return readSplit(split); })
      .Default([](Operation *) { return SmallVector<ExpertMarker>(); });
}

SmallVector<ExpertMarker> MarkerReader::mark(Value value, int64_t expert,
                                             int64_t axis) {
  if (expert < 0 || expert >= experts)
    return {};
  return {{value, expert, axis}};
}

std::optional<int64_t> MarkerReader::readInteger(Value value) {
  if (!value || !isa<IntegerType>(getElementType(value)) ||
      !constants.isConstant(value))
    return std::nullopt;
  auto number = constants.readScalar(value);
  if (!number) {
    llvm::consumeError(number.takeError());
    return std::nullopt;
  }
  return int64_t(*number);
}

//===-- Numbers of experts ------------------------------------------------===//

/// Whether an op gives elements of its first operand as they are.
static bool movesElements(Operation *op) {
  auto hasIntegers = [](Value value) {
    return isa<IntegerType>(getElementType(value));
  };
  if (isa<onnx::CastOp>(op))
    return hasIntegers(op->getOperand(0)) && hasIntegers(op->getResult(0));
  return isa<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
             onnx::FlattenOp, onnx::IdentityOp, onnx::TransposeOp,
             onnx::ExpandOp, onnx::SliceOp, onnx::SplitOp, onnx::GatherOp>(op);
}

/// What was added to the numbers of the experts that were chosen; nothing where
/// the value is something else.
std::optional<int64_t> MarkerReader::getShift(Value value) {
  int64_t shift = 0;
  while (!llvm::is_contained(ids, value)) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return std::nullopt;
    if (isa<onnx::AddOp, onnx::SubOp>(op)) {
      bool isSub = isa<onnx::SubOp>(op);
      bool isFirst = !isSub && constants.isConstant(op->getOperand(0));
      std::optional<int64_t> added = readInteger(op->getOperand(!isFirst));
      if (!added)
        return std::nullopt;
      shift += isSub ? -*added : *added;
      value = op->getOperand(isFirst);
    } else if (movesElements(op)) {
      value = op->getOperand(0);
    } else {
      return std::nullopt;
    }
  }
  return shift;
}

SmallVector<ExpertMarker> MarkerReader::readEqual(onnx::EqualOp equal) {
  bool isSecond = constants.isConstant(equal->getOperand(1));
  std::optional<int64_t> number = readInteger(equal->getOperand(isSecond));
  std::optional<int64_t> shift =
      number ? getShift(equal->getOperand(!isSecond)) : std::nullopt;
  if (!shift)
    return {};
  return mark(equal->getResult(0), *number - *shift);
}

//===-- Dimensions of experts ---------------------------------------------===//

/// The numbers of experts by which an op spreads elements along a dimension.
static Value getSpreadBy(Operation *op) {
  if (auto oneHot = dyn_cast<onnx::OneHotOp>(op))
    return oneHot.getIndices();
  if (auto scatter = dyn_cast<onnx::ScatterElementsOp>(op))
    return scatter.getIndices();
  return {};
}

/// Whether the index of a dimension is the number of an expert: there are as
/// many, and nothing was added to the numbers that elements were put by.
bool MarkerReader::isByExpert(Value data, int64_t axis) {
  auto type = cast<RankedTensorType>(data.getType());
  if (type.getShape()[axis] != experts || constants.isConstant(data))
    return false;
  OpSet sources = collectSources(
      data.getDefiningOp(), [&](Operation *op) { return choice.contains(op); });
  return llvm::all_of(sources, [&](Operation *op) {
    Value spreadBy = getSpreadBy(op);
    return !spreadBy || getShift(spreadBy) == 0;
  });
}

static int64_t countFromFront(int64_t axis, Value value) {
  return axis < 0 ? axis + cast<RankedTensorType>(value.getType()).getRank()
                  : axis;
}

SmallVector<ExpertMarker> MarkerReader::readGather(onnx::GatherOp gather) {
  int64_t axis = countFromFront(gather.getAxis(), gather.getData());
  std::optional<int64_t> index = readInteger(gather.getIndices());
  if (!index || !isByExpert(gather.getData(), axis))
    return {};
  return mark(gather->getResult(0), *index, axis);
}

/// One index of one dimension.
SmallVector<ExpertMarker> MarkerReader::readSlice(onnx::SliceOp slice) {
  OperandRange operands = slice->getOperands();
  if (operands.size() < 4 ||
      (operands.size() > 4 && readInteger(operands[4]).value_or(0) != 1))
    return {};
  std::optional<int64_t> begin = readInteger(operands[1]),
                         axis = readInteger(operands[3]);
  if (!begin || !axis)
    return {};
  Value data = operands[0], part = slice->getResult(0);
  *axis = countFromFront(*axis, data);
  if (cast<RankedTensorType>(part.getType()).getShape()[*axis] != 1 ||
      !isByExpert(data, *axis))
    return {};
  return mark(part, *begin, *axis);
}

/// Each part is of another one.
SmallVector<ExpertMarker> MarkerReader::readSplit(onnx::SplitOp split) {
  int64_t axis = countFromFront(split.getAxis(), split.getInput());
  if (int64_t(split->getNumResults()) != experts ||
      !isByExpert(split.getInput(), axis))
    return {};
  SmallVector<ExpertMarker> markers;
  for (OpResult part : split->getResults()) {
    if (cast<RankedTensorType>(part.getType()).getShape()[axis] != 1)
      return {};
    markers.push_back({part, part.getResultNumber(), axis});
  }
  return markers;
}
