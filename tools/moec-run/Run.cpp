//===-- Run.cpp - one run, its report, and the measurement ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Run.h"

#include "Inputs.h"
#include "Npy.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>

using namespace moecrun;
using Clock = std::chrono::steady_clock;

static double msSince(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start)
      .count();
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
  tensors.reserve(outputs.size());
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

  Inputs made = makeInputs(library, options.inputs);
  std::vector<Buffer> &inputs = made.buffers;
  printf("%s", made.describeDims().c_str());
  for (size_t i = 0; i < inputs.size(); ++i)
    printTensor("input", info.inputs[i].name, inputs[i],
                made.isGiven[i] ? "" : " (made up)");

  auto begin = Clock::now();
  std::vector<Buffer> outputs = runOnce(session, made);
  std::vector<double> times = {msSince(begin)};
  for (size_t i = 0; i < outputs.size(); ++i) {
    printTensor("output", info.outputs[i].name, outputs[i], "");
    auto found = options.outputs.find(info.outputs[i].name);
    if (found != options.outputs.end())
      writeNpy(found->second, outputs[i]);
  }
  if (options.bench) {
    times = measure(session, made.tensors(), outputs);
    printf("time   min %.4f ms, median %.4f ms, %zu runs\n",
           *std::min_element(times.begin(), times.end()), medianOf(times),
           times.size());
  } else {
    printf("time   %.4f ms (the first run; see --bench)\n", times[0]);
  }
  if (!options.profile.empty())
    writeProfile(options, library, session, loadMs, times, inputs);
}
