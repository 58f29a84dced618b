//===-- Compilation.cpp - one model on its way through the stages ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Compilation.h"
#include "ExposedValues.h"

#include "moec/CodeGen/Library.h"
#include "moec/CodeGen/PeakMemory.h"
#include "moec/Importer/ModelFolder.h"
#include "moec/Parameters/FileValues.h"
#include "moec/Parameters/SourceFiles.h"
#include "moec/Parameters/WeightsWriter.h"
#include "moec/Pipelines/InitAll.h"
#include "moec/Pipelines/Pipelines.h"
#include "moec/Raising/ExpertProfile.h"

#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <thread>

using namespace mlir;
using namespace moec;

namespace moec {
/// Tells the report which pass works on which node.
class PlaceReporter : public PassInstrumentation {
public:
  explicit PlaceReporter(Compilation &compilation) : compilation(compilation) {}

  void runBeforePass(Pass *pass, Operation *op) override {
    if (pass->getArgument().empty())
      return;
    compilation.workReport.setPlace(pass->getArgument(),
                                    compilation.findNode(op->getLoc()));
    if (pass->getArgument() == "moe-eliminate-dead-experts")
      compilation.expertSources = findExpertSources(*compilation.module);
  }

private:
  Compilation &compilation;
};
} // namespace moec

Compilation::Compilation(const CompileOptions &options, WorkReport &workReport)
    : options(options), workReport(workReport), levels(options.levels) {
  if (levels.empty())
    levels.assign(std::begin(kDefaultLevels), std::end(kDefaultLevels));
  DialectRegistry registry;
  registerAllDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false);
  if (options.jobs == 1)
    context.disableMultithreading();
  context.getDiagEngine().registerHandler(
      [this](mlir::Diagnostic &diagnostic) { report(diagnostic); });
  if (wantsRemarks())
    listenToRemarks();
}

unsigned Compilation::getJobs() const {
  return options.jobs ? options.jobs : std::thread::hardware_concurrency();
}

//===-- Stages ------------------------------------------------------------===//

static StringRef getStageName(EmitKind stage) {
  static constexpr StringLiteral names[] = {"onnx",   "moe",    "kernels",
                                            "linalg", "vector", "llvm"};
  return names[unsigned(stage)];
}

LogicalResult Compilation::beginStage(StringRef name, DriverError id) {
  stageId = id;
  workReport.beginStage(name);
  const char *fault = getenv("MOEC_TEST_FAULT");
  if (fault && StringRef(fault) == ("error:" + name).str())
    return emitError(UnknownLoc::get(&context)) << "was planted";
  return success();
}

LogicalResult Compilation::import(std::vector<UnsupportedNode> *unsupported) {
  if (failed(beginStage("import", DriverError::Interface)))
    return failure();
  ImportOptions importOptions;
  importOptions.dims = options.dims;
  importOptions.unsupported = unsupported;
  FailureOr<OwningOpRef<ModuleOp>> imported =
      importModel(context, options.modelPath, importOptions);
  if (failed(imported))
    return failure();
  module = std::move(*imported);
  useFileValues(context, options.modelPath);
  collectNodes();
  if (!options.exposed.empty())
    exposeNodeValues(*module, options.exposed);
  FailureOr<ModelInterface> read =
      ModelInterface::read(*module, getLibraryName(options));
  if (failed(read))
    return failure();
  interface = std::move(*read);
  return success();
}

