//===-- Tensors.cpp - tensors of a model file -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Tensors.h"

#include "FileKind.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/Endian.h"

#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>

using namespace llvm;
using namespace moec;
using namespace moec::importer;
using mlir::DenseElementsAttr;
using mlir::RankedTensorType;
using mlir::Type;

// Elements are copied between the file and the IR as they lie in memory.
static_assert(llvm::endianness::native == llvm::endianness::little);

/// Bits an element takes in a file. Bool is a byte there.
static unsigned getFileBits(Type type) {
  unsigned bits = type.getIntOrFloatBitWidth();
  return bits == 1 ? 8 : bits;
}

/// The size in a file of a tensor whose element count was checked.
static uint64_t getFileSize(RankedTensorType type) {
  uint64_t bits =
      uint64_t(type.getNumElements()) * getFileBits(type.getElementType());
  return bits / 8 + (bits % 8 != 0);
}

FailureOr<RankedTensorType>
TensorReader::readType(const proto::TensorProto &tensor, StringRef what) {
  Type element = getElementType(&reporter.getContext(), tensor.data_type());
  if (!element)
    return reporter.error(ErrorId::TensorType)
           << what << " has the element type "
           << getDataTypeName(tensor.data_type())
           << ", which is not supported; convert it to a numeric type";
  if (unsigned(tensor.dims_size()) > limits.maxRank)
    return reporter.error(ErrorId::TensorShape)
           << what << " has rank " << tensor.dims_size()
           << ", expected at most " << limits.maxRank << "; reshape it";
  // In bits: getFileSize multiplies the two.
  int64_t bits = getFileBits(element);
  SmallVector<int64_t> shape;
  for (int64_t dim : tensor.dims()) {
    if (dim < 0 || dim > kMaxExtent)
      return reporter.error(ErrorId::TensorShape)
             << what << " has the extent " << dim << ", expected 0 to "
             << kMaxExtent << "; export the model again";
    // An extent of 0 must not hide an overflow of the others.
    std::optional<int64_t> product =
        checkedMul(bits, std::max<int64_t>(dim, 1));
    if (!product)
      return reporter.error(ErrorId::TensorShape)
             << what
             << " has more elements than 64 bits can count; export "
                "the model again";
    bits = *product;
    shape.push_back(dim);
  }
  return RankedTensorType::get(shape, element);
}

/// Why a data file cannot be opened, and what to do.
static std::pair<std::string, StringRef> explainOpening(Error error) {
  std::string reason;
  std::error_code code;
  handleAllErrors(std::move(error), [&](const ErrorInfoBase &info) {
    code = info.convertToErrorCode();
    reason = "cannot be opened: " + info.message();
  });
  if (code == std::errc::no_such_file_or_directory)
    return {"does not exist",
            "the model has its weights in files of their own: copy or download "
            "this one, too, to that place beneath the model's folder"};
  // What the system says has its code; what has none is about the path.
  if (code == inconvertibleErrorCode())
    return {reason, "put a copy of the file, not a link, beneath the model's "
                    "folder"};
  return {reason, "put the data files that belong to the model where it says, "
                  "and let them be read"};
}

FailureOr<DataFile> TensorReader::openData(StringRef location, StringRef what) {
  StringRef reason = ModelFolder::checkLocation(location);
  if (!reason.empty())
    return reporter.error(ErrorId::ExternalLocation)
           << what << " has its data at " << quoted(location)
           << ", which must not be opened: " << reason
           << "; keep data files beneath the model's folder and name them by "
              "relative paths";
  Expected<DataFile> file = folder.open(location);
  if (!file) {
    auto [reason, advice] = explainOpening(file.takeError());
    return reporter.error(ErrorId::ExternalOpen)
           << what << " has its data at " << quoted(location) << ", which "
           << reason << "; " << advice;
  }
  // Read as weights, a text in the place of the file would be numbers too.
  std::optional<FileKind> kind = recogniseFile(*file);
  if (kind && kind->isPlaceholder)
    return reporter.error(ErrorId::OtherFile)
           << what << " has its data at " << quoted(location)
           << ", which is no data, but " << kind->what << "; " << kind->advice;
  return std::move(*file);
}

