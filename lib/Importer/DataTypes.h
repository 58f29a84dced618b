//===-- DataTypes.h - the types of elements in the format -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_IMPORTER_DATATYPES_H
#define MOEC_LIB_IMPORTER_DATATYPES_H

#include "mlir/IR/Types.h"

#include <string>

namespace moec::importer {

/// The data type codes of the format that have a type here.
enum DataType : int32_t {
  Float = 1,
  UInt8 = 2,
  Int8 = 3,
  UInt16 = 4,
  Int16 = 5,
  Int32 = 6,
  Int64 = 7,
  Bool = 9,
  Float16 = 10,
  Double = 11,
  UInt32 = 12,
  UInt64 = 13,
  BFloat16 = 16,
  Float8E4M3FN = 17,
  Float8E4M3FNUZ = 18,
  Float8E5M2 = 19,
  Float8E5M2FNUZ = 20,
  UInt4 = 21,
  Int4 = 22,
  Float4E2M1 = 23,
  Float8E8M0 = 24,
  UInt2 = 25,
  Int2 = 26,
};

/// The type that stands for an ONNX data type code; null where none does.
mlir::Type getElementType(mlir::MLIRContext *context, int32_t code);
/// The code as the standard writes it, `FLOAT16`; `data type 99` if unknown.
std::string getDataTypeName(int32_t code);

} // namespace moec::importer

#endif // MOEC_LIB_IMPORTER_DATATYPES_H
