//===-- Verify.h - what moec verify does ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TOOLS_MOEC_VERIFY_H
#define MOEC_TOOLS_MOEC_VERIFY_H

#include "moec/Driver/Compile.h"

#include <optional>

namespace moec {

struct VerifyOptions {
  std::string library;
  /// At least one of these three.
  std::string testData, model;
  bool checkWeights = false;
  std::vector<std::pair<std::string, int64_t>> dims;
  uint64_t seed = 1;
  /// Not given: the manifest's tolerance; and rtol times the greatest value of
  /// the expected output.
  std::optional<double> rtol, atol;
  WorkLimits limits;
  std::string resourceFolder;
  std::vector<std::string> commandLine;
};

/// Compares a library with what it should compute; prints a line for each
/// output to standard output.
llvm::LogicalResult verifyLibrary(const VerifyOptions &options,
                                  DiagnosticPrinter &printer);

} // namespace moec

#endif // MOEC_TOOLS_MOEC_VERIFY_H
