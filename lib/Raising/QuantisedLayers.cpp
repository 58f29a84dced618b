//===-- QuantisedLayers.cpp - weights in fewer bits of onnx.QMoE ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FusedLayers.h"

#include "dialects/Moe/IR/WeightFormats.h"
#include "dialects/Onnx/IR/MoeForm.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace moec;

namespace {
/// The operands of one of fc1, fc2 and fc3.
struct Operands {
  std::string name;
  unsigned number;
  FusedMatrix *matrix;
  Value scales, zeroPoints, globalScales;
  /// Rows and depth in elements, as the operator documents them.
  int64_t rows, depth;
};

/// Reads the formats of one node.
class FormatReader {
public:
  FormatReader(onnx::QMoEOp node, FusedLayer &layer, bool ortCpu,
               Refusals &refusals)
      : node(node), layer(layer), ortCpu(ortCpu), refusals(refusals) {}

  void read() {
    type = node.getQuantType();
    bool isKnown = type == "int" || type == "fp4" || type == "nvfp4" ||
                   type == "fp8" || type == "wfp4afp8";
    if (!isKnown)
      refusals.add("attribute 'quant_type' is '" + type +
                   "'; use int, fp4, nvfp4, fp8 or wfp4afp8");
    refuseActivationScales();
    readPrepacked();
    if (!layer.fc3.weights) {
      StringRef advice = "it belongs to fc3, which is absent";
      refusals.addInput("fc3_scales", node.getFc3Scales(), advice);
      refusals.addInput("fc3_zero_points", node.getFc3ZeroPoints(), advice);
    }
    if (!isKnown)
      return;
    for (Operands &operands : getOperands())
      readMatrix(operands);
  }

private:
  static RankedTensorType getType(Value value) {
    return cast<RankedTensorType>(value.getType());
  }

  void refuseActivationScales() {
    StringRef advice = "activations are not rounded here; leave it out";
    refusals.addInput("fc1_act_scale", node.getFc1ActScale(), advice);
    refusals.addInput("fc2_act_scale", node.getFc2ActScale(), advice);
    refusals.addInput("fc1_act_block_scale", node.getFc1ActBlockScale(),
                      advice);
    refusals.addInput("fc2_act_block_scale", node.getFc2ActBlockScale(),
                      advice);
  }

  /// What `weights_prepacked` says of the layout, which is another thing for
  /// each type.
  void readPrepacked() {
    bool isTransposed = layer.layout == WeightLayout::Transposed;
    if (type == "int")
      readPackedIntegers(isTransposed);
    else if (type == "fp8" && isTransposed)
      refusals.add("input 'fc2_experts_weights' has the extents [experts, "
                   "inner, hidden]; fp8 weights are [experts, hidden, inner]");
    else if (type == "nvfp4")
      readPackedFloats(isTransposed);
    else if (type != "fp8" && isSquare())
      refusals.add("input 'fc1_experts_weights' may be packed along rows or "
                   "along columns, which extents do not tell where hidden and "
                   "inner width are equal; fuse gate and up in fc1, or use "
                   "nvfp4");
  }

  void readPackedIntegers(bool isTransposed) {
    int64_t prepacked = node.getWeightsPrepacked();
    if (prepacked > 0)
      refusals.add("attribute 'weights_prepacked' is " + Twine(prepacked) +
                   "; export raw weights, a packed order is one GPU's own");
    if (isTransposed && ortCpu)
      refusals.add("input 'fc2_experts_weights' has the extents [experts, "
                   "inner, hidden], of which ONNX Runtime's CPU kernel makes "
                   "no sense; compile without --ort-cpu-compat");
    // Exporters for GPUs leave it out, and write these extents.
    else if (isTransposed && prepacked < 0)
      refusals.add("attribute 'weights_prepacked' is " + Twine(prepacked) +
                   ", and 'fc2_experts_weights' has the extents [experts, "
                   "inner, hidden] of an order that a GPU's library packed; "
                   "export raw weights and set it to 0");
  }

