//===-- ExpertLifter.cpp - experts as functions of a row ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertLifter.h"

#include "Constants.h"

#include "dialects/Onnx/IR/ShapeArithmetic.h"
#include "dialects/Param/IR/Param.h"

#include "mlir/IR/TypeUtilities.h"
using namespace mlir;
using namespace moec;
using namespace moec::routing;
RowExpr *ExpertLifter::fail(Operation *node, const Twine &reason) {
  // The first is the innermost, and says most.
  if (miss.reason.empty())
    miss = {node, reason.str()};
  return nullptr;
}

RowExpr *ExpertLifter::make(RowExpr expr) {
  exprs.push_back(std::make_unique<RowExpr>(std::move(expr)));
  return exprs.back().get();
}

RowExpr *ExpertLifter::lift(ArrayRef<Value> values) {
  for (const auto &[column, expr] : known.lookup(values.front()))
    if (Values(column) == values)
      return expr;
  // Experts are small; what is deep is no expert, and recursion must end.
  constexpr unsigned kMaxDepth = 256;
  if (depth >= kMaxDepth)
    return fail(values.front().getDefiningOp(), "the expert is too deep");
  ++depth;
  RowExpr *expr = liftNew(values);
  --depth;
  bool isTracked = space == Space::Experts || space == Space::Slots;
  if (expr && isTracked && !trackDims(values))
    return fail(values.front().getDefiningOp(),
                "its rows are not those of one token and one expert each");
  if (expr)
    known[values.front()].push_back({SmallVector<Value>(values), expr});
  return expr;
}

RowExpr *ExpertLifter::liftNew(Values values) {
  if (RowExpr *source = liftSource(values))
    return source;
  if (!miss.reason.empty())
    return nullptr;
  for (Value value : values)
    if (!value.getDefiningOp())
      return fail(nullptr, "an input of the model is no row of this layer");
  return liftNode(values);
}

SmallVector<Value> ExpertLifter::getColumn(Values values, unsigned number) {
  SmallVector<Value> column;
  for (Value value : values)
    column.push_back(value.getDefiningOp()->getOperand(number));
  return column;
}

/// Whether rows have the same width and lie in as many dimensions.
static bool haveRowsAlike(Value a, Value b) {
  RankedTensorType first = getType(a), second = getType(b);
  return first.getElementType() == second.getElementType() &&
         first.getRank() == second.getRank() &&
         (first.getRank() == 0 ||
          first.getShape().back() == second.getShape().back());
}

/// Whether all are the same result of operations that are alike.
bool ExpertLifter::areAlike(Values values) {
  Operation *first = values.front().getDefiningOp();
  auto getAttributes = [](Operation *op) {
    NamedAttrList attributes(op->getAttrs());
    attributes.erase(onnx::kShapesAttr);
    attributes.erase(onnx::kEqualAttr);
    return attributes.getDictionary(op->getContext());
  };
  for (Value value : values.drop_front()) {
    Operation *op = value.getDefiningOp();
    if (op->getName() != first->getName() ||
        op->getNumOperands() != first->getNumOperands() ||
        cast<OpResult>(value).getResultNumber() !=
            cast<OpResult>(values.front()).getResultNumber() ||
        getAttributes(op) != getAttributes(first) ||
        !llvm::equal(op->getResults(), first->getResults(), haveRowsAlike)) {
      fail(op, "it differs from the node of the first expert");
      return false;
    }
  }
  return true;
}

/// Whether each value has all sorted rows of its expert.
bool ExpertLifter::areSegments(Values values) {
  for (auto [i, value] : llvm::enumerate(values)) {
    const Fact *fact = facts.lookup(value);
    if (!fact || fact->expert != getExpert(i))
      return false;
  }
  return values.size() == countExperts();
}

/// Whether the values are sorted rows, cut by how many each expert has: the
/// rows of one expert may be cut along their features, too.
bool ExpertLifter::isSplitRows(Values values) {
  auto split = values.front().getDefiningOp<onnx::SplitOp>();
  if (!split || space != Space::Rows || !areSegments(values))
    return false;
  const Dims &dims = facts.lookup(values.front())->dims;
  return dims[normalizeAxis(split.getAxis(), dims.size())] == Dim{Axis::Hit} &&
         llvm::all_of(values, [&](Value value) {
           return value.getDefiningOp() == split;
         });
}

