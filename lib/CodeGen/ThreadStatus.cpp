//===-- ThreadStatus.cpp - run context in, status out ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Passes.h"

#include "dialects/Rt/IR/Rt.h"
#include "moec/generated.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"

namespace moec {
#define GEN_PASS_DEF_THREADSTATUS
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

/// Functions of the ABI list keep their signature.
static bool isRuntimeFunction(LLVM::LLVMFuncOp function) {
  return function.isExternal() && !function->hasAttr(kKernelAttr);
}

/// Weights of a branch that is as good as always taken.
static constexpr std::pair<uint32_t, uint32_t> kLikely = {1u << 20, 1u};

namespace {
struct ThreadStatus : moec::impl::ThreadStatusBase<ThreadStatus> {
  void runOnOperation() override {
    getOperation().walk([&](ModuleOp module) { runOnModule(module); });
  }

private:
  void runOnModule(ModuleOp module) {
    SmallVector<LLVM::LLVMFuncOp> functions;
    for (auto function : module.getOps<LLVM::LLVMFuncOp>())
      if (!isRuntimeFunction(function))
        functions.push_back(function);
    for (LLVM::LLVMFuncOp function : functions)
      addContext(function);
    SymbolTable symbols(module);
    for (LLVM::LLVMFuncOp function : functions)
      if (!function.isExternal())
        threadStatus(function, symbols);
      else if (failed(dispatch(function)))
        signalPassFailure();
  }

  /// The signature: run context first, status as the result.
  static void addContext(LLVM::LLVMFuncOp function) {
    if (function->hasAttr(kTaskEntryAttr))
      return;
    // Tasks above all are nobody's business outside of their unit; kernels go
    // through the level's function table.
    if (function.isPrivate() && !function->hasAttr(kKernelAttr))
      function.setLinkage(LLVM::Linkage::Internal);
    MLIRContext *context = function.getContext();
    auto ptr = LLVM::LLVMPointerType::get(context);
    SmallVector<Type> types = {ptr};
    llvm::append_range(types, function.getFunctionType().getParams());
    if (ArrayAttr attrs = function.getArgAttrsAttr()) {
      SmallVector<Attribute> shifted = {DictionaryAttr::get(context)};
      llvm::append_range(shifted, attrs);
      function.setArgAttrsAttr(ArrayAttr::get(context, shifted));
    }
    function.setFunctionType(
        LLVM::LLVMFunctionType::get(IntegerType::get(context, 32), types));
    if (!function.isExternal())
      function.getBody().front().insertArgument(0u, ptr, function.getLoc());
  }

  void threadStatus(LLVM::LLVMFuncOp function, SymbolTable &symbols) {
    IRRewriter rewriter(&getContext());
    Location loc = function.getLoc();
    Value context = function.getBody().front().getArgument(0);

    SmallVector<Operation *> work;
    function.walk([&](Operation *op) {
      if (isa<rt::ContextOp, rt::TryOp, rt::CheckOp, rt::RecordOp, LLVM::CallOp,
              LLVM::ReturnOp>(op))
        work.push_back(op);
    });
    Block *leave = nullptr;
    // From the end: a split moves all that is behind it in the block.
    for (Operation *op : llvm::reverse(work)) {
      rewriter.setInsertionPoint(op);
      if (isa<rt::ContextOp>(op)) {
        rewriter.replaceOp(op, context);
      } else if (auto attempt = dyn_cast<rt::TryOp>(op)) {
        buildTry(rewriter, function, attempt, attempt.getStatus(), leave,
                 nullptr);
        rewriter.eraseOp(attempt);
      } else if (auto check = dyn_cast<rt::CheckOp>(op)) {
        buildCheck(rewriter, function, check, leave);
      } else if (auto record = dyn_cast<rt::RecordOp>(op)) {
        buildRecord(rewriter, function, record);
      } else if (auto call = dyn_cast<LLVM::CallOp>(op)) {
        auto callee = call.getCallee()
                          ? symbols.lookup<LLVM::LLVMFuncOp>(*call.getCallee())
                          : LLVM::LLVMFuncOp();
        if (!callee || isRuntimeFunction(callee))
          continue;
        SmallVector<Value> operands = {context};
        llvm::append_range(operands, call.getOperands());
        auto withStatus =
            LLVM::CallOp::create(rewriter, call.getLoc(), callee, operands);
        buildTry(rewriter, function, call, withStatus.getResult(), leave,
                 call->getAttrOfType<IntegerAttr>(kSiteAttr));
        rewriter.eraseOp(call);
      } else if (!function->hasAttr(kTaskEntryAttr)) {
        Value status = buildFinalStatus(rewriter, function, loc);
        rewriter.replaceOpWithNewOp<LLVM::ReturnOp>(op, status);
      }
    }
  }

