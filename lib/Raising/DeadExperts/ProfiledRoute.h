//===-- ProfiledRoute.h - experts that a profile hardly ever saw ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_RAISING_DEADEXPERTS_PROFILEDROUTE_H
#define MOEC_LIB_RAISING_DEADEXPERTS_PROFILEDROUTE_H

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Param/IR/Param.h"
#include "moec/Raising/ExpertProfile.h"

#include "mlir/IR/SymbolTable.h"

#include <optional>
#include <string>

namespace moec::dead {

/// A router, out of whose selection experts can be taken.
class ProfiledRoute {
public:
  /// Where nothing can be taken out, `getMiss` says why.
  explicit ProfiledRoute(moe::RouteOp route);

  llvm::StringRef getMiss() const { return miss; }

  /// Those of a smaller share than `least`, the rarest first; but only as many
  /// as leave every token, in whichever groups, enough to choose from among
  /// those that are not `unchosen` anyway.
  llvm::SmallVector<int64_t> choose(const LayerProfile &profile, double least,
                                    const std::vector<bool> &unchosen) const;

  /// Takes the experts out: their keys become -inf.
  void mask(llvm::ArrayRef<int64_t> experts, mlir::SymbolTable &symbols);

private:
  bool read();
  bool isOfOneLayer();
  bool fail(const llvm::Twine &reason);
  bool isFillBelowKeys() const;
  bool leavesEnough(const std::vector<bool> &isGone) const;

  moe::RouteOp route;
  int64_t experts = 0;
  std::vector<float> bias;
  std::string miss;
};

} // namespace moec::dead

#endif // MOEC_LIB_RAISING_DEADEXPERTS_PROFILEDROUTE_H
