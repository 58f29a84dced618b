//===-- MoeVerify.cpp - the numbered constraints of the moe ops -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MoeVerify.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace moec::moe;

/// C7 and C8.
static LogicalResult verifyNumbers(RouteOp op) {
  auto toFloat = [](const APFloat &value) { return value.convertToFloat(); };
  float epsilon = toFloat(op.getEpsilon()), jitter = toFloat(op.getJitter());
  if (!std::isfinite(epsilon) || epsilon < 0 || !std::isfinite(jitter) ||
      jitter < 0 || !std::isfinite(toFloat(op.getScale())))
    return op.emitOpError("breaks C7: epsilon, scale and jitter must be "
                          "finite, epsilon and jitter not negative");
  if (op.getNorm() &&
      (!std::isfinite(toFloat(*op.getNorm())) || toFloat(*op.getNorm()) <= 0))
    return op.emitOpError("breaks C7: norm must be finite and positive");
  if (op.getLeastDivisor() && !std::isfinite(toFloat(*op.getLeastDivisor())))
    return op.emitOpError("breaks C7: least_divisor must be finite");
  if ((op.getNorm() || op.getLeastDivisor()) && !op.getRenormalize())
    return op.emitOpError(
        "breaks C8: norm and least_divisor go with renormalize");
  return success();
}

LogicalResult RouteOp::verify() {
  Extent experts("scores", getScores(), 1);
  if (getSelectionBias() &&
      failed(requireSame(*this, "C1",
                         Extent("selection_bias", getSelectionBias(), 0),
                         experts)))
    return failure();

  if (getExpertScale() &&
      failed(requireSame(*this, "C9",
                         Extent("expert_scale", getExpertScale(), 0), experts)))
    return failure();

  Extent choices("weights", getWeightsInit(), 1);
  for (unsigned dim : {0u, 1u})
    if (failed(requireSame(*this, "C2", Extent("ids", getIdsInit(), dim),
                           Extent("weights", getWeightsInit(), dim))))
      return failure();
  if (failed(requireSame(*this, "C2", Extent("weights", getWeightsInit(), 0),
                         Extent("scores", getScores(), 0))))
    return failure();

  if (!isKnown(choices.size) || choices.size < 1)
    return emitOpError("breaks C3: the number of choices (the second extent of "
                       "the results) must be static and positive");
  if (isKnown(experts.size) && choices.size > experts.size)
    return emitOpError() << "breaks C3: chooses " << choices.size << " of "
                         << experts.size << " experts";

  int64_t groups = getGroups(), kept = getGroupsKept();
  if (groups < 1 || kept < 1 || kept > groups)
    return emitOpError() << "breaks C4: keeps " << kept << " of " << groups
                         << " groups";
  if (groups > 1) {
    if (!isKnown(experts.size) || experts.size % groups != 0)
      return emitOpError() << "breaks C4: the experts do not form " << groups
                           << " equal groups";
    if (getGroupScore() == GroupScore::Top2Sum && experts.size / groups < 2)
      return emitOpError("breaks C4: top2_sum needs two experts a group");
  }

  // Accessors of integer attributes are unsigned.
  int64_t capacity = getCapacity().value_or(1);
  if (capacity < 1)
    return emitOpError() << "breaks C5: the capacity is " << capacity;

  if (getScore() == ScoreFunction::SparseMixer &&
      (getSelectionBias() || groups > 1 || getRenormalize()))
    return emitOpError("breaks C6: sparse_mixer goes without selection bias, "
                       "groups and renormalize");
  if (getKeysWeigh() && (getScore() == ScoreFunction::SparseMixer ||
                         getScore() == ScoreFunction::SoftmaxSelected))
    return emitOpError("breaks C6: keys_weigh goes without sparse_mixer and "
                       "softmax_selected");
  return verifyNumbers(*this);
}