LogicalResult Compilation::runStage(EmitKind stage) {
  static constexpr DriverError ids[] = {
      DriverError::OnnxStage,    DriverError::MoeStage,
      DriverError::KernelsStage, DriverError::LinalgStage,
      DriverError::VectorStage,  DriverError::LlvmStage};
  if (failed(beginStage(getStageName(stage), ids[unsigned(stage)])))
    return failure();
  PassManager manager(&context);
  manager.addInstrumentation(std::make_unique<PlaceReporter>(*this));
  llvm::SmallVector<std::string> disabled(ArrayRef(options.disabledPasses));
  PlainStageOptions plain;
  plain.disable = disabled;
  MoeStageOptions moe;
  moe.disable = disabled;
  moe.reference = options.isReferenceGraph();
  moe.expertProfile = options.expertProfile;
  moe.dropBelow = options.dropBelow;
  moe.ortCpuCompat = options.ortCpuCompat;
  moe.keepNan = options.keepNan;
  KernelsStageOptions kernels;
  kernels.disable = disabled;
  kernels.reference = options.isReference;
  LinalgStageOptions linalg;
  linalg.disable = disabled;
  linalg.reference = options.isReference;
  VectorStageOptions vector;
  vector.disable = disabled;
  vector.levels = llvm::SmallVector<std::string>(ArrayRef(levels));
  vector.reference = options.isReference;
  switch (stage) {
  case EmitKind::Onnx:
    buildOnnxStage(manager, plain);
    break;
  case EmitKind::Moe:
    buildMoeStage(manager, moe);
    break;
  case EmitKind::Kernels:
    buildKernelsStage(manager, kernels);
    break;
  case EmitKind::Linalg:
    buildLinalgStage(manager, linalg);
    break;
  case EmitKind::Vector:
    buildVectorStage(manager, vector);
    break;
  default:
    buildLlvmStage(manager, plain);
    break;
  }
  if (options.extendStage)
    options.extendStage(stage, manager);
  if (failed(manager.run(*module)))
    return failure();
  if (stage == EmitKind::Moe)
    interface.readAliases(*module);
  return success();
}

void Compilation::learn(EmitKind stage) {
  if (stage == EmitKind::Onnx)
    tolerance = getTolerance(*module);
  else if (stage == EmitKind::Moe)
    moeLayers = describeMoeLayers(*module);
  else if (stage == EmitKind::Kernels)
    addKernels(moeLayers, *module);
  else if (stage == EmitKind::Vector)
    peakBytes = describePeakBytes(*module, interface);
}

LogicalResult Compilation::runStages(StringRef stopBefore) {
  for (EmitKind stage : {EmitKind::Onnx, EmitKind::Moe, EmitKind::Kernels,
                         EmitKind::Linalg, EmitKind::Vector, EmitKind::Llvm}) {
    if (stage > options.emit || getStageName(stage) == stopBefore)
      break;
    if (failed(runStage(stage)))
      return failure();
    learn(stage);
  }
  return success();
}

LogicalResult Compilation::run(StringRef scratch, StringRef stopBefore,
                               StringRef irPath) {
  if (failed(checkProfile()) || failed(import()) || failed(checkOutputs()))
    return failure();
  LogicalResult ran = runStages(stopBefore);
  // Everything after works on the same IR.
  if (!stopBefore.empty())
    return failed(ran) ? ran : writeReproducer(irPath);
  // Also where a stage refuses the model: what went before may say why.
  if (failed(writeRemarks()) || failed(ran))
    return failure();
  if (options.emit <= EmitKind::Llvm)
    return emitText(scratch);
  return options.emit == EmitKind::Asm ? emitAssembly(scratch)
                                       : emitLibrary(scratch);
}

LogicalResult Compilation::checkProfile() {
  if (options.expertProfile.empty())
    return success();
  if (failed(beginStage("profile", DriverError::Profile)))
    return failure();
  auto profile = ExpertProfile::read(options.expertProfile);
  if (profile)
    return success();
  return fail(DriverError::Profile, llvm::toString(profile.takeError()));
}

LogicalResult Compilation::writeReproducer(StringRef path) {
  std::error_code error;
  llvm::raw_fd_ostream stream(path, error, llvm::sys::fs::OF_Append);
  if (error)
    return fail(DriverError::CannotWrite,
                ("cannot write '" + path + "': " + error.message()).str());
  module->print(stream, OpPrintingFlags().enableDebugInfo(true));
  stream << "\n";
  return success();
}

//===-- Output ------------------------------------------------------------===//

LibraryInfo Compilation::describeLibrary() const {
  LibraryInfo info;
  info.interface = interface;
  info.levels = levels;
  return info;
}

