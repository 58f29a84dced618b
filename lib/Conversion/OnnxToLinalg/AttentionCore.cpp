//===-- AttentionCore.cpp - what all attention operators share ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionCore.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace moec;

using Values = KernelBuilder::Values;

namespace {
/// One query row of one head: products, softmax, weighted sum.
class AttentionRow {
public:
  AttentionRow(KernelBuilder &l, const Attention &a, Value batch, Value head,
               Value row)
      : l(l), a(a), batch(batch), head(head), row(row), zero(l.index(0)) {
    std::tie(first, last) = a.range(batch, row);
    if (a.sink)
      sink = a.sink(head);
  }

  /// `carried`: the output's rows, a query, the scores, a sum of values.
  Values build(ValueRange carried) {
    Value query = a.fillQuery(batch, head, row, carried[1]);
    auto [scores, top] = buildScores(query, carried[2]);
    Value total;
    std::tie(scores, total) = buildWeights(scores, top);
    Value sum = buildSum(scores, carried[3]);
    // Nothing seen, or nothing but -inf: zeros, not NaN.
    Value isEmpty = l.equal(total, l.f32(0.0f));
    Value inverse = l.select(isEmpty, l.f32(0.0f), l.div(l.f32(1.0f), total));
    Value output = l.fill(carried[0], row, l.index(a.valueSize), [&](Value d) {
      return l.mul(l.get(sum, d), inverse);
    });
    return {output, query, scores, sum};
  }

private:
  std::pair<Value, Value> buildScores(Value query, Value scores) {
    Value lowest = sink ? sink : l.infinity(/*negative=*/true);
    Values done =
        l.loop(first, last, {scores, lowest}, [&](Value t, ValueRange carried) {
          Value product = l.dot(
              zero, l.index(a.keySize),
              [&](Value d) { return l.get(query, d); },
              [&](Value d) { return a.key(batch, head, t, d); });
          Value score = a.score(product, batch, head, row, t);
          return Values{l.put(score, carried[0], t),
                        l.maximum(carried[1], score)};
        });
    return {done[0], done[1]};
  }

  std::pair<Value, Value> buildWeights(Value scores, Value top) {
    // -inf - -inf is NaN: any finite maximum does where all is masked.
    Value isMasked = l.equal(top, l.infinity(/*negative=*/true));
    top = l.select(isMasked, l.f32(0.0f), top);
    Values done = l.loop(
        first, last, {scores, l.f32(0.0f)}, [&](Value t, ValueRange carried) {
          Value weight =
              math::ExpOp::create(l.b, l.sub(l.get(carried[0], t), top));
          Value total = arith::AddFOp::create(l.b, carried[1], weight,
                                              arith::FastMathFlags::reassoc);
          return Values{l.put(weight, carried[0], t), total};
        });
    Value total = done[1];
    if (sink)
      total = l.add(total, math::ExpOp::create(l.b, l.sub(sink, top)));
    return {done[0], total};
  }

  Value buildSum(Value weights, Value sum) {
    Value size = l.index(a.valueSize);
    sum = l.fill(sum, {}, size, [&](Value) { return l.f32(0.0f); });
    return l.loop(first, last, sum, [&](Value t, Value sum) {
      Value weight = l.get(weights, t);
      return l.loop(zero, size, sum, [&](Value d, Value sum) {
        Value next =
            l.accumulate(l.get(sum, d), weight, a.value(batch, head, t, d));
        return l.put(next, sum, d);
      });
    });
  }

  KernelBuilder &l;
  const Attention &a;
  Value batch, head, row, zero, first, last, sink;
};
} // namespace

Value moec::buildAttention(KernelBuilder &l, const Attention &a) {
  Value heads = l.index(a.numHeads);
  OpFoldResult batch = getAsOpFoldResult(a.batch);
  auto scratch = [&](OpFoldResult size) {
    return l.scratch({batch, l.b.getIndexAttr(a.numHeads), size});
  };
  Value destinations[] = {a.output, scratch(l.b.getIndexAttr(a.keySize)),
                          scratch(getAsOpFoldResult(a.total)),
                          scratch(l.b.getIndexAttr(a.valueSize))};
  auto tiler = [&](ValueRange position) {
    KernelBuilder::Tile output = l.getRow(a.output, position.take_front());
    output.offsets[2] = l.mul(position[1], l.index(a.valueSize));
    output.sizes[2] = l.b.getIndexAttr(a.valueSize);
    SmallVector<KernelBuilder::Tile> tiles = {output};
    for (Value row : llvm::drop_begin(destinations))
      tiles.push_back(l.getRow(row, position));
    return tiles;
  };
  Values done = l.parallel(
      {a.batch, heads}, destinations, tiler,
      [&](ValueRange position, ValueRange tiles) {
        return l.loop(l.index(0), a.length, tiles,
                      [&](Value row, ValueRange carried) {
                        return AttentionRow(l, a, position[0], position[1], row)
                            .build(carried);
                      });
      });
  for (Value scratch : llvm::drop_begin(done))
    l.release(scratch);
  return done[0];
}

Value moec::fillRotated(KernelBuilder &l, const Rotation &rotation,
                        ValueRange position, KernelBuilder::Scalar element,
                        Value row, ValueRange at, int64_t size, float scale) {
  Value zero = l.index(0), one = l.index(1);
  SmallVector<Value> entry;
  Value half = l.index(rotation.half);
  for (auto [dim, index] : llvm::enumerate(position)) {
    Value rows = l.dim(rotation.cos, dim);
    Value isInside = l.both(l.invert(l.less(index, zero)), l.less(index, rows));
    l.record(isInside, rt::Status::IndexOutOfRange,
             "a position is outside of the rotation tables");
    entry.push_back(l.clamp(index, zero, l.sub(rows, one)));
    // Tables without rows have no element to read at all.
    half = l.select(l.less(zero, rows), half, zero);
  }
  entry.push_back(zero);
  auto put = [&](Value value, Value row, Value i) {
    SmallVector<Value> indices(at);
    indices.push_back(i);
    if (scale != 1.0f)
      value = l.mul(value, l.f32(scale));
    return l.put(value, row, indices);
  };
  row = l.loop(zero, half, row, [&](Value i, Value row) {
    entry.back() = i;
    Value cos = l.get(rotation.cos, entry), sin = l.get(rotation.sin, entry);
    Value low = i, high = l.add(i, l.index(rotation.half));
    if (rotation.isInterleaved) {
      low = l.mul(i, l.index(2));
      high = l.add(low, one);
    }
    Value a = element(low), c = element(high);
    row = put(l.sub(l.mul(a, cos), l.mul(c, sin)), row, low);
    return put(l.add(l.mul(c, cos), l.mul(a, sin)), row, high);
  });
  return l.loop(l.index(2 * rotation.half), l.index(size), row,
                [&](Value i, Value row) { return put(element(i), row, i); });
}
