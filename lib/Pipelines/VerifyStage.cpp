//===-- VerifyStage.cpp - what holds between the stages -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Pipelines/Passes.h"

#include "moec/CodeGen/Library.h"
#include "moec/CodeGen/Passes.h"

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Param/IR/Param.h"
#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/MapVector.h"

namespace moec {
#define GEN_PASS_DEF_VERIFYSTAGE
#include "moec/Pipelines/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

/// Whether the op is of one of these dialects (builtin always is).
template <typename... Dialects> static bool isOf(Operation *op) {
  return isa_and_present<BuiltinDialect, Dialects...>(op->getDialect());
}

static bool isInKernel(Operation *op) {
  auto function = op->getParentOfType<func::FuncOp>();
  return function && function->hasAttr(kKernelAttr);
}

static InFlightDiagnostic fail(Operation *op, StringRef stage) {
  return op->emitError() << "after the stage '" << stage << "': '"
                         << op->getName() << "' ";
}

static LogicalResult verifyOnnx(Operation *op) {
  if (!isOf<onnx::OnnxDialect, param::ParamDialect, func::FuncDialect>(op))
    return fail(op, "onnx") << "is not of the imported graph";
  for (OpResult result : op->getResults()) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type)
      return fail(op, "onnx") << "has a result without a rank";
    if (!type.hasStaticShape() && !onnx::getShapeMap(result))
      return fail(op, "onnx") << "has a dynamic extent that nothing describes";
  }
  auto function = dyn_cast<func::FuncOp>(op);
  if (!function || function.isExternal())
    return success();
  for (BlockArgument arg : function.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(arg.getType());
    if (!type || (!type.hasStaticShape() && !onnx::getShapeMap(arg)))
      return fail(op, "onnx") << "has argument " << arg.getArgNumber()
                              << " with an extent that nothing describes";
  }
  return success();
}

static LogicalResult verifyMoe(Operation *op) {
  if (isa<onnx::MoEOp, onnx::QMoEOp>(op))
    return fail(op, "moe") << "was not raised";
  if (!isOf<onnx::OnnxDialect, moe::MoeDialect, param::ParamDialect,
            func::FuncDialect, tensor::TensorDialect, arith::ArithDialect,
            affine::AffineDialect>(op))
    return fail(op, "moe") << "is neither onnx nor moe";
  return success();
}

static LogicalResult verifyKernels(Operation *op) {
  if (auto function = dyn_cast<func::FuncOp>(op)) {
    if (function->hasAttr(kKernelAttr) && !function.isPrivate())
      return fail(op, "kernels") << "is a kernel but not private";
    if (function->hasAttr(kKernelAttr) &&
        !llvm::all_of(function.getResultTypes(), llvm::IsaPred<TensorType>))
      return fail(op, "kernels") << "is a kernel that returns another thing "
                                    "than tensors";
    return success();
  }
  if (isInKernel(op)) {
    if (isOf<param::ParamDialect>(op))
      return fail(op, "kernels") << "is in a kernel, which takes its weights "
                                    "as operands";
    return success();
  }
  bool computes = isOf<onnx::OnnxDialect, moe::MoeDialect>(op) &&
                  !isa<BuiltinDialect>(op->getDialect()) &&
                  !op->hasTrait<OpTrait::ConstantLike>();
  if (computes ||
      !isOf<param::ParamDialect, func::FuncDialect, tensor::TensorDialect,
            arith::ArithDialect, affine::AffineDialect, rt::RtDialect,
            scf::SCFDialect, onnx::OnnxDialect>(op))
    return fail(op, "kernels") << "computes elements outside of a kernel";
  return success();
}

static LogicalResult verifyLinalg(Operation *op) {
  if (isa_and_present<onnx::OnnxDialect>(op->getDialect()))
    return fail(op, "linalg") << "was not lowered";
  auto product = dyn_cast<moe::GroupedMatmulOp>(op);
  if (isa_and_present<moe::MoeDialect>(op->getDialect()) &&
      !(product && product.ownsSchedule()))
    return fail(op, "linalg") << "was not lowered and owns no schedule";
  for (Type type : op->getResultTypes())
    if (isa<BaseMemRefType>(type))
      return fail(op, "linalg") << "is a memref before bufferization";
  return success();
}

static LogicalResult verifyVector(Operation *op) {
  if (isa_and_present<moe::MoeDialect>(op->getDialect()))
    return fail(op, "vector") << "was not scheduled";
  // Attributes may still be of tensor type; values may not.
  for (Type type : op->getResultTypes()) {
    if (isa<TensorType>(type))
      return fail(op, "vector") << "is a tensor after bufferization";
    auto vector = dyn_cast<VectorType>(type);
    if (vector && vector.getRank() > 0 && vector.getNumElements() == 1 &&
        isOf<arith::ArithDialect>(op))
      return fail(op, "vector") << "computes on a vector of one element";
  }
  auto function = dyn_cast<func::FuncOp>(op);
  if (!function || !function->hasAttr(kKernelAttr) || function.isExternal())
    return success();
  if (!function->getParentOp()->hasAttr(kLevelAttr))
    return fail(op, "vector") << "is a kernel outside of a CPU level's module";
  return success();
}