  /// The extents are those of columns whatever the bytes are.
  void readPackedFloats(bool isTransposed) {
    bool isByRows = node.getWeightsPrepacked() == 1;
    if (isTransposed && isByRows)
      layer.layout = WeightLayout::Misnamed;
    if (isSquare() && !isByRows)
      layer.layout = WeightLayout::Transposed;
  }

  /// Whether the extents of both layouts are the same.
  bool isSquare() {
    ArrayRef<int64_t> fc2 = getType(layer.fc2.weights).getShape();
    int64_t hidden = getType(layer.input).getShape().back();
    if (onnx::hasFusedGate(node) || ShapedType::isDynamic(fc2[2]))
      return false;
    int64_t inner = fc2[2] * 8 / onnx::getCodeBits(node, 2);
    return fc2[1] == hidden && inner == hidden;
  }

  SmallVector<Operands> getOperands() {
    int64_t hidden = getType(layer.input).getShape().back();
    SmallVector<Operands> all = {
        {"fc1", 1, &layer.fc1, node.getFc1Scales(), node.getFc1ZeroPoints(),
         node.getFc1GlobalScale(), getRows(layer.fc1, 1), hidden},
        {"fc2", 2, &layer.fc2, node.getFc2Scales(), node.getFc2ZeroPoints(),
         node.getFc2GlobalScale(), hidden, 0}};
    all[1].depth = all[0].rows / (onnx::hasFusedGate(node) ? 2 : 1);
    if (layer.fc3.weights)
      // No input holds global scales of fc3.
      all.push_back({"fc3", 3, &layer.fc3, node.getFc3Scales(),
                     node.getFc3ZeroPoints(), Value(), all[1].depth, hidden});
    return all;
  }

  /// Rows of a matrix whose file may have them as packed columns.
  int64_t getRows(const FusedMatrix &matrix, unsigned number) {
    RankedTensorType stored = getType(matrix.weights);
    if (layer.layout == WeightLayout::Documented)
      return stored.getDimSize(1);
    return stored.getDimSize(2) * 8 / onnx::getCodeBits(node, number);
  }

  void readMatrix(const Operands &from) {
    if (!getType(from.matrix->weights).hasStaticShape() ||
        ShapedType::isDynamic(from.rows) || ShapedType::isDynamic(from.depth)) {
      refusals.add("input '" + from.name +
                   "_experts_weights' has extents that are not known at "
                   "compile time; fix them");
      return;
    }
    bool isFine = type == "int"   ? readIntegers(from)
                  : type == "fp8" ? readFp8(from)
                                  : readFp4(from);
    if (!isFine)
      return;
    from.matrix->scales = from.scales;
    from.matrix->zeroPoints = from.zeroPoints;
    from.matrix->globalScales = from.globalScales;
  }

  //===-- Integers --------------------------------------------------------===//

  bool readIntegers(const Operands &from) {
    StringRef advice = "it belongs to quantisations other than integers";
    if (from.globalScales) {
      refusals.addInput(from.name + "_global_scale", from.globalScales, advice);
      return false;
    }
    if (!isBytes(from))
      return false;
    std::optional<int64_t> block = readBlock(from);
    if (!block)
      return false;
    int64_t bits = onnx::getCodeBits(node, from.number);
    auto format = moe::QuantAttr::get(node.getContext(), bits, *block);
    if (layer.layout == WeightLayout::Transposed && (*block || bits == 3)) {
      refusals.add("input '" + from.name +
                   "_experts_weights' has the older layout [experts, depth, "
                   "rows] with scales of blocks or codes of 3 bits; export it "
                   "as [experts, rows, depth]");
      return false;
    }
    from.matrix->format = format;
    return checkZeroPoints(from, format);
  }

  bool isBytes(const Operands &from) {
    Type element = getElementTypeOrSelf(from.matrix->weights.getType());
    if (element.isUnsignedInteger(8))
      return true;
    refusals.add("input '" + from.name +
                 "_experts_weights' must be bytes (uint8)");
    return false;
  }

