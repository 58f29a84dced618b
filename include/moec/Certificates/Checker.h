//===-- Checker.h - whether experts are dead as a manifest says -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CERTIFICATES_CHECKER_H
#define MOEC_CERTIFICATES_CHECKER_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <map>
#include <string>
#include <vector>

namespace moec {

class ParameterEvaluator;

/// What a check found of one layer.
struct LayerVerdict {
  std::string name;
  int64_t experts = 0;
  /// How many dead experts the manifest has of each cause, those that are
  /// refused included.
  std::map<std::string, int64_t> causes;
  int64_t numDead = 0, numProved = 0;
  /// Without proof, because the user asked for it.
  int64_t numRequested = 0;
  /// A sentence for each certificate that is refused.
  std::vector<std::string> refusals;
};

/// Checks each certificate of dead experts in a manifest against a model as it
/// was imported: see docs/rationale/dead-experts.md. Nothing here is shared
/// with the pass that makes them. Fails where the manifest is none.
llvm::Expected<std::vector<LayerVerdict>>
checkCertificates(mlir::ModuleOp module, ParameterEvaluator &evaluator,
                  const llvm::json::Object &manifest);

} // namespace moec

#endif // MOEC_CERTIFICATES_CHECKER_H
