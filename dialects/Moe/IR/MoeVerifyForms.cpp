//===-- MoeVerifyForms.cpp - constraints of quantised and other forms -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MoeVerify.h"

#include <cmath>

using namespace mlir;
using namespace moec::moe;

LogicalResult moec::moe::requireSame(Operation *op, StringRef constraint,
                                     const Extent &a, const Extent &b) {
  if (!isKnown(a.size) || !isKnown(b.size) || a.size == b.size)
    return success();
  return op->emitOpError() << "breaks " << constraint << ": " << a.text
                           << " is " << a.size << " but " << b.text << " is "
                           << b.size;
}

namespace {
/// Checks them; what breaks is the op's constraint of that name.
class QuantVerifier {
public:
  QuantVerifier(Operation *op, StringRef constraint, const Quantised &quantised)
      : op(op), constraint(constraint), q(quantised),
        experts(q.name, q.weights, 0), rows(q.name, q.weights, 1) {}

  LogicalResult verify() {
    bool isCodes = getElement(q.weights).getIntOrFloatBitWidth() == 8;
    bool isScaled = q.scales || q.globalScales;
    if (isCodes != (q.format != nullptr) || isCodes != isScaled ||
        (!isCodes && q.zeroPoints))
      return fail() << "needs scales and quant exactly where its elements are "
                       "bytes";
    if (!isCodes)
      return success();
    if (q.zeroPoints && !q.format.takesZeroPoints())
      return fail() << "has zero points, which its format does not take";
    if (q.globalScales && !q.format.takesGlobalScales())
      return fail() << "has global scales, which its format does not take";
    return success(succeeded(verifyScales()) && succeeded(verifyZeroPoints()) &&
                   succeeded(verifyGlobalScales()));
  }

private:
  InFlightDiagnostic fail() {
    return op->emitOpError()
           << "breaks " << constraint << ": " << q.name << " ";
  }
  LogicalResult require(const Extent &a, const Extent &b) {
    return requireSame(op, constraint, a, b);
  }

  LogicalResult verifyScales() {
    if (!q.scales)
      return success();
    std::string name = ("the scales of " + q.name).str();
    Extent scaleRows(rows.text, mapKnown(rows.size, [&](int64_t n) {
                       return q.format.getScaleRows(n);
                     }));
    if (failed(require(Extent(name, q.scales, 0), experts)) ||
        failed(require(Extent(name, q.scales, 1), scaleRows)))
      return failure();
    // One scale a row may also be written as one block.
    if (getRank(q.scales) == 3)
      return require(Extent(name, q.scales, 2), getBlocks());
    if (q.format.getBlock() != 0)
      return op->emitOpError() << "breaks " << constraint << ": " << name
                               << " need a third extent, one for each block";
    return success();
  }

  LogicalResult verifyZeroPoints() {
    if (!q.zeroPoints)
      return success();
    std::string name = ("the zero points of " + q.name).str();
    if (failed(require(Extent(name, q.zeroPoints, 0), experts)))
      return failure();
    if (getRank(q.zeroPoints) == 3)
      return success(succeeded(require(Extent(name, q.zeroPoints, 1), rows)) &&
                     succeeded(require(Extent(name, q.zeroPoints, 2),
                                       getBytes(getBlocks()))));
    if (q.format.getBlock() != 0)
      return op->emitOpError()
             << "breaks " << constraint << ": " << name
             << " need a third extent, the bytes of a row's blocks";
    return require(Extent(name, q.zeroPoints, 1), getBytes(rows));
  }

  LogicalResult verifyGlobalScales() {
    if (!q.globalScales)
      return success();
    std::string name = ("the global scales of " + q.name).str();
    return require(Extent(name, q.globalScales, 0), experts);
  }

  Extent getBlocks() {
    return Extent("the number of blocks", mapKnown(q.depth, [&](int64_t k) {
                    return q.format.getRowScales(k);
                  }));
  }
  /// The bytes of so many codes.
  Extent getBytes(const Extent &codes) {
    return Extent("the bytes of " + codes.text,
                  mapKnown(codes.size,
                           [&](int64_t n) { return q.format.getRowBytes(n); }));
  }

  Operation *op;
  StringRef constraint;
  const Quantised &q;
  Extent experts, rows;
};
} // namespace

LogicalResult moec::moe::verifyQuant(Operation *op, StringRef constraint,
                                     const Quantised &quantised) {
  return QuantVerifier(op, constraint, quantised).verify();
}

LogicalResult ReweighOp::verify() {
  for (unsigned dim : {0u, 1u}) {
    Extent ids("ids", getIds(), dim);
    if (failed(requireSame(*this, "C1",
                           Extent("weights", getWeightsInit(), dim), ids)) ||
        failed(
            requireSame(*this, "C1", Extent("kept", getKeptInit(), dim), ids)))
      return failure();
  }
  if (failed(requireSame(*this, "C2", Extent("values", getValues(), 0),
                         Extent("ids", getIds(), 0))))
    return failure();
  float threshold = getThreshold().convertToFloat();
  if (!std::isfinite(threshold) || threshold < 0)
    return emitOpError("breaks C3: threshold must be finite and not negative");
  return success();
}

LogicalResult InterleaveOp::verify() {
  for (Value value : {getUp(), getInit()})
    if (getRank(value) != getRank(getGate()) ||
        getElement(value) != getElement(getGate()))
      return emitOpError() << "breaks C1: gate is " << getGate().getType()
                           << " but another operand is " << value.getType();
  for (unsigned dim = 0, rank = getRank(getGate()); dim < rank; ++dim) {
    Extent gate("gate", getGate(), dim);
    if (failed(requireSame(*this, "C2", Extent("up", getUp(), dim), gate)))
      return failure();
    if (dim == 1)
      gate = Extent("twice the rows of gate",
                    mapKnown(gate.size, [](int64_t i) { return 2 * i; }));
    if (failed(requireSame(*this, "C3", Extent("the result", getInit(), dim),
                           gate)))
      return failure();
  }
  return success();
}

LogicalResult TransposeCodesOp::verify() {
  int64_t bits = getBits();
  if (bits != 2 && bits != 4 && bits != 8)
    return emitOpError() << "breaks C1: codes have " << bits
                         << " bits, not 2, 4 or 8";
  auto getBytes = [&](StringRef name, Value value) {
    Extent codes(name, value, 1);
    return Extent(
        "the bytes of " + codes.text,
        mapKnown(codes.size, [&](int64_t n) { return (n * bits + 7) / 8; }));
  };
  if (failed(requireSame(*this, "C2", Extent("the result", getInit(), 0),
                         Extent("codes", getCodes(), 0))) ||
      failed(requireSame(*this, "C2", Extent("codes", getCodes(), 2),
                         getBytes("the result", getInit()))) ||
      failed(requireSame(*this, "C2", Extent("the result", getInit(), 2),
                         getBytes("codes", getCodes()))))
    return failure();
  return success();
}

LogicalResult MultiplyOp::verify() {
  for (unsigned dim : {0u, 1u}) {
    Extent a("a", getA(), dim);
    if (failed(requireSame(*this, "C1", Extent("b", getB(), dim), a)) ||
        failed(
            requireSame(*this, "C1", Extent("the result", getInit(), dim), a)))
      return failure();
  }
  return success();
}
