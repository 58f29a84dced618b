//===-- MergeEqual.cpp - parameters of equal recipe become one ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Param/Transforms/Passes.h"

#include "dialects/Param/IR/Param.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseMap.h"

namespace moec::param {
#define GEN_PASS_DEF_PARAMMERGEEQUAL
#include "dialects/Param/Transforms/Passes.h.inc"
} // namespace moec::param

using namespace mlir;
using namespace moec::param;

namespace {
struct ParamMergeEqual
    : moec::param::impl::ParamMergeEqualBase<ParamMergeEqual> {
  void runOnOperation() override {
    // A recipe decides the type, so it alone is the key.
    llvm::DenseMap<Attribute, DeclOp> first;
    llvm::DenseMap<StringAttr, FlatSymbolRefAttr> replacements;
    SmallVector<DeclOp> merged;
    for (auto decl : getOperation().getOps<DeclOp>()) {
      auto [kept, isNew] = first.try_emplace(decl.getTypedRecipe(), decl);
      if (isNew || kept->second.getOffset() != decl.getOffset())
        continue;
      replacements[decl.getSymNameAttr()] =
          FlatSymbolRefAttr::get(kept->second.getSymNameAttr());
      merged.push_back(decl);
    }
    if (merged.empty())
      return markAllAnalysesPreserved();
    getOperation().walk([&](LoadOp load) {
      auto replacement = replacements.find(load.getParamAttr().getAttr());
      if (replacement != replacements.end())
        load.setParamAttr(replacement->second);
    });
    for (DeclOp decl : merged)
      decl.erase();
    numMerged += merged.size();
  }
};
} // namespace
