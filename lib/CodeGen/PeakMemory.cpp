//===-- PeakMemory.cpp - how much a run takes at once ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/PeakMemory.h"

#include "Polynomial.h"

#include "dialects/Rt/IR/Rt.h"
#include "moec/CodeGen/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace mlir;
using namespace moec;

/// Sizes, none of which is known to be at least as large as all others.
using Sizes = SmallVector<Polynomial>;

static void addCandidate(Sizes &sizes, const Polynomial &size) {
  // More than these nobody reads; their bound is as true.
  constexpr size_t kMaxSizes = 4;
  for (const Polynomial &other : sizes)
    if (other.dominates(size))
      return;
  llvm::erase_if(
      sizes, [&](const Polynomial &other) { return size.dominates(other); });
  if (sizes.size() < kMaxSizes) {
    sizes.push_back(size);
    return;
  }
  Polynomial all = Polynomial::bound(sizes.pop_back_val(), size);
  addCandidate(sizes, all);
}

/// Longer arithmetic gets a name of its own: a text holds those of its
/// operands, and one that is used twice would double at every step.
static constexpr size_t kMaxLength = 200;
/// The longest text of a peak.
static constexpr size_t kMaxPeakLength = 4000;

namespace {
/// What all frames share.
struct Names {
  explicit Names(const ModelInterface &interface) : interface(interface) {}

  const ModelInterface &interface;
  unsigned numCounted = 0;
  /// Names of arithmetic too long to print.
  std::map<std::string, std::string> shortened;

  /// "counted0", ..., as far as the model has no such symbol.
  std::string makeName() {
    std::string name;
    do
      name = "counted" + std::to_string(numCounted++);
    while (llvm::is_contained(interface.symbols, name));
    return name;
  }

  Polynomial shorten(const Polynomial &value) {
    if (!value.isValid())
      return value;
    std::string text = value.toText();
    if (text.size() <= kMaxLength)
      return value;
    std::string &name = shortened[text];
    if (name.empty())
      name = makeName();
    return Polynomial::atom(name, !value.isNonNegative());
  }

  /// An input's extent, as a factor.
  Polynomial getExtent(int64_t input, unsigned dim) const {
    int64_t extent = interface.inputs[input].dims[dim];
    if (extent >= 0)
      return Polynomial(extent);
    std::string name = interface.symbols[-(extent + 1)];
    bool isPlain = llvm::all_of(name, [](char letter) {
      return llvm::isAlnum(letter) || letter == '_';
    });
    return Polynomial::atom(isPlain ? name : "(" + name + ")");
  }
};

/// Index arithmetic of one function, read as polynomials over the symbols.
class Frame {
public:
  explicit Frame(Names &names) : names(names) {}
  Frame(Frame &caller, func::CallOp call)
      : names(caller.names), caller(&caller), call(call) {}

  Polynomial getBytes(memref::AllocOp alloc) {
    MemRefType type = alloc.getType();
    Type element = type.getElementType();
    int64_t bits = element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
    Polynomial bytes(int64_t(llvm::divideCeil(bits, 8)));
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      bytes = bytes * getDim(alloc, dim).asExtent();
    return bytes;
  }

private:
  Polynomial getDim(Value memref, unsigned dim) {
    auto type = cast<MemRefType>(memref.getType());
    if (!type.isDynamicDim(dim))
      return Polynomial(type.getDimSize(dim));
    if (auto arg = dyn_cast<BlockArgument>(memref)) {
      bool isOfFunction = isa<func::FuncOp>(arg.getOwner()->getParentOp());
      return caller && isOfFunction
                 ? caller->getDim(call.getOperand(arg.getArgNumber()), dim)
                 : makeUnknown().asExtent();
    }
    Operation *def = memref.getDefiningOp();
    if (auto input = dyn_cast<rt::InputOp>(def))
      return names.getExtent(input.getPosition(), dim);
    if (auto output = dyn_cast<rt::OutputOp>(def))
      return get(output.getSizes()[dim]);
    if (auto view = dyn_cast<rt::ViewOp>(def))
      return get(view.getSizes()[dim]);
    if (auto alloc = dyn_cast<memref::AllocOp>(def))
      return get(alloc.getDynamicSizes()[type.getDynamicDimIndex(dim)]);
    if (auto cast = dyn_cast<memref::CastOp>(def))
      return getDim(cast.getSource(), dim);
    if (auto view = dyn_cast<memref::SubViewOp>(def))
      if (view.getType().getRank() == view.getSourceType().getRank())
        return get(view.getMixedSizes()[dim]);
    if (auto expand = dyn_cast<memref::ExpandShapeOp>(def))
      return get(expand.getMixedOutputShape()[dim]);
    if (auto collapse = dyn_cast<memref::CollapseShapeOp>(def)) {
      Polynomial size(1);
      ReassociationIndices group = collapse.getReassociationIndices()[dim];
      for (int64_t from : group)
        size = names.shorten(size * getDim(collapse.getSrc(), from));
      return size;
    }
    return makeUnknown().asExtent();
  }

