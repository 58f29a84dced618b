//===-- ExpertLifter.cpp - experts as functions of a row ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpertLifter.h"

#include "../FusedLayers.h"
#include "Constants.h"

#include "dialects/Param/IR/Param.h"

#include "mlir/IR/TypeUtilities.h"
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

/// Whether only extents of 1 change their places.
static bool movesOnes(onnx::TransposeOp op) {
  auto permutation = op->getAttrOfType<DenseI64ArrayAttr>("perm");
  if (!permutation)
    return false;
  SmallVector<int64_t> moved;
  for (int64_t dim : permutation.asArrayRef())
    if (getType(op->getOperand(0)).getDimSize(dim) != 1)
      moved.push_back(dim);
  return llvm::is_sorted(moved);
}

static bool isView(Operation *op) {
  if (auto transpose = dyn_cast<onnx::TransposeOp>(op))
    return movesOnes(transpose);
  return isa<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
             onnx::FlattenOp, onnx::IdentityOp>(op);
}

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
  auto found = known.find({values.front(), values.size()});
  if (found != known.end())
    return found->second;
  // Experts are small; what is deep is no expert, and recursion must end.
  constexpr unsigned kMaxDepth = 256;
  if (depth >= kMaxDepth)
    return fail(values.front().getDefiningOp(), "the expert is too deep");
  ++depth;
  RowExpr *expr = liftNew(values);
  --depth;
  if (expr)
    known[{values.front(), values.size()}] = expr;
  return expr;
}

RowExpr *ExpertLifter::liftNew(Values values) {
  // Extents alone tell tokens from experts there.
  if (space == Space::Experts &&
      facts.isAllTokens(
          facts.getShapes().getConstant(facts.getExtents().experts)))
    return fail(values.front().getDefiningOp(),
                "there are as many tokens as experts, which cannot be told "
                "apart");
  if (RowExpr *source = liftSource(values))
    return source;
  if (!miss.reason.empty())
    return nullptr;
  for (Value value : values)
    if (!value.getDefiningOp())
      return fail(nullptr, "an input of the model is no row of this layer");
  return liftNode(values);
}

/// Without what repeats rows for each choice or expert.
Value ExpertLifter::peelTokens(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    onnx::Extents extents = facts.getShapes().getExtents(value);
    AffineExpr rows = facts.getShapes().getConstant(1);
    for (AffineExpr extent : ArrayRef(extents).drop_back())
      rows = rows * extent;
    if (facts.isAllTokens(rows))
      return value;
    bool isPeeled = isView(op) || isa<onnx::ExpandOp, onnx::TileOp>(op);
    if (!isPeeled)
      return {};
    value = op->getOperand(0);
  }
  return {};
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
  SmallVector<Axis> wanted = {Axis::Token, Axis::Choice, Axis::Feature};
  if (hasExperts)
    wanted = {Axis::Expert, Axis::Token, Axis::Feature};
  // One token row serves all choices, where products broadcast it.
  SmallVector<Axis> plain = {Axis::Token, Axis::Feature};
  SmallVector<Axis> axes = flattenDims(dims);
  sourceDims[value] = dims;
  return axes == wanted || axes == plain;
}

