//===-- ParallelizeRows.cpp - blocks of rows as tasks ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Passes.h"

#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"

namespace moec {
#define GEN_PASS_DEF_PARALLELIZEROWS
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;
using linalg::LinalgOp;

/// The buffer that a value is a view of.
static Value getRoot(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value;
}

/// How many of the first loops index the first dimensions as they are.
static unsigned getPrefix(AffineMap map) {
  unsigned prefix = 0;
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || dim.getPosition() != prefix)
      break;
    ++prefix;
  }
  return prefix;
}

/// What an extent of a buffer is: a number, or a dimension of the buffer that
/// another one was allocated like, or a value.
static std::pair<Value, int64_t> getExtent(Value memref, unsigned dim) {
  auto type = cast<MemRefType>(memref.getType());
  if (!type.isDynamicDim(dim))
    return {Value(), type.getDimSize(dim)};
  auto alloc = memref.getDefiningOp<memref::AllocOp>();
  if (!alloc)
    return {memref, dim};
  Value size = alloc.getDynamicSizes()[type.getDynamicDimIndex(dim)];
  auto like = size.getDefiningOp<memref::DimOp>();
  if (like && like.getConstantIndex())
    return getExtent(like.getSource(), *like.getConstantIndex());
  return {size, -1};
}

static bool haveSameExtents(Value a, Value b, unsigned rank) {
  return a == b || llvm::all_of(llvm::seq(rank), [&](unsigned dim) {
           return getExtent(a, dim) == getExtent(b, dim);
         });
}

static unsigned countLeadingParallel(LinalgOp op) {
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  return llvm::find_if(iterators,
                       [](utils::IteratorType type) {
                         return type != utils::IteratorType::parallel;
                       }) -
         iterators.begin();
}

namespace {
/// Ops that run row by row: whatever one of them writes, all others read and
/// write at the same row only. A row is a point of the first `numRowLoops`
/// loops, which count the same in all ops.
class Group {
public:
  /// Adds the op, if the group with it still keeps to rows.
  bool add(LinalgOp op) {
    Group with = *this;
    with.ops.push_back(op);
    with.numRowLoops = std::min(numRowLoops, countLeadingParallel(op));
    SmallVector<Access> own;
    for (OpOperand &operand : op->getOpOperands())
      if (isa<MemRefType>(operand.get().getType()))
        own.push_back({operand.get(),
                       getPrefix(op.getMatchingIndexingMap(&operand)),
                       op.isDpsInit(&operand)});
    if (!addRegionAccesses(op, own))
      return false;
    llvm::append_range(with.accesses, own);
    if (!with.keepToRows() || !(isEmpty() || isLinked(own, with.numRowLoops)))
      return false;
    *this = std::move(with);
    return true;
  }

  bool isEmpty() const { return ops.empty(); }

  /// One parallel loop over blocks of rows instead, unless it is known to be
  /// small. The blocks hold about `blockElements` points of all loops.
  void parallelize(int64_t blockElements) {
    OpBuilder builder(ops.back());
    ImplicitLocOpBuilder b(ops.back().getLoc(), builder);
    unsigned numRows = getNumTiled();
    SmallVector<SmallVector<OpFoldResult>> extents;
    for (LinalgOp op : ops)
      extents.push_back(getExtents(b, op));
    ArrayRef<OpFoldResult> rows = ArrayRef(extents.front()).take_front(numRows);
    OpFoldResult work = b.getIndexAttr(0);
    for (ArrayRef<OpFoldResult> own : extents)
      work = add(b, work, multiply(b, own.drop_front(numRows)));
    OpFoldResult total = mul(b, work, multiply(b, rows));
    if (auto known = getConstantIntValue(total);
        known && *known <= blockElements)
      return;

    // From the inner loops outwards: whole ones, until a block is full.
    SmallVector<OpFoldResult> steps(numRows);
    for (unsigned dim = numRows; dim-- > 0;) {
      steps[dim] = divideAtLeastOne(b, blockElements, work);
      work = mul(b, work, rows[dim]);
    }
    SmallVector<OpFoldResult> zeros(numRows, b.getIndexAttr(0));
    auto loop = scf::ForallOp::create(b, zeros, rows, steps, ValueRange(),
                                      /*mapping=*/std::nullopt);
    builder.setInsertionPoint(loop.getTerminator());
    SmallVector<OpFoldResult> offsets, sizes;
    for (auto [position, extent, step] :
         llvm::zip(loop.getInductionVars(), rows, steps)) {
      offsets.push_back(position);
      sizes.push_back(
          getBlockSize(builder, loop.getLoc(), position, extent, step));
    }
    for (auto [op, own] : llvm::zip(ops, extents)) {
      SmallVector<OpFoldResult> from = offsets, size = sizes;
      from.resize(own.size(), builder.getIndexAttr(0));
      llvm::append_range(size, ArrayRef(own).drop_front(numRows));
      auto tileable = cast<TilingInterface>(op.getOperation());
      // Infallible on buffers.
      (void)tileable.getTiledImplementation(builder, from, size);
    }
    for (LinalgOp op : ops)
      op->erase();
  }

private:
  struct Access {
    Value value;
    unsigned prefix;
    bool isWrite;
  };

  /// Adds what the op's region reads by itself, at any row; false where it
  /// writes.
  static bool addRegionAccesses(LinalgOp op, SmallVectorImpl<Access> &own) {
    bool writes = false;
    op->getRegion(0).walk([&](Operation *inner) {
      // Errors of the run may be recorded in tasks.
      writes |= !isMemoryEffectFree(inner) &&
                !isa<memref::LoadOp, rt::RecordOp>(inner);
    });
    llvm::SetVector<Value> captures;
    getUsedValuesDefinedAbove(op->getRegions(), captures);
    for (Value value : captures)
      if (isa<MemRefType>(value.getType()))
        own.push_back({value, /*prefix=*/0, /*isWrite=*/false});
    return !writes;
  }

