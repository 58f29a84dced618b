//===-- Roles.cpp - what the inputs of a decoder are for ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Roles.h"

#include <cstring>

using namespace moecrun;

static bool isInteger(const moec_io_info &io) {
  return io.dtype == MOEC_INT64 || io.dtype == MOEC_INT32;
}

/// The output that continues input `index`, or -1.
static int findSuccessor(const Library &library, int index) {
  const moec_model_info &info = library.info;
  for (int i = 0; i < info.n_outputs; ++i)
    if (info.outputs[i].alias == index)
      return i;
  // past_key_values.0.key to present.0.key, and the like.
  std::string name = info.inputs[index].name;
  for (const char *prefix : {"past_key_values", "past"}) {
    size_t length = std::strlen(prefix);
    if (name.compare(0, length, prefix) != 0)
      continue;
    for (const char *successor : {"present", "present_key_values"}) {
      int output = library.output(successor + name.substr(length));
      if (output >= 0)
        return output;
    }
  }
  return -1;
}

static std::vector<int> findGrowing(const moec_model_info &info,
                                    const StateRole &state, int ids) {
  const moec_io_info &input = info.inputs[state.input];
  const moec_io_info &output = info.outputs[state.output];
  std::vector<int> growing;
  for (int d = 0; d < input.rank; ++d) {
    int64_t extent = input.dims[d];
    // What the output keeps, or knows as a number, does not grow.
    bool isKept = d < output.rank && (output.dims[d] == extent ||
                                      (extent < 0 && output.dims[d] >= 0));
    bool isBatch = extent < 0 && ids >= 0 && extent == info.inputs[ids].dims[0];
    if (!isKept && !isBatch)
      growing.push_back(d);
  }
  return growing;
}

Roles moecrun::findRoles(const Library &library) {
  const moec_model_info &info = library.info;
  Roles roles;
  for (int i = 0; i < info.n_inputs; ++i) {
    const moec_io_info &input = info.inputs[i];
    std::string name = input.name;
    int output = findSuccessor(library, i);
    if (output >= 0)
      roles.states.push_back({i, output, {}});
    else if (name.find("mask") != std::string::npos && isInteger(input))
      roles.mask = i;
    else if (name.find("position") != std::string::npos && isInteger(input))
      roles.positions = i;
    else if (roles.ids < 0 && isInteger(input) && input.rank == 2)
      roles.ids = i;
    else
      roles.others.push_back(i);
  }
  for (StateRole &state : roles.states)
    state.growing = findGrowing(info, state, roles.ids);
  return roles;
}
