//===-- LayerVerdict.cpp - which experts of a layer are dead, and why -----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerVerdict.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace moec::dead;

bool LayerVerdict::bury(Builder &builder, int64_t expert, StringRef cause,
                        ArrayRef<NamedAttribute> proof) {
  if (isDead[expert])
    return false;
  isDead[expert] = true;
  NamedAttrList entry(proof);
  entry.set("expert", builder.getI64IntegerAttr(expert));
  entry.set("cause", builder.getStringAttr(cause));
  entries.push_back({expert, builder.getDictionaryAttr(entry)});
  return true;
}

LayerVerdict::Left LayerVerdict::getLeft(ArrayRef<int64_t> experts) const {
  Left left;
  left.groups.assign(isDead.size(), -1);
  for (auto [place, expert] : llvm::enumerate(experts))
    if (isAlive(expert)) {
      left.groups[expert] = int32_t(left.places.size());
      left.places.push_back(int64_t(place));
    }
  if (left.places.empty())
    left.places.push_back(0);
  // Of another kind's experts both are nowhere.
  for (auto [expert, of] : sharedWith)
    left.groups[expert] = left.groups[of];
  return left;
}

bool LayerVerdict::hasDead(ArrayRef<int64_t> experts) const {
  return llvm::any_of(experts, [&](int64_t e) { return isDead[e]; });
}

ArrayAttr LayerVerdict::getEntries(Builder &builder,
                                   ArrayRef<int64_t> experts) const {
  SmallVector<std::pair<int64_t, Attribute>> own;
  for (auto &[expert, entry] : entries)
    if (llvm::is_contained(experts, expert))
      own.push_back({expert, entry});
  llvm::sort(own, llvm::less_first());
  return builder.getArrayAttr(llvm::to_vector(llvm::make_second_range(own)));
}

std::string LayerVerdict::describe() const {
  SmallVector<std::string> parts;
  for (StringRef cause :
       {"masked", "unreachable", "zero", "duplicate", "profile"}) {
    int64_t count = llvm::count_if(entries, [&](const auto &entry) {
      return entry.second.template getAs<StringAttr>("cause") == cause;
    });
    if (count)
      parts.push_back(std::to_string(count) + " " + cause.str());
  }
  return llvm::join(parts, ", ");
}
