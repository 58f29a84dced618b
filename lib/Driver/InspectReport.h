//===-- InspectReport.h - what moec inspect prints -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_DRIVER_INSPECTREPORT_H
#define MOEC_LIB_DRIVER_INSPECTREPORT_H

#include "LayerReport.h"

#include "moec/CodeGen/Library.h"
#include "moec/Importer/ModelSummary.h"

#include "llvm/Support/JSON.h"

namespace moec {

/// Everything that was found out.
struct Findings {
  std::string name;
  ModelSummary summary;
  std::vector<UnsupportedNode> unsupported;
  /// Where the model could be imported.
  bool isImported = false;
  /// Where it could not, or its layers not be raised: what follows is what the
  /// nodes say of themselves.
  bool isPartial = false;
  ModelInterface interface;
  llvm::json::Array layers;
  llvm::json::Value peakBytes = nullptr;
  llvm::json::Value tolerance = nullptr;
  ParameterCount parameters;
};

/// Both print to standard output. JSON takes parts of the findings.
void printJson(Findings &findings);
void printText(const Findings &findings);
/// Names come from the model: nothing of them steers the terminal.
std::string toPrintable(llvm::StringRef text);

} // namespace moec

#endif // MOEC_LIB_DRIVER_INSPECTREPORT_H
