//===-- Inputs.h - inputs made up -----------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef MOEC_TOOLS_MOECRUN_INPUTS_H
#define MOEC_TOOLS_MOECRUN_INPUTS_H

#include "Library.h"

namespace moecrun {

/// The extents of the symbols, from what is given.
class Symbols {
public:
  explicit Symbols(const moec_model_info &info)
      : info(info), values(size_t(info.n_symbols), -1) {}

  /// Throws an Error, which names those there are, for an unknown name.
  void set(const std::string &name, int64_t value);
  /// From a file given for an input; what does not fit the library reports.
  void bind(const moec_io_info &io, const Buffer &buffer);
  /// Gives the rest a value. A total length is the sum of the past and of this
  /// step; so is one that its exporter named by a sum, such as "P + S".
  void setDefaults();
  /// "dims    T=7" on a line, or nothing.
  std::string describe() const;
  std::vector<int64_t> shapeOf(const moec_io_info &io) const;

private:
  int64_t get(int i) const;
  int find(const std::string &name) const;
  /// The symbols of which symbol `i` is the sum, or none.
  std::vector<int> termsOf(int i) const;
  /// Whether an input has the symbol: others follow from the model.
  bool isInput(int symbol) const;

  const moec_model_info &info;
  std::vector<int64_t> values;
};

/// What made-up values are like.
struct RandomOptions {
  /// Integers are of [intLow, intHigh).
  int64_t intLow = 0, intHigh = 2;
  uint64_t seed = 1;
};

bool isFloat(int32_t dtype);

/// Random values; the same for the same seed and name.
Buffer randomInput(const moec_io_info &io, std::vector<int64_t> shape,
                   const RandomOptions &options);

} // namespace moecrun

#endif // MOEC_TOOLS_MOECRUN_INPUTS_H
