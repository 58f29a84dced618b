//===-- Jit.h - code in this process --------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_FUZZ_VALIDATE_JIT_H
#define MOEC_TEST_FUZZ_VALIDATE_JIT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"

#include <memory>
#include <string>

namespace moec::validate {

/// Registers what a context needs for `Jit::add`.
void registerTranslations(mlir::DialectRegistry &registry);

/// Compiles modules of the llvm dialect, without optimisations. Kernels stay
/// for the life of the process, and are known by their text: what a graph has
/// in common with the one before is not compiled again.
class Jit {
public:
  /// Aborts where this machine cannot have one: there is nothing to do then.
  Jit();

  /// Adds the functions of a module; of those that are to be called from
  /// outside names must be new. What is added to `tracker` goes with it.
  mlir::LogicalResult add(mlir::ModuleOp module,
                          llvm::orc::ResourceTrackerSP tracker = nullptr);
  /// The address of a function; null, with a diagnostic, if it has none.
  void *find(llvm::StringRef name, mlir::Location location);
  llvm::orc::ResourceTrackerSP createTracker() {
    return jit->getMainJITDylib().createResourceTracker();
  }
  std::string makeName() { return "validated" + std::to_string(numNames++); }

  /// The kernels that were compiled so far: names by text.
  llvm::StringMap<std::string> kernels;

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
  unsigned numNames = 0;
};

} // namespace moec::validate

#endif // MOEC_TEST_FUZZ_VALIDATE_JIT_H
