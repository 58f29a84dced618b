//===-- OutlineTasks.cpp - parallel loops become task functions -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Passes.h"

#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"

namespace moec {
#define GEN_PASS_DEF_OUTLINETASKS
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

namespace {
struct OutlineTasks : moec::impl::OutlineTasksBase<OutlineTasks> {
  void runOnOperation() override {
    SmallVector<scf::ForallOp> outer, nested;
    getOperation().walk<WalkOrder::PreOrder>([&](scf::ForallOp loop) {
      (loop->getParentOfType<scf::ForallOp>() ? nested : outer).push_back(loop);
    });
    // Tasks never start tasks: what is parallel inside one runs in order.
    IRRewriter rewriter(&getContext());
    for (scf::ForallOp loop : llvm::reverse(nested)) {
      rewriter.setInsertionPoint(loop);
      if (failed(scf::forallToForLoop(rewriter, loop)))
        return signalPassFailure();
    }
    for (scf::ForallOp loop : outer) {
      if (loop.getNumResults() != 0) {
        loop.emitError("must have been bufferized");
        return signalPassFailure();
      }
      outline(loop);
    }
  }

private:
  /// ceil((upper - lower) / step) of each dimension, at least 0.
  static SmallVector<Value> buildTripCounts(OpBuilder &builder,
                                            scf::ForallOp loop) {
    Location loc = loop.getLoc();
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    SmallVector<Value> counts;
    for (auto [lower, upper, step] :
         llvm::zip(loop.getMixedLowerBound(), loop.getMixedUpperBound(),
                   loop.getMixedStep())) {
      Value from = getValueOrCreateConstantIndexOp(builder, loc, lower);
      Value to = getValueOrCreateConstantIndexOp(builder, loc, upper);
      Value by = getValueOrCreateConstantIndexOp(builder, loc, step);
      Value span = arith::SubIOp::create(builder, loc, to, from);
      Value count = arith::CeilDivSIOp::create(builder, loc, span, by);
      counts.push_back(arith::MaxSIOp::create(builder, loc, count, zero));
    }
    return counts;
  }

  static void outline(scf::ForallOp loop) {
    Location loc = loop.getLoc();
    auto parent = loop->getParentOfType<func::FuncOp>();
    OpBuilder builder(loop);
    SmallVector<Value> counts = buildTripCounts(builder, loop);
    Value total = arith::ConstantIndexOp::create(builder, loc, 1);
    for (Value count : counts)
      total = arith::MulIOp::create(builder, loc, total, count);

    // Constants are made again inside, everything else is captured.
    llvm::SetVector<Value> used, captures;
    getUsedValuesDefinedAbove(loop.getRegion(), used);
    for (OpFoldResult bound : llvm::concat<const OpFoldResult>(
             loop.getMixedLowerBound(), loop.getMixedStep()))
      if (auto value = dyn_cast<Value>(bound))
        used.insert(value);
    used.insert(counts.begin(), counts.end());
    SmallVector<Operation *> constants;
    for (Value value : used) {
      Operation *def = value.getDefiningOp();
      if (def && def->hasTrait<OpTrait::ConstantLike>())
        constants.push_back(def);
      else
        captures.insert(value);
    }

    SmallVector<Type> types = {builder.getIndexType()};
    for (Value value : captures)
      types.push_back(value.getType());
    auto task =
        func::FuncOp::create(loc, (parent.getName() + "_task").str(),
                             FunctionType::get(loop.getContext(), types, {}));
    task.setPrivate();
    SymbolTable(parent->getParentOp())
        .insert(task, std::next(Block::iterator(parent)));

    auto body = OpBuilder::atBlockBegin(task.addEntryBlock());
    IRMapping mapping;
    mapping.map(captures.getArrayRef(), task.getArguments().drop_front());
    for (Operation *constant : constants)
      body.clone(*constant, mapping);
    mapIndices(body, loop, task.getArgument(0), counts, mapping);
    for (Operation &op : loop.getBody()->without_terminator())
      body.clone(op, mapping);
    func::ReturnOp::create(body, loc);

    rt::ParallelOp::create(builder, loc, task.getSymName(), total,
                           captures.getArrayRef());
    loop.erase();
  }

  /// The loop's induction variables from the flat task index, last fastest.
  static void mapIndices(OpBuilder &builder, scf::ForallOp loop, Value flat,
                         ArrayRef<Value> counts, IRMapping &mapping) {
    Location loc = loop.getLoc();
    auto lowers = loop.getMixedLowerBound();
    auto steps = loop.getMixedStep();
    auto resolve = [&](OpFoldResult bound) {
      if (auto value = dyn_cast<Value>(bound))
        return mapping.lookup(value);
      return getValueOrCreateConstantIndexOp(builder, loc, bound);
    };
    for (unsigned dim = counts.size(); dim-- > 0;) {
      Value position = flat;
      if (dim != 0) {
        Value count = mapping.lookup(counts[dim]);
        position = arith::RemUIOp::create(builder, loc, flat, count);
        flat = arith::DivUIOp::create(builder, loc, flat, count);
      }
      Value scaled =
          arith::MulIOp::create(builder, loc, position, resolve(steps[dim]));
      mapping.map(
          loop.getInductionVars()[dim],
          arith::AddIOp::create(builder, loc, scaled, resolve(lowers[dim])));
    }
  }
};
} // namespace
