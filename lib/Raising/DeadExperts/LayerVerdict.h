//===-- LayerVerdict.h - which experts of a layer are dead, and why -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_DEADEXPERTS_LAYERVERDICT_H
#define MOEC_LIB_RAISING_DEADEXPERTS_LAYERVERDICT_H

#include "mlir/IR/Builders.h"

#include <string>
#include <vector>

namespace moec::dead {

/// The experts of one layer, numbered as in the source, and what has been found
/// of each.
class LayerVerdict {
public:
  explicit LayerVerdict(int64_t experts) : isDead(experts, false) {}

  bool isAlive(int64_t expert) const { return !isDead[expert]; }
  const std::vector<bool> &getDead() const { return isDead; }

  /// Records that an expert is dead; false where it was already.
  bool bury(mlir::Builder &builder, int64_t expert, llvm::StringRef cause,
            llvm::ArrayRef<mlir::NamedAttribute> proof = {});

  /// An expert that another's weights serve.
  void share(int64_t expert, int64_t of) { sharedWith.push_back({expert, of}); }

  /// What is left of some experts: the places of those among them, of which one
  /// stays in any case, and where a choice of each expert of the layer leads
  /// then, nowhere at -1.
  struct Left {
    llvm::SmallVector<int64_t> places;
    llvm::SmallVector<int32_t> groups;
  };
  Left getLeft(llvm::ArrayRef<int64_t> experts) const;

  bool isEmpty() const { return entries.empty(); }
  bool hasDead(llvm::ArrayRef<int64_t> experts) const;
  /// Whether some choices lead nowhere.
  bool hasGaps() const { return entries.size() > sharedWith.size(); }

  /// The entries of some experts, ascending.
  mlir::ArrayAttr getEntries(mlir::Builder &builder,
                             llvm::ArrayRef<int64_t> experts) const;

  /// "1 duplicate, 2 unreachable".
  std::string describe() const;

private:
  std::vector<bool> isDead;
  llvm::SmallVector<std::pair<int64_t, int64_t>> sharedWith;
  llvm::SmallVector<std::pair<int64_t, mlir::DictionaryAttr>> entries;
};

} // namespace moec::dead

#endif // MOEC_LIB_RAISING_DEADEXPERTS_LAYERVERDICT_H