/// Whether an output is linked into a program, so that its weights, header and
/// manifest stand beside it.
static bool isLinkable(EmitKind emit) {
  return emit == EmitKind::Obj || emit == EmitKind::StaticLib;
}

LogicalResult Compilation::checkOutputs() {
  ArtifactPaths paths(getOutputFolder(options), interface.name);
  std::vector<std::string> beside = {paths.weights, paths.header,
                                     paths.manifest};
  std::vector<std::string> outputs;
  if (options.emit == EmitKind::Lib) {
    outputs = beside;
    outputs.push_back(paths.library);
  } else {
    outputs = {options.output};
    if (isLinkable(options.emit) && !isSpecialOutput(options.output))
      llvm::append_range(outputs, beside);
  }
  if (!options.remarksPath.empty()) {
    if (llvm::any_of(outputs, [&](const std::string &output) {
          return isSameOutput(output, options.remarksPath);
        }))
      return fail(DriverError::CannotWrite,
                  "cannot write '" + options.remarksPath +
                      "': it is also another output; give --remarks another "
                      "file");
    outputs.push_back(options.remarksPath);
  }
  if (!options.expertProfile.empty())
    for (const std::string &output : outputs)
      if (isSameOutput(output, options.expertProfile))
        return fail(DriverError::CannotWrite,
                    "cannot write '" + output +
                        "': the expert profile is read from it; give another "
                        "folder or name for the output");
  if (auto path = findSource(*module, options.modelPath, outputs))
    return fail(DriverError::CannotWrite,
                "cannot write '" + *path +
                    "': the model is read from it; give another folder or "
                    "name for the output");
  if (!isLinkable(options.emit))
    return success();
  for (StringRef path : beside)
    if (llvm::sys::path::filename(path) ==
        llvm::sys::path::filename(options.output))
      return fail(DriverError::CannotWrite,
                  "cannot write '" + options.output +
                      "': another file of the library has this name; give "
                      "another for the output");
  return success();
}

LogicalResult Compilation::writeRemarks() {
  if (options.remarksPath.empty())
    return success();
  if (auto error =
          writeOutput(options.remarksPath, remarksScratch, toYaml(remarks)))
    return fail(DriverError::CannotWrite, *error);
  return success();
}

LogicalResult Compilation::emitText(StringRef scratch) {
  if (failed(beginStage("output", DriverError::CannotWrite)))
    return failure();
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream, OpPrintingFlags().enableDebugInfo(false));
  stream << "\n";
  if (auto error = writeOutput(options.output, scratch, text))
    return fail(DriverError::CannotWrite, *error);
  return success();
}

/// A library without parameters opens no file, though one is written for build
/// rules that name it.
static void describeWeights(const WeightsWriter &weights, LibraryInfo &info) {
  info.numSegments = weights.getSegments().size();
  info.weightsBytes = info.numSegments > 0 ? weights.getFileBytes() : 0;
}

LogicalResult Compilation::writeWeights(StringRef path, LibraryInfo &info) {
  if (failed(beginStage("weights", DriverError::Weights)))
    return failure();
  WeightsWriter weights(path, module->getLoc());
  SourceFiles files{ModelFolder(options.modelPath)};
  if (failed(weights.writeSegments(*module, files,
                                   [&](uint64_t done, uint64_t total) {
                                     workReport.setProgress(done, total);
                                   })))
    return failure();
  info.buildId = weights.computeBuildId(describeBuild(*module, options));
  describeWeights(weights, info);
  info.manifest = buildManifest(*module, info, std::move(moeLayers),
                                std::move(peakBytes), tolerance, options);
  return weights.finalize(info.buildId);
}

/// One text, to read: no weights file, and none that would fit it.
LogicalResult Compilation::emitAssembly(StringRef scratch) {
  if (failed(beginStage("objects", DriverError::MachineCode)))
    return failure();
  LibraryInfo info = describeLibrary();
  WeightsWriter weights("", module->getLoc());
  if (failed(weights.layOut(*module)))
    return failure();
  describeWeights(weights, info);
  auto objects = emitObjects(*module, info, ObjectKind::Assembly, getJobs());
  if (failed(objects))
    return failure();
  std::string text;
  for (const ObjectFile &object : *objects)
    text += "# " + object.name + "\n" +
            std::string(object.bytes.data(), object.bytes.size());
  if (failed(beginStage("output", DriverError::CannotWrite)))
    return failure();
  if (auto error = writeOutput(options.output, scratch, text))
    return fail(DriverError::CannotWrite, *error);
  return success();
}

