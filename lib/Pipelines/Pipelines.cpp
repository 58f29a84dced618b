//===-- Pipelines.cpp - the stages as pass pipelines ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Pipelines/Pipelines.h"

#include "moec/CodeGen/Passes.h"
#include "moec/Conversion/Passes.h"

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

void moec::buildMoeStage(OpPassManager &manager) {
  manager.addPass(createCanonicalizerPass());
}

void moec::buildKernelsStage(OpPassManager &manager) {
  manager.addPass(createOutlineKernels());
  // Equal layers are one kernel from here on, before anything costs time.
  manager.addPass(func::createDuplicateFunctionEliminationPass());
}

void moec::buildLinalgStage(OpPassManager &manager) {
  manager.addPass(createConvertOnnxToLinalg());
  manager.addPass(createCanonicalizerPass());
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
  manager.addPass(bufferization::createDropEquivalentBufferResultsPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createLowerMainAbi());
  manager.addPass(createFreeBuffers());
  SplitLevelsOptions split;
  split.levels.assign(options.levels.begin(), options.levels.end());
  if (split.levels.empty())
    split.levels.assign(std::begin(kDefaultLevels), std::end(kDefaultLevels));
  manager.addPass(createSplitLevels(split));
}

void moec::buildLlvmStage(OpPassManager &manager) {
  manager.addPass(createConvertLinalgToLoopsPass());
  manager.addPass(createOutlineTasks());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(arith::createArithExpandOpsPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createLowerToLLVM());
  manager.addPass(createThreadStatus());
}

void moec::registerPipelines() {
  PassPipelineRegistration<>("moec-stage-moe", "from onnx to moe",
                             buildMoeStage);
  PassPipelineRegistration<>("moec-stage-kernels", "from moe to kernels",
                             buildKernelsStage);
  PassPipelineRegistration<>("moec-stage-linalg", "from kernels to linalg",
                             buildLinalgStage);
  PassPipelineRegistration<VectorStageOptions>(
      "moec-stage-vector", "from linalg to vector", buildVectorStage);
  PassPipelineRegistration<>("moec-stage-llvm", "from vector to llvm",
                             buildLlvmStage);
}
