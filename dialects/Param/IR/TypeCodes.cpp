//===-- TypeCodes.cpp - ONNX's codes of element types ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TypeCodes.h"

#include "moec/moec.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace moec;

int32_t moec::getTypeCode(Type type) {
  if (type.isF32())
    return MOEC_FLOAT;
  if (type.isF16())
    return MOEC_FLOAT16;
  if (type.isBF16())
    return MOEC_BFLOAT16;
  if (type.isF64())
    return MOEC_DOUBLE;
  if (isa<Float8E4M3FNType>(type))
    return MOEC_FLOAT8E4M3FN;
  if (isa<Float8E4M3FNUZType>(type))
    return MOEC_FLOAT8E4M3FNUZ;
  if (isa<Float8E5M2Type>(type))
    return MOEC_FLOAT8E5M2;
  if (isa<Float8E5M2FNUZType>(type))
    return MOEC_FLOAT8E5M2FNUZ;
  if (isa<Float4E2M1FNType>(type))
    return MOEC_FLOAT4E2M1;
  if (isa<Float8E8M0FNUType>(type))
    return MOEC_FLOAT8E8M0;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return 0;
  switch (integer.getWidth()) {
  case 1:
    return MOEC_BOOL;
  case 4:
    return integer.isUnsigned() ? MOEC_UINT4 : MOEC_INT4;
  case 8:
    return integer.isUnsigned() ? MOEC_UINT8 : MOEC_INT8;
  case 16:
    return integer.isUnsigned() ? MOEC_UINT16 : MOEC_INT16;
  case 32:
    return integer.isUnsigned() ? MOEC_UINT32 : MOEC_INT32;
  case 64:
    return integer.isUnsigned() ? MOEC_UINT64 : MOEC_INT64;
  default:
    return 0;
  }
}
