//===-- BufferizableOpInterfaceImpl.cpp - moe ops on buffers --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Moe/Transforms/BufferizableOpInterfaceImpl.h"

#include "dialects/Moe/IR/Moe.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/IR/Dialect.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace moec::moe;

namespace {
/// The same op on buffers. Inputs are read, destinations only written: what
/// they held before never matters, so no copy into them is ever made.
template <typename OpTy>
struct MoeOpModel
    : DstBufferizableOpInterfaceExternalModel<MoeOpModel<OpTy>, OpTy> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto dst = cast<DestinationStyleOpInterface>(op);
    if (dst.hasPureBufferSemantics())
      return success();
    if (!dst.hasPureTensorSemantics())
      return op->emitError("mixes tensors and buffers");
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      operands.push_back(*buffer);
    }
    unsigned firstInit = op->getNumOperands() - dst.getNumDpsInits();
    SmallVector<Value> inits(operands.begin() + firstInit, operands.end());
    OperationState newState(op->getLoc(), op->getName(), operands,
                            /*types=*/{}, op->getAttrs());
    rewriter.create(newState);
    replaceOpWithBufferizedValues(rewriter, op, inits);
    return success();
  }
};
} // namespace

void moec::moe::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, MoeDialect *) {
    RouteOp::attachInterface<MoeOpModel<RouteOp>>(*context);
    ReweighOp::attachInterface<MoeOpModel<ReweighOp>>(*context);
    PlanOp::attachInterface<MoeOpModel<PlanOp>>(*context);
    DispatchOp::attachInterface<MoeOpModel<DispatchOp>>(*context);
    InterleaveOp::attachInterface<MoeOpModel<InterleaveOp>>(*context);
    TransposeCodesOp::attachInterface<MoeOpModel<TransposeCodesOp>>(*context);
    MultiplyOp::attachInterface<MoeOpModel<MultiplyOp>>(*context);
    PackPanelsOp::attachInterface<MoeOpModel<PackPanelsOp>>(*context);
    GroupedMatmulOp::attachInterface<MoeOpModel<GroupedMatmulOp>>(*context);
    ExpertFfnOp::attachInterface<MoeOpModel<ExpertFfnOp>>(*context);
    CombineOp::attachInterface<MoeOpModel<CombineOp>>(*context);
  });
}
