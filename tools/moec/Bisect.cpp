//===-- Bisect.cpp - the first node out of tolerance ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The values that nodes make are compared where they are: the model is compiled
// again, as product and as reference, with values of nodes as its outputs. So
// many at a time that both memory and the number of compilations stay small,
// and in the order of the nodes: one whose value is off is found even where
// what follows hides it.
//
//===----------------------------------------------------------------------===//

#include "Difference.h"

#include "moec/Driver/TestData.h"

#include <cstdio>
#include <new>

using namespace moec;
using moecrun::Buffer;
using moecrun::Library;

namespace {
/// Some values of nodes that follow each other.
struct Portion {
  size_t first, count;
};
} // namespace

/// As many as fit a compilation and, twice, into memory.
static Portion takePortion(const std::vector<NodeValue> &values, size_t first) {
  constexpr size_t kMaxValues = 64;
  constexpr uint64_t kMaxBytes = uint64_t(256) << 20;
  uint64_t bytes = 0;
  size_t count = 0;
  while (first + count < values.size() && count < kMaxValues) {
    bytes += values[first + count].bytes;
    if (count > 0 && bytes > kMaxBytes)
      break;
    ++count;
  }
  return {first, count};
}

/// In the worker: fails with a diagnostic at the first value that is off.
static llvm::LogicalResult comparePortion(const VerifyOptions &options,
                                          const std::vector<NodeValue> &values,
                                          Portion portion,
                                          const std::string &productPath,
                                          const std::string &referencePath,
                                          WorkReport &report) {
  report.beginStage("run");
  try {
    // The extents are the library's own, which may have been fixed.
    moecrun::Inputs inputs;
    std::vector<Buffer> made, expected;
    double tolerance;
    {
      Library library(options.library);
      inputs = moecrun::makeInputs(library, options.inputs);
      tolerance = readManifest(library.info.manifest_json).tolerance;
    }
    made = runLibrary(Library(productPath), inputs);
    expected = runLibrary(Library(referencePath), inputs);
    if (made.size() != portion.count || expected.size() != portion.count)
      throw VerifyError(DriverError::RunFailed,
                        "values of nodes are no outputs of their own");
    for (size_t i = 0; i < made.size(); ++i) {
      const NodeValue &value = values[portion.first + i];
      std::string what = std::string(moecrun::dtypeName(made[i].dtype)) + " " +
                         moecrun::shapeText(made[i].shape);
      Diagnostic found(DriverError::NodeDiffers, options.model, "");
      found.node = value.node;
      found.op = value.op;
      found.message = "is the first node out of tolerance: its output " +
                      std::to_string(value.output.second) + ", " + what;
      if (made[i].shape != expected[i].shape) {
        found.message += ", should be " + moecrun::shapeText(expected[i].shape);
        return report.fail(found);
      }
      Difference difference = measure(made[i], expected[i], options, tolerance);
      if (difference.numBad) {
        found.message += ", has " + difference.toText();
        return report.fail(found);
      }
    }
    printf("ok   values %zu to %zu of %zu, up to node '%s'\n",
           portion.first + 1, portion.first + portion.count, values.size(),
           values[portion.first + portion.count - 1].node.c_str());
    return llvm::success();
  } catch (const VerifyError &error) {
    return report.fail(Diagnostic(error.id, options.model, error.what()));
  } catch (const std::bad_alloc &) {
    return report.fail(Diagnostic(DriverError::OutOfMemory, options.model,
                                  "ran out of memory"));
  } catch (const std::exception &error) {
    return report.fail(
        Diagnostic(DriverError::CannotLoad, options.model, error.what()));
  }
}

llvm::LogicalResult moec::bisectModel(const VerifyOptions &options,
                                      const CompileOptions &reference,
                                      const DifferingLibrary &library,
                                      const ScratchFolder &scratch,
                                      DiagnosticPrinter &printer) {
  std::vector<NodeValue> values;
  if (failed(listNodeValues(reference, library.dims, scratch, printer, values)))
    return llvm::failure();
  CompileOptions theirs = reference, mine = reference;
  mine.isReference = false;
  mine.levels = library.levels;
  mine.disabledPasses = library.disabledPasses;
  mine.name = "product";
  for (size_t first = 0; first < values.size();) {
    Portion portion = takePortion(values, first);
    mine.exposed.clear();
    for (size_t i = 0; i < portion.count; ++i)
      mine.exposed.push_back(values[first + i].output);
    theirs.exposed = mine.exposed;
    if (failed(compileModel(mine, printer)) ||
        failed(compileModel(theirs, printer)))
      return llvm::failure();
    WorkResult result =
        runWorker(options.limits, printer, [&](WorkReport &report) {
          return comparePortion(options, values, portion,
                                scratch.getPath() + "/libproduct.so",
                                scratch.getPath() + "/libreference.so", report);
        });
    if (result.outcome == WorkResult::Interrupted)
      endBySignal(result.signal);
    if (result.isUnreported())
      printer.print(result.describe(options.model, options.limits));
    if (!result.isDone())
      return llvm::failure();
    first += portion.count;
  }
  printf("no node is out of tolerance where the model is compiled again: look "
         "at the library's weights (--weights), at how it was compiled, and at "
         "operators that make no floats\n");
  return llvm::failure();
}
