//===-- Difference.h - how far an output is from what it should be --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TOOLS_MOEC_DIFFERENCE_H
#define MOEC_TOOLS_MOEC_DIFFERENCE_H

#include "Verify.h"

namespace moec {

/// An error with the id it is to be printed with.
struct VerifyError : moecrun::Error {
  VerifyError(DriverError id, const std::string &text) : Error(text), id(id) {}
  DriverError id;
};

/// How far a tensor is from what it should be.
struct Difference {
  double absolute = 0;
  /// The greatest difference over the greatest expected value.
  double relative = 0;
  double rtol = 0, atol = 0;
  size_t numBad = 0, numElements = 0;
  /// Elements that are finite where NaN or an infinity is expected.
  size_t numTame = 0;

  /// "max abs error 0.5, relative to the greatest ..."
  std::string toText() const;
};

/// Compares two tensors of one type and shape. `tolerance` is the relative one
/// where the options have none.
Difference measure(const moecrun::Buffer &mine, const moecrun::Buffer &expected,
                   const VerifyOptions &options, double tolerance);

/// Runs a library; a failure is a VerifyError.
std::vector<moecrun::Buffer> runLibrary(const moecrun::Library &library,
                                        moecrun::Inputs &inputs);

} // namespace moec

#endif // MOEC_TOOLS_MOEC_DIFFERENCE_H
