//===-- Run.cpp - one run, its report, and the measurement ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Run.h"

#include "Inputs.h"
#include "Npy.h"
#include "Profile.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

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
  if (!options.profile.empty())
    startProfile(session);
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
  if (options.profile.empty())
    return;
  std::vector<NamedShape> shapes;
  shapes.reserve(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i)
    shapes.emplace_back(info.inputs[i].name, inputs[i].shape);
  writeProfile(options.profile, session, {loadMs, times}, shapes);
}
