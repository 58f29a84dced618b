//===-- Casts.h - elements of one type to another -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_PARAMETERS_CASTS_H
#define MOEC_LIB_PARAMETERS_CASTS_H

#include "mlir/IR/Types.h"

namespace moec::parameters {

/// Converts `count` elements as `#param.cast` says. In memory an element takes
/// its width, at least one byte. The ranges do not overlap and need no
/// alignment.
void castElements(char *target, mlir::Type targetType, const char *source,
                  mlir::Type sourceType, int64_t count);

} // namespace moec::parameters

#endif // MOEC_LIB_PARAMETERS_CASTS_H
