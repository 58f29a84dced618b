//===-- PassFaults.cpp - one wrong rewrite for each pass ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PassFaults.h"

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Param/IR/Param.h"
#include "moec/CodeGen/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;
using namespace moec;
using namespace moec::validate;

/// Changes the first op of a kind that can be changed.
template <typename OpTy>
static bool changeFirst(ModuleOp module, function_ref<bool(OpTy)> change) {
  return module
      .walk([&](OpTy op) {
        return change(op) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===-- Parameters --------------------------------------------------------===//

/// The parameter that a value is loaded from, if its elements are floats.
static param::DeclOp findFloats(Value weights) {
  auto load = weights.getDefiningOp<param::LoadOp>();
  if (!load || !isa<FloatType>(getType(weights).getElementType()))
    return {};
  return SymbolTable::lookupNearestSymbolFrom<param::DeclOp>(
      load, load.getParamAttr());
}

/// Elements along an axis come in another order: each from the next place.
static bool rotate(param::DeclOp decl, int64_t axis) {
  if (!decl || decl.getTensorType().getDimSize(axis) < 2)
    return false;
  int64_t extent = decl.getTensorType().getDimSize(axis);
  SmallVector<int64_t> indices;
  for (int64_t i : llvm::seq(extent))
    indices.push_back((i + 1) % extent);
  decl.setRecipeAttr(cast<param::RecipeInterface>(param::GatherAttr::get(
      decl.getContext(), decl.getTypedRecipe(), axis,
      DenseI64ArrayAttr::get(decl.getContext(), indices))));
  return true;
}

/// A rearrangement that was folded into a recipe is another one.
static bool rotateFolded(ModuleOp module) {
  return changeFirst<param::LoadOp>(module, [](param::LoadOp load) {
    param::DeclOp decl = findFloats(load.getValue());
    return decl && !isa<param::FileAttr>(decl.getRecipe()) &&
           rotate(decl, decl.getTensorType().getRank() - 1);
  });
}

/// The weight of a MatMul has its columns in another order.
static bool rotateMultiplied(ModuleOp module) {
  return changeFirst<onnx::MatMulOp>(module, [](onnx::MatMulOp op) {
    Value weight = op.getB();
    while (isa_and_present<onnx::ReshapeOp, onnx::TransposeOp>(
        weight.getDefiningOp()))
      weight = weight.getDefiningOp()->getOperand(0);
    param::DeclOp decl = findFloats(weight);
    return decl && rotate(decl, decl.getTensorType().getRank() - 1);
  });
}

/// Two parameters of one type are taken for equal.
static bool mergeParameters(ModuleOp module) {
  llvm::DenseMap<Type, param::LoadOp> first;
  return changeFirst<param::LoadOp>(module, [&](param::LoadOp load) {
    param::DeclOp decl = findFloats(load.getValue());
    if (!decl)
      return false;
    auto [known, isNew] = first.try_emplace(load.getValue().getType(), load);
    if (isNew || known->second.getParam() == load.getParam())
      return false;
    load.setParamAttr(known->second.getParamAttr());
    return true;
  });
}

/// A parameter has the place of another one.
static bool overlapParameters(ModuleOp module) {
  llvm::DenseMap<Type, param::DeclOp> first;
  return changeFirst<param::DeclOp>(module, [&](param::DeclOp decl) {
    auto [known, isNew] = first.try_emplace(decl.getType(), decl);
    if (isNew || known->second.getOffset() == decl.getOffset())
      return false;
    decl.setOffsetAttr(known->second.getOffsetAttr());
    return true;
  });
}

//===-- Layers ------------------------------------------------------------===//

/// The weights of each expert are those of the next one.
static bool shiftExperts(ModuleOp module) {
  return changeFirst<moe::GroupedMatmulOp>(module, [](moe::GroupedMatmulOp op) {
    return rotate(findFloats(op.getWeights()), 0);
  });
}

/// The same, of whole networks.
static bool shiftNetworks(ModuleOp module) {
  return changeFirst<moe::ExpertFfnOp>(module, [](moe::ExpertFfnOp op) {
    return rotate(findFloats(op.getW2()), 0);
  });
}

/// Weights are renormalised, or not, where that makes a difference.
static bool toggleRenormalize(ModuleOp module) {
  return changeFirst<moe::RouteOp>(module, [](moe::RouteOp op) {
    bool differs = op.getScore() != moe::ScoreFunction::SoftmaxSelected &&
                   getType(op.getScores()).getDimSize(1) !=
                       getType(op.getIdsInit()).getDimSize(1);
    if (differs) {
      op.setRenormalize(!op.getRenormalize());
      op.removeNormAttr();
      op.removeLeastDivisorAttr();
    }
    return differs;
  });
}

/// The activation is another one.
template <typename OpTy> static bool swapActivation(ModuleOp module) {
  return changeFirst<OpTy>(module, [](OpTy op) {
    moe::ActivationAttr activation = op.getActivation();
    if (activation.isGated())
      return false;
    bool isRelu = activation.getKind() == moe::ActivationKind::Relu;
    op.setActivationAttr(moe::ActivationAttr::get(
        op.getContext(),
        isRelu ? moe::ActivationKind::Silu : moe::ActivationKind::Relu));
    return true;
  });
}

/// A dense product takes an activation in that is not there.
static bool addActivation(ModuleOp module) {
  return changeFirst<moe::GroupedMatmulOp>(module, [](moe::GroupedMatmulOp op) {
    if (op.getNumExperts() != 1 ||
        op.getActivation().getKind() != moe::ActivationKind::Identity)
      return false;
    op.setActivationAttr(
        moe::ActivationAttr::get(op.getContext(), moe::ActivationKind::Relu));
    return true;
  });
}

/// Panels are made of the wrong order of columns.
static bool toggleGated(ModuleOp module) {
  return changeFirst<moe::PackPanelsOp>(module, [](moe::PackPanelsOp op) {
    int64_t columns =
        getType(op.getWeights()).getDimSize(op.getKMajor() ? 2 : 1);
    if (columns % 2 != 0 || columns < 4)
      return false;
    op.setGated(!op.getGated());
    return true;
  });
}

//===-- Graphs ------------------------------------------------------------===//

/// Something is taken for an identity.
static bool dropOperation(ModuleOp module) {
  return changeFirst<onnx::OnnxNode>(module, [](onnx::OnnxNode node) {
    Operation *op = node;
    if (op->getNumOperands() == 0 || op->getNumResults() != 1 ||
        op->use_empty() || isa<onnx::IdentityOp>(op) ||
        op->getOperand(0).getType() != op->getResult(0).getType() ||
        !isa<FloatType>(getType(op->getResult(0)).getElementType()))
      return false;
    op->replaceAllUsesWith(ValueRange(op->getOperand(0)));
    op->erase();
    return true;
  });
}

/// A cache is continued by the output of another one.
static bool shareWrongBuffer(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>(kMainName);
  for (unsigned i = 0; i < main.getNumResults(); ++i)
    if (auto alias = main.getResultAttrOfType<IntegerAttr>(i, kAliasAttr))
      for (unsigned j = 0; j < main.getNumArguments(); ++j)
        if (int64_t(j) != alias.getInt() &&
            main.getArgumentTypes()[j] ==
                main.getArgumentTypes()[unsigned(alias.getInt())]) {
          main.setResultAttr(i, kAliasAttr,
                             Builder(module.getContext()).getI64IntegerAttr(j));
          return true;
        }
  return false;
}

/// A kernel gets its operands in the wrong order.
static bool swapArguments(ModuleOp module) {
  return changeFirst<func::CallOp>(module, [](func::CallOp call) {
    StringRef kernel = call.getCallee();
    bool isOrdered = kernel.starts_with("Sub") || kernel.starts_with("Div") ||
                     kernel.starts_with("MatMul");
    if (!isOrdered || call.getNumOperands() < 3 ||
        call.getOperand(0).getType() != call.getOperand(1).getType())
      return false;
    Value first = call.getOperand(0);
    call.setOperand(0, call.getOperand(1));
    call.setOperand(1, first);
    return call.getOperand(0) != first;
  });
}

/// Two kernels of one type are taken for equal.
static bool mergeKernels(ModuleOp module) {
  llvm::DenseMap<Type, func::FuncOp> first;
  return changeFirst<func::CallOp>(module, [&](func::CallOp call) {
    auto kernel = module.lookupSymbol<func::FuncOp>(call.getCallee());
    if (!kernel || !kernel->hasAttr(kKernelAttr))
      return false;
    auto [known, isNew] = first.try_emplace(kernel.getFunctionType(), kernel);
    if (isNew || known->second == kernel)
      return false;
    call.setCallee(known->second.getSymName());
    return true;
  });
}

/// What is not to change the module does.
static bool changeAnything(ModuleOp module) {
  module->setAttr("test.changed", UnitAttr::get(module.getContext()));
  return true;
}

llvm::ArrayRef<PassFault> validate::getPassFaults() {
  static const PassFault faults[] = {
      {"warn-baked-extents", "the module is changed", changeAnything},
      {"einsum-to-matmul", "columns of a weight are others", rotateMultiplied},
      {"param-fold-recipes", "a rearrangement is another one", rotateFolded},
      {"raise-decomposed-layers", "weights come from the next expert",
       shiftExperts},
      {"canonicalize", "an op is taken for an identity", dropOperation},
      {"moe-fuse-experts", "an activation is another one",
       swapActivation<moe::ExpertFfnOp>},
      {"raise-routers", "weights are renormalised, or not", toggleRenormalize},
      {"raise-onnx-to-moe", "weights are renormalised, or not",
       toggleRenormalize},
      {"moe-eliminate-dead-experts", "choices lead to the next expert",
       shiftNetworks},
      {"moec-alias-caches", "an output continues another's cache",
       shareWrongBuffer},
      {"moec-verify-stage", "the module is changed", changeAnything},
      {"raise-matmul-to-grouped", "an activation is there that was not",
       addActivation},
      {"moe-decompose-expert-ffn", "an activation is another one",
       swapActivation<moe::GroupedMatmulOp>},
      {"moe-pack-weights", "gate and up are where they are not", toggleGated},
      {"param-merge-equal", "two parameters are taken for equal",
       mergeParameters},
      {"param-layout", "two parameters have one place", overlapParameters},
      {"moec-profile-routing", "weights are renormalised, or not",
       toggleRenormalize},
      {"moec-outline-kernels", "operands are in another order", swapArguments},
      {"duplicate-function-elimination", "two kernels are taken for equal",
       mergeKernels}};
  return faults;
}
