//===-- PassRemark.cpp - what a pass remarks on --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PassRemark.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Remarks/RemarkSerializer.h"
#include "llvm/Support/raw_ostream.h"

using namespace moec;

using Args = std::vector<std::pair<std::string, std::string>>;

/// Of LLVM's convention: words between the arguments that have a name.
static constexpr const char *kWords = "String";

/// Puts words around what a pass gave by keys: numbers go into parentheses
/// behind the text.
static Args
toSentence(llvm::ArrayRef<mlir::remark::detail::Remark::Arg> given) {
  Args sentence, numbers;
  for (const auto &arg : given) {
    if (arg.key == "Remark") {
      sentence.emplace_back(kWords, arg.val);
    } else if (arg.key == "Reason" || arg.key == "Suggestion") {
      sentence.emplace_back(kWords, arg.key == "Reason" ? ": " : "; ");
      sentence.emplace_back(arg.key, arg.val);
    } else {
      numbers.emplace_back(kWords,
                           (numbers.empty() ? " (" : ", ") + arg.key + ": ");
      numbers.emplace_back(arg.key, arg.val);
    }
  }
  if (!numbers.empty())
    numbers.emplace_back(kWords, ")");
  sentence.insert(sentence.end(), numbers.begin(), numbers.end());
  return sentence;
}

PassRemark::PassRemark(const mlir::remark::detail::Remark &remark)
    : kind(remark.getRemarkType()),
      pass(remark.getCombinedCategoryName().str()),
      name(remark.getRemarkName().str()), function("main"),
      args(toSentence(remark.getArgs())) {
  // Without one of its own, the remark is about the model's graph.
  if (remark.getFunction() != "<unknown function>")
    function = remark.getFunction().str();
}

PassRemark::PassRemark(std::string text)
    : pass("mlir"), name("remark"), function("main"),
      args{{kWords, std::move(text)}} {}

Diagnostic PassRemark::toDiagnostic(llvm::StringRef file) const {
  Diagnostic diagnostic;
  diagnostic.severity = "remark";
  diagnostic.kind = kind == llvm::remarks::Type::Failure
                        ? "failed"
                        : llvm::remarks::typeToStr(kind).lower();
  diagnostic.pass = pass;
  diagnostic.name = name;
  diagnostic.file = file.str();
  diagnostic.node = node;
  diagnostic.op = op;
  for (const auto &[key, value] : args)
    diagnostic.message += value;
  return diagnostic;
}

/// The same, and the node in front of it.
static Args addNode(const PassRemark &remark) {
  Args args;
  if (!remark.node.empty()) {
    args.emplace_back(kWords, "node '");
    args.emplace_back("Node", remark.node);
    args.emplace_back(kWords, "' (");
    args.emplace_back("Operator", remark.op);
    args.emplace_back(kWords, "): ");
  }
  args.insert(args.end(), remark.args.begin(), remark.args.end());
  return args;
}

std::string moec::toYaml(llvm::ArrayRef<PassRemark> remarks) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto serializer = llvm::cantFail(
      llvm::remarks::createRemarkSerializer(llvm::remarks::Format::YAML, os));
  for (const PassRemark &remark : remarks) {
    Args args = addNode(remark);
    llvm::remarks::Remark document;
    document.RemarkType = remark.kind;
    document.PassName = remark.pass;
    document.RemarkName = remark.name;
    document.FunctionName = remark.function;
    for (const auto &[key, value] : args)
      document.Args.emplace_back(key, value);
    serializer->emit(document);
  }
  return text;
}