  /// One scale a row or one a block; the block size, or 0 for a row.
  std::optional<int64_t> readBlock(const Operands &from) {
    std::string name = from.name + "_scales";
    auto type = from.scales ? getType(from.scales) : RankedTensorType();
    if (!type || !isFloat(type.getElementType()) || !hasRows(from, type)) {
      refusals.add(
          "input '" + name +
          "' must be floats, one or several for each row of its weights");
      return std::nullopt;
    }
    if (type.getRank() == 2 || type.getDimSize(2) == 1)
      return 0;
    int64_t block = node.getBlockSize().value_or(0);
    if (!moe::isQuantBlock(block)) {
      refusals.add(
          "attribute 'block_size' is " + Twine(block) +
          "; it must be a power of two from 16 where scales have blocks");
      return std::nullopt;
    }
    if (type.getDimSize(2) != int64_t(llvm::divideCeil(from.depth, block))) {
      refusals.add("input '" + name + "' has " + Twine(type.getDimSize(2)) +
                   " scales a row, but " + Twine(from.depth) +
                   " elements in blocks of " + Twine(block));
      return std::nullopt;
    }
    return block;
  }

  static bool isFloat(Type type) {
    return type.isF32() || type.isF16() || type.isBF16();
  }

  /// Whether it is [E, rows] or [E, rows, ..].
  bool hasRows(const Operands &from, RankedTensorType type) {
    return type.hasStaticShape() &&
           (type.getRank() == 2 || type.getRank() == 3) &&
           type.getDimSize(0) == getType(from.matrix->weights).getDimSize(0) &&
           type.getDimSize(1) == from.rows;
  }

  bool checkZeroPoints(const Operands &from, moe::WeightFormat format) {
    if (!from.zeroPoints)
      return true;
    RankedTensorType type = getType(from.zeroPoints);
    int64_t experts = getType(from.matrix->weights).getDimSize(0);
    SmallVector<int64_t> byRow = {experts, format.getRowBytes(from.rows)};
    SmallVector<int64_t> byBlock = {
        experts, from.rows,
        format.getRowBytes(format.getRowScales(from.depth))};
    bool isByRow = format.getBlock() == 0 && type.getShape() == ArrayRef(byRow);
    if (!type.getElementType().isUnsignedInteger(8) ||
        (!isByRow && type.getShape() != ArrayRef(byBlock))) {
      refusals.add("input '" + from.name +
                   "_zero_points' must be bytes (uint8), codes packed as the "
                   "weights are, one for each scale");
      return false;
    }
    return !isByRow || checkSeparable(from, format.getBits());
  }

  /// Zero points of rows lie along the rows: those of gate and up must not
  /// share bytes where they are taken apart.
  bool checkSeparable(const Operands &from, int64_t bits) {
    bool isWhole =
        from.number != 1 || layer.order == GateOrder::Apart || bits == 8 ||
        (layer.order == GateOrder::Halves && from.rows / 2 * bits % 8 == 0);
    if (!isWhole)
      refusals.add("input 'fc1_zero_points' has zero points of gate and up in "
                   "one byte; quantise with 8 bits, or in blocks");
    return isWhole;
  }

  //===-- Small floats ----------------------------------------------------===//

  bool readFp4(const Operands &from) {
    if (!isBytes(from) || !refuseZeroPoints(from))
      return false;
    bool isNv = type == "nvfp4";
    int64_t block = isNv ? 16 : 32;
    auto scales = from.scales ? getType(from.scales) : RankedTensorType();
    Type element = scales ? scales.getElementType() : Type();
    bool isScale = isNv ? isa_and_present<Float8E4M3FNType>(element)
                        : isa_and_present<Float8E8M0FNUType>(element) ||
                              (element && element.isUnsignedInteger(8));
    if (!isScale || scales.getRank() != 3 || !hasRows(from, scales) ||
        scales.getDimSize(2) != int64_t(llvm::divideCeil(from.depth, block))) {
      refusals.add("input '" + from.name + "_scales' must be " +
                   (isNv ? "float8e4m3fn" : "float8e8m0") +
                   ", one for each block of " + Twine(block) +
                   " elements of a row");
      return false;
    }
    from.matrix->format = moe::MinifloatAttr::get(
        node.getContext(), moe::MinifloatKind::E2M1, block, /*block_rows=*/1);
    return checkGlobalScales(from);
  }

