//===-- Npy.h - NumPy's file format ---------------------------------*- C++
//-*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef MOEC_TOOLS_MOECRUN_NPY_H
#define MOEC_TOOLS_MOECRUN_NPY_H

#include "Library.h"

namespace moecrun {

/// Reads a .npy file (versions 1 to 3, little-endian, C order) as `dtype`,
/// which must be the file's type. Types that NumPy lacks are read from integers
/// of the same width: bfloat16 from uint16 (or void of two bytes), float8 from
/// uint8. Throws an Error that names the file; safe on any bytes.
Buffer readNpy(const std::string &path, int32_t dtype);

/// Writes a .npy file of version 1; types that NumPy lacks as above.
void writeNpy(const std::string &path, const Buffer &buffer);

} // namespace moecrun

#endif // MOEC_TOOLS_MOECRUN_NPY_H
