//===-- DataTypes.cpp - the types of elements in the format ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DataTypes.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace moec;
using mlir::Type;

Type importer::getElementType(mlir::MLIRContext *context, int32_t code) {
  auto integer = [&](unsigned width, bool isUnsigned = false) -> Type {
    return mlir::IntegerType::get(context, width,
                                  isUnsigned ? mlir::IntegerType::Unsigned
                                             : mlir::IntegerType::Signless);
  };
  switch (code) {
  case Float:
    return mlir::Float32Type::get(context);
  case UInt8:
    return integer(8, true);
  case Int8:
    return integer(8);
  case UInt16:
    return integer(16, true);
  case Int16:
    return integer(16);
  case Int32:
    return integer(32);
  case Int64:
    return integer(64);
  case Bool:
    return integer(1);
  case Float16:
    return mlir::Float16Type::get(context);
  case Double:
    return mlir::Float64Type::get(context);
  case UInt32:
    return integer(32, true);
  case UInt64:
    return integer(64, true);
  case BFloat16:
    return mlir::BFloat16Type::get(context);
  case Float8E4M3FN:
    return mlir::Float8E4M3FNType::get(context);
  case Float8E4M3FNUZ:
    return mlir::Float8E4M3FNUZType::get(context);
  case Float8E5M2:
    return mlir::Float8E5M2Type::get(context);
  case Float8E5M2FNUZ:
    return mlir::Float8E5M2FNUZType::get(context);
  case UInt4:
    return integer(4, true);
  case Int4:
    return integer(4);
  case Float4E2M1:
    return mlir::Float4E2M1FNType::get(context);
  case Float8E8M0:
    return mlir::Float8E8M0FNUType::get(context);
  case UInt2:
    return integer(2, true);
  case Int2:
    return integer(2);
  default:
    return {};
  }
}

std::string importer::getDataTypeName(int32_t code) {
  static const char *const names[] = {
      "UNDEFINED",      "FLOAT",      "UINT8",
      "INT8",           "UINT16",     "INT16",
      "INT32",          "INT64",      "STRING",
      "BOOL",           "FLOAT16",    "DOUBLE",
      "UINT32",         "UINT64",     "COMPLEX64",
      "COMPLEX128",     "BFLOAT16",   "FLOAT8E4M3FN",
      "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ",
      "UINT4",          "INT4",       "FLOAT4E2M1",
      "FLOAT8E8M0",     "UINT2",      "INT2"};
  if (code >= 0 && size_t(code) < std::size(names))
    return names[code];
  return "data type " + std::to_string(code);
}
