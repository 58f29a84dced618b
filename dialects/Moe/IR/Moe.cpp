//===-- Moe.cpp - the sparse-routing dialect ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Moe/IR/Moe.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moec::moe;

#include "dialects/Moe/IR/MoeDialect.cpp.inc"
#include "dialects/Moe/IR/MoeEnums.cpp.inc"
#include "dialects/Moe/IR/MoeInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Moe/IR/MoeAttrs.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Moe/IR/MoeOps.cpp.inc"

void MoeDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Moe/IR/MoeAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Moe/IR/MoeOps.cpp.inc"
      >();
}

void MoeDialect::copyLayer(Operation *from, Operation *to) {
  if (Attribute layer = from->getAttr(getLayerAttrName()))
    to->setAttr(getLayerAttrName(), layer);
}

//===----------------------------------------------------------------------===//
// What all ops share
//===----------------------------------------------------------------------===//

LogicalResult
moec::moe::detail::reifyFromInits(DestinationStyleOpInterface op,
                                  OpBuilder &builder,
                                  ReifiedRankedShapedTypeDims &dims) {
  for (Value init : op.getDpsInits())
    if (isa<RankedTensorType>(init.getType()))
      dims.push_back(tensor::getMixedSizes(builder, op.getLoc(), init));
  return success();
}

void moec::moe::detail::addBufferEffects(
    DestinationStyleOpInterface op,
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    if (op.isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand,
                           SideEffects::DefaultResource::get());
    else
      effects.emplace_back(MemoryEffects::Read::get(), &operand,
                           SideEffects::DefaultResource::get());
  }
}

Speculation::Speculatability
moec::moe::detail::getSpeculatability(DestinationStyleOpInterface op) {
  return op.hasPureTensorSemantics() ? Speculation::Speculatable
                                     : Speculation::NotSpeculatable;
}

/// An op on no elements at all is its destination.
static LogicalResult foldEmpty(DestinationStyleOpInterface op,
                               SmallVectorImpl<OpFoldResult> &results) {
  if (!op.hasPureTensorSemantics())
    return failure();
  for (Value init : op.getDpsInits())
    if (!llvm::is_contained(cast<RankedTensorType>(init.getType()).getShape(),
                            0))
      return failure();
  llvm::append_range(results, op.getDpsInits());
  return success();
}

LogicalResult DispatchOp::fold(FoldAdaptor,
                               SmallVectorImpl<OpFoldResult> &results) {
  return foldEmpty(*this, results);
}
LogicalResult GroupedMatmulOp::fold(FoldAdaptor,
                                    SmallVectorImpl<OpFoldResult> &results) {
  return foldEmpty(*this, results);
}
LogicalResult InterleaveOp::fold(FoldAdaptor,
                                 SmallVectorImpl<OpFoldResult> &results) {
  return foldEmpty(*this, results);
}
LogicalResult MultiplyOp::fold(FoldAdaptor,
                               SmallVectorImpl<OpFoldResult> &results) {
  return foldEmpty(*this, results);
}
LogicalResult ExpertFfnOp::fold(FoldAdaptor,
                                SmallVectorImpl<OpFoldResult> &results) {
  return foldEmpty(*this, results);
}
LogicalResult CombineOp::fold(FoldAdaptor,
                              SmallVectorImpl<OpFoldResult> &results) {
  return foldEmpty(*this, results);
}

namespace {
/// grouped_matmul(dispatch(x, rows)) reads the rows of x itself.
struct FoldDispatchIntoMatmul : OpRewritePattern<GroupedMatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GroupedMatmulOp op,
                                PatternRewriter &rewriter) const override {
    auto dispatch = op.getX().getDefiningOp<DispatchOp>();
    if (!dispatch || op.getRows() || dispatch.getOffsets() != op.getOffsets())
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.getXMutable().assign(dispatch.getX());
      op.getRowsMutable().assign(dispatch.getRows());
    });
    return success();
  }
};
} // namespace

void GroupedMatmulOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                  MLIRContext *context) {
  patterns.add<FoldDispatchIntoMatmul>(context);
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

ActivationAttr ActivationAttr::get(MLIRContext *context, ActivationKind kind,
                                   float alpha, float beta, float limit) {
  return Base::get(context, kind, APFloat(alpha), APFloat(beta),
                   APFloat(limit));
}

Attribute ActivationAttr::parse(AsmParser &parser, Type) {
  StringRef keyword;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseKeyword(&keyword))
    return {};
  std::optional<ActivationKind> kind = symbolizeActivationKind(keyword);
  if (!kind) {
    parser.emitError(loc) << "unknown activation '" << keyword << "'";
    return {};
  }
  APFloat alpha(1.0f), beta(0.0f);
  APFloat limit = APFloat::getInf(APFloat::IEEEsingle());
  while (succeeded(parser.parseOptionalComma())) {
    APFloat value(0.0f);
    loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&keyword) || parser.parseEqual() ||
        parser.parseFloat(APFloat::IEEEsingle(), value))
      return {};
    if (keyword == "alpha") {
      alpha = value;
    } else if (keyword == "beta") {
      beta = value;
    } else if (keyword == "limit") {
      limit = value;
    } else {
      parser.emitError(loc) << "expected alpha, beta or limit";
      return {};
    }
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<ActivationAttr>(loc, parser.getContext(), *kind,
                                           alpha, beta, limit);
}

void ActivationAttr::print(AsmPrinter &printer) const {
  printer << "<" << stringifyActivationKind(getKind());
  auto print = [&](StringRef name, const APFloat &value, float standard) {
    if (value.bitwiseIsEqual(APFloat(standard)))
      return;
    printer << ", " << name << " = ";
    printer.printFloat(value);
  };
  print("alpha", getAlpha(), 1.0f);
  print("beta", getBeta(), 0.0f);
  print("limit", getLimit(), std::numeric_limits<float>::infinity());
  printer << ">";
}

LogicalResult
ActivationAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                       ActivationKind kind, APFloat alpha, APFloat beta,
                       APFloat limit) {
  for (const APFloat *value : {&alpha, &beta, &limit})
    if (&value->getSemantics() != &APFloat::IEEEsingle())
      return emitError() << "the constants of an activation must be f32";
  bool isPlain = alpha.bitwiseIsEqual(APFloat(1.0f)) &&
                 beta.bitwiseIsEqual(APFloat(0.0f)) && limit.isInfinity() &&
                 !limit.isNegative();
  bool isGated =
      kind == ActivationKind::SwiGlu || kind == ActivationKind::SwiGluLate;
  if (!isGated && !isPlain)
    return emitError() << "only swiglu takes alpha, beta and limit";
  if (!alpha.isFinite() || !beta.isFinite())
    return emitError() << "alpha and beta must be finite";
  if (limit.isNaN() || limit.isNegative() || limit.isZero())
    return emitError() << "limit must be positive";
  return success();
}
