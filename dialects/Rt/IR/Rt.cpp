//===-- Rt.cpp - calls into the runtime, before llvm ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace moec::rt;

#include "dialects/Rt/IR/RtDialect.cpp.inc"
#include "dialects/Rt/IR/RtEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/Rt/IR/RtAttrs.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/Rt/IR/RtOps.cpp.inc"

void RtDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Rt/IR/RtAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Rt/IR/RtOps.cpp.inc"
      >();
}

LogicalResult ParallelOp::verifySymbolUses(SymbolTableCollection &symbolTable) {
  auto task =
      symbolTable.lookupNearestSymbolFrom<func::FuncOp>(*this, getTaskAttr());
  if (!task) // Already lowered with its users in the same conversion.
    return success();
  SmallVector<Type> expected = {IndexType::get(getContext())};
  llvm::append_range(expected, getCaptures().getTypes());
  if (task.getArgumentTypes() != ArrayRef<Type>(expected) ||
      task.getNumResults() != 0)
    return emitOpError("runs ")
           << getTaskAttr() << " of type " << task.getFunctionType()
           << ", which does not take the operands";
  return success();
}

LogicalResult CheckOp::verify() {
  if (getValues().size() <= 2)
    return success();
  return emitOpError("has ")
         << getValues().size() << " values, expected at most 2";
}

LogicalResult ViewOp::verify() {
  auto source = cast<ShapedType>(getSource().getType());
  auto view = cast<ShapedType>(getView().getType());
  if (isa<TensorType>(source) != isa<TensorType>(view))
    return emitOpError("must view a tensor as a tensor, a memref as a memref");
  if (source.getElementType() != view.getElementType())
    return emitOpError("must keep the element type");
  if (int64_t(getSizes().size()) != view.getRank())
    return emitOpError("takes one size for each of the ")
           << view.getRank() << " extents of its result";
  if (source.hasStaticShape() && view.hasStaticShape() &&
      source.getNumElements() != view.getNumElements())
    return emitOpError("must keep the number of elements");
  return success();
}

bool ViewOp::bufferizesToMemoryRead(OpOperand &,
                                    const bufferization::AnalysisState &) {
  return false;
}

bool ViewOp::bufferizesToMemoryWrite(OpOperand &,
                                     const bufferization::AnalysisState &) {
  return false;
}

bufferization::AliasingValueList
ViewOp::getAliasingValues(OpOperand &operand,
                          const bufferization::AnalysisState &) {
  if (operand.get() != getSource())
    return {};
  return {
      {getOperation()->getOpResult(0), bufferization::BufferRelation::Unknown}};
}

FailureOr<bufferization::BufferLikeType>
ViewOp::getBufferType(Value value, const bufferization::BufferizationOptions &,
                      const bufferization::BufferizationState &,
                      SmallVector<Value> &) {
  auto type = cast<RankedTensorType>(value.getType());
  return cast<bufferization::BufferLikeType>(
      MemRefType::get(type.getShape(), type.getElementType()));
}

LogicalResult
ViewOp::bufferize(RewriterBase &rewriter,
                  const bufferization::BufferizationOptions &options,
                  bufferization::BufferizationState &state) {
  auto type = dyn_cast<RankedTensorType>(getView().getType());
  if (!type)
    return success();
  FailureOr<Value> source =
      bufferization::getBuffer(rewriter, getSource(), options, state);
  if (failed(source))
    return failure();
  if (!cast<MemRefType>((*source).getType()).getLayout().isIdentity())
    return emitOpError("views a buffer that is not row-major");
  bufferization::replaceOpWithNewBufferizedOp<ViewOp>(
      rewriter, *this, MemRefType::get(type.getShape(), type.getElementType()),
      *source, getSizes());
  return success();
}

Value ViewOp::getViewSource() { return getSource(); }

bool IsSameBufferOp::bufferizesToMemoryRead(
    OpOperand &, const bufferization::AnalysisState &) {
  return false;
}

bool IsSameBufferOp::bufferizesToMemoryWrite(
    OpOperand &, const bufferization::AnalysisState &) {
  return false;
}

bufferization::AliasingValueList
IsSameBufferOp::getAliasingValues(OpOperand &,
                                  const bufferization::AnalysisState &) {
  return {};
}

LogicalResult
IsSameBufferOp::bufferize(RewriterBase &rewriter,
                          const bufferization::BufferizationOptions &options,
                          bufferization::BufferizationState &state) {
  Value starts[2];
  for (auto [start, tensor] :
       llvm::zip(starts, ValueRange{getSource(), getDestination()})) {
    FailureOr<Value> buffer =
        bufferization::getBuffer(rewriter, tensor, options, state);
    if (failed(buffer))
      return failure();
    start = memref::ExtractAlignedPointerAsIndexOp::create(rewriter, getLoc(),
                                                           *buffer);
  }
  rewriter.replaceOpWithNewOp<arith::CmpIOp>(*this, arith::CmpIPredicate::eq,
                                             starts[0], starts[1]);
  return success();
}

LogicalResult ProfileOp::verify() {
  auto ids = cast<ShapedType>(getIds().getType());
  auto weights = cast<ShapedType>(getWeights().getType());
  if (failed(verifyCompatibleShape(ids, weights)))
    return emitOpError("has ids and weights of different shapes");
  return success();
}

bool ProfileOp::bufferizesToMemoryRead(OpOperand &,
                                       const bufferization::AnalysisState &) {
  return true;
}

bool ProfileOp::bufferizesToMemoryWrite(OpOperand &,
                                        const bufferization::AnalysisState &) {
  return false;
}

bufferization::AliasingValueList
ProfileOp::getAliasingValues(OpOperand &,
                             const bufferization::AnalysisState &) {
  return {};
}

LogicalResult
ProfileOp::bufferize(RewriterBase &rewriter,
                     const bufferization::BufferizationOptions &options,
                     bufferization::BufferizationState &state) {
  SmallVector<Value> buffers;
  for (Value tensor : {getIds(), getWeights()}) {
    if (!isa<TensorType>(tensor.getType()))
      return success();
    FailureOr<Value> buffer =
        bufferization::getBuffer(rewriter, tensor, options, state);
    if (failed(buffer))
      return failure();
    if (!cast<MemRefType>((*buffer).getType()).getLayout().isIdentity())
      return emitOpError("reads a buffer that is not row-major");
    buffers.push_back(*buffer);
  }
  bufferization::replaceOpWithNewBufferizedOp<ProfileOp>(
      rewriter, *this, getLayer(), buffers[0], buffers[1]);
  return success();
}