FailureOr<param::FileAttr>
TensorReader::readExternal(const proto::TensorProto &tensor, StringRef what,
                           uint64_t size) {
  std::optional<std::string> location;
  std::optional<uint64_t> offset, length;
  StringMap<bool> seen;
  for (const proto::StringStringEntryProto &entry : tensor.external_data()) {
    StringRef key = entry.key(), value = entry.value();
    bool isNew = seen.try_emplace(key, true).second;
    uint64_t number = 0;
    if (!isNew || ((key == "offset" || key == "length") &&
                   value.getAsInteger(10, number)))
      return reporter.error(ErrorId::ExternalEntry)
             << what << " has the external data entry " << quoted(key) << " = "
             << quoted(value)
             << (isNew ? ", expected a number of bytes" : " a second time")
             << "; export the model again";
    if (key == "location")
      location = value.str();
    else if (key == "offset")
      offset = number;
    else if (key == "length")
      length = number;
    else if (key != "checksum" && !key.starts_with("prepacked"))
      return reporter.error(ErrorId::ExternalEntry)
             << what << " has the unknown external data entry " << quoted(key)
             << ", expected location, offset, length or checksum; export the "
                "model again";
  }
  if (!location)
    return reporter.error(ErrorId::ExternalEntry)
           << what
           << " has external data without a location; export the "
              "model again";
  if (length && *length != size)
    return reporter.error(ErrorId::TensorSize)
           << what << " has " << *length << " bytes of external data, expected "
           << size << "; export the model again";

  auto known = dataFiles.find(*location);
  if (known == dataFiles.end()) {
    FailureOr<DataFile> file = openData(*location, what);
    if (failed(file))
      return failure();
    std::optional<FileKind> kind = recogniseFile(*file);
    known = dataFiles
                .try_emplace(*location, file->getSize(),
                             kind ? " and is " + kind->what : "")
                .first;
  }
  auto &[fileSize, fileKind] = known->second;
  uint64_t begin = offset.value_or(0);
  if (begin > fileSize || size > fileSize - begin)
    return reporter.error(ErrorId::ExternalRange)
           << what << " needs " << size << " bytes at " << begin << " of "
           << quoted(*location) << ", which has " << fileSize << " bytes"
           << fileKind
           << "; check that the data file belongs to the model and is whole";
  return param::FileAttr::get(&reporter.getContext(), *location, begin, size);
}

/// Appends each value as a `T`; false where one does not fit.
template <typename T, typename Values>
static bool append(const Values &values, std::string &bytes) {
  bytes.reserve(bytes.size() + values.size() * sizeof(T));
  for (auto value : values) {
    T narrow = T(value);
    if constexpr (std::is_integral_v<T>)
      if (decltype(value)(narrow) != value)
        return false;
    bytes.append(reinterpret_cast<const char *>(&narrow), sizeof(T));
  }
  return true;
}

