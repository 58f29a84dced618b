//===-- PeakMemory.h - how much a run takes at once -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CODEGEN_PEAKMEMORY_H
#define MOEC_CODEGEN_PEAKMEMORY_H

#include "moec/CodeGen/Library.h"

#include "llvm/Support/JSON.h"

namespace moec {

/// The most bytes of temporaries that a run has at once, of a module of the
/// `vector` stage: a number, or a text that is arithmetic over the model's
/// symbols. Extents that only the run itself counts are named `counted0`,
/// `counted1`, ... Null where a loop of main makes buffers that outlive it.
llvm::json::Value describePeakBytes(mlir::ModuleOp module,
                                    const ModelInterface &interface);

} // namespace moec

#endif // MOEC_CODEGEN_PEAKMEMORY_H
