//===-- WeightsWriter.cpp - the weights file of a compiled model ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Parameters/WeightsWriter.h"

#include "moec/Parameters/Evaluator.h"
#include "moec/Parameters/SourceFiles.h"
#include "moec/moec.h"
#include "moec/weights_format.h"
#include "moec/weights_hash.h"

#include "dialects/Param/IR/Param.h"
#include "dialects/Param/IR/Recipes.h"
#include "dialects/Param/IR/TypeCodes.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Errno.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace mlir;
using namespace moec;

WeightsWriter::~WeightsWriter() { discard(); }

void WeightsWriter::discard() {
  if (descriptor >= 0)
    close(descriptor);
  descriptor = -1;
  if (!temporaryPath.empty())
    unlink(temporaryPath.c_str());
  temporaryPath.clear();
}

/// Of the last system call.
InFlightDiagnostic WeightsWriter::reportFailure(StringRef what) {
  int number = errno;
  return emitError(location) << "cannot " << what << " weights file '" << path
                             << "': " << llvm::sys::StrError(number);
}

LogicalResult WeightsWriter::writeAt(uint64_t position, const char *data,
                                     uint64_t bytes) {
  while (bytes > 0) {
    ssize_t count = llvm::sys::RetryAfterSignal(-1, ::pwrite, descriptor, data,
                                                bytes, position);
    if (count <= 0)
      return reportFailure("write");
    position += count;
    data += count;
    bytes -= count;
  }
  return success();
}

/// The declarations that have a segment of their own, by offset. Those of equal
/// bytes share one.
static LogicalResult collectSegments(ModuleOp module,
                                     SmallVectorImpl<param::DeclOp> &decls) {
  for (auto decl : module.getOps<param::DeclOp>()) {
    if (!decl.getOffset())
      return decl.emitError()
             << "parameter @" << decl.getSymName()
             << " has no place in the weights file, run param-layout first";
    decls.push_back(decl);
  }
  llvm::stable_sort(decls, [](param::DeclOp a, param::DeclOp b) {
    return *a.getOffset() < *b.getOffset();
  });
  int64_t end = 0;
  SmallVector<param::DeclOp> segments;
  for (param::DeclOp decl : decls) {
    param::DeclOp last = segments.empty() ? nullptr : segments.back();
    if (last && *last.getOffset() == *decl.getOffset() &&
        getStoredRecipe(last.getTypedRecipe()) ==
            getStoredRecipe(decl.getTypedRecipe()))
      continue;
    int64_t bytes = *param::getStorageBytes(decl.getTensorType());
    int64_t offset = *decl.getOffset();
    if (offset < end || __builtin_add_overflow(offset, bytes, &end) ||
        end > INT64_MAX / 2)
      return decl.emitError() << "parameter @" << decl.getSymName()
                              << " overlaps another or ends beyond 2^62 bytes";
    segments.push_back(decl);
  }
  decls.assign(segments.begin(), segments.end());
  return success();
}

LogicalResult WeightsWriter::layOut(ModuleOp module) {
  decls.clear();
  if (failed(collectSegments(module, decls)))
    return failure();
  segments.clear();
  namesBytes = dataBytes = totalBytes = 0;
  for (param::DeclOp decl : decls) {
    RankedTensorType type = decl.getTensorType();
    uint64_t offset = *decl.getOffset();
    uint64_t bytes = *param::getStorageBytes(type);
    bool isPacked =
        isa<param::PackPanelsAttr>(getStoredRecipe(decl.getTypedRecipe()));
    segments.push_back(
        {decl.getSymName().str(), offset, bytes,
         isPacked ? 0u : uint32_t(getTypeCode(type.getElementType())), 0, 0});
    namesBytes += decl.getSymName().size();
    dataBytes = std::max(dataBytes, offset + bytes);
    totalBytes += bytes;
  }
  dataOffset = llvm::alignTo(
      sizeof(moec_weights_header) +
          segments.size() * sizeof(moec_weights_segment) + namesBytes,
      MOEC_WEIGHTS_DATA_ALIGN);
  return success();
}

LogicalResult WeightsWriter::writeSegments(
    ModuleOp module, SourceFiles &files,
    llvm::function_ref<void(uint64_t, uint64_t)> progress) {
  if (failed(layOut(module)))
    return failure();
  discard();
  SmallString<128> temporary;
  if (std::error_code error = llvm::sys::fs::createUniqueFile(
          path + ".%%%%%%%%.tmp", descriptor, temporary, llvm::sys::fs::OF_None,
          0666)) {
    descriptor = -1;
    return emitError(location) << "cannot create weights file '" << path
                               << "': " << error.message();
  }
  temporaryPath = std::string(temporary);
  // What no segment covers is zero.
  if (llvm::sys::RetryAfterSignal(-1, ::ftruncate, descriptor,
                                  getFileBytes()) != 0)
    return reportFailure("extend");

  ParameterEvaluator evaluator(files);
  uint64_t written = 0;
  for (size_t i = 0, e = segments.size(); i < e; ++i) {
    param::DeclOp decl = decls[i];
    WeightsSegment &segment = segments[i];
    SegmentHasher hasher;
    uint64_t position = dataOffset + segment.offset, left = segment.bytes;
    auto consume = [&](ArrayRef<char> piece) -> LogicalResult {
      if (piece.size() > left)
        return emitError(location) << "recipe of " << segment.name
                                   << " makes more bytes than its type has";
      hasher.update(piece.data(), piece.size());
      if (failed(writeAt(position, piece.data(), piece.size())))
        return failure();
      position += piece.size();
      left -= piece.size();
      written += piece.size();
      if (progress)
        progress(written, totalBytes);
      return success();
    };
    if (failed(evaluator.stream(decl.getTypedRecipe(), decl.getLoc(), consume)))
      return decl.emitError() << "cannot make parameter @" << segment.name
                              << " for weights file '" << path << "'";
    if (left != 0)
      return decl.emitError() << "recipe of @" << segment.name << " lacks "
                              << left << " bytes of its type";
    hasher.finish(segment.hashLow, segment.hashHigh);
  }
  return success();
}

