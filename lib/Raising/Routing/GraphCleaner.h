//===-- GraphCleaner.h - what a rewrite leaves behind ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_ROUTING_GRAPHCLEANER_H
#define MOEC_LIB_RAISING_ROUTING_GRAPHCLEANER_H

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace moec::routing {

/// Erases what nobody uses any more of a graph. What the nodes demanded of
/// extents that are still there is demanded by main from then on; nodes that
/// were kept for a number that nobody asks for go, too.
class GraphCleaner {
public:
  explicit GraphCleaner(mlir::func::FuncOp main) : main(main) {}

  void run();

private:
  void eraseDeadOps();
  bool eraseKeeps();
  void storeChecks();

  mlir::func::FuncOp main;
  llvm::SmallVector<std::pair<onnx::CheckAttr, mlir::StringAttr>> checks;
};

} // namespace moec::routing

#endif // MOEC_LIB_RAISING_ROUTING_GRAPHCLEANER_H