RowExpr *ExpertLifter::liftNode(Values values) {
  if (isSplitRows(values)) {
    auto split = values.front().getDefiningOp<onnx::SplitOp>();
    visited.insert(split);
    return lift(split.getInput());
  }
  if (space == Space::Slots) {
    auto concat = values.front().getDefiningOp<onnx::ConcatOp>();
    RowExpr *row = values.size() > 1 ? liftCutSlots(values)
                   : concat          ? liftSlotsOfExperts(concat)
                                     : nullptr;
    if (row || !miss.reason.empty())
      return row;
  }
  if (!areAlike(values))
    return nullptr;
  for (Value value : values)
    visited.insert(value.getDefiningOp());
  Operation *op = values.front().getDefiningOp();
  // Elsewhere dimensions do not say what they count.
  bool isTracked = space == Space::Experts || space == Space::Slots;
  bool isMoved = isTracked && isa<onnx::TransposeOp>(op);
  if (isView(op) || isMoved) {
    // The last dimension is a row's, before and after.
    SmallVector<Value> column = getColumn(values, 0);
    RowExpr *row = lift(column);
    if (!row)
      return nullptr;
    onnx::Extents sizes = facts.getShapes().getExtents(values.front());
    AffineExpr width = facts.getShapes().getConstant(row->width);
    bool isRow =
        !sizes.empty() && (sizes.back() == width ||
                           (sizes.size() > 1 &&
                            sizes.back() == facts.getShapes().getConstant(1) &&
                            sizes.end()[-2] == width));
    return isRow ? row : fail(op, "it changes what a row is");
  }
  if (auto concat = dyn_cast<onnx::ConcatOp>(op))
    if (space == Space::Rows && values.size() == 1) {
      const Fact *fact = facts.lookup(values.front());
      if (fact && fact->dims.front() == Dim{Axis::Row} &&
          normalizeAxis(concat.getAxis(), fact->dims.size()) == 0)
        return liftConcat(concat);
    }
  // The rows of one expert, of all sorted ones.
  if (space == Space::Rows && isa<onnx::GatherOp, onnx::SliceOp>(op)) {
    const Fact *index =
        facts.lookup(op->getOperand(isa<onnx::GatherOp>(op) ? 1 : 2));
    bool isSegment = index && (index->kind == FactKind::Segment ||
                               index->kind == FactKind::End);
    SmallVector<Value> column = getColumn(values, 0);
    if (isSegment) {
      if (!llvm::all_equal(column) || !areSegments(values))
        return fail(op, "experts see rows of different values");
      return lift(column.front());
    }
  }
  if (isa<onnx::MatMulOp, onnx::GemmOp>(op))
    return liftProduct(values);
  if (isa<onnx::MatMulNBitsOp>(op))
    return liftPackedProduct(values);
  if (isRowwiseElementwise(op))
    return liftElementwise(values);
  if (isa<onnx::SplitOp, onnx::SliceOp, onnx::SoftmaxOp, onnx::ConcatOp>(op))
    return liftAlongFeatures(values);
  return fail(op, "no rule takes it for a function of a row");
}

/// Sorted rows that were cut into those of each expert, and put together again.
RowExpr *ExpertLifter::liftConcat(onnx::ConcatOp op) {
  SmallVector<Value> parts(op->getOperands());
  for (auto [expert, part] : llvm::enumerate(parts)) {
    const Fact *fact = facts.lookup(part);
    if (!fact || fact->expert != int64_t(expert))
      return fail(op, "its parts are not those of the experts in order");
  }
  SmallVector<Value> own;
  for (size_t i = 0; i < countExperts(); ++i)
    own.push_back(parts[getExpert(i)]);
  return lift(own);
}

