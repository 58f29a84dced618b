//===-- Diagnostics.cpp - what the importer says, and how -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Diagnostics.h"

#include "mlir/IR/Location.h"
#include "llvm/ADT/StringExtras.h"

#include <cstdio>

using namespace mlir;
using namespace moec::importer;

std::string moec::importer::quoted(StringRef name) {
  constexpr size_t kMaxLength = 200;
  std::string result = "'";
  for (char c : name.take_front(kMaxLength)) {
    if (llvm::isPrint(c) && c != '\\') {
      result += c;
      continue;
    }
    result += "\\x";
    result += llvm::hexdigit(uint8_t(c) >> 4);
    result += llvm::hexdigit(uint8_t(c) & 15);
  }
  return result + (name.size() > kMaxLength ? "...'" : "'");
}

InFlightDiagnostic Reporter::error(ErrorId id) const {
  char label[32];
  snprintf(label, sizeof(label), "[moec-E%04d] ", int(id));
  return emitError(UnknownLoc::get(context))
         << std::string(label) << file << ": ";
}
