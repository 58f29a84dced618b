//===-- Inputs.cpp - inputs given and made up -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Inputs.h"

#include "Npy.h"
#include "Roles.h"

#include <algorithm>
#include <charconv>
#include <random>

using namespace moecrun;

//===-- Symbols -----------------------------------------------------------===//

namespace {
/// The extents of the symbols, from what is given.
class Symbols {
public:
  explicit Symbols(const Library &library)
      : info(library.info), roles(findRoles(library)),
        values(size_t(info.n_symbols), -1) {}

  /// Throws an Error, which names those there are, for an unknown name.
  void set(const std::string &name, int64_t value);
  /// From a file given for an input; throws an Error where it has another
  /// extent than a symbol has already. What else does not fit the library
  /// reports.
  void bind(const moec_io_info &io, const Buffer &buffer);
  /// Gives the rest a value; returns those that it takes from no number.
  std::vector<int> setDefaults();
  /// An extent of `dims`: a number, or that of a symbol.
  int64_t get(int64_t extent) const;
  std::vector<int64_t> shapeOf(const moec_io_info &io) const;

  bool isKnown(int64_t extent) const;

private:
  int find(const std::string &name) const;
  /// Whether an input has the symbol: others follow from the model.
  bool isInput(int symbol) const;
  /// The symbol that the length of the mask is, and nothing else; or -1.
  int findTotal() const;
  /// The extents that the mask is as long as, together.
  std::vector<int64_t> findLengths(int total) const;
  /// The extents that the name of symbol `i` is the sum of, or none.
  std::vector<int64_t> findTerms(int i) const;
  void setSum(int symbol, const std::vector<int64_t> &terms);

  const moec_model_info &info;
  Roles roles;
  std::vector<int64_t> values;
};
} // namespace

/// The index of the symbol that an extent of `dims` is.
static int symbolOf(int64_t extent) { return int(-(extent + 1)); }

static int64_t extentOf(int symbol) { return -(int64_t(symbol) + 1); }

int Symbols::find(const std::string &name) const {
  for (int i = 0; i < info.n_symbols; ++i)
    if (name == info.symbols[i])
      return i;
  return -1;
}

bool Symbols::isKnown(int64_t extent) const {
  return extent >= 0 || values[size_t(symbolOf(extent))] >= 0;
}

int64_t Symbols::get(int64_t extent) const {
  if (extent >= 0)
    return extent;
  return std::max<int64_t>(values[size_t(symbolOf(extent))], 0);
}

std::vector<int64_t> Symbols::shapeOf(const moec_io_info &io) const {
  std::vector<int64_t> shape;
  shape.reserve(size_t(io.rank));
  for (int i = 0; i < io.rank; ++i)
    shape.push_back(get(io.dims[i]));
  return shape;
}

bool Symbols::isInput(int symbol) const {
  for (int i = 0; i < info.n_inputs; ++i)
    for (int d = 0; d < info.inputs[i].rank; ++d)
      if (info.inputs[i].dims[d] == extentOf(symbol))
        return true;
  return false;
}

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
  for (size_t i = 0; i < buffer.shape.size() && i < size_t(io.rank); ++i) {
    if (io.dims[i] >= 0)
      continue;
    int symbol = symbolOf(io.dims[i]);
    if (isKnown(io.dims[i]) && get(io.dims[i]) != buffer.shape[i])
      throw Error(std::string("--input ") + io.name + ": dimension " +
                  std::to_string(i) + ", " + info.symbols[symbol] + ", is " +
                  std::to_string(buffer.shape[i]) +
                  ", but --dim or another input says " +
                  std::to_string(get(io.dims[i])));
    values[size_t(symbol)] = buffer.shape[i];
  }
}

int Symbols::findTotal() const {
  if (roles.mask < 0 || roles.ids < 0 || info.inputs[roles.mask].rank < 1)
    return -1;
  const moec_io_info &mask = info.inputs[roles.mask];
  int64_t total = mask.dims[mask.rank - 1];
  if (total >= 0)
    return -1;
  for (int i = 0; i < info.n_inputs; ++i)
    for (int d = 0; d < info.inputs[i].rank; ++d)
      if (info.inputs[i].dims[d] == total &&
          (i != roles.mask || d != mask.rank - 1))
        return -1;
  return symbolOf(total);
}

std::vector<int64_t> Symbols::findLengths(int total) const {
  // A cache that slides does not grow, and one of several that do must not have
  // another length than the others.
  std::vector<int64_t> lengths = {info.inputs[roles.ids].dims[1]};
  const char *first = nullptr;
  for (const StateRole &state : roles.states) {
    if (state.growing.size() != 1)
      continue;
    const moec_io_info &cache = info.inputs[state.input];
    int64_t length = cache.dims[state.growing.front()];
    if (!first)
      lengths.push_back(length);
    else if (get(length) != get(lengths.back()))
      throw Error(std::string("--dim ") + info.symbols[total] +
                  ": no length of '" + info.inputs[roles.mask].name +
                  "' would do, for '" + first + "' has " +
                  std::to_string(get(lengths.back())) + " rows and '" +
                  cache.name + "' " + std::to_string(get(length)) +
                  "; give both caches one length by --dim or --input, or this "
                  "one");
    first = first ? first : cache.name;
  }
  return lengths;
}

std::vector<int64_t> Symbols::findTerms(int i) const {
  std::string name = info.symbols[i];
  std::vector<int64_t> terms;
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
    terms.push_back(extentOf(term));
    at = end + 1;
  }
  return terms;
}

