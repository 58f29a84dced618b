//===-- Pipelines.h - the stages as pass pipelines ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PIPELINES_PIPELINES_H
#define MOEC_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

#include <string>

namespace moec {

/// The CPU levels a library has unless told otherwise, best first.
inline constexpr const char *kDefaultLevels[] = {"x86-64-v4", "x86-64-v3"};

/// Options of every stage.
template <typename Derived>
struct StageOptions : public mlir::PassPipelineOptions<Derived> {
  typename mlir::detail::PassOptions::ListOption<std::string> disable{
      *this, "disable",
      llvm::cl::desc("optimisations to leave out, by their flags; those of "
                     "other stages do nothing")};
};

/// Options of the stages that have no others.
struct PlainStageOptions : public StageOptions<PlainStageOptions> {};

/// Options of the stage that recognises routed layers.
struct MoeStageOptions : public StageOptions<MoeStageOptions> {
  Option<bool> reference{
      *this, "reference",
      llvm::cl::desc("the graph as it was imported: nothing is recognised but "
                     "nodes that are a layer, and nothing is folded"),
      llvm::cl::init(false)};
  Option<bool> keepNan{
      *this, "keep-nan",
      llvm::cl::desc("zero times the NaN of an expert that is not chosen, or "
                     "gives zero, stays NaN"),
      llvm::cl::init(false)};
  Option<std::string> expertProfile{
      *this, "expert-profile",
      llvm::cl::desc("which experts were chosen, as moec-run --profile writes "
                     "it"),
      llvm::cl::init("")};
  Option<double> dropBelow{
      *this, "drop-below",
      llvm::cl::desc("the share of a layer's choices below which an expert "
                     "goes; 0: none"),
      llvm::cl::init(0.0)};
  Option<bool> ortCpuCompat{
      *this, "ort-cpu-compat",
      llvm::cl::desc("follow ONNX Runtime's CPU kernels where they have other "
                     "rules"),
      llvm::cl::init(false)};
};

/// Options of the stage that cuts the graph into kernels.
struct KernelsStageOptions : public StageOptions<KernelsStageOptions> {
  Option<bool> reference{
      *this, "reference",
      llvm::cl::desc(
          "parameters as the model's files have them, and every op a "
          "kernel of its own"),
      llvm::cl::init(false)};
};

/// Options of the stage that turns kernels into loops and structured ops.
struct LinalgStageOptions : public StageOptions<LinalgStageOptions> {
  Option<bool> reference{
      *this, "reference",
      llvm::cl::desc(
          "plain loops throughout, which schedules are compared with"),
      llvm::cl::init(false)};
};

/// Options of the stage that makes the code of each CPU level.
struct VectorStageOptions : public StageOptions<VectorStageOptions> {
  ListOption<std::string> levels{*this, "levels",
                                 llvm::cl::desc("CPU levels, best first")};
  Option<bool> reference{*this, "reference",
                         llvm::cl::desc("loops as they are, in order"),
                         llvm::cl::init(false)};
};

/// Each function adds the passes from one stage's end to the next one's. The
/// driver and moec-opt call the same ones; docs/architecture.md says what the
/// IR holds after each.
void buildOnnxStage(mlir::OpPassManager &manager,
                    const PlainStageOptions &options);
void buildMoeStage(mlir::OpPassManager &manager,
                   const MoeStageOptions &options);
void buildKernelsStage(mlir::OpPassManager &manager,
                       const KernelsStageOptions &options);
void buildLinalgStage(mlir::OpPassManager &manager,
                      const LinalgStageOptions &options);
void buildVectorStage(mlir::OpPassManager &manager,
                      const VectorStageOptions &options);
void buildLlvmStage(mlir::OpPassManager &manager,
                    const PlainStageOptions &options);

/// Registers `moec-stage-{onnx,moe,kernels,linalg,vector,llvm}`.
void registerPipelines();

} // namespace moec

#endif // MOEC_PIPELINES_PIPELINES_H
