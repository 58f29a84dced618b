//===-- ModelCheck.cpp - what can be said before anything is built --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModelCheck.h"

#include "Upgrade.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace moec;
using namespace moec::importer;

LogicalResult importer::checkName(StringRef name, const Reporter &reporter,
                                  StringRef what) {
  constexpr size_t kMaxLength = 4096;
  StringRef reason;
  if (name.size() > kMaxLength)
    reason = "is longer than 4096 bytes";
  else if (any_of(name, [](char c) { return uint8_t(c) < 0x20 || c == 0x7f; }))
    reason = "has control characters";
  else if (!json::isUTF8(name))
    reason = "is not UTF-8";
  else
    return success();
  return reporter.error(ErrorId::BadName)
         << "the name " << quoted(name) << " of " << what << " " << reason
         << "; rename it";
}

LogicalResult importer::readOpsets(
    const google::protobuf::RepeatedPtrField<proto::OperatorSetIdProto>
        &imports,
    const Reporter &reporter, StringRef what, OpsetMap &opsets) {
  for (const proto::OperatorSetIdProto &import : imports) {
    StringRef domain = normalizeDomain(import.domain());
    if (failed(checkName(domain, reporter, "a domain")))
      return failure();
    if (import.version() < 1)
      return reporter.error(ErrorId::OpsetImport)
             << what << " imports version " << import.version()
             << " of the domain " << quoted(describeDomain(domain))
             << ", expected at least 1; export it again";
    auto [entry, isNew] = opsets.try_emplace(domain, import.version());
    if (!isNew && entry->second != import.version())
      return reporter.error(ErrorId::OpsetImport)
             << what << " imports the domain " << quoted(describeDomain(domain))
             << " in versions " << entry->second << " and " << import.version()
             << ", expected one; export it again";
  }
  return success();
}

std::string importer::getNodeName(const proto::NodeProto &node, unsigned index,
                                  StringRef prefix) {
  std::string name = node.name().empty()
                         ? node.op_type() + "_" + std::to_string(index)
                         : node.name();
  return prefix.empty() ? name : (prefix + "/" + name).str();
}

/// Escaped like any name, but without the quotes.
static std::string unquoted(StringRef name) {
  std::string text = quoted(name);
  return text.substr(1, text.size() - 2);
}

std::string importer::describeNode(const proto::NodeProto &node, unsigned index,
                                   StringRef prefix) {
  return "node " + quoted(getNodeName(node, index, prefix)) + " (" +
         unquoted(node.op_type()) + ")";
}

namespace {

class Checker {
public:
  Checker(const OperatorTable &operators, const FunctionTable &functions,
          const ImportOptions &options, const Reporter &reporter)
      : operators(operators), functions(functions), options(options),
        reporter(reporter) {}

  /// Checks the nodes of a graph or function, and of what they call; returns
  /// how many there are once all calls are expanded.
  FailureOr<uint64_t>
  checkBody(const google::protobuf::RepeatedPtrField<proto::NodeProto> &nodes,
            const OpsetMap &opsets, StringRef prefix, bool isFunction,
            unsigned depth);

  std::vector<UnsupportedNode> unsupported;

private:
  LogicalResult checkForm(const proto::NodeProto &node, StringRef where,
                          bool isFunction);
  void checkSupport(const proto::NodeProto &node, unsigned index,
                    const OpsetMap &opsets, StringRef prefix);
  FailureOr<uint64_t> checkCall(const proto::FunctionProto &function,
                                StringRef where, unsigned depth);

  const OperatorTable &operators;
  const FunctionTable &functions;
  const ImportOptions &options;
  const Reporter &reporter;
  /// Expanded node counts; nullopt while a function is being checked.
  DenseMap<const proto::FunctionProto *, std::optional<uint64_t>> counts;
};

} // namespace

/// The forms of Constant that are tensors of numbers.
static bool isNumericConstant(StringRef attribute) {
  return attribute == "value" || attribute == "value_int" ||
         attribute == "value_ints" || attribute == "value_float" ||
         attribute == "value_floats";
}

LogicalResult Checker::checkForm(const proto::NodeProto &node, StringRef where,
                                 bool isFunction) {
  if (failed(checkName(node.name(), reporter, "a node")) ||
      failed(checkName(node.op_type(), reporter, "an operator")) ||
      failed(checkName(node.domain(), reporter, "a domain")))
    return failure();
  for (const std::string &output : node.output())
    if (failed(checkName(output, reporter, "an output of " + where.str())))
      return failure();
  StringSet<> seen;
  for (const proto::AttributeProto &attribute : node.attribute()) {
    if (failed(checkName(attribute.name(), reporter,
                         "an attribute of " + where.str())))
      return failure();
    if (attribute.name().empty() || !seen.insert(attribute.name()).second)
      return reporter.error(ErrorId::BadAttribute)
             << where << " has the attribute " << quoted(attribute.name())
             << (attribute.name().empty() ? ", expected a name"
                                          : " twice, expected it once")
             << "; export the model again";
    if (!attribute.has_ref_attr_name() || attribute.ref_attr_name().empty()) {
      if (failed(getAttributeKind(attribute, reporter, where)))
        return failure();
    } else if (!isFunction) {
      return reporter.error(ErrorId::AttributeReference)
             << where << " has the attribute " << quoted(attribute.name())
             << ", which refers to the attribute "
             << quoted(attribute.ref_attr_name())
             << " of a function, but is in no function; export the model again";
    }
  }
  return success();
}