FailureOr<std::string> TensorReader::readTyped(const proto::TensorProto &tensor,
                                               RankedTensorType type,
                                               StringRef what) {
  uint64_t size = getFileSize(type);
  if (size > limits.maxTypedDataBytes)
    return reporter.error(ErrorId::TensorTooLarge)
           << what << " has " << size
           << " bytes written element by element, at most "
           << limits.maxTypedDataBytes
           << " are; store it as raw or external data";
  std::string bytes;
  bool fits = true;
  switch (tensor.data_type()) {
  case Float:
    append<float>(tensor.float_data(), bytes);
    break;
  case Double:
    append<double>(tensor.double_data(), bytes);
    break;
  case Int64:
    append<int64_t>(tensor.int64_data(), bytes);
    break;
  case UInt64:
    append<uint64_t>(tensor.uint64_data(), bytes);
    break;
  case UInt32:
    fits = append<uint32_t>(tensor.uint64_data(), bytes);
    break;
  case Int32:
    append<int32_t>(tensor.int32_data(), bytes);
    break;
  case Int16:
    fits = append<int16_t>(tensor.int32_data(), bytes);
    break;
  case UInt16:
  case Float16:
  case BFloat16:
    fits = append<uint16_t>(tensor.int32_data(), bytes);
    break;
  case Int8:
    fits = append<int8_t>(tensor.int32_data(), bytes);
    break;
  default:
    // Bool, the 8-bit floats, and packed elements, one byte an entry.
    fits = append<uint8_t>(tensor.int32_data(), bytes);
    break;
  }
  if (!fits)
    return reporter.error(ErrorId::TensorSize)
           << what << " holds a number outside the range of "
           << getDataTypeName(tensor.data_type()) << "; export the model again";
  return bytes;
}

FailureOr<std::string> TensorReader::readRange(param::FileAttr range,
                                               StringRef what) {
  FailureOr<DataFile> file = openData(range.getPath(), what);
  if (failed(file))
    return failure();
  std::string bytes(range.getLength(), '\0');
  if (Error error = file->read(
          range.getOffset(), MutableArrayRef<char>(bytes.data(), bytes.size())))
    return reporter.error(ErrorId::CannotRead)
           << what << " has its data at " << quoted(range.getPath())
           << ", which cannot be read: " << toString(std::move(error))
           << "; check the disk";
  return bytes;
}

/// Bytes as they lie in a file, of exactly the type's size, to elements.
static DenseElementsAttr makeElements(RankedTensorType type, StringRef bytes) {
  int64_t count = type.getNumElements();
  if (count == 0)
    return DenseElementsAttr::get(type, ArrayRef<mlir::Attribute>());
  Type element = type.getElementType();
  if (element.isInteger(1)) {
    SmallVector<bool> values;
    for (char byte : bytes)
      values.push_back(byte != 0);
    return DenseElementsAttr::get(type, values);
  }
  unsigned bits = getFileBits(element);
  if (bits >= 8)
    return DenseElementsAttr::getFromRawBuffer(
        type, ArrayRef<char>(bytes.data(), bytes.size()));
  // Packed in the file, first element in the low bits; a byte each in the IR.
  unsigned perByte = 8 / bits;
  std::vector<char> unpacked(count);
  for (int64_t i = 0; i < count; ++i)
    unpacked[i] =
        uint8_t(bytes[i / perByte]) >> (i % perByte * bits) & ((1 << bits) - 1);
  return DenseElementsAttr::getFromRawBuffer(type, unpacked);
}

bool moec::importer::isConstant(RankedTensorType type) {
  // Bytes and less are quantised weights and their zero points.
  bool isIndex =
      type.getElementType().isInteger() &&
      (type.getElementTypeBitWidth() == 1 || type.getElementTypeBitWidth() > 8);
  return type.getNumElements() <= (isIndex ? kMaxConstantElements : 1);
}