/// A constant that is the same for every expert and every row.
std::optional<RowExpr::Operand> ExpertLifter::liftShared(Values column) {
  Value first = column.front();
  RankedTensorType type = getType(first);
  if (std::optional<double> number = getUniform(first)) {
    for (Value value : column)
      if (getUniform(value) != number)
        return std::nullopt;
    RowExpr::Operand operand;
    operand.shared = first;
    return operand;
  }
  if (!llvm::all_equal(column) || !type.hasStaticShape() ||
      type.getRank() == 0 || type.getNumElements() != type.getShape().back() ||
      !isa_and_present<param::LoadOp, onnx::ConstantOp>(first.getDefiningOp()))
    return std::nullopt;
  RowExpr::Operand operand;
  operand.shared = first;
  return operand;
}

/// Whether a row of value number `number` is multiplied by the weight of its
/// token for its expert, 0 where it was not chosen. That they stand side by
/// side, where one value has all experts, is for `trackDims` to see.
bool ExpertLifter::isScale(Value weight, Value row, size_t number) {
  const Fact *fact = facts.lookup(weight);
  if (!isWeight(fact))
    return false;
  if (space == Space::Experts)
    return !fact->expert &&
           llvm::is_contained(flattenDims(fact->dims), Axis::Expert);
  return fact->expert == getExpert(number) && isColumn(weight) &&
         facts.haveSameRows(row, weight);
}

/// Rows of tokens times their weights.
RowExpr *ExpertLifter::liftScaled(Values values) {
  Operation *first = values.front().getDefiningOp();
  RowWeights found;
  SmallVector<Value> rows;
  for (auto [number, value] : llvm::enumerate(values)) {
    Operation *op = value.getDefiningOp();
    for (unsigned i : {0, 1}) {
      Value weight = op->getOperand(i), row = op->getOperand(1 - i);
      if (rows.size() != number || !isScale(weight, row, number))
        continue;
      if (!found.take(*facts.lookup(weight), facts))
        return fail(op, "experts see rows by different weights");
      rows.push_back(row);
    }
  }
  if (rows.empty())
    return nullptr;
  if (scale.value || facts.getExtents().choices != 1 ||
      rows.size() != values.size())
    return fail(first, "rows are weighted on their way in by more than one "
                       "choice");
  scale = found;
  RowExpr *row = lift(rows);
  if (!row)
    return nullptr;
  RowExpr expr(RowExpr::Scaled, first);
  expr.operands.push_back({row, {}});
  expr.width = row->width;
  expr.elementType = row->elementType;
  return make(expr);
}

RowExpr *ExpertLifter::liftElementwise(Values values) {
  Operation *op = values.front().getDefiningOp();
  bool isByExpert =
      space == Space::Experts || space == Space::Tokens || space == Space::Hits;
  if (isByExpert && isa<onnx::MulOp>(op)) {
    RowExpr *scaled = liftScaled(values);
    if (scaled || !miss.reason.empty())
      return scaled;
  }
  RowExpr expr(RowExpr::Node, op);
  expr.elementType = getElementTypeOrSelf(values.front().getType());
  if (!isa<Float16Type, BFloat16Type, Float32Type>(expr.elementType))
    return fail(op, "its elements are neither f32, f16 nor bf16");
  SmallVector<unsigned> perExpert;
  for (unsigned i = 0; i < op->getNumOperands(); ++i) {
    SmallVector<Value> column = getColumn(values, i);
    if (std::optional<RowExpr::Operand> shared = liftShared(column)) {
      expr.operands.push_back(*shared);
      continue;
    }
    bool areConstant = llvm::all_of(column, [&](Value value) {
      const Fact *fact = facts.lookup(value);
      return isa_and_present<param::LoadOp, onnx::ConstantOp>(
                 value.getDefiningOp()) ||
             (fact && (fact->kind == FactKind::Table ||
                       fact->kind == FactKind::RowTable));
    });
    if (areConstant) {
      perExpert.push_back(i);
      expr.operands.emplace_back();
      continue;
    }
    // A row is broadcast to the choices of its token only where it says so.
    if (space == Space::Choices &&
        getType(column.front()).getRank() != getType(values.front()).getRank())
      return fail(op, "its operands have rows of different dimensions");
    RowExpr *row = lift(column);
    if (!row)
      return nullptr;
    const Fact *result = facts.lookup(values.front());
    if (space == Space::Choices &&
        (!result || !areAligned(column.front(), result->dims, 1)))
      return fail(op, "its operands' rows do not stand side by side");
    expr.operands.push_back({row, {}});
  }
  if (!perExpert.empty()) {
    if (!isa<onnx::AddOp>(op) || perExpert.size() != 1)
      return fail(op, "experts differ in an operand that is no bias");
    RowExpr *row = expr.operands[1 - perExpert.front()].row;
    if (!row)
      return fail(op, "no operand is a row");
    return addBias(row, getColumn(values, perExpert.front()), op);
  }
  // Rows of one width, or of one element.
  for (const RowExpr::Operand &operand : expr.operands) {
    if (!operand.row) {
      RankedTensorType type = getType(operand.shared);
      if (!getUniform(operand.shared))
        expr.width = std::max(expr.width, type.getShape().back());
      continue;
    }
    if (expr.width > 1 && operand.row->width > 1 &&
        operand.row->width != expr.width)
      return fail(op, "its operands have rows of different widths");
    expr.width = std::max(expr.width, operand.row->width);
  }
  if (expr.width == 0)
    return fail(op, "no operand is a row");
  if (isOuterProduct(expr))
    return fail(op, "it makes a matrix of a row");
  return make(expr);
}

