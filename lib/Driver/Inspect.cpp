//===-- Inspect.cpp - what moec inspect does ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Driver/Inspect.h"
#include "Compilation.h"
#include "InspectReport.h"
#include "LayerReport.h"
#include "Why.h"

#include "moec/CodeGen/PeakMemory.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace moec;

namespace json = llvm::json;

/// What a node says of its layer, by the keys of the manifest.
static json::Object describeLayer(const DeclaredLayer &layer) {
  json::Object object{{"name", toPrintable(layer.name)},
                      {"raised_from", layer.opType},
                      {"activation", toPrintable(layer.activation)}};
  auto put = [&](llvm::StringRef key, std::optional<int64_t> number) {
    if (number)
      object[key] = *number;
  };
  put("experts", layer.experts);
  put("top_k", layer.topK);
  put("hidden", layer.hidden);
  put("intermediate", layer.intermediate);
  put("parameters_total", layer.parameters);
  if (layer.parameters && layer.experts && *layer.experts > 0 && layer.topK &&
      *layer.topK >= 0 && *layer.topK <= *layer.experts)
    object["parameters_active"] =
        *layer.parameters / *layer.experts * *layer.topK;
  if (!layer.weights.empty())
    object["weights"] = layer.weights;
  return object;
}

/// What raising says against a node, as the importer says it.
static UnsupportedNode toUnsupported(const moec::Diagnostic &diagnostic,
                                     const ModelSummary &summary) {
  UnsupportedNode node;
  node.name = diagnostic.node;
  auto [opType, domain] = llvm::StringRef(diagnostic.op).split(" of domain '");
  node.opType = opType.str();
  node.domain = domain.rtrim('\'').str();
  auto opset = summary.opsets.find(node.domain);
  node.version = opset == summary.opsets.end() ? 0 : opset->second;
  llvm::StringRef message = diagnostic.message;
  message.consume_front("is not supported: ");
  auto [reason, advice] = message.split("; ");
  node.reason = reason.str();
  node.advice = advice.str();
  return node;
}

namespace {
/// Looks at a model, in the worker.
class Inspection {
public:
  Inspection(const InspectOptions &options, WorkReport &report)
      : options(options), compile(getCompileOptions(options)),
        compilation(compile, report) {}

  LogicalResult run();

private:
  static CompileOptions getCompileOptions(const InspectOptions &options) {
    CompileOptions compile;
    compile.modelPath = options.modelPath;
    compile.keepRemarks = !options.why.empty();
    return compile;
  }
  LogicalResult import();
  LogicalResult look();
  LogicalResult lookAtLayers();
  LogicalResult explain();
  LogicalResult explainUnsupported();
  LogicalResult failToFind(const NodeGraph &graph);
  void say(llvm::StringRef what, llvm::StringRef op = "");
  void lookAtCode();
  /// Unsupported nodes are a finding here, not an error.
  bool takeUnsupported(const moec::Diagnostic &diagnostic);

  const InspectOptions &options;
  CompileOptions compile;
  Compilation compilation;
  Findings findings;
  bool hasErrors = false;
};
} // namespace

bool Inspection::takeUnsupported(const moec::Diagnostic &diagnostic) {
  // The importer has a list of its own.
  if (diagnostic.id == "moec-E0130")
    return true;
  if (diagnostic.id != "moec-E0160") {
    hasErrors |= diagnostic.severity == "error";
    return false;
  }
  findings.unsupported.push_back(toUnsupported(diagnostic, findings.summary));
  return true;
}

LogicalResult Inspection::lookAtLayers() {
  if (failed(compilation.runStage(EmitKind::Onnx)))
    return failure();
  findings.tolerance = getTolerance(compilation.getModule());
  if (failed(compilation.runStage(EmitKind::Moe)))
    return failure();
  findings.interface = compilation.getInterface();
  findings.layers = describeMoeLayers(compilation.getModule());
  findings.parameters =
      countParameters(compilation.getModule(), findings.summary.elements,
                      compilation.getExpertSources());
  return success();
}

/// What only the compiled form tells; a model that has none has the rest.
void Inspection::lookAtCode() {
  compilation.suppressAll();
  if (failed(compilation.runStage(EmitKind::Kernels)))
    return;
  addKernels(findings.layers, compilation.getModule());
  if (succeeded(compilation.runStage(EmitKind::Linalg)) &&
      succeeded(compilation.runStage(EmitKind::Vector)))
    findings.peakBytes =
        describePeakBytes(compilation.getModule(), findings.interface);
}

