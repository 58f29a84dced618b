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

/// The types that a value is stored as on its way.
struct Storage {
  /// The greatest unit roundoff among them.
  double roundoff = 0;
  /// f16 loses more below its normal numbers than the others have there.
  bool hasHalf = false;
};

/// The value without views that keep what the last dimension is. Casts between
/// floats are passed too; types that are met go to `storage`.
mlir::Value peelStored(mlir::Value value, Storage &storage);

/// Whether a NaN in a row of `source` makes one in the same row of `value`:
/// arithmetic and normalisations of rows lead from one to the other.
bool carriesNan(mlir::Value source, mlir::Value value);

/// What is known of a value whose last dimension is the input of a router.
/// The kind is `None` where nothing is.
InputBound readInputBound(mlir::Value value);

} // namespace moec::dead

#endif // MOEC_LIB_RAISING_DEADEXPERTS_INPUTREADER_H
