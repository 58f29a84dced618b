//===-- TestPasses.cpp - looking at parameters ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Parameters/Evaluator.h"
#include "moec/Parameters/Passes.h"
#include "moec/Parameters/SourceFiles.h"
#include "moec/Parameters/WeightsWriter.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/raw_ostream.h"

namespace moec {
#define GEN_PASS_DEF_TESTPARAMEVALUATE
#define GEN_PASS_DEF_TESTPARAMWRITEWEIGHTS
#include "moec/Parameters/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

namespace {
struct TestParamEvaluate
    : moec::impl::TestParamEvaluateBase<TestParamEvaluate> {
  using TestParamEvaluateBase::TestParamEvaluateBase;

  void runOnOperation() override {
    auto decl = SymbolTable(getOperation()).lookup<param::DeclOp>(param);
    std::error_code error;
    llvm::raw_fd_ostream out(output, error);
    if (!decl || error) {
      getOperation().emitError()
          << (decl ? "cannot write the output" : "no such parameter");
      return signalPassFailure();
    }
    SourceFiles files{ModelFolder(model)};
    ParameterEvaluator evaluator(files);
    if (failed(region.empty() ? writeAll(evaluator, decl, out)
                              : writeRegion(evaluator, decl, out)))
      signalPassFailure();
  }

private:
  LogicalResult writeAll(ParameterEvaluator &evaluator, param::DeclOp decl,
                         llvm::raw_ostream &out) {
    return evaluator.stream(decl.getTypedRecipe(), decl.getLoc(),
                            [&](ArrayRef<char> piece) {
                              out.write(piece.data(), piece.size());
                              return success();
                            });
  }

  LogicalResult writeRegion(ParameterEvaluator &evaluator, param::DeclOp decl,
                            llvm::raw_ostream &out) {
    ArrayRef<int64_t> values(region);
    auto offsets = values.take_front(values.size() / 2);
    auto sizes = values.drop_front(values.size() / 2);
    int64_t bytes = ParameterEvaluator::getElementBytes(
        decl.getTensorType().getElementType());
    for (int64_t size : sizes)
      bytes *= size;
    std::vector<char> buffer(std::clamp<int64_t>(bytes, 0, 1 << 20));
    if (failed(evaluator.readRegion(decl.getTypedRecipe(), decl.getLoc(),
                                    offsets, sizes, buffer)))
      return failure();
    out.write(buffer.data(), buffer.size());
    return success();
  }
};

struct TestParamWriteWeights
    : moec::impl::TestParamWriteWeightsBase<TestParamWriteWeights> {
  using TestParamWriteWeightsBase::TestParamWriteWeightsBase;

  void runOnOperation() override {
    SourceFiles files{ModelFolder(model)};
    WeightsWriter writer(output, getOperation().getLoc());
    if (failed(writer.writeSegments(getOperation(), files)))
      return signalPassFailure();
    ArrayRef<uint8_t> more(reinterpret_cast<const uint8_t *>(extra.data()),
                           extra.size());
    if (failed(writer.finalize(writer.computeBuildId(more))))
      signalPassFailure();
  }
};
} // namespace
