//===-- Passes.h - passes on the moe dialect ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_TRANSFORMS_PASSES_H
#define MOEC_DIALECTS_MOE_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace moec::moe {

#define GEN_PASS_DECL
#include "dialects/Moe/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "dialects/Moe/Transforms/Passes.h.inc"

} // namespace moec::moe

#endif // MOEC_DIALECTS_MOE_TRANSFORMS_PASSES_H
