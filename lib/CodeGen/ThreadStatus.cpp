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
      else
        dispatch(function);
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
      if (isa<rt::ContextOp, rt::TryOp, LLVM::CallOp, LLVM::ReturnOp>(op))
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
    if (!leave) {
      OpBuilder::InsertionGuard guard(rewriter);
      leave = rewriter.createBlock(&function.getBody(),
                                   function.getBody().end(), {i32}, {loc});
      LLVM::ReturnOp::create(rewriter, loc, leave->getArgument(0));
    }
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
      auto call = LLVM::CallOp::create(
          rewriter, loc, getFail(function),
          ValueRange{function.getBody().front().getArgument(0),
                     failed->getArgument(0), place});
      LLVM::BrOp::create(rewriter, loc, call.getResult(), leave);
    }
    LLVM::CondBrOp::create(rewriter, loc, isFine, after, ValueRange{}, failed,
                           ValueRange{status}, std::make_pair(1u << 20, 1u));
  }

  /// The declaration of moec_rt_fail in the function's module.
  static LLVM::LLVMFuncOp getFail(LLVM::LLVMFuncOp function) {
    auto module = function->getParentOfType<ModuleOp>();
    if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>("moec_rt_fail"))
      return known;
    auto builder = OpBuilder::atBlockBegin(module.getBody());
    Type i32 = builder.getI32Type();
    auto ptr = LLVM::LLVMPointerType::get(builder.getContext());
    return LLVM::LLVMFuncOp::create(
        builder, module.getLoc(), "moec_rt_fail",
        LLVM::LLVMFunctionType::get(i32, {ptr, i32, i32}));
  }

  /// In main's module a kernel is a jump through the session's function table.
  static void dispatch(LLVM::LLVMFuncOp kernel) {
    OpBuilder builder(kernel.getContext());
    Location loc = kernel.getLoc();
    int64_t number = kernel->getAttrOfType<IntegerAttr>(kKernelAttr).getInt();
    auto ptr = LLVM::LLVMPointerType::get(kernel.getContext());
    Block *entry = kernel.addEntryBlock(builder);
    builder.setInsertionPointToStart(entry);
    static_assert(offsetof(moec_ctx, kernels) == 0);
    Value table =
        LLVM::LoadOp::create(builder, loc, ptr, entry->getArgument(0));
    Value slot = LLVM::GEPOp::create(builder, loc, ptr, ptr, table,
                                     ArrayRef<LLVM::GEPArg>{int32_t(number)});
    Value target = LLVM::LoadOp::create(builder, loc, ptr, slot);
    SmallVector<Value> operands = {target};
    llvm::append_range(operands, entry->getArguments());
    auto call =
        LLVM::CallOp::create(builder, loc, kernel.getFunctionType(), operands);
    LLVM::ReturnOp::create(builder, loc, call.getResult());
    kernel.setLinkage(LLVM::Linkage::Internal);
  }
};
} // namespace
