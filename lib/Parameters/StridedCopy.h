//===-- StridedCopy.h - elements from one layout to another ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_PARAMETERS_STRIDEDCOPY_H
#define MOEC_LIB_PARAMETERS_STRIDEDCOPY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

namespace moec::parameters {

using Dims = llvm::SmallVector<int64_t, 6>;

/// Copies element (i...) for all i < sizes from `source + sum(i * stride)` to
/// `target + sum(i * stride)`. Strides are in bytes, of any sign; a source
/// stride of 0 repeats an element. `elementBytes` is 1, 2, 4 or 8; neither
/// pointer need be aligned.
void copyStrided(char *target, llvm::ArrayRef<int64_t> targetStrides,
                 const char *source, llvm::ArrayRef<int64_t> sourceStrides,
                 llvm::ArrayRef<int64_t> sizes, int64_t elementBytes);

/// Row-major strides of a dense box, in bytes.
Dims getDenseStrides(llvm::ArrayRef<int64_t> sizes, int64_t elementBytes);

/// Whether a box of these strides is dense and row-major; dimensions of one
/// element have no say.
bool isDense(llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> strides,
             int64_t elementBytes);

} // namespace moec::parameters

#endif // MOEC_LIB_PARAMETERS_STRIDEDCOPY_H
