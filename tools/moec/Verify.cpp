//===-- Verify.cpp - what moec verify does --------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Built with exceptions, as the code that it shares with moec-run is; none
// leaves this file.
//
//===----------------------------------------------------------------------===//

#include "Difference.h"

#include "moec/Driver/TestData.h"
#include "moec/Pipelines/Optimisations.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <new>

using namespace moec;
using moecrun::Buffer;
using moecrun::Library;
using moecrun::Session;

namespace {
/// One comparison, in the worker.
class Verification {
public:
  Verification(const VerifyOptions &options, const Library &library)
      : options(options), library(library),
        manifest(readManifest(library.info.manifest_json)) {}

  /// Prints the line of one output.
  void compare(const moec_io_info &io, const Buffer &mine,
               const Buffer &expected);
  /// Throws if any output was too far off.
  void finish() const;

  const VerifyOptions &options;
  const Library &library;
  ManifestInfo manifest;
  /// The extents that symbols had, where inputs were made.
  NamedExtents dims;

private:
  std::string getAdvice() const;

  std::vector<std::string> bad;
  /// Whether anything is finite that should not be.
  bool isTame = false;
};
} // namespace

void Verification::compare(const moec_io_info &io, const Buffer &mine,
                           const Buffer &expected) {
  std::string what = std::string(io.name) + " " +
                     moecrun::dtypeName(mine.dtype) + " " +
                     moecrun::shapeText(mine.shape);
  if (mine.dtype != expected.dtype || mine.shape != expected.shape) {
    printf("FAIL %s: expected %s %s\n", what.c_str(),
           moecrun::dtypeName(expected.dtype),
           moecrun::shapeText(expected.shape).c_str());
    bad.push_back(io.name);
    return;
  }
  Difference difference = measure(mine, expected, options, manifest.tolerance);
  printf("%s %s: %s\n", difference.numBad ? "FAIL" : "ok  ", what.c_str(),
         difference.toText().c_str());
  if (difference.numBad)
    bad.push_back(io.name);
  isTame |= difference.numTame > 0;
}

/// What may be the reason where a model with experts has numbers instead of
/// NaN.
std::string Verification::getAdvice() const {
  if (!isTame || library.info.n_moe_layers == 0)
    return "";
  return "; there are numbers where NaN or infinities are expected, which "
         "experts that are not chosen may have made: compile with "
         "--keep-nan-propagation to let these spread";
}

void Verification::finish() const {
  if (bad.empty())
    return;
  std::string names;
  for (const std::string &name : bad)
    names += (names.empty() ? "'" : ", '") + name + "'";
  throw VerifyError(DriverError::OutputsDiffer,
                    "differs from what is expected in " +
                        std::to_string(bad.size()) + " of " +
                        std::to_string(library.info.n_outputs) +
                        " outputs: " + names + getAdvice());
}

//===-- The three checks --------------------------------------------------===//

static void checkWeights(const Library &library) {
  Session session(library, {});
  int32_t status = library.api->verify_weights(session.handle);
  if (status != MOEC_OK) {
    std::string text = library.api->last_error(session.handle);
    throw VerifyError(DriverError::WeightsDamaged,
                      text.empty() ? library.api->status_string(status) : text);
  }
  printf("ok   weights: every segment has its hash\n");
}

/// The input or output a file of test data is for: the one of its name, or of
/// its number.
static int32_t findIo(const TestTensor &tensor, size_t number,
                      const moec_io_info *ios, int32_t count) {
  for (int32_t i = 0; i < count; ++i)
    if (!tensor.name.empty() && tensor.name == ios[i].name)
      return i;
  if (number < size_t(count))
    return int32_t(number);
  throw VerifyError(DriverError::TestData,
                    "'" + tensor.file + "' is one too many: the library has " +
                        std::to_string(count));
}

static Buffer takeTensor(const TestTensor &tensor) {
  Buffer buffer(tensor.type, tensor.shape);
  if (buffer.bytes.size() != tensor.bytes.size())
    throw VerifyError(
        DriverError::TestData,
        "'" + tensor.file + "' has " + std::to_string(tensor.bytes.size()) +
            " bytes, expected " + std::to_string(buffer.bytes.size()));
  llvm::copy(tensor.bytes, buffer.bytes.begin());
  return buffer;
}