BuildId WeightsWriter::computeBuildId(ArrayRef<uint8_t> more) const {
  // Lengths stand before what they measure, so that no two lists of segments
  // give the same bytes.
  SegmentHasher hasher;
  auto addNumber = [&](uint64_t number) {
    uint8_t bytes[8];
    for (unsigned i = 0; i < 8; ++i)
      bytes[i] = static_cast<uint8_t>(number >> (8 * i));
    hasher.update(bytes, sizeof(bytes));
  };
  addNumber(MOEC_WEIGHTS_VERSION);
  addNumber(segments.size());
  for (const WeightsSegment &segment : segments) {
    addNumber(segment.name.size());
    hasher.update(segment.name.data(), segment.name.size());
    for (uint64_t number :
         {segment.offset, segment.bytes, static_cast<uint64_t>(segment.dtype),
          segment.hashLow, segment.hashHigh})
      addNumber(number);
  }
  addNumber(more.size());
  if (!more.empty())
    hasher.update(more.data(), more.size());
  uint64_t halves[2];
  hasher.finish(halves[0], halves[1]);
  BuildId id;
  for (unsigned i = 0; i < 16; ++i)
    id[i] = static_cast<uint8_t>(halves[i / 8] >> (8 * (i % 8)));
  return id;
}

std::optional<BuildId> moec::readBuildId(StringRef path) {
  moec_weights_header header;
  auto buffer = llvm::MemoryBuffer::getFileSlice(path, sizeof(header), 0);
  if (!buffer || (*buffer)->getBufferSize() < sizeof(header))
    return std::nullopt;
  memcpy(&header, (*buffer)->getBufferStart(), sizeof(header));
  if (memcmp(header.magic, MOEC_WEIGHTS_MAGIC, sizeof(header.magic)) != 0 ||
      header.n_segments == 0)
    return std::nullopt;
  BuildId buildId;
  memcpy(buildId.data(), header.build_id, buildId.size());
  return buildId;
}

LogicalResult WeightsWriter::finalize(const BuildId &buildId) {
  if (descriptor < 0)
    return emitError(location)
           << "weights file '" << path << "' has no segments written yet";
  std::string names;
  std::vector<moec_weights_segment> table;
  for (const WeightsSegment &segment : segments) {
    table.push_back({segment.offset, segment.bytes, names.size(),
                     static_cast<uint32_t>(segment.name.size()), segment.dtype,
                     segment.hashLow, segment.hashHigh});
    names += segment.name;
  }
  moec_weights_header header = {};
  memcpy(header.magic, MOEC_WEIGHTS_MAGIC, sizeof(header.magic));
  header.version = MOEC_WEIGHTS_VERSION;
  header.header_bytes = sizeof(header);
  memcpy(header.build_id, buildId.data(), buildId.size());
  header.n_segments = table.size();
  header.table_offset = sizeof(header);
  uint64_t tableBytes = table.size() * sizeof(moec_weights_segment);
  header.names_offset = header.table_offset + tableBytes;
  header.names_bytes = names.size();
  header.data_offset = dataOffset;
  header.data_bytes = dataBytes;
  header.file_bytes = getFileBytes();
  header.header_hash =
      hashHeader(header, table.data(), tableBytes, names.data(), names.size());
  if (failed(writeAt(0, reinterpret_cast<const char *>(&header),
                     sizeof(header))) ||
      failed(writeAt(header.table_offset,
                     reinterpret_cast<const char *>(table.data()),
                     tableBytes)) ||
      failed(writeAt(header.names_offset, names.data(), names.size())))
    return failure();

  if (llvm::sys::RetryAfterSignal(-1, ::fsync, descriptor) != 0)
    return reportFailure("sync");
  int closed = close(descriptor);
  descriptor = -1;
  if (closed != 0)
    return reportFailure("close");
  if (rename(temporaryPath.c_str(), path.c_str()) != 0)
    return reportFailure("rename");
  temporaryPath.clear();
  // The new name is safe once its folder is. A folder that cannot be synced
  // (some network file systems) is no reason to fail.
  StringRef folder = llvm::sys::path::parent_path(path);
  int handle = open(folder.empty() ? "." : folder.str().c_str(),
                    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle >= 0) {
    fsync(handle);
    close(handle);
  }
  return success();
}
