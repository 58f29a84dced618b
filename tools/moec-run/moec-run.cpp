//===-- moec-run.cpp - runs a compiled library ----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Run.h"

#include <CLI/CLI.hpp>

#include <cstdio>

using namespace moecrun;

#ifndef MOEC_VERSION
#define MOEC_VERSION "0.1.0"
#endif

/// Calls `parse`, whose Error is one of the option.
template <typename Parse>
static void parseOption(const char *option, Parse parse) {
  try {
    parse();
  } catch (const Error &error) {
    throw CLI::ValidationError(option, error.what());
  }
}

static int runCommand(int argc, char **argv) {
  Options options;
  std::vector<std::string> inputs, outputs, dims;
  std::string ints;
  CLI::App app(
      "Runs a library compiled by moec, on given or made-up inputs.\n\n"
      "Example:\n"
      "  moec-run build/libmodel.so --dim batch=1 --bench\n"
      "  moec-run build/libmodel.so --input x=x.npy --output y=y.npy\n"
      "  moec-run build/libmodel.so --generate 'The ' --chars "
      "characters.json\n",
      "moec-run");
  app.set_version_flag("--version", "moec-run " MOEC_VERSION);
  app.add_option("LIB", options.library, "libNAME.so")->required();
  app.add_option("--input", inputs,
                 "NAME=FILE.npy: an input (others are random)")
      ->allow_extra_args(false);
  app.add_option("--output", outputs, "NAME=FILE.npy: where to save an output")
      ->allow_extra_args(false);
  app.add_option("--dim", dims,
                 "NAME=N: extent of a dimension (default: that of the given "
                 "inputs; of a decoder's mask: ids and cache together; else "
                 "1)")
      ->allow_extra_args(false);
  app.add_option("--threads", options.session.threads,
                 "threads (default: MOEC_NUM_THREADS, else all CPUs)")
      ->check(CLI::Range(1, 1024));
  app.add_option("--weights", options.session.weights,
                 "the weights file (default: NAME.weights beside the library)");
  app.add_flag("--check-weights", options.session.checkWeights,
               "check the hashes of the weights first");
  app.add_option("--cpu", options.session.cpu,
                 "greatest CPU level, such as x86-64-v3");
  app.add_option("--seed", options.inputs.random.seed,
                 "seed of made-up inputs (default 1)");
  app.add_option(
      "--ints", ints,
      "LO..HI: range of made-up integers, HI excluded (default 0..2); masks "
      "are 1, positions count from 0");
  app.add_flag("--bench", options.bench,
               "run for a second after a warm-up, print the times");
  app.add_option(
      "--profile", options.profile,
      "FILE.json: save times, counters and which experts were chosen");
  auto *generateOption = app.add_option(
      "--generate", options.prompt,
      "a prompt that a decoder continues, greedily, over its cache");
  app.add_option("--chars", options.chars,
                 "FILE.json: texts of the token ids (a list, an object or a "
                 "string); without it --generate takes ids, such as 1,5,7")
      ->needs(generateOption);
  app.add_option("--max-tokens", options.maxTokens,
                 "how many tokens to make (default 64)")
      ->needs(generateOption)
      ->check(CLI::Range(int64_t(1), int64_t(1) << 30));
  try {
    app.parse(argc, argv);
    for (const std::string &text : inputs)
      parseOption("--input", [&] {
        auto [name, file] = splitNamed(text);
        options.inputs.files[name] = file;
      });
    for (const std::string &text : outputs)
      parseOption("--output", [&] {
        auto [name, file] = splitNamed(text);
        options.outputs[name] = file;
      });
    for (const std::string &text : dims)
      parseOption("--dim", [&] {
        auto [name, number] = splitNamed(text);
        int64_t extent = parseInteger(number);
        if (extent < 0)
          throw Error("'" + text + "' is negative");
        options.inputs.dims[name] = extent;
      });
    if (!ints.empty())
      parseOption("--ints", [&] { parseInts(ints, options.inputs.random); });
    options.generate = generateOption->count() > 0;
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (options.generate)
    generate(options);
  else
    runOnce(options);
  return 0;
}

int main(int argc, char **argv) {
  try {
    return runCommand(argc, argv);
  } catch (const std::bad_alloc &) {
    fprintf(stderr, "moec-run: out of memory\n");
    return 1;
  } catch (const std::exception &error) {
    fprintf(stderr, "moec-run: %s\n", error.what());
    return 1;
  }
}
