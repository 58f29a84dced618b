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
// what follows hides it. Nodes that the product raises to a MoE layer are left
// alone but for the last: the layer is compared as it is, by what it makes.
//
// The value that is found is then computed a third time, by plain loops of what
// the product's stage `moe` makes. They tell whether that stage is wrong or one
// after it.
//
//===----------------------------------------------------------------------===//

#include "Difference.h"

#include "moec/Driver/TestData.h"

#include <cstdio>
#include <fstream>

using namespace moec;
using moecrun::Buffer;
using moecrun::Library;

namespace {
/// Some values of nodes that follow each other.
struct Portion {
  size_t first, count;
};

/// The search for the first value that is off.
class Bisection {
public:
  Bisection(const VerifyOptions &options, const CompileOptions &reference,
            const ManifestInfo &library, const ScratchFolder &scratch,
            DiagnosticPrinter &printer);

  /// Fails, whatever is found.
  llvm::LogicalResult run(const NamedExtents &dims);

private:
  Portion takePortion(size_t first) const;
  llvm::LogicalResult compile(CompileOptions &compile, Portion portion);
  llvm::LogicalResult comparePortion(Portion portion, WorkReport &report);
  /// Whether all of them are in tolerance.
  bool isFine(Portion portion);
  /// Says whether the stage `moe` is wrong about a value.
  void judgeLayers(Portion portion, size_t found);

  std::string getLibrary(const CompileOptions &compile) const {
    return scratch.getPath() + "/lib" + compile.name + ".so";
  }
  /// Where the worker says which value is off.
  std::string getFoundPath() const { return scratch.getPath() + "/found"; }
  std::optional<size_t> readFound() const;
  /// Of the experts that the library was compiled by.
  std::string getProfilePath() const { return scratch.getPath() + "/profile"; }

  const VerifyOptions &options;
  const ScratchFolder &scratch;
  DiagnosticPrinter &printer;
  /// The product, the reference, and plain loops of the product's layers.
  CompileOptions mine, theirs, between;
  /// Of experts, its text.
  std::string profile;
  std::vector<NodeValue> values;
};
} // namespace

Bisection::Bisection(const VerifyOptions &options,
                     const CompileOptions &reference,
                     const ManifestInfo &library, const ScratchFolder &scratch,
                     DiagnosticPrinter &printer)
    : options(options), scratch(scratch), printer(printer), mine(reference),
      theirs(reference), between(reference), profile(library.expertProfile) {
  mine.isReference = false;
  mine.levels = library.levels;
  for (CompileOptions *own : {&mine, &between}) {
    own->disabledPasses = library.disabledPasses;
    own->keepNan = library.keepNan;
    if (library.expertProfile.empty())
      continue;
    own->expertProfile = getProfilePath();
    own->dropBelow = library.dropBelow;
  }
  mine.extendStage = options.extendStage;
  mine.name = "product";
  between.keepsLayers = true;
  if (options.extendStage)
    between.extendStage = [&](EmitKind stage, mlir::OpPassManager &manager) {
      if (stage <= EmitKind::Moe)
        options.extendStage(stage, manager);
    };
  between.name = "layers";
}