LogicalResult PlanOp::verify() {
  for (unsigned dim : {0u, 1u})
    if (failed(requireSame(*this, "C1",
                           Extent("inverse", getInverseInit(), dim),
                           Extent("ids", getIds(), dim))))
      return failure();
  auto ids = cast<ShapedType>(getIds().getType());
  if (ids.hasStaticShape() &&
      failed(requireSame(*this, "C2", Extent("rows", getRowsInit(), 0),
                         Extent("the number of ids", ids.getNumElements()))))
    return failure();
  Extent offsets("offsets", getOffsetsInit(), 0);
  if (isKnown(offsets.size) && offsets.size < 2)
    return emitOpError() << "breaks C3: offsets[0] is " << offsets.size
                         << ", the number of experts plus one is at least 2";
  if (getGroups() && Extent("groups", getGroups(), 0).size == 0)
    return emitOpError() << "breaks C4: groups has no element";
  return success();
}

int64_t PlanOp::getNumSourceExperts() {
  if (getGroups())
    return cast<ShapedType>(getGroups().getType()).getDimSize(0);
  int64_t offsets = cast<ShapedType>(getOffsetsInit().getType()).getDimSize(0);
  return mapKnown(offsets, [](int64_t size) { return size - 1; });
}

LogicalResult DispatchOp::verify() {
  if (failed(requireSame(*this, "C1", Extent("the result", getInit(), 0),
                         Extent("rows", getRows(), 0))) ||
      failed(requireSame(*this, "C2", Extent("the result", getInit(), 1),
                         Extent("x", getX(), 1))))
    return failure();
  if (getElement(getInit()) != getElement(getX()))
    return emitOpError() << "breaks C2: the result has elements of type "
                         << getElement(getInit()) << ", x of type "
                         << getElement(getX());
  return success();
}

LogicalResult PackPanelsOp::verify() {
  if (getElement(getWeights()) != getElement(getInit()))
    return emitOpError() << "breaks C1: packs elements of type "
                         << getElement(getWeights()) << " into "
                         << getElement(getInit());
  unsigned depth = getKMajor() ? 1 : 2, columns = getKMajor() ? 2 : 1;
  if (failed(requireSame(*this, "C2", Extent("the result", getInit(), 0),
                         Extent("weights", getWeights(), 0))) ||
      failed(requireSame(*this, "C2", Extent("the result", getInit(), 2),
                         Extent("weights", getWeights(), depth))))
    return failure();
  Extent n("weights", getWeights(), columns);
  int64_t panels = mapKnown(n.size, [](int64_t size) {
    return llvm::divideCeil(size, MoeDialect::kPanelColumns);
  });
  if (failed(requireSame(*this, "C3", Extent("the result", getInit(), 1),
                         Extent("the number of panels", panels))) ||
      failed(requireSame(
          *this, "C3", Extent("the result", getInit(), 3),
          Extent("the width of a panel", MoeDialect::kPanelColumns))))
    return failure();
  if (getGated() && isKnown(n.size) && n.size % 2 != 0)
    return emitOpError() << "breaks C4: " << n.size
                         << " columns are not pairs of gate and up";
  return success();
}

/// Bytes of a row of k quantised elements, else k.
static int64_t getStoredDepth(WeightFormat format, int64_t k) {
  return mapKnown(
      k, [&](int64_t k) { return format ? format.getRowBytes(k) : k; });
}

int64_t GroupedMatmulOp::getNumExperts() {
  return cast<ShapedType>(getWeights().getType()).getDimSize(0);
}

int64_t GroupedMatmulOp::getNumColumns() {
  if (getN())
    return *getN();
  return cast<ShapedType>(getWeights().getType())
      .getDimSize(getLayout() == Layout::KN ? 2 : 1);
}

int64_t GroupedMatmulOp::getDepth() {
  return cast<ShapedType>(getX().getType()).getDimSize(1);
}

/// Whether codes are whole parts of a byte, and scales are numbers.
static bool hasScheduledCodes(GroupedMatmulOp op) {
  auto format = dyn_cast<QuantAttr>(Attribute(*op.getQuant()));
  auto isNumber = [](Type type) {
    return type.isF32() || type.isF16() || type.isBF16();
  };
  return format && 8 % format.getBits() == 0 && op.getScales() &&
         !op.getGlobalScales() && isNumber(getElement(op.getScales()));
}

