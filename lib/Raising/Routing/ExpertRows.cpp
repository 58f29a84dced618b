//===-- ExpertRows.cpp - rows that experts read ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "ExpertLifter.h"

#include "dialects/Onnx/IR/ShapeArithmetic.h"
using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// Whether a node copies the rows of all tokens for each expert in turn.
bool ExpertLifter::gathersTokensByExpert(Operation *op) const {
  auto elements = dyn_cast<onnx::GatherElementsOp>(op);
  auto rows = dyn_cast<onnx::GatherOp>(op);
  if (space != Space::Experts || (!elements && !rows))
    return false;
  RankedTensorType type = getType(op->getOperand(0));
  int64_t axis = elements ? elements.getAxis() : rows.getAxis();
  // Whole rows: of GatherElements, a number for each element.
  bool areRows = !elements || getType(op->getOperand(1)).getShape().back() ==
                                  type.getShape().back();
  return type.getRank() == 2 && normalizeAxis(axis, 2) == 0 && areRows &&
         facts.haveTokensByExpert(op->getOperand(1));
}

/// Without what repeats rows for each choice or expert.
Value ExpertLifter::peelTokens(Value value) {
  while (true) {
    onnx::Extents extents = facts.getShapes().getExtents(value);
    if (extents.empty())
      return {};
    if (facts.isAllTokens(
            onnx::getProduct(facts.getShapes(), ArrayRef(extents).drop_back())))
      return value;
    Operation *op = value.getDefiningOp();
    if (!op)
      return {};
    bool isPeeled = isView(op) || isa<onnx::ExpandOp, onnx::TileOp>(op) ||
                    gathersTokensByExpert(op);
    if (!isPeeled)
      return {};
    value = op->getOperand(0);
  }
}

/// Whether `value` holds each of `tokens` once for each of its choices, in the
/// order of (t, j), or all of them for each expert in turn.
bool ExpertLifter::isRepeated(Value value, Value tokens) {
  SmallVector<Operation *> chain;
  for (Value part = value; part != tokens;
       part = part.getDefiningOp()->getOperand(0))
    chain.push_back(part.getDefiningOp());
  onnx::ShapeContext &shapes = facts.getShapes();
  bool hasExperts = space == Space::Experts;
  int64_t count =
      hasExperts ? facts.getExtents().experts : facts.getExtents().choices;
  Axis repeated = hasExperts ? Axis::Expert : Axis::Choice;
  Dims dims;
  for (int64_t extent : getType(tokens).getShape())
    dims.push_back(extent == 1 ? Dim() : Dim{Axis::Token});
  dims.back() = {Axis::Feature};
  for (Operation *op : llvm::reverse(chain)) {
    visited.insert(op);
    onnx::Extents from = shapes.getExtents(op->getOperand(0));
    onnx::Extents to = shapes.getExtents(op->getResult(0));
    if (isView(op)) {
      std::optional<Dims> viewed =
          reshapeDims(dims, from, to, facts.getExtents());
      if (!viewed)
        return false;
      dims = *viewed;
      continue;
    }
    // Expand and Tile: a whole number of copies, outermost in their dimension.
    size_t added = to.size() - from.size();
    dims.insert(dims.begin(), added, Dim());
    from.insert(from.begin(), added, shapes.getConstant(1));
    for (auto [dim, old, now] : llvm::zip_equal(dims, from, to)) {
      if (old == now)
        continue;
      if (simplifyAffineExpr(old * count - now, 0, shapes.getNumSymbols()) !=
          shapes.getConstant(0))
        return false;
      dim.insert(dim.begin(), repeated);
    }
  }
  // One row serves all choices, or all experts, where products broadcast it.
  SmallVector<Axis> plain = facts.getCounted({Axis::Token, Axis::Feature});
  SmallVector<Axis> wanted =
      facts.getCounted({Axis::Token, Axis::Choice, Axis::Feature});
  SmallVector<Axis> axes = flattenDims(dims);
  rowDims[value] = dims;
  // With experts, what each dimension runs over is known from here on.
  if (hasExperts && llvm::count(axes, Axis::Expert) == 1)
    llvm::erase(axes, Axis::Expert);
  return axes == wanted || axes == plain;
}

/// Whether the rows of `value` stand where those of `dims` do, broadcast: each
/// of its dimensions but the last `inner` counts nothing or the same.
bool ExpertLifter::areAligned(Value value, ArrayRef<Dim> dims, unsigned inner) {
  ArrayRef<Dim> own;
  if (const Fact *fact = facts.lookup(value))
    own = fact->dims;
  else if (auto found = rowDims.find(value); found != rowDims.end())
    own = found->second;
  else
    return false;
  if (own.size() > dims.size())
    return false;
  for (auto [a, b] : llvm::zip(llvm::reverse(own.drop_back(inner)),
                               llvm::reverse(dims.drop_back(inner))))
    if (!a.empty() && a != b)
      return false;
  return true;
}

RowExpr *ExpertLifter::makeSource(Value source, Operation *node) {
  RankedTensorType type = getType(source);
  onnx::Extents extents = facts.getShapes().getExtents(source);
  AffineExpr rows =
      onnx::getProduct(facts.getShapes(), ArrayRef(extents).drop_back());
  bool isFloat =
      isa<Float16Type, BFloat16Type, Float32Type>(type.getElementType());
  AffineExpr wanted = facts.getTokens();
  if (rowsOfToken)
    wanted = wanted * rowsOfToken;
  if (type.getRank() < 2 || !facts.isSameExtent(rows, wanted) || !isFloat ||
      ShapedType::isDynamic(type.getShape().back()))
    return fail(node, "its rows are not those that were routed");
  RowExpr expr(RowExpr::Source);
  expr.source = source;
  expr.elementType = type.getElementType();
  expr.width = type.getShape().back();
  return make(expr);
}

