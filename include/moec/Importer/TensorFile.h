//===-- TensorFile.h - a tensor in a file of its own ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_IMPORTER_TENSORFILE_H
#define MOEC_IMPORTER_TENSORFILE_H

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"

#include <string>
#include <vector>

namespace moec {

/// A tensor as `input_0.pb` of an ONNX test data folder has it.
struct TensorFile {
  std::string name;
  /// ONNX data type code.
  int32_t type = 0;
  std::vector<int64_t> shape;
  /// As raw_data has them: bools as bytes, packed elements first in the low
  /// bits.
  std::string bytes;
};

/// Reads a TensorProto, which is untrusted; fails with a diagnostic as
/// `importModel` does.
llvm::FailureOr<TensorFile> readTensorFile(mlir::MLIRContext &context,
                                           llvm::StringRef path);

} // namespace moec

#endif // MOEC_IMPORTER_TENSORFILE_H
