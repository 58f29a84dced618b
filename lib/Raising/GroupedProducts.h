//===-- GroupedProducts.h - products that become grouped ones -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_GROUPEDPRODUCTS_H
#define MOEC_LIB_RAISING_GROUPEDPRODUCTS_H

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace moec {

/// Why no product of this form is raised, whatever it multiplies by; "" where
/// nothing stands against it.
llvm::StringRef findFormObstacle(mlir::Operation *op);

/// The vector that a Gemm adds to each row, as that of the one expert; null
/// where there is none.
mlir::Value makeProductBias(mlir::ImplicitLocOpBuilder &b, mlir::Value bias);

/// Gives the product what shape inference could not decide about its node.
void moveChecks(mlir::Operation *node, mlir::Operation *product);

/// `x` repeated for each matrix, as `type`, of which `map` are the extents.
mlir::Value repeatRows(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                       mlir::RankedTensorType type, mlir::AffineMap map);

/// All dimensions but the last `kept` are one.
mlir::Value collapseLeading(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                            int64_t kept);

/// A MatMul or Gemm of two values of the run: of each of the leading
/// dimensions, rows `[M, K]` times a matrix `[K, N]`, which may be a transposed
/// `[N, K]`. It becomes a product without offsets, whose matrices stay as they
/// lie.
class ValueProduct {
public:
  explicit ValueProduct(mlir::Operation *op);

  /// Why it stays as it is; "" where it is raised.
  llvm::StringRef findObstacle() const;
  void raise();

private:
  bool isRepeated(int64_t dim) const;
  bool repeatsMatrices() const;
  bool repeatsRows() const;
  void foldTranspose();
  void repeatRows();
  llvm::SmallVector<mlir::OpFoldResult> getSizes();
  mlir::Value makeMatrices();
  mlir::Value unflatten(mlir::Value product, mlir::OpFoldResult columns);

  mlir::Operation *op;
  mlir::ImplicitLocOpBuilder b;
  mlir::Value x, matrix, bias;
  mlir::RankedTensorType result;
  bool isTransposed = false;
};

} // namespace moec

#endif // MOEC_LIB_RAISING_GROUPEDPRODUCTS_H
