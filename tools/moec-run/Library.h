//===-- Library.h - a compiled library, loaded ----------------------*- C++
//-*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef MOEC_TOOLS_MOECRUN_LIBRARY_H
#define MOEC_TOOLS_MOECRUN_LIBRARY_H

#include "moec/moec.h"

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace moecrun {

/// What ends the program with exit code 1.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// "float32", ...
const char *dtypeName(int32_t dtype);
/// Bits of an element.
int dtypeBits(int32_t dtype);
/// Throws an Error if the size overflows.
size_t tensorBytes(int32_t dtype, const std::vector<int64_t> &shape);
std::string shapeText(const std::vector<int64_t> &shape);

/// Element `index` of packed data as a double.
double elementValue(const void *data, int32_t dtype, size_t index);
/// Stores a value; rounds to nearest for 16-bit floats.
void setElement(void *data, int32_t dtype, size_t index, double value);

/// A tensor with memory of its own, row-major.
struct Buffer {
  int32_t dtype = 0;
  std::vector<int64_t> shape;
  std::vector<uint8_t> bytes;

  Buffer() = default;
  /// Zeros.
  Buffer(int32_t dtype, std::vector<int64_t> shape);
  size_t count() const;
  /// For the ABI; refers to this buffer.
  moec_tensor tensor();
};

/// libNAME.so, for as long as this lives.
class Library {
public:
  explicit Library(const std::string &path);
  ~Library();
  Library(const Library &) = delete;
  Library &operator=(const Library &) = delete;

  const moec_api *api = nullptr;
  moec_model_info info = {};

  /// Index of the input or output of that name, or -1.
  int input(const std::string &name) const;
  int output(const std::string &name) const;

private:
  void *handle = nullptr;
};

/// How to make a session, as the command line says.
struct SessionOptions {
  int threads = 0;
  std::string weights, cpu;
  bool checkWeights = false;
};

/// A session; ends with this.
class Session {
public:
  Session(const Library &library, const SessionOptions &options);
  ~Session() { library.api->session_destroy(handle); }
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  /// Runs; throws an Error with the library's text on failure.
  void run(const std::vector<moec_tensor> &inputs,
           std::vector<moec_tensor> &outputs);
  /// Runs with outputs that the library allocates, and copies them.
  std::vector<Buffer> run(const std::vector<moec_tensor> &inputs);

  const Library &library;
  moec_session *handle = nullptr;
};

} // namespace moecrun

#endif // MOEC_TOOLS_MOECRUN_LIBRARY_H
