//===-- Passes.h - what holds between the stages --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PIPELINES_PASSES_H
#define MOEC_PIPELINES_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace moec {

#define GEN_PASS_DECL
#include "moec/Pipelines/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "moec/Pipelines/Passes.h.inc"

} // namespace moec

#endif // MOEC_PIPELINES_PASSES_H
