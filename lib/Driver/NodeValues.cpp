//===-- NodeValues.cpp - what the nodes of a model make -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Driver/NodeValues.h"
#include "Artifacts.h"
#include "Compilation.h"
#include "ExposedValues.h"
#include "NodeGraph.h"

#include "dialects/Onnx/IR/Onnx.h"
#include "moec/CodeGen/Passes.h"
#include "moec/Conversion/OnnxToLinalg.h"
#include "moec/moec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace moec;

namespace json = llvm::json;

static func::FuncOp getMain(ModuleOp module) {
  return module.lookupSymbol<func::FuncOp>(kMainName);
}

/// The nodes of main; an op's number is its place here.
static SmallVector<Operation *> getNodes(ModuleOp module) {
  SmallVector<Operation *> nodes;
  for (Operation &op : getMain(module).getBody().front())
    if (isa<onnx::OnnxNode>(op))
      nodes.push_back(&op);
  return nodes;
}

void moec::exposeNodeValues(ModuleOp module, ArrayRef<NodeOutput> outputs) {
  func::FuncOp main = getMain(module);
  SmallVector<Operation *> nodes = getNodes(module);
  SmallVector<Value> values;
  SmallVector<Attribute> names;
  OpBuilder builder(module.getContext());
  for (auto [node, result] : outputs) {
    if (node >= nodes.size() || result >= nodes[node]->getNumResults())
      continue;
    values.push_back(nodes[node]->getResult(result));
    names.push_back(builder.getStringAttr(getImportedName(nodes[node]) + ":" +
                                          Twine(result)));
  }
  main.getBody().front().getTerminator()->setOperands(values);
  main.removeResAttrsAttr();
  main.setFunctionType(builder.getFunctionType(main.getArgumentTypes(),
                                               TypeRange(ValueRange(values))));
  for (auto [index, name] : llvm::enumerate(names))
    main.setResultAttr(index, onnx::kNameAttr, name);
  // What nodes demanded that are no part of this, nobody demands.
  main->removeAttr(onnx::kEqualAttr);
  main->removeAttr(onnx::kEqualNodesAttr);
  // From the end on, so that what fed only dead nodes is dead when it is seen.
  for (Operation *op : llvm::reverse(nodes))
    if (op->use_empty())
      op->erase();
}

/// The extents of a value, with every symbol that is not known as 1.
static uint64_t estimateBytes(Value value, const llvm::StringMap<int64_t> &dims,
                              ArrayAttr symbols) {
  auto type = cast<RankedTensorType>(value.getType());
  MLIRContext *context = value.getContext();
  SmallVector<AffineExpr> known;
  for (StringAttr name : symbols.getAsRange<StringAttr>()) {
    auto dim = dims.find(name.getValue());
    known.push_back(
        getAffineConstantExpr(dim == dims.end() ? 1 : dim->second, context));
  }
  double bytes = type.getElementTypeBitWidth() / 8.0;
  AffineMap map = onnx::getShapeMap(value);
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    int64_t extent = size;
    if (ShapedType::isDynamic(size)) {
      AffineExpr expr = map ? map.getResult(dim).replaceSymbols(known)
                            : getAffineConstantExpr(1, context);
      auto constant = dyn_cast<AffineConstantExpr>(
          simplifyAffineExpr(expr, 0, known.size()));
      extent = constant ? constant.getValue() : 1;
    }
    bytes *= std::max<int64_t>(extent, 1);
  }
  // A hostile model's need not fit; it will not run either.
  return bytes < 1e18 ? uint64_t(bytes) : uint64_t(1e18);
}

/// Values of a module as it was imported.
static std::vector<NodeValue> listValues(ModuleOp module,
                                         const NamedExtents &given) {
  llvm::StringMap<int64_t> dims;
  for (const auto &[name, value] : given)
    dims[name] = value;
  auto symbols = module->getAttrOfType<ArrayAttr>(onnx::kSymbolsAttr);
  std::vector<NodeValue> values;
  llvm::DenseSet<Value> ofInputs;
  for (BlockArgument arg : getMain(module).getArguments())
    ofInputs.insert(arg);
  for (auto [number, op] : llvm::enumerate(getNodes(module))) {
    if (llvm::none_of(op->getOperands(),
                      [&](Value value) { return ofInputs.contains(value); }))
      continue;
    ofInputs.insert(op->result_begin(), op->result_end());
    if (isOnnxView(op) || isa<onnx::IdentityOp>(op))
      continue;
    for (OpResult result : op->getResults()) {
      auto type = cast<RankedTensorType>(result.getType());
      if (result.use_empty() || type.getRank() > MOEC_MAX_RANK ||
          !isa<FloatType>(type.getElementType()) ||
          type.getElementTypeBitWidth() < 16)
        continue;
      StringRef opType = cast<onnx::OnnxNode>(op).getSchema().opType;
      values.push_back({{unsigned(number), result.getResultNumber()},
                        getImportedName(op).str(),
                        opType.str(),
                        estimateBytes(result, dims, symbols),
                        std::nullopt});
    }
  }
  return values;
}