FailureOr<TensorValue> TensorReader::read(const proto::TensorProto &tensor,
                                          const Twine &whatTwine,
                                          bool wantElements,
                                          std::string *fileBytes) {
  std::string what = whatTwine.str();
  if (tensor.has_segment())
    return reporter.error(ErrorId::UnsupportedTensor)
           << what
           << " is stored in segments, which is not supported; store "
              "it whole";
  FailureOr<RankedTensorType> type = readType(tensor, what);
  if (failed(type))
    return failure();
  uint64_t size = getFileSize(*type);
  uint64_t count = type->getNumElements();

  if (tensor.data_location() != 0 && tensor.data_location() != 1)
    return reporter.error(ErrorId::TensorSources)
           << what << " has the data location " << tensor.data_location()
           << ", expected 0 (the model) or 1 (external); export the model "
              "again";
  bool isExternal = tensor.data_location() == 1;
  // Where the data of this type would be if it were not raw.
  bool inFloat = tensor.data_type() == Float;
  bool inDouble = tensor.data_type() == Double;
  bool inInt64 = tensor.data_type() == Int64;
  bool inUInt64 = tensor.data_type() == UInt32 || tensor.data_type() == UInt64;
  bool inInt32 = !inFloat && !inDouble && !inInt64 && !inUInt64;
  bool isPacked = getFileBits(type->getElementType()) < 8;
  uint64_t typed = inFloat    ? tensor.float_data_size()
                   : inDouble ? tensor.double_data_size()
                   : inInt64  ? tensor.int64_data_size()
                   : inUInt64 ? tensor.uint64_data_size()
                              : tensor.int32_data_size();
  // Every raw_data has a range of the file; short ones are here as well. An
  // empty one beside typed data is what some exporters write.
  bool isRaw = tensor.file_length() != 0;
  bool isTyped = typed != 0;
  bool hasOther = (tensor.float_data_size() && !inFloat) ||
                  (tensor.double_data_size() && !inDouble) ||
                  (tensor.int64_data_size() && !inInt64) ||
                  (tensor.uint64_data_size() && !inUInt64) ||
                  (tensor.int32_data_size() && !inInt32) ||
                  tensor.string_data_size();
  if (isExternal + isRaw + isTyped > 1 || hasOther ||
      (!isExternal && tensor.external_data_size()))
    return reporter.error(ErrorId::TensorSources)
           << what << " of type " << getDataTypeName(tensor.data_type())
           << " has its data in more than one field, or in a field of another "
              "type; export the model again";

  TensorValue value;
  value.type = *type;
  bool small = wantElements || fileBytes || isConstant(*type);
  auto checkSize = [&](uint64_t found, uint64_t expected,
                       StringRef unit) -> LogicalResult {
    if (found == expected)
      return success();
    return reporter.error(ErrorId::TensorSize)
           << what << " has " << found << " " << unit << " of data, expected "
           << expected
           << " for its shape and element type; export the model "
              "again";
  };

  if (isExternal) {
    FailureOr<param::FileAttr> file = readExternal(tensor, what, size);
    if (failed(file))
      return failure();
    value.file = *file;
  } else if (isTyped) {
    if (failed(checkSize(typed, isPacked ? size : count, "entries")))
      return failure();
    FailureOr<std::string> bytes = readTyped(tensor, *type, what);
    if (failed(bytes))
      return failure();
    if (fileBytes) {
      *fileBytes = std::move(*bytes);
      return value;
    }
    value.elements = makeElements(*type, *bytes);
  } else {
    if (failed(checkSize(tensor.file_length(), size, "bytes")))
      return failure();
    if (fileBytes && tensor.raw_data().size() == size) {
      *fileBytes = tensor.raw_data();
      return value;
    }
    if (small && tensor.raw_data().size() == size)
      value.elements = makeElements(*type, tensor.raw_data());
    else
      value.file =
          param::FileAttr::get(&reporter.getContext(), folder.getModelName(),
                               tensor.file_offset(), size);
  }

  if (value.elements || !small)
    return value;
  if (size > limits.maxTypedDataBytes)
    return reporter.error(ErrorId::TensorTooLarge)
           << what << " has " << size << " bytes, at most "
           << limits.maxTypedDataBytes
           << " are supported in an attribute; make it an initializer";
  FailureOr<std::string> bytes = readRange(value.file, what);
  if (failed(bytes))
    return failure();
  if (fileBytes)
    *fileBytes = std::move(*bytes);
  else
    value.elements = makeElements(*type, *bytes);
  value.file = {};
  return value;
}
