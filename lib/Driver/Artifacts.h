//===-- Artifacts.h - the files a compilation leaves ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_DRIVER_ARTIFACTS_H
#define MOEC_LIB_DRIVER_ARTIFACTS_H

#include "moec/CodeGen/Library.h"
#include "moec/Driver/Compile.h"
#include "moec/Parameters/WeightsWriter.h"

#include "llvm/Support/JSON.h"

#include <optional>

namespace moec {

/// Where the four files of a library go; a static one names its own.
struct ArtifactPaths {
  ArtifactPaths(llvm::StringRef folder, llvm::StringRef name);

  std::string library, header, weights, manifest;
};

/// Writes a file that nobody looks at yet. These return what went wrong.
std::optional<std::string> writeArtifact(llvm::StringRef path,
                                         llvm::StringRef text);
/// Makes a finished file durable and gives it its name.
std::optional<std::string> publishArtifact(llvm::StringRef from,
                                           llvm::StringRef to);
/// Whether `-o` names standard output, a pipe or a device.
bool isSpecialOutput(llvm::StringRef path);
/// Whether two outputs are one, so that the later would replace the earlier.
bool isSameOutput(llvm::StringRef path, llvm::StringRef other);
/// Another library in the folder that would lose its weights to a new build;
/// nothing where there is none.
std::optional<std::string> findOtherLibrary(const ArtifactPaths &paths,
                                            const BuildId &buildId);
/// Where finished files get their names; "" where there are none.
std::string getOutputFolder(const CompileOptions &options);
/// The one of these outputs, if any, that is a file the model is read from:
/// writing it would destroy the model.
std::optional<std::string> findSource(mlir::ModuleOp module,
                                      llvm::StringRef modelPath,
                                      llvm::ArrayRef<std::string> outputs);
/// Writes what `-o` names; a file appears complete or not at all, out of the
/// folder `scratch`.
std::optional<std::string> writeOutput(llvm::StringRef path,
                                       llvm::StringRef scratch,
                                       llvm::StringRef text);

/// The C header with typed wrappers: `NAME_run` and the shapes of everything.
std::string buildHeader(const ModelInterface &interface);

/// Inputs or outputs as the manifest lists them.
llvm::json::Array describeValues(llvm::ArrayRef<ModelValue> values);
/// Past and present of every cache.
llvm::json::Array describeAliases(const ModelInterface &interface);

/// The relative tolerance of outputs of a model at the `onnx` stage: what sums
/// in another order make of f32, or two units in the last place of the coarsest
/// type that any node rounds to, for then rounding may go either way.
double getTolerance(mlir::ModuleOp module);

/// The text of NAME.json.
std::string buildManifest(mlir::ModuleOp module, const LibraryInfo &info,
                          llvm::json::Array moeLayers,
                          llvm::json::Value peakBytes, double tolerance,
                          const CompileOptions &options);

/// The options that change what a library computes, or by what, as the manifest
/// keeps them: who compiles the model by them has the same again.
llvm::json::Object describeOptions(const CompileOptions &options);

/// Bytes that stand for everything but the weights that makes one build differ
/// from another; not paths, job counts or machines.
std::vector<uint8_t> describeBuild(mlir::ModuleOp module,
                                   const CompileOptions &options);

} // namespace moec

#endif // MOEC_LIB_DRIVER_ARTIFACTS_H
