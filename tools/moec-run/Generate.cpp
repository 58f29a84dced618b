//===-- Generate.cpp - greedy decoding over a KV cache --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For decoders as exporters write them: input_ids, attention_mask and
// position_ids in; logits out; and states that go round (past to present). A
// state whose output may share its input's buffer lives in one buffer of the
// final capacity, so that a step writes one row; any other is handed back and
// forth.
//
//===----------------------------------------------------------------------===//

#include "Run.h"

#include "Profile.h"
#include "Roles.h"
#include "Tokens.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>

using namespace moecrun;

namespace {

/// An output that the next step takes as an input.
struct State {
  int input, output;
  /// The dimension that grows, or -1.
  int axis = -1;
  /// One buffer for both.
  bool inPlace = false;
  /// In place: of full capacity; else what the last step left.
  Buffer buffer;
};

/// What the inputs and outputs of a decoder are for.
struct Decoder {
  explicit Decoder(const Library &library);
  /// The tensor of a state that holds `length` positions.
  moec_tensor stateTensor(State &state, int64_t length) const;
  /// Gives the states room for `capacity` positions; `dims` are what the user
  /// says of symbols that nothing else tells (the rows of a windowed cache).
  void allocate(int64_t capacity, const std::map<std::string, int64_t> &dims);

  const moec_model_info &info;
  int ids = -1, mask = -1, positions = -1, logits = -1;
  std::vector<State> states;
};

} // namespace

Decoder::Decoder(const Library &library) : info(library.info) {
  Roles roles = findRoles(library);
  if (!roles.others.empty())
    throw Error(std::string("--generate: input '") +
                info.inputs[roles.others.front()].name +
                "' is neither ids, mask, positions nor a state with an output "
                "that continues it");
  ids = roles.ids;
  mask = roles.mask;
  positions = roles.positions;
  std::vector<bool> isState(size_t(info.n_outputs));
  for (const StateRole &role : roles.states) {
    State state;
    state.input = role.input;
    state.output = role.output;
    for (int d : role.growing) {
      if (info.inputs[role.input].dims[d] >= 0)
        continue;
      if (state.axis >= 0)
        throw Error(std::string("--generate: input '") +
                    info.inputs[role.input].name +
                    "' has more than one extent that could grow");
      state.axis = d;
    }
    states.push_back(state);
    isState[size_t(role.output)] = true;
  }
  for (int i = 0; i < info.n_outputs && logits < 0; ++i)
    if (!isState[size_t(i)] &&
        (info.outputs[i].rank == 3 || info.outputs[i].rank == 2))
      logits = i;
  if (ids < 0 || logits < 0)
    throw Error("--generate: the model is no decoder: it needs ids of rank 2 "
                "and logits of rank 3");
}

void Decoder::allocate(int64_t capacity,
                       const std::map<std::string, int64_t> &dims) {
  for (State &state : states) {
    const moec_io_info &input = info.inputs[state.input];
    const moec_io_info &output = info.outputs[state.output];
    state.inPlace = output.alias == state.input &&
                    (state.axis < 0 || (input.flags & MOEC_IO_STRIDED));
    std::vector<int64_t> shape;
    for (int d = 0; d < input.rank; ++d) {
      int64_t extent = input.dims[d];
      if (extent < 0) {
        auto said = dims.find(info.symbols[-extent - 1]);
        // An extent that only the successor states (a head size named by the
        // exporter) is that.
        extent = d == state.axis ? (state.inPlace ? capacity : 0)
                 : d < output.rank && output.dims[d] >= 0 ? output.dims[d]
                 : said != dims.end()                     ? said->second
                                                          : 1;
      }
      shape.push_back(extent);
    }
    state.buffer = Buffer(input.dtype, shape);
  }
}

moec_tensor Decoder::stateTensor(State &state, int64_t length) const {
  moec_tensor tensor = state.buffer.tensor();
  if (!state.inPlace || state.axis < 0)
    return tensor;
  int64_t stride = 1;
  for (int d = tensor.rank - 1; d >= 0; --d) {
    tensor.strides[d] = stride;
    stride *= tensor.shape[d];
  }
  tensor.flags = MOEC_TENSOR_STRIDED;
  tensor.shape[state.axis] = length;
  return tensor;
}

static Buffer integers(const moec_io_info &io, int64_t count) {
  return Buffer(io.dtype, {1, count});
}

/// Index of the greatest logit of the last position, the lowest on ties.
static int64_t greatest(const moec_tensor &logits) {
  int64_t vocabulary = logits.shape[logits.rank - 1], count = 1;
  for (int d = 0; d < logits.rank; ++d)
    count *= logits.shape[d];
  if (vocabulary < 1 || count < vocabulary)
    throw Error("--generate: the logits are empty");
  int64_t best = -1;
  double bestValue = 0;
  for (int64_t i = 0; i < vocabulary; ++i) {
    double value =
        elementValue(logits.data, logits.dtype, size_t(count - vocabulary + i));
    if (!std::isnan(value) && (best < 0 || value > bestValue)) {
      best = i;
      bestValue = value;
    }
  }
  if (best < 0)
    throw Error("--generate: all logits are NaN");
  return best;
}

