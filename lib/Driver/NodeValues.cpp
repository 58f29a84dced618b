//===-- NodeValues.cpp - what the nodes of a model make -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Driver/NodeValues.h"
#include "Artifacts.h"
#include "Compilation.h"
#include "ExposedValues.h"

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

static std::string getName(Operation *op) {
  auto name = dyn_cast<NameLoc>(op->getLoc());
  return name ? name.getName().str() : "";
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
    names.push_back(builder.getStringAttr(getName(nodes[node]) + ":" +
                                          std::to_string(result)));
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

/// In the worker.
static LogicalResult listInWorker(const CompileOptions &options,
                                  const NamedExtents &given, StringRef path,
                                  WorkReport &report) {
  Compilation compilation(options, report);
  if (failed(compilation.import()))
    return failure();
  ModuleOp module = compilation.getModule();
  llvm::StringMap<int64_t> dims;
  for (const auto &[name, value] : given)
    dims[name] = value;
  auto symbols = module->getAttrOfType<ArrayAttr>(onnx::kSymbolsAttr);
  json::Array values;
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
      values.push_back(
          json::Array{int64_t(number), int64_t(result.getResultNumber()),
                      json::fixUTF8(getName(op)), opType,
                      int64_t(estimateBytes(result, dims, symbols))});
    }
  }
  std::string text = llvm::formatv("{0}", json::Value(std::move(values))).str();
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
  for (const json::Value &entry : *list) {
    const json::Array &parts = *entry.getAsArray();
    values.push_back({{unsigned(*parts[0].getAsInteger()),
                       unsigned(*parts[1].getAsInteger())},
                      parts[2].getAsString()->str(),
                      parts[3].getAsString()->str(),
                      uint64_t(*parts[4].getAsInteger())});
  }
  return success();
}