/// As many as fit a compilation and, twice, into memory.
Portion Bisection::takePortion(size_t first) const {
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

llvm::LogicalResult Bisection::compile(CompileOptions &compile,
                                       Portion portion) {
  compile.exposed.clear();
  for (size_t i = 0; i < portion.count; ++i)
    compile.exposed.push_back(values[portion.first + i].output);
  return compileModel(compile, printer);
}

//===-- Where it begins ---------------------------------------------------===//

/// What is wrong with a value; nothing if it is in tolerance.
static std::optional<std::string> judge(const Buffer &made,
                                        const Buffer &expected,
                                        const VerifyOptions &options,
                                        double tolerance) {
  if (made.shape != expected.shape)
    return "should be " + moecrun::shapeText(expected.shape);
  Difference difference = measure(made, expected, options, tolerance);
  if (difference.numBad)
    return "has " + difference.toText();
  return std::nullopt;
}

/// The nodes that a value stands for, where it is not that of its own alone.
static std::string describeLayer(const NodeValue &value) {
  if (!value.layer)
    return "";
  return "; it is what a MoE layer makes, raised from " +
         value.layer->raisedFrom + " in place of " +
         std::to_string(value.layer->count) + " nodes, the first of them '" +
         value.layer->first + "'";
}

static Diagnostic describe(const NodeValue &value, const Buffer &made,
                           const std::string &wrong, const std::string &model) {
  Diagnostic found(DriverError::NodeDiffers, model, "");
  found.node = value.node;
  found.op = value.op;
  found.message = "is the first node out of tolerance: its output " +
                  std::to_string(value.output.second) + ", " +
                  moecrun::dtypeName(made.dtype) + " " +
                  moecrun::shapeText(made.shape) + ", " + wrong +
                  describeLayer(value);
  return found;
}

namespace {
/// Two libraries' outputs of the same inputs, and how near they should be.
struct Outputs {
  std::vector<Buffer> made, expected;
  double tolerance;
};
} // namespace

static Outputs runBoth(const VerifyOptions &options, const std::string &product,
                       const std::string &reference, size_t count) {
  moecrun::Inputs inputs;
  Outputs outputs;
  {
    // The extents are the library's own, which may have been fixed.
    Library library(options.library);
    inputs = moecrun::makeInputs(library, options.inputs);
    outputs.tolerance = readManifest(library.info.manifest_json).tolerance;
  }
  outputs.made = runLibrary(Library(product), inputs);
  outputs.expected = runLibrary(Library(reference), inputs);
  if (outputs.made.size() != count || outputs.expected.size() != count)
    throw VerifyError(DriverError::RunFailed,
                      "values of nodes are no outputs of their own");
  return outputs;
}

/// In the worker: fails with a diagnostic at the first value that is off.
llvm::LogicalResult Bisection::comparePortion(Portion portion,
                                              WorkReport &report) {
  auto [made, expected, tolerance] =
      runBoth(options, getLibrary(mine), getLibrary(theirs), portion.count);
  for (size_t i = 0; i < portion.count; ++i) {
    size_t number = portion.first + i;
    auto wrong = judge(made[i], expected[i], options, tolerance);
    if (!wrong)
      continue;
    std::ofstream(getFoundPath()) << number;
    return report.fail(
        describe(values[number], made[i], *wrong, options.model));
  }
  printf("ok   values %zu to %zu of %zu, up to node '%s'\n", portion.first + 1,
         portion.first + portion.count, values.size(),
         values[portion.first + portion.count - 1].node.c_str());
  return llvm::success();
}

std::optional<size_t> Bisection::readFound() const {
  size_t number;
  if (std::ifstream(getFoundPath()) >> number && number < values.size())
    return number;
  return std::nullopt;
}

bool Bisection::isFine(Portion portion) {
  return succeeded(compile(mine, portion)) &&
         succeeded(compile(theirs, portion)) &&
         runInWorker(options, options.model, printer, [&](WorkReport &report) {
           report.beginStage("run");
           return comparePortion(portion, report);
         });
}

//===-- In which half of the compiler -------------------------------------===//

/// The reference is that of the portion still.
void Bisection::judgeLayers(Portion portion, size_t found) {
  if (failed(compile(between, portion)))
    return;
  runInWorker(options, options.model, printer, [&](WorkReport &report) {
    report.beginStage("run");
    auto [made, expected, tolerance] = runBoth(
        options, getLibrary(between), getLibrary(theirs), portion.count);
    size_t place = found - portion.first;
    bool isOff =
        judge(made[place], expected[place], options, tolerance).has_value();
    printf(isOff
               ? "node '%s' is off in plain loops of what the stage moe makes, "
                 "too: look at the passes of that stage (--disable-pass)\n"
               : "node '%s' is in tolerance in plain loops of what the stage "
                 "moe makes: look at the stages after it\n",
           values[found].node.c_str());
    return llvm::success();
  });
}

llvm::LogicalResult Bisection::run(const NamedExtents &dims) {
  std::ofstream(getProfilePath()) << profile;
  if (failed(listNodeValues(mine, dims, scratch, printer, values)))
    return llvm::failure();
  for (size_t first = 0; first < values.size();) {
    Portion portion = takePortion(first);
    if (!isFine(portion)) {
      if (std::optional<size_t> found = readFound())
        judgeLayers(portion, *found);
      return llvm::failure();
    }
    first += portion.count;
  }
  printf("no node is out of tolerance where the model is compiled again: look "
         "at the library's weights (--weights), at how it was compiled, and at "
         "operators that make no floats\n");
  return llvm::failure();
}

llvm::LogicalResult
moec::bisectModel(const VerifyOptions &options, const CompileOptions &reference,
                  const ManifestInfo &library, const NamedExtents &dims,
                  const ScratchFolder &scratch, DiagnosticPrinter &printer) {
  return Bisection(options, reference, library, scratch, printer).run(dims);
}
