//===-- EinsumToMatmul.cpp - products with weights are MatMul -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Raising/Passes.h"

#include "Routing/NodeBuilder.h"

#include "dialects/Onnx/IR/Einsum.h"
#include "dialects/Onnx/IR/ShapeArithmetic.h"
#include "dialects/Param/IR/Param.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SetVector.h"

namespace moec {
#define GEN_PASS_DEF_EINSUMTOMATMUL
#include "moec/Raising/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;
using namespace moec::routing;

using Labels = SmallVector<unsigned>;

/// Elements moved and gathered are weights still.
static bool isWeight(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (isa<param::LoadOp>(op))
      return true;
    if (!isa<onnx::TransposeOp, onnx::ReshapeOp, onnx::SqueezeOp,
             onnx::UnsqueezeOp, onnx::IdentityOp, onnx::CastOp, onnx::GatherOp,
             onnx::GatherNDOp>(op))
      break;
    value = op->getOperand(0);
  }
  return false;
}

static Labels without(ArrayRef<unsigned> labels, ArrayRef<unsigned> others) {
  return llvm::filter_to_vector(labels, [&](unsigned label) {
    return !llvm::is_contained(others, label);
  });
}

static Labels common(ArrayRef<unsigned> labels, ArrayRef<unsigned> others) {
  return llvm::filter_to_vector(labels, [&](unsigned label) {
    return llvm::is_contained(others, label);
  });
}

static Labels joined(std::initializer_list<ArrayRef<unsigned>> parts) {
  llvm::SetVector<unsigned> all;
  for (ArrayRef<unsigned> part : parts)
    all.insert(part.begin(), part.end());
  return all.takeVector();
}

namespace {
/// A value and what each of its dimensions is called.
struct Labelled {
  Value value;
  Labels labels;
};

/// What is known of an operand before it is written.
struct Part {
  Labels labels;
  bool isWeight;
};

/// One Einsum, taken apart from left to right: sums and products of two.
class Splitter {
public:
  Splitter(onnx::EinsumOp op, onnx::ShapeContext &shapes)
      : op(op), b(op.getLoc(), shapes) {
    b.setInsertionPoint(op);
  }

  /// Why the op is left alone; "" where it can be taken apart.
  StringRef read() {
    FailureOr<onnx::EinsumForm> parsed = onnx::parseEinsum(op);
    if (failed(parsed))
      return "its equation is not understood";
    form = *parsed;
    if (!isa<FloatType>(getElementTypeOrSelf(op.getType())))
      return "it is no product of floats";
    extents.resize(form.numLabels);
    for (auto [input, labels] : llvm::zip_equal(op.getInputs(), form.operands))
      if (StringRef obstacle = readExtents(input, labels); !obstacle.empty())
        return obstacle;
    return findObstacle();
  }

  Value write() {
    Labelled whole = makePart(0);
    for (unsigned i = 1; i < form.operands.size(); ++i)
      whole = multiply(whole, makePart(i), getNeeded(i + 1));
    whole =
        sumOver(whole, without(whole.labels, getNeeded(form.operands.size())));
    return arrange(whole, getNeeded(form.operands.size()));
  }

  bool hasFailed() const { return b.hasFailed(); }

private:
  StringRef readExtents(Value input, ArrayRef<unsigned> labels) {
    if (joined({labels}).size() != labels.size())
      return "it reads a diagonal";
    onnx::Extents own = b.getShapes().getExtents(input);
    for (auto [label, extent] : llvm::zip_equal(labels, own)) {
      if (extents[label] && extents[label] != extent)
        return "it broadcasts, or only the run can compare its extents";
      extents[label] = extent;
    }
    return "";
  }

  /// Whether each product of two is one that is better taken apart.
  StringRef findObstacle() {
    Part whole = {form.operands.front(), isWeight(op.getInputs().front())};
    for (unsigned i = 1; i < form.operands.size(); ++i) {
      Part next = {form.operands[i], isWeight(op.getInputs()[i])};
      Labels needed = getNeeded(i + 1);
      StringRef obstacle = findObstacle(whole, next, needed);
      if (!obstacle.empty())
        return obstacle;
      // The product of a weight and rows is rows.
      whole = {common(joined({whole.labels, next.labels}), needed), false};
    }
    return "";
  }

