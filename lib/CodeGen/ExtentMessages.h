//===-- ExtentMessages.h - what a run says of its extents ------*- C++ -*-===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CODEGEN_EXTENTMESSAGES_H
#define MOEC_LIB_CODEGEN_EXTENTMESSAGES_H

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace moec {

/// The names by which a user knows the extents of a model.
class ExtentMessages {
public:
  explicit ExtentMessages(mlir::func::FuncOp main);

  /// The message of a check that fails, with {0} and {1} in the place of what
  /// its sides are in that run.
  std::string describe(onnx::CheckAttr check) const;

private:
  /// Of a symbol; a made-up one where the module has none.
  std::string getName(unsigned position) const;
  std::string describe(mlir::AffineExpr extent) const;
  /// How the extents can be made known to the compiler; empty where none can.
  std::string advise(mlir::AffineMap sides) const;

  llvm::SmallVector<std::string> symbols;
  /// The first input that has a symbol as an extent.
  llvm::DenseMap<unsigned, std::string> inputs;
};

} // namespace moec

#endif // MOEC_LIB_CODEGEN_EXTENTMESSAGES_H
