//===-- ExpertProfile.h - which experts a model was seen to use -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_RAISING_EXPERTPROFILE_H
#define MOEC_RAISING_EXPERTPROFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <utility>
#include <vector>

namespace moec {

/// Of one layer; an element for each expert, as the source numbers them.
struct LayerProfile {
  /// Of the choices that were routed or, where the file has scores, of their
  /// sum. Sums to 1.
  std::vector<double> share;
  /// Of the weight that was routed, sums to 1; empty where the file does not
  /// say it or all of it is zero.
  std::vector<double> weightShare;

  /// The experts that have a smaller share, ascending.
  llvm::SmallVector<int64_t> getBelow(double least) const;
};

/// The profile that `moec-run --profile` writes, see docs/expert-profile.md.
class ExpertProfile {
public:
  /// The file is not trusted: an error is a sentence that names the file and
  /// what is wrong with it.
  static llvm::Expected<ExpertProfile> read(llvm::StringRef path);

  /// Null where the profile does not have the layer.
  const LayerProfile *lookup(llvm::StringRef layer) const;

  /// By name, in the order of the file; no name is there twice.
  using NamedLayer = std::pair<std::string, LayerProfile>;
  llvm::ArrayRef<NamedLayer> getLayers() const { return layers; }

private:
  llvm::Error readLayers(llvm::StringRef path);

  std::vector<NamedLayer> layers;
  /// Where a name is among them.
  llvm::StringMap<size_t> indices;
};

} // namespace moec

#endif // MOEC_RAISING_EXPERTPROFILE_H
