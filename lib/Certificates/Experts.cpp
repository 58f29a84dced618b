//===-- Experts.cpp - what the weights of experts are ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Experts.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::certificates;

llvm::Error StackedExperts::checkDuplicate(int64_t e, int64_t of) {
  for (Value weight : all)
    if (llvm::Error error = compare(weight, e, of))
      return error;
  return llvm::Error::success();
}

llvm::Error StackedExperts::checkZero(int64_t e) {
  if (!whyNoLast.empty())
    return refuse(whyNoLast);
  for (Value weight : last)
    if (llvm::Error error = checkZeros(weight, e))
      return error;
  return llvm::Error::success();
}

llvm::Error StackedExperts::compare(Value weight, int64_t e, int64_t of) {
  auto own = constants.readSlice(weight, e);
  if (!own)
    return own.takeError();
  auto other = constants.readSlice(weight, of);
  if (!other)
    return other.takeError();
  if (*own == *other)
    return llvm::Error::success();
  return refuse(describe(weight) + " differs for the two");
}

llvm::Error StackedExperts::checkZeros(Value weight, int64_t e) {
  auto numbers = constants.readSliceNumbers(weight, e);
  if (!numbers)
    return numbers.takeError();
  if (llvm::all_of(*numbers, [](double number) { return number == 0; }))
    return llvm::Error::success();
  return refuse(describe(weight) + " has elements of it that are not zero");
}

namespace {
/// Those of QMoE, whose last weights are zero where code or scale say so.
class QuantisedExperts : public StackedExperts {
public:
  QuantisedExperts(onnx::QMoEOp layer, ConstantReader &constants)
      : StackedExperts(constants), layer(layer) {}

  llvm::Error checkZero(int64_t e) override {
    if (llvm::Error error = StackedExperts::checkZero(e))
      return error;
    if (llvm::Error error = readForm())
      return error;
    auto areZeros = areCodesZero(e);
    if (!areZeros)
      return areZeros.takeError();
    if (*areZeros)
      return checkFinite(e);
    if (!llvm::errorToBool(checkZeros(layer.getFc2Scales(), e)))
      return llvm::Error::success();
    return refuse(describe(layer) + ": neither its codes nor its scales of fc2 "
                                    "make the expert's weights zero");
  }

private:
  static ArrayRef<int64_t> getShape(Value value) {
    return cast<RankedTensorType>(value.getType()).getShape();
  }

  /// Codes of whole bits, one row after the other, an output a row.
  llvm::Error readForm() {
    bits = layer.getFc2ExpertWeightBits().value_or(layer.getExpertWeightBits());
    bool isInteger =
        layer.getQuantType() == "int" && (bits == 2 || bits == 4 || bits == 8);
    ArrayRef<int64_t> codes = getShape(layer.getFc2ExpertsWeights());
    if (!isInteger || !layer.getFc2Scales() || codes.size() != 3 ||
        codes[1] != getLastExtent(layer.getInput()) ||
        getShape(layer.getFc2Scales()).size() < 2 ||
        getShape(layer.getFc2Scales())[1] != codes[1])
      return refuse(describe(layer) +
                    " has weights of a kind that is not known "
                    "to this check");
    rows = codes[1];
    columns = codes[2] * 8 / bits;
    return readZeroPointForm();
  }

  /// A zero point a row, which lie one after the other, or one a block, of
  /// which each row begins with a byte of its own.
  llvm::Error readZeroPointForm() {
    Value zeroPoints = layer.getFc2ZeroPoints();
    ArrayRef<int64_t> scales = getShape(layer.getFc2Scales());
    int64_t blocks = scales.size() > 2 ? scales[2] : 1;
    block = blocks > 1 ? layer.getBlockSize().value_or(0) : columns;
    zeroStride = 0;
    if (!zeroPoints)
      return llvm::Error::success();
    ArrayRef<int64_t> shape = getShape(zeroPoints);
    bool isByRow =
        shape.size() == 2 && blocks == 1 && shape[1] == countBytes(rows);
    bool isByBlock = shape.size() == 3 && shape[1] == rows && block > 0 &&
                     shape[2] == countBytes(blocks);
    if (!isByRow && !isByBlock)
      return refuse(describe(zeroPoints) +
                    " has zero points in an order that is "
                    "not known to this check");
    // In codes.
    zeroStride = isByRow ? 1 : shape[2] * 8 / bits;
    return llvm::Error::success();
  }

  int64_t countBytes(int64_t codes) const { return (codes * bits + 7) / 8; }

  unsigned getCode(ArrayRef<char> bytes, int64_t index) const {
    int64_t perByte = 8 / bits;
    unsigned byte = static_cast<unsigned char>(bytes[index / perByte]);
    return (byte >> (index % perByte * bits)) & ((1u << bits) - 1);
  }

  /// Whether each code is its zero point, so that the two cancel.
  llvm::Expected<bool> areCodesZero(int64_t e) {
    auto codes = constants.readSlice(layer.getFc2ExpertsWeights(), e);
    if (!codes)
      return codes.takeError();
    std::vector<char> zeroPoints;
    if (Value value = layer.getFc2ZeroPoints()) {
      auto read = constants.readSlice(value, e);
      if (!read)
        return read.takeError();
      zeroPoints = std::move(*read);
    }
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t k = 0; k < columns; ++k) {
        unsigned zero = zeroPoints.empty()
                            ? 1u << (bits - 1)
                            : getCode(zeroPoints, row * zeroStride + k / block);
        if (getCode(*codes, row * columns + k) != zero)
          return false;
      }
    return true;
  }

