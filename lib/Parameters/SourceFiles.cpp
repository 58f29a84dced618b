//===-- SourceFiles.cpp - the files that weights come from ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Parameters/SourceFiles.h"

using namespace moec;
using namespace llvm;

static constexpr size_t kMaxOpenFiles = 32;

Error SourceFiles::open(unsigned file) {
  Entry &entry = entries[file];
  if (entry.data)
    return Error::success();
  Expected<DataFile> data = folder.open(entry.path);
  if (!data)
    return data.takeError();
  if (openFiles.size() == kMaxOpenFiles) {
    entries[openFiles.front()].data.reset();
    openFiles.pop_front();
  }
  entry.data = std::move(*data);
  openFiles.push_back(file);
  return Error::success();
}

Expected<unsigned> SourceFiles::find(StringRef path, uint64_t offset,
                                     uint64_t length) {
  auto [known, isNew] = numbers.try_emplace(path, entries.size());
  unsigned file = known->second;
  if (isNew)
    entries.push_back({path.str(), 0, std::nullopt});
  Entry &entry = entries[file];
  // The size found first counts: a file that changes in between is not read.
  if (entry.size == 0) {
    if (Error error = open(file))
      return std::move(error);
    entry.size = entry.data->getSize();
  }
  if (offset > entry.size || length > entry.size - offset)
    return createStringError("it has %llu bytes, expected %llu at %llu",
                             static_cast<unsigned long long>(entry.size),
                             static_cast<unsigned long long>(length),
                             static_cast<unsigned long long>(offset));
  return file;
}

Error SourceFiles::read(unsigned file, uint64_t offset,
                        MutableArrayRef<char> buffer) {
  if (Error error = open(file))
    return error;
  Entry &entry = entries[file];
  if (entry.data->getSize() != entry.size)
    return createStringError("its size changed while it was read");
  ++numReads;
  numBytesRead += buffer.size();
  return entry.data->read(offset, buffer);
}