static void checkTestData(Verification &verification,
                          const std::vector<TestTensor> &inputs,
                          const std::vector<TestTensor> &outputs) {
  const moec_model_info &info = verification.library.info;
  moecrun::Inputs given;
  given.buffers.resize(size_t(info.n_inputs));
  given.isGiven.resize(given.buffers.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    size_t at = size_t(findIo(inputs[i], i, info.inputs, info.n_inputs));
    given.buffers[at] = takeTensor(inputs[i]);
    given.isGiven[at] = true;
  }
  for (size_t i = 0; i < given.isGiven.size(); ++i)
    if (!given.isGiven[i])
      throw VerifyError(DriverError::TestData,
                        "'" + verification.options.testData +
                            "' has no file for the input '" +
                            info.inputs[i].name + "'");
  if (outputs.empty())
    throw VerifyError(DriverError::TestData, "'" +
                                                 verification.options.testData +
                                                 "' has no output_0.pb");
  std::vector<Buffer> made = runLibrary(verification.library, given);
  for (size_t i = 0; i < outputs.size(); ++i) {
    size_t at = size_t(findIo(outputs[i], i, info.outputs, info.n_outputs));
    verification.compare(info.outputs[at], made[at], takeTensor(outputs[i]));
  }
  verification.finish();
}

static void checkReference(Verification &verification,
                           const std::string &referencePath) {
  const Library &library = verification.library;
  const VerifyOptions &options = verification.options;
  Library reference(referencePath);
  std::string mine = verification.manifest.modelSha256;
  std::string theirs = readManifest(reference.info.manifest_json).modelSha256;
  if (mine != theirs || library.info.n_inputs != reference.info.n_inputs ||
      library.info.n_outputs != reference.info.n_outputs)
    throw VerifyError(DriverError::OtherModel,
                      "was compiled from another model than '" + options.model +
                          "': its SHA-256 is " + mine + ", the model's is " +
                          theirs);
  moecrun::Inputs inputs = moecrun::makeInputs(library, options.inputs);
  verification.dims = inputs.dims;
  printf("%s", inputs.describeDims().c_str());
  std::vector<Buffer> expected = runLibrary(reference, inputs);
  std::vector<Buffer> made = runLibrary(library, inputs);
  for (size_t i = 0; i < made.size(); ++i)
    verification.compare(library.info.outputs[i], made[i], expected[i]);
  verification.finish();
}

/// The extents of symbols go to the file `path`, which is there only where a
/// library differs: "7 T" a line.
static void writeDims(const std::string &path, const NamedExtents &dims) {
  std::ofstream file(path);
  for (const auto &[name, extent] : dims)
    file << extent << " " << name << "\n";
}

static std::optional<NamedExtents> readDims(const std::string &path) {
  std::ifstream file(path);
  if (!file)
    return std::nullopt;
  NamedExtents dims;
  std::string line;
  while (std::getline(file, line)) {
    llvm::StringRef name = line;
    int64_t extent;
    if (!name.consumeInteger(10, extent) && name.consume_front(" "))
      dims.push_back({name.str(), extent});
  }
  return dims;
}

/// In the worker. `differsPath` is made where outputs are out of tolerance.
static llvm::LogicalResult verify(const VerifyOptions &options,
                                  const std::string &referencePath,
                                  const std::string &differsPath,
                                  WorkReport &report) {
  std::vector<TestTensor> inputs, outputs;
  report.beginStage("test data");
  if (!options.testData.empty() &&
      (failed(readTestTensors(options.testData, "input", report, inputs)) ||
       failed(readTestTensors(options.testData, "output", report, outputs))))
    return llvm::failure();
  report.beginStage("run");
  Library library(options.library);
  Verification verification(options, library);
  if (options.checkWeights)
    checkWeights(library);
  if (!options.testData.empty())
    checkTestData(verification, inputs, outputs);
  try {
    if (!referencePath.empty())
      checkReference(verification, referencePath);
  } catch (const VerifyError &error) {
    if (error.id == DriverError::OutputsDiffer)
      writeDims(differsPath, verification.dims);
    throw;
  }
  return llvm::success();
}

