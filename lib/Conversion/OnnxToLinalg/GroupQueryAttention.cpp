//===-- GroupQueryAttention.cpp - attention with grouped heads and a cache ===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AttentionCore.h"
#include "moec/Conversion/OnnxToLinalg.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace moec;

using Values = KernelBuilder::Values;

namespace {
/// Builds the lowering of one op.
class GroupedAttention {
public:
  GroupedAttention(KernelBuilder &l, onnx::GroupQueryAttentionOp op,
                   onnx::GroupQueryAttentionOp::Adaptor in, Value output,
                   Value presentKey, Value presentValue)
      : l(l), op(op), in(in), output(output), presentKey(presentKey),
        presentValue(presentValue), zero(l.index(0)), one(l.index(1)) {
    numHeads = op.getNumHeads();
    numKvHeads = op.getKvNumHeads();
    size = cast<RankedTensorType>(presentKey.getType()).getDimSize(3);
    batch = l.dim(in.getQuery(), 0);
    length = l.dim(in.getQuery(), 1);
    past = in.getPastKey() ? l.dim(in.getPastKey(), 2) : zero;
    capacity = l.dim(presentKey, 2);
    Value stated = getElement(in.getTotalSequenceLength());
    if (isWindowed()) {
      total = l.maximum(stated, length);
      isFirst = l.equal(total, length);
    } else {
      total = capacity;
      isFirst = l.equal(past, zero);
    }
    if (op.getDoRotary()) {
      auto table = cast<RankedTensorType>(in.getCosCache().getType());
      rotation = {in.getCosCache(), in.getSinCache(),
                  op.getRotaryInterleaved() != 0, table.getDimSize(1)};
    }
  }

  SmallVector<Value> build() {
    buildChecks();
    if (isWindowed()) {
      gatherRows();
      keepNewestRows();
      Value done = buildAttention(l, describe());
      l.release(keys);
      l.release(values);
      return {done, presentKey, presentValue};
    }
    if (in.getPastKey())
      copyPast();
    insertNewRows();
    keys = presentKey;
    values = presentValue;
    return {buildAttention(l, describe()), presentKey, presentValue};
  }

private:
  /// The cache holds the newest rows only, in as many as it has.
  bool isWindowed() { return op.getSlidingWindowCache() != 0; }

  Value getElement(Value oneElement) {
    auto type = cast<RankedTensorType>(oneElement.getType());
    return l.toIndex(
        l.get(oneElement, SmallVector<Value>(type.getRank(), zero)));
  }

  /// The lengths come from data. What does not fit is an error of the run, and
  /// is clamped so that it leads nowhere.
  void buildChecks() {
    Value stated = getElement(in.getTotalSequenceLength());
    if (isWindowed()) {
      l.record(l.invert(l.less(stated, length)), rt::Status::ShapeMismatch,
               "total_sequence_length is less than the number of new rows");
      l.record(l.invert(l.less(capacity, getWindow())),
               rt::Status::ShapeMismatch,
               "the cache has fewer rows than local_window_size");
    } else {
      l.record(l.equal(stated, total), rt::Status::ShapeMismatch,
               "total_sequence_length is not the past length plus the new one");
    }
    l.loop(zero, batch, {}, [&](Value b, ValueRange) {
      Value end = readEnd(b);
      Value fits =
          l.invert(l.either(l.less(end, getLeastEnd()), l.greater(end, total)));
      l.record(fits, rt::Status::IndexOutOfRange,
               isWindowed() ? "seqlens_k + 1 is outside of the total length"
                            : "seqlens_k + 1 is outside of the rows of the "
                              "cache");
      return Values();
    });
  }

  Value readEnd(Value b) {
    SmallVector<Value> at = {b};
    if (cast<RankedTensorType>(in.getSeqlensK().getType()).getRank() == 2)
      at.push_back(zero);
    return l.add(l.toIndex(l.get(in.getSeqlensK(), at)), one);
  }

  /// A first prompt may be padded on the right; later every new row counts.
  Value getLeastEnd() { return l.select(isFirst, zero, length); }
  Value getWindow() { return l.index(op.getLocalWindowSize()); }

  /// One past a sequence's last position.
  Value getEnd(Value b) { return l.clamp(readEnd(b), getLeastEnd(), total); }
  /// The position of a sequence's first new token.
  Value getStart(Value b) {
    return l.select(isFirst, zero, l.sub(getEnd(b), length));
  }
  /// How many new tokens a sequence has: fewer than rows where it is padded.
  Value countNew(Value b) { return l.minimum(length, getEnd(b)); }

  /// The rows that a windowed cache holds after T tokens. It fills its C rows,
  /// then drops G = C - W + 1 of them whenever it overflows:
  /// T - G * ceil(max(T - C, 0) / G).
  Value countHeld(Value tokens) {
    Value gap = l.maximum(one, l.add(l.sub(capacity, getWindow()), one));
    Value over = l.maximum(zero, l.sub(tokens, capacity));
    Value drops = l.div(l.add(over, l.sub(gap, one)), gap);
    return l.sub(tokens, l.mul(drops, gap));
  }

