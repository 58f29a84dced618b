//===-- Faults.cpp - wrong rewrites, for the tests to find ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"

#include "moec/CodeGen/Passes.h"

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Param/IR/Param.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/SymbolTable.h"

#include <cmath>

using namespace mlir;
using namespace moec;

template <typename OpTy>
static unsigned changeEach(ModuleOp module, function_ref<bool(OpTy)> change) {
  SmallVector<OpTy> ops;
  module.walk([&](OpTy op) { ops.push_back(op); });
  return llvm::count_if(ops, change);
}

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===-- Routing -----------------------------------------------------------===//

static unsigned flipTies(ModuleOp module) {
  return changeEach<moe::RouteOp>(module, [](moe::RouteOp op) {
    op.setTie(op.getTie() == moe::TieRule::Highest ? moe::TieRule::Lowest
                                                   : moe::TieRule::Highest);
    return true;
  });
}

/// Where all are chosen, or the softmax is of the chosen, it makes no
/// difference.
static unsigned toggleRenormalize(ModuleOp module) {
  return changeEach<moe::RouteOp>(module, [](moe::RouteOp op) {
    bool differs = op.getScore() == moe::ScoreFunction::SoftmaxAll &&
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

static unsigned swapScore(ModuleOp module) {
  return changeEach<moe::RouteOp>(module, [](moe::RouteOp op) {
    bool isSelected = op.getScore() == moe::ScoreFunction::SoftmaxSelected;
    if (op.getRenormalize())
      return false;
    op.setScore(isSelected ? moe::ScoreFunction::SoftmaxAll
                           : moe::ScoreFunction::SoftmaxSelected);
    return true;
  });
}

static unsigned limitCapacity(ModuleOp module) {
  return changeEach<moe::RouteOp>(module, [](moe::RouteOp op) {
    op.setCapacity(2);
    return true;
  });
}

/// The last expert looks dead and is never chosen.
static unsigned dropExpert(ModuleOp module) {
  return changeEach<moe::RouteOp>(module, [](moe::RouteOp op) {
    int64_t experts = getType(op.getScores()).getDimSize(1);
    int64_t choices = getType(op.getIdsInit()).getDimSize(1);
    if (choices == experts)
      return false;
    ImplicitLocOpBuilder b(op.getLoc(), op);
    SmallVector<float> bias(experts, 0.0f);
    bias.back() = -std::numeric_limits<float>::infinity();
    auto elements = DenseElementsAttr::get(
        RankedTensorType::get({experts}, b.getF32Type()), ArrayRef(bias));
    op.getSelectionBiasMutable().assign(
        onnx::ConstantOp::create(b, elements).getResult());
    return true;
  });
}

/// Another destination of the same extents but the last.
static Value withColumns(ImplicitLocOpBuilder &b, Value tokens, Value like,
                         int64_t columns) {
  RankedTensorType type = getType(like);
  return tensor::EmptyOp::create(
      b,
      ArrayRef<OpFoldResult>{getAsOpFoldResult(tokens),
                             b.getIndexAttr(columns)},
      type.getElementType());
}

/// The k-th choice is forgotten: everything after has k - 1 of them.
static unsigned forgetChoice(ModuleOp module) {
  return changeEach<moe::PlanOp>(module, [](moe::PlanOp plan) {
    auto route = plan.getIds().getDefiningOp<moe::RouteOp>();
    int64_t choices = getType(plan.getIds()).getDimSize(1) - 1;
    if (!route || choices == 0)
      return false;
    ImplicitLocOpBuilder b(route.getLoc(), route);
    Value tokens = b.createOrFold<tensor::DimOp>(route.getScores(), 0);
    Value count = b.createOrFold<arith::MulIOp>(
        tokens, arith::ConstantIndexOp::create(b, choices));
    auto redirect = [](OpOperand &init, Value value, OpResult result) {
      init.set(value);
      result.setType(value.getType());
    };
    redirect(route.getWeightsInitMutable(),
             withColumns(b, tokens, route.getWeightsInit(), choices),
             route->getResult(0));
    redirect(route.getIdsInitMutable(),
             withColumns(b, tokens, route.getIdsInit(), choices),
             route->getResult(1));
    redirect(plan.getRowsInitMutable(),
             tensor::EmptyOp::create(
                 b, ArrayRef<OpFoldResult>{getAsOpFoldResult(count)},
                 b.getI32Type()),
             plan->getResult(1));
    redirect(plan.getInverseInitMutable(),
             withColumns(b, tokens, plan.getInverseInit(), choices),
             plan->getResult(2));
    for (Operation *user : plan->getResult(1).getUsers())
      if (auto network = dyn_cast<moe::ExpertFfnOp>(user))
        redirect(
            network.getInitMutable(),
            tensor::EmptyOp::create(
                b,
                ArrayRef<OpFoldResult>{
                    getAsOpFoldResult(count),
                    b.getIndexAttr(getType(network.getInit()).getDimSize(1))},
                getType(network.getInit()).getElementType()),
            network->getResult(0));
    return true;
  });
}

//===-- Rows and networks -------------------------------------------------===//

/// A permutation for its inverse.
static unsigned invertRows(ModuleOp module) {
  return changeEach<moe::ExpertFfnOp>(module, [](moe::ExpertFfnOp op) {
    auto plan = op.getRows().getDefiningOp<moe::PlanOp>();
    if (!plan || getType(plan.getIds()).getDimSize(1) == 1)
      return false;
    ImplicitLocOpBuilder b(op.getLoc(), op);
    SmallVector<ReassociationIndices> groups = {{0, 1}};
    op.getRowsMutable().assign(tensor::CollapseShapeOp::create(
        b, getType(op.getRows()), plan.getResult(2), groups));
    return true;
  });
}

static unsigned dropBias(ModuleOp module) {
  return changeEach<moe::ExpertFfnOp>(module, [](moe::ExpertFfnOp op) {
    if (!op.getBias2())
      return false;
    op.getBias2Mutable().clear();
    return true;
  });
}

static unsigned swapGelu(ModuleOp module) {
  return changeEach<moe::ExpertFfnOp>(module, [](moe::ExpertFfnOp op) {
    if (op.getActivation().getKind() != moe::ActivationKind::GeluTanh)
      return false;
    op.setActivationAttr(moe::ActivationAttr::get(
        op.getContext(), moe::ActivationKind::GeluErf));
    return true;
  });
}

/// Only with a limit that values reach does it make a difference.
static unsigned dropLimit(ModuleOp module) {
  return changeEach<moe::ExpertFfnOp>(module, [](moe::ExpertFfnOp op) {
    moe::ActivationAttr activation = op.getActivation();
    if (!activation.isGated() || !activation.getLimit().isFinite())
      return false;
    op.setActivationAttr(
        moe::ActivationAttr::get(op.getContext(), activation.getKind(),
                                 activation.getAlpha().convertToFloat(),
                                 activation.getBeta().convertToFloat()));
    return true;
  });
}

/// The second of two layers is weighted by the routing of the first.
static unsigned shareRouting(ModuleOp module) {
  moe::CombineOp first;
  return changeEach<moe::CombineOp>(module, [&](moe::CombineOp op) {
    if (!first) {
      first = op;
      return false;
    }
    bool fits = getType(op.getWeights()) == getType(first.getWeights()) &&
                op.getWeights() != first.getWeights();
    if (fits)
      op.getWeightsMutable().assign(first.getWeights());
    return fits;
  });
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

static void setIndices(param::DeclOp decl, int64_t axis,
                       ArrayRef<int64_t> indices) {
  decl.setRecipeAttr(cast<param::RecipeInterface>(param::GatherAttr::get(
      decl.getContext(), decl.getTypedRecipe(), axis,
      DenseI64ArrayAttr::get(decl.getContext(), indices))));
}

static unsigned swapGateAndUp(ModuleOp module) {
  return changeEach<moe::ExpertFfnOp>(module, [](moe::ExpertFfnOp op) {
    param::DeclOp decl = findFloats(op.getW1());
    if (!decl || !op.isInterleaved())
      return false;
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < getType(op.getW1()).getDimSize(1); ++i)
      indices.push_back(i ^ 1);
    setIndices(decl, 1, indices);
    return true;
  });
}

/// The weights of each expert come from the next one.
static unsigned shiftExperts(ModuleOp module) {
  return changeEach<moe::ExpertFfnOp>(module, [](moe::ExpertFfnOp op) {
    param::DeclOp decl = findFloats(op.getW2());
    int64_t experts = getType(op.getW2()).getDimSize(0);
    if (!decl || experts == 1)
      return false;
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < experts; ++i)
      indices.push_back((i + 1) % experts);
    setIndices(decl, 0, indices);
    return true;
  });
}

/// Square matrices in the other of the two layouts.
static unsigned transposeSquare(ModuleOp module) {
  return changeEach<moe::ExpertFfnOp>(module, [](moe::ExpertFfnOp op) {
    param::DeclOp decl = findFloats(op.getW2());
    RankedTensorType type = getType(op.getW2());
    if (!decl || type.getDimSize(1) != type.getDimSize(2))
      return false;
    decl.setRecipeAttr(cast<param::RecipeInterface>(param::TransposeAttr::get(
        decl.getContext(), decl.getTypedRecipe(),
        DenseI64ArrayAttr::get(decl.getContext(), {0, 2, 1}))));
    return true;
  });
}

/// One element too early.
static unsigned shiftOffset(ModuleOp module) {
  return changeEach<moe::ExpertFfnOp>(module, [](moe::ExpertFfnOp op) {
    param::DeclOp decl = findFloats(op.getW1());
    auto file = decl ? dyn_cast<param::FileAttr>(decl.getRecipe()) : nullptr;
    uint64_t bytes = getType(op.getW1()).getElementTypeBitWidth() / 8;
    if (!file || file.getOffset() < bytes)
      return false;
    decl.setRecipeAttr(cast<param::RecipeInterface>(
        param::FileAttr::get(decl.getContext(), file.getPath(),
                             file.getOffset() - bytes, file.getLength())));
    return true;
  });
}

/// Two layers' parameters of one type are taken for equal.
static unsigned mergeParameters(ModuleOp module) {
  param::DeclOp first;
  return changeEach<moe::ExpertFfnOp>(module, [&](moe::ExpertFfnOp op) {
    param::DeclOp decl = findFloats(op.getW1());
    if (!decl)
      return false;
    if (!first) {
      first = decl;
      return false;
    }
    if (decl == first || decl.getType() != first.getType())
      return false;
    op.getW1().getDefiningOp<param::LoadOp>().setParam(first.getSymName());
    return true;
  });
}

/// Two kernels of one type are taken for equal.
static unsigned mergeKernels(ModuleOp module) {
  SmallVector<func::FuncOp> kernels;
  for (auto function : module.getOps<func::FuncOp>())
    if (function->hasAttr(kKernelAttr))
      kernels.push_back(function);
  for (size_t i = 0; i < kernels.size(); ++i)
    for (size_t j = i + 1; j < kernels.size(); ++j) {
      if (kernels[i].getFunctionType() != kernels[j].getFunctionType())
        continue;
      unsigned count = 0;
      module.walk([&](func::CallOp call) {
        if (call.getCallee() != kernels[j].getSymName())
          return;
        call.setCallee(kernels[i].getSymName());
        ++count;
      });
      return count;
    }
  return 0;
}

//===-- Layers of ordinary operators --------------------------------------===//

static bool isRaised(moe::ExpertFfnOp op) {
  return op->hasAttr(moe::MoeDialect::getRaisedFromAttrName());
}

/// The first two experts have each other's first weights.
static unsigned swapRaisedExperts(ModuleOp module) {
  return changeEach<moe::ExpertFfnOp>(module, [](moe::ExpertFfnOp op) {
    param::DeclOp decl = findFloats(op.getW1());
    int64_t experts = getType(op.getW1()).getDimSize(0);
    if (!isRaised(op) || !decl || experts == 1)
      return false;
    SmallVector<int64_t> indices = llvm::to_vector(llvm::seq(experts));
    std::swap(indices[0], indices[1]);
    setIndices(decl, 0, indices);
    return true;
  });
}

/// What experts do to a row is taken for something else.
static unsigned changeRaisedActivation(ModuleOp module) {
  return changeEach<moe::ExpertFfnOp>(module, [](moe::ExpertFfnOp op) {
    if (!isRaised(op) ||
        op.getActivation().getKind() != moe::ActivationKind::Relu)
      return false;
    op.setActivationAttr(
        moe::ActivationAttr::get(op.getContext(), moe::ActivationKind::Silu));
    return true;
  });
}

/// The kernel of a product of experts does something else to a row.
static unsigned changeRaisedKernel(ModuleOp module) {
  return changeEach<moe::GroupedMatmulOp>(module, [](moe::GroupedMatmulOp op) {
    bool isOfExperts = getType(op.getWeights()).getDimSize(0) > 1;
    if (!isOfExperts ||
        op.getActivation().getKind() != moe::ActivationKind::Relu)
      return false;
    op.setActivationAttr(
        moe::ActivationAttr::get(op.getContext(), moe::ActivationKind::Silu));
    return true;
  });
}

//===-- Machine code ------------------------------------------------------===//

/// The last kernel of the last level.
static LLVM::LLVMFuncOp findLastKernel(ModuleOp module) {
  LLVM::LLVMFuncOp last;
  module.walk([&](LLVM::LLVMFuncOp function) {
    if (function->hasAttr(kKernelAttr) && !function.isExternal() &&
        function->getParentOp()->hasAttr(kLevelAttr))
      last = function;
  });
  return last;
}

/// A remainder, for which the CPU has no instruction.
static unsigned callLibrary(ModuleOp module) {
  LLVM::LLVMFuncOp kernel = findLastKernel(module);
  if (!kernel)
    return 0;
  Block &entry = kernel.getBody().front();
  auto b = ImplicitLocOpBuilder::atBlockBegin(kernel.getLoc(), &entry);
  Value context = entry.getArgument(0);
  Value number = LLVM::LoadOp::create(b, b.getF32Type(), context);
  LLVM::StoreOp::create(b, LLVM::FRemOp::create(b, number, number), context);
  return 1;
}

/// Attributes that LLVM does not take together.
static unsigned contradict(ModuleOp module) {
  LLVM::LLVMFuncOp kernel = findLastKernel(module);
  if (!kernel)
    return 0;
  Builder b(module.getContext());
  kernel.setPassthroughAttr(b.getStrArrayAttr({"alwaysinline", "noinline"}));
  return 1;
}

//===-- The tables --------------------------------------------------------===//

llvm::ArrayRef<Fault> moec::getFaults() {
  static const Fault faults[] = {
      {"tie", "the tie rule is the other one", EmitKind::Moe, flipTies},
      {"renormalize", "weights are renormalised, or not", EmitKind::Moe,
       toggleRenormalize},
      {"score", "the softmax is over other experts", EmitKind::Moe, swapScore},
      {"capacity", "an expert takes two rows at most", EmitKind::Moe,
       limitCapacity},
      {"dead-expert", "the last expert is never chosen", EmitKind::Moe,
       dropExpert},
      {"top-k", "one choice too few", EmitKind::Moe, forgetChoice},
      {"rows", "a permutation for its inverse", EmitKind::Moe, invertRows},
      {"bias", "the second bias is dropped", EmitKind::Moe, dropBias},
      {"gelu", "the other form of gelu", EmitKind::Moe, swapGelu},
      {"limit", "swiglu loses its limit", EmitKind::Moe, dropLimit},
      {"routing", "two layers share one routing", EmitKind::Moe, shareRouting},
      {"gate-up", "gate and up are swapped", EmitKind::Moe, swapGateAndUp},
      {"next-expert", "weights come from the next expert", EmitKind::Moe,
       shiftExperts},
      {"transpose", "square weights are transposed", EmitKind::Moe,
       transposeSquare},
      {"offset", "a parameter begins one element early", EmitKind::Moe,
       shiftOffset},
      {"merge-parameters", "two parameters are taken for equal", EmitKind::Moe,
       mergeParameters},
      {"raised-experts", "two experts of a raised layer are swapped",
       EmitKind::Moe, swapRaisedExperts},
      {"raised-activation", "a raised layer's activation is another",
       EmitKind::Moe, changeRaisedActivation},
      {"raised-kernel", "a kernel of a raised layer has another activation",
       EmitKind::Kernels, changeRaisedKernel},
      {"merge-kernels", "two kernels are taken for equal", EmitKind::Kernels,
       mergeKernels}};
  return faults;
}

llvm::ArrayRef<Fault> moec::getRefusedFaults() {
  static const Fault faults[] = {
      {"foreign-call", "an op that is a call into libm", EmitKind::Llvm,
       callLibrary},
      {"contradiction", "a function that LLVM finds invalid", EmitKind::Llvm,
       contradict}};
  return faults;
}

namespace {
struct PlantFault : PassWrapper<PlantFault, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PlantFault)

  PlantFault(const Fault &fault, bool needsPlace)
      : fault(fault), needsPlace(needsPlace) {}

  StringRef getArgument() const final { return "test-plant-fault"; }
  StringRef getDescription() const final {
    return "does what a wrong pass could do";
  }
  void runOnOperation() final {
    if (fault.plant(getOperation()) > 0 || !needsPlace)
      return;
    getOperation().emitError()
        << "has no place for the fault '" << fault.name << "'";
    signalPassFailure();
  }

  const Fault &fault;
  bool needsPlace;
};
} // namespace

std::unique_ptr<Pass> moec::createPlantFault(const Fault &fault,
                                             bool needsPlace) {
  return std::make_unique<PlantFault>(fault, needsPlace);
}
