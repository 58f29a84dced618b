//===-- Inputs.h - inputs given and made up -------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef MOEC_TOOLS_MOECRUN_INPUTS_H
#define MOEC_TOOLS_MOECRUN_INPUTS_H

#include "Library.h"

namespace moecrun {

/// What made-up values are like.
struct RandomOptions {
  /// Integers are of [intLow, intHigh), but those of masks are 1, and positions
  /// count from 0.
  int64_t intLow = 0, intHigh = 2;
  uint64_t seed = 1;
};

bool isFloat(int32_t dtype);

/// What the command line says of inputs.
struct InputOptions {
  /// The .npy files of inputs by name; other inputs are made up.
  std::map<std::string, std::string> files;
  /// The extents of symbols.
  std::map<std::string, int64_t> dims;
  RandomOptions random;
};

/// The inputs of a run.
struct Inputs {
  std::vector<Buffer> buffers;
  /// Which of them are from files.
  std::vector<bool> isGiven;
  /// The symbols and their extents.
  std::vector<std::pair<std::string, int64_t>> dims;
  /// What is made up and could be wrong, and by which option it is given.
  std::string madeUp;

  /// "dims   T=7" on a line, or nothing.
  std::string describeDims() const;
  /// For the ABI; they refer to the buffers.
  std::vector<moec_tensor> tensors();
};

/// All inputs of a library; the same for the same options. Symbols that nothing
/// is said of are 1, but
///   - where a cache's successor has a number for an extent, it is that;
///   - the length of a decoder's mask is that of its ids and of its cache;
///   - one that its exporter named by a sum, such as "P + S", is the sum.
/// Throws an Error for a name that the library does not have, for a file that
/// cannot be read, and where a mask has no length that would do.
Inputs makeInputs(const Library &library, const InputOptions &options);

/// Runs once; the Error of a failure says what was made up.
std::vector<Buffer> runOnce(Session &session, Inputs &inputs);

/// "NAME=VALUE" at the last '=', for names may hold one; throws an Error.
std::pair<std::string, std::string> splitNamed(const std::string &text);

/// "LO..HI" to the range of made-up integers; throws an Error.
void parseInts(const std::string &text, RandomOptions &random);

/// Throws an Error for what is no integer.
int64_t parseInteger(const std::string &text);

} // namespace moecrun

#endif // MOEC_TOOLS_MOECRUN_INPUTS_H
