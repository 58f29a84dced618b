//===-- Compile.h - what moec compile does --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DRIVER_COMPILE_H
#define MOEC_DRIVER_COMPILE_H

#include "moec/Driver/Worker.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/LogicalResult.h"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace moec {

/// Where `--emit` stops. In the order of the data.
enum class EmitKind {
  Onnx,
  Moe,
  Kernels,
  Linalg,
  Vector,
  Llvm,
  Asm,
  Obj,
  StaticLib,
  Lib
};

/// A result of a node, by the numbers that `listNodeValues` gives.
using NodeOutput = std::pair<unsigned, unsigned>;

struct CompileOptions {
  std::string modelPath;
  /// A folder for `Lib`; a file, or `-`, for everything else.
  std::string output;
  /// A C identifier; empty: made of the file's stem.
  std::string name;
  EmitKind emit = EmitKind::Lib;
  /// CPU levels, best first; empty: the default ones.
  std::vector<std::string> levels;
  /// Fixed extents of input symbols.
  std::vector<std::pair<std::string, int64_t>> dims;
  unsigned jobs = 0;
  /// The folder of moec's own files (the runtime archive).
  std::string resourceFolder;
  /// Plain loops throughout: what other code is compared with.
  bool isReference = false;
  /// With `isReference`: plain loops of what the stage `moe` makes of a
  /// product.
  bool keepsLayers = false;
  /// ONNX Runtime's CPU kernels are followed where their rules are others.
  bool ortCpuCompat = false;
  /// Zero times the NaN of an expert that is not chosen stays NaN.
  bool keepNan = false;
  /// Values of nodes that are the outputs, instead of the model's.
  std::vector<NodeOutput> exposed;
  /// Print what passes remark on, too.
  bool showRemarks = false;
  /// Keep it for whoever asks the compilation.
  bool keepRemarks = false;
  /// Where that goes as YAML: a file, or `-`; empty: nowhere.
  std::string remarksPath;
  /// A file of which experts were chosen, and the share of the choices below
  /// which an expert goes; both, or "" and 0.
  std::string expertProfile;
  double dropBelow = 0;
  /// Optimisations to leave out, sorted, each of `getOptimisations`.
  std::vector<std::string> disabledPasses;
  WorkLimits limits;
  /// Adds passes of whoever uses the driver as a library, at a stage's end.
  std::function<void(EmitKind stage, mlir::OpPassManager &manager)> extendStage;
  /// As the user gave it, for reproducers.
  std::vector<std::string> commandLine;

  /// Whether the stage `moe` is that of the reference.
  bool isReferenceGraph() const { return isReference && !keepsLayers; }
};

/// Compiles a model in a process of its own. Outputs appear complete or not at
/// all; whatever goes wrong is printed.
llvm::LogicalResult compileModel(const CompileOptions &options,
                                 DiagnosticPrinter &printer);

/// The CPU levels that `--cpu` takes.
llvm::ArrayRef<const char *> getKnownLevels();

/// `name` as a C identifier.
std::string makeIdentifier(llvm::StringRef name);
/// The name of the library of a model.
std::string getLibraryName(const CompileOptions &options);

} // namespace moec

#endif // MOEC_DRIVER_COMPILE_H
