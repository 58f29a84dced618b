//===-- Library.h - from the llvm dialect to a shared library -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_LIBRARY_H
#define MOEC_CODEGEN_LIBRARY_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace moec {

/// An input or output of the model, as the host sees it.
struct ModelValue {
  std::string name;
  /// ONNX DataType code.
  int32_t type = 0;
  /// >= 0 static; otherwise -(symbol + 1).
  std::vector<int64_t> dims;
  /// The extents as a reader wants them: numbers, symbols, expressions.
  std::vector<std::string> shape;
  /// Of an output: the input whose buffer it may share, or -1.
  int32_t alias = -1;
  bool isStrided = false;
};

/// What the host sees of a model; read off `main` before lowering.
struct ModelInterface {
  std::string name;
  std::vector<std::string> symbols;
  std::vector<ModelValue> inputs;
  std::vector<ModelValue> outputs;

  /// Fails, with a diagnostic, where a value has a type the ABI lacks.
  static mlir::FailureOr<ModelInterface> read(mlir::ModuleOp module,
                                              llvm::StringRef name);

  /// Takes in which outputs may share an input's buffer, once
  /// `moec-alias-caches` has marked them.
  void readAliases(mlir::ModuleOp module);
};

/// The constants that go into a library beside its code.
struct LibraryInfo {
  ModelInterface interface;
  std::array<uint8_t, 16> buildId = {};
  /// Size of the weights file, 0: none.
  uint64_t weightsBytes = 0;
  uint64_t numSegments = 0;
  /// CPU levels, best first.
  std::vector<std::string> levels;
  std::string manifest;
};

/// Whether generated code may call this external symbol: the runtime's ABI
/// list and the three block operations that LLVM itself calls.
bool isGeneratedCodeExternal(llvm::StringRef name);

enum class ObjectKind { Object, Assembly };

/// One translation unit of the library: main, or the kernels of one level.
struct ObjectFile {
  std::string name;
  llvm::SmallVector<char, 0> bytes;
};

/// Compiles a module of the `llvm` stage: main with the model descriptor for
/// baseline x86-64, and each nested module for its level, on `jobs` threads.
/// The bytes do not depend on `jobs`. Fails, with a diagnostic, also where
/// generated code would call anything outside the runtime's ABI list.
mlir::FailureOr<std::vector<ObjectFile>> emitObjects(mlir::ModuleOp module,
                                                     const LibraryInfo &info,
                                                     ObjectKind kind,
                                                     unsigned jobs);

/// Links the objects and the runtime archive to `path`, which exports
/// `moec_query_<name>` alone. On failure returns what went wrong.
std::optional<std::string> linkLibrary(llvm::ArrayRef<ObjectFile> objects,
                                       llvm::StringRef name,
                                       llvm::StringRef runtimeArchive,
                                       llvm::StringRef path);

/// Links the objects, and the runtime archive where one is given, into one
/// relocatable object whose only global definition is `moec_query_<name>`: so
/// that any number of them, each with its runtime, goes into one program.
std::optional<std::string> mergeObjects(llvm::ArrayRef<ObjectFile> objects,
                                        llvm::StringRef name,
                                        llvm::StringRef runtimeArchive,
                                        llvm::StringRef path);

/// Makes a static archive of one such object.
std::optional<std::string> archiveLibrary(llvm::ArrayRef<ObjectFile> objects,
                                          llvm::StringRef name,
                                          llvm::StringRef runtimeArchive,
                                          llvm::StringRef path);

} // namespace moec

#endif // MOEC_CODEGEN_LIBRARY_H
