//===-- Inspect.h - what moec inspect does --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DRIVER_INSPECT_H
#define MOEC_DRIVER_INSPECT_H

#include "moec/Driver/Worker.h"

namespace moec {

struct InspectOptions {
  std::string modelPath;
  bool asJson = false;
  /// Say instead what became of this node, if it is not empty.
  std::string why;
  WorkLimits limits;
};

/// Prints to standard output what is inside a model, also one that cannot be
/// compiled.
llvm::LogicalResult inspectModel(const InspectOptions &options,
                                 DiagnosticPrinter &printer);

} // namespace moec

#endif // MOEC_DRIVER_INSPECT_H
