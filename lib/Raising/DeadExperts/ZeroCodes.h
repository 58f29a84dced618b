//===-- ZeroCodes.h - codes that stand for zero ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_DEADEXPERTS_ZEROCODES_H
#define MOEC_LIB_RAISING_DEADEXPERTS_ZEROCODES_H

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Param/IR/Param.h"

#include <vector>

namespace moec::dead {

/// Parameters of one product of all experts whose weights are integers of fewer
/// bits; zero points are null where the format has them.
struct IntegerCodes {
  moe::QuantAttr format;
  param::RecipeInterface codes, scales, zeroPoints;
};

/// Finds experts all of whose codes are their zero points.
class ZeroCodes {
public:
  ZeroCodes(param::ValueSource &source, const IntegerCodes &weights)
      : source(source), weights(weights) {}

  /// Whether all weights of an expert are zero: so are all codes less their
  /// zero points, and no scale makes NaN of that.
  bool isZero(int64_t expert);

private:
  bool read(param::RecipeInterface recipe, int64_t expert, int64_t row,
            std::vector<char> &bytes);
  bool areFinite(param::RecipeInterface scales, int64_t expert);
  bool isZeroRow(int64_t expert, int64_t row);
  unsigned getCode(llvm::ArrayRef<char> bytes, int64_t index) const;

  param::ValueSource &source;
  IntegerCodes weights;
  /// Of the expert at hand, or of a row of it.
  std::vector<char> codes, zeroPoints;
};

} // namespace moec::dead

#endif // MOEC_LIB_RAISING_DEADEXPERTS_ZEROCODES_H
