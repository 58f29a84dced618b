//===-- GraphInterface.cpp - inputs, parameters and outputs of main -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"

#include "dialects/Param/IR/Recipes.h"

#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace mlir;
using namespace moec;
using namespace moec::importer;

/// A symbol name that needs no quotes: other characters become underscores.
static std::string makeSymbolName(StringRef name) {
  std::string result;
  for (char c : name)
    result += isAlnum(c) || c == '.' || c == '$' ? c : '_';
  if (result.empty() || isDigit(result.front()) || result.front() == '.')
    result = "_" + result;
  return result;
}

Value GraphImporter::makeTensor(const TensorValue &tensor, StringRef name,
                                Location loc) {
  // What is written element by element and large has no recipe.
  param::RecipeInterface recipe;
  if (tensor.file)
    recipe = tensor.file;
  else if (!isConstant(tensor.type))
    recipe = param::makeDense(tensor.elements);
  if (!recipe)
    return onnx::ConstantOp::create(builder, loc, tensor.elements);
  StringAttr &known = parameters[{recipe, tensor.type}];
  if (!known) {
    std::string stem = makeSymbolName(name), symbol = stem;
    for (unsigned i = 0; !parameterNames.insert(symbol).second; ++i)
      symbol = stem + "_" + std::to_string(i);
    known = builder.getStringAttr(symbol);
    OpBuilder moduleBuilder(main);
    auto decl = param::DeclOp::create(moduleBuilder, loc, symbol, tensor.type,
                                      recipe, IntegerAttr());
    decl->setAttr(onnx::kNameAttr, builder.getStringAttr(name));
  }
  return param::LoadOp::create(builder, loc, tensor.type, known.getValue());
}

/// The name that an extent without one gets.
static std::string makeExtentName(StringRef input, size_t dim) {
  return makeSymbolName(input) + "_" + std::to_string(dim);
}

FailureOr<RankedTensorType>
GraphImporter::readInputType(const proto::ValueInfoProto &input,
                             const llvm::StringSet<> &dimNames) {
  const proto::TypeProto &type = input.type();
  Type element;
  if (type.has_tensor_type())
    element =
        getElementType(builder.getContext(), type.tensor_type().elem_type());
  if (!element)
    return reporter.error(ErrorId::UnsupportedType)
           << "input " << quoted(input.name()) << " has "
           << (type.has_tensor_type()
                   ? "the element type " +
                         getDataTypeName(type.tensor_type().elem_type())
                   : std::string("a type that is not a tensor"))
           << ", which is not supported; convert it to a numeric tensor";
  if (!type.tensor_type().has_shape())
    return reporter.error(ErrorId::UnknownRank)
           << "input " << quoted(input.name())
           << " has no known rank, which is not supported; give it a shape, "
              "with names for the extents that vary";
  const proto::TensorShapeProto &shape = type.tensor_type().shape();
  if (unsigned(shape.dim_size()) > options.limits.maxRank)
    return reporter.error(ErrorId::BadExtent)
           << "input " << quoted(input.name()) << " has rank "
           << shape.dim_size() << ", expected at most "
           << options.limits.maxRank << "; reshape it";
  SmallVector<int64_t> sizes;
  for (const proto::TensorShapeProto::Dimension &dim : shape.dim()) {
    if (!dim.has_dim_value()) {
      std::string madeUp = makeExtentName(input.name(), sizes.size());
      bool isNamed = !dim.dim_param().empty();
      auto fixed = find_if(options.dims, [&](const auto &entry) {
        return isNamed ? entry.first == dim.dim_param()
                       : entry.first == madeUp && !dimNames.contains(madeUp);
      });
      sizes.push_back(fixed != options.dims.end() ? fixed->second
                                                  : ShapedType::kDynamic);
      if (failed(checkName(dim.dim_param(), reporter, "an extent")))
        return failure();
      continue;
    }
    if (dim.dim_value() < 0 || dim.dim_value() > kMaxExtent ||
        !dim.dim_param().empty())
      return reporter.error(ErrorId::BadExtent)
             << "input " << quoted(input.name()) << " has the extent "
             << dim.dim_value() << ", expected 0 to " << kMaxExtent
             << " or a name; export the model again";
    sizes.push_back(dim.dim_value());
  }
  return RankedTensorType::get(sizes, element);
}

