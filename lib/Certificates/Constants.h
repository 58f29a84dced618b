//===-- Constants.h - values of a graph that are known --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CERTIFICATES_CONSTANTS_H
#define MOEC_LIB_CERTIFICATES_CONSTANTS_H

#include "GraphWalk.h"

#include "dialects/Param/IR/Param.h"
#include "moec/Parameters/Evaluator.h"

#include "mlir/IR/BuiltinOps.h"

#include <vector>

namespace moec::certificates {

/// Numbers in row-major order, each exact.
struct Constant {
  mlir::RankedTensorType type;
  std::vector<double> elements;

  /// One number, whatever its shape.
  bool isScalar() const { return elements.size() == 1; }
};

/// Reads values that depend on nothing but the model's weights: parameters,
/// constants, and what ordinary nodes make of them, rounded as these round.
class ConstantReader {
public:
  ConstantReader(mlir::ModuleOp module, ParameterEvaluator &evaluator);

  /// Whether a value depends on nothing but weights.
  bool isConstant(mlir::Value value) const;
  /// Refuses what is no constant, too large, or made by an unknown node.
  llvm::Expected<Constant> read(mlir::Value value);
  /// Broadcast to a row of `columns` numbers.
  llvm::Expected<std::vector<double>> readRow(mlir::Value value,
                                              int64_t columns);
  /// The only number of a constant.
  llvm::Expected<double> readScalar(mlir::Value value);
  /// Whether a value is a constant and this number throughout.
  bool isNumber(mlir::Value value, double number);

  /// The same of a value whose shape only the run may know.
  bool isFilled(mlir::Value value, double number);
  /// Whether two parameters are equal, bit by bit.
  bool areEqual(mlir::Value a, mlir::Value b);

  /// The bytes of index `index` of the first dimension of a parameter, or of
  /// a parameter in other order.
  llvm::Expected<std::vector<char>> readSlice(mlir::Value value, int64_t index);
  llvm::Expected<std::vector<double>> readSliceNumbers(mlir::Value value,
                                                       int64_t index);
  llvm::Expected<std::vector<char>> readBytes(mlir::Value value);
  bool isParameter(mlir::Value value) { return bool(getRecipe(value)); }

private:
  param::RecipeInterface getRecipe(mlir::Value value);
  param::RecipeInterface getGathered(onnx::GatherOp gather);
  param::RecipeInterface getPart(onnx::SplitOp split, unsigned number);
  llvm::Expected<std::vector<char>> readSlice(param::RecipeInterface recipe,
                                              int64_t index);
  llvm::Expected<std::vector<char>> readRegion(param::RecipeInterface recipe,
                                               llvm::ArrayRef<int64_t> offsets,
                                               llvm::ArrayRef<int64_t> sizes);
  llvm::Expected<Constant> compute(mlir::Operation *op);

  mlir::ModuleOp module;
  ParameterEvaluator &evaluator;
  OpSet constants;
};

} // namespace moec::certificates

#endif // MOEC_LIB_CERTIFICATES_CONSTANTS_H