  StringRef findObstacle(const Part &a, const Part &b,
                         ArrayRef<unsigned> needed) {
    Labels both = common(a.labels, b.labels);
    Labels all = joined({a.labels, b.labels});
    if (isElementwise(a, b, needed))
      return isNarrow() && !without(all, needed).empty()
                 ? "each product would be rounded before the sum"
                 : "";
    if (!a.isWeight && !b.isWeight)
      return "neither operand is a weight";
    if (without(both, needed).empty())
      return "it sums over nothing that two operands have";
    if (!without(without(all, both), needed).empty())
      return "it sums over what one operand has";
    return "";
  }

  /// Whether the product is one of each element of `a` or `b` by a number: the
  /// other has no dimension of its own, and there is no matrix of weights.
  static bool isElementwise(const Part &a, const Part &b,
                            ArrayRef<unsigned> needed) {
    bool isInside = without(b.labels, a.labels).empty() ||
                    without(a.labels, b.labels).empty();
    ArrayRef<unsigned> weights = b.isWeight ? b.labels : a.labels;
    ArrayRef<unsigned> rows = b.isWeight ? a.labels : b.labels;
    bool isMatrix = (a.isWeight || b.isWeight) &&
                    !without(common(weights, rows), needed).empty() &&
                    !common(without(weights, rows), needed).empty();
    return isInside && !isMatrix;
  }

  bool isNarrow() {
    return getElementTypeOrSelf(op.getType()).getIntOrFloatBitWidth() < 32;
  }

  /// The labels that operands from `first` on, or the result, still have.
  Labels getNeeded(unsigned first) const {
    Labels output = llvm::to_vector(llvm::seq(form.numOutputLabels));
    if (first >= form.operands.size())
      return output;
    for (const auto &labels : ArrayRef(form.operands).drop_front(first))
      output = joined({output, labels});
    return output;
  }

  Labelled makePart(unsigned i) {
    return {op.getInputs()[i], Labels(form.operands[i])};
  }

  AffineExpr multiplyExtents(ArrayRef<unsigned> labels) {
    auto factors = llvm::map_to_vector(
        labels, [&](unsigned label) { return extents[label]; });
    return onnx::getProduct(b.getShapes(), factors);
  }

  /// The same elements, dimensions in this order; they have the same labels.
  Value arrange(const Labelled &part, ArrayRef<unsigned> order) {
    if (ArrayRef(part.labels) == order)
      return part.value;
    SmallVector<int64_t> permutation;
    for (unsigned label : order)
      permutation.push_back(llvm::find(part.labels, label) -
                            part.labels.begin());
    return b.makeNode<onnx::TransposeOp>(
        part.value,
        b.getNamedAttr("perm", b.getDenseI64ArrayAttr(permutation)));
  }

  Labelled sumOver(Labelled part, ArrayRef<unsigned> summed) {
    if (summed.empty())
      return part;
    SmallVector<int64_t> axes;
    for (auto [axis, label] : llvm::enumerate(part.labels))
      if (llvm::is_contained(summed, label))
        axes.push_back(axis);
    Value sum = b.makeNode<onnx::ReduceSumOp>(
        {part.value, b.makeIntegers(axes)},
        {b.getNamedAttr("keepdims", b.getI64IntegerAttr(0)),
         b.getNamedAttr("noop_with_empty_axes", b.getI64IntegerAttr(0))});
    return {sum, without(part.labels, summed)};
  }

  Labelled multiply(const Labelled &a, const Labelled &b,
                    ArrayRef<unsigned> needed) {
    bool isWeighted = isWeight(b.value);
    if (isElementwise({a.labels, isWeight(a.value)}, {b.labels, isWeighted},
                      needed))
      return without(b.labels, a.labels).empty() ? scale(a, b, needed)
                                                 : scale(b, a, needed);
    return isWeighted ? contract(a, b, needed) : contract(b, a, needed);
  }

