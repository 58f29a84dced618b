//===-- TypeCodes.h - ONNX's codes of element types -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_PARAM_IR_TYPECODES_H
#define MOEC_DIALECTS_PARAM_IR_TYPECODES_H

#include "mlir/IR/Types.h"

#include <cstdint>

namespace moec {

/// ONNX's DataType of an element type, which the runtime's interface has, too;
/// 0 where there is none.
int32_t getTypeCode(mlir::Type type);

} // namespace moec

#endif // MOEC_DIALECTS_PARAM_IR_TYPECODES_H
