//===-- Diagnostic.h - what moec tells its user ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DRIVER_DIAGNOSTIC_H
#define MOEC_DRIVER_DIAGNOSTIC_H

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace moec {

/// Stable: a number is never reused. Explained in docs/diagnostics.md; the
/// importer has its own, from 101.
enum class DriverError {
  Usage = 201,
  NotAvailable = 202,
  CannotWrite = 203,
  Crashed = 204,
  OutOfMemory = 205,
  OutOfTime = 206,
  CannotStart = 207,
  SilentFailure = 208,
  Profile = 209,
  // One for each stage, for what a stage refuses.
  OnnxStage = 210,
  MoeStage = 211,
  KernelsStage = 212,
  LinalgStage = 213,
  VectorStage = 214,
  LlvmStage = 215,
  MachineCode = 216,
  Link = 217,
  Weights = 218,
  Interface = 219,
  // moec inspect --why.
  NoSuchNode = 220,
  // moec verify.
  CannotLoad = 230,
  RunFailed = 231,
  TestData = 232,
  OtherModel = 233,
  OutputsDiffer = 234,
  WeightsDamaged = 235,
  NodeDiffers = 236,
  // moec check-certificate.
  NotTheManifest = 240,
  CertificateRefused = 241,
};

/// "moec-E0201".
std::string getErrorName(DriverError error);

/// One thing to say, in parts.
struct Diagnostic {
  std::string id;
  std::string severity = "error";
  std::string file;
  std::string node;
  std::string op;
  std::string message;
  /// Of remarks: passed, missed, failed or analysis; the pass that says it;
  /// and what it calls the remark.
  std::string kind, pass, name;
  /// Where everything needed to see the failure again was written.
  std::string reproducer;

  Diagnostic() = default;
  Diagnostic(DriverError error, llvm::StringRef file, std::string message)
      : id(getErrorName(error)), file(file.str()), message(std::move(message)) {
  }

  /// `moec: error: [moec-E0101] FILE: node 'NAME' (OP): message`, one line;
  /// or `moec: remark: [passed] FILE: node 'NAME' (OP): message (PASS)`.
  std::string toText() const;
  /// One JSON object without line breaks.
  std::string toJson() const;
  static std::optional<Diagnostic> fromJson(llvm::StringRef line);
};

/// Where diagnostics go: standard error, in one of two forms.
class DiagnosticPrinter {
public:
  explicit DiagnosticPrinter(bool json, bool isQuiet = false)
      : json(json), isQuiet(isQuiet) {}

  void print(const Diagnostic &diagnostic);
  bool hasErrors() const { return numErrors != 0; }
  bool isJson() const { return json; }

private:
  bool json, isQuiet;
  unsigned numErrors = 0;
};

} // namespace moec

#endif // MOEC_DRIVER_DIAGNOSTIC_H
