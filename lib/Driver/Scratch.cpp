//===-- Scratch.cpp - a folder for what is not complete yet ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Driver/Scratch.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Errno.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstdlib>
#include <unistd.h>

using namespace moec;

/// All that have a folder, in the order of their making.
static llvm::SmallVectorImpl<ScratchFolder *> &getLive() {
  static llvm::SmallVector<ScratchFolder *, 4> live;
  return live;
}

std::optional<std::string> ScratchFolder::create(llvm::StringRef output,
                                                 llvm::StringRef name) {
  llvm::SmallString<128> parent(output);
  if (output.empty()) {
    llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, parent);
  } else {
    bool existed = llvm::sys::fs::exists(output);
    if (std::error_code error = llvm::sys::fs::create_directories(output))
      return ("cannot create the folder '" + output + "': " + error.message())
          .str();
    if (!existed)
      madeOutput = output.str();
  }
  llvm::sys::path::append(parent, "." + name + ".partial-XXXXXX");
  // mkdtemp writes into its argument.
  std::string unique = parent.str().str();
  if (!mkdtemp(unique.data()))
    return "cannot create a folder in '" +
           llvm::sys::path::parent_path(parent).str() +
           "': " + llvm::sys::StrError();
  path = unique;
  getLive().push_back(this);
  llvm::SmallString<128> absolute(path);
  if (!llvm::sys::fs::make_absolute(absolute))
    path = absolute.str().str();
  return std::nullopt;
}

void ScratchFolder::remove() {
  if (!path.empty())
    (void)llvm::sys::fs::remove_directories(path);
  if (!madeOutput.empty())
    rmdir(madeOutput.c_str());
  path.clear();
  madeOutput.clear();
  llvm::erase(getLive(), this);
}

void ScratchFolder::removeAll() {
  while (!getLive().empty())
    getLive().back()->remove();
}
