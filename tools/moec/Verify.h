//===-- Verify.h - what moec verify does ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TOOLS_MOEC_VERIFY_H
#define MOEC_TOOLS_MOEC_VERIFY_H

#include "moec/Driver/NodeValues.h"
#include "moec/Driver/Scratch.h"
#include "moec/Driver/TestData.h"

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
  /// The model is compiled with ONNX Runtime's rules, as the library was, if
  /// its manifest does not say it.
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

/// Does `work` in a worker, where errors are reported for what they are: about
/// `file`. Whether it was done.
bool runInWorker(const VerifyOptions &options, const std::string &file,
                 DiagnosticPrinter &printer,
                 llvm::function_ref<llvm::LogicalResult(WorkReport &)> work);

/// Names the first node of the model whose value, in a fresh compilation by the
/// options that the manifest of `library` has, is out of tolerance. `reference`
/// says how the reference is compiled to the folder `scratch`; symbols had the
/// extents `dims`. Fails: a node is found, or the search cannot go on, or the
/// library alone is wrong.
llvm::LogicalResult
bisectModel(const VerifyOptions &options, const CompileOptions &reference,
            const ManifestInfo &library, const NamedExtents &dims,
            const ScratchFolder &scratch, DiagnosticPrinter &printer);

} // namespace moec

#endif // MOEC_TOOLS_MOEC_VERIFY_H
