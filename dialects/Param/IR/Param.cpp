//===-- Param.cpp - the param dialect -------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Param/IR/Param.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace moec::param;

#include "dialects/Param/IR/ParamDialect.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Param/IR/ParamOps.cpp.inc"

void ParamDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialects/Param/IR/ParamOps.cpp.inc"
      >();
}

std::optional<int64_t> moec::param::getStorageBits(Type elementType) {
  if (elementType.isInteger(1))
    return 8;
  if (!elementType.isIntOrFloat())
    return std::nullopt;
  switch (unsigned width = elementType.getIntOrFloatBitWidth()) {
  case 4:
  case 8:
  case 16:
  case 32:
  case 64:
    return width;
  default:
    return std::nullopt;
  }
}

std::optional<int64_t> moec::param::getStorageBytes(ShapedType type) {
  std::optional<int64_t> bits = getStorageBits(type.getElementType());
  if (!bits || !type.hasStaticShape())
    return std::nullopt;
  // An extent of 0 does not excuse the product of the others: strides over
  // them are computed too.
  int64_t product = *bits;
  bool empty = false;
  for (int64_t extent : type.getShape()) {
    if (extent < 0)
      return std::nullopt;
    if (extent == 0)
      empty = true;
    else if (__builtin_mul_overflow(product, extent, &product))
      return std::nullopt;
  }
  if (empty)
    return 0;
  return product / 8 + (product % 8 != 0);
}

bool moec::param::isSameUpToSignedness(Type a, Type b) {
  return a == b || (isa<IntegerType>(a) && isa<IntegerType>(b) &&
                    a.getIntOrFloatBitWidth() == b.getIntOrFloatBitWidth());
}

RecipeInterface DeclOp::getTypedRecipe() {
  RecipeInterface recipe = getRecipe();
  if (auto file = dyn_cast<FileAttr>(recipe); file && !file.getType())
    return FileAttr::get(getContext(), file.getPath(), file.getOffset(),
                         file.getLength(), getTensorType());
  return recipe;
}

LogicalResult DeclOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  std::optional<int64_t> bytes;
  if (type && !type.getEncoding())
    bytes = getStorageBytes(type);
  if (!bytes)
    return emitOpError("cannot hold a value of type ")
           << getType()
           << ", expected a ranked tensor of static shape, with 1, 4, 8, 16, "
              "32 or 64 bit elements and less than 2^63 bits";
  if (RankedTensorType made = getRecipe().getResultType()) {
    if (made != type)
      return emitOpError("is declared as ")
             << type << " but its recipe makes " << made;
  } else if (uint64_t length = cast<FileAttr>(getRecipe()).getLength();
             length != static_cast<uint64_t>(*bytes)) {
    return emitOpError("is declared as ")
           << type << ", which takes " << *bytes
           << " bytes, but its recipe reads " << length;
  }
  if (IntegerAttr offset = getOffsetAttr();
      offset && (offset.getInt() < 0 || offset.getInt() % 64 != 0))
    return emitOpError("has offset ")
           << offset.getInt() << ", expected a multiple of 64";
  return success();
}

LogicalResult LoadOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto decl =
      symbolTable.lookupNearestSymbolFrom<DeclOp>(*this, getParamAttr());
  if (!decl)
    return emitOpError("refers to ")
           << getParamAttr() << ", which no param.decl declares";
  auto declared = cast<ShapedType>(decl.getType());
  auto loaded = cast<ShapedType>(getValue().getType());
  if (declared.getShape() != loaded.getShape() ||
      !isSameUpToSignedness(declared.getElementType(), loaded.getElementType()))
    return emitOpError("loads ") << loaded << " but " << getParamAttr()
                                 << " is declared as " << declared;
  return success();
}
