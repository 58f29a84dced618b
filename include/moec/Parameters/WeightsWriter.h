//===-- WeightsWriter.h - the weights file of a compiled model ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PARAMETERS_WEIGHTSWRITER_H
#define MOEC_PARAMETERS_WEIGHTSWRITER_H

#include "dialects/Param/IR/Param.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moec {

class SourceFiles;

using BuildId = std::array<uint8_t, 16>;

/// The build that the segments of a weights file belong to; nothing where it
/// has none, or is no such file.
std::optional<BuildId> readBuildId(llvm::StringRef path);

/// One entry of the file's table.
struct WeightsSegment {
  std::string name;
  uint64_t offset; // In the data section.
  uint64_t bytes;
  uint32_t dtype; // A moec_dtype, or 0 for a packed layout.
  uint64_t hashLow, hashHigh;
};

/// Writes the weights file, in two steps because the build id that its header
/// holds depends on the hashes of what is written: first the segments, then,
/// with the id, the header; only then does the file get its name. Until then,
/// and if anything fails, there is a temporary file beside it, which goes with
/// the writer. The format is that of `moec/weights_format.h`; the bytes depend
/// on the module and the model's files alone.
class WeightsWriter {
public:
  WeightsWriter(llvm::StringRef path, mlir::Location location)
      : path(path.str()), location(location) {}
  ~WeightsWriter();
  WeightsWriter(const WeightsWriter &) = delete;
  WeightsWriter &operator=(const WeightsWriter &) = delete;

  /// Gives every `param.decl` of the module, which has been laid out
  /// (`param-layout`), its segment, without hashes: enough for the sizes.
  llvm::LogicalResult layOut(mlir::ModuleOp module);

  /// Lays out, and writes the segments. `progress` is told, every few
  /// megabytes, how many bytes of how many are written.
  llvm::LogicalResult
  writeSegments(mlir::ModuleOp module, SourceFiles &files,
                llvm::function_ref<void(uint64_t, uint64_t)> progress = {});

  /// What was written, in the order of offsets.
  llvm::ArrayRef<WeightsSegment> getSegments() const { return segments; }
  /// The size of the whole file.
  uint64_t getFileBytes() const { return dataOffset + dataBytes; }

  /// An id of the segments (places, names, types, contents) and `more`: what
  /// else makes one build differ from another.
  BuildId computeBuildId(llvm::ArrayRef<uint8_t> more) const;

  /// Writes the header, syncs, and gives the file its name.
  llvm::LogicalResult finalize(const BuildId &buildId);

private:
  mlir::InFlightDiagnostic reportFailure(llvm::StringRef what);
  llvm::LogicalResult writeAt(uint64_t position, const char *data,
                              uint64_t bytes);
  void discard();

  std::string path, temporaryPath;
  mlir::Location location;
  int descriptor = -1;
  /// One for each segment.
  llvm::SmallVector<param::DeclOp> decls;
  std::vector<WeightsSegment> segments;
  uint64_t namesBytes = 0, dataOffset = 0, dataBytes = 0, totalBytes = 0;
};

} // namespace moec

#endif // MOEC_PARAMETERS_WEIGHTSWRITER_H
