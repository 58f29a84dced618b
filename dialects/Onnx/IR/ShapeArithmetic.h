//===-- ShapeArithmetic.h - what shape inference computes with ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_SHAPEARITHMETIC_H
#define MOEC_DIALECTS_ONNX_IR_SHAPEARITHMETIC_H

#include "dialects/Onnx/IR/ShapeContext.h"

#include "mlir/IR/Builders.h"

namespace moec::onnx {

/// No extent that a list of the model or of the run makes is larger, nor any
/// element of such a list: what is computed from a few of them does not wrap.
constexpr int64_t kMaxExtent = int64_t(1) << 40;

/// The value of a constant expression.
std::optional<int64_t> getConstant(mlir::AffineExpr expr);

/// Whether the expression is at least zero for all extents; symbols are.
bool isNonNegative(mlir::AffineExpr expr);

/// The smaller of two, where that can be decided; null otherwise.
mlir::AffineExpr getMinimum(ShapeContext &context, mlir::AffineExpr a,
                            mlir::AffineExpr b);

/// Demands a >= b: proved, refused with a diagnostic, or checked at run time.
llvm::LogicalResult requireAtLeast(ShapeContext &context, mlir::Operation *op,
                                   mlir::AffineExpr a, mlir::AffineExpr b,
                                   const llvm::Twine &what);

/// Demands an extent, not known to be 1, that is not 1: proved, or checked at
/// run time.
void requireNotOne(ShapeContext &context, mlir::Operation *op,
                   mlir::AffineExpr extent, const llvm::Twine &what);

/// Takes a product apart into what are no products.
void collectFactors(mlir::AffineExpr expr,
                    llvm::SmallVectorImpl<mlir::AffineExpr> &factors);

mlir::AffineExpr getProduct(ShapeContext &context,
                            llvm::ArrayRef<mlir::AffineExpr> factors);

/// The quotient of two products, with common factors cancelled, so that no
/// extent divides by another at run time; null where a symbol stays below.
mlir::AffineExpr divideProducts(ShapeContext &context,
                                llvm::ArrayRef<mlir::AffineExpr> numerator,
                                llvm::ArrayRef<mlir::AffineExpr> denominator);

/// Whether two products have the same factors, and so are equal whatever the
/// symbols are.
bool areEqualProducts(ShapeContext &context, llvm::ArrayRef<mlir::AffineExpr> a,
                      llvm::ArrayRef<mlir::AffineExpr> b);

/// The elements of an operand that must be rank 1 of static length, null ones
/// unknown. Fails with a diagnostic on `op` otherwise.
mlir::FailureOr<Extents> getListElements(ShapeContext &context,
                                         mlir::Operation *op,
                                         mlir::Value operand,
                                         const llvm::Twine &name);

/// Fails with a diagnostic where a known element of a list that makes extents
/// is constant and beyond `kMaxExtent`, on either side of zero.
llvm::LogicalResult requireBounded(mlir::Operation *op, const Extents &elements,
                                   llvm::StringRef name);

/// Normalises constant axes in place; fails with a diagnostic where one is
/// outside of the rank or named twice.
llvm::LogicalResult normalizeAxes(mlir::Operation *op,
                                  llvm::SmallVectorImpl<int64_t> &axes,
                                  int64_t rank);

/// Carries known elements from operand to result where both are rank 0 or 1.
void forwardElements(ShapeContext &context, mlir::Value from, mlir::Value to);

/// Drops an operand that `onnx.shapes` makes superfluous, unless it is a
/// constant, which costs nothing and tells more.
void dropOperand(mlir::MutableOperandRange operand);

/// Element `index` of a rank 1 integer tensor (or the only one of any tensor)
/// as an index value.
mlir::Value buildElement(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::Value tensor, int64_t index);

/// A tensor of static extents in another element type, by an `onnx.Cast`.
mlir::Value buildCastOp(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value tensor, mlir::Type element);

/// Ends the run unless the condition holds.
void buildShapeCheck(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value condition, llvm::StringRef message);

/// An index value within low..high.
mlir::Value buildClamp(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::Value value, int64_t low, int64_t high);

/// Ends the run unless a number of the run that makes an extent is within
/// 0..kMaxExtent; clamped, so that nothing built from it wraps. `what` names
/// the number in the message.
mlir::Value buildBoundedExtent(mlir::OpBuilder &builder, mlir::Location loc,
                               mlir::Value value, llvm::StringRef what);

/// The product of two extents, or the largest index where that wraps.
mlir::Value buildSaturatedMul(mlir::OpBuilder &builder, mlir::Location loc,
                              mlir::Value a, mlir::Value b);

/// Demands the operand that shape inference has not dropped: without it an
/// earlier inference has set the extents, and nothing is left to infer.
llvm::LogicalResult keepShape(mlir::Operation *op, llvm::StringRef operand);

} // namespace moec::onnx

#endif // MOEC_DIALECTS_ONNX_IR_SHAPEARITHMETIC_H
