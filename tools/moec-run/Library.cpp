//===-- Library.cpp - a compiled library, loaded --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Library.h"

#include <cmath>
#include <cstddef>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <fstream>
#include <iterator>
#include <limits.h>
#include <stdlib.h>

using namespace moecrun;

//===-- Element types -----------------------------------------------------===//

namespace {
struct DtypeInfo {
  int32_t dtype;
  const char *name;
  int bits;
};
const DtypeInfo dtypes[] = {{MOEC_FLOAT, "float32", 32},
                            {MOEC_UINT8, "uint8", 8},
                            {MOEC_INT8, "int8", 8},
                            {MOEC_UINT16, "uint16", 16},
                            {MOEC_INT16, "int16", 16},
                            {MOEC_INT32, "int32", 32},
                            {MOEC_INT64, "int64", 64},
                            {MOEC_BOOL, "bool", 8},
                            {MOEC_FLOAT16, "float16", 16},
                            {MOEC_DOUBLE, "float64", 64},
                            {MOEC_UINT32, "uint32", 32},
                            {MOEC_UINT64, "uint64", 64},
                            {MOEC_BFLOAT16, "bfloat16", 16},
                            {MOEC_FLOAT8E4M3FN, "float8e4m3fn", 8},
                            {MOEC_FLOAT8E4M3FNUZ, "float8e4m3fnuz", 8},
                            {MOEC_FLOAT8E5M2, "float8e5m2", 8},
                            {MOEC_FLOAT8E5M2FNUZ, "float8e5m2fnuz", 8},
                            {MOEC_UINT4, "uint4", 4},
                            {MOEC_INT4, "int4", 4},
                            {MOEC_FLOAT4E2M1, "float4e2m1", 4},
                            {MOEC_FLOAT8E8M0, "float8e8m0", 8}};
} // namespace

const char *moecrun::dtypeName(int32_t dtype) {
  for (const DtypeInfo &info : dtypes)
    if (info.dtype == dtype)
      return info.name;
  return "unknown";
}

int moecrun::dtypeBits(int32_t dtype) {
  for (const DtypeInfo &info : dtypes)
    if (info.dtype == dtype)
      return info.bits;
  throw Error("element type " + std::to_string(dtype) + " is unknown");
}

size_t moecrun::tensorBytes(int32_t dtype, const std::vector<int64_t> &shape) {
  int64_t count = 1, bits;
  for (int64_t extent : shape)
    if (extent == 0)
      return 0;
  for (int64_t extent : shape)
    if (extent < 0 || __builtin_mul_overflow(count, extent, &count))
      throw Error("the size of shape " + shapeText(shape) + " overflows");
  if (__builtin_mul_overflow(count, int64_t(dtypeBits(dtype)), &bits) ||
      bits > INT64_MAX - 7)
    throw Error("the size of shape " + shapeText(shape) + " overflows");
  return size_t((bits + 7) / 8);
}

