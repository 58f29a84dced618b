//===-- NodeBuilder.h - onnx ops made by passes ---------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_NODEBUILDER_H
#define MOEC_LIB_RAISING_ROUTING_NODEBUILDER_H

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace moec::routing {

/// Makes onnx ops in a module whose shapes are inferred: their types and
/// extents are inferred as the importer does.
class NodeBuilder : public mlir::ImplicitLocOpBuilder {
public:
  NodeBuilder(mlir::Location loc, onnx::ShapeContext &shapes)
      : ImplicitLocOpBuilder(loc, shapes.getContext()), shapes(shapes) {}

  onnx::ShapeContext &getShapes() { return shapes; }
  /// Whether some node that was asked for does not fit its operands, a defect
  /// that shape inference has reported.
  bool hasFailed() const { return !isFine; }

  /// An op without optional operands or with all of them.
  template <typename OpTy>
  mlir::Value makeNode(mlir::ValueRange operands,
                       llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    mlir::OperationState state(getLoc(), OpTy::getOperationName());
    state.addOperands(operands);
    state.addAttributes(attributes);
    return makeNode(state, 1)->getResult(0);
  }

  /// The same operation on other operands, `changes` to its attributes made.
  mlir::Operation *cloneNode(mlir::Operation *node, mlir::ValueRange operands,
                             llvm::ArrayRef<mlir::NamedAttribute> changes = {});

  mlir::Value makeScalar(double value, mlir::Type elementType);
  mlir::Value makeIntegers(llvm::ArrayRef<int64_t> values);
  /// The elements in other extents, which multiply to as many.
  mlir::Value reshape(mlir::Value value,
                      llvm::ArrayRef<mlir::AffineExpr> extents);
  /// One number in these extents.
  mlir::Value expand(mlir::Value scalar,
                     llvm::ArrayRef<mlir::AffineExpr> extents);
  mlir::Value convert(mlir::Value value, mlir::Type elementType);
  /// Of [i.., j] the matrix [i * .., j].
  mlir::Value toMatrix(mlir::Value value);
  /// Records extents beside an op that is no onnx op.
  void describe(mlir::Operation *op, llvm::ArrayRef<mlir::AffineExpr> extents);

private:
  mlir::Operation *makeNode(mlir::OperationState &state, unsigned numResults);
  /// An op that spreads the elements of `value` over extents that are known
  /// here; it has no operand that says them.
  mlir::Value makeShaped(llvm::StringRef name, mlir::Value value,
                         llvm::ArrayRef<mlir::AffineExpr> extents);

  onnx::ShapeContext &shapes;
  bool isFine = true;
};

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_NODEBUILDER_H