static LogicalResult verifyLlvm(Operation *op) {
  if (!isOf<LLVM::LLVMDialect, param::ParamDialect>(op))
    return fail(op, "llvm") << "was not lowered";
  auto isBf16 = [](Type type) { return getElementTypeOrSelf(type).isBF16(); };
  if (llvm::any_of(op->getResultTypes(), isBf16) ||
      llvm::any_of(op->getOperandTypes(), isBf16))
    return fail(op, "llvm") << "has a bf16, which LLVM rounds by a call into "
                               "the compiler's library";
  auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
  if (!function || !function.isExternal() ||
      isGeneratedCodeExternal(function.getName()) ||
      function.getName().starts_with("llvm."))
    return success();
  return fail(op, "llvm") << "declares '" << function.getName()
                          << "', which the runtime's ABI list does not have";
}

/// Merging has left nothing to merge: kernels that differ only in their name
/// would be compiled twice.
static LogicalResult verifyDistinctKernels(ModuleOp module) {
  llvm::DenseMap<Type, SmallVector<func::FuncOp>> byType;
  auto flags = OperationEquivalence::Flags::IgnoreLocations;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function->hasAttr(kKernelAttr))
      continue;
    for (func::FuncOp other : byType[function.getFunctionType()])
      if (function.getArgAttrsAttr() == other.getArgAttrsAttr() &&
          OperationEquivalence::isRegionEquivalentTo(&function.getBody(),
                                                     &other.getBody(), flags))
        return fail(function, "kernels")
               << "'" << function.getName() << "' equals '" << other.getName()
               << "'";
    byType[function.getFunctionType()].push_back(function);
  }
  return success();
}

namespace {
/// Main calls kernels by their slots in the levels' function tables, so each
/// slot is one kernel, of one name, everywhere.
class SlotCheck {
public:
  SlotCheck(ModuleOp module, StringRef stage) : module(module), stage(stage) {}

  bool isBroken() {
    collect(module, inMain);
    for (auto [slot, kernel] : inMain)
      if (slot < 0 || slot >= int64_t(inMain.size()))
        complain(kernel) << "has slot " << slot << " of the function table, "
                         << "which has " << inMain.size();
    for (auto level : module.getOps<ModuleOp>())
      if (level->hasAttr(kLevelAttr))
        checkLevel(level);
    return foundFault;
  }

private:
  using Slots = llvm::MapVector<int64_t, Operation *>;

  void collect(ModuleOp scope, Slots &slots) {
    for (auto function : scope.getOps<FunctionOpInterface>()) {
      if (!function->hasAttr(kKernelAttr))
        continue;
      auto slot = function->getAttrOfType<IntegerAttr>(kKernelAttr);
      if (!slot) {
        complain(function) << "is a kernel without a slot";
        continue;
      }
      auto [known, isNew] = slots.insert({slot.getInt(), function});
      if (!isNew)
        complain(function) << "has slot " << slot.getInt() << ", as has '"
                           << getName(known->second) << "'";
    }
  }

  void checkLevel(ModuleOp level) {
    Slots own;
    collect(level, own);
    for (auto [slot, kernel] : own) {
      Operation *called = inMain.lookup(slot);
      if (!called)
        complain(kernel) << "has slot " << slot << ", which main does not call";
      else if (getName(called) != getName(kernel))
        complain(kernel) << "has slot " << slot << ", which main calls '"
                         << getName(called) << "'";
    }
    for (auto [slot, called] : inMain)
      if (!own.contains(slot))
        complain(level) << "lacks the kernel '" << getName(called)
                        << "' of slot " << slot;
  }

  static StringRef getName(Operation *op) {
    return SymbolTable::getSymbolName(op);
  }

  InFlightDiagnostic complain(Operation *op) {
    foundFault = true;
    InFlightDiagnostic diagnostic = fail(op, stage);
    diagnostic << "'" << getName(op) << "' ";
    return diagnostic;
  }

  ModuleOp module;
  StringRef stage;
  Slots inMain;
  bool foundFault = false;
};

struct VerifyStage : moec::impl::VerifyStageBase<VerifyStage> {
  using VerifyStageBase::VerifyStageBase;

  void runOnOperation() override {
    static const std::pair<StringRef, LogicalResult (*)(Operation *)> checks[] =
        {{"onnx", verifyOnnx},       {"moe", verifyMoe},
         {"kernels", verifyKernels}, {"linalg", verifyLinalg},
         {"vector", verifyVector},   {"llvm", verifyLlvm}};
    const auto *check = llvm::find_if(
        checks, [&](const auto &entry) { return entry.first == stage; });
    if (check == std::end(checks)) {
      getOperation().emitError() << "no stage is named '" << stage << "'";
      return signalPassFailure();
    }
    bool isBroken = false;
    getOperation().walk(
        [&](Operation *op) { isBroken |= failed(check->second(op)); });
    if (stage == "kernels" && !equalKernels)
      isBroken |= failed(verifyDistinctKernels(getOperation()));
    if (stage == "vector" || stage == "llvm")
      isBroken |= SlotCheck(getOperation(), stage).isBroken();
    if (isBroken)
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
