//===-- OnnxToLinalg.h - what the onnx lowerings share --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_CONVERSION_ONNXTOLINALG_H
#define MOEC_CONVERSION_ONNXTOLINALG_H

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/DialectConversion.h"

namespace moec {

/// Attribute of an `index` argument of a kernel: the symbol it carries.
inline constexpr llvm::StringLiteral kSymbolArgAttr = "onnx.symbol";

/// Signless integers for unsigned ones; everything else stays. The onnx op
/// keeps its own types: ask those for signedness.
class OnnxTypeConverter : public mlir::TypeConverter {
public:
  OnnxTypeConverter();
};

/// The extents of an onnx op's result as values at the builder's position,
/// from `onnx.shapes` and the symbols that the enclosing function's arguments
/// carry (`onnx.shape` on tensor arguments, `onnx.symbol` on index ones).
/// Static extents come back as attributes. Fails, with a diagnostic, where an
/// extent needs a symbol that no argument carries.
mlir::FailureOr<llvm::SmallVector<mlir::OpFoldResult>>
buildExtents(mlir::OpBuilder &builder, mlir::OpResult result);

/// `tensor.empty` of the result's extents with the converted element type.
mlir::FailureOr<mlir::Value> buildEmptyResult(mlir::OpBuilder &builder,
                                              mlir::OpResult result);

/// Where a kernel puts the result: its own destination where it is outlined,
/// else a `tensor.empty` as above. For kernels that ask what is there already.
mlir::FailureOr<mlir::Value> buildDestination(mlir::OpBuilder &builder,
                                              mlir::OpResult result);

/// The value of one `affine_map<()[s..] -> (expr)>` result, as above.
mlir::FailureOr<mlir::OpFoldResult> buildExtent(mlir::OpBuilder &builder,
                                                mlir::Operation *at,
                                                mlir::AffineExpr extent);

void populateOnnxConstantPatterns(mlir::RewritePatternSet &patterns,
                                  mlir::TypeConverter &converter);
void populateOnnxContractionPatterns(mlir::RewritePatternSet &patterns,
                                     mlir::TypeConverter &converter);
void populateOnnxMathPatterns(mlir::RewritePatternSet &patterns,
                              mlir::TypeConverter &converter);
void populateOnnxNormalizationPatterns(mlir::RewritePatternSet &patterns,
                                       mlir::TypeConverter &converter);
void populateOnnxReductionPatterns(mlir::RewritePatternSet &patterns,
                                   mlir::TypeConverter &converter);

void populateOnnxShapePatterns(mlir::RewritePatternSet &patterns,
                               mlir::TypeConverter &converter);
void populateOnnxMovementPatterns(mlir::RewritePatternSet &patterns,
                                  mlir::TypeConverter &converter);
void populateOnnxIndexPatterns(mlir::RewritePatternSet &patterns,
                               mlir::TypeConverter &converter);
/// Parts of the index patterns.
void populateOnnxScatterPatterns(mlir::RewritePatternSet &patterns,
                                 mlir::TypeConverter &converter);
void populateOnnxTopKPatterns(mlir::RewritePatternSet &patterns,
                              mlir::TypeConverter &converter);
/// Reshape, Squeeze, Unsqueeze and Flatten alone; the shape patterns have them.
void populateOnnxViewPatterns(mlir::RewritePatternSet &patterns,
                              mlir::TypeConverter &converter);

/// Whether the op only looks at its first operand's elements another way.
bool isOnnxView(mlir::Operation *op);
/// The result of such an op as views of `source`, its first operand, given the
/// result's extents. Moves no elements; for main as for kernels.
mlir::Value lowerViewOp(mlir::OpBuilder &builder, mlir::Operation *op,
                        mlir::Value source,
                        llvm::ArrayRef<mlir::OpFoldResult> extents);
void populateGroupQueryAttentionPatterns(mlir::RewritePatternSet &patterns,
                                         mlir::TypeConverter &converter);
void populateMultiHeadAttentionPatterns(mlir::RewritePatternSet &patterns,
                                        mlir::TypeConverter &converter);
void populateRotaryPatterns(mlir::RewritePatternSet &patterns,
                            mlir::TypeConverter &converter);
void populateGroupRouterPatterns(mlir::RewritePatternSet &patterns,
                                 mlir::TypeConverter &converter);
void populateQuantizedPatterns(mlir::RewritePatternSet &patterns,
                               mlir::TypeConverter &converter);

} // namespace moec

#endif // MOEC_CONVERSION_ONNXTOLINALG_H
