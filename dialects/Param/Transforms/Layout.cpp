//===-- Layout.cpp - places of parameters in the weights file -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Param/Transforms/Passes.h"

#include "dialects/Param/IR/Param.h"
#include "dialects/Param/IR/Recipes.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/Support/MathExtras.h"

namespace moec::param {
#define GEN_PASS_DEF_PARAMLAYOUT
#include "dialects/Param/Transforms/Passes.h.inc"
} // namespace moec::param

using namespace mlir;
using namespace moec::param;

/// As `MOEC_WEIGHTS_SEGMENT_ALIGN` of the file's format.
static constexpr int64_t kSegmentAlign = 64;
/// Room for the file's header, and for sums without overflow.
static constexpr int64_t kMaxDataBytes = int64_t(1) << 62;

namespace {
struct ParamLayout : moec::param::impl::ParamLayoutBase<ParamLayout> {
  void runOnOperation() override {
    llvm::DenseSet<StringAttr> loaded;
    getOperation().walk(
        [&](LoadOp load) { loaded.insert(load.getParamAttr().getAttr()); });

    Builder builder(&getContext());
    llvm::DenseMap<Attribute, int64_t> offsets;
    int64_t end = 0;
    for (DeclOp decl :
         llvm::make_early_inc_range(getOperation().getOps<DeclOp>())) {
      if (!loaded.contains(decl.getSymNameAttr())) {
        decl.erase();
        ++numErased;
        continue;
      }
      auto [place, isNew] =
          offsets.try_emplace(getStoredRecipe(decl.getTypedRecipe()), end);
      decl.setOffsetAttr(builder.getI64IntegerAttr(place->second));
      if (!isNew) {
        ++numShared;
        continue;
      }
      int64_t bytes = *getStorageBytes(decl.getTensorType());
      if (bytes > kMaxDataBytes - end) {
        decl.emitError() << "parameter @" << decl.getSymName()
                         << " ends beyond 2^62 bytes of the weights file";
        return signalPassFailure();
      }
      numBytes += bytes;
      // An empty value has a place of its own, too.
      end += llvm::alignTo(std::max<int64_t>(bytes, 1), kSegmentAlign);
    }
  }
};
} // namespace
