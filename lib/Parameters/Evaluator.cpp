//===-- Evaluator.cpp - the bytes that recipes make -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Parameters/Evaluator.h"

#include "Readers.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace moec;
using namespace moec::parameters;

struct ParameterEvaluator::Impl {
  Impl(SourceFiles &files, int64_t workingBytes)
      : files(files), tileBytes(workingBytes / 3),
        temporaryBytes(workingBytes / 6) {}

  /// The reader of a recipe whose value is not empty; the last one is kept.
  Reader *getReader(param::RecipeInterface recipe, Location location) {
    if (!context)
      context.reset(new ReadContext{
          files, {}, location, std::min(temporaryBytes / 8, kMaxPieceBytes)});
    context->location = location;
    if (recipe != last || !reader) {
      reader = createReader(*context, recipe, temporaryBytes);
      last = recipe;
    }
    return reader.get();
  }

  SourceFiles &files;
  /// A piece of `stream`, and the largest temporary below it.
  int64_t tileBytes, temporaryBytes;
  std::unique_ptr<ReadContext> context;
  param::RecipeInterface last;
  std::unique_ptr<Reader> reader;
};

ParameterEvaluator::ParameterEvaluator(SourceFiles &files, int64_t workingBytes)
    : impl(std::make_unique<Impl>(files, workingBytes)) {}

ParameterEvaluator::~ParameterEvaluator() = default;

int64_t ParameterEvaluator::getElementBytes(Type elementType) {
  return parameters::getElementBytes(elementType);
}

static LogicalResult checkTyped(param::RecipeInterface recipe,
                                Location location) {
  if (recipe.getResultType())
    return success();
  return emitError(location) << "recipe " << recipe << " does not state its "
                             << "type";
}

LogicalResult ParameterEvaluator::readRegion(param::RecipeInterface recipe,
                                             Location location,
                                             ArrayRef<int64_t> offsets,
                                             ArrayRef<int64_t> sizes,
                                             MutableArrayRef<char> buffer) {
  if (failed(checkTyped(recipe, location)))
    return failure();
  RankedTensorType type = recipe.getResultType();
  auto refuse = [&] {
    return emitError(location)
           << "cannot read the region at [" << offsets << "] of sizes ["
           << sizes << "] of a parameter of type " << type << " into "
           << buffer.size() << " bytes";
  };
  if (static_cast<int64_t>(offsets.size()) != type.getRank() ||
      offsets.size() != sizes.size())
    return refuse();
  for (auto [offset, size, extent] :
       llvm::zip_equal(offsets, sizes, type.getShape()))
    if (size < 0 || offset < 0 || offset > extent || size > extent - offset)
      return refuse();
  Box box{Dims(offsets), Dims(sizes)};
  int64_t elementBytes = getElementBytes(type.getElementType());
  if (box.getNumElements() * elementBytes !=
      static_cast<int64_t>(buffer.size()))
    return refuse();
  if (buffer.empty())
    return success();
  Reader *reader = impl->getReader(recipe, location);
  if (!reader)
    return failure();
  return reader->read(box, buffer.data(), getDenseStrides(sizes, elementBytes));
}

namespace {
/// Elements on their way to storage: two 4-bit ones share a byte, across the
/// borders of pieces too.
class NibblePacker {
public:
  /// Packs in place; returns how many bytes are complete.
  int64_t pack(char *elements, int64_t count) {
    int64_t bytes = 0;
    for (int64_t i = 0; i < count; ++i) {
      char nibble = elements[i] & 0xf;
      if (isHalf)
        elements[bytes++] = low | static_cast<char>(nibble << 4);
      else
        low = nibble;
      isHalf = !isHalf;
    }
    return bytes;
  }

  bool isHalf = false;
  char low = 0;
};
} // namespace

LogicalResult ParameterEvaluator::stream(
    param::RecipeInterface recipe, Location location,
    llvm::function_ref<LogicalResult(ArrayRef<char>)> consume) {
  if (failed(checkTyped(recipe, location)))
    return failure();
  RankedTensorType type = recipe.getResultType();
  if (type.getNumElements() == 0)
    return success();
  Reader *reader = impl->getReader(recipe, location);
  if (!reader)
    return failure();

  // A piece is one index of the dimensions before `split`, a range of that one,
  // and all of the others: neighbours in storage.
  ArrayRef<int64_t> shape = type.getShape();
  int64_t elementBytes = getElementBytes(type.getElementType());
  Dims strides = getDenseStrides(shape, elementBytes);
  unsigned rank = shape.size(), split = 0;
  while (split + 1 < rank && strides[split] > impl->tileBytes)
    ++split;
  Box box{Dims(rank, 0), Dims(shape)};
  for (unsigned dim = 0; dim < split; ++dim)
    box.sizes[dim] = 1;
  int64_t extent = 1, range = 1;
  if (rank > 0) {
    extent = shape[split];
    range = std::min(extent,
                     std::max<int64_t>(1, impl->tileBytes / strides[split]));
    box.sizes[split] = range;
  }

  NibblePacker packer;
  bool isNibbles = *param::getStorageBits(type.getElementType()) == 4;
  BufferStack::Buffer tile(impl->context->buffers,
                           box.getNumElements() * elementBytes);
  while (true) {
    for (int64_t begin = 0; begin < extent; begin += range) {
      if (rank > 0) {
        box.offsets[split] = begin;
        box.sizes[split] = std::min(range, extent - begin);
      }
      if (failed(reader->read(box, tile.get(),
                              getDenseStrides(box.sizes, elementBytes))))
        return failure();
      int64_t bytes = box.getNumElements() * elementBytes;
      if (isNibbles)
        bytes = packer.pack(tile.get(), bytes);
      if (failed(consume(ArrayRef<char>(tile.get(), bytes))))
        return failure();
    }
    int64_t dim = int64_t(split) - 1;
    for (; dim >= 0; --dim) {
      if (++box.offsets[dim] < shape[dim])
        break;
      box.offsets[dim] = 0;
    }
    if (dim < 0)
      break;
  }
  if (packer.isHalf)
    return consume(packer.low);
  return success();
}