std::optional<std::string> Compilation::link(ArrayRef<ObjectFile> objects,
                                             StringRef path) {
  std::string runtime = options.resourceFolder + "/libmoecrt.a";
  switch (options.emit) {
  case EmitKind::Obj:
    return mergeObjects(objects, interface.name, /*runtimeArchive=*/"", path);
  case EmitKind::StaticLib:
    return archiveLibrary(objects, interface.name, runtime, path);
  default:
    return linkLibrary(objects, interface.name, runtime, path);
  }
}

/// What the user hears who sends a library where no file can stand beside it.
void Compilation::warnOfLostWeights() {
  moec::Diagnostic diagnostic;
  diagnostic.severity = "warning";
  diagnostic.file = options.modelPath;
  diagnostic.message = "the weights are not written, since nothing can stand "
                       "beside '" +
                       options.output +
                       "'; '--emit lib' with the same "
                       "options writes the same '" +
                       interface.name + ".weights'";
  workReport.print(diagnostic);
}

LogicalResult Compilation::checkBeside(const ArtifactPaths &paths,
                                       const BuildId &buildId) {
  if (options.emit != EmitKind::Lib && isSpecialOutput(options.output))
    return success();
  auto other = findOtherLibrary(paths, buildId);
  if (!other)
    return success();
  return fail(DriverError::CannotWrite,
              "cannot write '" + paths.weights + "': '" + *other +
                  "' reads it and is another build; give another folder or "
                  "--name, or remove that library");
}

/// obj, staticlib and lib: code, and beside it weights, header and manifest.
LogicalResult Compilation::emitLibrary(StringRef scratch) {
  ArtifactPaths made(scratch, interface.name);
  ArtifactPaths paths(getOutputFolder(options), interface.name);
  if (options.emit != EmitKind::Lib)
    paths.library = options.output;

  // Weights first: their hashes are part of the build id, which both carry.
  LibraryInfo info = describeLibrary();
  if (failed(writeWeights(made.weights, info)) ||
      failed(checkBeside(paths, info.buildId)))
    return failure();
  if (failed(beginStage("objects", DriverError::MachineCode)))
    return failure();
  auto objects = emitObjects(*module, info, ObjectKind::Object, getJobs());
  if (failed(objects))
    return failure();

  if (failed(beginStage("link", DriverError::Link)))
    return failure();
  if (auto error = link(*objects, made.library))
    return fail(DriverError::Link, *error);

  if (failed(beginStage("output", DriverError::CannotWrite)))
    return failure();
  if (options.emit != EmitKind::Lib && isSpecialOutput(options.output)) {
    if (info.numSegments > 0)
      warnOfLostWeights();
    return publishSpecial(made.library);
  }
  for (auto &[path, text] : {std::pair(made.header, buildHeader(interface)),
                             std::pair(made.manifest, info.manifest)})
    if (auto error = writeArtifact(path, text))
      return fail(DriverError::CannotWrite, *error);
  // The library last: who finds it finds the rest.
  for (auto &[from, to] : {std::pair(made.weights, paths.weights),
                           std::pair(made.header, paths.header),
                           std::pair(made.manifest, paths.manifest),
                           std::pair(made.library, paths.library)})
    if (auto error = publishArtifact(from, to))
      return fail(DriverError::CannotWrite, *error);
  return success();
}

LogicalResult Compilation::publishSpecial(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return fail(
        DriverError::CannotWrite,
        ("cannot read '" + path + "': " + buffer.getError().message()).str());
  if (auto error = writeArtifact(options.output, (*buffer)->getBuffer()))
    return fail(DriverError::CannotWrite, *error);
  return success();
}
