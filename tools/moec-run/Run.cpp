//===-- Run.cpp - one run, its report, and the measurement ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Run.h"

#include "Npy.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>

using namespace moecrun;
using Clock = std::chrono::steady_clock;

static double msSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start)
      .count();
}

//===-- Inputs ------------------------------------------------------------===//

namespace {

/// The extents of the symbols, from what is given.
class Symbols {
public:
  explicit Symbols(const moec_model_info &info)
      : info(info), values(size_t(info.n_symbols), -1) {}

  void set(const std::string &name, int64_t value) {
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
  /// From a file given for an input; what does not fit the library reports.
  void bind(const moec_io_info &io, const Buffer &buffer) {
    for (size_t i = 0; i < buffer.shape.size() && i < size_t(io.rank); ++i)
      if (io.dims[i] < 0 && values[size_t(-(io.dims[i] + 1))] < 0)
        values[size_t(-(io.dims[i] + 1))] = buffer.shape[i];
  }
  /// Gives the rest a value. A total length is the sum of the past and of this
  /// step; so is one that its exporter named by a sum, such as "P + S".
  void setDefaults() {
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
  void print() const {
    std::string text;
    for (int i = 0; i < info.n_symbols; ++i)
      if (values[size_t(i)] >= 0)
        text += std::string(" ") + info.symbols[i] + "=" +
                std::to_string(values[size_t(i)]);
    if (!text.empty())
      printf("dims   %s\n", text.c_str() + 1);
  }
  std::vector<int64_t> shapeOf(const moec_io_info &io) const {
    std::vector<int64_t> shape;
    for (int i = 0; i < io.rank; ++i)
      shape.push_back(io.dims[i] >= 0 ? io.dims[i]
                                      : get(int(-(io.dims[i] + 1))));
    return shape;
  }

private:
  int64_t get(int i) const { return std::max<int64_t>(values[size_t(i)], 0); }
  int find(const std::string &name) const {
    for (int i = 0; i < info.n_symbols; ++i)
      if (name == info.symbols[i])
        return i;
    return -1;
  }
  /// The symbols of which symbol `i` is the sum, or none.
  std::vector<int> termsOf(int i) const {
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
  /// Whether an input has the symbol: others follow from the model.
  bool isInput(int symbol) const {
    for (int i = 0; i < info.n_inputs; ++i)
      for (int d = 0; d < info.inputs[i].rank; ++d)
        if (info.inputs[i].dims[d] == -(int64_t(symbol) + 1))
          return true;
    return false;
  }

  const moec_model_info &info;
  std::vector<int64_t> values;
};

} // namespace

static bool isFloat(int32_t dtype) {
  return dtype == MOEC_FLOAT || dtype == MOEC_DOUBLE || dtype == MOEC_FLOAT16 ||
         dtype == MOEC_BFLOAT16;
}

/// Random values; the same for the same seed and name.
static Buffer randomInput(const moec_io_info &io, std::vector<int64_t> shape,
                          const Options &options) {
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

//===-- The report --------------------------------------------------------===//

static void printTensor(const char *kind, const char *name,
                        const Buffer &buffer, const char *from) {
  size_t n = buffer.count(), notFinite = 0;
  double low = INFINITY, high = -INFINITY, sum = 0;
  std::string first;
  for (size_t i = 0; i < n; ++i) {
    double value = elementValue(buffer.bytes.data(), buffer.dtype, i);
    if (i < 6) {
      char text[40];
      snprintf(text, sizeof(text), "%s%.6g", i ? " " : "", value);
      first += text;
    }
    if (!std::isfinite(value)) {
      ++notFinite;
      continue;
    }
    low = std::min(low, value);
    high = std::max(high, value);
    sum += value;
  }
  printf("%-7s%s %s %s%s", kind, name, dtypeName(buffer.dtype),
         shapeText(buffer.shape).c_str(), from);
  if (n > notFinite)
    printf("  min %.6g max %.6g mean %.6g", low, high,
           sum / double(n - notFinite));
  if (notFinite)
    printf("  %zu not finite", notFinite);
  printf("\n         %s%s\n", first.c_str(), n > 6 ? " ..." : "");
}

std::string moecrun::jsonString(const std::string &text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      snprintf(escaped, sizeof(escaped), "\\u%04x", unsigned(c));
      result += escaped;
    } else {
      result += c;
    }
  }
  return result + "\"";
}

static double medianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  size_t n = values.size();
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void writeProfile(const Options &options, const Library &library,
                         Session &session, double loadMs,
                         const std::vector<double> &times,
                         const std::vector<Buffer> &inputs) {
  static const char *const names[] = {"runs",        "tokens",
                                      "expert_rows", "expert_tasks",
                                      "arena_bytes", "arena_peak"};
  uint64_t counters[MOEC_COUNTER_COUNT] = {};
  library.api->counters(session.handle, counters, MOEC_COUNTER_COUNT);
  std::string text = "{\n";
  auto put = [&](const std::string &key, const std::string &value) {
    text += (text.size() > 2 ? ",\n  " : "  ") + jsonString(key) + ": " + value;
  };
  auto number = [](double value) {
    char buffer[40];
    snprintf(buffer, sizeof(buffer), "%.6f", value);
    return std::string(buffer);
  };
  put("name", jsonString(library.info.name));
  std::string id;
  for (uint8_t byte : library.info.build_id) {
    char hex[4];
    snprintf(hex, sizeof(hex), "%02x", byte);
    id += hex;
  }
  put("build_id", jsonString(id));
  put("cpu_level", jsonString(library.api->session_cpu_level(session.handle)));
  put("threads", std::to_string(library.api->session_threads(session.handle)));
  std::string shapes;
  for (size_t i = 0; i < inputs.size(); ++i)
    shapes += (i ? ", " : "") + jsonString(library.info.inputs[i].name) + ": " +
              shapeText(inputs[i].shape);
  put("inputs", "{" + shapes + "}");
  put("load_ms", number(loadMs));
  put("ms_min", number(*std::min_element(times.begin(), times.end())));
  put("ms_median", number(medianOf(times)));
  put("measured", std::to_string(times.size()));
  // A short model makes a million runs in a second: the first thousand will do.
  std::string all;
  for (size_t i = 0; i < times.size() && i < 1000; ++i)
    all += (i ? ", " : "") + number(times[i]);
  put("runs_ms", "[" + all + "]");
  std::string counted;
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); ++i)
    counted += (i ? ", " : "") + jsonString(names[i]) + ": " +
               std::to_string(counters[i]);
  put("counters", "{" + counted + "}");
  text += "\n}\n";
  FILE *file = fopen(options.profile.c_str(), "w");
  bool written =
      file && fwrite(text.data(), 1, text.size(), file) == text.size();
  if ((file && fclose(file) != 0) || !written)
    throw Error("cannot write '" + options.profile +
                "': " + std::strerror(errno));
}

