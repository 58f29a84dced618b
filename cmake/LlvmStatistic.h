//===-- LlvmStatistic.h - statistics as the shared libraries have them ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a pass's Statistic is made of depends on NDEBUG, which Debian's LLVM and
// MLIR are built with. Builds with assertions include this before all else.
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CMAKE_LLVMSTATISTIC_H
#define MOEC_CMAKE_LLVMSTATISTIC_H

#ifndef NDEBUG
#define NDEBUG
#include "llvm/ADT/Statistic.h"
#undef NDEBUG
#endif

#endif // MOEC_CMAKE_LLVMSTATISTIC_H
