//===-- Attributes.h - attributes of a node -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_IMPORTER_ATTRIBUTES_H
#define MOEC_LIB_IMPORTER_ATTRIBUTES_H

#include "OperatorTable.h"
#include "Tensors.h"

#include "mlir/IR/OperationSupport.h"

namespace moec::importer {

/// AttributeProto's own codes.
enum class AttributeKind : int32_t {
  Undefined = 0,
  Float = 1,
  Int = 2,
  String = 3,
  Tensor = 4,
  Graph = 5,
  Floats = 6,
  Ints = 7,
  Strings = 8,
  Tensors = 9,
  Graphs = 10,
  SparseTensor = 11,
  SparseTensors = 12,
  TypeProto = 13,
  TypeProtos = 14,
};

/// The kind of an attribute that is not a reference. Fails, with a diagnostic,
/// where its type and its fields do not fit together. `where` names the node.
llvm::FailureOr<AttributeKind>
getAttributeKind(const proto::AttributeProto &attribute,
                 const Reporter &reporter, llvm::StringRef where);

/// Whether attributes of this kind have a form in the IR.
bool isSupported(AttributeKind kind);

/// Converts an attribute of a supported kind. Among the forms a value can have
/// (an integer, a flag, a type; a list) takes the one that `op` declares. With
/// no `op` takes the first.
llvm::FailureOr<mlir::Attribute>
convertAttribute(const proto::AttributeProto &attribute, const Operator *op,
                 TensorReader &tensors, const Reporter &reporter,
                 llvm::StringRef where);

} // namespace moec::importer

#endif // MOEC_LIB_IMPORTER_ATTRIBUTES_H
