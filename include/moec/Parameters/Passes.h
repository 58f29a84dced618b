//===-- Passes.h - looking at parameters ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PARAMETERS_PASSES_H
#define MOEC_PARAMETERS_PASSES_H

#include "mlir/Pass/Pass.h"

#include <string>

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace moec {

#define GEN_PASS_DECL
#include "moec/Parameters/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "moec/Parameters/Passes.h.inc"

} // namespace moec

#endif // MOEC_PARAMETERS_PASSES_H
