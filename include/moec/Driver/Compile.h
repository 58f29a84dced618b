//===-- Compile.h - what moec compile does --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DRIVER_COMPILE_H
#define MOEC_DRIVER_COMPILE_H

#include "llvm/Support/LogicalResult.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace llvm {
class StringRef;
} // namespace llvm

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

struct CompileOptions {
  std::string modelPath;
  /// A folder for `Lib`; a file, or `-`, for everything else.
  std::string output;
  /// Empty: the file's stem as a C identifier.
  std::string name;
  EmitKind emit = EmitKind::Lib;
  /// CPU levels, best first; empty: the default ones.
  std::vector<std::string> levels;
  /// Fixed extents of input symbols.
  std::vector<std::pair<std::string, int64_t>> dims;
  unsigned jobs = 0;
  /// The folder of moec's own files (the runtime archive).
  std::string resourceFolder;
  /// JSON diagnostics, one object a line.
  bool jsonDiagnostics = false;
};

/// Compiles a model. Everything said goes to standard error; outputs appear
/// complete or not at all.
llvm::LogicalResult compileModel(const CompileOptions &options);

/// `name` as a C identifier.
std::string makeIdentifier(llvm::StringRef name);

} // namespace moec

#endif // MOEC_DRIVER_COMPILE_H
