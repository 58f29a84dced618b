//===-- SourceFiles.h - the files that weights come from ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PARAMETERS_SOURCEFILES_H
#define MOEC_PARAMETERS_SOURCEFILES_H

#include "moec/Importer/ModelFolder.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <deque>
#include <optional>
#include <string>

namespace moec {

/// The files of a model, open while they are used: at most a few at once, so
/// that a model of ten thousand files stays below the limit on descriptors.
/// Files are read with positioned reads, never mapped: a file that shrinks is
/// then an error, not a signal. Not thread-safe.
class SourceFiles {
public:
  explicit SourceFiles(ModelFolder folder) : folder(std::move(folder)) {}

  /// The number of a file, for `read`; fails unless it holds the whole range.
  llvm::Expected<unsigned> find(llvm::StringRef path, uint64_t offset,
                                uint64_t length);

  /// Fills the buffer from the file's bytes at `offset`.
  llvm::Error read(unsigned file, uint64_t offset,
                   llvm::MutableArrayRef<char> buffer);

  llvm::StringRef getPath(unsigned file) const { return entries[file].path; }
  /// What was asked of the system so far.
  uint64_t getNumReads() const { return numReads; }
  uint64_t getNumBytesRead() const { return numBytesRead; }

private:
  struct Entry {
    std::string path;
    uint64_t size = 0;
    std::optional<DataFile> data;
  };

  llvm::Error open(unsigned file);

  ModelFolder folder;
  std::deque<Entry> entries;
  llvm::StringMap<unsigned> numbers;
  /// Open files, the one opened first in front.
  std::deque<unsigned> openFiles;
  uint64_t numReads = 0, numBytesRead = 0;
};

} // namespace moec

#endif // MOEC_PARAMETERS_SOURCEFILES_H
