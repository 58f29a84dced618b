//===-- Pipelines.cpp - the stages as pass pipelines ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Pipelines/Pipelines.h"

#include "moec/Pipelines/Optimisations.h"

#include "dialects/Moe/Transforms/Passes.h"
#include "dialects/Param/Transforms/Passes.h"
#include "moec/CodeGen/Passes.h"
#include "moec/Conversion/Passes.h"
#include "moec/Pipelines/Passes.h"
#include "moec/Raising/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace moec;

namespace {
/// Adds the passes of one stage, in order.
class Stage {
public:
  Stage(OpPassManager &manager, ArrayRef<std::string> disabled)
      : manager(manager), disabled(disabled) {}

  /// A pass that what follows relies on.
  void need(std::unique_ptr<Pass> pass) {
    needed.push_back(pass->getArgument().str());
    manager.addPass(std::move(pass));
  }
  /// An optimisation: what follows does without it as well. This is all there
  /// is to do for `--disable-pass` to take its name.
  void optimise(std::unique_ptr<Pass> pass) {
    std::string name = pass->getArgument().str();
    if (!llvm::is_contained(optimisations, name))
      optimisations.push_back(name);
    if (!isDisabled(name))
      manager.addPass(std::move(pass));
  }
  /// Ends the stage: what it promises is checked, always.
  void end(const char *name) {
    VerifyStageOptions options;
    options.stage = name;
    options.equalKernels = isDisabled("duplicate-function-elimination");
    need(createVerifyStage(options));
  }

  /// Names of both kinds, whether disabled or not.
  std::vector<std::string> needed, optimisations;

private:
  bool isDisabled(StringRef name) const {
    return llvm::is_contained(disabled, name);
  }

  OpPassManager &manager;
  ArrayRef<std::string> disabled;
};
} // namespace

static void fillOnnx(Stage &stage, const PlainStageOptions &) {
  stage.end("onnx");
}

static void fillMoe(Stage &stage, const MoeStageOptions &options) {
  // What is wrongly taken for a layer must not be right in the reference too.
  if (!options.reference) {
    stage.need(createWarnBakedExtents());
    stage.optimise(createEinsumToMatmul());
    // Weights are parameters, whatever an exporter did to them, before anything
    // is matched.
    stage.optimise(param::createParamFoldRecipes());
    stage.need(createCanonicalizerPass());
    RaiseDecomposedLayersOptions raise;
    raise.keepNan = options.keepNan;
    stage.optimise(createRaiseDecomposedLayers(raise));
    stage.need(createCanonicalizerPass());
    stage.optimise(createFuseExperts());
    stage.optimise(createRaiseRouters());
  }
  RaiseOnnxToMoeOptions raise;
  raise.ortCpuCompat = options.ortCpuCompat;
  stage.need(createRaiseOnnxToMoe(raise));
  stage.need(createCanonicalizerPass());
  if (!options.reference) {
    EliminateDeadExpertsOptions dead;
    dead.keepNan = options.keepNan;
    dead.expertProfile = options.expertProfile;
    dead.dropBelow = options.dropBelow;
    stage.optimise(createEliminateDeadExperts(dead));
  }
  stage.optimise(createAliasCaches());
  stage.end("moe");
}

static void fillKernels(Stage &stage, const KernelsStageOptions &options) {
  // The reference shares none of what follows with the product it judges:
  // weights are rearranged by nobody, least of all by the writer of the weights
  // file, and networks of experts stay one op, whose meaning is its loops.
  if (!options.reference) {
    stage.optimise(createRaiseMatmulToGrouped());
    stage.optimise(moe::createDecomposeExpertFfn());
    stage.optimise(moe::createPackWeights());
    stage.optimise(param::createParamFoldRecipes());
  }
  stage.need(createCanonicalizerPass());
  stage.optimise(param::createParamMergeEqual());
  stage.need(param::createParamLayout());
  stage.need(createProfileRouting());
  stage.need(createOutlineKernels());
  // Equal layers are one kernel from here on, before anything costs time.
  stage.optimise(func::createDuplicateFunctionEliminationPass());
  stage.end("kernels");
}

static void fillLinalg(Stage &stage, const LinalgStageOptions &options) {
  stage.need(createConvertOnnxToLinalg());
  // Products with a schedule stay what they are until it makes their code; in
  // the reference they too become plain loops.
  ConvertMoeToLoopsOptions loops;
  loops.keepProducts = !options.reference;
  stage.need(createConvertMoeToLoops(loops));
  stage.need(createCanonicalizerPass());
  stage.end("linalg");
}