void Symbols::setSum(int symbol, const std::vector<int64_t> &terms) {
  int64_t sum = 0;
  for (int64_t term : terms)
    if (__builtin_add_overflow(sum, get(term), &sum))
      throw Error(std::string("--dim ") + info.symbols[symbol] +
                  ": the sum of other extents leaves 64 bits");
  values[size_t(symbol)] = sum;
}

std::vector<int> Symbols::setDefaults() {
  for (const StateRole &state : roles.states) {
    const moec_io_info &input = info.inputs[state.input];
    const moec_io_info &output = info.outputs[state.output];
    for (int d = 0; d < std::min(input.rank, output.rank); ++d)
      if (!isKnown(input.dims[d]) && output.dims[d] >= 0)
        values[size_t(symbolOf(input.dims[d]))] = output.dims[d];
  }
  int total = findTotal();
  std::vector<int> guessed, sums;
  for (int i = 0; i < info.n_symbols; ++i) {
    if (isKnown(extentOf(i)) || !isInput(i))
      continue;
    guessed.push_back(i);
    if (i == total || !findTerms(i).empty())
      sums.push_back(i);
    else
      values[size_t(i)] = 1;
  }
  for (int i : sums)
    setSum(i, i == total ? findLengths(total) : findTerms(i));
  return guessed;
}

//===-- Inputs ------------------------------------------------------------===//

bool moecrun::isFloat(int32_t dtype) {
  return dtype == MOEC_FLOAT || dtype == MOEC_DOUBLE || dtype == MOEC_FLOAT16 ||
         dtype == MOEC_BFLOAT16;
}

/// Random values; the same for the same seed and name.
static Buffer randomInput(const moec_io_info &io, std::vector<int64_t> shape,
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

/// "x, y".
static std::string join(const std::vector<std::string> &texts) {
  std::string joined;
  for (const std::string &text : texts)
    joined += (joined.empty() ? "" : ", ") + text;
  return joined;
}

std::string Inputs::describeDims() const {
  std::string text;
  for (const auto &[name, extent] : dims)
    text += " " + name + "=" + std::to_string(extent);
  return text.empty() ? "" : "dims  " + text + "\n";
}

Inputs moecrun::makeInputs(const Library &library,
                           const InputOptions &options) {
  const moec_model_info &info = library.info;
  for (const auto &[name, path] : options.files)
    if (library.input(name) < 0)
      throw Error("--input " + name + ": the model has no such input");
  Symbols symbols(library);
  for (const auto &[name, value] : options.dims)
    symbols.set(name, value);
  Inputs inputs;
  inputs.buffers.resize(size_t(info.n_inputs));
  inputs.isGiven.resize(inputs.buffers.size());
  for (size_t i = 0; i < inputs.buffers.size(); ++i) {
    auto found = options.files.find(info.inputs[i].name);
    if (found == options.files.end())
      continue;
    inputs.buffers[i] = readNpy(found->second, info.inputs[i].dtype);
    inputs.isGiven[i] = true;
    symbols.bind(info.inputs[i], inputs.buffers[i]);
  }
  std::vector<std::string> extents, integers;
  for (int i : symbols.setDefaults())
    extents.push_back(std::string(info.symbols[i]) + "=" +
                      std::to_string(symbols.get(extentOf(i))));
  for (int i = 0; i < info.n_symbols; ++i)
    if (symbols.isKnown(extentOf(i)))
      inputs.dims.push_back({info.symbols[i], symbols.get(extentOf(i))});
  for (size_t i = 0; i < inputs.buffers.size(); ++i) {
    const moec_io_info &io = info.inputs[i];
    if (inputs.isGiven[i])
      continue;
    inputs.buffers[i] = randomInput(io, symbols.shapeOf(io), options.random);
    if (!isFloat(io.dtype))
      integers.push_back(std::string("'") + io.name + "'");
  }
  if (!extents.empty())
    inputs.madeUp = "the extents " + join(extents) + " (--dim or --input)";
  if (!integers.empty())
    inputs.madeUp += std::string(extents.empty() ? "" : " and ") +
                     "the integers of " + join(integers) +
                     " (--input or --ints)";
  return inputs;
}

std::vector<moec_tensor> Inputs::tensors() {
  std::vector<moec_tensor> tensors;
  tensors.reserve(buffers.size());
  for (Buffer &buffer : buffers)
    tensors.push_back(buffer.tensor());
  return tensors;
}

std::vector<Buffer> moecrun::runOnce(Session &session, Inputs &inputs) {
  try {
    return session.run(inputs.tensors());
  } catch (const Error &error) {
    if (inputs.madeUp.empty())
      throw;
    throw Error(std::string(error.what()) + "; made up were " + inputs.madeUp);
  }
}

//===-- Options -----------------------------------------------------------===//

std::pair<std::string, std::string>
moecrun::splitNamed(const std::string &text) {
  size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    throw Error("expected NAME=VALUE, not '" + text + "'");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

int64_t moecrun::parseInteger(const std::string &text) {
  const char *end = text.data() + text.size();
  int64_t value;
  auto [last, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || last != end)
    throw Error("'" + text + "' is not an integer");
  return value;
}

void moecrun::parseInts(const std::string &text, RandomOptions &random) {
  size_t dots = text.find("..");
  if (dots == std::string::npos)
    throw Error("expected LO..HI, not '" + text + "'");
  random.intLow = parseInteger(text.substr(0, dots));
  random.intHigh = parseInteger(text.substr(dots + 2));
  int64_t range;
  if (random.intHigh <= random.intLow ||
      __builtin_sub_overflow(random.intHigh, random.intLow, &range))
    throw Error("'" + text + "' is empty");
}