/// "'a', 'b'", sorted, or that there are none.
static std::string listNames(const llvm::StringSet<> &names) {
  std::vector<std::string> sorted;
  for (StringRef name : names.keys())
    sorted.push_back(quoted(name));
  llvm::sort(sorted);
  return sorted.empty() ? "none, for all its extents are fixed"
                        : "one of " + llvm::join(sorted, ", ");
}

LogicalResult GraphImporter::importInputs() {
  SmallVector<Type> types;
  SmallVector<Location> locs;
  SmallVector<const proto::ValueInfoProto *> inputs;
  llvm::StringSet<> seen, dimNames;
  for (const proto::ValueInfoProto &input : graph->input())
    for (const auto &dim : input.type().tensor_type().shape().dim())
      if (!dim.dim_param().empty())
        dimNames.insert(dim.dim_param());
  for (const proto::ValueInfoProto &input : graph->input()) {
    if (failed(checkName(input.name(), reporter, "an input")))
      return failure();
    if (input.name().empty() || !seen.insert(input.name()).second)
      return reporter.error(ErrorId::DuplicateName)
             << "input " << quoted(input.name())
             << " is named twice or not at all; rename it";
    // The default of an input that a caller may override; nobody does here.
    auto initializer = initializers.find(input.name());
    if (initializer != initializers.end()) {
      if (input.has_type() && input.type().has_tensor_type() &&
          getElementType(builder.getContext(),
                         input.type().tensor_type().elem_type()) !=
              initializer->second.type.getElementType())
        return reporter.error(ErrorId::Contradiction)
               << "input " << quoted(input.name())
               << " and the initializer of that name have different element "
                  "types; export the model again";
      continue;
    }
    FailureOr<RankedTensorType> type = readInputType(input, dimNames);
    if (failed(type))
      return failure();
    types.push_back(*type);
    locs.push_back(getLoc(input.name()));
    inputs.push_back(&input);
  }

  builder.setInsertionPointToEnd(module.getBody());
  parameterNames.insert("main");
  main = func::FuncOp::create(builder, module.getLoc(), "main",
                              builder.getFunctionType(types, {}));
  Block *block = main.addEntryBlock();
  builder.setInsertionPointToEnd(block);

  // Named symbols first, all of them: a name made up for a nameless extent must
  // not be one that the model uses.
  llvm::StringSet<> known;
  for (const proto::ValueInfoProto *input : inputs)
    for (const auto &entry :
         enumerate(input->type().tensor_type().shape().dim())) {
      const proto::TensorShapeProto::Dimension &dim = entry.value();
      if (dim.has_dim_value())
        continue;
      if (dim.dim_param().empty()) {
        std::string madeUp = makeExtentName(input->name(), entry.index());
        if (!dimNames.contains(madeUp))
          known.insert(madeUp);
        continue;
      }
      known.insert(dim.dim_param());
      if (none_of(options.dims, [&](const auto &entry) {
            return entry.first == dim.dim_param();
          }))
        shapes.getNamedSymbol(dim.dim_param());
    }
  for (const auto &[name, size] : options.dims) {
    if (!known.contains(name) || size < 0)
      return reporter.error(ErrorId::BadDimOption)
             << "the extent " << quoted(name) << " = " << size << " "
             << (size < 0
                     ? "is negative; give a size"
                     : "is not the name of an extent of an input; expected " +
                           listNames(known));
  }

  SmallVector<onnx::Extents> extents;
  for (auto [argument, input, type] :
       zip_equal(block->getArguments(), inputs, types)) {
    onnx::Extents sizes;
    const proto::TensorShapeProto &shape = input->type().tensor_type().shape();
    for (auto [index, size] :
         enumerate(cast<RankedTensorType>(type).getShape())) {
      const proto::TensorShapeProto::Dimension &dim = shape.dim(index);
      if (!ShapedType::isDynamic(size))
        sizes.push_back(shapes.getConstant(size));
      else if (!dim.dim_param().empty())
        sizes.push_back(shapes.getNamedSymbol(dim.dim_param()));
      else
        sizes.push_back(
            shapes.createSymbol(makeExtentName(input->name(), index)));
    }
    shapes.setExtents(argument, sizes);
    extents.push_back(sizes);
    argument.setLoc(getLoc(input->name()));
    if (failed(define(input->name(), argument, top, "the graph")))
      return failure();
  }
  // All at once: each change of one makes a list of all, and keeps the last.
  SmallVector<DictionaryAttr> attributes;
  for (auto [input, sizes] : zip_equal(inputs, extents)) {
    auto shape =
        AffineMap::get(0, shapes.getNumSymbols(), sizes, builder.getContext());
    attributes.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr(onnx::kNameAttr,
                              builder.getStringAttr(input->name())),
         builder.getNamedAttr(onnx::kShapeAttr, AffineMapAttr::get(shape))}));
  }
  main.setAllArgAttrs(attributes);
  return success();
}

