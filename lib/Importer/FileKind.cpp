//===-- FileKind.cpp - files that are taken for others --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FileKind.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"

using namespace llvm;
using namespace moec;
using namespace moec::importer;

static constexpr size_t kHeadBytes = 512;

static constexpr StringLiteral kUnpack = "unpack it and give the .onnx file";
static constexpr StringLiteral kExport =
    "export the model to ONNX from the framework that made it";
static constexpr StringLiteral kExportWeights =
    "it holds weights without a graph: export the model to ONNX from the "
    "framework that made it";

namespace {
/// Bytes that a format begins with.
struct Signature {
  StringLiteral bytes;
  StringLiteral what, advice;
};
} // namespace

/// As fields of a message, each is malformed, or one that a ModelProto lacks.
static constexpr Signature kSignatures[] = {
    {"GGUF", "a GGUF file", kExportWeights},
    {"\x1f\x8b", "a gzip archive", kUnpack},
    {"BZh", "a bzip2 archive", kUnpack},
    {"\xfd"
     "7zXZ",
     "an xz archive", kUnpack},
    {"\x28\xb5\x2f\xfd", "a zstd archive", kUnpack},
    {"7z\xbc\xaf", "a 7z archive", kUnpack},
    {"\x89HDF", "an HDF5 file, as Keras saves models", kExport},
    {"\x93NUMPY", "a NumPy array", kExport},
    {"\x7f"
     "ELF",
     "a native library or program", "give the .onnx file that it was made of"},
    {"{", "a JSON text", "give the .onnx file beside it"},
};

/// A text that a server sent, or git left, in the place of the file.
static std::optional<FileKind> recognisePlaceholder(StringRef head) {
  if (head.starts_with("version https://git-lfs.github.com/spec/")) {
    StringRef size = head.split("\nsize ").second.take_while(isDigit);
    return FileKind{
        "a Git LFS pointer: it stands for a file" +
            (size.empty() ? "" : " of " + size.str() + " bytes") +
            " that was not downloaded",
        "run 'git lfs install' and 'git lfs pull' in the repository that it is "
        "of, or download the file itself",
        true};
  }
  head.consume_front("\xef\xbb\xbf");
  head = head.ltrim();
  if (head.starts_with_insensitive("<!doctype html") ||
      head.starts_with_insensitive("<html"))
    return FileKind{"an HTML page",
                    "download the file itself, not the page about it or about "
                    "an error",
                    true};
  if (head.starts_with_insensitive("<?xml"))
    return FileKind{"an XML text",
                    "download the file itself, or export the model to ONNX "
                    "from the framework that made it",
                    true};
  return std::nullopt;
}

/// PyTorch's archives begin with a pickle.
static std::optional<FileKind> recogniseZip(StringRef head) {
  constexpr size_t kNameLength = 26, kName = 30;
  if (!head.starts_with("PK\x03\x04"))
    return std::nullopt;
  StringRef name;
  if (head.size() > kName)
    name = head.substr(kName,
                       support::endian::read16le(head.data() + kNameLength));
  if (name.ends_with("data.pkl"))
    return FileKind{"a PyTorch checkpoint", kExport.str()};
  return FileKind{"a zip archive", kUnpack.str()};
}

/// A Python pickle says its protocol first.
static std::optional<FileKind> recognisePickle(StringRef head) {
  if (head.size() < 2 || head[0] != '\x80' || head[1] < 2 || head[1] > 5)
    return std::nullopt;
  return FileKind{"a Python pickle, as older PyTorch saves checkpoints",
                  kExport.str()};
}

/// A FlatBuffer has the aligned, small offset of its root, then a name of the
/// format. A message that begins so has a field without a number.
static std::optional<FileKind> recogniseFlatBuffer(StringRef head) {
  if (head.size() < 8)
    return std::nullopt;
  uint32_t root = support::endian::read32le(head.data());
  if (root % 4 != 0 || root >= 1 << 16)
    return std::nullopt;
  StringRef format = head.substr(4, 4);
  if (format == "ORTM")
    return FileKind{"a model in ONNX Runtime's own format (.ort)",
                    "give the .onnx file that it was converted from"};
  if (format == "TFL3")
    return FileKind{"a TensorFlow Lite model", kExport.str()};
  return std::nullopt;
}

/// The length of a JSON text in eight bytes, and the text.
static std::optional<FileKind> recogniseSafetensors(StringRef head,
                                                    uint64_t size) {
  if (head.size() < 10 || head[8] != '{')
    return std::nullopt;
  uint64_t length = support::endian::read64le(head.data());
  if (length < 2 || length > size - 8)
    return std::nullopt;
  return FileKind{"a safetensors file", kExportWeights.str()};
}

std::optional<FileKind> importer::recogniseFile(const DataFile &file) {
  uint64_t size = file.getSize();
  if (size == 0)
    return FileKind{"empty", "copy or download it again"};
  std::string bytes(std::min<uint64_t>(size, kHeadBytes), '\0');
  if (Error error =
          file.read(0, MutableArrayRef<char>(bytes.data(), bytes.size()))) {
    // Whoever reads on will meet it again.
    consumeError(std::move(error));
    return std::nullopt;
  }
  StringRef head = bytes;
  for (const auto &found :
       {recognisePlaceholder(head), recogniseZip(head), recognisePickle(head),
        recogniseFlatBuffer(head), recogniseSafetensors(head, size)})
    if (found)
      return found;
  for (const Signature &signature : kSignatures)
    if (head.starts_with(signature.bytes))
      return FileKind{signature.what.str(), signature.advice.str()};
  return std::nullopt;
}
