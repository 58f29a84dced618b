//===-- Scalar.h - what the computing lowerings share ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CONVERSION_ONNXTOLINALG_SCALAR_H
#define MOEC_LIB_CONVERSION_ONNXTOLINALG_SCALAR_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace moec {

/// The type to compute in: f32 for f16 and bf16, signless integers.
mlir::Type getComputeType(mlir::Type elementType);

/// Builds arithmetic on scalars of one type, float or integer alike.
class Scalar {
public:
  Scalar(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type elementType);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  /// The type computed in.
  mlir::Type type;
  bool isFloat;
  bool isUnsigned;
  /// Lets sums be vectorised: their order is then not the source's.
  bool mayReorder = false;

  mlir::Value constant(double value);
  mlir::Value infinity(bool isNegative);
  /// The least (or greatest) value of the type, infinities included.
  mlir::Value extreme(bool isLeast);

  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  /// Of floats; integers are divided by `divide` and `remainder`.
  mlir::Value div(mlir::Value a, mlir::Value b);
  /// Integers, rounded towards zero, wrapping; 0 where `b` is 0.
  mlir::Value divide(mlir::Value a, mlir::Value b);
  mlir::Value remainder(mlir::Value a, mlir::Value b);
  /// NaN where either is.
  mlir::Value max(mlir::Value a, mlir::Value b);
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value neg(mlir::Value a);
  mlir::Value abs(mlir::Value a);

  mlir::Value equal(mlir::Value a, mlir::Value b);
  mlir::Value less(mlir::Value a, mlir::Value b);
  mlir::Value lessOrEqual(mlir::Value a, mlir::Value b);
  /// False for integers.
  mlir::Value isNaN(mlir::Value a);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  mlir::Value both(mlir::Value a, mlir::Value b);
  mlir::Value either(mlir::Value a, mlir::Value b);
  mlir::Value invert(mlir::Value a);

  mlir::Value exp(mlir::Value a);
  mlir::Value log(mlir::Value a);
  mlir::Value sqrt(mlir::Value a);
  mlir::Value sigmoid(mlir::Value a);

private:
  mlir::arith::FastMathFlags getFlags() const;
};

/// A scalar in another element type, as ONNX Cast: see the op. `from` and `to`
/// are ONNX element types, signedness included; the result's type is the
/// signless form of `to`.
mlir::Value buildCast(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value value, mlir::Type from, mlir::Type to);

/// From a stored element to the type it is computed in, and back.
mlir::Value buildExtend(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value value);
mlir::Value buildTruncate(mlir::OpBuilder &builder, mlir::Location loc,
                          mlir::Value value, mlir::Type elementType);

/// The map from an iteration space over `result` to an operand that broadcasts
/// into it numpy's way: leading dimensions dropped, ones at zero.
mlir::AffineMap getBroadcastMap(mlir::RankedTensorType operand,
                                mlir::RankedTensorType result);

/// The map to the first `count` of `numDims` dimensions; `count` may be 0, for
/// which upstream's getMajorSubMap gives no map at all.
mlir::AffineMap getLeadingMap(mlir::OpBuilder &builder, unsigned numDims,
                              unsigned count);

/// `linalg.generic` with one result in `init`. Arguments come in the type they
/// are computed in; what `build` returns is stored in the init's type. The last
/// argument is the init's element.
mlir::Value
buildGeneric(mlir::OpBuilder &builder, mlir::Location loc,
             mlir::ValueRange inputs, mlir::Value init,
             llvm::ArrayRef<mlir::AffineMap> maps,
             llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location,
                                            mlir::ValueRange)>
                 build);

/// `tensor.empty` of these extents.
mlir::Value buildEmpty(mlir::OpBuilder &builder, mlir::Location loc,
                       llvm::ArrayRef<mlir::OpFoldResult> extents,
                       mlir::Type elementType);
/// A tensor of these extents, filled.
mlir::Value buildFilled(mlir::OpBuilder &builder, mlir::Location loc,
                        llvm::ArrayRef<mlir::OpFoldResult> extents,
                        mlir::Value element);

} // namespace moec

#endif // MOEC_LIB_CONVERSION_ONNXTOLINALG_SCALAR_H
