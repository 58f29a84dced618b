//===-- Steps.cpp - what each pass does to a module -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Steps.h"

#include "moec/Pipelines/Pipelines.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

using namespace mlir;
using namespace moec;
using namespace moec::validate;

void validate::buildValidatedStages(OpPassManager &manager) {
  buildMoeStage(manager, MoeStageOptions());
  buildKernelsStage(manager, KernelsStageOptions());
}

static void listPasses(OpPassManager &manager,
                       std::vector<std::string> &passes) {
  for (Pass &pass : manager) {
    std::string name = pass.getArgument().str();
    if (!name.empty() && !llvm::is_contained(passes, name))
      passes.push_back(name);
  }
}

std::vector<std::string> validate::listPasses(MLIRContext *context) {
  PassManager manager(context);
  buildValidatedStages(manager);
  std::vector<std::string> passes;
  ::listPasses(manager, passes);
  return passes;
}

std::string validate::print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream, OpPrintingFlags().enableDebugInfo(false));
  return text;
}

namespace {
/// Keeps the module wherever a pass has changed it.
class Recorder : public PassInstrumentation {
public:
  Recorder(ModuleOp module, Steps &steps, Change change)
      : module(module), steps(steps), change(change) {
    keep(print(module));
  }

  void runAfterPass(Pass *pass, Operation *) override {
    // Adaptors have no name, and what they run is called for by itself.
    if (pass->getArgument().empty())
      return;
    if (change)
      change(pass->getArgument(), module);
    std::string now = print(module);
    if (now == text)
      return;
    keep(std::move(now));
    size_t number = steps.snapshots.size() - 1;
    steps.steps.push_back({pass->getArgument().str(), number - 1, number});
  }

private:
  void keep(std::string now) {
    text = std::move(now);
    steps.snapshots.emplace_back(module.clone());
  }

  ModuleOp module;
  Steps &steps;
  Change change;
  std::string text;
};
} // namespace

FailureOr<Steps> validate::takeSteps(ModuleOp module, Change change) {
  Steps steps;
  PassManager manager(module.getContext());
  manager.addInstrumentation(std::make_unique<Recorder>(module, steps, change));
  buildValidatedStages(manager);
  if (failed(manager.run(module)))
    return failure();
  return steps;
}