std::string moecrun::shapeText(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

static double halfToDouble(uint16_t half) {
  int exponent = half >> 10 & 31, mantissa = half & 1023;
  double value = exponent == 0    ? std::ldexp(mantissa, -24)
                 : exponent == 31 ? (mantissa ? NAN : INFINITY)
                                  : std::ldexp(mantissa + 1024, exponent - 25);
  return half & 0x8000 ? -value : value;
}

static uint16_t doubleToHalf(double value) {
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  value = std::fabs(value);
  if (std::isnan(value))
    return sign | 0x7e00;
  if (value >= 65520)
    return sign | 0x7c00;
  if (value < std::ldexp(1, -14))
    return sign | uint16_t(std::nearbyint(std::ldexp(value, 24)));
  int exponent;
  std::frexp(value, &exponent); // value = f * 2^exponent, f in [0.5, 1).
  int mantissa = int(std::nearbyint(std::ldexp(value, 11 - exponent)));
  // A mantissa that rounds up to 2048 carries into the exponent by itself.
  return uint16_t(sign + ((exponent + 14) << 10) + (mantissa - 1024));
}

template <typename T> static T load(const void *data, size_t index) {
  T value;
  std::memcpy(&value, static_cast<const char *>(data) + index * sizeof(T),
              sizeof(T));
  return value;
}

template <typename T> static void store(void *data, size_t index, T value) {
  std::memcpy(static_cast<char *>(data) + index * sizeof(T), &value, sizeof(T));
}

double moecrun::elementValue(const void *data, int32_t dtype, size_t index) {
  switch (dtype) {
  case MOEC_FLOAT:
    return load<float>(data, index);
  case MOEC_DOUBLE:
    return load<double>(data, index);
  case MOEC_INT8:
    return load<int8_t>(data, index);
  case MOEC_INT16:
    return load<int16_t>(data, index);
  case MOEC_UINT16:
    return load<uint16_t>(data, index);
  case MOEC_INT32:
    return load<int32_t>(data, index);
  case MOEC_UINT32:
    return load<uint32_t>(data, index);
  case MOEC_INT64:
    return double(load<int64_t>(data, index));
  case MOEC_UINT64:
    return double(load<uint64_t>(data, index));
  case MOEC_FLOAT16:
    return halfToDouble(load<uint16_t>(data, index));
  case MOEC_BFLOAT16: {
    uint32_t bits = uint32_t(load<uint16_t>(data, index)) << 16;
    return load<float>(&bits, 0);
  }
  case MOEC_UINT4:
  case MOEC_INT4:
  case MOEC_FLOAT4E2M1: {
    int nibble = load<uint8_t>(data, index / 2) >> (index % 2 * 4) & 15;
    return dtype == MOEC_INT4 && nibble > 7 ? nibble - 16 : nibble;
  }
  default:
    return load<uint8_t>(data, index);
  }
}

void moecrun::setElement(void *data, int32_t dtype, size_t index,
                         double value) {
  switch (dtype) {
  case MOEC_FLOAT:
    return store(data, index, float(value));
  case MOEC_DOUBLE:
    return store(data, index, value);
  case MOEC_FLOAT16:
    return store(data, index, doubleToHalf(value));
  case MOEC_BFLOAT16: {
    float single = float(value);
    uint32_t bits = load<uint32_t>(&single, 0);
    // To nearest, ties to even; NaN is not made here.
    bits += 0x7fff + (bits >> 16 & 1);
    return store(data, index, uint16_t(bits >> 16));
  }
  case MOEC_INT16:
  case MOEC_UINT16:
    return store(data, index, uint16_t(int64_t(value)));
  case MOEC_INT32:
  case MOEC_UINT32:
    return store(data, index, uint32_t(int64_t(value)));
  case MOEC_INT64:
  case MOEC_UINT64:
    return store(data, index, int64_t(value));
  case MOEC_UINT4:
  case MOEC_INT4:
  case MOEC_FLOAT4E2M1: {
    int shift = index % 2 * 4;
    uint8_t byte = load<uint8_t>(data, index / 2);
    byte = uint8_t((byte & ~(15 << shift)) | (int64_t(value) & 15) << shift);
    return store(data, index / 2, byte);
  }
  default:
    return store(data, index, uint8_t(int64_t(value)));
  }
}

Buffer::Buffer(int32_t dtype, std::vector<int64_t> shape)
    : dtype(dtype), shape(std::move(shape)),
      bytes(tensorBytes(dtype, this->shape)) {}

size_t Buffer::count() const {
  // Not what the bytes have room for: the last one may be half full.
  size_t product = 1;
  for (int64_t extent : shape)
    product *= size_t(extent);
  return product;
}

moec_tensor Buffer::tensor() {
  moec_tensor tensor = {};
  tensor.data = bytes.data();
  tensor.dtype = dtype;
  tensor.rank = int32_t(shape.size());
  tensor.capacity = int64_t(bytes.size());
  for (size_t i = 0; i < shape.size() && i < MOEC_MAX_RANK; ++i)
    tensor.shape[i] = shape[i];
  return tensor;
}

//===-- The library -------------------------------------------------------===//

/// moec_query_* among the dynamic symbols of an ELF file, for a library that
/// has been renamed; "" if there is none or more than one.
static std::string findQuerySymbol(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::string image((std::istreambuf_iterator<char>(file)),
                    std::istreambuf_iterator<char>());
  auto read = [&](uint64_t offset, auto &value) {
    if (offset > image.size() || sizeof(value) > image.size() - offset)
      return false;
    std::memcpy(&value, image.data() + offset, sizeof(value));
    return true;
  };
  Elf64_Ehdr header;
  if (!read(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_shentsize != sizeof(Elf64_Shdr))
    return "";
  const std::string prefix = "moec_query_";
  std::string found;
  for (uint64_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section, strings;
    if (header.e_shoff > image.size() ||
        !read(header.e_shoff + i * sizeof(section), section) ||
        section.sh_type != SHT_DYNSYM ||
        !read(header.e_shoff + section.sh_link * sizeof(strings), strings))
      continue;
    for (uint64_t j = 0; j < section.sh_size / sizeof(Elf64_Sym); ++j) {
      Elf64_Sym symbol;
      if (section.sh_offset > image.size() ||
          !read(section.sh_offset + j * sizeof(symbol), symbol))
        break;
      uint64_t name = strings.sh_offset + symbol.st_name;
      if (symbol.st_shndx == SHN_UNDEF || name >= image.size() ||
          image.compare(name, prefix.size(), prefix) != 0)
        continue;
      if (!found.empty())
        return "";
      found = image.substr(name, image.find('\0', name) - name);
    }
  }
  return found;
}

Library::Library(const std::string &path) {
  char real[PATH_MAX];
  // A path, so that the loader does not search its own folders.
  if (!realpath(path.c_str(), real))
    throw Error("cannot find library '" + path + "': " + std::strerror(errno));
  handle = dlopen(real, RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    throw Error(std::string("cannot load library: ") + dlerror());
  std::string name = path.substr(path.find_last_of('/') + 1);
  std::string symbol;
  if (name.size() > 6 && name.compare(0, 3, "lib") == 0 &&
      name.compare(name.size() - 3, 3, ".so") == 0)
    symbol = "moec_query_" + name.substr(3, name.size() - 6);
  void *query = symbol.empty() ? nullptr : dlsym(handle, symbol.c_str());
  if (!query) {
    symbol = findQuerySymbol(real);
    query = symbol.empty() ? nullptr : dlsym(handle, symbol.c_str());
  }
  if (!query) {
    dlclose(handle);
    throw Error("'" + path +
                "' is not a library made by moec: it exports no "
                "moec_query_NAME");
  }
  api = reinterpret_cast<moec_query_fn>(query)();
  info.struct_size = sizeof(info);
  if (!api || api->magic != MOEC_API_MAGIC ||
      api->abi_version != MOEC_ABI_VERSION ||
      // Version 1 had this much from the beginning.
      api->struct_size < offsetof(moec_api, profile_enable) ||
      api->model_info(api, &info) != MOEC_OK) {
    dlclose(handle);
    throw Error("'" + path +
                "' was made for another version of moec, "
                "expected ABI version " +
                std::to_string(MOEC_ABI_VERSION));
  }
}

Library::~Library() { dlclose(handle); }

static int findIo(const moec_io_info *ios, int count, const std::string &name) {
  for (int i = 0; i < count; ++i)
    if (name == ios[i].name)
      return i;
  return -1;
}

int Library::input(const std::string &name) const {
  return findIo(info.inputs, info.n_inputs, name);
}
int Library::output(const std::string &name) const {
  return findIo(info.outputs, info.n_outputs, name);
}

//===-- Sessions ----------------------------------------------------------===//

Session::Session(const Library &library, const SessionOptions &options)
    : library(library) {
  moec_session_options given = {};
  char text[512] = "";
  given.struct_size = sizeof(given);
  given.n_threads = options.threads;
  given.check_weights = options.checkWeights;
  if (!options.weights.empty())
    given.weights_path = options.weights.c_str();
  if (!options.cpu.empty())
    given.max_cpu = options.cpu.c_str();
  given.error_text = text;
  given.error_capacity = sizeof(text);
  int32_t status = library.api->session_create(library.api, &given, &handle);
  if (status != MOEC_OK)
    throw Error(std::string("cannot make a session: ") +
                (text[0] ? text : library.api->status_string(status)));
}

void Session::run(const std::vector<moec_tensor> &inputs,
                  std::vector<moec_tensor> &outputs) {
  int32_t status =
      library.api->run(handle, inputs.data(), int32_t(inputs.size()),
                       outputs.data(), int32_t(outputs.size()));
  if (status == MOEC_OK)
    return;
  std::string text = library.api->last_error(handle);
  throw Error("run failed: " +
              (text.empty() ? library.api->status_string(status) : text));
}

std::vector<Buffer> Session::run(const std::vector<moec_tensor> &inputs) {
  std::vector<moec_tensor> outputs(size_t(library.info.n_outputs));
  run(inputs, outputs);
  std::vector<Buffer> result;
  for (moec_tensor &output : outputs) {
    Buffer buffer(output.dtype, std::vector<int64_t>(
                                    output.shape, output.shape + output.rank));
    if (!buffer.bytes.empty())
      std::memcpy(buffer.bytes.data(), output.data, buffer.bytes.size());
    result.push_back(std::move(buffer));
    library.api->tensor_release(handle, &output);
  }
  return result;
}
