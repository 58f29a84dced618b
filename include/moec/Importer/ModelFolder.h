//===-- ModelFolder.h - the only way to a model's data files --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_IMPORTER_MODELFOLDER_H
#define MOEC_IMPORTER_MODELFOLDER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace moec {

/// A regular file open for reading. Reads are positioned, so one object serves
/// several threads.
class DataFile {
public:
  DataFile() = default;
  /// Takes over a descriptor.
  explicit DataFile(int descriptor) : descriptor(descriptor) {}
  DataFile(DataFile &&other);
  DataFile &operator=(DataFile &&other);
  ~DataFile();

  /// Takes over a descriptor; fails unless it is a regular file.
  static llvm::Expected<DataFile> adopt(int descriptor, bool allowHardLinks);

  uint64_t getSize() const { return size; }
  /// Fills `buffer` from `offset`; fails on an error and on a file that ends
  /// early, which one that shrank since it was opened does.
  llvm::Error read(uint64_t offset, llvm::MutableArrayRef<char> buffer) const;

private:
  int descriptor = -1;
  uint64_t size = 0;
};

/// A model file and the files its external data may name. A location comes from
/// the model, so it is hostile: only a relative path without `..` is followed,
/// through no link of any kind, to a regular file that has one name.
class ModelFolder {
public:
  explicit ModelFolder(llvm::StringRef modelPath);

  /// The last component of the model's path: the name under which parameters
  /// refer to the model file itself.
  llvm::StringRef getModelName() const { return modelName; }

  /// Opens the model file. Its path is the user's: links are followed.
  llvm::Expected<DataFile> openModel() const;
  /// Opens a file that external data, or a `#param.file`, names.
  llvm::Expected<DataFile> open(llvm::StringRef location) const;

  /// Why a location must not be opened at all; empty for a good one.
  static llvm::StringRef checkLocation(llvm::StringRef location);

private:
  std::string modelPath;
  std::string folder;
  std::string modelName;
};

} // namespace moec

#endif // MOEC_IMPORTER_MODELFOLDER_H