  /// The position of the first row of `keys` and `values`.
  Value getBase(Value b) {
    if (!isWindowed())
      return zero;
    Value start = getStart(b);
    return l.sub(start, countHeld(start));
  }

  /// An element of the new rows; `first` is the head's column in a packed
  /// query.
  Value readInput(Value input, int64_t first, Value b, Value head, Value s,
                  Value d) {
    Value column = l.add(l.mul(head, l.index(size)), d);
    return l.get(input, {b, s, l.add(column, l.index(first))});
  }

  Value fillRotatedRow(Value b, Value s, KernelBuilder::Scalar element,
                       Value row, ValueRange at, float scale) {
    if (op.getDoRotary())
      return fillRotated(l, rotation, getPosition(b, s), element, row, at, size,
                         scale);
    return l.fill(row, at, l.index(size), [&](Value d) {
      Value value = element(d);
      return scale == 1.0f ? value : l.mul(value, l.f32(scale));
    });
  }

  /// Where a new row is for rotation. A first prompt counts from its first id.
  Value getPosition(Value b, Value s) {
    Value ids = in.getPositionIds();
    if (!ids)
      return l.add(getStart(b), s);
    Value from = l.toIndex(l.get(ids, {zero, zero}));
    Value own = l.toIndex(l.get(ids, {b, s}));
    return l.select(isFirst, l.add(from, s), own);
  }

  /// Runs `item` for every batch and head with its rows of both tensors.
  void forEachHead(Value &key, Value &value, KernelBuilder::Item item) {
    auto tiler = [&](ValueRange position) {
      return SmallVector<KernelBuilder::Tile>{l.getRow(key, position),
                                              l.getRow(value, position)};
    };
    Values done =
        l.parallel({batch, l.index(numKvHeads)}, {key, value}, tiler, item);
    key = done[0];
    value = done[1];
  }

  /// Row `to` + i of both tiles is row `from` + i of their sources.
  Values copyRows(ValueRange tiles, ArrayRef<Value> sources,
                  ValueRange position, Value from, Value to, Value numRows) {
    Values result;
    for (unsigned part = 0; part < tiles.size(); ++part)
      result.push_back(
          l.loop(zero, numRows, tiles[part], [&](Value i, Value tile) {
            return l.fill(tile, l.add(to, i), l.index(size), [&](Value d) {
              return l.get(sources[part],
                           {position[0], position[1], l.add(from, i), d});
            });
          }));
    return result;
  }

  /// Rows [from, to) of both tiles are zeros.
  Values clearRows(ValueRange tiles, Value from, Value to) {
    return l.loop(from, to, tiles, [&](Value t, ValueRange tiles) {
      Values cleared;
      for (Value tile : tiles)
        cleared.push_back(
            l.fill(tile, t, l.index(size), [&](Value) { return l.f32(0.0f); }));
      return cleared;
    });
  }

  /// The new tokens, from row `to` on.
  Values insertRows(ValueRange tiles, ValueRange position, Value to) {
    bool isPacked = !in.getKey();
    Value key = isPacked ? in.getQuery() : in.getKey();
    Value value = isPacked ? in.getQuery() : in.getValue();
    int64_t firstKey = isPacked ? numHeads * size : 0;
    int64_t firstValue = isPacked ? (numHeads + numKvHeads) * size : 0;
    Value b = position[0], head = position[1];
    return l.loop(zero, countNew(b), tiles,
                  [&](Value s, ValueRange tiles) -> Values {
                    Value t = l.add(to, s);
                    auto readKey = [&](Value d) {
                      return readInput(key, firstKey, b, head, s, d);
                    };
                    auto readValue = [&](Value d) {
                      return readInput(value, firstValue, b, head, s, d);
                    };
                    return {fillRotatedRow(b, s, readKey, tiles[0], t, 1.0f),
                            l.fill(tiles[1], t, l.index(size), readValue)};
                  });
  }

  /// A loop of its own: where past and present share their buffer, only this
  /// one has nothing to do.
  void copyPast() {
    Value caches[] = {in.getPastKey(), in.getPastValue()};
    Value rows[] = {l.countRowsToCopy(caches[0], presentKey, past),
                    l.countRowsToCopy(caches[1], presentValue, past)};
    forEachHead(presentKey, presentValue,
                [&](ValueRange position, ValueRange tiles) {
                  Values result;
                  for (unsigned part : {0, 1})
                    llvm::append_range(
                        result, copyRows(tiles[part], caches[part], position,
                                         zero, zero, rows[part]));
                  return result;
                });
  }

  void insertNewRows() {
    forEachHead(presentKey, presentValue,
                [&](ValueRange position, ValueRange tiles) {
                  Value b = position[0], start = getStart(b);
                  Values rows = insertRows(tiles, position, start);
                  // Rows that neither the past nor the present wrote.
                  Value end = l.maximum(past, l.add(start, countNew(b)));
                  return clearRows(rows, end, total);
                });
  }

