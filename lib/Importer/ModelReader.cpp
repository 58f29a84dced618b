//===-- ModelReader.cpp - from the file to its messages -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A model file may be two gigabytes of weights around a megabyte of structure.
// The file is walked once, by its wire format, to copy the structure without
// the weights; protobuf then parses that copy. Memory grows with the structure
// only.
//
//===----------------------------------------------------------------------===//

#include "ModelReader.h"

#include "FileKind.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <climits>
#include <vector>

using namespace llvm;
using namespace moec;
using namespace moec::importer;

namespace pb = google::protobuf;

namespace {

/// A window that slides over a file.
class FileCursor {
public:
  explicit FileCursor(const DataFile &file) : file(file), window(kWindow) {}

  uint64_t getPosition() const { return position; }
  void seek(uint64_t target) { position = target; }

  Error read(MutableArrayRef<char> out) {
    while (!out.empty()) {
      if (position < start || position >= start + filled) {
        start = position;
        filled = std::min<uint64_t>(kWindow, file.getSize() - position);
        if (filled == 0)
          return createStringError("the file ends within a field");
        if (Error error = file.read(
                start, MutableArrayRef<char>(window.data(), filled))) {
          filled = 0;
          return error;
        }
      }
      uint64_t count =
          std::min<uint64_t>(out.size(), start + filled - position);
      std::copy_n(window.data() + (position - start), count, out.data());
      position += count;
      out = out.drop_front(count);
    }
    return Error::success();
  }

private:
  static constexpr uint64_t kWindow = 1 << 18;
  const DataFile &file;
  std::vector<char> window;
  uint64_t start = 0, filled = 0, position = 0;
};

/// The messages that can hold a tensor, and what they are made of.
enum class Message {
  Model,
  Graph,
  Node,
  Attribute,
  Tensor,
  Sparse,
  Function,
  Other
};

/// Copies a message without its large tensors.
class Slimmer {
public:
  Slimmer(FileCursor &in, const ImportLimits &limits, const Reporter &reporter)
      : in(in), limits(limits), reporter(reporter) {}

  LogicalResult copy(Message kind, uint64_t end, std::string &out,
                     unsigned depth);

private:
  LogicalResult copyField(Message kind, uint64_t end, std::string &out,
                          unsigned depth);
  LogicalResult copyBytes(uint64_t count, std::string &out);
  LogicalResult readVarint(uint64_t end, uint64_t &value);
  LogicalResult malformed(const Twine &what) {
    return reporter.error(ErrorId::Malformed)
           << "is not an ONNX model: " << what << " at byte "
           << in.getPosition() << "; export it again, or check the download";
  }

  FileCursor &in;
  const ImportLimits &limits;
  const Reporter &reporter;
  uint64_t copied = 0;
};

} // namespace

/// Tensors this short are also in the message: a constant's elements need no
/// second reading.
static constexpr uint64_t kMaxInlineBytes = 8 * kMaxConstantElements;
static constexpr unsigned kRawDataField = 9;
/// Where our own fields of OnnxModel.proto begin.
static constexpr unsigned kFirstOwnField = 50000;

namespace {
enum WireType { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };
} // namespace

static Message getFieldMessage(Message parent, uint64_t field) {
  switch (parent) {
  case Message::Model:
    return field == 7    ? Message::Graph
           : field == 25 ? Message::Function
                         : Message::Other;
  case Message::Graph:
    return field == 1    ? Message::Node
           : field == 5  ? Message::Tensor
           : field == 15 ? Message::Sparse
                         : Message::Other;
  case Message::Function:
    return field == 7    ? Message::Node
           : field == 11 ? Message::Attribute
                         : Message::Other;
  case Message::Node:
    return field == 5 ? Message::Attribute : Message::Other;
  case Message::Attribute:
    return field == 5 || field == 10    ? Message::Tensor
           : field == 6 || field == 11  ? Message::Graph
           : field == 22 || field == 23 ? Message::Sparse
                                        : Message::Other;
  case Message::Sparse:
    return field == 1 || field == 2 ? Message::Tensor : Message::Other;
  case Message::Tensor:
  case Message::Other:
    return Message::Other;
  }
  return Message::Other;
}

static void appendVarint(std::string &out, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out += char(value | 0x80);
  out += char(value);
}

LogicalResult Slimmer::readVarint(uint64_t end, uint64_t &value) {
  value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (in.getPosition() >= end)
      return malformed("a number that does not end");
    char byte;
    if (Error error = in.read(MutableArrayRef<char>(&byte, 1)))
      return malformed(toString(std::move(error)));
    value |= uint64_t(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return success();
  }
  return malformed("a number of more than 64 bits");
}

LogicalResult Slimmer::copyBytes(uint64_t count, std::string &out) {
  copied += count;
  if (copied > limits.maxStructureBytes)
    return reporter.error(ErrorId::TooLarge)
           << "has more than " << limits.maxStructureBytes
           << " bytes beside raw weights; store weights as raw or external "
              "data";
  size_t old = out.size();
  out.resize(old + count);
  if (Error error =
          in.read(MutableArrayRef<char>(out.data() + old, size_t(count))))
    return malformed(toString(std::move(error)));
  return success();
}