  /// Element by element; `factor` has some of the dimensions.
  Labelled scale(const Labelled &part, const Labelled &factor,
                 ArrayRef<unsigned> needed) {
    Value number = arrange(factor, common(part.labels, factor.labels));
    SmallVector<AffineExpr> sizes;
    for (unsigned label : part.labels)
      sizes.push_back(llvm::is_contained(factor.labels, label)
                          ? extents[label]
                          : b.getShapes().getConstant(1));
    Value product =
        b.makeNode<onnx::MulOp>({part.value, b.reshape(number, sizes)});
    return sumOver({product, part.labels}, without(part.labels, needed));
  }

  /// A MatMul of rows and a matrix for each element of the other dimensions of
  /// `weights`, which stay where they are as far as that goes.
  Labelled contract(const Labelled &rows, const Labelled &weights,
                    ArrayRef<unsigned> needed) {
    Labels both = common(weights.labels, rows.labels);
    Labels depth = without(both, needed);
    Labels own = without(weights.labels, both);
    Labels batch = without(weights.labels, joined({depth, own.back()}));
    Labels tokens = without(rows.labels, both);

    SmallVector<AffineExpr> rowSizes, weightSizes, productSizes;
    for (unsigned label : batch) {
      bool isShared = llvm::is_contained(both, label);
      rowSizes.push_back(isShared ? extents[label]
                                  : b.getShapes().getConstant(1));
      weightSizes.push_back(extents[label]);
      productSizes.push_back(extents[label]);
    }
    // Rows that no batch tells apart keep their dimensions.
    bool isPlain = batch.empty();
    if (isPlain)
      for (unsigned label : tokens)
        rowSizes.push_back(extents[label]);
    else
      rowSizes.push_back(multiplyExtents(tokens));
    rowSizes.push_back(multiplyExtents(depth));
    weightSizes.append({multiplyExtents(depth), extents[own.back()]});

    Value left = arrange(rows, joined({common(batch, both), tokens, depth}));
    Value right = arrange(weights, joined({batch, depth, own.back()}));
    Value product = b.makeNode<onnx::MatMulOp>(
        {b.reshape(left, rowSizes), b.reshape(right, weightSizes)});
    for (unsigned label : joined({tokens, own.back()}))
      productSizes.push_back(extents[label]);
    return {b.reshape(product, productSizes),
            joined({batch, tokens, own.back()})};
  }

  onnx::EinsumOp op;
  NodeBuilder b;
  onnx::EinsumForm form;
  SmallVector<AffineExpr> extents;
};

struct EinsumToMatmul : moec::impl::EinsumToMatmulBase<EinsumToMatmul> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main)
      return;
    onnx::ShapeContext shapes(module);
    for (auto op : llvm::make_early_inc_range(main.getOps<onnx::EinsumOp>()))
      if (!split(op, shapes))
        return signalPassFailure();
    if (numSplit == 0)
      return markAllAnalysesPreserved();
    shapes.storeSymbols(module);
  }

private:
  bool split(onnx::EinsumOp op, onnx::ShapeContext &shapes) {
    Splitter splitter(op, shapes);
    StringRef obstacle = splitter.read();
    if (!obstacle.empty()) {
      ++numLeft;
      remark::analysis(
          op.getLoc(),
          remark::RemarkOpts::name("EinsumLeft").category("einsum-to-matmul"))
          << remark::add("left '{0}' as it is: {1}", op.getEquation().str(),
                         obstacle.str());
      return true;
    }
    ++numSplit;
    Value result = splitter.write();
    if (splitter.hasFailed())
      return false;
    remark::passed(
        op.getLoc(),
        remark::RemarkOpts::name("EinsumSplit").category("einsum-to-matmul"))
        << remark::add("wrote '{0}' as products of two",
                       op.getEquation().str());
    op.getResult().replaceAllUsesWith(result);
    op.erase();
    return true;
  }
};
} // namespace
