//===-- SplitLevels.cpp - one set of kernels per CPU level ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Passes.h"

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Rt/IR/Rt.h"
#include "moec/generated.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

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
  static StringAttr getAllocationMessage(MLIRContext *context) {
    return StringAttr::get(context, "a temporary does not fit into memory");
  }

  /// Whether a kernel has buffers of its own, or gets some when its product is
  /// scheduled.
  static bool mayAllocate(func::FuncOp kernel) {
    return kernel
        .walk([](Operation *op) {
          return isa<memref::AllocOp>(op) ||
                         isa_and_present<moe::MoeDialect>(op->getDialect())
                     ? WalkResult::interrupt()
                     : WalkResult::advance();
        })
        .wasInterrupted();
  }

  /// The message of an op that can fail; null for any other.
  static StringAttr getMessage(Operation *op) {
    if (isa<memref::AllocOp>(op))
      return getAllocationMessage(op->getContext());
    if (auto check = dyn_cast<rt::CheckOp>(op))
      return check.getMessageAttr();
    auto record = dyn_cast<rt::RecordOp>(op);
    return record ? record.getMessageAttr() : StringAttr();
  }

  /// Kernels are shared by nodes, so they only number their messages; whose
  /// they are is known where they are called, which has the sites of all of
  /// them, one after the other.
  void numberSites(ModuleOp module) {
    OpBuilder builder(module.getContext());
    using Messages = llvm::SetVector<StringAttr>;
    llvm::StringMap<Messages> messages;
    for (auto function : module.getOps<func::FuncOp>())
      if (function->hasAttr(kKernelAttr)) {
        // The first of a kernel that allocates: code generation asks no
        // further.
        if (mayAllocate(function))
          messages[function.getSymName()].insert(
              getAllocationMessage(module.getContext()));
        function.walk([&](Operation *op) {
          StringAttr message = getMessage(op);
          if (!message)
            return;
          Messages &own = messages[function.getSymName()];
          own.insert(message);
          auto number = llvm::find(own, message) - own.begin();
          op->setAttr(kSiteAttr,
                      builder.getI32IntegerAttr(MOEC_KERNEL_SITE(number)));
        });
      }

    SmallVector<Attribute> table;
    auto add = [&](StringRef node, StringAttr message) {
      table.push_back(
          builder.getArrayAttr({builder.getStringAttr(node), message}));
    };
    // By node, and by message or called kernel.
    llvm::DenseMap<std::pair<StringRef, Attribute>, int32_t> known;
    auto find = [&](Operation *op, Attribute what) {
      auto [site, isNew] =
          known.try_emplace({getNodeName(op->getLoc()), what}, table.size());
      op->setAttr(kSiteAttr, builder.getI32IntegerAttr(site->second));
      return isNew;
    };
    for (auto function : module.getOps<func::FuncOp>()) {
      if (function->hasAttr(kKernelAttr))
        continue;
      function.walk([&](Operation *op) {
        StringRef node = getNodeName(op->getLoc());
        if (StringAttr message = getMessage(op)) {
          if (find(op, message))
            add(node, message);
          return;
        }
        auto call = dyn_cast<func::CallOp>(op);
        auto own = call ? messages.find(call.getCallee()) : messages.end();
        if (own != messages.end() && find(op, call.getCalleeAttr()))
          for (StringAttr message : own->second)
            add(node, message);
      });
    }
    module->setAttr(kSitesAttr, builder.getArrayAttr(table));
  }
};
} // namespace