static void fillVector(Stage &stage, const VectorStageOptions &options) {
  stage.optimise(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  bufferize.allowReturnAllocsFromLoops = true;
  stage.need(bufferization::createOneShotBufferizePass(bufferize));
  // Loops that carry a destination around give it back as it is: folded away,
  // every kernel's results are its destinations, and go.
  stage.need(createCanonicalizerPass());
  stage.need(bufferization::createDropEquivalentBufferResultsPass());
  // Tiles that are written in place end in a copy to themselves: seen by the
  // canonicalizer once their views are one.
  stage.need(createCSEPass());
  stage.need(createCanonicalizerPass());
  stage.need(createLowerMainAbi());
  stage.need(createStrideCaches());
  stage.need(createUnpackIo());
  if (!options.reference)
    stage.optimise(createParallelizeRows());
  SplitLevelsOptions split;
  split.levels.assign(options.levels.begin(), options.levels.end());
  if (split.levels.empty())
    split.levels.assign(std::begin(kDefaultLevels), std::end(kDefaultLevels));
  stage.need(createSplitLevels(split));
  stage.need(createScheduleGroupedMatmul());
  stage.need(createCanonicalizerPass());
  // After the schedules, which allocate.
  stage.optimise(createFreeBuffers());
  stage.end("vector");
}

static void fillLlvm(Stage &stage, const PlainStageOptions &) {
  stage.need(createLowerCopies());
  stage.need(createConvertLinalgToLoopsPass());
  stage.need(createOutlineTasks());
  stage.need(createExpandMath());
  stage.need(createLowerAffinePass());
  stage.need(createSCFToControlFlowPass());
  stage.need(createLowerExpandShape());
  stage.need(memref::createExpandStridedMetadataPass());
  stage.need(createLowerAffinePass());
  stage.need(arith::createArithExpandOpsPass());
  stage.need(createCanonicalizerPass());
  stage.need(createCSEPass());
  stage.need(createLowerToLLVM());
  stage.need(createThreadStatus());
  stage.end("llvm");
}

template <typename Options>
static void buildStage(void (*fill)(Stage &, const Options &),
                       OpPassManager &manager, const Options &options) {
  SmallVector<std::string> disabled(options.disable.begin(),
                                    options.disable.end());
  Stage stage(manager, disabled);
  fill(stage, options);
}

void moec::buildOnnxStage(OpPassManager &manager,
                          const PlainStageOptions &options) {
  buildStage(fillOnnx, manager, options);
}

void moec::buildMoeStage(OpPassManager &manager,
                         const MoeStageOptions &options) {
  buildStage(fillMoe, manager, options);
}

void moec::buildKernelsStage(OpPassManager &manager,
                             const KernelsStageOptions &options) {
  buildStage(fillKernels, manager, options);
}

void moec::buildLinalgStage(OpPassManager &manager,
                            const LinalgStageOptions &options) {
  buildStage(fillLinalg, manager, options);
}

void moec::buildVectorStage(OpPassManager &manager,
                            const VectorStageOptions &options) {
  buildStage(fillVector, manager, options);
}

void moec::buildLlvmStage(OpPassManager &manager,
                          const PlainStageOptions &options) {
  buildStage(fillLlvm, manager, options);
}

//===-- What may be left out ----------------------------------------------===//

/// Calls `look` with a stage that has the passes of all.
static void lookAtAllStages(llvm::function_ref<void(const Stage &)> look) {
  OpPassManager manager(ModuleOp::getOperationName());
  Stage stage(manager, {});
  PlainStageOptions plain;
  fillOnnx(stage, plain);
  fillMoe(stage, MoeStageOptions());
  fillKernels(stage, KernelsStageOptions());
  fillLinalg(stage, LinalgStageOptions());
  fillVector(stage, VectorStageOptions());
  fillLlvm(stage, plain);
  look(stage);
}

std::vector<std::string> moec::getOptimisations() {
  std::vector<std::string> names;
  lookAtAllStages([&](const Stage &stage) { names = stage.optimisations; });
  return names;
}

std::optional<std::string>
moec::checkDisabledPasses(ArrayRef<std::string> names) {
  std::optional<std::string> reason;
  lookAtAllStages([&](const Stage &stage) {
    const auto *wrong = llvm::find_if_not(names, [&](const std::string &name) {
      return llvm::is_contained(stage.optimisations, name);
    });
    if (wrong != names.end())
      reason = "'" + *wrong + "' is " +
               (llvm::is_contained(stage.needed, *wrong)
                    ? "needed by what follows"
                    : "no pass of the compiler") +
               ", expected one of " + llvm::join(stage.optimisations, ", ");
  });
  return reason;
}

/// `moec-stage-NAME` of moec-opt.
template <typename Options>
static void registerStage(StringRef name, StringRef description,
                          void (*build)(OpPassManager &, const Options &)) {
  registerPassPipeline(
      ("moec-stage-" + name).str(), description,
      [build](OpPassManager &manager, StringRef text,
              llvm::function_ref<LogicalResult(const Twine &)> fail) {
        Options options;
        if (failed(options.parseFromString(text)))
          return failure();
        std::vector<std::string> disabled(options.disable.begin(),
                                          options.disable.end());
        if (auto reason = checkDisabledPasses(disabled))
          return fail("disable: " + *reason);
        build(manager, options);
        return success();
      },
      [](llvm::function_ref<void(const mlir::detail::PassOptions &)> take) {
        take(Options());
      });
}

void moec::registerPipelines() {
  registerStage("onnx", "check the imported graph", buildOnnxStage);
  registerStage("moe", "from onnx to moe", buildMoeStage);
  registerStage("kernels", "from moe to kernels", buildKernelsStage);
  registerStage("linalg", "from kernels to linalg", buildLinalgStage);
  registerStage("vector", "from linalg to vector", buildVectorStage);
  registerStage("llvm", "from vector to llvm", buildLlvmStage);
}
