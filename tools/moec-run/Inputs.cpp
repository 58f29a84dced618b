//===-- Inputs.cpp - inputs made up ---------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Inputs.h"

#include <algorithm>
#include <random>

using namespace moecrun;

void Symbols::set(const std::string &name, int64_t value) {
  if (int i = find(name); i >= 0) {
    values[size_t(i)] = value;
    return;
  }
  std::string known;
  for (int i = 0; i < info.n_symbols; ++i)
    known += std::string(i ? ", " : "") + info.symbols[i];
  throw Error("--dim " + name + ": the model has no such dimension, only: " +
              (known.empty() ? "none" : known));
}

void Symbols::bind(const moec_io_info &io, const Buffer &buffer) {
  for (size_t i = 0; i < buffer.shape.size() && i < size_t(io.rank); ++i)
    if (io.dims[i] < 0 && values[size_t(-(io.dims[i] + 1))] < 0)
      values[size_t(-(io.dims[i] + 1))] = buffer.shape[i];
}

void Symbols::setDefaults() {
  std::vector<std::vector<int>> terms(values.size());
  for (int i = 0; i < info.n_symbols; ++i)
    terms[size_t(i)] = termsOf(i);
  for (int pass = 0; pass < 2; ++pass)
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] >= 0 || !isInput(int(i)) || terms[i].empty() != !pass)
        continue;
      values[i] = terms[i].empty() ? 1 : 0;
      for (int term : terms[i])
        values[i] += get(term);
    }
}

std::string Symbols::describe() const {
  std::string text;
  for (int i = 0; i < info.n_symbols; ++i)
    if (values[size_t(i)] >= 0)
      text += std::string(" ") + info.symbols[i] + "=" +
              std::to_string(values[size_t(i)]);
  return text.empty() ? "" : "dims   " + text.substr(1) + "\n";
}

std::vector<int64_t> Symbols::shapeOf(const moec_io_info &io) const {
  std::vector<int64_t> shape;
  shape.reserve(size_t(io.rank));
  for (int i = 0; i < io.rank; ++i)
    shape.push_back(io.dims[i] >= 0 ? io.dims[i] : get(int(-(io.dims[i] + 1))));
  return shape;
}

int64_t Symbols::get(int i) const {
  return std::max<int64_t>(values[size_t(i)], 0);
}

int Symbols::find(const std::string &name) const {
  for (int i = 0; i < info.n_symbols; ++i)
    if (name == info.symbols[i])
      return i;
  return -1;
}

std::vector<int> Symbols::termsOf(int i) const {
  std::string name = info.symbols[i];
  std::vector<int> terms;
  if (name.find("total") != std::string::npos) {
    for (int j = 0; j < info.n_symbols; ++j) {
      std::string other = info.symbols[j];
      if (other.find("total") == std::string::npos && isInput(j) &&
          (other.find("past") != std::string::npos ||
           other.find("seq") != std::string::npos))
        terms.push_back(j);
    }
    return terms;
  }
  if (name.find('+') == std::string::npos)
    return {};
  for (size_t at = 0; at <= name.size();) {
    size_t end = std::min(name.find('+', at), name.size());
    size_t first = name.find_first_not_of(' ', at);
    size_t last = name.find_last_not_of(' ', end ? end - 1 : 0);
    int term = first < end && last != std::string::npos && last >= first
                   ? find(name.substr(first, last - first + 1))
                   : -1;
    if (term < 0 || term == i)
      return {};
    terms.push_back(term);
    at = end + 1;
  }
  return terms;
}

bool Symbols::isInput(int symbol) const {
  for (int i = 0; i < info.n_inputs; ++i)
    for (int d = 0; d < info.inputs[i].rank; ++d)
      if (info.inputs[i].dims[d] == -(int64_t(symbol) + 1))
        return true;
  return false;
}

bool moecrun::isFloat(int32_t dtype) {
  return dtype == MOEC_FLOAT || dtype == MOEC_DOUBLE || dtype == MOEC_FLOAT16 ||
         dtype == MOEC_BFLOAT16;
}

Buffer moecrun::randomInput(const moec_io_info &io, std::vector<int64_t> shape,
                            const RandomOptions &options) {
  Buffer buffer(io.dtype, std::move(shape));
  std::string name = io.name;
  std::seed_seq seeds(name.begin(), name.end());
  std::vector<uint32_t> words(2);
  seeds.generate(words.begin(), words.end());
  std::mt19937_64 random(options.seed ^ (uint64_t(words[0]) << 32 | words[1]));
  bool isMask = name.find("mask") != std::string::npos;
  bool isPosition = name.find("position") != std::string::npos;
  uint64_t range = uint64_t(options.intHigh - options.intLow);
  for (size_t i = 0, n = buffer.count(); i < n; ++i) {
    uint64_t word = random();
    double value = isFloat(io.dtype)
                       ? double(word >> 11) / 4503599627370496.0 - 1.0
                       : double(options.intLow + int64_t(word % range));
    if (!isFloat(io.dtype) && isMask)
      value = 1;
    else if (!isFloat(io.dtype) && isPosition && !buffer.shape.empty())
      value = double(int64_t(i) % buffer.shape.back());
    else if (io.dtype == MOEC_BOOL)
      value = double(word & 1);
    setElement(buffer.bytes.data(), io.dtype, i, value);
  }
  return buffer;
}
