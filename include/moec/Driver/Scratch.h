//===-- Scratch.h - a folder for what is not complete yet -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DRIVER_SCRATCH_H
#define MOEC_DRIVER_SCRATCH_H

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace moec {

/// Made by the parent, filled by the worker, gone with this object, and with it
/// the output folder if this made it and it is still empty.
class ScratchFolder {
public:
  ScratchFolder() = default;
  ~ScratchFolder() { remove(); }
  ScratchFolder(const ScratchFolder &) = delete;
  ScratchFolder &operator=(const ScratchFolder &) = delete;

  /// In the folder `output`, which is made where it is missing, so that files
  /// can be renamed out of it; in the system's folder for temporary files if
  /// that is empty. Returns what went wrong.
  std::optional<std::string> create(llvm::StringRef output,
                                    llvm::StringRef name);
  void remove();
  /// Removes those of all such objects, where this process ends without their
  /// destructors. Scratch folders are the parent's, which has one thread.
  static void removeAll();
  const std::string &getPath() const { return path; }

private:
  std::string path, madeOutput;
};

} // namespace moec

#endif // MOEC_DRIVER_SCRATCH_H
