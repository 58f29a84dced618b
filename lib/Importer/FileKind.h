//===-- FileKind.h - files that are taken for others ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_IMPORTER_FILEKIND_H
#define MOEC_LIB_IMPORTER_FILEKIND_H

#include "moec/Importer/ModelFolder.h"

#include <optional>
#include <string>

namespace moec::importer {

/// What a file is that is not what it was taken for.
struct FileKind {
  /// "a zip archive".
  std::string what;
  /// What its user can do.
  std::string advice;
  /// Whether raw weights do not look so: a text stands in the place of a file
  /// that was not downloaded.
  bool isPlaceholder = false;
};

/// The kind of a file that is known not to be an ONNX model by its first bytes.
/// Nothing where they may begin one: none of these is a field that a model has.
std::optional<FileKind> recogniseFile(const DataFile &file);

} // namespace moec::importer

#endif // MOEC_LIB_IMPORTER_FILEKIND_H
