//===-- Npy.cpp - NumPy's file format -------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Npy.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <sys/stat.h>

using namespace moecrun;

namespace {

/// The type as NumPy writes it; more than one for reading, the first for
/// writing.
struct TypeCode {
  int32_t dtype;
  const char *code;
};
const TypeCode typeCodes[] = {
    {MOEC_FLOAT, "<f4"},          {MOEC_DOUBLE, "<f8"},
    {MOEC_FLOAT16, "<f2"},        {MOEC_INT8, "|i1"},
    {MOEC_INT16, "<i2"},          {MOEC_INT32, "<i4"},
    {MOEC_INT64, "<i8"},          {MOEC_UINT8, "|u1"},
    {MOEC_UINT16, "<u2"},         {MOEC_UINT32, "<u4"},
    {MOEC_UINT64, "<u8"},         {MOEC_BOOL, "|b1"},
    {MOEC_BFLOAT16, "<u2"},       {MOEC_BFLOAT16, "<V2"},
    {MOEC_BFLOAT16, "|V2"},       {MOEC_FLOAT8E4M3FN, "|u1"},
    {MOEC_FLOAT8E4M3FNUZ, "|u1"}, {MOEC_FLOAT8E5M2, "|u1"},
    {MOEC_FLOAT8E5M2FNUZ, "|u1"}, {MOEC_FLOAT8E8M0, "|u1"}};

/// The dictionary of the header: a Python literal of three known keys.
struct HeaderParser {
  HeaderParser(const std::string &text, const std::string &path)
      : text(text), path(path) {}

  const std::string &text;
  const std::string &path;
  size_t at = 0;

  std::string descr;
  bool fortran = false;
  std::vector<int64_t> shape;