LogicalResult GraphImporter::importInitializers() {
  if (graph->sparse_initializer_size())
    return reporter.error(ErrorId::UnsupportedTensor)
           << "has " << graph->sparse_initializer_size()
           << " sparse initializers, which are not supported; store them dense";
  for (const proto::TensorProto &tensor : graph->initializer()) {
    if (failed(checkName(tensor.name(), reporter, "an initializer")))
      return failure();
    std::string what = "initializer " + quoted(tensor.name());
    if (tensor.name().empty() || initializers.count(tensor.name()))
      return reporter.error(ErrorId::DuplicateName)
             << what << " is named twice or not at all; rename it";
    FailureOr<TensorValue> value = tensors.read(tensor, what);
    if (failed(value))
      return failure();
    initializers.emplace(tensor.name(), *value);
  }
  return success();
}

LogicalResult GraphImporter::checkDeclared(StringRef name, Value value,
                                           const proto::TypeProto &type) {
  auto inferred = cast<RankedTensorType>(value.getType());
  auto report = [&](const Twine &found, const Twine &expected) {
    return reporter.error(ErrorId::Contradiction)
           << "value " << quoted(name) << " is declared with " << found.str()
           << ", but its node gives it " << expected.str()
           << "; remove the declaration, or export the model again";
  };
  if (!type.has_tensor_type())
    return report("a type that is not a tensor", "a tensor");
  int32_t code = type.tensor_type().elem_type();
  if (code &&
      getElementType(builder.getContext(), code) != inferred.getElementType()) {
    std::string text;
    raw_string_ostream(text) << inferred.getElementType();
    return report("the element type " + getDataTypeName(code), text);
  }
  if (!type.tensor_type().has_shape())
    return success();
  const proto::TensorShapeProto &shape = type.tensor_type().shape();
  if (shape.dim_size() != inferred.getRank())
    return report("rank " + Twine(shape.dim_size()),
                  "rank " + Twine(inferred.getRank()));
  for (auto [index, size] : enumerate(inferred.getShape())) {
    const proto::TensorShapeProto::Dimension &dim = shape.dim(index);
    if (dim.has_dim_value() && !ShapedType::isDynamic(size) &&
        dim.dim_value() != size)
      return report("extent " + Twine(dim.dim_value()) + " in dimension " +
                        Twine(index),
                    "extent " + Twine(size));
  }
  return success();
}

LogicalResult GraphImporter::importOutputs() {
  SmallVector<Value> values;
  SmallVector<Type> types;
  llvm::StringSet<> seen;
  for (const proto::ValueInfoProto &output : graph->output()) {
    if (failed(checkName(output.name(), reporter, "an output")))
      return failure();
    if (output.name().empty() || !seen.insert(output.name()).second)
      return reporter.error(ErrorId::DuplicateName)
             << "output " << quoted(output.name())
             << " is named twice or not at all; rename it";
    FailureOr<Value> value = lookup(output.name(), top, "the graph's output");
    if (failed(value) ||
        (output.has_type() &&
         failed(checkDeclared(output.name(), *value, output.type()))))
      return failure();
    values.push_back(*value);
    types.push_back((*value).getType());
  }
  if (values.empty())
    return reporter.error(ErrorId::NoGraph)
           << "has no outputs, expected at least one; export it again";
  func::ReturnOp::create(builder, main.getLoc(), values);
  main.setFunctionType(builder.getFunctionType(main.getArgumentTypes(), types));
  SmallVector<DictionaryAttr> attributes;
  for (const proto::ValueInfoProto &output : graph->output())
    attributes.push_back(builder.getDictionaryAttr(builder.getNamedAttr(
        onnx::kNameAttr, builder.getStringAttr(output.name()))));
  main.setAllResultAttrs(attributes);
  return success();
}