/// Whether the rows of `value` stand where those of `dims` do, broadcast: each
/// of its dimensions but the last `inner` counts nothing or the same.
bool ExpertLifter::areAligned(Value value, ArrayRef<Dim> dims, unsigned inner) {
  ArrayRef<Dim> own;
  if (const Fact *fact = facts.lookup(value))
    own = fact->dims;
  else if (auto found = sourceDims.find(value); found != sourceDims.end())
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
  AffineExpr rows = facts.getShapes().getConstant(1);
  for (AffineExpr extent : ArrayRef(extents).drop_back())
    rows = rows * extent;
  bool isFloat =
      isa<Float16Type, BFloat16Type, Float32Type>(type.getElementType());
  if (type.getRank() < 2 || !facts.isAllTokens(rows) || !isFloat ||
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
  if (space == Space::Tokens)
    return llvm::all_equal(values) ? makeSource(value, op) : nullptr;

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
  for (auto [expert, gathered] : llvm::enumerate(values)) {
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
    if (space == Space::Hits && index->expert != int64_t(expert))
      return fail(gather, "it gathers the rows of another expert");
    if (source && source != gather->getOperand(0))
      return fail(gather, "experts see rows of different values");
    source = gather->getOperand(0);
    gathers.push_back(gather);
  }
  visited.insert(gathers.begin(), gathers.end());
  return makeSource(source, op);
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

RowExpr *ExpertLifter::liftNode(Values values) {
  // Sorted rows, cut by how many each expert has.
  if (auto split = values.front().getDefiningOp<onnx::SplitOp>();
      split && space == Space::Rows &&
      ArrayRef<Value>(SmallVector<Value>(split.getOutputs())) == values &&
      facts.lookup(values.front()) && facts.lookup(values.front())->expert) {
    visited.insert(split);
    return lift(split.getInput());
  }
  if (!areAlike(values))
    return nullptr;
  for (Value value : values)
    visited.insert(value.getDefiningOp());
  Operation *op = values.front().getDefiningOp();
  if (isView(op)) {
    // The last dimension is a row's, before and after.
    RankedTensorType from = getType(op->getOperand(0));
    RankedTensorType to = getType(values.front());
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
    (void)from;
    (void)to;
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
      if (!llvm::all_equal(column) ||
          int64_t(values.size()) != facts.getExtents().experts)
        return fail(op, "experts see rows of different values");
      return lift(column.front());
    }
  }
  if (isa<onnx::MatMulOp, onnx::GemmOp>(op))
    return liftProduct(values);
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
  return lift(parts);
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

/// Vectors, one for each expert, or a table of them.
RowExpr *ExpertLifter::addBias(RowExpr *product, Values vectors,
                               Operation *node) {
  if (product->kind != RowExpr::Product || !product->bias.empty())
    return fail(node, "a vector of each expert is added, but not to a product");
  RowExpr expr = *product;
  for (Value vector : vectors) {
    const Fact *fact = facts.lookup(vector);
    bool isTable = fact && (fact->kind == FactKind::Table ||
                            fact->kind == FactKind::RowTable);
    if (isTable) {
      RankedTensorType table = getType(fact->table);
      if (table.getRank() != 2 || table.getDimSize(1) != product->width ||
          fact->dims.back() != Dim{Axis::Feature})
        return fail(node, "what is added is no vector of the expert");
      for (Value part = vector;
           facts.lookup(part) &&
           part.getDefiningOp()->getOperand(0) != fact->table;
           part = part.getDefiningOp()->getOperand(0))
        visited.insert(part.getDefiningOp());
      expr.bias.push_back(fact->table);
      continue;
    }
    RankedTensorType type = getType(vector);
    bool isVector = type.hasStaticShape() && type.getRank() > 0 &&
                    type.getNumElements() == product->width &&
                    type.getShape().back() == product->width;
    // [experts, 1, features], where one value has all experts.
    bool isStack = space == Space::Experts && type.getRank() == 3 &&
                   type.hasStaticShape() &&
                   type.getDimSize(0) == facts.getExtents().experts &&
                   type.getDimSize(1) == 1 &&
                   type.getDimSize(2) == product->width;
    if ((!isVector && !isStack) ||
        !isa_and_present<param::LoadOp, onnx::ConstantOp>(
            vector.getDefiningOp()))
      return fail(node, "what is added is no vector of the expert");
    if (isVector && space == Space::Experts)
      return fail(node, "what is added is no vector of each expert");
    expr.bias.push_back(vector);
  }
  return make(expr);
}

/// Rows of tokens times their weights, for all experts at once.
RowExpr *ExpertLifter::liftScaled(Values values) {
  Operation *op = values.front().getDefiningOp();
  for (unsigned i : {0, 1}) {
    Value weight = op->getOperand(i);
    const Fact *fact = facts.lookup(weight);
    SmallVector<Axis> order = {Axis::Expert, Axis::Token};
    if (!fact || !fact->dense || fact->kind != FactKind::ZeroOutside ||
        flattenDims(fact->dims) != order)
      continue;
    if (scale || facts.getExtents().choices != 1 || fact->expert)
      return fail(op, "rows are weighted on their way in by more than one "
                      "choice");
    scale = fact->dense;
    scaleDims = fact->denseDims;
    RowExpr *row = lift(op->getOperand(1 - i));
    if (!row)
      return nullptr;
    RowExpr expr(RowExpr::Scaled, op);
    expr.operands.push_back({row, {}});
    expr.width = row->width;
    expr.elementType = row->elementType;
    return make(expr);
  }
  return nullptr;
}

std::optional<double> ExpertLifter::evaluateAtZero(const RowExpr *expr) {
  // What a token has does not matter where it is weighted by zero.
  if (expr->kind == RowExpr::Scaled)
    return 0.0;
  SmallVector<double, 3> values;
  for (const RowExpr::Operand &operand : expr->operands) {
    std::optional<double> value =
        operand.row ? evaluateAtZero(operand.row) : getUniform(operand.shared);
    if (!value && isRowwiseElementwise(expr->op))
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

RowExpr *ExpertLifter::liftElementwise(Values values) {
  Operation *op = values.front().getDefiningOp();
  if (space == Space::Experts && isa<onnx::MulOp>(op)) {
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
  return make(expr);
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

/// Whether a product with one matrix for each expert multiplies all tokens by
/// all of them: [tokens, K], [1, tokens, K] or [experts, tokens, K].
bool ExpertLifter::hasRowsOfAll(Value rows) {
  RankedTensorType type = getType(rows);
  if (type.getRank() == 2 || (type.getRank() == 3 && type.getDimSize(0) == 1))
    return true;
  onnx::Extents extents = facts.getShapes().getExtents(rows);
  int64_t experts = facts.getExtents().experts;
  return type.getRank() == 3 && type.getDimSize(0) == experts &&
         facts.isAllTokens(extents[1]);
}

RowExpr *ExpertLifter::liftProduct(Values values) {
  Operation *op = values.front().getDefiningOp();
  auto isTable = [&](Value value) {
    const Fact *fact = facts.lookup(value);
    return fact &&
           (fact->kind == FactKind::Table || fact->kind == FactKind::RowTable);
  };
  if (isTable(op->getOperand(0)) || isTable(op->getOperand(1)))
    return liftTableProduct(values);

  RowExpr expr(RowExpr::Product, op);
  SmallVector<Value> bias;
  if (auto gemm = dyn_cast<onnx::GemmOp>(op)) {
    if (gemm.getTransA() != 0 || gemm.getAlpha().convertToFloat() != 1.0f ||
        (gemm.getC() && gemm.getBeta().convertToFloat() != 1.0f))
      return fail(op, "it scales or transposes its rows");
    expr.isTransposed = gemm.getTransB() != 0;
    if (gemm.getC())
      bias = getColumn(values, 2);
  }
  expr.weights = getColumn(values, 1);
  RankedTensorType type = getType(expr.weights.front());
  int64_t rank = space == Space::Experts ? 3 : 2;
  for (Value weight : expr.weights) {
    if (!weight.getDefiningOp<param::LoadOp>() || getType(weight) != type ||
        type.getRank() != rank ||
        (rank == 3 && type.getDimSize(0) != facts.getExtents().experts))
      return fail(weight.getDefiningOp() ? weight.getDefiningOp() : op,
                  "its weights are no parameter of one shape for each expert");
  }
  if (space == Space::Experts && !hasRowsOfAll(op->getOperand(0)))
    return fail(op, "its experts do not share the tokens");
  RowExpr *row = lift(getColumn(values, 0));
  if (!row)
    return nullptr;
  int64_t columnsDim = rank - (expr.isTransposed ? 2 : 1);
  int64_t depthDim = rank - (expr.isTransposed ? 1 : 2);
  expr.width = type.getDimSize(columnsDim);
  expr.elementType = getElementTypeOrSelf(values.front().getType());
  expr.operands.push_back({row, {}});
  if (row->width != type.getDimSize(depthDim) ||
      expr.elementType != type.getElementType() ||
      !isa<Float16Type, BFloat16Type, Float32Type>(expr.elementType))
    return fail(op, "its rows do not fit its weights");
  ++numProducts;
  RowExpr *product = make(expr);
  return bias.empty() ? product : addBias(product, bias, op);
}

/// A product with the matrices that were looked up for each choice.
RowExpr *ExpertLifter::liftTableProduct(Values values) {
  Operation *op = values.front().getDefiningOp();
  const Fact *left = facts.lookup(op->getOperand(0));
  bool isLeft = left && (left->kind == FactKind::Table ||
                         left->kind == FactKind::RowTable);
  Value matrix = op->getOperand(isLeft ? 0 : 1);
  const Fact *table = facts.lookup(matrix);
  // W [.., N, K] . x [.., K, 1], or x [.., 1, K] . W [.., K, N]; in between the
  // matrix may have been transposed.
  bool isTransposed = isLeft;
  Value part = matrix;
  while (part != table->table) {
    Operation *maker = part.getDefiningOp();
    visited.insert(maker);
    if (auto transpose = dyn_cast<onnx::TransposeOp>(maker)) {
      const Fact *from = facts.lookup(maker->getOperand(0));
      auto permutation = transpose->getAttrOfType<DenseI64ArrayAttr>("perm");
      int64_t rank = from->dims.size();
      if (!permutation)
        return fail(maker, "it moves more than rows and columns");
      for (auto [to, source] : llvm::enumerate(permutation.asArrayRef())) {
        bool isLast = int64_t(to) >= rank - 2;
        if (isLast ? source < rank - 2 : source != int64_t(to))
          return fail(maker, "it moves more than rows and columns");
      }
      if (permutation[rank - 1] != rank - 1)
        isTransposed = !isTransposed;
    } else if (!isView(maker) &&
               !isa<onnx::GatherOp, onnx::GatherNDOp>(maker)) {
      return fail(maker, "it changes the weights of an expert");
    }
    part = maker->getOperand(0);
  }
  RankedTensorType type = getType(table->table);
  RankedTensorType product = getType(values.front());
  RowExpr expr(RowExpr::Product, op);
  expr.isTransposed = isTransposed;
  expr.weights = {table->table};
  expr.elementType = product.getElementType();
  expr.width = type.getDimSize(isTransposed ? 1 : 2);
  // One row at a time.
  RankedTensorType other = getType(op->getOperand(isLeft ? 1 : 0));
  int64_t ones = other.getRank() - (isLeft ? 1 : 2);
  if (!isa<onnx::MatMulOp>(op) || type.getRank() != 3 || other.getRank() < 2 ||
      other.getRank() != getType(matrix).getRank() ||
      other.getDimSize(ones) != 1)
    return fail(op, "it multiplies several rows by one expert's weights");
  RowExpr *row = lift(op->getOperand(isLeft ? 1 : 0));
  if (!row)
    return nullptr;
  if (!areAligned(op->getOperand(isLeft ? 1 : 0), table->dims, 2))
    return fail(op, "its rows do not stand beside the weights looked up for "
                    "them");
  if (row->width != type.getDimSize(isTransposed ? 2 : 1) ||
      expr.elementType != type.getElementType() ||
      !isa<Float16Type, BFloat16Type, Float32Type>(expr.elementType))
    return fail(op, "its rows do not fit its weights");
  expr.operands.push_back({row, {}});
  ++numProducts;
  return make(expr);
}
