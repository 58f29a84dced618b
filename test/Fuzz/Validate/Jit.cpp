//===-- Jit.cpp - code in this process ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Jit.h"
#include "Run.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/TargetSelect.h"

#include <cstring>

using namespace mlir;
using namespace moec::validate;
namespace orc = llvm::orc;

void moec::validate::registerTranslations(DialectRegistry &registry) {
  registerAllToLLVMIRTranslations(registry);
}

Jit::Jit() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  orc::JITTargetMachineBuilder machine(
      llvm::Triple("x86_64-unknown-linux-gnu"));
  machine.setCPU("x86-64-v3");
  machine.setCodeGenOptLevel(llvm::CodeGenOptLevel::None);
  jit = llvm::cantFail(orc::LLJITBuilder()
                           .setJITTargetMachineBuilder(std::move(machine))
                           .create());
  orc::SymbolMap symbols;
  auto define = [&](StringRef name, const void *function) {
    symbols[jit->mangleAndIntern(name)] = {orc::ExecutorAddr::fromPtr(function),
                                           llvm::JITSymbolFlags::Exported |
                                               llvm::JITSymbolFlags::Callable};
  };
  for (auto [name, function] : getRuntimeFunctions())
    define(name, function);
  llvm::cantFail(
      jit->getMainJITDylib().define(orc::absoluteSymbols(std::move(symbols))));
}

LogicalResult Jit::add(ModuleOp module, orc::ResourceTrackerSP tracker) {
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> translated =
      translateModuleToLLVMIR(module, *context);
  if (!translated)
    return module.emitError() << "cannot be translated to LLVM IR";
  translated->setDataLayout(jit->getDataLayout());
  if (!tracker)
    tracker = jit->getMainJITDylib().getDefaultResourceTracker();
  llvm::Error error =
      jit->addIRModule(tracker, orc::ThreadSafeModule(std::move(translated),
                                                      std::move(context)));
  if (error)
    return module.emitError() << llvm::toString(std::move(error));
  return success();
}

void *Jit::find(StringRef name, Location location) {
  llvm::Expected<orc::ExecutorAddr> address = jit->lookup(name);
  if (address)
    return address->toPtr<void *>();
  emitError(location) << llvm::toString(address.takeError());
  return nullptr;
}
