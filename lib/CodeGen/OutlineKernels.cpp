//===-- OutlineKernels.cpp - compute ops become kernels -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Passes.h"

#include "CheckedExtents.h"
#include "ExtentMessages.h"
#include "dialects/Moe/IR/Moe.h"
#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Rt/IR/Rt.h"
#include "moec/Conversion/OnnxToLinalg.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/ADT/MapVector.h"

namespace moec {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;
using onnx::getShapeMap;

/// Constants travel inside the kernel. The importer makes them of scalars and
/// of small integer tensors; everything else is a parameter.
static bool isCloned(Value value) {
  Operation *def = value.getDefiningOp();
  return def && def->hasTrait<OpTrait::ConstantLike>();
}

/// What becomes a kernel: every op that computes elements. Constants travel
/// with their users, views stay in main.
static bool isKernelOp(Operation *op) {
  if (op->hasTrait<OpTrait::ConstantLike>() || op->getNumResults() == 0)
    return false;
  return isa_and_present<onnx::OnnxDialect, moe::MoeDialect>(op->getDialect());
}

namespace {
/// The values of the model's symbols in main.
class MainSymbols {
public:
  /// Symbols that arguments carry, read at the top of main.
  void addArguments(func::FuncOp main) {
    auto builder = OpBuilder::atBlockBegin(&main.getBody().front());
    for (BlockArgument arg : main.getArguments()) {
      AffineMap map = getShapeMap(arg);
      if (!map)
        continue;
      inputs.push_back(map);
      for (auto [dim, expr] : llvm::enumerate(map.getResults()))
        if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
          if (!values.count(symbol.getPosition()))
            values[symbol.getPosition()] =
                tensor::DimOp::create(builder, arg.getLoc(), arg, dim);
    }
  }

  /// Makes the symbols that `op`'s results introduce.
  LogicalResult addResults(Operation *op) {
    auto node = dyn_cast<onnx::OnnxNode>(op);
    if (!node || !op->hasAttr(onnx::kShapesAttr))
      return success();
    OpBuilder builder(op);
    for (OpResult result : op->getResults()) {
      AffineMap map = getShapeMap(result);
      for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
        auto symbol = dyn_cast<AffineSymbolExpr>(expr);
        if (!symbol || values.count(symbol.getPosition()))
          continue;
        Value extent =
            node.materializeExtent(builder, result.getResultNumber(), dim);
        if (!extent)
          return op->emitError() << "extent " << dim << " of result "
                                 << result.getResultNumber()
                                 << " depends on data in an unsupported way";
        values[symbol.getPosition()] = extent;
      }
    }
    return success();
  }

  /// Whether every symbol of the map has a value by now.
  bool areKnown(AffineMap map) const {
    bool known = true;
    for (AffineExpr expr : map.getResults())
      expr.walk([&](AffineExpr part) {
        auto symbol = dyn_cast<AffineSymbolExpr>(part);
        known &= !symbol || values.count(symbol.getPosition());
      });
    return known;
  }

  /// The value of an extent; in front of it a check where it may wrap.
  OpFoldResult build(OpBuilder &builder, Location loc, AffineExpr expr) const {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return builder.getIndexAttr(constant.getValue());
    if (mayWrap(expr, inputs))
      buildWrapCheck(builder, loc, expr, [&](unsigned position) {
        return values.lookup(position);
      });
    SmallVector<OpFoldResult> operands;
    DenseMap<AffineExpr, AffineExpr> renumbering;
    expr.walk([&](AffineExpr part) {
      auto symbol = dyn_cast<AffineSymbolExpr>(part);
      if (!symbol || renumbering.count(symbol))
        return;
      renumbering[symbol] = builder.getAffineSymbolExpr(operands.size());
      operands.push_back(values.lookup(symbol.getPosition()));
    });
    auto map = AffineMap::get(0, operands.size(), expr.replace(renumbering));
    return affine::makeComposedFoldedAffineApply(builder, loc, map, operands);
  }

