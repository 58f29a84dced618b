//===-- Reporting.cpp - what a compilation says of the model --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Diagnostics and remarks of passes, with the nodes that they are about.
//
//===----------------------------------------------------------------------===//

#include "Compilation.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace moec;

namespace moec {
/// Takes the remarks of MLIR's engine.
class RemarkReceiver : public remark::detail::MLIRRemarkStreamerBase {
public:
  explicit RemarkReceiver(Compilation &compilation)
      : compilation(compilation) {}

  void streamOptimizationRemark(const remark::detail::Remark &remark) override {
    compilation.report(PassRemark(remark), remark.getLocation());
  }

private:
  Compilation &compilation;
};
} // namespace moec

StringRef Compilation::findNode(Location location) const {
  StringRef found;
  location->walk([&](Location part) {
    auto name = dyn_cast<NameLoc>(part);
    if (!name || !nodes.count(name.getName()))
      return WalkResult::advance();
    found = name.getName();
    return WalkResult::interrupt();
  });
  return found;
}

std::vector<std::string> Compilation::findNodes(Location location) const {
  std::vector<std::string> found;
  location->walk([&](Location part) {
    auto name = dyn_cast<NameLoc>(part);
    if (name && nodes.count(name.getName()))
      found.push_back(name.getName().str());
    return WalkResult::advance();
  });
  return found;
}

/// The names that locations carry from now on, while the nodes are still there.
void Compilation::collectNodes() {
  module->walk([&](onnx::OnnxNode node) {
    if (auto name = dyn_cast<NameLoc>(node->getLoc()))
      nodes[name.getName()] = node.getSchema().opType.str();
  });
}

/// Takes "[moec-E0101] " off; "" if there is none.
static std::string takeId(StringRef &text) {
  size_t end = text.find("] ");
  if (!text.starts_with("[moec-E") || end == StringRef::npos)
    return "";
  std::string id = text.substr(1, end - 1).str();
  text = text.substr(end + 2);
  return id;
}

/// Takes "node 'NAME' (OP) " off, which is how the importer names a node.
static bool takeNode(StringRef &text, std::string &node, std::string &op) {
  StringRef rest = text;
  size_t middle = rest.find("' (");
  if (!rest.consume_front("node '") || middle == StringRef::npos)
    return false;
  middle -= 6;
  size_t end = rest.find(')', middle);
  if (end == StringRef::npos)
    return false;
  node = rest.substr(0, middle).str();
  op = rest.substr(middle + 3, end - middle - 3).str();
  text = rest.substr(end + 1).ltrim(": ");
  return true;
}

void Compilation::listenToRemarks() {
  remark::RemarkCategories everything;
  everything.passed = everything.missed = ".*";
  everything.failed = everything.analysis = ".*";
  // Fails only where the context has an engine already.
  if (failed(remark::enableOptimizationRemarks(
          context, std::make_unique<RemarkReceiver>(*this),
          std::make_unique<remark::RemarkEmittingPolicyAll>(), everything)))
    llvm_unreachable("the context is new");
}

void Compilation::report(PassRemark remark, Location location) {
  if (isSilent || !wantsRemarks())
    return;
  remark.node = findNode(location).str();
  remark.nodes = findNodes(location);
  remark.op = nodes.lookup(remark.node);
  std::lock_guard<std::mutex> lock(remarksMutex);
  if (options.showRemarks)
    workReport.print(remark.toDiagnostic(options.modelPath));
  remarks.push_back(std::move(remark));
}

void Compilation::report(mlir::Diagnostic &said) {
  if (isSilent)
    return;
  moec::Diagnostic diagnostic;
  std::string whole = said.str();
  StringRef text = whole;
  switch (said.getSeverity()) {
  case DiagnosticSeverity::Error:
    diagnostic.id = takeId(text);
    if (diagnostic.id.empty())
      diagnostic.id = getErrorName(stageId);
    break;
  case DiagnosticSeverity::Warning:
    diagnostic.severity = "warning";
    break;
  default:
    return report(PassRemark(whole), said.getLocation());
  }
  diagnostic.file = options.modelPath;
  text.consume_front(options.modelPath + ": ");
  if (!takeNode(text, diagnostic.node, diagnostic.op)) {
    diagnostic.node = findNode(said.getLocation()).str();
    diagnostic.op = nodes.lookup(diagnostic.node);
  }
  diagnostic.message = text.str();
  for (mlir::Diagnostic &note : said.getNotes())
    diagnostic.message += " (" + note.str() + ")";
  if (interceptor && interceptor(diagnostic))
    return;
  workReport.print(diagnostic);
}

LogicalResult Compilation::fail(DriverError id, std::string message) {
  return workReport.fail(
      moec::Diagnostic(id, options.modelPath, std::move(message)));
}
