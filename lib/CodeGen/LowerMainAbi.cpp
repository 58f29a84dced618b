//===-- LowerMainAbi.cpp - main speaks to the run context -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Passes.h"

#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"

namespace moec {
#define GEN_PASS_DEF_LOWERMAINABI
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

/// The extents of `value`, all of them as index values.
static SmallVector<Value> buildSizes(OpBuilder &builder, Location loc,
                                     Value value) {
  auto type = cast<MemRefType>(value.getType());
  SmallVector<Value> sizes;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    sizes.push_back(
        ShapedType::isDynamic(size)
            ? Value(memref::DimOp::create(builder, loc, value, dim))
            : Value(arith::ConstantIndexOp::create(builder, loc, size)));
  return sizes;
}

/// All extents of an allocation, from its dynamic operands.
static SmallVector<Value> buildSizes(OpBuilder &builder,
                                     memref::AllocOp alloc) {
  SmallVector<Value> sizes;
  auto dynamic = alloc.getDynamicSizes().begin();
  for (int64_t size : alloc.getType().getShape())
    sizes.push_back(ShapedType::isDynamic(size)
                        ? Value(*dynamic++)
                        : Value(arith::ConstantIndexOp::create(
                              builder, alloc.getLoc(), size)));
  return sizes;
}

namespace {
struct LowerMainAbi : moec::impl::LowerMainAbiBase<LowerMainAbi> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>(kMainName);
    if (!main)
      return;
    if (failed(lowerResults(main)))
      return signalPassFailure();
    lowerArguments(main);
    main.setType(FunctionType::get(&getContext(), {}, {}));
  }

private:
  void lowerArguments(func::FuncOp main) {
    Block &entry = main.getBody().front();
    auto builder = OpBuilder::atBlockBegin(&entry);
    for (BlockArgument arg : entry.getArguments()) {
      auto input = rt::InputOp::create(builder, main.getLoc(), arg.getType(),
                                       arg.getArgNumber());
      arg.replaceAllUsesWith(input);
    }
    main.setAllArgAttrs(ArrayRef<DictionaryAttr>(SmallVector<DictionaryAttr>(
        entry.getNumArguments(), builder.getDictionaryAttr({}))));
    BitVector all(entry.getNumArguments(), true);
    (void)main.eraseArguments(all);
  }

  LogicalResult lowerResults(func::FuncOp main) {
    auto ret = cast<func::ReturnOp>(main.getBody().front().getTerminator());
    OpBuilder builder(ret);
    for (OpOperand &operand : ret->getOpOperands()) {
      Value value = operand.get();
      int64_t position = operand.getOperandNumber();
      auto alloc = value.getDefiningOp<memref::AllocOp>();
      bool isOnlyReturnedHere =
          alloc && llvm::count(ret.getOperands(), value) == 1;
      if (isOnlyReturnedHere) {
        OpBuilder at(alloc);
        auto output = rt::OutputOp::create(at, alloc.getLoc(), alloc.getType(),
                                           position, buildSizes(at, alloc));
        if (Attribute alias = main.getResultAttr(position, kAliasAttr))
          output->setAttr(kAliasAttr, alias);
        alloc.replaceAllUsesWith(output.getValue());
        alloc.erase();
        continue;
      }
      if (main.getResultAttr(position, kAliasAttr))
        return main.emitError()
               << "output " << position
               << " was to continue an input in its buffer, but is a copy; "
                  "this is a fault of the compiler";
      auto type = cast<MemRefType>(value.getType());
      auto output = rt::OutputOp::create(
          builder, ret.getLoc(),
          MemRefType::get(type.getShape(), type.getElementType()), position,
          buildSizes(builder, ret.getLoc(), value));
      memref::CopyOp::create(builder, ret.getLoc(), value, output);
      ++numCopies;
    }
    func::ReturnOp::create(builder, ret.getLoc());
    ret.erase();
    main.setAllResultAttrs(ArrayRef<DictionaryAttr>(SmallVector<DictionaryAttr>(
        main.getNumResults(), builder.getDictionaryAttr({}))));
    return success();
  }
};
} // namespace
