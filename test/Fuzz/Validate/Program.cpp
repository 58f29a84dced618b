//===-- Program.cpp - a module on its way to numbers ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Program.h"

#include "dialects/Param/IR/Param.h"
#include "dialects/Param/IR/Recipes.h"
#include "dialects/Param/IR/TypeCodes.h"
#include "dialects/Param/Transforms/Passes.h"
#include "moec/CodeGen/Passes.h"
#include "moec/Parameters/Evaluator.h"
#include "moec/Parameters/SourceFiles.h"
#include "moec/Pipelines/Pipelines.h"
#include "moec/Raising/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace moec;
using namespace moec::validate;

static constexpr const char *kLevel = "x86-64-v3";

//===-- Lowering ----------------------------------------------------------===//

/// The stage's passes without the checks of what it promises, which a module
/// from which kernels were taken out does not keep.
static void buildUnchecked(PassManager &manager,
                           void (*build)(OpPassManager &,
                                         const PlainStageOptions &)) {
  PassManager whole(manager.getContext());
  build(whole, PlainStageOptions());
  std::string text;
  llvm::raw_string_ostream stream(text);
  auto isNoCheck = [](Pass &pass) {
    return pass.getArgument() != "moec-verify-stage";
  };
  llvm::interleaveComma(
      llvm::make_filter_range(whole, isNoCheck), stream,
      [&](Pass &pass) { pass.printAsTextualPipeline(stream); });
  if (failed(parsePassPipeline(text, manager)))
    llvm::report_fatal_error("a pass of the llvm stage is not registered");
}

Lowering::Lowering(MLIRContext *context)
    : outlining(context), layout(context), toLoops(context), toLlvm(context) {
  outlining.addPass(createRaiseOnnxToMoe());
  outlining.addPass(createOutlineKernels());
  outlining.addPass(func::createDuplicateFunctionEliminationPass());
  layout.addPass(param::createParamLayout());
  LinalgStageOptions linalg;
  linalg.reference = true;
  buildLinalgStage(toLoops, linalg);
  VectorStageOptions vector;
  vector.reference = true;
  vector.levels = {kLevel};
  buildVectorStage(toLoops, vector);
  buildUnchecked(toLlvm, buildLlvmStage);
  for (PassManager *manager : {&outlining, &layout, &toLoops, &toLlvm})
    manager->enableVerifier(false);
}

OwningOpRef<ModuleOp> Lowering::outline(ModuleOp given) {
  OwningOpRef<ModuleOp> module = given.clone();
  auto isKernel = [](func::FuncOp function) {
    return function->hasAttr(kKernelAttr);
  };
  auto hasPlace = [](param::DeclOp decl) {
    return decl.getOffset().has_value();
  };
  bool isOutlined = llvm::any_of(module->getOps<func::FuncOp>(), isKernel);
  bool isLaidOut = llvm::all_of(module->getOps<param::DeclOp>(), hasPlace);
  if ((!isOutlined && failed(outlining.run(*module))) ||
      (!isLaidOut && failed(layout.run(*module))))
    return nullptr;
  return module;
}

/// What a kernel is, whatever its name: its text, and that of the constants
/// it reads.
static std::string describeKernel(func::FuncOp kernel) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  OpPrintingFlags flags;
  flags.enableDebugInfo(false).printGenericOpForm();
  auto slot = kernel->removeAttr(kKernelAttr);
  std::string name = kernel.getSymName().str();
  kernel.setSymName("kernel");
  kernel->print(stream, flags);
  kernel.setSymName(name);
  kernel->setAttr(kKernelAttr, slot);
  kernel.walk([&](memref::GetGlobalOp global) {
    SymbolTable::lookupNearestSymbolFrom(global, global.getNameAttr())
        ->print(stream, flags);
  });
  return text;
}

/// Leaves those kernels of a level that are new, with new names, and tells
/// their texts. Returns the names by slot.
static std::vector<std::string>
takeKnownKernels(ModuleOp level, Jit &jit, std::vector<std::string> &added) {
  std::vector<std::string> names;
  for (auto kernel : llvm::make_early_inc_range(level.getOps<func::FuncOp>())) {
    auto slot = kernel->getAttrOfType<IntegerAttr>(kKernelAttr);
    if (!slot)
      continue;
    auto [known, isNew] = jit.kernels.try_emplace(describeKernel(kernel));
    if (isNew) {
      known->second = jit.makeName();
      added.push_back(known->first().str());
    }
    names.resize(std::max(names.size(), size_t(slot.getInt()) + 1));
    names[size_t(slot.getInt())] = known->second;
    if (isNew)
      kernel.setSymName(known->second);
    else
      kernel.erase();
  }
  return names;
}

//===-- Parameters --------------------------------------------------------===//

