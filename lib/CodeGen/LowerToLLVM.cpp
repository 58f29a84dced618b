//===-- LowerToLLVM.cpp - everything left becomes the llvm dialect --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RuntimeLowerings.h"

#include "moec/CodeGen/Passes.h"

#include "dialects/Param/IR/Param.h"
#include "dialects/Rt/IR/Rt.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"

namespace moec {
#define GEN_PASS_DEF_LOWERTOLLVM
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

namespace {
struct LowerToLLVM : moec::impl::LowerToLLVMBase<LowerToLLVM> {
  void runOnOperation() override {
    // The result of a function is its status, so what it computes must already
    // be in its destinations.
    bool isBroken = false;
    getOperation().walk([&](func::FuncOp function) {
      if (function.getNumResults() == 0)
        return;
      function.emitError() << "'" << function.getName()
                           << "' still returns a buffer: a result was not "
                              "computed in its destination";
      isBroken = true;
    });
    if (isBroken)
      return signalPassFailure();

    MLIRContext *context = &getContext();
    LowerToLLVMOptions options(context);
    options.useGenericFunctions = false;
    LLVMTypeConverter converter(context, options);
    // bf16 is only moved by now. LLVM would widen it to f32 even for that and,
    // where it picks one of two or carries one through a loop, round it back by
    // a call into the compiler's library.
    Type bits = IntegerType::get(context, 16);
    converter.addConversion([=](BFloat16Type) { return bits; });
    converter.addConversion([&](VectorType type) -> std::optional<Type> {
      if (!type.getElementType().isBF16())
        return std::nullopt;
      return converter.convertType(type.clone(bits));
    });
    RewritePatternSet patterns(context);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    ub::populateUBToLLVMConversionPatterns(converter, patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    // Ours win over the upstream malloc and free.
    populateRuntimeLowerings(converter, patterns, PatternBenefit(10));

    LLVMConversionTarget target(*context);
    // What splits blocks is not for a conversion, which would remember every op
    // that a split moves: as many, for each check of main, as main has behind
    // it.
    target.addLegalOp<ModuleOp, param::DeclOp, rt::ContextOp, rt::TryOp,
                      rt::RecordOp>();
    target.addDynamicallyLegalOp<rt::CheckOp>([](rt::CheckOp op) {
      return llvm::none_of(op.getValues().getTypes(),
                           [](Type type) { return type.isIndex(); });
    });
    if (failed(
            applyFullConversion(getOperation(), target, std::move(patterns))))
      return signalPassFailure();
  }
};
} // namespace
