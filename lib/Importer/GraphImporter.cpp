//===-- GraphImporter.cpp - nodes to ops ----------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"

using namespace llvm;
using namespace mlir;
using namespace moec;
using namespace moec::importer;

GraphImporter::GraphImporter(ModuleOp module, const ModelFolder &folder,
                             const OperatorTable &operators,
                             const FunctionTable &functions,
                             const ImportOptions &options,
                             const Reporter &reporter)
    : module(module), folder(folder), operators(operators),
      functions(functions), options(options), reporter(reporter),
      builder(module.getContext()), tensors(folder, options.limits, reporter),
      shapes(module.getContext()) {}

Location GraphImporter::getLoc(StringRef name) {
  return NameLoc::get(builder.getStringAttr(name));
}

LogicalResult GraphImporter::define(StringRef name, Value value, Scope &scope,
                                    StringRef where) {
  bool isNew = scope.values.try_emplace(name, value).second &&
               (scope.isFunction || !initializers.count(name));
  if (isNew)
    return success();
  return reporter.error(ErrorId::DuplicateName)
         << where << " defines the value " << quoted(name)
         << ", which is defined already; rename one of them";
}

FailureOr<Value> GraphImporter::lookup(StringRef name, Scope &scope,
                                       StringRef where) {
  auto found = scope.values.find(name);
  if (found != scope.values.end())
    return found->second;
  if (!scope.isFunction) {
    auto initializer = initializers.find(name);
    if (initializer != initializers.end()) {
      // At the top, where it dominates every use, in the order of first use.
      OpBuilder::InsertionGuard guard(builder);
      if (lastInitializer)
        builder.setInsertionPointAfter(lastInitializer);
      else
        builder.setInsertionPointToStart(&main.getBody().front());
      Value value = makeTensor(initializer->second, name, getLoc(name));
      lastInitializer = value.getDefiningOp();
      scope.values[name] = value;
      return value;
    }
  }
  bool isLater = any_of(*scope.nodes, [&](const proto::NodeProto &node) {
    return is_contained(node.output(), name.str());
  });
  if (isLater)
    return reporter.error(ErrorId::UsedBeforeDefined)
           << where << " uses the value " << quoted(name)
           << ", which only a later node defines: the nodes are not sorted, or "
              "form a cycle; sort them";
  return reporter.error(ErrorId::UndefinedValue)
         << where << " uses the value " << quoted(name)
         << ", which nothing defines; export the model again";
}

FailureOr<SmallVector<Value>>
GraphImporter::lookupInputs(const proto::NodeProto &node, Scope &scope,
                            StringRef where) {
  SmallVector<Value> values;
  for (const std::string &name : node.input()) {
    if (name.empty()) {
      values.push_back({});
      continue;
    }
    FailureOr<Value> value = lookup(name, scope, where);
    if (failed(value))
      return failure();
    values.push_back(*value);
  }
  while (!values.empty() && !values.back())
    values.pop_back();
  return values;
}

FailureOr<const proto::AttributeProto *>
GraphImporter::resolve(const proto::AttributeProto &attribute,
                       const Scope &scope, StringRef where) {
  if (attribute.ref_attr_name().empty())
    return &attribute;
  auto found = scope.attributes.find(attribute.ref_attr_name());
  if (found == scope.attributes.end())
    return reporter.error(ErrorId::AttributeReference)
           << where << " has the attribute " << quoted(attribute.name())
           << ", which refers to " << quoted(attribute.ref_attr_name())
           << ", which its function does not declare; export the model again";
  const proto::AttributeProto *target = found->second;
  if (target && attribute.type() && target->type() &&
      attribute.type() != target->type())
    return reporter.error(ErrorId::AttributeReference)
           << where << " has the attribute " << quoted(attribute.name())
           << " of type " << attribute.type() << ", which refers to "
           << quoted(attribute.ref_attr_name()) << " of type " << target->type()
           << "; export the model again";
  return target;
}

