//===-- ReductionPatterns.cpp - what makes a graph smaller ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReductionPatterns.h"

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Reducer/ReductionPatternInterface.h"

using namespace mlir;
using namespace moec;

/// For each result an operand of its type; nothing where one has none.
static std::optional<SmallVector<Value>> findStandIns(Operation *op) {
  SmallVector<Value> values;
  for (Type type : op->getResultTypes()) {
    auto operand = llvm::find_if(op->getOperands(), [&](Value value) {
      return value.getType() == type;
    });
    if (operand == op->getOperands().end())
      return std::nullopt;
    values.push_back(*operand);
  }
  return values;
}

namespace {
/// An op whose operands can take the place of its results. Only where what is
/// left is still of interest: the reducer goes no further from where it is not.
struct TakeOperands : RewritePattern {
  TakeOperands(MLIRContext *context, Tester &tester)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context), tester(tester) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    bool isNode = isa<onnx::OnnxNode, func::CallOp>(op) ||
                  isa<moe::MoeDialect>(op->getDialect());
    if (!isNode || op->getNumResults() == 0)
      return rewriter.notifyMatchFailure(op, "is no node");
    std::optional<SmallVector<Value>> values = findStandIns(op);
    if (!values)
      return rewriter.notifyMatchFailure(op, "a result has a type of its own");
    SmallVector<std::pair<OpOperand *, Value>> uses;
    for (auto [result, value] : llvm::zip(op->getResults(), *values))
      for (OpOperand &use : llvm::make_early_inc_range(result.getUses())) {
        uses.push_back({&use, result});
        use.set(value);
      }
    if (!isInterestingWithout(op)) {
      for (auto [use, result] : uses)
        use->set(result);
      return rewriter.notifyMatchFailure(op, "nothing of interest is left");
    }
    rewriter.eraseOp(op);
    return success();
  }

private:
  bool isInterestingWithout(Operation *op) const {
    auto module = op->getParentOfType<ModuleOp>();
    Block *block = op->getBlock();
    Block::iterator after = std::next(op->getIterator());
    op->remove();
    bool isFine = isInteresting(module);
    block->getOperations().insert(after, op);
    return isFine;
  }

  bool isInteresting(ModuleOp module) const {
    ScopedDiagnosticHandler quiet(module.getContext(),
                                  [](Diagnostic &) { return success(); });
    return succeeded(verify(module)) &&
           tester.isInteresting(module).first == Tester::Interestingness::True;
  }

  Tester &tester;
};

struct Patterns : DialectReductionPatternInterface {
  explicit Patterns(Dialect *dialect)
      : DialectReductionPatternInterface(dialect) {}

  void populateReductionPatterns(RewritePatternSet &) const override {}
  void populateReductionPatternsWithTester(RewritePatternSet &patterns,
                                           Tester &tester) const override {
    patterns.add<TakeOperands>(patterns.getContext(), tester);
  }
};
} // namespace

void moec::registerReductionPatterns(DialectRegistry &registry) {
  // One dialect's are tried on the ops of all.
  registry.addExtension(+[](MLIRContext *, onnx::OnnxDialect *dialect) {
    dialect->addInterfaces<Patterns>();
  });
}
