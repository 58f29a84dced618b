//===-- Passes.h - raising passes -----------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RAISING_PASSES_H
#define MOEC_RAISING_PASSES_H

#include "mlir/Pass/Pass.h"

namespace moec {

#define GEN_PASS_DECL
#include "moec/Raising/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "moec/Raising/Passes.h.inc"

} // namespace moec

#endif // MOEC_RAISING_PASSES_H
