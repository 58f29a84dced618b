//===-- Tensors.h - tensors of a model file -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_IMPORTER_TENSORS_H
#define MOEC_LIB_IMPORTER_TENSORS_H

#include "DataTypes.h"
#include "Diagnostics.h"

#include "OnnxModel.pb.h"

#include "dialects/Param/IR/Param.h"
#include "moec/Importer/Importer.h"
#include "moec/Importer/ModelFolder.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringMap.h"

namespace moec::importer {

/// No extent of a model is larger: products of two then fit 64 bits amply.
inline constexpr int64_t kMaxExtent = int64_t(1) << 40;

/// Whether a tensor of this type is a constant, and not a parameter.
bool isConstant(mlir::RankedTensorType type);

/// A checked tensor: elements where it is a constant or has no bytes of its own
/// in a file, else a range of one.
struct TensorValue {
  mlir::RankedTensorType type;
  mlir::DenseElementsAttr elements;
  param::FileAttr file;
};

/// Turns tensors of the model into checked ones.
class TensorReader {
public:
  TensorReader(const ModelFolder &folder, const ImportLimits &limits,
               const Reporter &reporter)
      : folder(folder), limits(limits), reporter(reporter) {}

  /// `what` names the tensor in diagnostics. With `wantElements` the elements
  /// are read however many they are, up to the limit for typed data. With
  /// `fileBytes` they are read into it, as they lie in a file, instead.
  llvm::FailureOr<TensorValue> read(const proto::TensorProto &tensor,
                                    const llvm::Twine &what,
                                    bool wantElements = false,
                                    std::string *fileBytes = nullptr);

private:
  llvm::FailureOr<mlir::RankedTensorType>
  readType(const proto::TensorProto &tensor, llvm::StringRef what);
  llvm::FailureOr<param::FileAttr>
  readExternal(const proto::TensorProto &tensor, llvm::StringRef what,
               uint64_t size);
  llvm::FailureOr<std::string> readTyped(const proto::TensorProto &tensor,
                                         mlir::RankedTensorType type,
                                         llvm::StringRef what);
  llvm::FailureOr<std::string> readRange(param::FileAttr range,
                                         llvm::StringRef what);
  llvm::FailureOr<DataFile> openData(llvm::StringRef location,
                                     llvm::StringRef what);

  const ModelFolder &folder;
  const ImportLimits &limits;
  const Reporter &reporter;
  /// Of each data file: its size, and what it is where that is known not to be
  /// bare weights.
  llvm::StringMap<std::pair<uint64_t, std::string>> dataFiles;
};

} // namespace moec::importer

#endif // MOEC_LIB_IMPORTER_TENSORS_H
