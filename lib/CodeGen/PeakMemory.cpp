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

namespace {
/// What all frames share.
struct Names {
  const ModelInterface &interface;
  unsigned numCounted = 0;

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
      bytes = bytes * getDim(alloc, dim);
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
                 : makeUnknown();
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
        size = size * getDim(collapse.getSrc(), from);
      return size;
    }
    return makeUnknown();
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
    return values.try_emplace(value, read(value)).first->second;
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
    if (isa<arith::DivUIOp, arith::DivSIOp, arith::FloorDivSIOp>(def))
      return divide(get(def->getOperand(0)), get(def->getOperand(1)));
    if (isa<arith::CeilDivUIOp, arith::CeilDivSIOp>(def))
      return divideUp(get(def->getOperand(0)), get(def->getOperand(1)));
    if (isa<arith::MaxSIOp, arith::MaxUIOp>(def))
      return choose("max", get(def->getOperand(0)), get(def->getOperand(1)));
    if (isa<arith::MinSIOp, arith::MinUIOp>(def))
      return choose("min", get(def->getOperand(0)), get(def->getOperand(1)));
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
    switch (expr.getKind()) {
    case AffineExprKind::Add:
      return a + b;
    case AffineExprKind::Mul:
      return a * b;
    case AffineExprKind::FloorDiv:
      return divide(a, b);
    case AffineExprKind::CeilDiv:
      return divideUp(a, b);
    default:
      return Polynomial::atom("(" + group(a) + " % " + group(b) + ")");
    }
  }

  /// A text that binds as an atom does.
  static std::string group(const Polynomial &value) {
    return value.getConstant() ? value.toText() : "(" + value.toText() + ")";
  }

  static Polynomial divide(const Polynomial &a, const Polynomial &b) {
    std::optional<int64_t> x = a.getConstant(), y = b.getConstant();
    if (y == 1)
      return a;
    if (x && y && *x >= 0 && *y > 0)
      return Polynomial(*x / *y);
    return Polynomial::atom("(" + group(a) + " // " + group(b) + ")");
  }

  static Polynomial divideUp(const Polynomial &a, const Polynomial &b) {
    return divide(a + b - Polynomial(1), b);
  }

  static Polynomial choose(const char *which, const Polynomial &a,
                           const Polynomial &b) {
    bool wantsLarger = StringRef(which) == "max";
    if (a.dominates(b))
      return wantsLarger ? a : b;
    if (b.dominates(a))
      return wantsLarger ? b : a;
    return Polynomial::atom(std::string(which) + "(" + a.toText() + ", " +
                            b.toText() + ")");
  }

  Polynomial makeUnknown() {
    return Polynomial::atom("counted" + std::to_string(names.numCounted++));
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
  Names names{interface};
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
  if (texts.size() > 1)
    return "max(" + llvm::join(texts, ", ") + ")";
  if (auto constant = peaks.front().getConstant())
    return *constant;
  return texts.front();
}