bool moec::runInWorker(
    const VerifyOptions &options, const std::string &file,
    DiagnosticPrinter &printer,
    llvm::function_ref<llvm::LogicalResult(WorkReport &)> work) {
  WorkResult result =
      runWorker(options.limits, printer, [&](WorkReport &report) {
        auto fail = [&](DriverError id, const char *what) {
          return report.fail(Diagnostic(id, file, what));
        };
        try {
          return work(report);
        } catch (const VerifyError &error) {
          return fail(error.id, error.what());
        } catch (const std::bad_alloc &) {
          return fail(DriverError::OutOfMemory, "ran out of memory");
        } catch (const std::exception &error) {
          return fail(DriverError::CannotLoad, error.what());
        }
      });
  if (result.outcome == WorkResult::Interrupted)
    endBySignal(result.signal);
  if (result.isUnreported())
    printer.print(result.describe(file, options.limits));
  return result.isDone();
}

//===-- How the library was compiled --------------------------------------===//

static std::string readText(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// Of levels and optimisations those that this compiler knows.
static void dropUnknown(ManifestInfo &manifest) {
  llvm::erase_if(manifest.levels, [](const std::string &level) {
    return !llvm::is_contained(getKnownLevels(), llvm::StringRef(level));
  });
  llvm::erase_if(manifest.disabledPasses, [](const std::string &pass) {
    return !llvm::is_contained(getOptimisations(), pass);
  });
}

/// What the library's manifest says, where it is one of this model; of another
/// nothing, which is an error once both have run.
static bool askLibrary(const VerifyOptions &options,
                       const ScratchFolder &scratch, DiagnosticPrinter &printer,
                       ManifestInfo &manifest) {
  std::string path = scratch.getPath() + "/manifest";
  bool isDone =
      runInWorker(options, options.library, printer, [&](WorkReport &report) {
        report.beginStage("run");
        Library library(options.library);
        const char *text = library.info.manifest_json;
        auto digest = llvm::SHA256::hash(
            llvm::arrayRefFromStringRef(readText(options.model)));
        if (readManifest(text).modelSha256 ==
            llvm::toHex(digest, /*LowerCase=*/true))
          std::ofstream(path) << text;
        return llvm::success();
      });
  manifest = readManifest(readText(path).c_str());
  dropUnknown(manifest);
  return isDone;
}

llvm::LogicalResult moec::verifyLibrary(const VerifyOptions &options,
                                        DiagnosticPrinter &printer) {
  ScratchFolder scratch;
  std::string referencePath, differsPath;
  CompileOptions reference;
  ManifestInfo manifest;
  if (!options.model.empty()) {
    if (auto error = scratch.create("", "verify")) {
      printer.print(Diagnostic(DriverError::CannotWrite, "", *error));
      return llvm::failure();
    }
    if (!askLibrary(options, scratch, printer, manifest))
      return llvm::failure();
    reference.modelPath = options.model;
    reference.output = scratch.getPath();
    reference.name = "reference";
    // One level that every machine has which runs libraries at all.
    reference.levels = {"x86-64-v3"};
    reference.dims = manifest.dims;
    reference.resourceFolder = options.resourceFolder;
    reference.isReference = true;
    reference.ortCpuCompat = options.ortCpuCompat || manifest.ortCpuCompat;
    reference.limits = options.limits;
    reference.commandLine = options.commandLine;
    if (failed(compileModel(reference, printer)))
      return llvm::failure();
    referencePath = scratch.getPath() + "/libreference.so";
    differsPath = scratch.getPath() + "/differs";
  }
  bool isFine =
      runInWorker(options, options.library, printer, [&](WorkReport &report) {
        return verify(options, referencePath, differsPath, report);
      });
  if (options.bisect)
    if (auto dims = readDims(differsPath))
      return bisectModel(options, reference, manifest, *dims, scratch, printer);
  return llvm::success(isFine);
}
