//===-- Readers.h - one class per recipe ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_PARAMETERS_READERS_H
#define MOEC_LIB_PARAMETERS_READERS_H

#include "StridedCopy.h"

#include "dialects/Param/IR/Param.h"
#include "moec/Parameters/SourceFiles.h"

#include <memory>
#include <vector>

namespace moec::parameters {

/// A region of a tensor. No size is 0 where a reader is asked.
struct Box {
  Dims offsets;
  Dims sizes;

  int64_t getNumElements() const {
    int64_t count = 1;
    for (int64_t size : sizes)
      count *= size;
    return count;
  }
};

/// Memory for temporaries, kept for the next one that needs as much. They are
/// given back in the reverse order.
class BufferStack {
public:
  class Buffer {
  public:
    Buffer(BufferStack &stack, int64_t bytes) : stack(stack) {
      if (stack.used == stack.buffers.size())
        stack.buffers.emplace_back();
      auto &[memory, capacity] = stack.buffers[stack.used];
      if (capacity < bytes) {
        // Not value-initialised: the pages that are used are written anyway.
        memory.reset(new char[bytes]);
        capacity = bytes;
      }
      data = memory.get();
      ++stack.used;
    }
    ~Buffer() { --stack.used; }
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;

    char *get() const { return data; }

  private:
    BufferStack &stack;
    char *data;
  };

private:
  std::vector<std::pair<std::unique_ptr<char[]>, int64_t>> buffers;
  size_t used = 0;
};

/// What the readers of one recipe share.
struct ReadContext {
  SourceFiles &files;
  BufferStack buffers;
  mlir::Location location;
  /// What must be rearranged on its way from a file is read in pieces of this
  /// size: large enough for long runs, small enough to stay in the cache.
  int64_t pieceBytes;
};

inline constexpr int64_t kMaxPieceBytes = 1 << 20;

/// Reads regions of the value of one recipe.
class Reader {
public:
  virtual ~Reader() = default;

  /// Writes the element at box.offsets + (i...) to target + sum(i * stride),
  /// strides in bytes. The box is not empty and lies in the value. A failure
  /// has been reported.
  virtual llvm::LogicalResult read(const Box &box, char *target,
                                   llvm::ArrayRef<int64_t> strides) = 0;

  mlir::RankedTensorType type;
  int64_t elementBytes;
};

/// A reader of one source.
class UnaryReader : public Reader {
protected:
  explicit UnaryReader(std::unique_ptr<Reader> source)
      : source(std::move(source)) {}

  /// Reads both halves of a box too large for a temporary.
  llvm::LogicalResult readHalves(const Box &box, unsigned dim, char *target,
                                 llvm::ArrayRef<int64_t> strides);

  std::unique_ptr<Reader> source;
};

/// The reader of a recipe, and of all that it reads. `budget` bounds each
/// temporary of the outermost recipe that needs one; those below get less, so
/// that all together are bounded too. Null, and reported, where a source cannot
/// be opened.
std::unique_ptr<Reader> createReader(ReadContext &context,
                                     param::RecipeInterface recipe,
                                     int64_t budget);

// The readers with a file of their own; the others are in Readers.cpp.
std::unique_ptr<Reader> createFileReader(ReadContext &context,
                                         param::FileAttr recipe);
std::unique_ptr<Reader> createDenseReader(param::DenseAttr recipe);
std::unique_ptr<Reader> createReshapeReader(ReadContext &context,
                                            std::unique_ptr<Reader> source,
                                            param::ReshapeAttr recipe,
                                            int64_t budget);
std::unique_ptr<Reader> createPackPanelsReader(ReadContext &context,
                                               std::unique_ptr<Reader> source,
                                               param::PackPanelsAttr recipe,
                                               int64_t budget);

/// Bytes of an element in memory.
int64_t getElementBytes(mlir::Type elementType);

/// Two halves of the box along `dim`, whose size is over 1.
std::pair<Box, Box> splitBox(const Box &box, unsigned dim);

/// The first dimension of several elements, or -1.
int64_t findOutermost(const Box &box);

} // namespace moec::parameters

#endif // MOEC_LIB_PARAMETERS_READERS_H