  Polynomial get(OpFoldResult value) {
    if (auto constant = getConstantIntValue(value))
      return Polynomial(*constant);
    return get(cast<Value>(value));
  }

  Polynomial get(Value value) {
    auto known = values.find(value);
    if (known != values.end())
      return known->second;
    return values.try_emplace(value, names.shorten(read(value))).first->second;
  }

  Polynomial read(Value value) {
    if (auto constant = getConstantIntValue(value))
      return Polynomial(*constant);
    if (auto arg = dyn_cast<BlockArgument>(value)) {
      bool isOfFunction = isa<func::FuncOp>(arg.getOwner()->getParentOp());
      return caller && isOfFunction
                 ? caller->get(call.getOperand(arg.getArgNumber()))
                 : makeUnknown();
    }
    Operation *def = value.getDefiningOp();
    if (auto dim = dyn_cast<memref::DimOp>(def)) {
      std::optional<int64_t> index = dim.getConstantIndex();
      return index ? getDim(dim.getSource(), *index) : makeUnknown();
    }
    if (auto apply = dyn_cast<affine::AffineApplyOp>(def))
      return get(apply.getAffineMap().getResult(0), apply.getMapOperands(),
                 apply.getAffineMap().getNumDims());
    if (isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtSIOp,
            arith::ExtUIOp, arith::TruncIOp>(def))
      return get(def->getOperand(0));
    if (isa<arith::AddIOp>(def))
      return get(def->getOperand(0)) + get(def->getOperand(1));
    if (isa<arith::SubIOp>(def))
      return get(def->getOperand(0)) - get(def->getOperand(1));
    if (isa<arith::MulIOp>(def))
      return get(def->getOperand(0)) * get(def->getOperand(1));
    if (isa<arith::FloorDivSIOp>(def))
      return Polynomial::divide(get(def->getOperand(0)),
                                get(def->getOperand(1)));
    if (isa<arith::DivUIOp, arith::DivSIOp>(def))
      return divideToZero(get(def->getOperand(0)), get(def->getOperand(1)));
    if (isa<arith::CeilDivUIOp, arith::CeilDivSIOp>(def))
      return divideUp(get(def->getOperand(0)), get(def->getOperand(1)));
    if (isa<arith::MaxSIOp, arith::MaxUIOp>(def))
      return Polynomial::max(get(def->getOperand(0)), get(def->getOperand(1)));
    if (isa<arith::MinSIOp, arith::MinUIOp>(def))
      return Polynomial::min(get(def->getOperand(0)), get(def->getOperand(1)));
    return makeUnknown();
  }

  Polynomial get(AffineExpr expr, ValueRange operands, unsigned numDims) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return Polynomial(constant.getValue());
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      return get(operands[dim.getPosition()]);
    if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
      return get(operands[numDims + symbol.getPosition()]);
    auto binary = cast<AffineBinaryOpExpr>(expr);
    Polynomial a = get(binary.getLHS(), operands, numDims);
    Polynomial b = get(binary.getRHS(), operands, numDims);
    return names.shorten(combine(expr.getKind(), a, b));
  }

  /// The divisor of an affine expression is above 0.
  static Polynomial combine(AffineExprKind kind, const Polynomial &a,
                            const Polynomial &b) {
    switch (kind) {
    case AffineExprKind::Add:
      return a + b;
    case AffineExprKind::Mul:
      return a * b;
    case AffineExprKind::FloorDiv:
      return Polynomial::divide(a, b);
    case AffineExprKind::CeilDiv:
      return Polynomial::divideUp(a, b);
    default:
      return Polynomial::modulo(a, b);
    }
  }