  /// The extents of a result of an onnx op.
  SmallVector<OpFoldResult> buildExtents(OpBuilder &builder,
                                         OpResult result) const {
    auto type = cast<RankedTensorType>(result.getType());
    SmallVector<OpFoldResult> extents;
    for (auto [dim, size] : llvm::enumerate(type.getShape()))
      extents.push_back(ShapedType::isDynamic(size)
                            ? build(builder, result.getLoc(),
                                    getShapeMap(result).getResult(dim))
                            : OpFoldResult(builder.getIndexAttr(size)));
    return extents;
  }

private:
  DenseMap<unsigned, Value> values;
  /// The shapes of main's arguments.
  SmallVector<AffineMap> inputs;
};

/// Renumbers symbols by first appearance, so that equal ops of different
/// layers give equal functions.
class LocalSymbols {
public:
  AffineMapAttr renumber(AffineMap map) {
    SmallVector<AffineExpr> exprs;
    for (AffineExpr expr : map.getResults()) {
      expr.walk([&](AffineExpr part) {
        if (isa<AffineSymbolExpr>(part))
          renumbering.try_emplace(
              part, getAffineSymbolExpr(renumbering.size(), map.getContext()));
      });
      exprs.push_back(expr.replace(renumbering));
    }
    return AffineMapAttr::get(
        AffineMap::get(0, renumbering.size(), exprs, map.getContext()));
  }

private:
  DenseMap<AffineExpr, AffineExpr> renumbering;
};

struct OutlineKernels : moec::impl::OutlineKernelsBase<OutlineKernels> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>(kMainName);
    if (!main) {
      getOperation().emitError()
          << "has no function named '" << kMainName << "'";
      return signalPassFailure();
    }
    MainSymbols symbols;
    ExtentMessages words(main);
    messages = &words;
    Operation *first = &main.getBody().front().front();
    symbols.addArguments(main);
    SmallVector<Check> checks = takeChecks(main);
    buildKnownChecks(first, checks, symbols);
    // Extents first: making them may add ops that are kernels themselves.
    for (Operation &op : llvm::make_early_inc_range(llvm::make_range(
             Block::iterator(first), first->getBlock()->end()))) {
      if (auto node = dyn_cast<onnx::OnnxNode>(op)) {
        OpBuilder builder(&op);
        node.buildChecks(builder);
      }
      if (failed(symbols.addResults(&op)))
        return signalPassFailure();
      buildKnownChecks(&op, checks, symbols);
      buildChecks(&op, symbols);
    }
    if (!checks.empty()) {
      main.emitError() << "has a check of an extent that nothing makes";
      return signalPassFailure();
    }
    eraseKept(main);
    for (Operation &op : llvm::make_early_inc_range(main.getBody().front()))
      buildView(&op, symbols);
    SymbolTable table(getOperation());
    for (Operation &op : llvm::make_early_inc_range(main.getBody().front()))
      if (isKernelOp(&op))
        outline(&op, symbols, table);
  }

