//===-- Sources.cpp - readers of files and of inline elements -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Readers.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/APFloat.h"

#include <cstring>

using namespace mlir;
using namespace moec;
using namespace moec::parameters;

/// Short rows are read together with what lies between them, up to this much.
static constexpr int64_t kSpanBytes = 256 << 10;
/// What lies between is read at most if it is this many times the rows.
static constexpr int64_t kMaxWaste = 4;

namespace {
class FileReader : public Reader {
public:
  FileReader(ReadContext &context, unsigned file, uint64_t begin,
             RankedTensorType fileType)
      : context(context), file(file), begin(begin) {
    type = fileType;
    elementBytes = parameters::getElementBytes(type.getElementType());
    isNibbles = *param::getStorageBits(type.getElementType()) == 4;
    isBool = type.getElementType().isInteger(1);
    elementStrides = getDenseStrides(type.getShape(), 1);
  }

  LogicalResult read(const Box &box, char *target,
                     ArrayRef<int64_t> strides) override {
    if (isDense(box.sizes, strides, elementBytes))
      return readDense(box, target);
    if (box.getNumElements() * elementBytes > context.pieceBytes)
      for (unsigned dim = 0, e = box.sizes.size(); dim < e; ++dim)
        if (box.sizes[dim] > 1) {
          auto [front, back] = splitBox(box, dim);
          if (failed(read(front, target, strides)))
            return failure();
          return read(back, target + front.sizes[dim] * strides[dim], strides);
        }
    BufferStack::Buffer buffer(context.buffers,
                               box.getNumElements() * elementBytes);
    if (failed(readDense(box, buffer.get())))
      return failure();
    copyStrided(target, strides, buffer.get(),
                getDenseStrides(box.sizes, elementBytes), box.sizes,
                elementBytes);
    return success();
  }

private:
  LogicalResult report(llvm::Error error) {
    return emitError(context.location)
           << "cannot read '" << context.files.getPath(file)
           << "': " << llvm::toString(std::move(error))
           << "; it must not change while it is compiled";
  }

  LogicalResult readBytes(uint64_t position, char *target, int64_t bytes) {
    if (llvm::Error error = context.files.read(
            file, begin + position,
            MutableArrayRef<char>(target, static_cast<size_t>(bytes))))
      return report(std::move(error));
    return success();
  }

  /// Elements that are neighbours in the file.
  LogicalResult readRun(int64_t element, char *target, int64_t count) {
    if (isBool) {
      if (failed(readBytes(element, target, count)))
        return failure();
      // Code reads a bit of the byte, and a file may have any bytes.
      for (char &byte : MutableArrayRef<char>(target, count))
        byte = byte != 0;
      return success();
    }
    if (!isNibbles)
      return readBytes(element * elementBytes, target, count * elementBytes);
    char packed[4096];
    while (count > 0) {
      int64_t odd = element % 2;
      int64_t now = std::min<int64_t>(count, 2 * sizeof(packed) - odd);
      if (failed(readBytes(element / 2, packed, (odd + now + 1) / 2)))
        return failure();
      for (int64_t i = 0; i < now; ++i)
        target[i] = (packed[(odd + i) / 2] >> ((odd + i) % 2 * 4)) & 0xf;
      element += now;
      target += now;
      count -= now;
    }
    return success();
  }

  /// `count` rows of `length` elements, `stride` apart in the file, one after
  /// the other in the target.
  LogicalResult readRows(int64_t element, int64_t stride, int64_t length,
                         int64_t count, char *target) {
    int64_t rowBytes = length * elementBytes,
            strideBytes = stride * elementBytes;
    // Few long reads beat many short ones, unless most of them is waste.
    int64_t together = 1;
    if (!isNibbles && rowBytes < 4096 && strideBytes <= kMaxWaste * rowBytes)
      together = std::max<int64_t>(1, kSpanBytes / strideBytes);
    for (int64_t row = 0; row < count; row += together) {
      int64_t now = std::min(together, count - row);
      char *to = target + row * rowBytes;
      int64_t from = element + row * stride;
      if (now == 1) {
        if (failed(readRun(from, to, length)))
          return failure();
        continue;
      }
      int64_t span = (now - 1) * strideBytes + rowBytes;
      BufferStack::Buffer buffer(context.buffers, span);
      if (failed(readRun(from, buffer.get(), span / elementBytes)))
        return failure();
      for (int64_t i = 0; i < now; ++i)
        memcpy(to + i * rowBytes, buffer.get() + i * strideBytes, rowBytes);
    }
    return success();
  }

