//===-- ContractionShapes.cpp - shapes of matrix products -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Einsum.h"
#include "dialects/Onnx/IR/Elements.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace mlir;
using namespace moec::onnx;

/// The extents of A @ B, where `a` and `b` are already transposed.
static LogicalResult inferMatMul(ShapeContext &context, Operation *op,
                                 Extents a, Extents b) {
  if (failed(requireSameElementType(op)))
    return failure();
  if (a.empty() || b.empty())
    return op->emitOpError("has a scalar operand, expected rank 1 or more");
  bool isRow = a.size() == 1, isColumn = b.size() == 1;
  AffineExpr innerA = a.back();
  AffineExpr innerB = isColumn ? b.front() : b[b.size() - 2];
  if (failed(context.requireEqual(op, innerA, innerB,
                                  "the inner extents do not fit")))
    return failure();
  auto dropBack = [](const Extents &extents) {
    return ArrayRef<AffineExpr>(extents).drop_back(
        std::min<size_t>(extents.size(), 2));
  };
  FailureOr<Extents> result = context.broadcast(op, dropBack(a), dropBack(b));
  if (failed(result))
    return failure();
  if (!isRow)
    result->push_back(a[a.size() - 2]);
  if (!isColumn)
    result->push_back(b.back());
  context.setResult(op->getResult(0),
                    getElementTypeOrSelf(op->getOperand(0).getType()), *result);
  return success();
}

LogicalResult MatMulOp::inferShapes(ShapeContext &context) {
  return inferMatMul(context, *this, context.getExtents(getA()),
                     context.getExtents(getB()));
}

LogicalResult FusedMatMulOp::inferShapes(ShapeContext &context) {
  auto transpose = [](Extents extents, bool inner, bool batch) {
    if (extents.size() < 2)
      return extents;
    if (batch)
      std::rotate(extents.begin(), extents.begin() + 1, extents.end() - 1);
    if (inner)
      std::swap(extents[extents.size() - 1], extents[extents.size() - 2]);
    return extents;
  };
  return inferMatMul(
      context, *this,
      transpose(context.getExtents(getA()), getTransA(), getTransBatchA()),
      transpose(context.getExtents(getB()), getTransB(), getTransBatchB()));
}

LogicalResult GemmOp::inferShapes(ShapeContext &context) {
  if (failed(requireSameElementType(*this)))
    return failure();
  Extents a = context.getExtents(getA()), b = context.getExtents(getB());
  if (a.size() != 2 || b.size() != 2)
    return emitOpError("has operands of ranks ")
           << a.size() << " and " << b.size() << ", expected 2 and 2";
  if (getTransA())
    std::swap(a[0], a[1]);
  if (getTransB())
    std::swap(b[0], b[1]);
  if (failed(context.requireEqual(*this, a[1], b[0],
                                  "the inner extents do not fit")))
    return failure();
  Extents result = {a[0], b[1]};
  Type element = getElementTypeOrSelf(getA().getType());
  if (getC()) {
    Extents c = context.getExtents(getC());
    if (c.size() > 2)
      return emitOpError("has C of rank ")
             << c.size() << ", expected at most 2";
    for (auto [dim, extent] : llvm::enumerate(c)) {
      if (extent == context.getConstant(1))
        continue;
      if (failed(context.requireEqual(*this, extent, result[dim + 2 - c.size()],
                                      "C does not broadcast to the product",
                                      CheckKind::Broadcast)))
        return failure();
    }
  }
  if (isa<IntegerType>(element))
    for (const APFloat &factor : {getAlpha(), getBeta()})
      if (!factor.isInteger())
        return emitUnsupported(*this)
               << "the product is of integers, but alpha or beta has a "
                  "fraction; express it by MatMul and Mul";
  context.setResult(getOperation()->getResult(0), element, result);
  return success();
}

/// One term of an equation: letters, with an ellipsis marked by '.'.
static FailureOr<std::string> parseTerm(EinsumOp op, StringRef text) {
  std::string term;
  while (!text.empty()) {
    if (text.consume_front("...")) {
      if (term.find('.') != std::string::npos)
        return op.emitOpError("has two ellipses in one term of the equation '")
               << op.getEquation() << "'";
      term += '.';
      continue;
    }
    char letter = text.front();
    text = text.drop_front();
    if (letter == ' ')
      continue;
    if (!llvm::isAlpha(letter))
      return op.emitOpError("has an unexpected '")
             << StringRef(&letter, 1) << "' in the equation '"
             << op.getEquation() << "'";
    term += letter;
  }
  return term;
}

