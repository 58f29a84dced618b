//===-- CheckCertificate.cpp - what moec check-certificate does -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Driver/CheckCertificate.h"
#include "Compilation.h"

#include "moec/Certificates/Checker.h"
#include "moec/Parameters/Evaluator.h"
#include "moec/Parameters/SourceFiles.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace moec;

namespace json = llvm::json;

namespace {
/// One check, in the worker.
class CertificateCheck {
public:
  CertificateCheck(const CheckCertificateOptions &options, WorkReport &report)
      : options(options), report(report) {}

  LogicalResult run() {
    if (failed(readManifest()))
      return failure();
    CompileOptions compile;
    compile.modelPath = options.modelPath;
    Compilation compilation(compile, report);
    if (failed(compilation.import()) ||
        failed(compareModels(compilation.getModule())) ||
        failed(compilation.beginStage("check", DriverError::Interface)))
      return failure();
    SourceFiles files{ModelFolder(options.modelPath)};
    ParameterEvaluator evaluator(files);
    auto verdicts = checkCertificates(compilation.getModule(), evaluator,
                                      *manifest->getAsObject());
    if (!verdicts)
      return refuseManifest(llvm::toString(verdicts.takeError()));
    return print(*verdicts);
  }

private:
  LogicalResult refuseManifest(std::string reason) {
    return report.fail(moec::Diagnostic(
        DriverError::NotTheManifest, options.manifestPath, std::move(reason)));
  }

  LogicalResult readManifest() {
    auto buffer = llvm::MemoryBuffer::getFile(options.manifestPath);
    if (!buffer)
      return refuseManifest("cannot be read: " + buffer.getError().message());
    auto value = json::parse((*buffer)->getBuffer());
    if (!value)
      return refuseManifest("is not JSON: " +
                            llvm::toString(value.takeError()));
    if (!value->getAsObject())
      return refuseManifest("is no JSON object, expected a library's manifest");
    manifest = std::move(*value);
    return success();
  }

  LogicalResult compareModels(ModuleOp module) {
    auto own = module->getAttrOfType<StringAttr>(kModelSha256Attr);
    auto claimed = manifest->getAsObject()->getString("model_sha256");
    if (!claimed)
      return refuseManifest("has no 'model_sha256', expected a library's "
                            "manifest");
    if (*claimed == own.getValue())
      return success();
    return refuseManifest("is of another model: its model_sha256 is " +
                          claimed->str() + ", that of '" + options.modelPath +
                          "' is " + own.str());
  }

  LogicalResult print(ArrayRef<LayerVerdict> verdicts) {
    bool isRefused = false;
    for (const LayerVerdict &verdict : verdicts)
      for (const std::string &refusal : verdict.refusals) {
        report.print(moec::Diagnostic(DriverError::CertificateRefused,
                                      options.manifestPath, refusal));
        isRefused = true;
      }
    if (options.asJson)
      printJson(verdicts);
    else
      for (const LayerVerdict &verdict : verdicts)
        printText(verdict);
    llvm::outs().flush();
    return failure(isRefused);
  }

  /// "1 duplicate, 2 unreachable"
  static std::string listCauses(const LayerVerdict &verdict) {
    std::string text;
    for (const auto &[cause, count] : verdict.causes)
      text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + cause;
    return text;
  }

  static std::string conclude(const LayerVerdict &verdict) {
    if (verdict.numProved == verdict.numDead)
      return "all proved";
    std::string text = std::to_string(verdict.numProved) + " proved";
    if (verdict.numRequested)
      text += ", " + std::to_string(verdict.numRequested) + " on request";
    if (!verdict.refusals.empty())
      text += ", " + std::to_string(verdict.refusals.size()) + " refused";
    return text;
  }

  static void printText(const LayerVerdict &verdict) {
    llvm::raw_ostream &os = llvm::outs();
    os << "layer '" << toOneLine(verdict.name) << "': " << verdict.numDead
       << " of " << verdict.experts << " experts dead";
    if (verdict.numDead == 0) {
      os << "\n";
      return;
    }
    std::string causes = listCauses(verdict);
    os << (causes.empty() ? "" : ": ") << causes << "; " << conclude(verdict)
       << "\n";
  }

  /// Names come from the manifest: nothing of them steers the terminal.
  static std::string toOneLine(StringRef text) {
    std::string result;
    for (char letter : text)
      result += static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f
                    ? '?'
                    : letter;
    return json::fixUTF8(result);
  }

  static void printJson(ArrayRef<LayerVerdict> verdicts) {
    json::Array layers;
    for (const LayerVerdict &verdict : verdicts) {
      json::Object causes;
      for (const auto &[cause, count] : verdict.causes)
        causes[cause] = count;
      json::Array refusals;
      for (const std::string &refusal : verdict.refusals)
        refusals.push_back(json::fixUTF8(refusal));
      layers.push_back(json::Object{{"name", json::fixUTF8(verdict.name)},
                                    {"experts", verdict.experts},
                                    {"dead", verdict.numDead},
                                    {"causes", std::move(causes)},
                                    {"proved", verdict.numProved},
                                    {"on_request", verdict.numRequested},
                                    {"refusals", std::move(refusals)}});
    }
    llvm::outs() << llvm::formatv("{0:2}",
                                  json::Value(json::Object{
                                      {"moe_layers", std::move(layers)}}))
                 << "\n";
  }

  const CheckCertificateOptions &options;
  WorkReport &report;
  std::optional<json::Value> manifest;
};
} // namespace

LogicalResult moec::checkCertificate(const CheckCertificateOptions &options,
                                     DiagnosticPrinter &printer) {
  WorkResult result =
      runWorker(options.limits, printer, [&](WorkReport &report) {
        return CertificateCheck(options, report).run();
      });
  if (result.outcome == WorkResult::Interrupted)
    endBySignal(result.signal);
  if (result.isUnreported())
    printer.print(result.describe(options.modelPath, options.limits));
  return success(result.isDone());
}
