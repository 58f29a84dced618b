//===-- Profile.cpp - what --profile writes -------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Profile.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>

using namespace moecrun;

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

double moecrun::medianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  size_t n = values.size();
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static std::string format(const char *how, double value) {
  char buffer[40];
  snprintf(buffer, sizeof(buffer), how, value);
  return buffer;
}

static std::string milliseconds(double value) { return format("%.6f", value); }

/// Enough digits for the number to be itself again.
static std::string exactly(double value) { return format("%.17g", value); }

/// "a, b, c" of what `print` makes of each element.
template <typename Range, typename Print>
static std::string join(const Range &range, Print print) {
  std::string text;
  for (const auto &element : range)
    text += (text.empty() ? "" : ", ") + print(element);
  return text;
}

namespace {
/// The text of an object, key by key.
class ObjectText {
public:
  explicit ObjectText(const char *indent = "") : indent(indent) {}

  void put(const std::string &key, const std::string &value) {
    text += (text.empty() ? "" : ",\n") + indent + "  " + jsonString(key) +
            ": " + value;
  }
  std::string finish() const { return "{\n" + text + "\n" + indent + "}"; }

private:
  std::string indent, text;
};
} // namespace

//===-- Who was chosen ----------------------------------------------------===//

/// A library that an older compiler made does not count it.
static bool canProfile(const Session &session) {
  return session.library.api->struct_size >=
         offsetof(moec_api, profile_read) + sizeof(moec_api::profile_read);
}

void moecrun::startProfile(Session &session) {
  if (!canProfile(session))
    return;
  const moec_api &api = *session.library.api;
  if (api.profile_enable(session.handle, 1) != MOEC_OK)
    throw Error(std::string("--profile: ") + api.last_error(session.handle));
}

static std::string describeLayer(Session &session, int32_t index) {
  const moec_moe_layer_info &info = session.library.info.moe_layers[index];
  uint64_t tokens = 0;
  std::vector<uint64_t> counts(size_t(info.n_experts));
  std::vector<double> weights(size_t(info.n_experts));
  const moec_api &api = *session.library.api;
  if (api.profile_read(session.handle, index, &tokens, counts.data(),
                       weights.data(), info.n_experts) != MOEC_OK)
    throw Error(std::string("--profile: ") + api.last_error(session.handle));
  ObjectText layer("    ");
  layer.put("name", jsonString(info.name));
  layer.put("experts", std::to_string(info.n_experts));
  if (info.top_k >= 0)
    layer.put("top_k", std::to_string(info.top_k));
  layer.put("tokens", std::to_string(tokens));
  layer.put("expert_tokens", "[" + join(counts, [](uint64_t n) {
                               return std::to_string(n);
                             }) + "]");
  layer.put("expert_weight", "[" + join(weights, exactly) + "]");
  return layer.finish();
}

static std::string describeLayers(Session &session) {
  std::string text;
  for (int32_t i = 0; i < session.library.info.n_moe_layers; ++i)
    text += (i ? ",\n    " : "\n    ") + describeLayer(session, i);
  return "[" + text + (text.empty() ? "" : "\n  ") + "]";
}

//===-- All of it ---------------------------------------------------------===//

static std::string describeCounters(Session &session) {
  static const char *const names[] = {"runs",        "tokens",
                                      "expert_rows", "expert_tasks",
                                      "arena_bytes", "arena_peak"};
  uint64_t counters[MOEC_COUNTER_COUNT] = {};
  session.library.api->counters(session.handle, counters, MOEC_COUNTER_COUNT);
  const uint64_t *next = counters;
  return "{" +
         join(names,
              [&](const char *name) {
                return jsonString(name) + ": " + std::to_string(*next++);
              }) +
         "}";
}

static std::string hexadecimal(const uint8_t (&bytes)[16]) {
  std::string text;
  for (uint8_t byte : bytes) {
    char hex[4];
    snprintf(hex, sizeof(hex), "%02x", byte);
    text += hex;
  }
  return text;
}

static void writeText(const std::string &path, const std::string &text) {
  FILE *file = fopen(path.c_str(), "w");
  bool written =
      file && fwrite(text.data(), 1, text.size(), file) == text.size();
  if ((file && fclose(file) != 0) || !written)
    throw Error("cannot write '" + path + "': " + std::strerror(errno));
}

void moecrun::writeProfile(const std::string &path, Session &session,
                           const RunTimes &times,
                           const std::vector<NamedShape> &inputs) {
  const moec_api &api = *session.library.api;
  const moec_model_info &info = session.library.info;
  ObjectText profile;
  profile.put("name", jsonString(info.name));
  profile.put("build_id", jsonString(hexadecimal(info.build_id)));
  profile.put("cpu_level", jsonString(api.session_cpu_level(session.handle)));
  profile.put("threads", std::to_string(api.session_threads(session.handle)));
  if (!inputs.empty())
    profile.put("inputs", "{" + join(inputs, [](const NamedShape &input) {
                            return jsonString(input.first) + ": " +
                                   shapeText(input.second);
                          }) + "}");
  const std::vector<double> &runs = times.runsMs;
  profile.put("load_ms", milliseconds(times.loadMs));
  profile.put("ms_min",
              milliseconds(*std::min_element(runs.begin(), runs.end())));
  profile.put("ms_median", milliseconds(medianOf(runs)));
  profile.put("measured", std::to_string(runs.size()));
  // A short model makes a million runs in a second: the first thousand will do.
  std::vector<double> first(
      runs.begin(),
      runs.begin() + std::ptrdiff_t(std::min<size_t>(runs.size(), 1000)));
  profile.put("runs_ms", "[" + join(first, milliseconds) + "]");
  profile.put("counters", describeCounters(session));
  if (canProfile(session))
    profile.put("moe_layers", describeLayers(session));
  writeText(path, profile.finish() + "\n");
}