LogicalResult Inspection::import() {
  findings.name = getLibraryName(compile);
  if (failed(compilation.beginStage("import", DriverError::Interface)))
    return failure();
  FailureOr<ModelSummary> summary =
      summarizeModel(compilation.getContext(), options.modelPath);
  if (failed(summary))
    return failure();
  findings.summary = std::move(*summary);
  findings.parameters = {findings.summary.elements, findings.summary.elements};
  compilation.intercept([&](const moec::Diagnostic &diagnostic) {
    return takeUnsupported(diagnostic);
  });
  findings.isImported = succeeded(compilation.import(&findings.unsupported));
  if (findings.isImported)
    findings.interface = compilation.getInterface();
  return success();
}

LogicalResult Inspection::look() {
  if (failed(import()))
    return failure();
  if (findings.isImported && succeeded(lookAtLayers())) {
    lookAtCode();
    return success();
  }
  if (findings.unsupported.empty() || hasErrors)
    return failure();
  findings.isPartial = true;
  for (const DeclaredLayer &layer : findings.summary.layers)
    findings.layers.push_back(describeLayer(layer));
  return success();
}

//===-- One node ----------------------------------------------------------===//

/// A sentence about the node that was asked for.
void Inspection::say(llvm::StringRef what, llvm::StringRef op) {
  if (!options.asJson) {
    llvm::outs() << "node '" << toPrintable(options.why) << "' "
                 << (op.empty() ? "" : "(" + toPrintable(op) + ") ")
                 << toPrintable(what) << "\n";
    return;
  }
  json::Object object{
      {"node", toPrintable(options.why)},
      {"op", op.empty() ? json::Value(nullptr) : json::Value(toPrintable(op))},
      {"why", toPrintable(what)},
      {"layer", nullptr},
      {"raised_from", nullptr},
      {"reads_layers", json::Array()},
      {"remarks", json::Array()}};
  llvm::outs() << llvm::formatv("{0:2}", json::Value(std::move(object)))
               << "\n";
}

/// Of a model that cannot be compiled, so that nothing was matched.
LogicalResult Inspection::explainUnsupported() {
  if (findings.unsupported.empty() || hasErrors)
    return failure();
  for (const UnsupportedNode &node : findings.unsupported)
    if (node.name == options.why) {
      say("is not supported: " + node.reason + "; " + node.advice, node.opType);
      return success();
    }
  return compilation.fail(DriverError::NoSuchNode,
                          "nothing is known of node '" + options.why +
                              "', since the model cannot be compiled: " +
                              std::to_string(findings.unsupported.size()) +
                              " nodes are not supported, the first of them '" +
                              findings.unsupported.front().name +
                              "'; 'moec inspect' without --why lists them");
}

LogicalResult Inspection::failToFind(const NodeGraph &graph) {
  std::vector<std::string> names = findings.summary.nodes;
  for (const NodeGraph::Node &node : graph.getNodes())
    names.push_back(node.name);
  std::string near;
  for (const std::string &name : findNearNames(options.why, names))
    near += (near.empty() ? "'" : ", '") + name + "'";
  return compilation.fail(
      DriverError::NoSuchNode,
      "has no node '" + options.why + "'; " +
          (near.empty() ? "a node without a name is called by its operator "
                          "and number, as 'Add_0'"
                        : "the nearest names are " + near));
}

LogicalResult Inspection::explain() {
  if (failed(import()))
    return failure();
  if (!findings.isImported)
    return explainUnsupported();
  NodeGraph graph(compilation.getModule());
  std::optional<unsigned> number = graph.find(options.why);
  if (!number && llvm::is_contained(findings.summary.nodes, options.why)) {
    say("is folded away when the model is read: what it makes is a constant, "
        "an extent, or its operand");
    return success();
  }
  if (!number)
    return failToFind(graph);
  if (failed(lookAtLayers()))
    return explainUnsupported();
  NodeExplanation explanation(graph, compilation.getModule(),
                              compilation.getRemarks(), *number);
  if (options.asJson)
    llvm::outs() << llvm::formatv("{0:2}", json::Value(explanation.toJson()))
                 << "\n";
  else
    explanation.print(llvm::outs());
  return success();
}

LogicalResult Inspection::run() {
  if (!options.why.empty())
    return explain();
  if (failed(look()))
    return failure();
  if (options.asJson)
    printJson(findings);
  else
    printText(findings);
  return success();
}

LogicalResult moec::inspectModel(const InspectOptions &options,
                                 DiagnosticPrinter &printer) {
  WorkResult result =
      runWorker(options.limits, printer, [&](WorkReport &report) {
        return Inspection(options, report).run();
      });
  if (result.outcome == WorkResult::Interrupted)
    endBySignal(result.signal);
  if (result.isUnreported())
    printer.print(result.describe(options.modelPath, options.limits));
  return success(result.isDone());
}
