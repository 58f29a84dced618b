//===-- Diagnostic.cpp - what moec tells its user -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Driver/Diagnostic.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace moec;

std::string moec::getErrorName(DriverError error) {
  return llvm::formatv("moec-E{0,0+4}", int(error)).str();
}

/// Names come from the model: a line is a line, whatever they hold.
static std::string onOneLine(llvm::StringRef text) {
  std::string result;
  for (char letter : text.rtrim("\n"))
    result += static_cast<unsigned char>(letter) < 0x20 ? ' ' : letter;
  return result;
}

std::string Diagnostic::toText() const {
  std::string text = "moec: " + severity + ": ";
  if (!id.empty())
    text += "[" + id + "] ";
  if (!kind.empty())
    text += "[" + kind + "] ";
  if (!file.empty())
    text += file + ": ";
  if (!node.empty())
    text += "node '" + node + "'" + (op.empty() ? "" : " (" + op + ")") + ": ";
  text += message;
  if (!pass.empty())
    text += " (" + pass + ")";
  if (!reproducer.empty())
    text += "; to see it again, run what '" + reproducer + "' says";
  return onOneLine(text);
}

std::string Diagnostic::toJson() const {
  llvm::json::Object object{{"severity", severity},
                            {"message", llvm::json::fixUTF8(message)}};
  auto put = [&](llvm::StringRef key, const std::string &value) {
    if (!value.empty())
      object[key] = llvm::json::fixUTF8(value);
  };
  put("id", id);
  put("file", file);
  put("node", node);
  put("op", op);
  put("kind", kind);
  put("pass", pass);
  put("name", name);
  put("reproducer", reproducer);
  return llvm::formatv("{0}", llvm::json::Value(std::move(object))).str();
}

std::optional<Diagnostic> Diagnostic::fromJson(llvm::StringRef line) {
  auto value = llvm::json::parse(line);
  if (!value) {
    llvm::consumeError(value.takeError());
    return std::nullopt;
  }
  const llvm::json::Object *object = value->getAsObject();
  if (!object)
    return std::nullopt;
  auto get = [&](llvm::StringRef key) {
    auto text = object->getString(key);
    return text ? text->str() : std::string();
  };
  Diagnostic diagnostic;
  diagnostic.id = get("id");
  diagnostic.severity = get("severity");
  diagnostic.file = get("file");
  diagnostic.node = get("node");
  diagnostic.op = get("op");
  diagnostic.message = get("message");
  diagnostic.kind = get("kind");
  diagnostic.pass = get("pass");
  diagnostic.name = get("name");
  diagnostic.reproducer = get("reproducer");
  return diagnostic;
}

void DiagnosticPrinter::print(const Diagnostic &diagnostic) {
  numErrors += diagnostic.severity == "error";
  if (isQuiet)
    return;
  llvm::errs() << (json ? diagnostic.toJson() : diagnostic.toText()) << "\n";
}