  llvm::Error checkFinite(int64_t e) {
    auto scales = constants.readSliceNumbers(layer.getFc2Scales(), e);
    if (!scales)
      return scales.takeError();
    if (llvm::all_of(*scales,
                     [](double scale) { return std::isfinite(scale); }))
      return llvm::Error::success();
    return refuse(describe(layer.getFc2Scales()) + " has infinite scales");
  }

  onnx::QMoEOp layer;
  int64_t bits = 0, rows = 0, columns = 0, block = 0, zeroStride = 0;
};
} // namespace

/// Operands beside the input and the scores; each has an index an expert.
static llvm::Error addFused(StackedExperts &experts, Operation *layer,
                            int64_t count, ConstantReader &constants) {
  for (Value weight : layer->getOperands().drop_front(2)) {
    auto type = cast<RankedTensorType>(weight.getType());
    if (!constants.isParameter(weight) || type.getRank() == 0 ||
        type.getShape().front() != count)
      return refuse(describe(weight) + ", which " + describe(layer) +
                    " reads, is no weight with an index an expert");
    experts.all.push_back(weight);
  }
  return llvm::Error::success();
}

static llvm::Expected<std::unique_ptr<Experts>>
findFused(const Router &router, ConstantReader &constants) {
  std::unique_ptr<StackedExperts> experts;
  if (auto layer = dyn_cast<onnx::MoEOp>(router.choice)) {
    experts = std::make_unique<StackedExperts>(constants);
    experts->last.push_back(layer.getFc2ExpertsWeights());
    if (Value bias = layer.getFc2ExpertsBias())
      experts->last.push_back(bias);
  } else {
    auto quantised = cast<onnx::QMoEOp>(router.choice);
    experts = std::make_unique<QuantisedExperts>(quantised, constants);
    if (Value bias = quantised.getFc2ExpertsBias())
      experts->last.push_back(bias);
  }
  if (llvm::Error error =
          addFused(*experts, router.choice, router.experts, constants))
    return std::move(error);
  return experts;
}

//===-- Ordinary nodes ----------------------------------------------------===//

/// Whether a weight has an index an expert in its first dimension; refuses one
/// that may have it elsewhere.
static llvm::Expected<bool> isStacked(Value weight, int64_t experts) {
  auto type = cast<RankedTensorType>(weight.getType());
  if (type.getRank() < 2)
    return false;
  if (type.getShape().front() == experts)
    return true;
  if (llvm::is_contained(type.getShape(), experts))
    return refuse(describe(weight) +
                  " may have the experts' weights in another dimension than "
                  "the first");
  return false;
}

/// Whether a node picks one expert's part out, whatever the run chooses.
static bool isCutUp(Value weight, ConstantReader &constants) {
  return llvm::any_of(weight.getUsers(), [&](Operation *user) {
    return isa<onnx::GatherOp, onnx::SliceOp, onnx::SplitOp>(user) &&
           constants.isConstant(user->getResult(0));
  });
}

/// Those that have nodes, or pieces of rows, of their own.
static llvm::Expected<std::unique_ptr<Experts>>
findOtherExperts(const Router &router, ArrayRef<Operation *> root,
                 ConstantReader &constants) {
  auto pieces = findPieceExperts(router, root, constants);
  if (pieces)
    return pieces;
  llvm::consumeError(pieces.takeError());
  return findUnrolledExperts(router, root, constants);
}

llvm::Expected<bool> certificates::collectStacked(StackedExperts &experts,
                                                  const OpSet &layer,
                                                  Operation *root,
                                                  int64_t count) {
  bool isCut = false;
  // In the order of the graph, whatever the order of the set.
  for (Operation &op : *root->getBlock()) {
    if (!layer.contains(&op) || !isa<param::LoadOp>(op))
      continue;
    Value weight = op.getResult(0);
    auto stacked = isStacked(weight, count);
    if (!stacked)
      return stacked.takeError();
    bool isOwnCut = *stacked && isCutUp(weight, experts.constants);
    isCut |= isOwnCut;
    if (*stacked && !isOwnCut)
      experts.all.push_back(weight);
  }
  return isCut;
}

llvm::Expected<std::unique_ptr<Experts>>
certificates::findExperts(const Router &router, ArrayRef<Operation *> root,
                          ConstantReader &constants) {
  if (router.isFused())
    return findFused(router, constants);
  auto experts = std::make_unique<StackedExperts>(constants);
  OpSet layer = collectLayer(router, root);
  auto isCut = collectStacked(*experts, layer, root.front(), router.experts);
  if (!isCut)
    return isCut.takeError();
  auto isMatrix = [](Value weight) {
    return cast<RankedTensorType>(weight.getType()).getRank() > 2;
  };
  if (*isCut || llvm::count_if(experts->all, isMatrix) < 2)
    return findOtherExperts(router, root, constants);
  auto last = findLastWeights(layer, root, experts->all);
  if (last)
    experts->last = std::move(*last);
  else
    experts->whyNoLast = llvm::toString(last.takeError());
  return experts;
}