  [[noreturn]] void fail(const std::string &what) const {
    throw Error("'" + path + "' is not a valid .npy file: " + what);
  }
  void skipSpace() {
    while (at < text.size() && (text[at] == ' ' || text[at] == '\n' ||
                                text[at] == '\t' || text[at] == '\r'))
      ++at;
  }
  bool take(char c) {
    skipSpace();
    if (at >= text.size() || text[at] != c)
      return false;
    ++at;
    return true;
  }
  void expect(char c) {
    if (!take(c))
      fail(std::string("expected '") + c + "' in its header");
  }
  std::string string() {
    skipSpace();
    char quote = at < text.size() ? text[at] : 0;
    if (quote != '\'' && quote != '"')
      fail("expected a string in its header");
    size_t end = text.find(quote, ++at);
    if (end == std::string::npos)
      fail("a string of its header does not end");
    std::string result = text.substr(at, end - at);
    at = end + 1;
    return result;
  }
  bool boolean() {
    skipSpace();
    for (bool value : {false, true}) {
      const char *word = value ? "True" : "False";
      if (text.compare(at, std::strlen(word), word) == 0) {
        at += std::strlen(word);
        return value;
      }
    }
    fail("expected True or False in its header");
  }
  int64_t integer() {
    skipSpace();
    size_t begin = at;
    int64_t value = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
      if (__builtin_mul_overflow(value, int64_t(10), &value) ||
          __builtin_add_overflow(value, int64_t(text[at] - '0'), &value))
        fail("an extent of its shape overflows");
    if (at == begin)
      fail("expected an extent in its header");
    return value;
  }
  void parse() {
    bool seen[3] = {};
    expect('{');
    while (!take('}')) {
      std::string key = string();
      expect(':');
      if (key == "descr") {
        seen[0] = true;
        descr = string();
      } else if (key == "fortran_order") {
        seen[1] = true;
        fortran = boolean();
      } else if (key == "shape") {
        seen[2] = true;
        shape.clear();
        expect('(');
        while (!take(')')) {
          if (shape.size() == MOEC_MAX_RANK)
            fail("its rank is greater than " + std::to_string(MOEC_MAX_RANK));
          shape.push_back(integer());
          if (!take(',')) {
            expect(')');
            break;
          }
        }
      } else {
        fail("its header has the unknown key '" + key.substr(0, 40) + "'");
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    if (!seen[0] || !seen[1] || !seen[2])
      fail("its header lacks descr, fortran_order or shape");
  }
};

struct CloseFile {
  void operator()(FILE *file) const { fclose(file); }
};
using File = std::unique_ptr<FILE, CloseFile>;

} // namespace

Buffer moecrun::readNpy(const std::string &path, int32_t dtype) {
  File file(fopen(path.c_str(), "rb"));
  if (!file)
    throw Error("cannot open '" + path + "': " + std::strerror(errno));
  struct stat status;
  if (fstat(fileno(file.get()), &status) != 0 || !S_ISREG(status.st_mode))
    throw Error("'" + path + "' is not a regular file");
  uint64_t size = uint64_t(status.st_size);

  std::string header;
  HeaderParser parser(header, path);
  unsigned char start[12];
  if (fread(start, 1, 10, file.get()) != 10 ||
      std::memcmp(start, "\x93NUMPY", 6) != 0)
    parser.fail("it does not begin with \\x93NUMPY");
  uint64_t length = start[8] | start[9] << 8, begin = 10;
  if (start[6] < 1 || start[6] > 3)
    parser.fail("its version is " + std::to_string(start[6]) +
                ", expected 1, 2 or 3");
  if (start[6] > 1) {
    if (fread(start + 10, 1, 2, file.get()) != 2)
      parser.fail("it ends in its header");
    length |= uint64_t(start[10]) << 16 | uint64_t(start[11]) << 24;
    begin = 12;
  }
  if (length > size - begin || length > 1 << 20)
    parser.fail("its header is too long");
  header.resize(length);
  if (fread(&header[0], 1, length, file.get()) != length)
    parser.fail("it ends in its header");
  parser.parse();

  bool known = false;
  std::string expected;
  for (const TypeCode &code : typeCodes)
    if (code.dtype == dtype) {
      known |= parser.descr == code.code;
      expected +=
          (expected.empty() ? "'" : " or '") + std::string(code.code) + "'";
    }
  if (!known)
    throw Error("'" + path + "' has element type '" +
                parser.descr.substr(0, 40) + "', expected " +
                (expected.empty() ? "none: .npy cannot hold it" : expected) +
                " for " + dtypeName(dtype));
  if (parser.fortran && parser.shape.size() > 1)
    throw Error("'" + path +
                "' is in Fortran order, save it with "
                "numpy.ascontiguousarray");
  uint64_t bytes = 0;
  try {
    bytes = tensorBytes(dtype, parser.shape);
  } catch (const Error &error) {
    parser.fail(error.what());
  }
  // Before memory is taken for it.
  if (bytes != size - begin - length)
    parser.fail("it holds " + std::to_string(size - begin - length) +
                " bytes of data, its shape needs " + std::to_string(bytes));
  Buffer buffer(dtype, parser.shape);
  if (bytes && fread(buffer.bytes.data(), 1, bytes, file.get()) != bytes)
    parser.fail("it ends in its data");
  return buffer;
}

void moecrun::writeNpy(const std::string &path, const Buffer &buffer) {
  const char *descr = nullptr;
  for (const TypeCode &code : typeCodes)
    if (code.dtype == buffer.dtype && !descr)
      descr = code.code;
  if (!descr)
    throw Error(std::string("cannot write '") + path +
                "': .npy has no type for " + dtypeName(buffer.dtype));
  std::string header = std::string("{'descr': '") + descr +
                       "', 'fortran_order': False, 'shape': (";
  for (int64_t extent : buffer.shape)
    header += std::to_string(extent) + ",";
  header += "), }";
  // The data begins at a multiple of 64.
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::string start = "\x93NUMPY";
  start += '\1';
  start += '\0';
  start += char(header.size() & 255);
  start += char(header.size() >> 8);
  start += header;
  File file(fopen(path.c_str(), "wb"));
  bool written =
      file &&
      fwrite(start.data(), 1, start.size(), file.get()) == start.size() &&
      (buffer.bytes.empty() ||
       fwrite(buffer.bytes.data(), 1, buffer.bytes.size(), file.get()) ==
           buffer.bytes.size());
  if (!written || fclose(file.release()) != 0)
    throw Error("cannot write '" + path + "': " + std::strerror(errno));
}