LogicalResult Slimmer::copyField(Message kind, uint64_t end, std::string &out,
                                 unsigned depth) {
  uint64_t tag;
  if (failed(readVarint(end, tag)))
    return failure();
  uint64_t field = tag >> 3;
  unsigned wire = tag & 7;
  if (field == 0 || field > (uint64_t(1) << 29) - 1)
    return malformed("a field without a number");
  if (kind == Message::Tensor && field >= kFirstOwnField)
    return reporter.error(ErrorId::UnknownField)
           << "a TensorProto has the unknown field " << field
           << ", which may change its meaning; export the model with IR "
              "version 13 or less";

  switch (wire) {
  case Varint: {
    uint64_t value;
    if (failed(readVarint(end, value)))
      return failure();
    appendVarint(out, tag);
    appendVarint(out, value);
    copied += 2;
    return success();
  }
  case Fixed32:
  case Fixed64: {
    uint64_t size = wire == Fixed32 ? 4 : 8;
    if (size > end - in.getPosition())
      return malformed("a field that passes the end of its message");
    appendVarint(out, tag);
    return copyBytes(size, out);
  }
  case Bytes:
    break;
  default:
    return malformed("a field of an unknown wire type");
  }

  uint64_t length;
  if (failed(readVarint(end, length)))
    return failure();
  if (length > end - in.getPosition())
    return malformed("a field that passes the end of its message");

  if (kind == Message::Tensor && field == kRawDataField) {
    uint64_t offset = in.getPosition();
    appendVarint(out, proto::TensorProto::kFileOffsetFieldNumber << 3 | Varint);
    appendVarint(out, offset);
    appendVarint(out, proto::TensorProto::kFileLengthFieldNumber << 3 | Varint);
    appendVarint(out, length);
    copied += 16;
    if (length > kMaxInlineBytes) {
      in.seek(offset + length);
      return success();
    }
  }

  Message child = getFieldMessage(kind, field);
  std::string body;
  if (child == Message::Other) {
    appendVarint(out, tag);
    appendVarint(out, length);
    return copyBytes(length, out);
  }
  // Empty messages cost memory once parsed.
  copied += 16;
  if (failed(copy(child, in.getPosition() + length, body, depth + 1)))
    return failure();
  appendVarint(out, tag);
  appendVarint(out, body.size());
  out += body;
  return success();
}

LogicalResult Slimmer::copy(Message kind, uint64_t end, std::string &out,
                            unsigned depth) {
  if (depth > limits.maxMessageDepth)
    return reporter.error(ErrorId::TooDeep)
           << "nests its messages deeper than " << limits.maxMessageDepth
           << " levels; flatten the subgraphs";
  while (in.getPosition() < end) {
    if (failed(copyField(kind, end, out, depth)))
      return failure();
    if (copied > limits.maxStructureBytes)
      return copyBytes(0, out);
  }
  return success();
}

/// Fails at the first unknown field of a message or of one inside it: what it
/// means is unknown, so what the model computes is.
static LogicalResult checkKnownFields(const pb::Message &message,
                                      const Reporter &reporter) {
  const pb::Reflection *reflection = message.GetReflection();
  const pb::UnknownFieldSet &unknown = reflection->GetUnknownFields(message);
  if (!unknown.empty())
    return reporter.error(ErrorId::UnknownField)
           << "a " << message.GetDescriptor()->name()
           << " has the unknown field " << unknown.field(0).number()
           << ", which may change its meaning; export the model with IR "
              "version 13 or less";
  std::vector<const pb::FieldDescriptor *> fields;
  reflection->ListFields(message, &fields);
  for (const pb::FieldDescriptor *field : fields) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE)
      continue;
    if (!field->is_repeated()) {
      if (failed(checkKnownFields(reflection->GetMessage(message, field),
                                  reporter)))
        return failure();
      continue;
    }
    for (int i = 0, n = reflection->FieldSize(message, field); i < n; ++i)
      if (failed(checkKnownFields(
              reflection->GetRepeatedMessage(message, field, i), reporter)))
        return failure();
  }
  return success();
}

static Error hashFile(const DataFile &file, std::string &sha256) {
  SHA256 hash;
  std::vector<char> buffer(1 << 20);
  for (uint64_t offset = 0; offset < file.getSize();) {
    size_t count = std::min<uint64_t>(buffer.size(), file.getSize() - offset);
    if (Error error =
            file.read(offset, MutableArrayRef<char>(buffer.data(), count)))
      return error;
    hash.update(StringRef(buffer.data(), count));
    offset += count;
  }
  sha256 = toHex(hash.final(), /*LowerCase=*/true);
  return Error::success();
}

LogicalResult importer::readModel(const ModelFolder &folder,
                                  const ImportLimits &limits,
                                  const Reporter &reporter,
                                  proto::ModelProto &model,
                                  std::string &sha256) {
  Expected<DataFile> file = folder.openModel();
  if (!file)
    return reporter.error(ErrorId::CannotRead)
           << "cannot be read: " << toString(file.takeError())
           << "; give the path of an .onnx file";
  if (auto kind = recogniseFile(*file))
    return reporter.error(ErrorId::OtherFile)
           << "is no ONNX model, but " << kind->what << "; " << kind->advice;
  if (file->getSize() > INT_MAX)
    return reporter.error(ErrorId::TooLarge)
           << "has " << file->getSize()
           << " bytes, more than a protobuf message may; store its weights as "
              "external data";

  FileCursor cursor(*file);
  std::string slim;
  if (failed(Slimmer(cursor, limits, reporter)
                 .copy(Message::Model, file->getSize(), slim, 0)))
    return failure();

  // What protobuf itself prints to standard error names no file and no id.
  pb::LogSilencer silence;
  pb::io::CodedInputStream stream(
      reinterpret_cast<const uint8_t *>(slim.data()), int(slim.size()));
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
    return reporter.error(ErrorId::Malformed)
           << "is not an ONNX model: its messages do not parse; export it "
              "again, or check the download";
  if (failed(checkKnownFields(model, reporter)))
    return failure();
  if (Error error = hashFile(*file, sha256))
    return reporter.error(ErrorId::CannotRead)
           << "cannot be read: " << toString(std::move(error))
           << "; leave the file alone while it is compiled";
  return success();
}
