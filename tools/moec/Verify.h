//===-- Verify.h - what moec verify does ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TOOLS_MOEC_VERIFY_H
#define MOEC_TOOLS_MOEC_VERIFY_H

#include "moec/Driver/NodeValues.h"
#include "moec/Driver/Scratch.h"

#include "tools/moec-run/Inputs.h"

#include <optional>

namespace moec {

struct VerifyOptions {
  std::string library;
  /// At least one of these three.
  std::string testData, model;
  bool checkWeights = false;
  /// Where outputs differ from the model's, look for the node that is why.
  bool bisect = false;
  /// The model is compiled with ONNX Runtime's rules, as the library was.
  bool ortCpuCompat = false;
  /// Of the runs beside the model.
  moecrun::InputOptions inputs;
  /// Not given: the manifest's tolerance; and rtol times the greatest value of
  /// the expected output.
  std::optional<double> rtol, atol;
  WorkLimits limits;
  std::string resourceFolder;
  std::vector<std::string> commandLine;
  /// What `bisect` adds to each stage of the product; null: nothing.
  decltype(CompileOptions::extendStage) extendStage;
};

/// Compares a library with what it should compute; prints a line for each
/// output to standard output.
llvm::LogicalResult verifyLibrary(const VerifyOptions &options,
                                  DiagnosticPrinter &printer);

/// What the search for a node needs to know of a library that differs.
struct DifferingLibrary {
  std::vector<std::string> levels;
  /// Optimisations that it was compiled without.
  std::vector<std::string> disabledPasses;
  /// The extents that its symbols had.
  NamedExtents dims;
};

/// Names the first node of the model whose value, in a fresh compilation for
/// the levels of `library`, is out of tolerance. `reference` says how the
/// reference is compiled to the folder `scratch`. Fails: a node is found, or
/// the search cannot go on, or the library alone is wrong.
llvm::LogicalResult bisectModel(const VerifyOptions &options,
                                const CompileOptions &reference,
                                const DifferingLibrary &library,
                                const ScratchFolder &scratch,
                                DiagnosticPrinter &printer);

} // namespace moec

#endif // MOEC_TOOLS_MOEC_VERIFY_H
