//===-- BufferizableOpInterfaceImpl.cpp - parameters as buffers -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Param/Transforms/BufferizableOpInterfaceImpl.h"

#include "dialects/Param/IR/Param.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/IR/Dialect.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace moec::param;

namespace {
struct LoadOpModel
    : BufferizableOpInterface::ExternalModel<LoadOpModel, LoadOp> {
  bool hasTensorSemantics(Operation *op) const {
    return isa<TensorType>(op->getResult(0).getType());
  }

  /// The weights are mapped read-only: a write must go to a copy.
  bool isWritable(Operation *op, Value value, const AnalysisState &) const {
    return false;
  }

  FailureOr<BufferLikeType>
  getBufferType(Operation *op, Value value, const BufferizationOptions &options,
                const BufferizationState &state,
                SmallVector<Value> &invocationStack) const {
    return cast<BufferLikeType>(getMemRefTypeWithStaticIdentityLayout(
        cast<TensorType>(value.getType())));
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto load = cast<LoadOp>(op);
    auto type = dyn_cast<TensorType>(load.getType());
    if (!type)
      return success();
    replaceOpWithNewBufferizedOp<LoadOp>(
        rewriter, op, getMemRefTypeWithStaticIdentityLayout(type),
        load.getParamAttr());
    return success();
  }
};
} // namespace

void moec::param::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, ParamDialect *) {
    LoadOp::attachInterface<LoadOpModel>(*context);
  });
}
