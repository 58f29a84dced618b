//===-- KernelBuilder.cpp - parallel loops over tiles of tensors ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace moec;

KernelBuilder::Values KernelBuilder::parallel(ValueRange counts,
                                              ValueRange destinations,
                                              Tiler tiler, Item item) {
  SmallVector<OpFoldResult> bounds;
  for (Value count : counts)
    bounds.push_back(getAsOpFoldResult(count));
  SmallVector<Value> inits(destinations);
  // A single item is folded into the kernel. Bufferization puts what plain
  // loops make into the kernel's destination only if they start from contents.
  if (llvm::all_of(bounds, [](OpFoldResult bound) {
        return getConstantIntValue(bound) == 1;
      }))
    for (Value &init : inits) {
      // What an earlier loop wrote is contents already.
      if (!init.getDefiningOp<tensor::EmptyOp>())
        continue;
      Type element = cast<RankedTensorType>(init.getType()).getElementType();
      Value zero = arith::ConstantOp::create(b, b.getFloatAttr(element, 0.0));
      init = linalg::FillOp::create(b, zero, init).getResult(0);
    }
  auto loop = scf::ForallOp::create(b, b.getLoc(), bounds, inits,
                                    /*mapping=*/std::nullopt);

  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Tile> tiles = tiler(loop.getInductionVars());
  Values slices;
  for (auto [tile, destination] : llvm::zip(tiles, loop.getRegionIterArgs())) {
    SmallVector<OpFoldResult> strides(tile.sizes.size(), b.getIndexAttr(1));
    SmallVector<int64_t> shape;
    for (OpFoldResult size : llvm::drop_begin(tile.sizes, tile.numDropped))
      shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
    auto type = RankedTensorType::get(
        shape, cast<RankedTensorType>(destination.getType()).getElementType());
    slices.push_back(tensor::ExtractSliceOp::create(
        b, type, destination, tile.offsets, tile.sizes, strides));
  }
  Values results = item(loop.getInductionVars(), slices);
  b.setInsertionPointToStart(loop.getTerminator().getBody());
  for (auto [tile, destination, result] :
       llvm::zip(tiles, loop.getRegionIterArgs(), results)) {
    SmallVector<OpFoldResult> strides(tile.sizes.size(), b.getIndexAttr(1));
    tensor::ParallelInsertSliceOp::create(b, result, destination, tile.offsets,
                                          tile.sizes, strides);
  }
  return Values(loop.getResults());
}

KernelBuilder::Tile KernelBuilder::getRow(Value tensor, ValueRange position) {
  Tile tile;
  tile.numDropped = position.size();
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  for (int64_t dim = 0; dim < rank; ++dim) {
    bool isDropped = dim < int64_t(position.size());
    tile.offsets.push_back(isDropped ? OpFoldResult(position[dim])
                                     : OpFoldResult(b.getIndexAttr(0)));
    tile.sizes.push_back(isDropped ? OpFoldResult(b.getIndexAttr(1))
                                   : extent(tensor, dim));
  }
  return tile;
}

Value KernelBuilder::scratch(ArrayRef<OpFoldResult> sizes) {
  return tensor::EmptyOp::create(b, sizes, b.getF32Type());
}

void KernelBuilder::release(Value result) {
  bufferization::DeallocTensorOp::create(b, result);
}

void KernelBuilder::record(Value condition, rt::Status status,
                           StringRef message) {
  rt::RecordOp::create(b, condition, status, message);
}

Value KernelBuilder::countRowsToCopy(Value past, Value present, Value numRows) {
  return select(rt::IsSameBufferOp::create(b, b.getI1Type(), past, present),
                index(0), numRows);
}

Value KernelBuilder::dot(Value from, Value to, Scalar a, Scalar c) {
  return loop(from, to, f32(0.0f), [&](Value i, Value total) -> Value {
    return accumulate(total, a(i), c(i), /*anyOrder=*/true);
  });
}

Value KernelBuilder::fill(Value tensor, ValueRange at, Value size,
                          Scalar element) {
  return loop(index(0), size, tensor, [&](Value i, Value tensor) {
    SmallVector<Value> indices(at);
    indices.push_back(i);
    return put(element(i), tensor, indices);
  });
}

Value KernelBuilder::maximum(Value a, Value c) {
  if (isa<FloatType>(a.getType()))
    return arith::MaximumFOp::create(b, a, c);
  return arith::MaxSIOp::create(b, a, c);
}
Value KernelBuilder::minimum(Value a, Value c) {
  if (isa<FloatType>(a.getType()))
    return arith::MinimumFOp::create(b, a, c);
  return arith::MinSIOp::create(b, a, c);
}
Value KernelBuilder::infinity(bool negative) {
  return arith::ConstantFloatOp::create(
      b, b.getF32Type(), APFloat::getInf(APFloat::IEEEsingle(), negative));
}

Value KernelBuilder::accumulate(Value total, Value a, Value c, bool anyOrder) {
  auto flags = arith::FastMathFlags::contract;
  Value product = arith::MulFOp::create(b, a, c, flags);
  if (anyOrder)
    flags = flags | arith::FastMathFlags::reassoc;
  return arith::AddFOp::create(b, total, product, flags);
}

OpFoldResult KernelBuilder::extent(Value tensor, unsigned number) {
  return tensor::getMixedSize(b, b.getLoc(), tensor, number);
}
