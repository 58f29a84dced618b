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

#include "Verify.h"

#include "moec/Driver/Scratch.h"
#include "moec/Driver/TestData.h"
#include "tools/moec-run/Inputs.h"
#include "tools/moec-run/Library.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <new>

using namespace moec;
using moecrun::Buffer;
using moecrun::Library;
using moecrun::Session;

namespace {
/// An error with the id it is to be printed with.
struct VerifyError : moecrun::Error {
  VerifyError(DriverError id, const std::string &text) : Error(text), id(id) {}
  DriverError id;
};

/// How far an output is from what it should be.
struct Difference {
  double absolute = 0;
  /// The greatest difference over the greatest expected value.
  double relative = 0;
  double rtol = 0, atol = 0;
  size_t numBad = 0;
};

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

private:
  std::vector<std::string> bad;
};
} // namespace

/// Two values that no tolerance is asked about.
static bool isSame(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

/// A 64-bit integer does not fit a double: integers are compared as they are.
static bool isSameElement(const Buffer &a, const Buffer &b, size_t index) {
  size_t bits = size_t(moecrun::dtypeBits(a.dtype));
  if (bits % 8 != 0 || moecrun::isFloat(a.dtype))
    return isSame(moecrun::elementValue(a.bytes.data(), a.dtype, index),
                  moecrun::elementValue(b.bytes.data(), b.dtype, index));
  size_t size = bits / 8;
  return std::memcmp(a.bytes.data() + index * size,
                     b.bytes.data() + index * size, size) == 0;
}

static Difference measure(const Buffer &mine, const Buffer &expected,
                          const VerifyOptions &options, double tolerance) {
  Difference result;
  bool isExact = !moecrun::isFloat(mine.dtype);
  size_t count = expected.count();
  double greatest = 0;
  for (size_t i = 0; i < count; ++i) {
    double value =
        moecrun::elementValue(expected.bytes.data(), expected.dtype, i);
    if (std::isfinite(value))
      greatest = std::max(greatest, std::fabs(value));
  }
  result.rtol = isExact ? 0 : options.rtol.value_or(tolerance);
  result.atol = isExact ? 0 : options.atol.value_or(result.rtol * greatest);
  for (size_t i = 0; i < count; ++i) {
    if (isSameElement(mine, expected, i))
      continue;
    double y = moecrun::elementValue(mine.bytes.data(), mine.dtype, i);
    double r = moecrun::elementValue(expected.bytes.data(), expected.dtype, i);
    double error = std::fabs(y - r);
    if (!std::isfinite(error))
      error = INFINITY;
    result.absolute = std::max(result.absolute, error);
    // Written so that NaN fails.
    if (isExact || !(error <= result.rtol * std::fabs(r) + result.atol))
      ++result.numBad;
  }
  result.relative = result.absolute == 0 ? 0
                    : greatest == 0      ? INFINITY
                                         : result.absolute / greatest;
  return result;
}

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
  printf("%s %s: max abs error %.3g, relative to the greatest %.3g (rtol %.3g, "
         "atol %.3g)",
         difference.numBad ? "FAIL" : "ok  ", what.c_str(), difference.absolute,
         difference.relative, difference.rtol, difference.atol);
  if (difference.numBad)
    printf(", %zu of %zu elements out of tolerance", difference.numBad,
           expected.count());
  printf("\n");
  if (difference.numBad)
    bad.push_back(io.name);
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
                        " outputs: " + names);
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
  std::copy(tensor.bytes.begin(), tensor.bytes.end(), buffer.bytes.begin());
  return buffer;
}

