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
      "memcpy",        "memmove",        "memset",
      "moec_rt_alloc", "moec_rt_fail",   "moec_rt_free",
      "moec_rt_note",  "moec_rt_output", "moec_rt_profile",
      "moec_rt_query", "moec_rt_record", "moec_rt_parallel_for"};
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

namespace {
/// A call of what the runtime's ABI list does not have.
struct ForeignCall {
  std::string symbol;
  /// The function that calls; "" where it is not known.
  std::string caller;
};
} // namespace

/// The function of an object that holds a place of a section; "" for none.
static std::string findFunction(const llvm::object::ObjectFile &object,
                                const llvm::object::SectionRef &section,
                                uint64_t place) {
  std::string found;
  uint64_t start = 0;
  for (const llvm::object::SymbolRef &symbol : object.symbols()) {
    auto type = llvm::expectedToOptional(symbol.getType());
    auto home = llvm::expectedToOptional(symbol.getSection());
    auto address = llvm::expectedToOptional(symbol.getAddress());
    auto name = llvm::expectedToOptional(symbol.getName());
    if (type != llvm::object::SymbolRef::ST_Function || !home ||
        *home == object.section_end() || **home != section || !address ||
        !name || *address > place || *address < start)
      continue;
    start = *address;
    found = name->str();
  }
  return found;
}

/// Names the first external symbol that is not in the ABI list.
static std::optional<ForeignCall> findForeignCall(ArrayRef<char> bytes) {
  llvm::MemoryBufferRef buffer(StringRef(bytes.data(), bytes.size()), "object");
  auto object = llvm::object::ObjectFile::createObjectFile(buffer);
  if (!object)
    return ForeignCall{llvm::toString(object.takeError()), ""};
  auto isForeign = [](const llvm::object::SymbolRef &symbol) {
    auto flags = llvm::expectedToOptional(symbol.getFlags());
    auto name = llvm::expectedToOptional(symbol.getName());
    return flags && name && (*flags & llvm::object::SymbolRef::SF_Undefined) &&
           !name->empty() && !isAllowedExternal(*name);
  };
  for (const llvm::object::SymbolRef &symbol : (*object)->symbols()) {
    if (!isForeign(symbol))
      continue;
    ForeignCall call{llvm::cantFail(symbol.getName()).str(), ""};
    for (const llvm::object::SectionRef &relocations : (*object)->sections()) {
      auto section =
          llvm::expectedToOptional(relocations.getRelocatedSection());
      if (!section || *section == (*object)->section_end())
        continue;
      for (const llvm::object::RelocationRef &use : relocations.relocations())
        if (use.getSymbol() != (*object)->symbol_end() &&
            *use.getSymbol() == symbol && call.caller.empty())
          call.caller = findFunction(**object, **section, use.getOffset());
    }
    return call;
  }
  return std::nullopt;
}

/// What LLVM's verifier says of the first function that is wrong, and which it
/// is; nothing if all are fine.
static std::optional<std::pair<std::string, std::string>>
findInvalid(const llvm::Module &module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (const llvm::Function &function : module)
    if (llvm::verifyFunction(function, &stream))
      return std::pair(function.getName().str(), text);
  if (llvm::verifyModule(module, &stream))
    return std::pair(std::string(), text);
  return std::nullopt;
}

namespace {
/// One translation unit on its way to an object.
struct Unit {
  ModuleOp module;
  std::string level;
  std::string error;
  /// The function that the error is about; "" where there is none.
  std::string function;
  ObjectFile object;

  void fail(std::string message, std::string where) {
    error = std::move(message);
    function = std::move(where);
  }
};
} // namespace

/// The names of a level's kernels by slot; nothing, with an error, unless each
/// slot has one.
static std::optional<std::vector<std::string>>
collectKernels(ModuleOp module, unsigned numSlots, std::string &error) {
  std::vector<std::string> kernels(numSlots);
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    auto slot = function->getAttrOfType<IntegerAttr>(kKernelAttr);
    if (!slot)
      continue;
    if (slot.getInt() < 0 || slot.getInt() >= int64_t(numSlots) ||
        !kernels[slot.getInt()].empty()) {
      error = ("kernel '" + function.getName() + "' has slot " +
               llvm::Twine(slot.getInt()) + ", which is taken or beyond the " +
               llvm::Twine(numSlots) + " of main")
                  .str();
      return std::nullopt;
    }
    kernels[slot.getInt()] = function.getName().str();
  }
  auto empty = llvm::find(kernels, "");
  if (empty == kernels.end())
    return kernels;
  error = "no kernel has slot " + std::to_string(empty - kernels.begin());
  return std::nullopt;
}

/// Translates and compiles; touches nothing outside of `unit`.
static void compileUnit(Unit &unit, const LibraryInfo &info, ObjectKind kind,
                        const LevelTable &levels) {
  llvm::LLVMContext context;
  // Verified below, where what is wrong with it can be said.
  std::unique_ptr<llvm::Module> module =
      translateModuleToLLVMIR(unit.module, context, unit.object.name,
                              /*disableVerification=*/true);
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
  if (isMain) {
    emitModelDescriptor(*module, info, levels);
  } else {
    auto kernels = collectKernels(unit.module, levels.numKernels, unit.error);
    if (!kernels)
      return;
    emitKernelTable(*module, unit.level, *kernels);
  }
  if (auto invalid = findInvalid(*module)) {
    auto &[function, text] = *invalid;
    StringRef reason = StringRef(text).split('\n').first;
    return unit.fail("the translated LLVM IR is not valid: " + reason.str(),
                     function);
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
  if (auto call = findForeignCall(unit.object.bytes))
    unit.fail("generated code would call '" + call->symbol +
                  "', which the runtime's ABI list does not have",
              call->caller);
}

/// A function of the llvm dialect by its name in machine code, where copies
/// have a suffix.
static LLVM::LLVMFuncOp findSource(ModuleOp module, StringRef name) {
  auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(name);
  return function
             ? function
             : module.lookupSymbol<LLVM::LLVMFuncOp>(name.split('.').first);
}

/// Kernels and tasks have the location of the node they were made for, or of
/// the first of those that share them.
static void report(Unit &unit) {
  auto source = findSource(unit.module, unit.function);
  InFlightDiagnostic error =
      emitError(source ? source.getLoc() : unit.module.getLoc());
  error << "cannot compile '" << unit.object.name << "'";
  if (!unit.function.empty())
    error << ", function '" << unit.function << "'";
  error << ": " << unit.error;
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
  if (auto layers = module->getAttrOfType<ArrayAttr>(kMoeLayersAttr))
    for (ArrayAttr layer : layers.getAsRange<ArrayAttr>())
      levels.moeLayers.push_back({cast<StringAttr>(layer[0]).str(),
                                  cast<IntegerAttr>(layer[1]).getInt(),
                                  cast<IntegerAttr>(layer[2]).getInt()});

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
      report(unit);
      return failure();
    }
    objects.push_back(std::move(unit.object));
  }
  return objects;
}
