//===-- OperatorTable.cpp - which operators there are ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorTable.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace moec;
using namespace moec::importer;

StringRef importer::normalizeDomain(StringRef domain) {
  return domain == "ai.onnx" ? "" : domain;
}

StringRef importer::describeDomain(StringRef domain) {
  return domain.empty() ? "ai.onnx" : domain;
}

/// Bookkeeping of an op, not attributes of the operator.
static bool isSegmentSizes(StringRef attribute) {
  return attribute == "operandSegmentSizes" ||
         attribute == "resultSegmentSizes";
}

bool Operator::hasAttribute(StringRef attribute) const {
  return !isSegmentSizes(attribute) &&
         any_of(name.getAttributeNames(), [&](mlir::StringAttr known) {
           return known.getValue() == attribute;
         });
}

OperatorTable::OperatorTable(mlir::MLIRContext &context) {
  context.getOrLoadDialect<onnx::OnnxDialect>();
  // Upstream's look-up by dialect finds nothing where operations of several
  // dialects are registered between two of one; walk them all.
  for (mlir::RegisteredOperationName name : context.getRegisteredOperations()) {
    if (name.getDialectNamespace() != onnx::OnnxDialect::getDialectNamespace())
      continue;
    auto *node = name.getInterface<onnx::OnnxNode>();
    if (!node)
      continue;
    const onnx::NodeSchema &schema = node->getSchema();
    // Ops of our own, which no model may name.
    if (schema.domain.starts_with("moec."))
      continue;
    operators.emplace(std::make_pair(schema.domain.str(), schema.opType.str()),
                      Operator{name, &schema});
    domains[schema.domain] = true;
  }
}

const Operator *OperatorTable::lookup(StringRef domain,
                                      StringRef opType) const {
  auto found = operators.find(std::make_pair(domain.str(), opType.str()));
  return found == operators.end() ? nullptr : &found->second;
}

bool FunctionTable::add(const proto::FunctionProto &function) {
  return functions
      .emplace(Key(normalizeDomain(function.domain()).str(), function.name(),
                   function.overload()),
               &function)
      .second;
}

const proto::FunctionProto *
FunctionTable::lookup(const proto::NodeProto &node) const {
  auto found = functions.find(Key(normalizeDomain(node.domain()).str(),
                                  node.op_type(), node.overload()));
  return found == functions.end() ? nullptr : found->second;
}
