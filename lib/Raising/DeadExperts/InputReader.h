//===-- InputReader.h - what bounds the input of a router -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_DEADEXPERTS_INPUTREADER_H
#define MOEC_LIB_RAISING_DEADEXPERTS_INPUTREADER_H

#include "RouterNumbers.h"

#include <optional>

namespace moec::dead {

/// The unit roundoff of a type of floats that is stored.
double getRoundoff(mlir::Type elementType);

/// The value without views that keep what the last dimension is. Casts between
/// floats are passed too; the greatest roundoff of what is met goes to
/// `roundoff`.
mlir::Value peelStored(mlir::Value value, double &roundoff);

/// What is known of a value whose last dimension is the input of a router.
/// The kind is `None` where nothing is.
InputBound readInputBound(mlir::Value value);

} // namespace moec::dead

#endif // MOEC_LIB_RAISING_DEADEXPERTS_INPUTREADER_H
