//===-- Validator.h - passes on one graph ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_FUZZ_VALIDATE_VALIDATOR_H
#define MOEC_TEST_FUZZ_VALIDATE_VALIDATOR_H

#include "PassFaults.h"
#include "Program.h"
#include "Rules.h"
#include "Steps.h"

#include "moec/CodeGen/Library.h"

#include "llvm/Support/JSON.h"

#include <ctime>
#include <map>
#include <set>

namespace moec::validate {

/// The files of one graph. The last two are empty where there are none: what
/// its fused layers compute, by ordinary operators; and the same in f32, where
/// it has narrower floats.
struct Models {
  std::string model, definition, wide;
};

/// One graph: each pass of the validated stages that changes it, and what the
/// module computes before and after. Diagnostics become problems.
class Validator {
public:
  Validator(mlir::MLIRContext &context, Jit &jit, Lowering &lowering,
            Models models, uint64_t seed);

  /// Imports, runs the passes and draws inputs; false if that cannot be done.
  bool prepare();
  /// Compares at every pass that has fired.
  void validate();
  /// Does a wrong rewrite after each pass that has one among `wanted`. Those
  /// that were found are taken off.
  void plant(std::set<std::string> &wanted);

  /// What was found, on one line.
  llvm::json::Value describe() const;
  bool isFine() const { return problems.empty(); }

private:
  using Outputs = std::vector<std::vector<Tensor>>;

  mlir::OwningOpRef<mlir::ModuleOp> import(llvm::StringRef path);
  bool drawInputs(const ModelInterface &interface);
  /// Redraws until all choices are certain; false if they never are.
  bool drawCertain(const ModelInterface &interface, const Program &probe,
                   llvm::ArrayRef<struct Choice> choices,
                   std::mt19937_64 &random);
  /// The outputs of a module by run; null, with a problem, where it has none.
  const Outputs *getOutputs(size_t snapshot);
  /// As `getOutputs`, of the pass's right result.
  const Outputs *getOutputsBefore(const Step &step);
  mlir::FailureOr<Outputs> runModule(mlir::ModuleOp module,
                                     llvm::StringRef path) {
    return runModule(module, path, inputs);
  }
  mlir::FailureOr<Outputs>
  runModule(mlir::ModuleOp module, llvm::StringRef path, const Outputs &given);
  /// The outputs in f32; null where nothing says them.
  const Outputs *getWideOutputs();
  Comparison compareAll(const Outputs &before, const Outputs &after,
                        Promise promise);
  void check(const Step &step);
  /// Whether a planted fault shows; nothing where there is no place for it.
  std::optional<bool> isFound(const PassFault &fault, const Step &step);
  bool isChangeFound(const PassFault &fault);
  void addProblem(const llvm::Twine &what);

  struct PassResult {
    unsigned fired = 0;
    double error = 0;
  };

  mlir::MLIRContext &context;
  Jit &jit;
  Lowering &lowering;
  Models models;
  uint64_t seed;
  Steps steps;
  std::vector<std::vector<Tensor>> inputs;
  unsigned numDraws = 0;
  /// Of this process's time.
  std::clock_t start = std::clock();
  /// By snapshot; empty where it cannot be run.
  std::map<size_t, std::optional<Outputs>> outputs;
  std::optional<Outputs> defined, wide;
  /// By outlined module; failed where it could not be run.
  std::map<std::string, mlir::FailureOr<Outputs>> byText;
  std::map<std::string, PassResult> passes;
  std::vector<std::string> problems;
  /// What MLIR has said since the last problem.
  std::string said;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace moec::validate

#endif // MOEC_TEST_FUZZ_VALIDATE_VALIDATOR_H