//===-- The run -----------------------------------------------------------===//

/// Runs for a second, after a warm-up, over buffers of our own.
static std::vector<double> measure(Session &session,
                                   const std::vector<moec_tensor> &inputs,
                                   std::vector<Buffer> &outputs) {
  std::vector<moec_tensor> tensors;
  for (Buffer &output : outputs)
    tensors.push_back(output.tensor());
  for (auto start = Clock::now(); msSince(start) < 200;)
    session.run(inputs, tensors);
  std::vector<double> times;
  for (auto start = Clock::now(); msSince(start) < 1000 || times.size() < 5;) {
    auto begin = Clock::now();
    session.run(inputs, tensors);
    times.push_back(msSince(begin));
  }
  return times;
}

void moecrun::runOnce(const Options &options) {
  auto start = Clock::now();
  Library library(options.library);
  const moec_model_info &info = library.info;
  for (const auto &[name, path] : options.inputs)
    if (library.input(name) < 0)
      throw Error("--input " + name + ": the model has no such input");
  for (const auto &[name, path] : options.outputs)
    if (library.output(name) < 0)
      throw Error("--output " + name + ": the model has no such output");
  Session session(library, options.session);
  double loadMs = msSince(start);
  printf("%s: %s%s%d thread%s, loaded in %.1f ms\n", info.name,
         library.api->session_cpu_level(session.handle),
         library.api->session_cpu_level(session.handle)[0] ? ", " : "",
         library.api->session_threads(session.handle),
         library.api->session_threads(session.handle) == 1 ? "" : "s", loadMs);

  Symbols symbols(info);
  for (const auto &[name, value] : options.dims)
    symbols.set(name, value);
  std::vector<Buffer> inputs(size_t(info.n_inputs));
  std::vector<bool> given(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    auto found = options.inputs.find(info.inputs[i].name);
    if (found == options.inputs.end())
      continue;
    inputs[i] = readNpy(found->second, info.inputs[i].dtype);
    given[i] = true;
    symbols.bind(info.inputs[i], inputs[i]);
  }
  symbols.setDefaults();
  symbols.print();
  std::vector<moec_tensor> tensors;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!given[i])
      inputs[i] =
          randomInput(info.inputs[i], symbols.shapeOf(info.inputs[i]), options);
    printTensor("input", info.inputs[i].name, inputs[i],
                given[i] ? "" : " (made up)");
    tensors.push_back(inputs[i].tensor());
  }

  auto begin = Clock::now();
  std::vector<Buffer> outputs = session.run(tensors);
  std::vector<double> times = {msSince(begin)};
  for (size_t i = 0; i < outputs.size(); ++i) {
    printTensor("output", info.outputs[i].name, outputs[i], "");
    auto found = options.outputs.find(info.outputs[i].name);
    if (found != options.outputs.end())
      writeNpy(found->second, outputs[i]);
  }
  if (options.bench) {
    times = measure(session, tensors, outputs);
    printf("time   min %.4f ms, median %.4f ms, %zu runs\n",
           *std::min_element(times.begin(), times.end()), medianOf(times),
           times.size());
  } else {
    printf("time   %.4f ms (the first run; see --bench)\n", times[0]);
  }
  if (!options.profile.empty())
    writeProfile(options, library, session, loadMs, times, inputs);
}