LogicalResult GraphImporter::importConstant(const proto::NodeProto &node,
                                            Scope &scope, StringRef name,
                                            StringRef where) {
  if (node.attribute_size() != 1 || node.output_size() != 1 ||
      node.output(0).empty() || node.input_size() != 0)
    return reporter.error(ErrorId::BadNode)
           << where << " has " << node.attribute_size() << " attributes, "
           << node.input_size() << " inputs and " << node.output_size()
           << " outputs, expected one value, no input and one output; export "
              "the model again";
  FailureOr<const proto::AttributeProto *> attribute =
      resolve(node.attribute(0), scope, where);
  if (failed(attribute))
    return failure();
  StringRef form = node.attribute(0).name();
  if (!*attribute)
    return reporter.error(ErrorId::AttributeReference)
           << where
           << " has a value that the call of its function leaves out; "
              "export the model again";

  if (form == "value") {
    FailureOr<AttributeKind> kind =
        getAttributeKind(**attribute, reporter, where);
    if (failed(kind))
      return failure();
    if (*kind == AttributeKind::Tensor) {
      FailureOr<TensorValue> tensor =
          tensors.read((*attribute)->t(), where + ": its value");
      if (failed(tensor))
        return failure();
      return define(node.output(0), makeTensor(*tensor, name, getLoc(name)),
                    scope, where);
    }
  }
  FailureOr<Attribute> value =
      convertAttribute(**attribute, nullptr, tensors, reporter, where);
  if (failed(value))
    return failure();
  DenseElementsAttr elements;
  if (auto integer = dyn_cast<IntegerAttr>(*value);
      integer && form == "value_int")
    elements = DenseElementsAttr::get(
        RankedTensorType::get({}, builder.getI64Type()), integer.getValue());
  if (auto number = dyn_cast<FloatAttr>(*value);
      number && form == "value_float")
    elements = DenseElementsAttr::get(
        RankedTensorType::get({}, builder.getF32Type()), number.getValue());
  if (auto list = dyn_cast<DenseI64ArrayAttr>(*value);
      list && form == "value_ints")
    elements = DenseElementsAttr::get(
        RankedTensorType::get(list.size(), builder.getI64Type()),
        list.asArrayRef());
  if (auto list = dyn_cast<DenseF32ArrayAttr>(*value);
      list && form == "value_floats")
    elements = DenseElementsAttr::get(
        RankedTensorType::get(list.size(), builder.getF32Type()),
        list.asArrayRef());
  if (!elements)
    return reporter.error(ErrorId::BadAttribute)
           << where << " has the attribute " << quoted(form) << " of type "
           << (*attribute)->type()
           << ", expected the type of its name; export the model again";
  if (uint64_t(elements.getRawData().size()) > options.limits.maxTypedDataBytes)
    return reporter.error(ErrorId::TensorTooLarge)
           << where << " has a list of " << elements.size()
           << " numbers, more than fit " << options.limits.maxTypedDataBytes
           << " bytes; store it as a tensor";
  TensorValue tensor;
  tensor.type = cast<RankedTensorType>(elements.getType());
  tensor.elements = elements;
  return define(node.output(0), makeTensor(tensor, name, getLoc(name)), scope,
                where);
}

/// A constant in the place of numbers that shape inference worked out.
Value GraphImporter::foldKnownElements(Value value, Location loc) {
  auto type = cast<RankedTensorType>(value.getType());
  auto element = dyn_cast<IntegerType>(type.getElementType());
  if (!element || !type.hasStaticShape())
    return value;
  std::optional<SmallVector<int64_t>> known = shapes.getConstantElements(value);
  if (!known || int64_t(known->size()) != type.getNumElements())
    return value;
  SmallVector<APInt> numbers;
  for (int64_t number : *known)
    numbers.push_back(APInt(element.getWidth(), number, element.isSigned(),
                            /*implicitTrunc=*/true));
  return onnx::ConstantOp::create(builder, loc, type,
                                  DenseElementsAttr::get(type, numbers));
}

LogicalResult GraphImporter::importNode(const proto::NodeProto &node,
                                        Scope &scope, StringRef name,
                                        StringRef where) {
  NodeForm form;
  form.domain = normalizeDomain(node.domain()).str();
  form.opType = node.op_type();
  form.version = scope.opsets->lookup(form.domain);
  OperatorName newest =
      getNewestOperator(form.domain, form.opType, form.version);
  const Operator *op = operators.lookup(newest.domain, newest.opType);

  FailureOr<SmallVector<Value>> inputs = lookupInputs(node, scope, where);
  if (failed(inputs))
    return failure();
  form.inputs = *inputs;
  for (const proto::AttributeProto &attribute : node.attribute()) {
    FailureOr<const proto::AttributeProto *> target =
        resolve(attribute, scope, where);
    if (failed(target))
      return failure();
    // A reference to an attribute that the call left out: the op's default.
    if (!*target)
      continue;
    bool isOld =
        isUpgradedAttribute(form.opType, form.version, attribute.name());
    proto::AttributeProto renamed;
    if (*target != &attribute) {
      renamed = **target;
      renamed.set_name(attribute.name());
      *target = &renamed;
    }
    FailureOr<Attribute> value = convertAttribute(
        **target, isOld ? nullptr : op, tensors, reporter, where);
    if (failed(value))
      return failure();
    form.attributes.set(attribute.name(), *value);
  }
  for (const std::string &output : node.output())
    form.outputs.push_back(output);

  Location loc = getLoc(name);
  if (failed(upgradeNode(form, builder, loc, [&] {
        return reporter.error(ErrorId::BadNode) << where << " ";
      })))
    return failure();
  SmallVector<bool> made =
      getMadeOutputs(form.outputs, op->schema->outputKinds);
  FailureOr<Operation *> created = createOp(form, *op, made, where, loc);
  if (failed(created) || failed(inferTypes(*created, where)))
    return failure();

  unsigned result = 0;
  for (auto [output, isMade] : zip(form.outputs, made)) {
    if (!isMade)
      continue;
    Value value = (*created)->getResult(result++);
    if (output.empty())
      continue;
    value = foldKnownElements(value, loc);
    if (failed(define(output, value, scope, where)))
      return failure();
    if (scope.isFunction)
      continue;
    auto type = declared.find(output);
    if (type != declared.end() &&
        failed(checkDeclared(output, value, *type->second)))
      return failure();
  }
  return success();
}

