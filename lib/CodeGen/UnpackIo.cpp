//===-- UnpackIo.cpp - packed inputs, parameters and outputs of the run ---===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Passes.h"

#include "dialects/Param/IR/Param.h"
#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"

namespace moec {
#define GEN_PASS_DEF_UNPACKIO
#include "moec/CodeGen/Passes.h.inc"
} // namespace moec

using namespace mlir;
using namespace moec;

/// Whether a tensor of the caller or of the weights has two elements in a byte.
static bool isPacked(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.getElementType().isInteger(4);
}

/// A buffer of a byte an element.
static Value allocate(OpBuilder &builder, Location loc, MemRefType type,
                      ValueRange sizes) {
  SmallVector<Value> dynamic;
  for (auto [extent, size] : llvm::zip(type.getShape(), sizes))
    if (ShapedType::isDynamic(extent))
      dynamic.push_back(size);
  return memref::AllocOp::create(
      builder, loc, MemRefType::get(type.getShape(), type.getElementType()),
      dynamic);
}

namespace {
/// Loops over the elements of a packed tensor and of its spread copy.
class Spreader {
public:
  Spreader(OpBuilder &builder, Location loc, ValueRange sizes)
      : builder(builder), loc(loc) {
    count = constant(1);
    for (Value size : sizes)
      count = arith::MulIOp::create(builder, loc, count, size);
    Value more = arith::AddIOp::create(builder, loc, count, constant(1));
    numBytes = arith::DivUIOp::create(builder, loc, more, constant(2));
  }

  void unpack(Value packed, Value elements) {
    Value bytes = getBytes(packed), flat = getFlat(elements);
    forEach(count, [&](Value i) {
      Value at = arith::DivUIOp::create(builder, loc, i, constant(2));
      Value half = arith::RemUIOp::create(builder, loc, i, constant(2));
      Value shift = arith::MulIOp::create(builder, loc, half, constant(4));
      Value byte = memref::LoadOp::create(builder, loc, bytes, at);
      byte = arith::ShRUIOp::create(
          builder, loc, byte,
          arith::IndexCastOp::create(builder, loc, byte.getType(), shift));
      Value element = arith::TruncIOp::create(builder, loc,
                                              builder.getIntegerType(4), byte);
      memref::StoreOp::create(builder, loc, element, flat, i);
    });
  }

  void pack(Value elements, Value packed) {
    Value bytes = getBytes(packed), flat = getFlat(elements);
    Value last = arith::SubIOp::create(builder, loc, count, constant(1));
    forEach(numBytes, [&](Value i) {
      Value first = arith::MulIOp::create(builder, loc, i, constant(2));
      Value second = arith::AddIOp::create(builder, loc, first, constant(1));
      auto load = [&](Value at) -> Value {
        Value element = memref::LoadOp::create(builder, loc, flat, at);
        return arith::ExtUIOp::create(builder, loc, builder.getI8Type(),
                                      element);
      };
      // The last byte of an odd number has one element.
      Value isThere = arith::CmpIOp::create(
          builder, loc, arith::CmpIPredicate::ult, second, count);
      Value high = load(arith::MinUIOp::create(builder, loc, second, last));
      auto byte = [&](int64_t value) -> Value {
        return arith::ConstantIntOp::create(builder, loc, value, 8);
      };
      high = arith::ShLIOp::create(builder, loc, high, byte(4));
      high = arith::SelectOp::create(builder, loc, isThere, high, byte(0));
      Value both = arith::OrIOp::create(builder, loc, load(first), high);
      memref::StoreOp::create(builder, loc, both, bytes, i);
    });
  }

private:
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }

  Value getBytes(Value packed) {
    auto type = MemRefType::get({ShapedType::kDynamic}, builder.getI8Type());
    return rt::BytesOp::create(builder, loc, type, packed, numBytes);
  }

  Value getFlat(Value elements) {
    auto type =
        MemRefType::get({ShapedType::kDynamic}, builder.getIntegerType(4));
    return rt::ViewOp::create(builder, loc, type, elements, count);
  }

  void forEach(Value bound, llvm::function_ref<void(Value)> body) {
    auto loop =
        scf::ForOp::create(builder, loc, constant(0), bound, constant(1));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }

  OpBuilder &builder;
  Location loc;
  Value count, numBytes;
};

struct UnpackIo : moec::impl::UnpackIoBase<UnpackIo> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>(kMainName);
    if (!main || main.isExternal())
      return;
    Block &body = main.getBody().front();
    for (auto input : llvm::to_vector(body.getOps<rt::InputOp>()))
      if (isPacked(input.getType()))
        unpack(input.getValue());
    main.walk([&](param::LoadOp load) {
      if (isPacked(load.getType()))
        unpack(load.getResult());
    });
    for (auto output : llvm::to_vector(body.getOps<rt::OutputOp>()))
      if (isPacked(output.getType()))
        pack(output, body.getTerminator());
  }

private:
  void unpack(Value packed) {
    Operation *source = packed.getDefiningOp();
    OpBuilder builder(source->getContext());
    builder.setInsertionPointAfter(source);
    Location loc = source->getLoc();
    auto type = cast<MemRefType>(packed.getType());
    SmallVector<Value> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      sizes.push_back(memref::DimOp::create(builder, loc, packed, dim));
    Operation *lastDim = sizes.empty() ? source : sizes.back().getDefiningOp();
    Value elements = allocate(builder, loc, type, sizes);
    // What comes after reads the copy.
    packed.replaceUsesWithIf(elements, [&](OpOperand &use) {
      return use.getOwner()->getBlock() != source->getBlock() ||
             lastDim->isBeforeInBlock(use.getOwner());
    });
    Spreader(builder, loc, sizes).unpack(packed, elements);
    ++numSpread;
  }

  void pack(rt::OutputOp output, Operation *end) {
    OpBuilder builder(output);
    Location loc = output.getLoc();
    SmallVector<Value> sizes(output.getSizes());
    Value elements =
        allocate(builder, loc, cast<MemRefType>(output.getType()), sizes);
    output.getValue().replaceAllUsesWith(elements);
    output->moveBefore(end);
    builder.setInsertionPoint(end);
    Spreader(builder, loc, sizes).pack(elements, output);
    ++numSpread;
  }
};
} // namespace
