//===-- CheckCertificate.h - what moec check-certificate does -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DRIVER_CHECKCERTIFICATE_H
#define MOEC_DRIVER_CHECKCERTIFICATE_H

#include "moec/Driver/Worker.h"

namespace moec {

struct CheckCertificateOptions {
  std::string modelPath, manifestPath;
  bool asJson = false;
  WorkLimits limits;
};

/// Checks what a library's manifest says of dead experts against the model;
/// prints a line for each layer to standard output.
llvm::LogicalResult checkCertificate(const CheckCertificateOptions &options,
                                     DiagnosticPrinter &printer);

} // namespace moec

#endif // MOEC_DRIVER_CHECKCERTIFICATE_H