/// Whether operands of which each has elements of a row, one as a column, are
/// broadcast to more than any of them has.
bool ExpertLifter::isOuterProduct(const RowExpr &expr) {
  auto countElements = [&](Value value) {
    return onnx::getProduct(facts.getShapes(),
                            facts.getShapes().getExtents(value));
  };
  AffineExpr result = countElements(expr.op->getResult(0));
  unsigned wide = 0;
  for (auto [operand, value] :
       llvm::zip_equal(expr.operands, expr.op->getOperands())) {
    if (operand.row ? operand.row->width == 1
                    : getUniform(operand.shared).has_value())
      continue;
    ++wide;
    if (operand.row && facts.isSameExtent(countElements(value), result))
      return false;
  }
  return wide > 1;
}

/// What works on the elements of each row: along the last dimension.
RowExpr *ExpertLifter::liftAlongFeatures(Values values) {
  Operation *op = values.front().getDefiningOp();
  RankedTensorType type = getType(op->getOperand(0));
  int64_t axis = type.getRank() - 1;
  bool isLast = false;
  int64_t numRows = 1;
  RowExpr expr(RowExpr::Node);
  if (auto split = dyn_cast<onnx::SplitOp>(op))
    isLast = normalizeAxis(split.getAxis(), type.getRank()) == axis;
  if (auto softmax = dyn_cast<onnx::SoftmaxOp>(op))
    isLast = normalizeAxis(softmax.getAxis(), type.getRank()) == axis;
  if (auto concat = dyn_cast<onnx::ConcatOp>(op)) {
    isLast = normalizeAxis(concat.getAxis(), type.getRank()) == axis;
    numRows = op->getNumOperands();
  }
  if (isa<onnx::SliceOp>(op)) {
    // Along one axis, by numbers that all experts share.
    auto axes = op->getNumOperands() >= 4 ? getIntegers(op->getOperand(3))
                                          : std::nullopt;
    isLast = axes && axes->size() == 1 &&
             normalizeAxis(axes->front(), type.getRank()) == axis;
    for (unsigned i = 1; i < op->getNumOperands(); ++i) {
      std::optional<SmallVector<int64_t>> first =
          getIntegers(op->getOperand(i));
      for (Value value : getColumn(values, i))
        isLast &= first && getIntegers(value) == first;
    }
  }
  if (!isLast)
    return fail(op, "it does not work along the last dimension");
  for (unsigned i = 0; i < numRows; ++i) {
    RowExpr *row = lift(getColumn(values, i));
    if (!row)
      return nullptr;
    expr.operands.push_back({row, {}});
  }
  for (unsigned i = numRows; i < op->getNumOperands(); ++i)
    expr.operands.push_back({nullptr, op->getOperand(i)});
  expr.op = op;
  expr.result = cast<OpResult>(values.front()).getResultNumber();
  expr.elementType = type.getElementType();
  int64_t width = getType(values.front()).getShape().back();
  if (ShapedType::isDynamic(width) ||
      expr.operands.front().row->width != type.getShape().back())
    return fail(op, "the width of its rows is not known");
  expr.width = width;
  return make(expr);
}