/// The data section of the weights, in memory.
static FailureOr<std::shared_ptr<char>> makeWeights(ModuleOp module,
                                                    StringRef model) {
  int64_t size = 0;
  for (auto decl : module.getOps<param::DeclOp>()) {
    if (!decl.getOffset())
      return decl.emitError() << "has no place in the weights file";
    size = std::max<int64_t>(size,
                             *decl.getOffset() +
                                 *param::getStorageBytes(decl.getTensorType()));
  }
  std::shared_ptr<char> data = allocate(size);
  SourceFiles files{ModelFolder(model)};
  ParameterEvaluator evaluator(files);
  for (auto decl : module.getOps<param::DeclOp>()) {
    char *place = data.get() + *decl.getOffset();
    auto write = [&](ArrayRef<char> piece) {
      place = llvm::copy(piece, place);
      return success();
    };
    if (failed(evaluator.stream(decl.getTypedRecipe(), decl.getLoc(), write)))
      return failure();
  }
  return data;
}

//===-- Program -----------------------------------------------------------===//

/// Main's unit: everything that is not of a level.
static OwningOpRef<ModuleOp> takeMain(ModuleOp module, StringRef name) {
  OwningOpRef<ModuleOp> main = module.clone();
  for (Operation &op :
       llvm::make_early_inc_range(main->getBody()->getOperations()))
    if (isa<ModuleOp, param::DeclOp>(op))
      op.erase();
  main->lookupSymbol<LLVM::LLVMFuncOp>(kMainName).setSymName(name);
  return main;
}

/// The outputs of main; fails where one is of a type that runs do not have.
LogicalResult Program::readOutputs(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>(kMainName);
  for (auto [index, type] : llvm::enumerate(main.getResultTypes())) {
    int32_t code = getTypeCode(getElementTypeOrSelf(type));
    if (!getElementBytes(code))
      return main.emitError() << "has a result of the type " << type;
    auto alias = main.getResultAttrOfType<IntegerAttr>(index, kAliasAttr);
    this->code.outputTypes.push_back(code);
    sharedInputs.push_back(alias ? int32_t(alias.getInt()) : -1);
  }
  return success();
}

FailureOr<Program> Program::make(Jit &jit, Lowering &lowering,
                                 ModuleOp outlined, StringRef model) {
  Program program;
  if (failed(program.readOutputs(outlined)))
    return failure();

  OwningOpRef<ModuleOp> module = outlined.clone();
  if (failed(lowering.toLoops.run(*module)))
    return failure();
  std::vector<std::string> kernels, added;
  // What does not get as far as machine code is not known after all.
  auto forget = llvm::make_scope_exit([&] {
    for (const std::string &text : added)
      jit.kernels.erase(text);
  });
  for (auto level : module->getOps<ModuleOp>())
    kernels = takeKnownKernels(level, jit, added);
  if (failed(lowering.toLlvm.run(*module)))
    return failure();

  auto weights = makeWeights(*module, model);
  if (failed(weights))
    return failure();
  program.code.weights = *weights;
  for (auto level : module->getOps<ModuleOp>())
    if (failed(jit.add(level)))
      return failure();
  Location loc = module->getLoc();
  for (const std::string &name : kernels) {
    program.code.kernels.push_back(jit.find(name, loc));
    if (!program.code.kernels.back())
      return failure();
  }
  std::string name = jit.makeName();
  program.tracker = jit.createTracker();
  if (failed(jit.add(*takeMain(*module, name), program.tracker)))
    return failure();
  void *main = jit.find(name, loc);
  program.code.main = reinterpret_cast<int32_t (*)(moec_ctx *)>(main);
  if (!main)
    return failure();
  forget.release();
  return program;
}

Program::~Program() {
  if (tracker)
    llvm::cantFail(tracker->remove());
}

llvm::Expected<std::vector<Tensor>>
Program::run(ArrayRef<Tensor> inputs) const {
  std::vector<Tensor> outputs;
  auto fails = [&](ArrayRef<SharedBuffer> shared) -> llvm::Error {
    int32_t status = validate::run(code, inputs, shared, outputs);
    if (status == MOEC_OK)
      return llvm::Error::success();
    return llvm::createStringError("the run ends with status %d", status);
  };
  if (llvm::Error error = fails({}))
    return error;
  if (llvm::all_of(sharedInputs, [](int32_t input) { return input < 0; }))
    return outputs;
  // The host may grow a cache in place: the same, in other buffers.
  std::vector<SharedBuffer> shared;
  for (auto [input, output] : llvm::zip(sharedInputs, outputs))
    shared.push_back({input, output.shape});
  std::vector<Tensor> apart = std::move(outputs);
  if (llvm::Error error = fails(shared))
    return error;
  if (!llvm::equal(apart, outputs, isSame))
    return llvm::createStringError(
        "outputs differ where they share the buffers of inputs");
  return outputs;
}
