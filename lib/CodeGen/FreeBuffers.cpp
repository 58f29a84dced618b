//===-- FreeBuffers.cpp - buffers die after their last use ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Passes.h"

#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"

namespace moec {
#define GEN_PASS_DEF_FREEBUFFERS
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

namespace {
struct FreeBuffers : moec::impl::FreeBuffersBase<FreeBuffers> {
  void runOnOperation() override {
    getOperation().walk([](func::FuncOp function) {
      if (!function.isExternal())
        freeBuffers(function);
    });
  }

private:
  static void freeBuffers(func::FuncOp function) {
    BufferViewFlowAnalysis aliases(function);
    SmallVector<memref::AllocOp> allocs;
    function.walk([&](memref::AllocOp alloc) { allocs.push_back(alloc); });
    for (memref::AllocOp alloc : allocs) {
      Block *block = alloc->getBlock();
      Operation *last = alloc;
      bool escapes = false;
      for (Value alias : aliases.resolve(alloc.getResult()))
        for (Operation *user : alias.getUsers()) {
          Operation *ancestor = block->findAncestorOpInBlock(*user);
          // A buffer that leaves its block (yielded, returned) belongs to the
          // outside; scratch has its end already.
          if (!ancestor || isa<memref::DeallocOp>(user) ||
              ancestor->hasTrait<OpTrait::IsTerminator>()) {
            escapes = true;
            continue;
          }
          if (last->isBeforeInBlock(ancestor))
            last = ancestor;
        }
      if (escapes)
        continue;
      OpBuilder builder(last->getContext());
      builder.setInsertionPointAfter(last);
      memref::DeallocOp::create(builder, alloc.getLoc(), alloc);
    }
  }
};
} // namespace
