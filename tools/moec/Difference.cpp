//===-- Difference.cpp - how far an output is from what it should be ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Difference.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

using namespace moec;
using moecrun::Buffer;
using moecrun::Library;
using moecrun::Session;

/// Two values that no tolerance is asked about.
static bool isSame(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

/// A 64-bit integer does not fit a double: integers are compared as they are.
static bool isSameElement(const Buffer &a, const Buffer &b, size_t index) {
  size_t bits = size_t(moecrun::dtypeBits(a.dtype));
  if (bits % 8 != 0 || moecrun::isFloat(a.dtype))
    return isSame(moecrun::elementValue(a.bytes.data(), a.dtype, index),
                  moecrun::elementValue(b.bytes.data(), b.dtype, index));
  size_t size = bits / 8;
  return std::memcmp(a.bytes.data() + index * size,
                     b.bytes.data() + index * size, size) == 0;
}

Difference moec::measure(const Buffer &mine, const Buffer &expected,
                         const VerifyOptions &options, double tolerance) {
  Difference result;
  bool isExact = !moecrun::isFloat(mine.dtype);
  size_t count = expected.count();
  double greatest = 0;
  for (size_t i = 0; i < count; ++i) {
    double value =
        moecrun::elementValue(expected.bytes.data(), expected.dtype, i);
    if (std::isfinite(value))
      greatest = std::max(greatest, std::fabs(value));
  }
  result.rtol = isExact ? 0 : options.rtol.value_or(tolerance);
  result.atol = isExact ? 0 : options.atol.value_or(result.rtol * greatest);
  result.numElements = count;
  for (size_t i = 0; i < count; ++i) {
    if (isSameElement(mine, expected, i))
      continue;
    double y = moecrun::elementValue(mine.bytes.data(), mine.dtype, i);
    double r = moecrun::elementValue(expected.bytes.data(), expected.dtype, i);
    double error = std::fabs(y - r);
    if (!std::isfinite(error))
      error = INFINITY;
    result.absolute = std::max(result.absolute, error);
    result.numTame += std::isfinite(y) && !std::isfinite(r);
    // Written so that NaN fails.
    if (isExact || !(error <= result.rtol * std::fabs(r) + result.atol))
      ++result.numBad;
  }
  result.relative = result.absolute == 0 ? 0
                    : greatest == 0      ? INFINITY
                                         : result.absolute / greatest;
  return result;
}

std::string Difference::toText() const {
  char text[200];
  snprintf(text, sizeof(text),
           "max abs error %.3g, relative to the greatest %.3g (rtol %.3g, "
           "atol %.3g)",
           absolute, relative, rtol, atol);
  std::string result = text;
  if (numBad)
    result += ", " + std::to_string(numBad) + " of " +
              std::to_string(numElements) + " elements out of tolerance";
  return result;
}

std::vector<Buffer> moec::runLibrary(const Library &library,
                                     moecrun::Inputs &inputs) {
  try {
    Session session(library, {});
    return moecrun::runOnce(session, inputs);
  } catch (const moecrun::Error &error) {
    throw VerifyError(DriverError::RunFailed, error.what());
  }
}
