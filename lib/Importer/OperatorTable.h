//===-- OperatorTable.h - which operators there are -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_IMPORTER_OPERATORTABLE_H
#define MOEC_LIB_IMPORTER_OPERATORTABLE_H

#include "OnnxModel.pb.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/OperationSupport.h"
#include "llvm/ADT/StringMap.h"

#include <map>
#include <optional>
#include <tuple>

namespace moec::importer {

/// The newest version of the default domain that is understood.
inline constexpr int64_t kMaxOpset = 24;
inline constexpr int64_t kMaxIrVersion = 13;

/// Versions by domain, the default domain as "".
using OpsetMap = llvm::StringMap<int64_t>;

/// "ai.onnx" is another name of the default domain, "".
llvm::StringRef normalizeDomain(llvm::StringRef domain);
/// A domain as a user knows it: the default one is "ai.onnx".
llvm::StringRef describeDomain(llvm::StringRef domain);

struct Operator {
  mlir::RegisteredOperationName name;
  const onnx::NodeSchema *schema;

  bool hasAttribute(llvm::StringRef attribute) const;
};

/// Every op of the onnx dialect, by the operator it stands for.
class OperatorTable {
public:
  explicit OperatorTable(mlir::MLIRContext &context);

  /// The op of an operator, whatever its version; null where there is none.
  const Operator *lookup(llvm::StringRef domain, llvm::StringRef opType) const;
  bool hasDomain(llvm::StringRef domain) const {
    return domains.contains(domain);
  }

private:
  std::map<std::pair<std::string, std::string>, Operator> operators;
  llvm::StringMap<bool> domains;
};

/// The functions of a model.
class FunctionTable {
public:
  using Key = std::tuple<std::string, std::string, std::string>;

  /// False, with nothing added, where one of this identity is known.
  bool add(const proto::FunctionProto &function);
  const proto::FunctionProto *lookup(const proto::NodeProto &node) const;
  bool empty() const { return functions.empty(); }

private:
  std::map<Key, const proto::FunctionProto *> functions;
};

} // namespace moec::importer

#endif // MOEC_LIB_IMPORTER_OPERATORTABLE_H
