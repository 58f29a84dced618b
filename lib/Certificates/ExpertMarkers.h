//===-- ExpertMarkers.h - values that are about one expert ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CERTIFICATES_EXPERTMARKERS_H
#define MOEC_LIB_CERTIFICATES_EXPERTMARKERS_H

#include "Router.h"

namespace moec::certificates {

/// A value that says something of one expert: ids == 3, or what lies at index 3
/// of a dimension of experts.
struct ExpertMarker {
  mlir::Value value;
  int64_t expert;
  /// Of the dimension; -1 of a comparison.
  int64_t axis = -1;
};

/// The markers that an op makes.
class MarkerReader {
public:
  MarkerReader(const Router &router, ConstantReader &constants);

  llvm::SmallVector<ExpertMarker> read(mlir::Operation *op);

private:
  std::optional<int64_t> getShift(mlir::Value value);
  std::optional<int64_t> readInteger(mlir::Value value);
  bool isByExpert(mlir::Value data, int64_t axis);
  llvm::SmallVector<ExpertMarker> readEqual(onnx::EqualOp equal);
  llvm::SmallVector<ExpertMarker> readGather(onnx::GatherOp gather);
  llvm::SmallVector<ExpertMarker> readSlice(onnx::SliceOp slice);
  llvm::SmallVector<ExpertMarker> readSplit(onnx::SplitOp split);
  llvm::SmallVector<ExpertMarker> mark(mlir::Value value, int64_t expert,
                                       int64_t axis = -1);

  int64_t experts;
  ConstantReader &constants;
  /// What the choice is made of, and the numbers it gives.
  OpSet choice;
  llvm::SmallVector<mlir::Value> ids;
};

} // namespace moec::certificates

#endif // MOEC_LIB_CERTIFICATES_EXPERTMARKERS_H