static void checkTestData(Verification &verification,
                          const std::vector<TestTensor> &inputs,
                          const std::vector<TestTensor> &outputs) {
  const moec_model_info &info = verification.library.info;
  std::vector<Buffer> buffers(size_t(info.n_inputs));
  std::vector<bool> given(buffers.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    size_t at = size_t(findIo(inputs[i], i, info.inputs, info.n_inputs));
    buffers[at] = takeTensor(inputs[i]);
    given[at] = true;
  }
  for (size_t i = 0; i < given.size(); ++i)
    if (!given[i])
      throw VerifyError(DriverError::TestData,
                        "'" + verification.options.testData +
                            "' has no file for the input '" +
                            info.inputs[i].name + "'");
  if (outputs.empty())
    throw VerifyError(DriverError::TestData, "'" +
                                                 verification.options.testData +
                                                 "' has no output_0.pb");
  std::vector<moec_tensor> tensors;
  for (Buffer &buffer : buffers)
    tensors.push_back(buffer.tensor());
  Session session(verification.library, {});
  std::vector<Buffer> made;
  try {
    made = session.run(tensors);
  } catch (const moecrun::Error &error) {
    throw VerifyError(DriverError::RunFailed, error.what());
  }
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
  moecrun::Symbols symbols(library.info);
  for (const auto &[name, value] : options.dims)
    symbols.set(name, value);
  symbols.setDefaults();
  moecrun::RandomOptions random;
  random.seed = options.seed;
  std::vector<Buffer> inputs;
  for (int32_t i = 0; i < library.info.n_inputs; ++i)
    inputs.push_back(
        moecrun::randomInput(library.info.inputs[i],
                             symbols.shapeOf(library.info.inputs[i]), random));
  std::vector<moec_tensor> tensors;
  for (Buffer &input : inputs)
    tensors.push_back(input.tensor());
  printf("%s", symbols.describe().c_str());
  std::vector<Buffer> expected, made;
  try {
    expected = Session(reference, {}).run(tensors);
    made = Session(library, {}).run(tensors);
  } catch (const moecrun::Error &error) {
    throw VerifyError(DriverError::RunFailed, error.what());
  }
  for (size_t i = 0; i < made.size(); ++i)
    verification.compare(library.info.outputs[i], made[i], expected[i]);
  verification.finish();
}

/// In the worker.
static llvm::LogicalResult verify(const VerifyOptions &options,
                                  const std::string &referencePath,
                                  WorkReport &report) {
  std::vector<TestTensor> inputs, outputs;
  report.beginStage("test data");
  if (!options.testData.empty() &&
      (failed(readTestTensors(options.testData, "input", report, inputs)) ||
       failed(readTestTensors(options.testData, "output", report, outputs))))
    return llvm::failure();
  report.beginStage("run");
  try {
    Library library(options.library);
    Verification verification(options, library);
    if (options.checkWeights)
      checkWeights(library);
    if (!options.testData.empty())
      checkTestData(verification, inputs, outputs);
    if (!referencePath.empty())
      checkReference(verification, referencePath);
    return llvm::success();
  } catch (const VerifyError &error) {
    return report.fail(Diagnostic(error.id, options.library, error.what()));
  } catch (const std::bad_alloc &) {
    return report.fail(Diagnostic(DriverError::OutOfMemory, options.library,
                                  "ran out of memory"));
  } catch (const std::exception &error) {
    return report.fail(
        Diagnostic(DriverError::CannotLoad, options.library, error.what()));
  }
}

llvm::LogicalResult moec::verifyLibrary(const VerifyOptions &options,
                                        DiagnosticPrinter &printer) {
  ScratchFolder scratch;
  std::string referencePath;
  if (!options.model.empty()) {
    if (auto error = scratch.create("", "verify")) {
      printer.print(Diagnostic(DriverError::CannotWrite, "", *error));
      return llvm::failure();
    }
    CompileOptions reference;
    reference.modelPath = options.model;
    reference.output = scratch.getPath();
    reference.name = "reference";
    // One level that every machine has which runs libraries at all.
    reference.levels = {"x86-64-v3"};
    reference.resourceFolder = options.resourceFolder;
    reference.isReference = true;
    reference.limits = options.limits;
    reference.commandLine = options.commandLine;
    if (failed(compileModel(reference, printer)))
      return llvm::failure();
    referencePath = scratch.getPath() + "/libreference.so";
  }
  WorkResult result =
      runWorker(options.limits, printer, [&](WorkReport &report) {
        return verify(options, referencePath, report);
      });
  if (result.outcome == WorkResult::Interrupted) {
    scratch.remove();
    endBySignal(result.signal);
  }
  if (result.isUnreported())
    printer.print(result.describe(options.library, options.limits));
  return llvm::success(result.isDone());
}