/// Null without a miss where the values are computed from rows.
RowExpr *ExpertLifter::liftSource(Values values) {
  Value value = values.front();
  Operation *op = value.getDefiningOp();
  if (space == Space::Tokens) {
    bool isSource =
        llvm::all_equal(values) && (!sources || sources->contains(value));
    return isSource ? makeSource(value, op) : nullptr;
  }

  if (space == Space::Slots)
    return values.size() == 1 ? liftDispatched(value) : nullptr;

  if (space == Space::Choices || space == Space::Experts) {
    if (facts.lookup(value))
      return nullptr;
    Value tokens = peelTokens(value);
    if (!tokens)
      return space == Space::Choices
                 ? fail(op, "it is no row of a token for each choice")
                 : nullptr;
    if (!isRepeated(value, tokens))
      return fail(op, "it does not repeat each token for its choices in order");
    return makeSource(tokens, op);
  }

  // Rows that were gathered.
  FactKind wanted =
      space == Space::Hits ? FactKind::HitToken : FactKind::RowToken;
  Value source;
  SmallVector<Operation *> gathers;
  for (auto [i, gathered] : llvm::enumerate(values)) {
    Operation *gather = gathered.getDefiningOp();
    if (!isa_and_present<onnx::GatherOp, onnx::GatherNDOp>(gather))
      return nullptr;
    const Fact *index = facts.lookup(gather->getOperand(1));
    bool isToken =
        index && (index->kind == wanted ||
                  (space == Space::Rows && index->kind == FactKind::RowFlat &&
                   facts.getExtents().choices == 1));
    if (!isToken || facts.lookup(gather->getOperand(0)))
      return nullptr;
    if (space == Space::Hits && index->expert != getExpert(i))
      return fail(gather, "it gathers the rows of another expert");
    Value rows = peelRowViews(gather->getOperand(0));
    if (source && source != rows)
      return fail(gather, "experts see rows of different values");
    source = rows;
    gathers.push_back(gather);
  }
  visited.insert(gathers.begin(), gathers.end());
  return makeSource(source, op);
}

//===-- Rows of all experts in one value ----------------------------------===//

/// Notes what a value runs over. False where that does not follow from its
/// operands, or rows do not stay rows.
bool ExpertLifter::trackDims(Value value) {
  if (rowDims.contains(value))
    return true;
  std::optional<Dims> dims = inferDims(value.getDefiningOp());
  if (!dims || dims->empty() || dims->back() != Dim{Axis::Feature})
    return false;
  rowDims[value] = *dims;
  return true;
}

/// Likewise of values that are alike: all run over the same.
bool ExpertLifter::trackDims(Values values) {
  return llvm::all_of(values, [&](Value value) {
    return trackDims(value) && getDims(value) == getDims(values.front());
  });
}

std::optional<Dims> ExpertLifter::inferDims(Operation *op) {
  if (isa<onnx::MatMulOp, onnx::GemmOp>(op))
    return inferDimsOfProduct(op);
  if (isRowwiseElementwise(op))
    return inferDimsOfElements(op);
  auto rows = rowDims.find(op->getOperand(0));
  if (rows == rowDims.end())
    return std::nullopt;
  if (auto transpose = dyn_cast<onnx::TransposeOp>(op))
    return transposeDims(rows->second, transpose);
  if (isView(op))
    return reshapeDims(
        rows->second, facts.getShapes().getExtents(op->getOperand(0)),
        facts.getShapes().getExtents(op->getResult(0)), facts.getExtents());
  // Along the features.
  return rows->second;
}

/// Rows of every token, or of every token and expert, by one matrix for each
/// expert, which meets the third dimension from the right.
std::optional<Dims> ExpertLifter::inferDimsOfProduct(Operation *op) {
  auto rows = rowDims.find(op->getOperand(0));
  if (rows == rowDims.end() || rows->second.size() < 2)
    return std::nullopt;
  Dims dims = rows->second;
  // The matrix of one expert.
  if (space == Space::Slots && getType(op->getOperand(1)).getRank() == 2)
    return dims;
  if (dims.size() == 2)
    dims.insert(dims.begin(), Dim());
  Dim &experts = dims[dims.size() - 3];
  if (!experts.empty() && experts != Dim{Axis::Expert})
    return std::nullopt;
  experts = {Axis::Expert};
  return findAxis(dims, Axis::Expert) ? std::optional(dims) : std::nullopt;
}

std::optional<Dims> ExpertLifter::inferDimsOfElements(Operation *op) {
  Dims dims(getType(op->getResult(0)).getRank());
  for (Value operand : op->getOperands()) {
    ArrayRef<Dim> own;
    if (auto rows = rowDims.find(operand); rows != rowDims.end())
      own = rows->second;
    else if (const Fact *fact = facts.lookup(operand))
      own = fact->dims;
    std::optional<Dims> both = broadcastDims(dims, own);
    if (!both)
      return std::nullopt;
    dims = *both;
  }
  return dims;
}