  /// Which is down only where nothing is negative.
  Polynomial divideToZero(const Polynomial &a, const Polynomial &b) {
    if (!a.isValid() || !b.isValid())
      return Polynomial::invalid();
    return a.isNonNegative() && b.isNonNegative() ? Polynomial::divide(a, b)
                                                  : makeUnknown();
  }

  Polynomial divideUp(const Polynomial &a, const Polynomial &b) {
    if (!b.isValid() || b.isNonNegative())
      return Polynomial::divideUp(a, b);
    return a.isValid() ? makeUnknown() : Polynomial::invalid();
  }

  /// Of any sign: an index that is read may count from the end.
  Polynomial makeUnknown() {
    return Polynomial::atom(names.makeName(), /*mayBeNegative=*/true);
  }

  Names &names;
  Frame *caller = nullptr;
  func::CallOp call;
  DenseMap<Value, Polynomial> values;
};

/// Follows a function's buffers from op to op.
class Follower {
public:
  explicit Follower(ModuleOp module) {
    for (auto level : module.getOps<ModuleOp>())
      if (level->hasAttr(kLevelAttr))
        levels.push_back(level);
  }

  /// The sizes of which the greatest is what `block` has at once at most; false
  /// where that cannot be said.
  bool follow(Block &block, Frame &frame, Sizes &peaks) {
    Polynomial live;
    DenseMap<Value, Polynomial> buffers;
    for (Operation &op : block) {
      if (auto alloc = dyn_cast<memref::AllocOp>(op)) {
        Polynomial bytes = frame.getBytes(alloc);
        buffers[alloc] = bytes;
        live = live + bytes;
        addCandidate(peaks, live);
      } else if (auto dealloc = dyn_cast<memref::DeallocOp>(op)) {
        auto known = buffers.find(dealloc.getMemref());
        if (known == buffers.end())
          return false;
        live = live - known->second;
        buffers.erase(known);
      } else if (auto call = dyn_cast<func::CallOp>(op)) {
        if (!followCall(call, frame, live, peaks))
          return false;
      } else {
        for (Region &region : op.getRegions())
          for (Block &inner : region)
            if (!followInner(inner, frame, live, peaks))
              return false;
      }
    }
    // What a loop's body leaves behind adds up.
    return buffers.empty() || isa<func::FuncOp>(block.getParentOp());
  }

private:
  bool followInner(Block &block, Frame &frame, const Polynomial &live,
                   Sizes &peaks) {
    Sizes inner;
    if (!follow(block, frame, inner))
      return false;
    for (const Polynomial &size : inner)
      addCandidate(peaks, live + size);
    return true;
  }

  /// A kernel's own buffers, at whatever level takes most.
  bool followCall(func::CallOp call, Frame &frame, const Polynomial &live,
                  Sizes &peaks) {
    for (ModuleOp level : levels) {
      auto kernel = level.lookupSymbol<func::FuncOp>(call.getCallee());
      if (!kernel || kernel.isExternal())
        continue;
      Frame inner(frame, call);
      if (!followInner(kernel.getBody().front(), inner, live, peaks))
        return false;
    }
    return true;
  }

  SmallVector<ModuleOp> levels;
};
} // namespace

llvm::json::Value moec::describePeakBytes(ModuleOp module,
                                          const ModelInterface &interface) {
  auto main = module.lookupSymbol<func::FuncOp>(kMainName);
  if (!main || main.isExternal())
    return nullptr;
  Names names(interface);
  Frame frame(names);
  Sizes peaks = {Polynomial(0)};
  if (!Follower(module).follow(main.getBody().front(), frame, peaks))
    return nullptr;
  SmallVector<std::string> texts;
  for (const Polynomial &peak : peaks) {
    if (!peak.isValid())
      return nullptr;
    texts.push_back(peak.toText());
  }
  if (auto constant = peaks.front().getConstant();
      constant && texts.size() == 1)
    return *constant;
  std::string text = llvm::join(texts, ", ");
  if (texts.size() > 1)
    text = "max(" + text + ")";
  if (text.size() > kMaxPeakLength)
    return nullptr;
  return text;
}