namespace {

/// The library's outputs of one step; released with this.
struct StepOutputs {
  Session &session;
  std::vector<moec_tensor> tensors;
  explicit StepOutputs(Session &session)
      : session(session), tensors(size_t(session.library.info.n_outputs)) {}
  ~StepOutputs() {
    for (moec_tensor &tensor : tensors)
      session.library.api->tensor_release(session.handle, &tensor);
  }
};

} // namespace

/// Runs `tokens` after `past` positions and returns the next token.
static int64_t step(Session &session, Decoder &decoder,
                    const std::vector<int64_t> &tokens, int64_t past) {
  const moec_model_info &info = decoder.info;
  int64_t count = int64_t(tokens.size());
  std::vector<moec_tensor> inputs(size_t(info.n_inputs));
  StepOutputs outputs(session);
  std::vector<moec_tensor> &out = outputs.tensors;

  Buffer ids = integers(info.inputs[decoder.ids], count), mask, positions;
  for (int64_t i = 0; i < count; ++i)
    setElement(ids.bytes.data(), ids.dtype, size_t(i),
               double(tokens[size_t(i)]));
  inputs[size_t(decoder.ids)] = ids.tensor();
  if (decoder.mask >= 0) {
    mask = integers(info.inputs[decoder.mask], past + count);
    for (int64_t i = 0; i < past + count; ++i)
      setElement(mask.bytes.data(), mask.dtype, size_t(i), 1);
    inputs[size_t(decoder.mask)] = mask.tensor();
  }
  if (decoder.positions >= 0) {
    positions = integers(info.inputs[decoder.positions], count);
    for (int64_t i = 0; i < count; ++i)
      setElement(positions.bytes.data(), positions.dtype, size_t(i),
                 double(past + i));
    inputs[size_t(decoder.positions)] = positions.tensor();
  }
  for (State &state : decoder.states) {
    inputs[size_t(state.input)] = decoder.stateTensor(state, past);
    if (state.inPlace)
      out[size_t(state.output)] = decoder.stateTensor(state, past);
  }
  session.run(inputs, out);
  for (State &state : decoder.states) {
    if (state.inPlace)
      continue;
    const moec_tensor &next = out[size_t(state.output)];
    state.buffer = Buffer(
        next.dtype, std::vector<int64_t>(next.shape, next.shape + next.rank));
    if (!state.buffer.bytes.empty())
      std::memcpy(state.buffer.bytes.data(), next.data,
                  state.buffer.bytes.size());
  }
  return greatest(out[size_t(decoder.logits)]);
}

void moecrun::generate(const Options &options) {
  using Clock = std::chrono::steady_clock;
  auto ms = [](Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double, std::milli>(to - from).count();
  };
  Tokens tokens = options.chars.empty() ? Tokens() : Tokens(options.chars);
  std::vector<int64_t> prompt = tokens.encode(options.prompt);
  if (prompt.empty())
    throw Error("--generate: the prompt is empty");
  auto loading = Clock::now();
  Library library(options.library);
  Session session(library, options.session);
  if (!options.profile.empty())
    startProfile(session);
  RunTimes times = {ms(loading, Clock::now()), {}};
  Decoder decoder(library);
  decoder.allocate(int64_t(prompt.size()) + options.maxTokens,
                   options.inputs.dims);

  for (int64_t id : prompt)
    fputs(tokens.decode(id).c_str(), stdout);
  fflush(stdout);
  auto start = Clock::now(), first = start;
  std::vector<int64_t> next = prompt;
  int64_t past = 0, made = 0;
  while (made < options.maxTokens) {
    auto begin = Clock::now();
    int64_t id = step(session, decoder, next, past);
    auto end = Clock::now();
    times.runsMs.push_back(ms(begin, end));
    if (made++ == 0)
      first = end;
    if (id == tokens.endId())
      break;
    fputs(tokens.decode(id).c_str(), stdout);
    fflush(stdout);
    past += int64_t(next.size());
    next.assign(1, id);
  }
  printf("\n");
  fflush(stdout);
  double rest = ms(first, Clock::now());
  int numInPlace = 0;
  for (const State &state : decoder.states)
    numInPlace += state.inPlace;
  fprintf(stderr,
          "%zu prompt tokens in %.2f ms, %lld tokens made, %.3f ms each "
          "(%d of %zu states in place)\n",
          prompt.size(), ms(start, first), static_cast<long long>(made),
          made > 1 ? rest / double(made - 1) : 0.0, numInPlace,
          decoder.states.size());
  if (!options.profile.empty())
    writeProfile(options.profile, session, times, /*inputs=*/{});
}
