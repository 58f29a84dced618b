//===-- Pipelines.cpp - the stages as pass pipelines ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Pipelines/Pipelines.h"

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
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace moec;

/// Ends a stage: what it promises is checked, always.
static void addInvariant(OpPassManager &manager, const char *stage) {
  VerifyStageOptions options;
  options.stage = stage;
  manager.addPass(createVerifyStage(options));
}

void moec::buildOnnxStage(OpPassManager &manager) {
  addInvariant(manager, "onnx");
}

void moec::buildMoeStage(OpPassManager &manager,
                         const MoeStageOptions &options) {
  // What is wrongly taken for a layer must not be right in the reference too.
  if (!options.reference) {
    // Weights are parameters, whatever an exporter did to them, before anything
    // is matched.
    manager.addPass(param::createParamFoldRecipes());
    manager.addPass(createRaiseDecomposedLayers());
    manager.addPass(createCanonicalizerPass());
    manager.addPass(createFuseExperts());
    manager.addPass(createRaiseRouters());
  }
  RaiseOnnxToMoeOptions raise;
  raise.ortCpuCompat = options.ortCpuCompat;
  manager.addPass(createRaiseOnnxToMoe(raise));
  manager.addPass(createCanonicalizerPass());
  if (!options.reference) {
    EliminateDeadExpertsOptions dead;
    dead.expertProfile = options.expertProfile;
    dead.dropBelow = options.dropBelow;
    manager.addPass(createEliminateDeadExperts(dead));
  }
  manager.addPass(createAliasCaches());
  addInvariant(manager, "moe");
}

void moec::buildKernelsStage(OpPassManager &manager,
                             const KernelsStageOptions &options) {
  // The reference shares none of what follows with the product it judges:
  // weights are rearranged by nobody, least of all by the writer of the weights
  // file, and networks of experts stay one op, whose meaning is its loops.
  if (!options.reference) {
    manager.addPass(createRaiseMatmulToGrouped());
    manager.addPass(moe::createDecomposeExpertFfn());
    manager.addPass(moe::createPackWeights());
    manager.addPass(param::createParamFoldRecipes());
  }
  manager.addPass(createCanonicalizerPass());
  manager.addPass(param::createParamMergeEqual());
  manager.addPass(param::createParamLayout());
  manager.addPass(createProfileRouting());
  manager.addPass(createOutlineKernels());
  // Equal layers are one kernel from here on, before anything costs time.
  manager.addPass(func::createDuplicateFunctionEliminationPass());
  addInvariant(manager, "kernels");
}

void moec::buildLinalgStage(OpPassManager &manager,
                            const LinalgStageOptions &options) {
  manager.addPass(createConvertOnnxToLinalg());
  // Products with a schedule stay what they are until it makes their code; in
  // the reference they too become plain loops.
  ConvertMoeToLoopsOptions loops;
  loops.keepProducts = !options.reference;
  manager.addPass(createConvertMoeToLoops(loops));
  manager.addPass(createCanonicalizerPass());
  addInvariant(manager, "linalg");
}

void moec::buildVectorStage(OpPassManager &manager,
                            const VectorStageOptions &options) {
  manager.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  bufferize.allowReturnAllocsFromLoops = true;
  manager.addPass(bufferization::createOneShotBufferizePass(bufferize));
  // Loops that carry a destination around give it back as it is: folded away,
  // every kernel's results are its destinations, and go.
  manager.addPass(createCanonicalizerPass());
  manager.addPass(bufferization::createDropEquivalentBufferResultsPass());
  // Tiles that are written in place end in a copy to themselves: seen by the
  // canonicalizer once their views are one.
  manager.addPass(createCSEPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createLowerMainAbi());
  manager.addPass(createStrideCaches());
  manager.addPass(createUnpackIo());
  if (!options.reference)
    manager.addPass(createParallelizeRows());
  SplitLevelsOptions split;
  split.levels.assign(options.levels.begin(), options.levels.end());
  if (split.levels.empty())
    split.levels.assign(std::begin(kDefaultLevels), std::end(kDefaultLevels));
  manager.addPass(createSplitLevels(split));
  manager.addPass(createScheduleGroupedMatmul());
  manager.addPass(createCanonicalizerPass());
  // After the schedules, which allocate.
  manager.addPass(createFreeBuffers());
  addInvariant(manager, "vector");
}

void moec::buildLlvmStage(OpPassManager &manager) {
  manager.addPass(createLowerCopies());
  manager.addPass(createConvertLinalgToLoopsPass());
  manager.addPass(createOutlineTasks());
  manager.addPass(createExpandMath());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createLowerExpandShape());
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(arith::createArithExpandOpsPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createLowerToLLVM());
  manager.addPass(createThreadStatus());
  addInvariant(manager, "llvm");
}

void moec::registerPipelines() {
  PassPipelineRegistration<>("moec-stage-onnx", "check the imported graph",
                             buildOnnxStage);
  PassPipelineRegistration<MoeStageOptions>("moec-stage-moe",
                                            "from onnx to moe", buildMoeStage);
  PassPipelineRegistration<KernelsStageOptions>(
      "moec-stage-kernels", "from moe to kernels", buildKernelsStage);
  PassPipelineRegistration<LinalgStageOptions>(
      "moec-stage-linalg", "from kernels to linalg", buildLinalgStage);
  PassPipelineRegistration<VectorStageOptions>(
      "moec-stage-vector", "from linalg to vector", buildVectorStage);
  PassPipelineRegistration<>("moec-stage-llvm", "from vector to llvm",
                             buildLlvmStage);
}
