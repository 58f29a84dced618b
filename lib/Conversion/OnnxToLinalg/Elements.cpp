//===-- Elements.cpp - element loops of the onnx lowerings ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Elements.h"

#include "dialects/Rt/IR/Rt.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace moec;

Value IndexBuilder::dim(Value tensor, int64_t axis) const {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(axis))
    return constant(type.getDimSize(axis));
  return tensor::DimOp::create(builder, loc, tensor, axis);
}

SmallVector<Value> IndexBuilder::dims(Value tensor) const {
  SmallVector<Value> result;
  for (int64_t i = 0; i < cast<RankedTensorType>(tensor.getType()).getRank();
       ++i)
    result.push_back(dim(tensor, i));
  return result;
}

Value IndexBuilder::add(Value a, Value b) const {
  return arith::AddIOp::create(builder, loc, a, b);
}
Value IndexBuilder::sub(Value a, Value b) const {
  return arith::SubIOp::create(builder, loc, a, b);
}
Value IndexBuilder::mul(Value a, Value b) const {
  return arith::MulIOp::create(builder, loc, a, b);
}
Value IndexBuilder::min(Value a, Value b) const {
  return arith::MinSIOp::create(builder, loc, a, b);
}
Value IndexBuilder::max(Value a, Value b) const {
  return arith::MaxSIOp::create(builder, loc, a, b);
}
Value IndexBuilder::cmp(arith::CmpIPredicate predicate, Value a,
                        Value b) const {
  return arith::CmpIOp::create(builder, loc, predicate, a, b);
}
Value IndexBuilder::land(Value a, Value b) const {
  return arith::AndIOp::create(builder, loc, a, b);
}
Value IndexBuilder::lor(Value a, Value b) const {
  return arith::OrIOp::create(builder, loc, a, b);
}
Value IndexBuilder::select(Value condition, Value a, Value b) const {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}

Value IndexBuilder::mod(Value a, Value b) const {
  Value divisor = max(b, constant(1));
  Value rest = arith::RemSIOp::create(builder, loc, a, divisor);
  Value isNegative = cmp(arith::CmpIPredicate::slt, rest, constant(0));
  return select(isNegative, add(rest, divisor), rest);
}

Value IndexBuilder::toIndex(Value integer) const {
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    integer);
}

Value IndexBuilder::extract(Value tensor, ValueRange position) const {
  return tensor::ExtractOp::create(builder, loc, tensor, position);
}

Value IndexBuilder::insert(Value element, Value tensor,
                           ValueRange position) const {
  return tensor::InsertOp::create(builder, loc, element, tensor, position);
}

Value IndexBuilder::zero(Type type) const {
  return arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
}

Value IndexBuilder::wrapNegative(Value position, Value extent) const {
  Value isNegative = cmp(arith::CmpIPredicate::slt, position, constant(0));
  return select(isNegative, add(position, extent), position);
}

Value IndexBuilder::isWithin(Value position, Value extent) const {
  // One unsigned comparison: negative positions are huge ones.
  return cmp(arith::CmpIPredicate::ult, position, extent);
}

Value IndexBuilder::clamp(Value position, Value extent) const {
  return max(min(position, sub(extent, constant(1))), constant(0));
}

SmallVector<Value> IndexBuilder::loops(
    ValueRange bounds, ValueRange inits,
    llvm::function_ref<SmallVector<Value>(IndexBuilder &, ValueRange,
                                          ValueRange)>
        body) const {
  if (bounds.empty()) {
    IndexBuilder inner{builder, loc};
    return body(inner, {}, inits);
  }
  SmallVector<Value> lows(bounds.size(), constant(0));
  SmallVector<Value> steps(bounds.size(), constant(1));
  scf::LoopNest nest = scf::buildLoopNest(
      builder, loc, lows, bounds, steps, inits,
      [&](OpBuilder &b, Location l, ValueRange ivs, ValueRange args) {
        IndexBuilder inner{b, l};
        SmallVector<Value> results = body(inner, ivs, args);
        return scf::ValueVector(results.begin(), results.end());
      });
  return SmallVector<Value>(nest.results.begin(), nest.results.end());
}

SmallVector<Value> IndexBuilder::unless(
    Value condition, ValueRange otherwise,
    llvm::function_ref<SmallVector<Value>(IndexBuilder &, ValueRange)> then)
    const {
  // Tensors go through a loop of one iteration or none: its carried values
  // bufferise in place where those of a branch do not always.
  if (llvm::any_of(otherwise, [](Value value) {
        return isa<RankedTensorType>(value.getType());
      })) {
    Value count = arith::IndexCastUIOp::create(
        builder, loc, builder.getIndexType(), condition);
    return loops(count, otherwise,
                 [&](IndexBuilder &inner, ValueRange, ValueRange args) {
                   return then(inner, args);
                 });
  }
  auto branch = scf::IfOp::create(
      builder, loc, condition,
      [&](OpBuilder &b, Location l) {
        IndexBuilder inner{b, l};
        scf::YieldOp::create(b, l, then(inner, otherwise));
      },
      [&](OpBuilder &b, Location l) { scf::YieldOp::create(b, l, otherwise); });
  return SmallVector<Value>(branch.getResults());
}

