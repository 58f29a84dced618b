//===-- Profile.h - what --profile writes ---------------------------*- C++
//-*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef MOEC_TOOLS_MOECRUN_PROFILE_H
#define MOEC_TOOLS_MOECRUN_PROFILE_H

#include "Library.h"

namespace moecrun {

/// Times of runs.
struct RunTimes {
  double loadMs = 0;
  std::vector<double> runsMs;
};

/// An input's name and shape.
using NamedShape = std::pair<std::string, std::vector<int64_t>>;

/// Counts from now on who is chosen, where the library can.
void startProfile(Session &session);

/// Writes a JSON object of times, counters and, since `startProfile`, who was
/// chosen: see docs/expert-profile.md. `inputs` are empty where
/// they differ from run to run.
void writeProfile(const std::string &path, Session &session,
                  const RunTimes &times, const std::vector<NamedShape> &inputs);

/// The middle of times; of an even number the mean of two.
double medianOf(std::vector<double> values);

/// A JSON string with its quotes.
std::string jsonString(const std::string &text);

} // namespace moecrun

#endif // MOEC_TOOLS_MOECRUN_PROFILE_H
