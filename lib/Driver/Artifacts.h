//===-- Artifacts.h - the files a compilation leaves ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_DRIVER_ARTIFACTS_H
#define MOEC_LIB_DRIVER_ARTIFACTS_H

#include "moec/CodeGen/Library.h"
#include "moec/Driver/Compile.h"

#include "llvm/Support/JSON.h"

namespace moec {

/// Where the four files of a library go.
struct ArtifactPaths {
  ArtifactPaths(llvm::StringRef folder, llvm::StringRef name);

  /// The name under which a file is written before it is complete.
  std::string temporary(llvm::StringRef path) const {
    return (path + ".partial").str();
  }

  std::string library, header, weights, manifest;
};

/// Writes a file, or standard output for "-".
llvm::LogicalResult writeArtifact(llvm::StringRef path, llvm::StringRef text);
/// Makes a finished file durable and gives it its name.
llvm::LogicalResult publishArtifact(llvm::StringRef from, llvm::StringRef to);
/// Objects for `--emit obj` (linked into one) and `--emit staticlib`.
llvm::LogicalResult writeObjects(llvm::ArrayRef<ObjectFile> objects,
                                 const CompileOptions &options);

/// The C header with typed wrappers: `NAME_run` and the shapes of everything.
std::string buildHeader(const ModelInterface &interface);

/// What the MoE layers of a module at the `moe` stage are, as the manifest
/// lists them.
llvm::json::Array describeMoeLayers(mlir::ModuleOp module);

/// The text of NAME.json.
std::string buildManifest(mlir::ModuleOp module, const LibraryInfo &info,
                          llvm::json::Array moeLayers);

/// Bytes that stand for everything but the weights that makes one build differ
/// from another; not paths, job counts or machines.
std::vector<uint8_t> describeBuild(mlir::ModuleOp module);

} // namespace moec

#endif // MOEC_LIB_DRIVER_ARTIFACTS_H
