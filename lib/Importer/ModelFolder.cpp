//===-- ModelFolder.cpp - the only way to a model's data files ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Importer/ModelFolder.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Errno.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

using namespace llvm;
using namespace moec;

DataFile::DataFile(DataFile &&other)
    : descriptor(std::exchange(other.descriptor, -1)), size(other.size) {}

DataFile &DataFile::operator=(DataFile &&other) {
  std::swap(descriptor, other.descriptor);
  std::swap(size, other.size);
  return *this;
}

DataFile::~DataFile() {
  if (descriptor >= 0)
    close(descriptor);
}

Error DataFile::read(uint64_t offset, MutableArrayRef<char> buffer) const {
  if (offset > size || buffer.size() > size - offset)
    return createStringError("the range lies outside the file");
  while (!buffer.empty()) {
    ssize_t count = sys::RetryAfterSignal(-1, ::pread, descriptor,
                                          buffer.data(), buffer.size(), offset);
    if (count < 0)
      return createStringError(sys::StrError(errno));
    if (count == 0)
      return createStringError("the file became shorter while it was read");
    offset += count;
    buffer = buffer.drop_front(count);
  }
  return Error::success();
}

/// With its code, by which advice is given.
static Error lastError() {
  std::error_code code(errno, std::generic_category());
  return createStringError(code, code.message());
}

Expected<DataFile> DataFile::adopt(int descriptor, bool allowHardLinks) {
  DataFile file(descriptor);
  struct stat status;
  if (fstat(descriptor, &status) != 0)
    return lastError();
  if (!S_ISREG(status.st_mode))
    return createStringError("it is not a regular file");
  // A link count over one is a second name for bytes that may belong to
  // somebody else, which no check of the path can see.
  if (!allowHardLinks && status.st_nlink > 1)
    return createStringError("it has more than one hard link");
  file.size = uint64_t(status.st_size);
  return file;
}

ModelFolder::ModelFolder(StringRef path)
    : modelPath(path.str()), folder(sys::path::parent_path(path).str()),
      modelName(sys::path::filename(path).str()) {
  if (folder.empty())
    folder = ".";
}

Expected<DataFile> ModelFolder::openModel() const {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  int descriptor = sys::RetryAfterSignal(-1, ::open, modelPath.c_str(),
                                         O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return lastError();
  return DataFile::adopt(descriptor, /*allowHardLinks=*/true);
}

StringRef ModelFolder::checkLocation(StringRef location) {
  if (location.empty())
    return "it is empty";
  if (location.size() >= PATH_MAX)
    return "it is too long";
  if (any_of(location, [](char c) { return uint8_t(c) < 0x20 || c == 0x7f; }))
    return "it has control characters";
  if (location.front() == '/')
    return "it is an absolute path";
  SmallVector<StringRef> parts;
  location.split(parts, '/');
  if (is_contained(parts, ".."))
    return "it has a '..' component";
  if (all_of(parts, [](StringRef part) { return part.empty() || part == "."; }))
    return "it names no file";
  return "";
}

Expected<DataFile> ModelFolder::open(StringRef location) const {
  if (location == modelName)
    return openModel();
  StringRef reason = checkLocation(location);
  if (!reason.empty())
    return createStringError(reason);

  int base = sys::RetryAfterSignal(-1, ::open, folder.c_str(),
                                   O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (base < 0)
    return lastError();
  // One component at a time, none of them through a link: nothing between the
  // check and the opening can lead elsewhere.
  SmallVector<StringRef> parts;
  location.split(parts, '/');
  erase_if(parts, [](StringRef part) { return part.empty() || part == "."; });
  DataFile directory(base);
  for (StringRef part : ArrayRef(parts).drop_back()) {
    int next =
        sys::RetryAfterSignal(-1, ::openat, base, part.str().c_str(),
                              O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0)
      return errno == ELOOP || errno == ENOTDIR
                 ? createStringError("a component of its path is a symbolic "
                                     "link or not a folder")
                 : lastError();
    directory = DataFile(next);
    base = next;
  }
  int descriptor =
      sys::RetryAfterSignal(-1, ::openat, base, parts.back().str().c_str(),
                            O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (descriptor < 0)
    return errno == ELOOP ? createStringError("it is a symbolic link")
                          : lastError();
  return DataFile::adopt(descriptor, /*allowHardLinks=*/false);
}