  /// Kernels answer for what their loops and tasks have recorded.
  static Value buildFinalStatus(OpBuilder &builder, LLVM::LLVMFuncOp function,
                                Location loc) {
    Type i32 = builder.getI32Type();
    if (!function->hasAttr(kKernelAttr))
      return LLVM::ConstantOp::create(builder, loc, i32, 0);
    Value error = LLVM::GEPOp::create(
        builder, loc, LLVM::LLVMPointerType::get(builder.getContext()),
        builder.getI8Type(), function.getBody().front().getArgument(0),
        ArrayRef<LLVM::GEPArg>{int32_t(offsetof(moec_ctx, error))});
    return LLVM::LoadOp::create(builder, loc, i32, error);
  }

  /// Leaves the function from `op` with `status` unless it is 0. With `site`,
  /// where the messages of the called kernel begin, this node is the one that
  /// the error names.
  static void buildTry(IRRewriter &rewriter, LLVM::LLVMFuncOp function,
                       Operation *op, Value status, Block *&leave,
                       IntegerAttr site) {
    Location loc = op->getLoc();
    Type i32 = rewriter.getI32Type();
    createLeave(rewriter, function, loc, leave);
    Block *before = op->getBlock();
    Block *after = rewriter.splitBlock(before, std::next(Block::iterator(op)));
    rewriter.setInsertionPointToEnd(before);
    Value zero = LLVM::ConstantOp::create(rewriter, loc, i32, 0);
    Value isFine = LLVM::ICmpOp::create(rewriter, loc, LLVM::ICmpPredicate::eq,
                                        status, zero);
    Block *failed = leave;
    if (site) {
      OpBuilder::InsertionGuard guard(rewriter);
      failed = rewriter.createBlock(leave, {i32}, {loc});
      Value place = LLVM::ConstantOp::create(rewriter, loc, i32,
                                             MOEC_KERNEL_SITE(site.getInt()));
      auto call = callRuntime(rewriter, loc, function, "moec_rt_fail", i32,
                              {function.getBody().front().getArgument(0),
                               failed->getArgument(0), place});
      LLVM::BrOp::create(rewriter, loc, call.getResult(), leave);
    }
    LLVM::CondBrOp::create(rewriter, loc, isFine, after, ValueRange{}, failed,
                           ValueRange{status}, kLikely);
  }

  /// The block that returns its argument, made at first use.
  static void createLeave(IRRewriter &rewriter, LLVM::LLVMFuncOp function,
                          Location loc, Block *&leave) {
    if (leave)
      return;
    OpBuilder::InsertionGuard guard(rewriter);
    leave = rewriter.createBlock(&function.getBody(), function.getBody().end(),
                                 {rewriter.getI32Type()}, {loc});
    LLVM::ReturnOp::create(rewriter, loc, leave->getArgument(0));
  }

  /// Leaves the function from `op` with its status unless its condition holds.
  static void buildCheck(IRRewriter &rewriter, LLVM::LLVMFuncOp function,
                         rt::CheckOp op, Block *&leave) {
    Location loc = op.getLoc();
    createLeave(rewriter, function, loc, leave);
    buildUnless(rewriter, op, op.getCondition());
    buildNote(rewriter, function, op);
    auto call =
        callRuntime(rewriter, loc, function, "moec_rt_fail",
                    rewriter.getI32Type(), buildReport(rewriter, function, op));
    LLVM::BrOp::create(rewriter, loc, call.getResult(), leave);
    rewriter.eraseOp(op);
  }

  /// What the message says of this run.
  static void buildNote(IRRewriter &rewriter, LLVM::LLVMFuncOp function,
                        rt::CheckOp op) {
    if (op.getValues().empty())
      return;
    SmallVector<Value> operands = {function.getBody().front().getArgument(0)};
    llvm::append_range(operands, op.getValues());
    while (operands.size() < 3)
      operands.push_back(LLVM::ConstantOp::create(
          rewriter, op.getLoc(), rewriter.getI64Type(), int64_t(0)));
    callRuntime(rewriter, op.getLoc(), function, "moec_rt_note",
                LLVM::LLVMVoidType::get(op.getContext()), operands);
  }