  bool readFp8(const Operands &from) {
    Type element = getElementTypeOrSelf(from.matrix->weights.getType());
    if (!isa<Float8E4M3FNType>(element)) {
      refusals.add("input '" + from.name +
                   "_experts_weights' must be float8e4m3fn");
      return false;
    }
    if (!refuseZeroPoints(from))
      return false;
    int64_t block = node.getBlockSize().value_or(0);
    if (block > 0)
      return readSquares(from, block);
    if (from.number == 3) {
      refusals.add("input 'fc3_experts_weights' is present, but no input holds "
                   "its global scale; give scales of squares and 'block_size'");
      return false;
    }
    if (from.scales || !from.globalScales) {
      refusals.add("input '" + from.name +
                   "_global_scale' alone must scale its weights where "
                   "'block_size' is not given");
      return false;
    }
    from.matrix->format = moe::MinifloatAttr::get(
        node.getContext(), moe::MinifloatKind::E4M3, 0, /*block_rows=*/1);
    return checkGlobalScales(from);
  }

  /// One scale for a square of weights.
  bool readSquares(const Operands &from, int64_t block) {
    auto scales = from.scales ? getType(from.scales) : RankedTensorType();
    SmallVector<int64_t> shape = {getType(from.matrix->weights).getDimSize(0),
                                  int64_t(llvm::divideCeil(from.rows, block)),
                                  int64_t(llvm::divideCeil(from.depth, block))};
    if (!scales || !isFloat(scales.getElementType()) ||
        scales.getShape() != ArrayRef(shape) || from.globalScales) {
      refusals.add("input '" + from.name +
                   "_scales' alone must scale its weights, floats, one for "
                   "each square of " +
                   Twine(block) + " rows and elements");
      return false;
    }
    if (layer.order != GateOrder::Apart && from.number == 1 &&
        !(layer.order == GateOrder::Halves && from.rows / 2 % block == 0)) {
      refusals.add("input 'fc1_scales' has squares with rows of gate and up "
                   "both; give them separate scales");
      return false;
    }
    from.matrix->format = moe::MinifloatAttr::get(
        node.getContext(), moe::MinifloatKind::E4M3, block, block);
    return true;
  }

  bool refuseZeroPoints(const Operands &from) {
    refusals.addInput(from.name + "_zero_points", from.zeroPoints,
                      "small floats have none");
    return !from.zeroPoints;
  }

  /// One for each expert, or none, which is 1.
  bool checkGlobalScales(const Operands &from) {
    if (from.number == 3 && node.getFc1GlobalScale()) {
      refusals.add("input 'fc1_global_scale' is present, but no input holds "
                   "that of fc3; multiply the scales by it and leave it out");
      return false;
    }
    if (!from.globalScales)
      return true;
    RankedTensorType type = getType(from.globalScales);
    int64_t experts = getType(from.matrix->weights).getDimSize(0);
    if (type.getElementType().isF32() && type.getShape() == ArrayRef(experts))
      return true;
    refusals.add("input '" + from.name +
                 "_global_scale' must be a float (f32) for each expert");
    return false;
  }

  onnx::QMoEOp node;
  FusedLayer &layer;
  bool ortCpu;
  Refusals &refusals;
  StringRef type;
};
} // namespace

void moec::readQuantisation(onnx::QMoEOp node, FusedLayer &layer, bool ortCpu,
                            Refusals &refusals) {
  FormatReader(node, layer, ortCpu, refusals).read();
}