  /// Narrows rows to what every access of a written buffer keeps to.
  bool keepToRows() {
    llvm::DenseMap<Value, Value> written;
    for (const Access &access : accesses)
      if (access.isWrite)
        written[getRoot(access.value)] = access.value;
    for (const Access &access : accesses) {
      auto view = written.find(getRoot(access.value));
      if (view == written.end())
        continue;
      // Rows of one view of a buffer are not those of another.
      if (view->second != access.value)
        return false;
      numRowLoops = std::min(numRowLoops, access.prefix);
    }
    return numRowLoops > 0;
  }

  /// Whether an extent in common shows that the op has as many rows.
  bool isLinked(ArrayRef<Access> own, unsigned rows) const {
    return llvm::any_of(own, [&](const Access &access) {
      return llvm::any_of(accesses, [&](const Access &other) {
        return std::min(access.prefix, other.prefix) >= rows &&
               haveSameExtents(access.value, other.value, rows);
      });
    });
  }

  /// The innermost loop of elementwise ops stays whole, for vectors.
  unsigned getNumTiled() {
    unsigned numLoops = 0;
    for (LinalgOp op : ops)
      numLoops = std::max(numLoops, op.getNumLoops());
    return std::min(numRowLoops, std::max(numLoops, 2u) - 1);
  }

  static SmallVector<OpFoldResult> getExtents(ImplicitLocOpBuilder &b,
                                              LinalgOp op) {
    SmallVector<OpFoldResult> extents;
    for (const Range &range : op.createLoopRanges(b, b.getLoc()))
      extents.push_back(range.size);
    return extents;
  }

  static OpFoldResult fold(ImplicitLocOpBuilder &b, AffineExpr expr,
                           ArrayRef<OpFoldResult> operands) {
    return affine::makeComposedFoldedAffineApply(b, b.getLoc(), expr, operands);
  }
  static OpFoldResult add(ImplicitLocOpBuilder &b, OpFoldResult x,
                          OpFoldResult y) {
    return fold(b, b.getAffineSymbolExpr(0) + b.getAffineSymbolExpr(1), {x, y});
  }
  static OpFoldResult mul(ImplicitLocOpBuilder &b, OpFoldResult x,
                          OpFoldResult y) {
    return fold(b, b.getAffineSymbolExpr(0) * b.getAffineSymbolExpr(1), {x, y});
  }
  static OpFoldResult multiply(ImplicitLocOpBuilder &b,
                               ArrayRef<OpFoldResult> factors) {
    OpFoldResult product = b.getIndexAttr(1);
    for (OpFoldResult factor : factors)
      product = mul(b, product, factor);
    return product;
  }

  /// max(a / max(x, 1), 1)
  static OpFoldResult divideAtLeastOne(ImplicitLocOpBuilder &b, int64_t a,
                                       OpFoldResult x) {
    if (auto known = getConstantIntValue(x))
      return b.getIndexAttr(
          std::max<int64_t>(a / std::max<int64_t>(*known, 1), 1));
    Value one = arith::ConstantIndexOp::create(b, 1);
    Value divisor = arith::MaxSIOp::create(b, cast<Value>(x), one);
    Value quotient = arith::DivUIOp::create(
        b, arith::ConstantIndexOp::create(b, a), divisor);
    return Value(arith::MaxSIOp::create(b, quotient, one));
  }

  /// min(step, extent - position)
  static OpFoldResult getBlockSize(OpBuilder &builder, Location loc,
                                   Value position, OpFoldResult extent,
                                   OpFoldResult step) {
    std::optional<int64_t> whole = getConstantIntValue(extent);
    std::optional<int64_t> part = getConstantIntValue(step);
    if (whole && part && *whole % *part == 0)
      return step;
    AffineExpr at, end, size;
    bindDims(builder.getContext(), at);
    bindSymbols(builder.getContext(), end, size);
    auto map = AffineMap::get(1, 2, {size, end - at}, builder.getContext());
    return affine::makeComposedFoldedAffineMin(
        builder, loc, map, {OpFoldResult(position), extent, step});
  }

  SmallVector<LinalgOp> ops;
  SmallVector<Access> accesses;
  unsigned numRowLoops = ~0u;
};

struct ParallelizeRows : moec::impl::ParallelizeRowsBase<ParallelizeRows> {
  using ParallelizeRowsBase::ParallelizeRowsBase;

  void runOnOperation() override {
    getOperation().walk([&](func::FuncOp function) {
      if (function->hasAttr(kKernelAttr) && !function.isExternal())
        parallelize(function.getBody().front());
    });
  }

private:
  void parallelize(Block &block) {
    SmallVector<Group> groups(1);
    for (Operation &op : block) {
      auto loop = dyn_cast<LinalgOp>(op);
      bool isRows = loop && loop.hasPureBufferSemantics();
      if (isRows && groups.back().add(loop))
        continue;
      // What touches no contents may stand between two ops of a group, which
      // move to where the last one is.
      if (isMemoryEffectFree(&op) || isa<memref::AllocOp>(op))
        continue;
      if (!groups.back().isEmpty())
        groups.emplace_back();
      if (isRows)
        groups.back().add(loop);
    }
    for (Group &group : groups)
      if (!group.isEmpty())
        group.parallelize(blockElements);
  }
};
} // namespace
