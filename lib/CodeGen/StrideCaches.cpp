//===-- StrideCaches.cpp - caches keep the strides of their buffers -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Passes.h"

#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"

namespace moec {
#define GEN_PASS_DEF_STRIDECACHES
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

/// The same buffer with room behind its rows: any strides, but the innermost.
static MemRefType getStridedType(MemRefType type) {
  SmallVector<int64_t> strides(type.getRank(), ShapedType::kDynamic);
  if (!strides.empty())
    strides.back() = 1;
  return MemRefType::get(
      type.getShape(), type.getElementType(),
      StridedLayoutAttr::get(type.getContext(), /*offset=*/0, strides),
      type.getMemorySpace());
}

/// Gives `value` another layout, and every view of it the layout that follows.
/// Fails, with a diagnostic, at a user that knows row-major buffers only.
static LogicalResult setLayout(Value value, MemRefType type) {
  value.setType(type);
  for (Operation *user : value.getUsers()) {
    if (auto view = dyn_cast<memref::SubViewOp>(user)) {
      auto result =
          cast<MemRefType>(memref::SubViewOp::inferRankReducedResultType(
              view.getType().getShape(), type, view.getMixedOffsets(),
              view.getMixedSizes(), view.getMixedStrides()));
      if (failed(setLayout(view.getResult(), result)))
        return failure();
      continue;
    }
    bool takesAnyLayout =
        isa<memref::LoadOp, memref::StoreOp, memref::DimOp, memref::CopyOp,
            memref::ExtractAlignedPointerAsIndexOp, linalg::LinalgOp>(user);
    if (!takesAnyLayout)
      return user->emitError()
             << "takes a cache, whose strides are the caller's, but needs a "
                "row-major buffer; this is a fault of the compiler";
  }
  return success();
}

/// Puts a cast in front of a call where the kernel takes strides and the buffer
/// is row-major.
static void castOperand(OpOperand &operand, MemRefType type) {
  if (operand.get().getType() == type)
    return;
  OpBuilder builder(operand.getOwner());
  operand.set(memref::CastOp::create(builder, operand.getOwner()->getLoc(),
                                     type, operand.get()));
}

namespace {
struct StrideCaches : moec::impl::StrideCachesBase<StrideCaches> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>(kMainName);
    if (!main)
      return;
    for (auto kernel : getOperation().getOps<func::FuncOp>())
      if (failed(strideArguments(kernel)))
        return signalPassFailure();
    if (failed(strideBuffers(main)))
      return signalPassFailure();
    main.walk([&](func::CallOp call) {
      auto kernel = getOperation().lookupSymbol<func::FuncOp>(call.getCallee());
      for (auto [operand, type] :
           llvm::zip(call->getOpOperands(), kernel.getArgumentTypes()))
        if (auto memref = dyn_cast<MemRefType>(type))
          castOperand(operand, memref);
    });
  }

private:
  /// Both arguments of each pair that may share a buffer.
  static LogicalResult strideArguments(func::FuncOp kernel) {
    bool isChanged = false;
    for (BlockArgument present : kernel.getArguments()) {
      auto alias = kernel.getArgAttrOfType<IntegerAttr>(present.getArgNumber(),
                                                        kAliasAttr);
      if (!alias)
        continue;
      isChanged = true;
      for (BlockArgument cache : {present, kernel.getArgument(alias.getInt())})
        if (failed(setLayout(
                cache, getStridedType(cast<MemRefType>(cache.getType())))))
          return failure();
    }
    if (isChanged)
      kernel.setType(FunctionType::get(
          kernel.getContext(), kernel.getBody().front().getArgumentTypes(),
          kernel.getResultTypes()));
    return success();
  }

  /// Inputs and outputs of the run. Each must reach its kernel as it is: this
  /// is what the interface has told the host.
  LogicalResult strideBuffers(func::FuncOp main) {
    DenseMap<int64_t, rt::InputOp> inputs;
    main.walk([&](rt::InputOp input) { inputs[input.getPosition()] = input; });
    auto result = main.walk([&](rt::OutputOp output) {
      auto alias = output->getAttrOfType<IntegerAttr>(kAliasAttr);
      if (!alias)
        return WalkResult::advance();
      rt::InputOp input = inputs.lookup(alias.getInt());
      if (!input || !isPair(input, output)) {
        output.emitError()
            << "output " << output.getPosition() << " was to continue input "
            << alias.getInt()
            << " in its buffer, but no kernel takes just these two; this is a "
               "fault of the compiler";
        return WalkResult::interrupt();
      }
      for (Value cache : {input.getValue(), output.getValue()})
        cache.setType(getStridedType(cast<MemRefType>(cache.getType())));
      ++numCaches;
      return WalkResult::advance();
    });
    return failure(result.wasInterrupted());
  }

  bool isPair(rt::InputOp input, rt::OutputOp output) {
    OpOperand *past = findUse(input), *present = findUse(output);
    if (!past || !present || past->getOwner() != present->getOwner())
      return false;
    auto call = cast<func::CallOp>(past->getOwner());
    auto kernel = getOperation().lookupSymbol<func::FuncOp>(call.getCallee());
    auto alias = kernel.getArgAttrOfType<IntegerAttr>(
        present->getOperandNumber(), kAliasAttr);
    return alias && alias.getInt() == past->getOperandNumber();
  }

  /// The only use of a buffer beside its extents, if that is a call.
  static OpOperand *findUse(Value buffer) {
    OpOperand *found = nullptr;
    for (OpOperand &use : buffer.getUses()) {
      if (isa<memref::DimOp>(use.getOwner()))
        continue;
      if (found || !isa<func::CallOp>(use.getOwner()))
        return nullptr;
      found = &use;
    }
    return found;
  }
};
} // namespace
