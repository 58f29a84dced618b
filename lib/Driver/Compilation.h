//===-- Compilation.h - one model on its way through the stages -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_DRIVER_COMPILATION_H
#define MOEC_LIB_DRIVER_COMPILATION_H

#include "Artifacts.h"
#include "LayerReport.h"
#include "PassRemark.h"

#include "moec/Driver/Compile.h"
#include "moec/Importer/Importer.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"

#include <mutex>

namespace moec {

/// One compilation, in the worker: the module and what was learnt of it on the
/// way. Diagnostics of MLIR go to the report, with the node they are about.
class Compilation {
public:
  Compilation(const CompileOptions &options, WorkReport &report);

  /// Reads the model. `unsupported`, if given, collects such nodes.
  llvm::LogicalResult
  import(std::vector<UnsupportedNode> *unsupported = nullptr);
  /// Leads the module from the stage before to this one.
  llvm::LogicalResult runStage(EmitKind stage);
  /// Names a stage that is not of `EmitKind`, with the id of its errors.
  /// Fails only where a test has planted an error (MOEC_TEST_FAULT).
  llvm::LogicalResult beginStage(llvm::StringRef name, DriverError id);
  /// Prints an error about the model.
  llvm::LogicalResult fail(DriverError id, std::string message);

  /// All of it: writes to `scratch`, publishes at the end. With `stopBefore`
  /// only writes the IR as it is before the stage of that name to `irPath`.
  llvm::LogicalResult run(llvm::StringRef scratch,
                          llvm::StringRef stopBefore = "",
                          llvm::StringRef irPath = "");

  /// Where the file of remarks is made, before it gets its name.
  void setRemarksScratch(llvm::StringRef folder) {
    remarksScratch = folder.str();
  }

  mlir::MLIRContext &getContext() { return context; }
  mlir::ModuleOp getModule() { return *module; }
  const ModelInterface &getInterface() const { return interface; }
  /// Who sees every error first, and returns whether it is not to be printed.
  void
  intercept(std::function<bool(const Diagnostic &diagnostic)> interceptor) {
    this->interceptor = std::move(interceptor);
  }
  /// What passes have remarked on, where the options ask for it.
  llvm::ArrayRef<PassRemark> getRemarks() const { return remarks; }
  /// What experts were made of before any were removed.
  llvm::ArrayRef<WeightSource> getExpertSources() const {
    return expertSources;
  }
  /// No diagnostic of any kind is printed from here on.
  void suppressAll() { isSilent = true; }

private:
  /// Keeps what the manifest says of the module at a stage's end.
  void learn(EmitKind stage);
  /// Fails where the profile of experts cannot be read.
  llvm::LogicalResult checkProfile();
  /// Fails where an output would take the place of what the model is read from.
  llvm::LogicalResult checkOutputs();
  /// All stages up to the one asked for, or to `stopBefore`.
  llvm::LogicalResult runStages(llvm::StringRef stopBefore);
  llvm::LogicalResult emitText(llvm::StringRef scratch);
  llvm::LogicalResult emitAssembly(llvm::StringRef scratch);
  llvm::LogicalResult emitLibrary(llvm::StringRef scratch);
  /// What is known of the library without its weights.
  LibraryInfo describeLibrary() const;
  /// Writes the weights file, and fills in what depends on it.
  llvm::LogicalResult writeWeights(llvm::StringRef path, LibraryInfo &info);
  /// Makes what `--emit` asks for; returns what went wrong.
  std::optional<std::string> link(llvm::ArrayRef<ObjectFile> objects,
                                  llvm::StringRef path);
  /// Copies a finished file to an output that is no file.
  llvm::LogicalResult publishSpecial(llvm::StringRef path);
  /// Fails where another library beside would lose its weights.
  llvm::LogicalResult checkBeside(const ArtifactPaths &paths,
                                  const BuildId &buildId);
  void warnOfLostWeights();
  llvm::LogicalResult writeReproducer(llvm::StringRef path);
  void report(mlir::Diagnostic &diagnostic);
  void report(PassRemark remark, mlir::Location location);
  bool wantsRemarks() const {
    return options.showRemarks || options.keepRemarks ||
           !options.remarksPath.empty();
  }
  void listenToRemarks();
  llvm::LogicalResult writeRemarks();
  /// The names of nodes that a location stands for.
  std::vector<std::string> findNodes(mlir::Location location) const;
  /// The first of them; "" if for none.
  llvm::StringRef findNode(mlir::Location location) const;
  void collectNodes();

  friend class PlaceReporter;
  friend class RemarkReceiver;

  const CompileOptions &options;
  WorkReport &workReport;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  ModelInterface interface;
  std::vector<std::string> levels;
  llvm::json::Array moeLayers;
  std::vector<WeightSource> expertSources;
  llvm::json::Value peakBytes = nullptr;
  double tolerance = 0;
  /// The operator of each node of the model.
  llvm::StringMap<std::string> nodes;
  /// Of errors that have no id of their own.
  DriverError stageId = DriverError::OnnxStage;
  std::function<bool(const Diagnostic &)> interceptor;
  bool isSilent = false;
  /// What passes have remarked on; they may run on several threads.
  std::vector<PassRemark> remarks;
  std::mutex remarksMutex;
  std::string remarksScratch;

  unsigned getJobs() const;
};

} // namespace moec

#endif // MOEC_LIB_DRIVER_COMPILATION_H
