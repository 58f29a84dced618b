//===-- MoeToLoops.cpp - moe ops become plain loops -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopBuilder.h"

#include "dialects/Rt/IR/Rt.h"
#include "moec/Conversion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace moec {
#define GEN_PASS_DEF_CONVERTMOETOLOOPS
#include "moec/Conversion/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

namespace {
struct ConvertMoeToLoops
    : moec::impl::ConvertMoeToLoopsBase<ConvertMoeToLoops> {
  using ConvertMoeToLoopsBase::ConvertMoeToLoopsBase;

  void runOnOperation() override {
    unsigned before = countMoeOps();
    RewritePatternSet patterns(&getContext());
    moe::populateRouteToLoops(patterns);
    moe::populateReweighToLoops(patterns);
    moe::populatePlanToLoops(patterns, countRows);
    moe::populateRearrangeToLoops(patterns);
    moe::populateMatmulToLoops(patterns, keepProducts);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
    numOps += before - countMoeOps();
  }

private:
  unsigned countMoeOps() {
    unsigned count = 0;
    getOperation()->walk([&](Operation *op) {
      count += isa_and_present<moe::MoeDialect>(op->getDialect());
    });
    return count;
  }
};
} // namespace
