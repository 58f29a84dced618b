//===-- Run.h - what moec-run does ----------------------------------*- C++
//-*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef MOEC_TOOLS_MOECRUN_RUN_H
#define MOEC_TOOLS_MOECRUN_RUN_H

#include "Inputs.h"

namespace moecrun {

/// The command line.
struct Options {
  std::string library;
  SessionOptions session;
  InputOptions inputs;
  /// Where outputs go, by name.
  std::map<std::string, std::string> outputs;
  bool bench = false;
  std::string profile;
  /// Generation: the prompt, the texts of the ids, and how many to make.
  bool generate = false;
  std::string prompt, chars;
  int64_t maxTokens = 64;
};

/// Runs the library once or, with bench, many times.
void runOnce(const Options &options);

/// Greedy decoding over a KV cache.
void generate(const Options &options);

} // namespace moecrun

#endif // MOEC_TOOLS_MOECRUN_RUN_H