  /// Records the status of `op` unless its condition holds, and goes on.
  static void buildRecord(IRRewriter &rewriter, LLVM::LLVMFuncOp function,
                          rt::RecordOp op) {
    Location loc = op.getLoc();
    Block *after = buildUnless(rewriter, op, op.getCondition());
    callRuntime(rewriter, loc, function, "moec_rt_record",
                LLVM::LLVMVoidType::get(op.getContext()),
                buildReport(rewriter, function, op));
    LLVM::BrOp::create(rewriter, loc, after);
    rewriter.eraseOp(op);
  }

  /// Branches around a new block, in which the rewriter builds from now on;
  /// returns where both go on.
  static Block *buildUnless(IRRewriter &rewriter, Operation *op,
                            Value condition) {
    Location loc = op->getLoc();
    Block *before = op->getBlock();
    Block *after = rewriter.splitBlock(before, std::next(Block::iterator(op)));
    Block *failed = rewriter.createBlock(after);
    rewriter.setInsertionPointToEnd(before);
    LLVM::CondBrOp::create(rewriter, loc, condition, after, ValueRange{},
                           failed, ValueRange{}, kLikely);
    rewriter.setInsertionPointToEnd(failed);
    return after;
  }

  /// What the runtime is told of a condition that does not hold.
  template <typename OpTy>
  static SmallVector<Value> buildReport(OpBuilder &builder,
                                        LLVM::LLVMFuncOp function, OpTy op) {
    auto site = op->template getAttrOfType<IntegerAttr>(kSiteAttr);
    auto constant = [&](int32_t value) {
      return LLVM::ConstantOp::create(builder, op.getLoc(),
                                      builder.getI32Type(), value);
    };
    return {function.getBody().front().getArgument(0),
            constant(int32_t(op.getStatus())),
            constant(site ? site.getInt() : -1)};
  }

  /// Calls a runtime function, declared in the module at first use.
  static LLVM::CallOp callRuntime(OpBuilder &builder, Location loc,
                                  LLVM::LLVMFuncOp function, StringRef name,
                                  Type result, ValueRange operands) {
    auto module = function->getParentOfType<ModuleOp>();
    auto callee = module.lookupSymbol<LLVM::LLVMFuncOp>(name);
    if (!callee) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(module.getBody());
      callee = LLVM::LLVMFuncOp::create(
          builder, module.getLoc(), name,
          LLVM::LLVMFunctionType::get(result,
                                      SmallVector<Type>(operands.getTypes())));
    }
    return LLVM::CallOp::create(builder, loc, callee, operands);
  }

  /// In main's module a kernel is a jump through the session's function table.
  static LogicalResult dispatch(LLVM::LLVMFuncOp kernel) {
    OpBuilder builder(kernel.getContext());
    Location loc = kernel.getLoc();
    auto number = kernel->getAttrOfType<IntegerAttr>(kKernelAttr);
    if (!number)
      return kernel.emitError() << "kernel '" << kernel.getName()
                                << "' has no slot in the function table";
    auto ptr = LLVM::LLVMPointerType::get(kernel.getContext());
    Block *entry = kernel.addEntryBlock(builder);
    builder.setInsertionPointToStart(entry);
    static_assert(offsetof(moec_ctx, kernels) == 0);
    Value table =
        LLVM::LoadOp::create(builder, loc, ptr, entry->getArgument(0));
    Value slot =
        LLVM::GEPOp::create(builder, loc, ptr, ptr, table,
                            ArrayRef<LLVM::GEPArg>{int32_t(number.getInt())});
    Value target = LLVM::LoadOp::create(builder, loc, ptr, slot);
    SmallVector<Value> operands = {target};
    llvm::append_range(operands, entry->getArguments());
    auto call =
        LLVM::CallOp::create(builder, loc, kernel.getFunctionType(), operands);
    LLVM::ReturnOp::create(builder, loc, call.getResult());
    kernel.setLinkage(LLVM::Linkage::Internal);
    return success();
  }
};
} // namespace
