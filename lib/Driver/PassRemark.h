//===-- PassRemark.h - what a pass remarks on ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_DRIVER_PASSREMARK_H
#define MOEC_LIB_DRIVER_PASSREMARK_H

#include "moec/Driver/Diagnostic.h"

#include "mlir/IR/Remarks.h"

#include <string>
#include <utility>
#include <vector>

namespace moec {

/// One remark, kept beyond the pass that made it, with the node it is about.
struct PassRemark {
  llvm::remarks::Type kind = llvm::remarks::Type::Analysis;
  /// The pass's flag, and the remark's own name.
  std::string pass, name;
  std::string function;
  /// The node and its operator; empty where it is about none.
  std::string node, op;
  /// All nodes that it is about, that one first.
  std::vector<std::string> nodes;
  /// Keys and values: the values, one behind the other, are the message.
  std::vector<std::pair<std::string, std::string>> args;

  explicit PassRemark(const mlir::remark::detail::Remark &remark);
  /// Of a pass that says it as a diagnostic, without kind and name.
  explicit PassRemark(std::string text);

  /// As `--remarks` prints it.
  Diagnostic toDiagnostic(llvm::StringRef file) const;
};

/// The remarks as LLVM's tools read them (llvm-remarkutil, optrecord.py): one
/// document each, its arguments beginning with the node.
std::string toYaml(llvm::ArrayRef<PassRemark> remarks);

} // namespace moec

#endif // MOEC_LIB_DRIVER_PASSREMARK_H