bool GroupedMatmulOp::ownsSchedule() {
  if (getQuant())
    return hasScheduledCodes(*this);
  return getLayout() == Layout::Panels || !getActivation().isGated();
}

/// C4
static LogicalResult verifyGroups(GroupedMatmulOp op) {
  int64_t experts = op.getNumExperts();
  if (op.getOffsets())
    return requireSame(
        op, "C4", Extent("offsets", op.getOffsets(), 0),
        Extent("the number of experts plus one",
               mapKnown(experts, [](int64_t e) { return e + 1; })));
  int64_t rows = Extent("the result", op.getInit(), 0).size;
  if (isKnown(rows) && isKnown(experts) &&
      (experts == 0 ? rows != 0 : rows % experts != 0))
    return op.emitOpError() << "breaks C4: " << rows << " rows are not "
                            << experts << " equal groups";
  return success();
}

LogicalResult GroupedMatmulOp::verify() {
  bool isPanels = getLayout() == Layout::Panels;
  if (getRank(getWeights()) != (isPanels ? 4 : 3))
    return emitOpError() << "breaks C1: weights of layout "
                         << stringifyLayout(getLayout()) << " have rank "
                         << (isPanels ? 4 : 3);
  if (isPanels &&
      failed(requireSame(
          *this, "C1", Extent("weights", getWeights(), 3),
          Extent("the width of a panel", MoeDialect::kPanelColumns))))
    return failure();

  if (isPanels != getN().has_value())
    return emitOpError("breaks C2: n is given exactly for layout panels");
  int64_t n = getNumColumns();
  if (isPanels && n < 0)
    return emitOpError("breaks C2: n is negative");
  if (isPanels && failed(requireSame(
                      *this, "C2", Extent("weights", getWeights(), 1),
                      Extent("the number of panels",
                             llvm::divideCeil(n, MoeDialect::kPanelColumns)))))
    return failure();

  int64_t depth = getDepth();
  unsigned depthDim = getLayout() == Layout::KN ? 1 : 2;
  if (failed(requireSame(
          *this, "C3", Extent("weights", getWeights(), depthDim),
          Extent("the depth of a row",
                 getStoredDepth(getQuant().value_or(nullptr), depth)))))
    return failure();

  if (failed(verifyGroups(*this)))
    return failure();

  Extent resultRows("the result", getInit(), 0);
  if (failed(requireSame(*this, "C5", resultRows,
                         getRows() ? Extent("rows", getRows(), 0)
                                   : Extent("x", getX(), 0))))
    return failure();

  if (getActivation().isGated() && isKnown(n) && n % 2 != 0)
    return emitOpError() << "breaks C6: " << n
                         << " columns are not pairs of gate and up";
  if (failed(requireSame(*this, "C6", Extent("the result", getInit(), 1),
                         Extent("the number of result columns",
                                getActivation().getResultColumns(n)))))
    return failure();

  if (getBias() &&
      (failed(requireSame(*this, "C7", Extent("bias", getBias(), 0),
                          Extent("weights", getWeights(), 0))) ||
       failed(requireSame(*this, "C7", Extent("bias", getBias(), 1),
                          Extent("the number of columns", n)))))
    return failure();

  if (failed(verifyQuant(*this, "C8",
                         {"weights", getQuant().value_or(nullptr), getWeights(),
                          getScales(), getZeroPoints(), getGlobalScales(),
                          depth})))
    return failure();
  if (getQuant() && getLayout() != Layout::NK)
    return emitOpError("breaks C8: quantised weights have layout nk");

  Type element = getElement(getInit());
  bool isKnownElement = element.isF32() || element == getElement(getX()) ||
                        element == getElement(getWeights()) ||
                        (getScales() && element == getElement(getScales()));
  if (!isKnownElement)
    return emitOpError() << "breaks C9: the result has elements of type "
                         << element
                         << ", neither f32 nor that of x, weights or scales";
  return success();
}

int64_t ExpertFfnOp::getNumExperts() {
  return cast<ShapedType>(getW1().getType()).getDimSize(0);
}