FailureOr<EinsumForm> moec::onnx::parseEinsum(EinsumOp op) {
  std::string equation = op.getEquation().str();
  StringRef left = equation, right;
  bool isExplicit = left.contains("->");
  std::tie(left, right) = left.split("->");
  SmallVector<StringRef> pieces;
  left.split(pieces, ',');
  if (pieces.size() != op.getInputs().size())
    return op.emitOpError("has ")
           << op.getInputs().size() << " operands, but the equation '"
           << equation << "' has " << pieces.size() << " terms";
  SmallVector<std::string> terms;
  std::map<char, unsigned> counts;
  size_t ellipsisRank = 0;
  for (auto [piece, input] : llvm::zip_equal(pieces, op.getInputs())) {
    FailureOr<std::string> term = parseTerm(op, piece);
    if (failed(term))
      return failure();
    size_t rank = cast<RankedTensorType>(input.getType()).getRank();
    bool hasEllipsis = term->find('.') != std::string::npos;
    size_t letters = term->size() - hasEllipsis;
    if (hasEllipsis ? letters > rank : letters != rank)
      return op.emitOpError("has an operand of rank ")
             << rank << " for the term '" << piece.trim()
             << "' of the equation '" << equation << "'";
    if (hasEllipsis)
      ellipsisRank = std::max(ellipsisRank, rank - letters);
    for (char letter : *term)
      if (letter != '.')
        ++counts[letter];
    terms.push_back(std::move(*term));
  }
  std::string output;
  if (isExplicit) {
    FailureOr<std::string> term = parseTerm(op, right);
    if (failed(term))
      return failure();
    output = *term;
  } else {
    bool hasEllipsis = llvm::any_of(terms, [](const std::string &term) {
      return term.find('.') != std::string::npos;
    });
    output = hasEllipsis ? "." : "";
    // As numpy: letters that occur once, in order of their codes.
    for (auto [letter, count] : counts)
      if (count == 1)
        output += letter;
  }

  EinsumForm form;
  std::map<char, unsigned> numbers;
  unsigned ellipsis = 0;
  bool hasEllipsis = false;
  for (char letter : output) {
    if (letter == '.') {
      ellipsis = form.numLabels;
      hasEllipsis = true;
      form.numLabels += ellipsisRank;
      continue;
    }
    if (!counts.count(letter) || numbers.count(letter))
      return op.emitOpError("has the output label '")
             << StringRef(&letter, 1)
             << "' twice or in no operand, in the equation '" << equation
             << "'";
    numbers[letter] = form.numLabels++;
  }
  form.numOutputLabels = form.numLabels;
  // Without a place in the output, the extents of an ellipsis are summed.
  if (!hasEllipsis) {
    ellipsis = form.numLabels;
    form.numLabels += ellipsisRank;
  }
  for (auto [letter, count] : counts)
    if (!numbers.count(letter))
      numbers[letter] = form.numLabels++;

  for (auto [term, input] : llvm::zip_equal(terms, op.getInputs())) {
    size_t rank = cast<RankedTensorType>(input.getType()).getRank();
    SmallVector<unsigned> &labels = form.operands.emplace_back();
    for (char letter : term) {
      if (letter != '.') {
        labels.push_back(numbers[letter]);
        continue;
      }
      size_t covered = rank - (term.size() - 1);
      for (size_t i = 0; i < covered; ++i)
        labels.push_back(ellipsis + ellipsisRank - covered + i);
    }
  }
  return form;
}

LogicalResult EinsumOp::inferShapes(ShapeContext &context) {
  if (getInputs().empty())
    return emitOpError("has no operand, expected at least one");
  if (failed(requireSameElementType(*this)))
    return failure();
  FailureOr<EinsumForm> form = parseEinsum(*this);
  if (failed(form))
    return failure();
  Extents labels(form->numLabels, context.getConstant(1));
  for (auto [input, own] : llvm::zip_equal(getInputs(), form->operands))
    for (auto [label, extent] :
         llvm::zip_equal(own, context.getExtents(input))) {
      FailureOr<AffineExpr> both =
          context.broadcast(*this, labels[label], extent);
      if (failed(both))
        return failure();
      labels[label] = *both;
    }
  labels.resize(form->numOutputLabels);
  context.setResult(getOperation()->getResult(0),
                    getElementTypeOrSelf(getInputs().front().getType()),
                    labels);
  return success();
}
