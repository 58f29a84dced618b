//===-- ObjectEmitter.cpp - from the llvm dialect to machine code ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModelDescriptor.h"

#include "moec/CodeGen/Library.h"
#include "moec/CodeGen/Passes.h"

#include "dialects/Param/IR/Param.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"

#include <mutex>
#include <thread>

using namespace mlir;
using namespace moec;

static constexpr llvm::StringLiteral kTriple = "x86_64-unknown-linux-gnu";

bool moec::isGeneratedCodeExternal(StringRef name) {
  static constexpr llvm::StringLiteral kAllowed[] = {
      "memcpy",         "memmove",        "memset",
      "moec_rt_alloc",  "moec_rt_fail",   "moec_rt_free",
      "moec_rt_output", "moec_rt_query",  "moec_rt_parallel_for",
      "moec_rt_record", "moec_rt_scratch"};
  return llvm::is_contained(kAllowed, name);
}

/// Beyond the ABI list, what the units of one library share.
static bool isAllowedExternal(StringRef name) {
  return isGeneratedCodeExternal(name) ||
         name.starts_with(kKernelTablePrefix) ||
         name == "_GLOBAL_OFFSET_TABLE_";
}

static void initializeTarget() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
}

/// "x86-64-v4+avx512vnni" is the CPU x86-64-v4 with one feature more.
static std::unique_ptr<llvm::TargetMachine>
createTargetMachine(StringRef level, std::string &error) {
  llvm::Triple triple(kTriple);
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  auto [cpu, extra] = level.split('+');
  std::string features = extra.empty() ? "" : ("+" + extra).str();
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, cpu, features, llvm::TargetOptions(), llvm::Reloc::PIC_,
      std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = true;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3)
      .run(module, modules);
}

/// Names the first external symbol that is not in the ABI list.
static std::optional<std::string> findForeignSymbol(ArrayRef<char> bytes) {
  llvm::MemoryBufferRef buffer(StringRef(bytes.data(), bytes.size()), "object");
  auto object = llvm::object::ObjectFile::createObjectFile(buffer);
  if (!object)
    return llvm::toString(object.takeError());
  for (const llvm::object::SymbolRef &symbol : (*object)->symbols()) {
    auto flags = symbol.getFlags();
    auto name = symbol.getName();
    if (!flags || !name) {
      llvm::consumeError(flags.takeError());
      llvm::consumeError(name.takeError());
      continue;
    }
    if ((*flags & llvm::object::SymbolRef::SF_Undefined) && !name->empty() &&
        !isAllowedExternal(*name))
      return name->str();
  }
  return std::nullopt;
}

namespace {
/// One translation unit on its way to an object.
struct Unit {
  ModuleOp module;
  std::string level;
  std::string error;
  ObjectFile object;
};
} // namespace

/// Translates and compiles; touches nothing outside of `unit`.
static void compileUnit(Unit &unit, const LibraryInfo &info, ObjectKind kind,
                        const LevelTable &levels) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      translateModuleToLLVMIR(unit.module, context, unit.object.name);
  if (!module) {
    unit.error = "translation to LLVM IR failed";
    return;
  }
  bool isMain = unit.level.empty();
  auto machine =
      createTargetMachine(isMain ? "x86-64" : unit.level, unit.error);
  if (!machine)
    return;
  module->setTargetTriple(llvm::Triple(kTriple));
  module->setDataLayout(machine->createDataLayout());
  if (isMain)
    emitModelDescriptor(*module, info, levels);
  else
    emitKernelTable(*module, unit.level);
  if (llvm::verifyModule(*module, nullptr)) {
    unit.error = "the translated LLVM IR is not valid";
    return;
  }
  optimize(*module, *machine);

  llvm::raw_svector_ostream stream(unit.object.bytes);
  llvm::legacy::PassManager passes;
  auto type = kind == ObjectKind::Object ? llvm::CodeGenFileType::ObjectFile
                                         : llvm::CodeGenFileType::AssemblyFile;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, type)) {
    unit.error = "the target cannot emit this kind of file";
    return;
  }
  passes.run(*module);
  if (kind != ObjectKind::Object)
    return;
  if (auto symbol = findForeignSymbol(unit.object.bytes))
    unit.error = "generated code would call '" + *symbol +
                 "', which the runtime's ABI list does not have";
}

FailureOr<std::vector<ObjectFile>> moec::emitObjects(ModuleOp module,
                                                     const LibraryInfo &info,
                                                     ObjectKind kind,
                                                     unsigned jobs) {
  initializeTarget();
  DialectRegistry registry;
  registerAllToLLVMIRTranslations(registry);
  module.getContext()->appendDialectRegistry(registry);
  module.getContext()->loadAllAvailableDialects();

  // Main is everything outside of the nested modules.
  OwningOpRef<ModuleOp> mainModule = module.clone();
  for (Operation &op :
       llvm::make_early_inc_range(mainModule->getBody()->getOperations()))
    if (isa<ModuleOp, param::DeclOp>(op))
      op.erase();
  std::vector<Unit> units(1);
  units[0].module = *mainModule;
  units[0].object.name = "main";
  LevelTable levels;
  for (auto nested : module.getOps<ModuleOp>()) {
    auto level = nested->getAttrOfType<StringAttr>(kLevelAttr);
    if (!level)
      continue;
    Unit &unit = units.emplace_back();
    unit.module = nested;
    unit.level = level.str();
    unit.object.name = "kernels-" + level.str();
    levels.names.push_back(level.str());
  }
  for (auto function : mainModule->getOps<LLVM::LLVMFuncOp>())
    levels.numKernels += function->hasAttr(kKernelAttr);
  if (auto sites = module->getAttrOfType<ArrayAttr>(kSitesAttr))
    for (ArrayAttr site : sites.getAsRange<ArrayAttr>())
      levels.sites.emplace_back(cast<StringAttr>(site[0]).str(),
                                cast<StringAttr>(site[1]).str());

  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i = next++; i < units.size(); i = next++)
      compileUnit(units[i], info, kind, levels);
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < std::min<size_t>(jobs, units.size()); ++i)
    threads.emplace_back(work);
  work();
  for (std::thread &thread : threads)
    thread.join();

  std::vector<ObjectFile> objects;
  for (Unit &unit : units) {
    if (!unit.error.empty()) {
      module.emitError() << "cannot compile '" << unit.object.name
                         << "': " << unit.error;
      return failure();
    }
    objects.push_back(std::move(unit.object));
  }
  return objects;
}