LogicalResult ExpertFfnOp::verify() {
  WeightFormat quant = getQuant().value_or(nullptr);
  if (!quant && (getQuant2() || getQuant3()))
    return emitOpError("breaks C7: quant2 and quant3 come only with quant");
  Extent experts("w1", getW1(), 0), hidden("x", getX(), 1);
  Extent columns("w1", getW1(), 1);
  int64_t hiddenStored = getStoredDepth(quant, hidden.size);
  if (failed(requireSame(*this, "C1", Extent("w1", getW1(), 2),
                         Extent("the depth of a row", hiddenStored))))
    return failure();

  if (isInterleaved() && isKnown(columns.size) && columns.size % 2 != 0)
    return emitOpError() << "breaks C2: " << columns.size
                         << " columns are not pairs of gate and up";
  int64_t inner = isInterleaved()
                      ? getActivation().getResultColumns(columns.size)
                      : columns.size;
  Extent out("the result", getInit(), 1);
  if (failed(requireSame(*this, "C2", Extent("w2", getW2(), 0), experts)) ||
      failed(requireSame(*this, "C2", Extent("w2", getW2(), 1), out)) ||
      failed(requireSame(
          *this, "C2", Extent("w2", getW2(), 2),
          Extent("the inner width", getStoredDepth(getFormat2(), inner)))))
    return failure();

  int64_t offsets = mapKnown(experts.size, [](int64_t e) { return e + 1; });
  if (failed(requireSame(*this, "C3", Extent("offsets", getOffsets(), 0),
                         Extent("the number of experts plus one", offsets))))
    return failure();
  if (failed(requireSame(*this, "C4", Extent("the result", getInit(), 0),
                         Extent("rows", getRows(), 0))))
    return failure();

  auto checkBias = [&](StringRef name, Value bias, const Extent &n) {
    return !bias ||
           (succeeded(
                requireSame(*this, "C5", Extent(name, bias, 0), experts)) &&
            succeeded(requireSame(*this, "C5", Extent(name, bias, 1), n)));
  };
  if (!checkBias("bias1", getBias1(), columns) ||
      !checkBias("bias2", getBias2(), out) ||
      !checkBias("bias3", getBias3(), Extent("the inner width", inner)))
    return failure();

  if (!getW3() &&
      (getBias3() || getScales3() || getZeroPoints3() || getGlobalScales3()))
    return emitOpError("breaks C6: bias3, scales3, zero_points3 and "
                       "global_scales3 come only with fc3");
  int64_t upStored = getStoredDepth(getFormat3(), hidden.size);
  if (getW3() &&
      (failed(requireSame(*this, "C6", Extent("w3", getW3(), 0), experts)) ||
       failed(requireSame(*this, "C6", Extent("w3", getW3(), 1),
                          Extent("the inner width", inner))) ||
       failed(requireSame(*this, "C6", Extent("w3", getW3(), 2),
                          Extent("the depth of a row", upStored)))))
    return failure();

  if (failed(verifyQuant(*this, "C7",
                         {"w1", quant, getW1(), getScales1(), getZeroPoints1(),
                          getGlobalScales1(), hidden.size})) ||
      failed(verifyQuant(*this, "C7",
                         {"w2", getFormat2(), getW2(), getScales2(),
                          getZeroPoints2(), getGlobalScales2(), inner})) ||
      (getW3() && failed(verifyQuant(*this, "C7",
                                     {"w3", getFormat3(), getW3(), getScales3(),
                                      getZeroPoints3(), getGlobalScales3(),
                                      hidden.size}))))
    return failure();

  Type element = getElement(getInit());
  if (!element.isF32() && element != getElement(getX()))
    return emitOpError() << "breaks C8: the result has elements of type "
                         << element << ", neither f32 nor that of x";
  return success();
}

LogicalResult CombineOp::verify() {
  for (unsigned dim : {0u, 1u})
    if (failed(requireSame(*this, "C1", Extent("weights", getWeights(), dim),
                           Extent("inverse", getInverse(), dim))))
      return failure();
  if (failed(requireSame(*this, "C2", Extent("the result", getInit(), 0),
                         Extent("inverse", getInverse(), 0))) ||
      failed(requireSame(*this, "C3", Extent("the result", getInit(), 1),
                         Extent("y", getY(), 1))))
    return failure();
  return success();
}
