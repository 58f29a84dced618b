//===-- Attributes.cpp - attributes of a node -----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Attributes.h"

#include "mlir/IR/Builders.h"

#include <iterator>

using namespace llvm;
using namespace moec;
using namespace moec::importer;
using mlir::Attribute;

FailureOr<AttributeKind>
importer::getAttributeKind(const proto::AttributeProto &attribute,
                           const Reporter &reporter, StringRef where) {
  // In the order of the codes.
  const bool present[] = {
      false,
      attribute.has_f(),
      attribute.has_i(),
      attribute.has_s(),
      attribute.has_t(),
      attribute.has_g(),
      attribute.floats_size() != 0,
      attribute.ints_size() != 0,
      attribute.strings_size() != 0,
      attribute.tensors_size() != 0,
      attribute.graphs_size() != 0,
      attribute.has_sparse_tensor(),
      attribute.sparse_tensors_size() != 0,
      attribute.has_tp(),
      attribute.type_protos_size() != 0,
  };
  unsigned count = llvm::count(present, true);
  int64_t type = attribute.type();
  // Files of IR version 1 and 2 have no type.
  if (type == 0 && count == 1)
    type = llvm::find(present, true) - std::begin(present);
  bool known = type > 0 && size_t(type) < std::size(present);
  // A number or text that is its own default may be left out.
  bool mayBeAbsent = known && (type <= int(AttributeKind::String) ||
                               (type >= int(AttributeKind::Floats) &&
                                type <= int(AttributeKind::Graphs)));
  if (!known || count > 1 || (count == 1 && !present[type]) ||
      (count == 0 && !mayBeAbsent))
    return reporter.error(ErrorId::BadAttribute)
           << where << " has the attribute " << quoted(attribute.name())
           << " of type " << attribute.type() << " with " << count
           << " values, expected one value of that type; export the model "
              "again";
  return AttributeKind(type);
}

bool importer::isSupported(AttributeKind kind) {
  switch (kind) {
  case AttributeKind::Float:
  case AttributeKind::Int:
  case AttributeKind::String:
  case AttributeKind::Tensor:
  case AttributeKind::Floats:
  case AttributeKind::Ints:
  case AttributeKind::Strings:
    return true;
  default:
    return false;
  }
}

/// Whether the op accepts this value; `message` receives why not.
static bool isAccepted(const Operator &op, StringRef name, Attribute value,
                       std::string &message) {
  mlir::MLIRContext *context = value.getContext();
  mlir::ScopedDiagnosticHandler handler(context,
                                        [&](mlir::Diagnostic &diagnostic) {
                                          message = diagnostic.str();
                                          return success();
                                        });
  mlir::NamedAttrList list;
  list.append(name, value);
  return succeeded(op.name.verifyInherentAttrs(
      list, [&] { return mlir::emitError(mlir::UnknownLoc::get(context)); }));
}

FailureOr<Attribute>
importer::convertAttribute(const proto::AttributeProto &attribute,
                           const Operator *op, TensorReader &tensors,
                           const Reporter &reporter, StringRef where) {
  FailureOr<AttributeKind> kind = getAttributeKind(attribute, reporter, where);
  if (failed(kind))
    return failure();
  mlir::Builder builder(&reporter.getContext());
  SmallVector<Attribute, 3> forms;
  switch (*kind) {
  case AttributeKind::Float:
    forms.push_back(builder.getF32FloatAttr(attribute.f()));
    break;
  case AttributeKind::Int: {
    forms.push_back(builder.getI64IntegerAttr(attribute.i()));
    if (attribute.i() == 0 || attribute.i() == 1)
      forms.push_back(builder.getBoolAttr(attribute.i()));
    // An operator that names an element type.
    if (attribute.i() >= 0 && attribute.i() <= INT32_MAX)
      if (mlir::Type type =
              getElementType(builder.getContext(), int32_t(attribute.i())))
        forms.push_back(mlir::TypeAttr::get(type));
    break;
  }
  case AttributeKind::String:
    forms.push_back(builder.getStringAttr(attribute.s()));
    break;
  case AttributeKind::Tensor: {
    FailureOr<TensorValue> value = tensors.read(
        attribute.t(), where + ": attribute " + quoted(attribute.name()),
        /*wantElements=*/true);
    if (failed(value))
      return failure();
    forms.push_back(value->elements);
    break;
  }
  case AttributeKind::Floats: {
    SmallVector<float> values(attribute.floats().begin(),
                              attribute.floats().end());
    forms.push_back(builder.getDenseF32ArrayAttr(values));
    forms.push_back(builder.getF32ArrayAttr(values));
    break;
  }
  case AttributeKind::Ints: {
    SmallVector<int64_t> values(attribute.ints().begin(),
                                attribute.ints().end());
    forms.push_back(builder.getDenseI64ArrayAttr(values));
    forms.push_back(builder.getI64ArrayAttr(values));
    break;
  }
  case AttributeKind::Strings: {
    SmallVector<StringRef> values;
    for (const std::string &value : attribute.strings())
      values.push_back(value);
    forms.push_back(builder.getStrArrayAttr(values));
    break;
  }
  default:
    return reporter.error(ErrorId::BadAttribute)
           << where << " has the attribute " << quoted(attribute.name())
           << " of type " << attribute.type()
           << ", which is not supported; export the model without it";
  }
  if (!op)
    return forms.front();
  std::string message;
  for (Attribute form : forms)
    if (isAccepted(*op, attribute.name(), form, message))
      return form;
  return reporter.error(ErrorId::BadAttribute)
         << where << " has the attribute " << quoted(attribute.name())
         << " of the wrong type (" << message << "); export the model again";
}
