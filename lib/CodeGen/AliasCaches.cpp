//===-- AliasCaches.cpp - presents that may share their past's buffer -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Passes.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Remarks.h"

namespace moec {
#define GEN_PASS_DEF_ALIASCACHES
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

namespace {
struct AliasCaches : moec::impl::AliasCachesBase<AliasCaches> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>(kMainName);
    if (!main || main.isExternal())
      return;
    Operation *terminator = main.getBody().front().getTerminator();
    Builder builder(&getContext());
    for (OpOperand &operand : terminator->getOpOperands()) {
      BlockArgument past = findPast(operand.get());
      if (!past)
        continue;
      main.setResultAttr(operand.getOperandNumber(), kAliasAttr,
                         builder.getI64IntegerAttr(past.getArgNumber()));
      remark::passed(
          operand.get().getLoc(),
          remark::RemarkOpts::name("SharedCache").category("moec-alias-caches"))
          << remark::add("output {0} may share the buffer of input {1}: only "
                         "new rows are written then",
                         operand.getOperandNumber(), past.getArgNumber());
      ++numAliases;
    }
  }

private:
  /// The input that an output continues, if nobody would see that its buffer
  /// changes. With a second reader of either, the one that comes later would.
  static BlockArgument findPast(Value output) {
    auto node = output.getDefiningOp<onnx::OnnxNode>();
    if (!node || !output.hasOneUse())
      return {};
    Value past = node.getContinued(cast<OpResult>(output).getResultNumber());
    auto input = dyn_cast_or_null<BlockArgument>(past);
    return input && input.hasOneUse() ? input : BlockArgument();
  }
};
} // namespace
