//===-- ModelCheck.h - what can be said before anything is built ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_IMPORTER_MODELCHECK_H
#define MOEC_LIB_IMPORTER_MODELCHECK_H

#include "Attributes.h"
#include "OperatorTable.h"

#include "moec/Importer/Importer.h"

namespace moec::importer {

/// Reads opset imports into `opsets`. `what` names their owner.
llvm::LogicalResult
readOpsets(const google::protobuf::RepeatedPtrField<proto::OperatorSetIdProto>
               &imports,
           const Reporter &reporter, llvm::StringRef what, OpsetMap &opsets);

/// A name that may stand in the IR and in a diagnostic: UTF-8 without control
/// characters, of bounded length.
llvm::LogicalResult checkName(llvm::StringRef name, const Reporter &reporter,
                              llvm::StringRef what);

/// `node 'x' (MatMul)`, or the position of a node without a name.
std::string describeNode(const proto::NodeProto &node, unsigned index,
                         llvm::StringRef prefix = "");
/// The name by which locations know a node: its own or `MatMul_3`.
std::string getNodeName(const proto::NodeProto &node, unsigned index,
                        llvm::StringRef prefix);

/// Checks everything about nodes and functions that needs no types: names,
/// attributes' forms, recursion, the number of nodes after expansion. Then
/// reports all unsupported nodes together.
llvm::LogicalResult
checkNodes(const proto::ModelProto &model, const OpsetMap &opsets,
           const OperatorTable &operators, const FunctionTable &functions,
           const ImportOptions &options, const Reporter &reporter);

} // namespace moec::importer

#endif // MOEC_LIB_IMPORTER_MODELCHECK_H