private:
  /// What a node demands of two extents.
  struct Check {
    onnx::CheckAttr demand;
    Location node;
  };

  const ExtentMessages *messages = nullptr;

  /// Undecided equalities become run-time checks in front of the op.
  void buildChecks(Operation *op, const MainSymbols &symbols) {
    auto checks = op->getAttrOfType<ArrayAttr>(onnx::kEqualAttr);
    if (!checks)
      return;
    for (auto check : checks.getAsRange<onnx::CheckAttr>())
      buildCheck(op, {check, op->getLoc()}, symbols);
    op->removeAttr(onnx::kEqualAttr);
  }

  /// The demands of nodes that are gone.
  static SmallVector<Check> takeChecks(func::FuncOp main) {
    SmallVector<Check> result;
    auto checks = main->getAttrOfType<ArrayAttr>(onnx::kEqualAttr);
    auto nodes = main->getAttrOfType<ArrayAttr>(onnx::kEqualNodesAttr);
    if (!checks)
      return result;
    for (auto [i, check] :
         llvm::enumerate(checks.getAsRange<onnx::CheckAttr>())) {
      auto node = nodes && i < nodes.size() ? dyn_cast<StringAttr>(nodes[i])
                                            : StringAttr();
      result.push_back(
          {check, node ? Location(NameLoc::get(node)) : main.getLoc()});
    }
    main->removeAttr(onnx::kEqualAttr);
    main->removeAttr(onnx::kEqualNodesAttr);
    return result;
  }

  /// Builds those of `checks`, in front of `at`, whose symbols are known there,
  /// and removes them.
  void buildKnownChecks(Operation *at, SmallVectorImpl<Check> &checks,
                        const MainSymbols &symbols) {
    llvm::erase_if(checks, [&](const Check &check) {
      if (!symbols.areKnown(check.demand.getSides().getValue()))
        return false;
      buildCheck(at, check, symbols);
      return true;
    });
  }

  /// Erases what was kept for its symbols, which main has made by now.
  static void eraseKept(func::FuncOp main) {
    SmallVector<onnx::KeepOp> keeps(main.getOps<onnx::KeepOp>());
    for (onnx::KeepOp keep : llvm::reverse(keeps)) {
      llvm::SetVector<Operation *> makers;
      for (Value value : keep.getValues())
        if (Operation *maker = value.getDefiningOp())
          makers.insert(maker);
      keep.erase();
      for (Operation *maker : makers)
        if (isOpTriviallyDead(maker))
          maker->erase();
    }
  }

  void buildCheck(Operation *at, const Check &check,
                  const MainSymbols &symbols) {
    OpBuilder builder(at);
    Location loc = check.node;
    Value sides[2];
    for (unsigned i : {0, 1})
      sides[i] = getValueOrCreateConstantIndexOp(
          builder, loc,
          symbols.build(builder, loc,
                        check.demand.getSides().getValue().getResult(i)));
    Value holds = arith::CmpIOp::create(
        builder, loc, getPredicate(check.demand.getKind()), sides[0], sides[1]);
    rt::CheckOp::create(builder, loc, holds, rt::Status::ShapeMismatch,
                        messages->describe(check.demand), sides);
  }

  static arith::CmpIPredicate getPredicate(onnx::CheckKind kind) {
    switch (kind) {
    case onnx::CheckKind::AtLeast:
      return arith::CmpIPredicate::sge;
    case onnx::CheckKind::Differ:
      return arith::CmpIPredicate::ne;
    case onnx::CheckKind::Equal:
    case onnx::CheckKind::Broadcast:
      return arith::CmpIPredicate::eq;
    }
    llvm_unreachable("unknown kind of check");
  }

  /// What moves no element stays in main, as a view.
  void buildView(Operation *op, const MainSymbols &symbols) {
    bool isView = isOnnxView(op) || isa<onnx::IdentityOp>(op);
    if (!isView || isCloned(op->getOperand(0)))
      return;
    Location loc = op->getLoc();
    OpBuilder builder(op);
    SmallVector<OpFoldResult> extents =
        symbols.buildExtents(builder, op->getResult(0));
    auto view = rt::ViewOp::create(
        builder, loc, op->getResult(0).getType(), op->getOperand(0),
        getValueOrCreateConstantIndexOp(builder, loc, extents));
    if (Attribute shapes = op->getAttr(onnx::kShapesAttr))
      view->setAttr(onnx::kShapesAttr, shapes);
    op->getResult(0).replaceAllUsesWith(view);
    op->erase();
  }

  void outline(Operation *op, const MainSymbols &symbols, SymbolTable &table) {
    Location loc = op->getLoc();
    OpBuilder builder(op);
    auto dps = dyn_cast<DestinationStyleOpInterface>(op);

    // What the kernel takes: operands, then destinations.
    llvm::SetVector<Value> inputs;
    SmallVector<Value> outputs;
    for (OpOperand &operand : op->getOpOperands())
      if (!isCloned(operand.get()) && !(dps && dps.isDpsInit(&operand)))
        inputs.insert(operand.get());
    if (dps) {
      for (OpOperand &init : dps.getDpsInitsMutable())
        outputs.push_back(init.get());
    } else {
      for (OpResult result : op->getResults()) {
        auto type = cast<RankedTensorType>(result.getType());
        SmallVector<OpFoldResult> extents =
            symbols.buildExtents(builder, result);
        outputs.push_back(tensor::EmptyOp::create(builder, loc, extents,
                                                  type.getElementType()));
      }
    }

    SmallVector<Value> arguments(inputs.begin(), inputs.end());
    llvm::append_range(arguments, outputs);
    SmallVector<Type> argumentTypes, resultTypes;
    for (Value value : arguments)
      argumentTypes.push_back(value.getType());
    for (Value value : outputs)
      resultTypes.push_back(value.getType());

    std::string name = op->getName().stripDialect().str();
    auto moduleBuilder = OpBuilder::atBlockEnd(getOperation().getBody());
    auto kernel = func::FuncOp::create(
        moduleBuilder, loc, name,
        builder.getFunctionType(argumentTypes, resultTypes));
    kernel.setPrivate();
    kernel->setAttr(kKernelAttr, builder.getUnitAttr());
    table.insert(kernel);
    describeArguments(op, kernel, inputs.getArrayRef(), outputs, dps);
    buildBody(op, kernel, inputs.getArrayRef(), outputs, dps);

    auto call = func::CallOp::create(builder, loc, kernel, arguments);
    if (Attribute layer = op->getAttr("moe.layer"))
      call->setAttr("moe.layer", layer);
    op->replaceAllUsesWith(call);
    op->erase();
    ++numKernels;
  }

  /// As recorded. Of static results nothing need be.
  static AffineMap getExtents(Value result) {
    if (AffineMap map = getShapeMap(result))
      return map;
    MLIRContext *context = result.getContext();
    SmallVector<AffineExpr> extents;
    for (int64_t size : cast<ShapedType>(result.getType()).getShape())
      extents.push_back(getAffineConstantExpr(size, context));
    return AffineMap::get(0, 0, extents, context);
  }

  void describeArguments(Operation *op, func::FuncOp kernel,
                         ArrayRef<Value> inputs, ArrayRef<Value> outputs,
                         DestinationStyleOpInterface dps) {
    OpBuilder builder(op);
    LocalSymbols local;
    unsigned number = 0;
    // Destinations alone say how results' extents are named: what is known of
    // inputs differs between the first layer and the others.
    for (size_t i = 0; i < inputs.size(); ++i)
      kernel.setArgAttr(number++,
                        bufferization::BufferizationDialect::kWritableAttrName,
                        builder.getBoolAttr(false));
    SmallVector<Attribute> shapes;
    for (auto [index, output] : llvm::enumerate(outputs)) {
      if (!dps) {
        AffineMapAttr shape = local.renumber(getExtents(op->getResult(index)));
        shapes.push_back(shape);
        kernel.setArgAttr(number, onnx::kShapeAttr, shape);
      }
      if (auto node = dyn_cast<onnx::OnnxNode>(op))
        if (const auto *past = llvm::find(inputs, node.getContinued(index));
            past != inputs.end()) // A constant is no argument.
          kernel.setArgAttr(number, kAliasAttr,
                            builder.getI64IntegerAttr(past - inputs.begin()));
      kernel.setArgAttr(number++,
                        bufferization::BufferizationDialect::kWritableAttrName,
                        builder.getBoolAttr(true));
    }
    if (!dps)
      op->setAttr(onnx::kShapesAttr, builder.getArrayAttr(shapes));
  }

  void buildBody(Operation *op, func::FuncOp kernel, ArrayRef<Value> inputs,
                 ArrayRef<Value> outputs, DestinationStyleOpInterface dps) {
    Location loc = op->getLoc();
    auto builder = OpBuilder::atBlockBegin(kernel.addEntryBlock());
    IRMapping mapping;
    mapping.map(inputs, kernel.getArguments().take_front(inputs.size()));
    auto destinations = kernel.getArguments().drop_front(inputs.size());
    for (OpOperand &operand : op->getOpOperands())
      if (isCloned(operand.get()) && !mapping.contains(operand.get()))
        builder.clone(*operand.get().getDefiningOp(), mapping);
    if (dps)
      for (auto [init, arg] : llvm::zip(outputs, destinations))
        mapping.map(init, arg);
    Operation *clone = builder.clone(*op, mapping);
    clone->removeAttr("moe.layer");
    clone->removeAttr("moe.dead_experts");
    if (dps) // Symbols of the model: not renumbered, and not needed.
      clone->removeAttr(onnx::kShapesAttr);
    SmallVector<Value> results(clone->getResults());
    if (!dps)
      for (auto [result, arg] : llvm::zip(results, destinations))
        result = bufferization::MaterializeInDestinationOp::create(builder, loc,
                                                                   result, arg)
                     .getResult();
    func::ReturnOp::create(builder, loc, results);
  }
};
} // namespace
