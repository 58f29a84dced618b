//===-- Experts.h - what the weights of experts are -----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CERTIFICATES_EXPERTS_H
#define MOEC_LIB_CERTIFICATES_EXPERTS_H

#include "Router.h"

namespace moec::certificates {

/// The weights of the experts of one layer.
class Experts {
public:
  virtual ~Experts() = default;

  /// Succeed if all that `e` computes is what `of` does, bit by bit; if it is
  /// zero for every finite row.
  virtual llvm::Error checkDuplicate(int64_t e, int64_t of) = 0;
  virtual llvm::Error checkZero(int64_t e) = 0;
};

/// Experts whose weights lie side by side, one index of the first dimension
/// each.
class StackedExperts : public Experts {
public:
  explicit StackedExperts(ConstantReader &constants) : constants(constants) {}

  llvm::Error checkDuplicate(int64_t e, int64_t of) override;
  llvm::Error checkZero(int64_t e) override;

  /// Every weight; of them those that decide that the output is zero, or why
  /// they were not found.
  llvm::SmallVector<mlir::Value> all, last;
  std::string whyNoLast;
  ConstantReader &constants;

protected:
  llvm::Error compare(mlir::Value weight, int64_t e, int64_t of);
  llvm::Error checkZeros(mlir::Value weight, int64_t e);
};

/// Fills in the weights of a layer of ordinary nodes, without those that are
/// cut into one for each expert; says whether there are such. Refuses weights
/// that may be the experts' in another dimension than the first.
llvm::Expected<bool> collectStacked(StackedExperts &experts, const OpSet &layer,
                                    mlir::Operation *root, int64_t count);

/// Finds the weights; refuses a layer whose experts cannot be told apart.
llvm::Expected<std::unique_ptr<Experts>>
findExperts(const Router &router, llvm::ArrayRef<mlir::Operation *> root,
            ConstantReader &constants);

/// The experts of a layer that has each in nodes of its own.
llvm::Expected<std::unique_ptr<Experts>>
findUnrolledExperts(const Router &router,
                    llvm::ArrayRef<mlir::Operation *> root,
                    ConstantReader &constants);

/// The experts of a layer that sorts rows by expert, cuts them and, after each
/// product, puts the pieces together again.
llvm::Expected<std::unique_ptr<Experts>>
findPieceExperts(const Router &router, llvm::ArrayRef<mlir::Operation *> root,
                 ConstantReader &constants);

/// What a sum is made of, without the choice of experts and what that is made
/// of.
OpSet collectLayer(const Router &router,
                   llvm::ArrayRef<mlir::Operation *> root);

/// Of the weights, those of the products next to the ends of a layer, and of
/// the sums after these: where they are zero, so is what reaches the ends.
/// Refuses what stands between and is not zero where its operands are. With
/// `piece` the end is one expert's, and that the operand of a Concat which has
/// one for each expert.
llvm::Expected<llvm::SmallVector<mlir::Value>>
findLastWeights(const OpSet &layer, llvm::ArrayRef<mlir::Operation *> ends,
                llvm::ArrayRef<mlir::Value> weights, int64_t piece = -1);

} // namespace moec::certificates

#endif // MOEC_LIB_CERTIFICATES_EXPERTS_H