/// Adds every symbol that an op's extents and checks mention.
static void addSymbols(Operation *op, SmallBitVector &symbols) {
  SmallVector<AffineMapAttr> maps;
  if (auto shapes = op->getAttrOfType<ArrayAttr>(onnx::kShapesAttr))
    append_range(maps, shapes.getAsRange<AffineMapAttr>());
  if (auto checks = op->getAttrOfType<ArrayAttr>(onnx::kEqualAttr))
    for (auto check : checks.getAsRange<onnx::CheckAttr>())
      maps.push_back(check.getSides());
  for (AffineMapAttr map : maps)
    for (AffineExpr expr : map.getValue().getResults())
      expr.walk([&](AffineExpr part) {
        if (auto symbol = dyn_cast<AffineSymbolExpr>(part))
          symbols.set(symbol.getPosition());
      });
}

void GraphImporter::eraseDeadOps() {
  SmallBitVector used(shapes.getNumSymbols());
  SmallVector<Attribute> checks, nodes;
  for (Operation &op : make_early_inc_range(reverse(main.getBody().front()))) {
    bool isUsed = !op.use_empty() || op.hasTrait<OpTrait::IsTerminator>();
    // A shape may speak of the number that this op counts.
    bool isCounted = false;
    if (auto made = newSymbols.find(&op); made != newSymbols.end())
      for (unsigned i = made->second.first; i < made->second.second; ++i)
        isCounted |= used[i];
    addSymbols(&op, used);
    if (isCounted && !isUsed) {
      builder.setInsertionPointAfter(&op);
      onnx::KeepOp::create(builder, op.getLoc(), op.getResults());
    }
    if (isCounted || isUsed)
      continue;
    // What a dead op demanded of its operands, others were inferred from.
    if (auto equal = op.getAttrOfType<ArrayAttr>(onnx::kEqualAttr))
      for (Attribute check : reverse(equal)) {
        checks.push_back(check);
        nodes.push_back(cast<NameLoc>(op.getLoc()).getName());
      }
    newSymbols.erase(&op);
    op.erase();
  }
  if (!checks.empty()) {
    std::reverse(checks.begin(), checks.end());
    std::reverse(nodes.begin(), nodes.end());
    main->setAttr(onnx::kEqualAttr, builder.getArrayAttr(checks));
    main->setAttr(onnx::kEqualNodesAttr, builder.getArrayAttr(nodes));
  }
  llvm::StringSet<> loaded;
  main.walk([&](param::LoadOp load) { loaded.insert(load.getParam()); });
  for (auto decl : make_early_inc_range(module.getOps<param::DeclOp>()))
    if (!loaded.contains(decl.getSymName()))
      decl.erase();
}

LogicalResult GraphImporter::importGraph(const proto::GraphProto &proto,
                                         const OpsetMap &opsets) {
  graph = &proto;
  top.opsets = &opsets;
  top.nodes = &proto.node();
  if (failed(importInitializers()) || failed(importInputs()))
    return failure();
  for (const proto::ValueInfoProto &value : proto.value_info())
    if (value.has_type())
      declared[value.name()] = &value.type();
  if (failed(importNodes(top)) || failed(importOutputs()))
    return failure();
  eraseDeadOps();
  SmallVector<StringRef> symbols;
  for (const std::string &name : shapes.getSymbolNames())
    symbols.push_back(name);
  module->setAttr(onnx::kSymbolsAttr, builder.getStrArrayAttr(symbols));
  return success();
}