  /// What a windowed past holds and the new rows, in a place of their own: more
  /// rows than the present has may be needed now, and past and present may be
  /// one buffer.
  void gatherRows() {
    for (Value *rows : {&keys, &values})
      *rows = l.scratch({getAsOpFoldResult(batch), l.b.getIndexAttr(numKvHeads),
                         getAsOpFoldResult(l.add(capacity, length)),
                         l.b.getIndexAttr(size)});
    forEachHead(keys, values, [&](ValueRange position, ValueRange tiles) {
      Value held = countHeld(getStart(position[0]));
      Values rows = copyRows(tiles, {in.getPastKey(), in.getPastValue()},
                             position, zero, zero, held);
      return insertRows(rows, position, held);
    });
  }

  void keepNewestRows() {
    forEachHead(presentKey, presentValue,
                [&](ValueRange position, ValueRange tiles) {
                  Value b = position[0], start = getStart(b);
                  Value gathered = l.add(countHeld(start), countNew(b));
                  Value held = countHeld(l.add(start, countNew(b)));
                  Values rows = copyRows(tiles, {keys, values}, position,
                                         l.sub(gathered, held), zero, held);
                  return clearRows(rows, held, capacity);
                });
  }

  Attention describe() {
    Attention a;
    a.output = output;
    a.batch = batch;
    a.length = length;
    a.total = l.dim(keys, 2);
    a.numHeads = numHeads;
    a.keySize = a.valueSize = size;
    float scale = op.getScale().convertToFloat();
    if (scale == 0.0f)
      scale = 1.0f / std::sqrt(float(size));
    a.fillQuery = [this, scale](Value b, Value n, Value s, Value row) {
      auto read = [&](Value d) {
        return readInput(in.getQuery(), 0, b, n, s, d);
      };
      return fillRotatedRow(b, s, read, row, {}, scale);
    };
    auto readCache = [this](Value cache) {
      return [this, cache](Value b, Value n, Value t, Value d) {
        Value group = l.index(numHeads / numKvHeads);
        return l.get(cache, {b, l.div(n, group), t, d});
      };
    };
    a.key = readCache(keys);
    a.value = readCache(values);
    a.range = [this](Value b, Value s) { return getRange(b, s); };
    a.score = [this](Value product, Value b, Value n, Value s, Value t) {
      return getScore(product, b, n, s, t);
    };
    if (Value sinks = in.getHeadSink())
      a.sink = [this, sinks](Value n) { return l.get(sinks, n); };
    else if (op.getSmoothSoftmax() != 0)
      a.sink = [this](Value) { return l.f32(0.0f); };
    return a;
  }

  std::pair<Value, Value> getRange(Value b, Value s) {
    // In rows, of which the first is at position `base`.
    Value start = l.sub(getStart(b), getBase(b));
    Value next = l.add(l.add(start, s), one);
    Value last = l.add(start, countNew(b));
    Value first = zero;
    // A window W of the row at i holds i - W + 1 to i.
    if (int64_t(op.getLocalWindowSize()) > 0)
      first = l.maximum(zero, l.sub(next, getWindow()));
    return {first, op.getCausal() ? l.minimum(next, last) : last};
  }

  Value getScore(Value product, Value b, Value n, Value s, Value t) {
    if (float softcap = op.getSoftcap().convertToFloat(); softcap != 0.0f) {
      Value cap = l.f32(softcap);
      product = l.mul(cap, math::TanhOp::create(l.b, l.div(product, cap)));
    }
    if (Value bias = in.getAttentionBias()) {
      auto type = cast<RankedTensorType>(bias.getType());
      product = l.add(product,
                      l.get(bias, {type.getDimSize(0) == 1 ? zero : b,
                                   type.getDimSize(1) == 1 ? zero : n, s, t}));
    }
    return product;
  }

  KernelBuilder &l;
  onnx::GroupQueryAttentionOp op;
  onnx::GroupQueryAttentionOp::Adaptor in;
  Value output, presentKey, presentValue;
  Value zero, one, batch, length;
  /// Rows of the past and of the present cache, and all tokens so far.
  Value past, capacity, total;
  /// Whether these are the first tokens of their sequences.
  Value isFirst;
  /// What attention reads: `[B, Nkv, rows, size]`.
  Value keys, values;
  int64_t numHeads, numKvHeads, size;
  Rotation rotation;
};

struct GroupQueryAttentionLowering
    : OpConversionPattern<onnx::GroupQueryAttentionOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(onnx::GroupQueryAttentionOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> empty;
    for (OpResult result : op->getResults()) {
      FailureOr<Value> value = op.getContinued(result.getResultNumber())
                                   ? buildDestination(rewriter, result)
                                   : buildEmptyResult(rewriter, result);
      if (failed(value))
        return failure();
      empty.push_back(*value);
    }
    KernelBuilder l(rewriter, op.getLoc());
    rewriter.replaceOp(
        op,
        GroupedAttention(l, op, adaptor, empty[0], empty[1], empty[2]).build());
    return success();
  }
};
} // namespace

void moec::populateGroupQueryAttentionPatterns(RewritePatternSet &patterns,
                                               TypeConverter &converter) {
  patterns.add<GroupQueryAttentionLowering>(converter, patterns.getContext());
}
