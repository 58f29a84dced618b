//===-- Passes.h - passes on parameters -----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_PARAM_TRANSFORMS_PASSES_H
#define MOEC_DIALECTS_PARAM_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir {
class ModuleOp;
} // namespace mlir

namespace moec::param {

#define GEN_PASS_DECL
#include "dialects/Param/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "dialects/Param/Transforms/Passes.h.inc"

} // namespace moec::param

#endif // MOEC_DIALECTS_PARAM_TRANSFORMS_PASSES_H
