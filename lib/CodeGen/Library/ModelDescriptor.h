//===-- ModelDescriptor.h - the constants of a library --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CODEGEN_LIBRARY_MODELDESCRIPTOR_H
#define MOEC_LIB_CODEGEN_LIBRARY_MODELDESCRIPTOR_H

#include "moec/CodeGen/Library.h"

namespace llvm {
class Module;
} // namespace llvm

namespace moec {

/// Of a level's function table, which the kernels' unit defines and main's
/// refers to.
inline constexpr llvm::StringLiteral kKernelTablePrefix = "moec_kernels_";

/// A layer whose routing runs can count.
struct MoeLayer {
  std::string name;
  int64_t numExperts;
  /// Of a token; -1 where the run says it.
  int64_t choices;
};

/// What main's unit must know of the others.
struct LevelTable {
  std::vector<std::string> names;
  unsigned numKernels = 0;
  /// Node and message of each site.
  std::vector<std::pair<std::string, std::string>> sites;
  std::vector<MoeLayer> moeLayers;
};

/// Emits the `moec_model_desc` of the model and `moec_query_<name>`, and makes
/// everything else of main's unit internal.
void emitModelDescriptor(llvm::Module &module, const LibraryInfo &info,
                         const LevelTable &levels);

/// Emits the function table of a level, of its kernels in the order of their
/// slots, and makes them internal.
void emitKernelTable(llvm::Module &module, llvm::StringRef level,
                     llvm::ArrayRef<std::string> kernels);

} // namespace moec

#endif // MOEC_LIB_CODEGEN_LIBRARY_MODELDESCRIPTOR_H
