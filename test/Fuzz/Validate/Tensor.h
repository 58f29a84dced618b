//===-- Tensor.h - values of the host -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_FUZZ_VALIDATE_TENSOR_H
#define MOEC_TEST_FUZZ_VALIDATE_TENSOR_H

#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>

namespace moec {
struct ModelValue;

namespace validate {

/// A row-major tensor of one of the types that a run takes and gives.
struct Tensor {
  Tensor() = default;
  /// With all bits set, which no one may read.
  Tensor(int32_t type, llvm::ArrayRef<int64_t> shape);

  int64_t getNumElements() const;
  int64_t getNumBytes() const;
  /// An element as a number; integers beyond 2^53 are rounded.
  double get(int64_t index) const;
  void set(int64_t index, double value);

  /// ONNX data type code.
  int32_t type = 0;
  llvm::SmallVector<int64_t> shape;
  std::shared_ptr<char> data;
};

/// Whether type, extents and bits are the same.
bool isSame(const Tensor &a, const Tensor &b);

/// Bytes of an element; 0 for a type that has none of its own.
int64_t getElementBytes(int32_t type);
bool isFloat(int32_t type);
/// The greatest relative error of rounding to the type; 0 for integers.
double getRounding(int32_t type);

/// Whether it is f16 or bf16.
bool isNarrow(int32_t type);
/// The same numbers, in f32 where they are narrower.
Tensor widen(const Tensor &tensor);

/// Uninitialised memory that is 64-byte aligned.
std::shared_ptr<char> allocate(int64_t bytes);

/// Random elements for an input: floats are normal, integers 0 or 1.
Tensor makeInput(const ModelValue &value, llvm::ArrayRef<int64_t> symbols,
                 std::mt19937_64 &random);

} // namespace validate
} // namespace moec

#endif // MOEC_TEST_FUZZ_VALIDATE_TENSOR_H
