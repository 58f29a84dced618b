//===-- WeightFormats.h - weights in fewer bits ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_IR_WEIGHTFORMATS_H
#define MOEC_DIALECTS_MOE_IR_WEIGHTFORMATS_H

#include <cstdint>

namespace moec::moe {

/// Whether so many elements of a row may share a scale of `#moe.quant`: a power
/// of two from 16.
bool isQuantBlock(int64_t elements);

} // namespace moec::moe

#endif // MOEC_DIALECTS_MOE_IR_WEIGHTFORMATS_H
