//===-- SlotSums.cpp - layers whose experts compute slots -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A table of slots sends each token to the slots of its experts, and another
// one takes back what they made of it: `sum over (e, c) of combine[t, e, c] *
// expert_e(sum over s of dispatch[s, e, c] * x[s])`. With one token at most in
// a slot the inner sum is that token's row.
//
//===----------------------------------------------------------------------===//

#include "LayerFinder.h"
#include "SlotProducts.h"

using namespace mlir;
using namespace moec;
using namespace moec::routing;

/// Whether what a table of slots counts can be looked up by a choice.
static bool canLookUp(ArrayRef<Dim> dims) {
  SmallVector<Axis> axes = flattenDims(dims);
  return llvm::all_of(axes, [&](Axis axis) {
    return llvm::count(axes, axis) == 1 &&
           (axis == Axis::Token || axis == Axis::Choice ||
            axis == Axis::Expert);
  });
}

static bool canLookUp(const SlotPart &part) {
  return canLookUp(part.placeDims) &&
         llvm::all_of(part.factors, [](const SlotFactor &factor) {
           return canLookUp(factor.dims);
         });
}

/// Whether the choices of `second` are numbered after all of `first`, and after
/// what those come after.
static bool comesAfter(const SlotPart &second, const SlotPart &first) {
  auto isBefore = [&](const CountedChoices &choices) {
    return llvm::any_of(
        second.numbering.before, [&](const CountedChoices &counted) {
          return counted.choice == choices.choice &&
                 (!counted.kept || counted.kept == choices.kept);
        });
  };
  return second.numbering.first >= first.numbering.first &&
         isBefore(first.numbering.own) &&
         llvm::all_of(first.numbering.before, isBefore);
}

/// Whether no two choices have the same slot.
static bool haveOwnSlots(ArrayRef<SlotPart> parts) {
  for (auto [i, part] : llvm::enumerate(parts))
    for (const SlotPart &other : parts.drop_front(i + 1))
      if (!comesAfter(part, other) && !comesAfter(other, part))
        return false;
  return true;
}

/// Whether every choice of a token has its part.
static bool haveAllChoices(ArrayRef<SlotPart> parts, int64_t choices) {
  if (parts.size() == 1 && parts.front().choice == kEveryChoice)
    return true;
  return int64_t(parts.size()) == choices;
}

/// Whether a factor that is zero makes one of `factors` zero.
static bool isAmong(const SlotFactor &factor, ArrayRef<SlotFactor> factors) {
  return llvm::any_of(factors, [&](const SlotFactor &other) {
    if (factor.value == other.value && factor.dims == other.dims)
      return true;
    bool areMasks = factor.isMask && other.isMask &&
                    flattenDims(factor.dims) == flattenDims(other.dims);
    return areMasks && isKeptOf(peelMask(other.value), factor.value);
  });
}

/// Why what is taken from slots may not have been sent there; "" where it was.
static StringRef findLostRow(const SlotPart &back, const SlotPart &sent,
                             SlotTest test) {
  if (peelMask(back.place) != peelMask(sent.place))
    return "tokens are sent to other slots than their results come from";
  for (const SlotFactor &factor : sent.factors) {
    if (!factor.isMask && test == SlotTest::None)
      return "rows are weighted on their way to their slots";
    if (!factor.isMask && test == SlotTest::Positive &&
        !isNotNegative(factor.value))
      return "a weight may be below zero, for which no row is sent";
    if (!isAmong(factor, back.factors))
      return "a result may come from a slot to which no token was sent";
  }
  return "";
}

static StringRef findLostRow(ArrayRef<SlotPart> parts, const Fact &dispatch) {
  if (dispatch.parts.size() != parts.size())
    return "not all choices are sent to slots";
  for (const SlotPart &part : parts) {
    const auto *sent =
        llvm::find_if(dispatch.parts, [&](const SlotPart &other) {
          return other.choice == part.choice;
        });
    if (sent == dispatch.parts.end())
      return "not all choices are sent to slots";
    if (StringRef reason = findLostRow(part, *sent, dispatch.test);
        !reason.empty())
      return reason;
  }
  return "";
}

/// Whether a table only sends rows on.
static bool isDispatch(const SlotProduct &product) {
  return llvm::all_of(product.tableLabels, [&](unsigned label) {
    const Dim &dim = product.dims[label];
    return !product.isSummed(label) || dim.empty() || dim == Dim{Axis::Token};
  });
}

std::unique_ptr<RoutedLayer> LayerFinder::findSlotSum(Operation *sum) {
  std::optional<SlotProduct> product = readSlotProduct(facts, sum);
  if (!product || isDispatch(*product))
    return nullptr;
  ArrayRef<SlotPart> parts = product->fact->parts;
  SlotTest test = product->fact->test;
  if (test == SlotTest::Zero || (test != SlotTest::None && !isOfMasks(parts)))
    return fail(sum, "it adds up tests of weights");
  for (const SlotPart &part : parts)
    if (!part.isExact())
      return fail(sum, "a token may be at slots of experts that it did not "
                       "choose, or that dropped it");
  if (!isOfTokens(facts, *product))
    return fail(sum, "it is no sum over all slots for each token");
  if (!haveOwnSlots(parts))
    return fail(sum, "two tokens may have the same slot");
  if (!haveAllChoices(parts, facts.getExtents().choices))
    return fail(sum, "not all choices of a token have slots");
  if (!llvm::all_of(parts,
                    [](const SlotPart &part) { return canLookUp(part); }))
    return fail(sum, "the numbers of its slots are in no order of tokens");
  auto layer = std::make_unique<RoutedLayer>();
  layer->root = sum;
  layer->pattern = "P9";
  layer->slots.assign(parts.begin(), parts.end());
  llvm::sort(layer->slots, [](const SlotPart &a, const SlotPart &b) {
    return a.choice < b.choice;
  });
  layer = finish(std::move(layer), Space::Slots, product->rows);
  if (!layer)
    return nullptr;
  for (Operation *dispatch : layer->kinds.front().lifter->getDispatches()) {
    std::optional<SlotProduct> sent = readSlotProduct(facts, dispatch);
    if (StringRef reason = findLostRow(parts, *sent->fact); !reason.empty())
      return fail(dispatch, reason);
  }
  Dims wanted = product->getRowDims(product->rowLabels);
  const Dims &found = layer->kinds.front().lifter->getDims(product->rows);
  for (auto [want, have, extent] :
       llvm::zip(wanted, found, getType(product->rows).getShape()))
    if (extent != 1 && want != have)
      return fail(sum, "results come from the slots of other experts");
  return isPrivate(*layer, sum) ? std::move(layer) : nullptr;
}

std::unique_ptr<RoutedLayer> LayerFinder::findOfSlots() {
  for (const auto &[value, fact] : facts.getSlotFacts()) {
    if (fact.kind != FactKind::Slots || fact.expert)
      continue;
    for (Operation *user : value.getUsers())
      if (MaybeLayer layer = findSlotSum(user))
        return layer;
  }
  return nullptr;
}