LogicalResult GraphImporter::importCall(const proto::FunctionProto &function,
                                        const proto::NodeProto &node,
                                        Scope &scope, StringRef name,
                                        StringRef where) {
  FailureOr<SmallVector<Value>> inputs = lookupInputs(node, scope, where);
  if (failed(inputs))
    return failure();
  unsigned numOutputs = node.output_size();
  if (inputs->size() > size_t(function.input_size()) ||
      numOutputs > unsigned(function.output_size()))
    return reporter.error(ErrorId::FunctionSignature)
           << where << " calls the function " << quoted(function.name())
           << " with " << inputs->size() << " inputs and " << numOutputs
           << " outputs, expected at most " << function.input_size() << " and "
           << function.output_size() << "; export the model again";

  OpsetMap opsets;
  if (failed(readOpsets(function.opset_import(), reporter,
                        "function " + quoted(function.name()), opsets)))
    return failure();
  Scope inner;
  inner.opsets = &opsets;
  inner.nodes = &function.node();
  inner.prefix = name.str();
  inner.isFunction = true;
  for (auto [index, formal] : enumerate(function.input()))
    if (failed(define(formal,
                      index < inputs->size() ? (*inputs)[index] : Value(),
                      inner, "function " + quoted(function.name()))))
      return failure();

  auto declare = [&](StringRef attribute,
                     const proto::AttributeProto *value) -> LogicalResult {
    if (inner.attributes.try_emplace(attribute, value).second)
      return success();
    return reporter.error(ErrorId::DuplicateName)
           << "function " << quoted(function.name())
           << " declares the attribute " << quoted(attribute)
           << " twice; rename one of them";
  };
  for (const std::string &attribute : function.attribute())
    if (failed(declare(attribute, nullptr)))
      return failure();
  for (const proto::AttributeProto &attribute : function.attribute_proto())
    if (failed(declare(attribute.name(), &attribute)))
      return failure();
  // What the call gives, seen through the references of the caller itself.
  for (const proto::AttributeProto &attribute : node.attribute()) {
    auto formal = inner.attributes.find(attribute.name());
    if (formal == inner.attributes.end())
      return reporter.error(ErrorId::FunctionSignature)
             << where << " gives the function " << quoted(function.name())
             << " the attribute " << quoted(attribute.name())
             << ", which it does not declare; export the model again";
    FailureOr<const proto::AttributeProto *> target =
        resolve(attribute, scope, where);
    if (failed(target))
      return failure();
    if (*target)
      formal->second = *target;
  }

  if (failed(importNodes(inner)))
    return failure();
  for (unsigned i = 0; i < numOutputs; ++i) {
    if (node.output(i).empty())
      continue;
    FailureOr<Value> value = lookup(function.output(i), inner, where);
    if (failed(value))
      return failure();
    if (!*value)
      return reporter.error(ErrorId::FunctionSignature)
             << where << " uses the output " << quoted(function.output(i))
             << " of the function " << quoted(function.name())
             << ", which is an input that the call leaves out; export the "
                "model again";
    if (failed(define(node.output(i), *value, scope, where)))
      return failure();
    auto type = declared.find(node.output(i));
    if (!scope.isFunction && type != declared.end() &&
        failed(checkDeclared(node.output(i), *value, *type->second)))
      return failure();
  }
  return success();
}

/// The name of a node, or of the second one of a name `NAME#2`: names are what
/// layers and profiles go by.
std::string GraphImporter::makeUnique(StringRef name) {
  std::string unique = name.str();
  for (unsigned number = 2; !nodeNames.insert(unique).second; ++number)
    unique = (name + "#" + Twine(number)).str();
  return unique;
}

LogicalResult GraphImporter::importNodes(Scope &scope) {
  for (auto [index, node] : enumerate(*scope.nodes)) {
    std::string name = makeUnique(getNodeName(node, index, scope.prefix));
    std::string where = describeNode(node, index, scope.prefix);
    LogicalResult result = success();
    if (const proto::FunctionProto *function = functions.lookup(node))
      result = importCall(*function, node, scope, name, where);
    else if (normalizeDomain(node.domain()).empty() &&
             node.op_type() == "Constant")
      result = importConstant(node, scope, name, where);
    else
      result = importNode(node, scope, name, where);
    if (failed(result))
      return failure();
  }
  return success();
}
