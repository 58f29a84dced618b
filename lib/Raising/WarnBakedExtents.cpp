//===-- WarnBakedExtents.cpp - numbers of the example input --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Raising/Passes.h"

#include "Routing/RoutingFacts.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"

namespace moec {
#define GEN_PASS_DEF_WARNBAKEDEXTENTS
#include "moec/Raising/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

namespace {
/// What an extent of the inputs must be, and the nodes that demand it.
struct Demand {
  Operation *first;
  unsigned others = 0;
  bool mayBeOne = true;
};
} // namespace

/// Operators that state extents as numbers of their own, or meet a constant's.
static bool isTraced(Operation *op) {
  return isa<onnx::ReshapeOp, onnx::ExpandOp, onnx::SplitOp>(op) ||
         routing::isRowwiseElementwise(op);
}

/// `extent = number` without the numbers that an extent is multiplied by and
/// that are added to it.
static std::pair<AffineExpr, int64_t> solve(AffineExpr extent, int64_t number) {
  while (auto binary = dyn_cast<AffineBinaryOpExpr>(extent)) {
    auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
    if (!constant)
      break;
    int64_t own = constant.getValue();
    if (extent.getKind() == AffineExprKind::Add)
      number -= own;
    else if (extent.getKind() == AffineExprKind::Mul && own != 0 &&
             number % own == 0)
      number /= own;
    else
      break;
    extent = binary.getLHS();
  }
  return {extent, number};
}

namespace {
struct WarnBakedExtents : moec::impl::WarnBakedExtentsBase<WarnBakedExtents> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main)
      return;
    SmallVector<std::string> names;
    if (auto symbols =
            getOperation()->getAttrOfType<ArrayAttr>(onnx::kSymbolsAttr))
      for (StringAttr name : symbols.getAsRange<StringAttr>())
        names.push_back(name.str());
    llvm::DenseSet<unsigned> given = getGivenSymbols(main);
    llvm::MapVector<std::pair<AffineExpr, int64_t>, Demand> demands;
    for (Operation &op : main.getBody().front())
      if (isTraced(&op))
        collect(&op, given, demands);
    for (const auto &[key, demand] : demands)
      warn(onnx::describeExtent(key.first, names), key.second, demand);
  }

private:
  /// Symbols of the inputs' extents: others are counted in a run.
  static llvm::DenseSet<unsigned> getGivenSymbols(func::FuncOp main) {
    llvm::DenseSet<unsigned> given;
    for (BlockArgument argument : main.getArguments())
      if (AffineMap map = onnx::getShapeMap(argument))
        map.walkExprs([&](AffineExpr part) {
          if (auto symbol = dyn_cast<AffineSymbolExpr>(part))
            given.insert(symbol.getPosition());
        });
    return given;
  }

  template <typename Demands>
  static void collect(Operation *op, const llvm::DenseSet<unsigned> &given,
                      Demands &demands) {
    auto checks = op->getAttrOfType<ArrayAttr>(onnx::kEqualAttr);
    if (!checks)
      return;
    for (onnx::CheckAttr check : checks.getAsRange<onnx::CheckAttr>()) {
      bool isBroadcast = check.getKind() == onnx::CheckKind::Broadcast;
      if (!isBroadcast && check.getKind() != onnx::CheckKind::Equal)
        continue;
      AffineMap sides = check.getSides().getValue();
      AffineExpr extent = sides.getResult(0), number = sides.getResult(1);
      if (isa<AffineConstantExpr>(extent))
        std::swap(extent, number);
      auto constant = dyn_cast<AffineConstantExpr>(number);
      if (!constant || !isGiven(extent, given))
        continue;
      auto [found, isNew] =
          demands.insert({solve(extent, constant.getValue()), Demand{op}});
      if (!isNew && found->second.first != op)
        ++found->second.others;
      found->second.mayBeOne &= isBroadcast;
    }
  }

  static bool isGiven(AffineExpr extent,
                      const llvm::DenseSet<unsigned> &given) {
    bool isOpen = false, isAllGiven = true;
    extent.walk([&](AffineExpr part) {
      if (auto symbol = dyn_cast<AffineSymbolExpr>(part)) {
        isOpen = true;
        isAllGiven &= given.contains(symbol.getPosition());
      }
    });
    return isOpen && isAllGiven;
  }

  void warn(const std::string &extent, int64_t number, const Demand &demand) {
    std::string others =
        demand.others == 0 ? ""
        : demand.others == 1
            ? " (and one more node)"
            : " (and " + std::to_string(demand.others) + " more nodes)";
    ++numBaked;
    demand.first->emitWarning()
        << "a run needs " << extent << " to be " << number
        << (demand.mayBeOne ? " or 1" : "") << " here" << others
        << ": the file has a number of the example input that it was exported "
           "with; export it with this extent dynamic, or fix it with --dim";
  }
};
} // namespace