Value IndexBuilder::extractIf(Value isThere, Value tensor,
                              ValueRange position) const {
  if (!isThere)
    return extract(tensor, position);
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  return unless(isThere, zero(element), [&](IndexBuilder &b, ValueRange) {
    return SmallVector<Value>{b.extract(tensor, position)};
  })[0];
}

Value IndexBuilder::generate(
    Value init,
    llvm::function_ref<Value(IndexBuilder &, ValueRange)> body) const {
  auto type = cast<RankedTensorType>(init.getType());
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, type, ValueRange(), init,
             builder.getMultiDimIdentityMap(type.getRank()), iterators,
             [&](OpBuilder &b, Location l, ValueRange) {
               IndexBuilder inner{b, l};
               SmallVector<Value> position;
               for (int64_t i = 0; i < type.getRank(); ++i)
                 position.push_back(linalg::IndexOp::create(b, l, i));
               linalg::YieldOp::create(b, l, body(inner, position));
             })
      .getResult(0);
}

Value IndexBuilder::zeroed(Value init) const {
  Type element = cast<RankedTensorType>(init.getType()).getElementType();
  return linalg::FillOp::create(builder, loc, zero(element), init).getResult(0);
}

Value IndexBuilder::copy(Value source, Value init, AffineMap map) const {
  auto type = cast<RankedTensorType>(init.getType());
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, type, source, init,
             ArrayRef<AffineMap>{map ? map : identity, identity}, iterators,
             [](OpBuilder &b, Location l, ValueRange args) {
               linalg::YieldOp::create(b, l, args[0]);
             })
      .getResult(0);
}

void IndexBuilder::checkIndices(Value indices, ArrayRef<Value> extents) const {
  SmallVector<Value> bounds = dims(indices);
  bool isTuple = extents.size() != 1;
  if (isTuple)
    bounds.pop_back();
  Value isSound =
      arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true));
  isSound = loops(
      bounds, isSound, [&](IndexBuilder &b, ValueRange ivs, ValueRange args) {
        Value all = args[0];
        for (auto [i, extent] : llvm::enumerate(extents)) {
          SmallVector<Value> position(ivs);
          if (isTuple)
            position.push_back(b.constant(i));
          Value index = b.toIndex(b.extract(indices, position));
          all = b.land(all, b.isWithin(b.wrapNegative(index, extent), extent));
        }
        return SmallVector<Value>{all};
      })[0];
  rt::RecordOp::create(builder, loc, isSound, rt::Status::IndexOutOfRange,
                       "an index is outside of the extent it selects from");
}

Value moec::buildView(OpBuilder &builder, Location loc, Value source,
                      ArrayRef<OpFoldResult> extents, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(source.getType());
  auto resultType = RankedTensorType::get(shape, type.getElementType());
  if (type == resultType && type.hasStaticShape())
    return source;
  // To one axis, and from there: both steps are views.
  SmallVector<ReassociationIndices> all(1);
  Value flat = source;
  if (type.getRank() != 1) {
    if (type.getRank() == 0) {
      auto one = RankedTensorType::get({1}, type.getElementType());
      flat = tensor::ExpandShapeOp::create(
          builder, loc, one, source, ArrayRef<ReassociationIndices>{},
          ArrayRef<OpFoldResult>{builder.getIndexAttr(1)});
    } else {
      for (int64_t i = 0; i < type.getRank(); ++i)
        all[0].push_back(i);
      flat = tensor::CollapseShapeOp::create(builder, loc, source, all);
    }
  }
  int64_t length = resultType.hasStaticShape() ? resultType.getNumElements()
                                               : ShapedType::kDynamic;
  auto flatType = RankedTensorType::get({length}, type.getElementType());
  if (flat.getType() != flatType)
    flat = tensor::CastOp::create(builder, loc, flatType, flat);
  if (resultType.getRank() == 1)
    return flat;
  if (resultType.getRank() == 0)
    return tensor::CollapseShapeOp::create(builder, loc, resultType, flat,
                                           ArrayRef<ReassociationIndices>{});
  all[0].clear();
  for (int64_t i = 0; i < resultType.getRank(); ++i)
    all[0].push_back(i);
  return tensor::ExpandShapeOp::create(builder, loc, resultType, flat, all,
                                       extents);
}
