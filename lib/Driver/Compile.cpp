//===-- Compile.cpp - what moec compile does ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Driver/Compile.h"
#include "Artifacts.h"

#include "moec/CodeGen/Library.h"
#include "moec/Importer/Importer.h"
#include "moec/Importer/ModelFolder.h"
#include "moec/Parameters/SourceFiles.h"
#include "moec/Parameters/WeightsWriter.h"
#include "moec/Pipelines/InitAll.h"
#include "moec/Pipelines/Pipelines.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <thread>

using namespace mlir;
using namespace moec;

std::string moec::makeIdentifier(llvm::StringRef name) {
  std::string result;
  for (char letter : name)
    result += llvm::isAlnum(letter) ? letter : '_';
  if (result.empty() || llvm::isDigit(result.front()))
    result.insert(result.begin(), '_');
  return result;
}

namespace {
/// One compilation: the module and what was learnt of it on the way.
class Compilation {
public:
  explicit Compilation(const CompileOptions &options)
      : options(options), levels(options.levels) {
    if (levels.empty())
      levels.assign(std::begin(kDefaultLevels), std::end(kDefaultLevels));
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  LogicalResult run();

private:
  LogicalResult runStage(EmitKind stage);
  LogicalResult emitText();
  LogicalResult emitCode();
  LogicalResult emitLibrary();

  const CompileOptions &options;
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  ModelInterface interface;
  std::vector<std::string> levels;
  llvm::json::Array moeLayers;

  unsigned getJobs() const {
    return options.jobs ? options.jobs : std::thread::hardware_concurrency();
  }
};
} // namespace

/// Adds the passes that lead from the stage before to `stage`.
static void addStage(OpPassManager &manager, EmitKind stage,
                     ArrayRef<std::string> levels) {
  switch (stage) {
  case EmitKind::Onnx:
    return buildOnnxStage(manager);
  case EmitKind::Moe:
    return buildMoeStage(manager);
  case EmitKind::Kernels:
    return buildKernelsStage(manager);
  case EmitKind::Linalg:
    return buildLinalgStage(manager);
  case EmitKind::Vector: {
    VectorStageOptions vector;
    vector.levels = llvm::SmallVector<std::string>(levels);
    return buildVectorStage(manager, vector);
  }
  case EmitKind::Llvm:
    return buildLlvmStage(manager);
  default:
    return;
  }
}

LogicalResult Compilation::runStage(EmitKind stage) {
  PassManager manager(&context);
  addStage(manager, stage, levels);
  return manager.run(*module);
}

LogicalResult Compilation::run() {
  ImportOptions importOptions;
  importOptions.dims = options.dims;
  FailureOr<OwningOpRef<ModuleOp>> imported =
      importModel(context, options.modelPath, importOptions);
  if (failed(imported))
    return failure();
  module = std::move(*imported);

  std::string name =
      options.name.empty()
          ? makeIdentifier(llvm::sys::path::stem(options.modelPath))
          : options.name;
  FailureOr<ModelInterface> read = ModelInterface::read(*module, name);
  if (failed(read))
    return failure();
  interface = std::move(*read);

  for (EmitKind stage : {EmitKind::Onnx, EmitKind::Moe, EmitKind::Kernels,
                         EmitKind::Linalg, EmitKind::Vector, EmitKind::Llvm}) {
    if (stage > options.emit)
      break;
    if (failed(runStage(stage)))
      return failure();
    if (stage == EmitKind::Moe)
      moeLayers = describeMoeLayers(*module);
  }
  if (options.emit <= EmitKind::Llvm)
    return emitText();
  return options.emit == EmitKind::Lib ? emitLibrary() : emitCode();
}

LogicalResult Compilation::emitText() {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream, OpPrintingFlags().enableDebugInfo(false));
  stream << "\n";
  return writeArtifact(options.output, text);
}

/// asm, obj and staticlib: one file, no weights.
LogicalResult Compilation::emitCode() {
  LibraryInfo info;
  info.interface = interface;
  info.levels = levels;
  auto kind =
      options.emit == EmitKind::Asm ? ObjectKind::Assembly : ObjectKind::Object;
  auto objects = emitObjects(*module, info, kind, getJobs());
  if (failed(objects))
    return failure();
  if (options.emit == EmitKind::Asm) {
    std::string text;
    for (const ObjectFile &object : *objects)
      text += "# " + object.name + "\n" +
              std::string(object.bytes.data(), object.bytes.size());
    return writeArtifact(options.output, text);
  }
  return writeObjects(*objects, options);
}

LogicalResult Compilation::emitLibrary() {
  if (std::error_code error =
          llvm::sys::fs::create_directories(options.output)) {
    llvm::errs() << "moec: error: cannot create the folder '" << options.output
                 << "': " << error.message() << "\n";
    return failure();
  }
  ArtifactPaths paths(options.output, interface.name);

  // Weights first: their hashes are part of the build id, which both carry.
  WeightsWriter weights(paths.weights, module->getLoc());
  SourceFiles files{ModelFolder(options.modelPath)};
  if (failed(weights.writeSegments(*module, files)))
    return failure();
  LibraryInfo info;
  info.interface = interface;
  info.levels = levels;
  info.buildId = weights.computeBuildId(describeBuild(*module));
  info.weightsBytes = weights.getFileBytes();
  info.numSegments = weights.getSegments().size();
  info.manifest = buildManifest(*module, info, std::move(moeLayers));

  auto objects = emitObjects(*module, info, ObjectKind::Object, getJobs());
  if (failed(objects))
    return failure();
  if (auto error = linkLibrary(*objects, interface.name,
                               options.resourceFolder + "/libmoecrt.a",
                               paths.temporary(paths.library)))
    return module->emitError() << *error;
  if (failed(writeArtifact(paths.temporary(paths.header),
                           buildHeader(interface))) ||
      failed(writeArtifact(paths.temporary(paths.manifest), info.manifest)))
    return failure();
  // The library last: who finds it finds the rest.
  if (failed(weights.finalize(info.buildId)))
    return failure();
  for (const std::string &path : {paths.header, paths.manifest, paths.library})
    if (failed(publishArtifact(paths.temporary(path), path)))
      return failure();
  return success();
}

LogicalResult moec::compileModel(const CompileOptions &options) {
  Compilation compilation(options);
  return compilation.run();
}
