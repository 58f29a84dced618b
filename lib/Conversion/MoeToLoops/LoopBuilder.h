//===-- LoopBuilder.h - loops over the elements of tensors ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CONVERSION_MOETOLOOPS_LOOPBUILDER_H
#define MOEC_LIB_CONVERSION_MOETOLOOPS_LOOPBUILDER_H

#include "dialects/Moe/IR/Moe.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/PatternMatch.h"

namespace moec::moe {

/// Writes scalar code over tensors: loops that carry the tensors they change,
/// f32 arithmetic whatever the element type, and indices from data that never
/// lead outside.
class LoopBuilder {
public:
  using Values = llvm::SmallVector<mlir::Value, 4>;
  using Body = llvm::function_ref<Values(mlir::Value, mlir::ValueRange)>;
  using Branch = llvm::function_ref<Values()>;

  LoopBuilder(mlir::OpBuilder &builder, mlir::Location loc) : b(loc, builder) {}

  mlir::Value index(int64_t value);
  mlir::Value i32(int64_t value);
  mlir::Value f32(float value);
  mlir::Value boolean(bool value);

  /// for (i = from; i < to; ++i) carried = body(i, carried)
  Values loop(mlir::Value from, mlir::Value to, mlir::ValueRange carried,
              Body body);
  /// The same for a loop that carries one value.
  mlir::Value
  loop(mlir::Value from, mlir::Value to, mlir::Value carried,
       llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> body);
  /// condition ? then() : otherwise
  Values when(mlir::Value condition, mlir::ValueRange otherwise, Branch then);

  mlir::Value dim(mlir::Value tensor, unsigned number);
  /// A scratch tensor of one dimension.
  mlir::Value scratch(mlir::Value size, mlir::Type element);
  /// An element; f16 and bf16 are extended to f32.
  mlir::Value get(mlir::Value tensor, mlir::ValueRange indices);
  /// Inserts an element; f32 is rounded to what the tensor holds.
  mlir::Value put(mlir::Value scalar, mlir::Value tensor,
                  mlir::ValueRange indices);

  mlir::Value add(mlir::Value a, mlir::Value c);
  mlir::Value sub(mlir::Value a, mlir::Value c);
  mlir::Value mul(mlir::Value a, mlir::Value c);
  mlir::Value div(mlir::Value a, mlir::Value c);
  mlir::Value rem(mlir::Value a, mlir::Value c);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value c);
  mlir::Value both(mlir::Value a, mlir::Value c);
  mlir::Value either(mlir::Value a, mlir::Value c);
  mlir::Value invert(mlir::Value a);
  mlir::Value toIndex(mlir::Value integer);
  mlir::Value toI32(mlir::Value index);
  /// Signed comparison of integers or indices, ordered comparison of floats.
  mlir::Value less(mlir::Value a, mlir::Value c);
  mlir::Value greater(mlir::Value a, mlir::Value c);
  mlir::Value equal(mlir::Value a, mlir::Value c);
  mlir::Value isNaN(mlir::Value a);
  mlir::Value clamp(mlir::Value value, mlir::Value low, mlir::Value high);
  /// An index into `size` elements, from data: clamped to [0, size).
  mlir::Value clampIndex(mlir::Value i32, mlir::Value size);

  mlir::ImplicitLocOpBuilder b;
};

/// The activation of one column, of a gate and an up column where gated.
mlir::Value buildActivation(LoopBuilder &loops, ActivationAttr activation,
                            mlir::Value h, mlir::Value up);
mlir::Value buildSigmoid(LoopBuilder &loops, mlir::Value value);

void populateRouteToLoops(mlir::RewritePatternSet &patterns);
void populateReweighToLoops(mlir::RewritePatternSet &patterns);
void populatePlanToLoops(mlir::RewritePatternSet &patterns, bool countRows);
/// Without those that own a schedule, where `keepScheduled`.
void populateMatmulToLoops(mlir::RewritePatternSet &patterns,
                           bool keepScheduled);
/// pack_panels, interleave, transpose_codes and multiply.
void populateRearrangeToLoops(mlir::RewritePatternSet &patterns);

} // namespace moec::moe

#endif // MOEC_LIB_CONVERSION_MOETOLOOPS_LOOPBUILDER_H
