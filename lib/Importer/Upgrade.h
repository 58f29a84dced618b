//===-- Upgrade.h - older forms of operators ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The dialect has one form of an operator, the newest. Where older versions
// differ only in how they say the same, this is the table of the differences.
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_IMPORTER_UPGRADE_H
#define MOEC_LIB_IMPORTER_UPGRADE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OperationSupport.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace moec::importer {

/// A node on its way to the newest form. An absent input is a null value.
struct NodeForm {
  std::string domain;
  std::string opType;
  int64_t version = 0;
  llvm::SmallVector<mlir::Value> inputs;
  mlir::NamedAttrList attributes;
  /// Empty for an output nobody names.
  llvm::SmallVector<llvm::StringRef> outputs;
};

/// The operator that a node's operator became: other name or domain, or, as
/// almost always, the same.
struct OperatorName {
  llvm::StringRef domain;
  llvm::StringRef opType;
  int64_t version;
};
OperatorName getNewestOperator(llvm::StringRef domain, llvm::StringRef opType,
                               int64_t version);

/// Whether `upgradeNode` takes this attribute of this version.
bool isUpgradedAttribute(llvm::StringRef opType, int64_t version,
                         llvm::StringRef attribute);

/// Whether `upgradeNode` brings this version to the newest meaning although the
/// op does not list it.
bool isUpgradedVersion(llvm::StringRef opType, int64_t version);

/// Brings a node of the default domain to the newest form.
llvm::LogicalResult
upgradeNode(NodeForm &node, mlir::OpBuilder &builder, mlir::Location loc,
            llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

} // namespace moec::importer

#endif // MOEC_LIB_IMPORTER_UPGRADE_H