/// What to write instead of an operator that is known but not supported.
static StringRef getSubstitute(StringRef opType) {
  return StringSwitch<StringRef>(opType)
      .Case("MoEPacked",
            "its weights are blobs in block formats of GGUF, which "
            "are not read; export the layer as QMoE")
      .Default("express it by other operators");
}

void Checker::checkSupport(const proto::NodeProto &node, unsigned index,
                           const OpsetMap &opsets, StringRef prefix) {
  StringRef domain = normalizeDomain(node.domain());
  auto import = opsets.find(domain);
  int64_t version = import == opsets.end() ? 0 : import->second;
  auto report = [&](const Twine &reason, const Twine &advice) {
    unsupported.push_back({getNodeName(node, index, prefix), node.op_type(),
                           describeDomain(domain).str(), version, reason.str(),
                           advice.str()});
  };

  for (const proto::AttributeProto &attribute : node.attribute())
    if (attribute.has_g() || attribute.graphs_size())
      return report("control flow with subgraphs is not supported",
                    node.op_type() == "If"
                        ? "export one model for each branch (instead of a "
                          "merged decoder, decoder_model.onnx and "
                          "decoder_with_past_model.onnx, which Optimum writes "
                          "with --no-post-process)"
                        : "export the model with control flow unrolled");
  if (!version)
    return report("no opset import for its domain",
                  "add the domain to the model's opset imports");
  if (domain.empty() && version > kMaxOpset)
    return report("opset " + Twine(version) +
                      " is newer than the newest "
                      "supported, " +
                      Twine(kMaxOpset),
                  "export the model with opset " + Twine(kMaxOpset) +
                      " or less");
  OperatorName newest = getNewestOperator(domain, node.op_type(), version);
  const Operator *op = operators.lookup(newest.domain, newest.opType);
  if (!op)
    return operators.hasDomain(domain)
               ? report("the operator is not supported",
                        getSubstitute(node.op_type()))
               : report("the domain is not supported",
                        "export the model with standard operators");
  if (!isUpgradedVersion(newest.opType, newest.version) &&
      none_of(op->schema->sinceVersions,
              [&](int since) { return since <= newest.version; }))
    return report("the operator is supported from version " +
                      Twine(*min_element(op->schema->sinceVersions)),
                  "export the model with a later opset");

  bool isConstant = domain.empty() && node.op_type() == "Constant";
  for (const proto::AttributeProto &attribute : node.attribute()) {
    StringRef name = attribute.name();
    if (isConstant ? isNumericConstant(name)
                   : isUpgradedAttribute(node.op_type(), version, name) ||
                         op->hasAttribute(name))
      continue;
    return report("its attribute " + quoted(name) + " is not supported",
                  "export the model without the attribute");
  }
}

FailureOr<uint64_t> Checker::checkCall(const proto::FunctionProto &function,
                                       StringRef where, unsigned depth) {
  auto known = counts.find(&function);
  if (known != counts.end()) {
    if (known->second)
      return *known->second;
    return reporter.error(ErrorId::RecursiveFunction)
           << where << " calls the function " << quoted(function.name())
           << " from within itself; functions must not be recursive";
  }
  if (depth >= options.limits.maxCallDepth)
    return reporter.error(ErrorId::FunctionCallDepth)
           << where << " calls functions deeper than "
           << options.limits.maxCallDepth
           << " levels; inline functions before export";
  counts[&function] = std::nullopt;
  OpsetMap opsets;
  std::string what = "function " + quoted(function.name());
  if (failed(readOpsets(function.opset_import(), reporter, what, opsets)))
    return failure();
  FailureOr<uint64_t> count =
      checkBody(function.node(), opsets, function.name(), true, depth + 1);
  if (failed(count))
    return failure();
  uint64_t numNodes = *count;
  counts[&function] = numNodes;
  return numNodes;
}

FailureOr<uint64_t> Checker::checkBody(
    const google::protobuf::RepeatedPtrField<proto::NodeProto> &nodes,
    const OpsetMap &opsets, StringRef prefix, bool isFunction, unsigned depth) {
  uint64_t count = 0;
  for (auto [index, node] : enumerate(nodes)) {
    std::string where = describeNode(node, index, prefix);
    if (failed(checkForm(node, where, isFunction)))
      return failure();
    uint64_t added = 1;
    if (const proto::FunctionProto *function = functions.lookup(node)) {
      FailureOr<uint64_t> called = checkCall(*function, where, depth);
      if (failed(called))
        return failure();
      // The call itself is work too: functions without nodes must not be free.
      added = SaturatingAdd<uint64_t>(1, *called);
    } else {
      checkSupport(node, index, opsets, prefix);
    }
    count = SaturatingAdd(count, added);
    if (count > options.limits.maxNodes)
      return reporter.error(ErrorId::TooManyNodes)
             << "has more than " << options.limits.maxNodes
             << " nodes with its functions expanded; split the model";
  }
  return count;
}

LogicalResult importer::checkNodes(const proto::ModelProto &model,
                                   const OpsetMap &opsets,
                                   const OperatorTable &operators,
                                   const FunctionTable &functions,
                                   const ImportOptions &options,
                                   const Reporter &reporter) {
  Checker checker(operators, functions, options, reporter);
  if (failed(checker.checkBody(model.graph().node(), opsets, "", false, 0)))
    return failure();
  if (options.unsupported)
    *options.unsupported = checker.unsupported;
  for (const UnsupportedNode &node : checker.unsupported)
    reporter.error(ErrorId::UnsupportedNode)
        << "node " << quoted(node.name) << " (" << unquoted(node.opType)
        << ") is not supported: domain " << quoted(node.domain) << ", version "
        << node.version << ": " << node.reason << "; " << node.advice;
  return success(checker.unsupported.empty());
}
