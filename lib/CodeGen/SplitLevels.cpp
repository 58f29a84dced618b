//===-- SplitLevels.cpp - one set of kernels per CPU level ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Passes.h"

#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"

namespace moec {
#define GEN_PASS_DEF_SPLITLEVELS
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

/// The ONNX node an op came from, for messages.
static StringRef getNodeName(Location loc) {
  StringRef name;
  loc->walk([&](Location part) {
    auto named = dyn_cast<NameLoc>(part);
    if (!named)
      return WalkResult::advance();
    name = named.getName();
    return WalkResult::interrupt();
  });
  return name;
}

namespace {
struct SplitLevels : moec::impl::SplitLevelsBase<SplitLevels> {
  using SplitLevelsBase::SplitLevelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    numberSites(module);

    SmallVector<Operation *> kernels, globals;
    for (Operation &op : module.getBody()->getOperations()) {
      if (op.hasAttr(kKernelAttr))
        kernels.push_back(&op);
      else if (isa<memref::GlobalOp>(op))
        globals.push_back(&op);
    }

    OpBuilder builder(&getContext());
    for (auto [number, kernel] : llvm::enumerate(kernels))
      kernel->setAttr(kKernelAttr, builder.getI64IntegerAttr(number));
    builder.setInsertionPointToEnd(module.getBody());
    for (const std::string &level : levels) {
      std::string name = level;
      llvm::replace(name, '-', '_');
      auto nested = ModuleOp::create(builder, module.getLoc(), name);
      nested->setAttr(kLevelAttr, builder.getStringAttr(level));
      auto inner = OpBuilder::atBlockEnd(nested.getBody());
      for (Operation *global : globals)
        inner.clone(*global);
      for (Operation *kernel : kernels)
        cast<func::FuncOp>(inner.clone(*kernel)).setPublic();
    }
    for (Operation *kernel : kernels) {
      auto function = cast<func::FuncOp>(kernel);
      function.getBody().dropAllReferences();
      function.getBody().getBlocks().clear();
      function.setPrivate();
    }
  }

private:
  void numberSites(ModuleOp module) {
    OpBuilder builder(module.getContext());
    llvm::MapVector<std::pair<StringRef, StringAttr>, int32_t> sites;
    auto number = [&](Operation *op, StringAttr message) {
      auto [site, inserted] =
          sites.try_emplace({getNodeName(op->getLoc()), message}, sites.size());
      op->setAttr(kSiteAttr, builder.getI32IntegerAttr(site->second));
    };
    module.walk([&](Operation *op) {
      if (auto check = dyn_cast<rt::CheckOp>(op))
        number(op, check.getMessageAttr());
      else if (auto record = dyn_cast<rt::RecordOp>(op))
        number(op, record.getMessageAttr());
    });
    SmallVector<Attribute> table;
    for (auto &[site, index] : sites)
      table.push_back(builder.getArrayAttr(
          {builder.getStringAttr(site.first), site.second}));
    module->setAttr(kSitesAttr, builder.getArrayAttr(table));
  }
};
} // namespace