  LogicalResult readDense(const Box &box, char *target) {
    ArrayRef<int64_t> shape = type.getShape();
    // Dimensions from `inner` on are one run for each index of the others.
    unsigned inner = box.sizes.size();
    int64_t length = 1;
    while (inner > 0) {
      length *= box.sizes[--inner];
      if (box.sizes[inner] != shape[inner])
        break;
    }
    int64_t element = 0;
    for (auto [offset, stride] : llvm::zip_equal(box.offsets, elementStrides))
      element += offset * stride;
    if (inner == 0)
      return readRun(element, target, length);
    // The dimension before them, in rows; any before that, one by one.
    unsigned rows = inner - 1;
    int64_t blockBytes = box.sizes[rows] * length * elementBytes;
    Dims index(rows, 0);
    while (true) {
      int64_t from = element;
      for (unsigned dim = 0; dim < rows; ++dim)
        from += index[dim] * elementStrides[dim];
      if (failed(readRows(from, elementStrides[rows], length, box.sizes[rows],
                          target)))
        return failure();
      target += blockBytes;
      int64_t dim = int64_t(rows) - 1;
      for (; dim >= 0; --dim) {
        if (++index[dim] < box.sizes[dim])
          break;
        index[dim] = 0;
      }
      if (dim < 0)
        return success();
    }
  }

  ReadContext &context;
  unsigned file;
  uint64_t begin;
  bool isNibbles, isBool;
  Dims elementStrides;
};

class DenseReader : public Reader {
public:
  explicit DenseReader(DenseElementsAttr elements) {
    type = cast<RankedTensorType>(elements.getType());
    elementBytes = parameters::getElementBytes(type.getElementType());
    bool isSplat = type.getNumElements() > 0 && elements.isSplat();
    int64_t count = isSplat ? 1 : type.getNumElements();
    bytes.resize(count * elementBytes);
    for (int64_t i = 0; i < count; ++i) {
      llvm::APInt bits;
      if (isa<FloatType>(type.getElementType()))
        bits = (*(elements.value_begin<llvm::APFloat>() + i)).bitcastToAPInt();
      else
        bits = *(elements.value_begin<llvm::APInt>() + i);
      uint64_t value = bits.getZExtValue();
      memcpy(bytes.data() + i * elementBytes, &value, elementBytes);
    }
    sourceStrides = isSplat ? Dims(type.getRank(), 0)
                            : getDenseStrides(type.getShape(), elementBytes);
  }

  LogicalResult read(const Box &box, char *target,
                     ArrayRef<int64_t> strides) override {
    const char *source = bytes.data();
    for (auto [offset, stride] : llvm::zip_equal(box.offsets, sourceStrides))
      source += offset * stride;
    copyStrided(target, strides, source, sourceStrides, box.sizes,
                elementBytes);
    return success();
  }

private:
  std::vector<char> bytes;
  Dims sourceStrides;
};
} // namespace

std::unique_ptr<Reader> parameters::createFileReader(ReadContext &context,
                                                     param::FileAttr recipe) {
  llvm::Expected<unsigned> file = context.files.find(
      recipe.getPath(), recipe.getOffset(), recipe.getLength());
  if (!file) {
    emitError(context.location)
        << "cannot read '" << recipe.getPath()
        << "': " << llvm::toString(file.takeError())
        << "; check that the data file belongs to the model and is whole";
    return nullptr;
  }
  return std::make_unique<FileReader>(context, *file, recipe.getOffset(),
                                      recipe.getType());
}

std::unique_ptr<Reader> parameters::createDenseReader(param::DenseAttr recipe) {
  return std::make_unique<DenseReader>(recipe.getElements());
}