/// Leaves out the values of nodes that a layer took the place of, but for its
/// own. `module` is at the stage `moe`.
static void hideReplaced(std::vector<NodeValue> &values, const NodeGraph &graph,
                         ModuleOp module) {
  NodeLayers layers(graph, module);
  llvm::erase_if(values, [&](NodeValue &value) {
    std::optional<unsigned> node = graph.find(value.node), layer;
    if (node)
      layer = layers.find(*node);
    if (!layer)
      return false;
    if (layers.getLayers()[*layer].root != *node)
      return true;
    SmallVector<unsigned> nodes = layers.getNodes(*layer);
    if (nodes.size() > 1)
      value.layer = {layers.getLayers()[*layer].raisedFrom,
                     unsigned(nodes.size()),
                     graph.getNodes()[nodes.front()].name};
    return false;
  });
}

//===-- From the worker ---------------------------------------------------===//

static json::Value toJson(const NodeValue &value) {
  json::Object object{{"node", value.output.first},
                      {"result", value.output.second},
                      {"name", json::fixUTF8(value.node)},
                      {"op", value.op},
                      {"bytes", value.bytes}};
  if (value.layer) {
    object["raised_from"] = value.layer->raisedFrom;
    object["count"] = value.layer->count;
    object["first"] = json::fixUTF8(value.layer->first);
  }
  return object;
}

static NodeValue readValue(const json::Object &object) {
  auto getNumber = [&](StringRef key) {
    return uint64_t(object.getInteger(key).value_or(0));
  };
  auto getText = [&](StringRef key) {
    return object.getString(key).value_or("").str();
  };
  NodeValue value{{unsigned(getNumber("node")), unsigned(getNumber("result"))},
                  getText("name"),
                  getText("op"),
                  getNumber("bytes"),
                  std::nullopt};
  if (object.get("raised_from"))
    value.layer = {getText("raised_from"), unsigned(getNumber("count")),
                   getText("first")};
  return value;
}

static LogicalResult listInWorker(const CompileOptions &options,
                                  const NamedExtents &dims, StringRef path,
                                  WorkReport &report) {
  Compilation compilation(options, report);
  // Those that compile the model say it again.
  compilation.intercept([](const moec::Diagnostic &diagnostic) {
    return diagnostic.severity == "warning";
  });
  if (failed(compilation.import()))
    return failure();
  std::vector<NodeValue> values = listValues(compilation.getModule(), dims);
  NodeGraph graph(compilation.getModule());
  if (failed(compilation.runStage(EmitKind::Onnx)) ||
      failed(compilation.runStage(EmitKind::Moe)))
    return failure();
  hideReplaced(values, graph, compilation.getModule());
  json::Array list;
  for (const NodeValue &value : values)
    list.push_back(toJson(value));
  std::string text = llvm::formatv("{0}", json::Value(std::move(list))).str();
  if (auto error = writeArtifact(path, text))
    return compilation.fail(DriverError::CannotWrite, *error);
  return success();
}

LogicalResult moec::listNodeValues(const CompileOptions &options,
                                   const NamedExtents &dims,
                                   const ScratchFolder &scratch,
                                   DiagnosticPrinter &printer,
                                   std::vector<NodeValue> &values) {
  std::string path = scratch.getPath() + "/values";
  WorkResult result =
      runWorker(options.limits, printer, [&](WorkReport &report) {
        return listInWorker(options, dims, path, report);
      });
  if (result.outcome == WorkResult::Interrupted)
    endBySignal(result.signal);
  if (result.isUnreported())
    printer.print(result.describe(options.modelPath, options.limits));
  if (!result.isDone())
    return failure();
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer) {
    printer.print(moec::Diagnostic(DriverError::CannotWrite, options.modelPath,
                                   "cannot read '" + path +
                                       "': " + buffer.getError().message()));
    return failure();
  }
  auto parsed = json::parse((*buffer)->getBuffer());
  const json::Array *list = parsed ? parsed->getAsArray() : nullptr;
  if (!parsed)
    llvm::consumeError(parsed.takeError());
  if (!list) {
    printer.print(moec::Diagnostic(DriverError::CannotWrite, options.modelPath,
                                   "'" + path + "' is damaged"));
    return failure();
  }
  for (const json::Value &entry : *list)
    values.push_back(readValue(*entry.getAsObject()));
  return success();
}
