// RUN: moec-opt %s -split-input-file -moec-outline-kernels -duplicate-function-elimination | FileCheck %s

module attributes {onnx.symbols = ["a", "b"]} {
  // CHECK-LABEL: func.func @main
  func.func @main(%x: tensor<?x4xf32> {onnx.shape = affine_map<()[s0, s1] -> (s0, 4)>},
                  %y: tensor<?x4xf32> {onnx.shape = affine_map<()[s0, s1] -> (s1, 4)>}) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
    // CHECK: %[[A:.*]] = tensor.dim %arg0
    // CHECK: %[[B:.*]] = tensor.dim %arg1
    // CHECK: %[[E0:.*]] = tensor.empty(%[[A]])
    // CHECK: %[[R0:.*]] = call @Add(%arg0, %[[E0]])
    %0 = onnx.Add(%x, %x) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    // An equal op over another symbol is the same kernel.
    // CHECK: %[[E1:.*]] = tensor.empty(%[[B]])
    // CHECK: %[[R1:.*]] = call @Add(%arg1, %[[E1]])
    %1 = onnx.Add(%y, %y) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    // CHECK: %[[EQ:.*]] = arith.cmpi eq, %[[A]], %[[B]]
    // CHECK: rt.check %[[EQ]], shape_mismatch
    // CHECK: call @[[ADD2:.*]](%[[R0]], %[[R1]],
    %2 = onnx.Add(%0, %1) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>], onnx.equal = [#onnx.check<broadcast, affine_map<()[s0, s1] -> (s0, s1)>, "">]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %1, %2 : tensor<?x4xf32>, tensor<?x4xf32>
  }
}
// CHECK: func.func private @Add(%[[IN:.*]]: tensor<?x4xf32> {bufferization.writable = false}, %[[OUT:.*]]: tensor<?x4xf32> {bufferization.writable = true, onnx.shape = #{{.*}}})
// CHECK-SAME: attributes {moec.kernel}
// CHECK: %[[SUM:.*]] = onnx.Add(%[[IN]], %[[IN]])
// CHECK: %[[RES:.*]] = bufferization.materialize_in_destination %[[SUM]] in %[[OUT]]
// CHECK: return %[[RES]]
// CHECK: func.func private @[[ADD2]]
// CHECK-NOT: func.func private

// -----

// A destination that continues an argument says which, wherever the past is
// from.
// CHECK-LABEL: func.func @main
func.func @main(%q: tensor<1x2x16xf32>, %p: tensor<1x1x3x16xf32>) -> (tensor<1x2x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>) {
  %y:3 = onnx.MultiHeadAttention(%q, %q, %q, %p, %p) {num_heads = 1, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1, 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1, 1, 0>, onnx.shapes = [affine_map<() -> (1, 2, 16)>, affine_map<() -> (1, 1, 5, 16)>, affine_map<() -> (1, 1, 5, 16)>]} : (tensor<1x2x16xf32>, tensor<1x2x16xf32>, tensor<1x2x16xf32>, tensor<1x1x3x16xf32>, tensor<1x1x3x16xf32>) -> (tensor<1x2x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>)
  return %y#0, %y#1, %y#2 : tensor<1x2x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>
}
// CHECK: func.func private @MultiHeadAttention(
// CHECK-SAME: tensor<1x2x16xf32> {bufferization.writable = true
// CHECK-SAME: tensor<1x1x5x16xf32> {bufferization.writable = true, moec.alias = 1 : i64
// CHECK-SAME: tensor<1x1x5x16xf32> {bufferization.writable = true, moec.alias = 1 : i64

// -----

// Axes that only the run knows: checked in main, which also makes the extents
// they decide.
module attributes {onnx.symbols = ["a", "kept"]} {
  // CHECK-LABEL: func.func @main
  // CHECK-SAME: %[[X:.*]]: tensor<?x4xf32> {{.*}}, %[[AXES:.*]]: tensor<1xi64>
  func.func @main(%x: tensor<?x4xf32> {onnx.shape = affine_map<()[s0, s1] -> (s0, 4)>}, %axes: tensor<1xi64>) -> (tensor<?xf32>, tensor<?xf32>) {
    // CHECK: tensor.extract %[[AXES]]
    // CHECK: %[[IN:.*]] = arith.cmpi ult
    // CHECK: %[[SOUND:.*]] = arith.andi %{{.*}}, %[[IN]]
    // CHECK: rt.check %[[SOUND]], shape_mismatch, "an axis is outside of the rank, or named twice; expected -2 to 1, each once"
    // CHECK: arith.select
    // CHECK: %[[OUT:.*]] = tensor.empty(%{{.*}}) : tensor<?xf32>
    // CHECK: call @ReduceSum(%[[X]], %[[AXES]], %[[OUT]])
    %0 = onnx.ReduceSum(%x, %axes) {keepdims = 0 : i64, onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?xf32>
    // Constant ones were checked when shapes were inferred.
    // CHECK-NOT: rt.check
    %1 = onnx.Constant dense<1> : tensor<1xi64>
    %2 = onnx.ReduceSum(%x, %1) {keepdims = 0 : i64, onnx.shapes = [affine_map<()[s0, s1] -> (s0)>]} : (tensor<?x4xf32>, tensor<1xi64>) -> tensor<?xf32>
    return %0, %2 : tensor<?xf32>, tensor<?xf32>
  }
}

// -----

// A view, once its extents of one are known to be.
module attributes {onnx.symbols = ["a", "kept"]} {
  // CHECK-LABEL: func.func @main
  func.func @main(%x: tensor<?x1xf32> {onnx.shape = affine_map<()[s0, s1] -> (s0, 1)>}, %axes: tensor<1xi64>) -> tensor<?xf32> {
    // CHECK: rt.check %{{.*}}, shape_mismatch, "an axis is outside of the rank, or named twice; expected -2 to 1, each once"
    // CHECK: rt.check %{{.*}}, shape_mismatch, "a squeezed extent is not one; expected 1 in dimension 0"
    // CHECK: rt.check %{{.*}}, shape_mismatch, "a squeezed extent is not one; expected 1 in dimension 1"
    // CHECK: rt.view
    // CHECK-NOT: call
    %0 = onnx.Squeeze(%x, %axes) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?x1xf32>, tensor<1xi64>) -> tensor<?xf32>
    return %0 : tensor<?xf32>
  }
}

// -----

// A past that is a constant travels inside the kernel: no argument to continue.
// CHECK-LABEL: func.func @main
func.func @main(%q: tensor<1x2x16xf32>) -> (tensor<1x2x16xf32>, tensor<1x1x3x16xf32>, tensor<1x1x3x16xf32>) {
  %p = onnx.Constant dense<0.0> : tensor<1x1x1x16xf32>
  %y:3 = onnx.MultiHeadAttention(%q, %q, %q, %p, %p) {num_heads = 1, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1, 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1, 1, 0>, onnx.shapes = [affine_map<() -> (1, 2, 16)>, affine_map<() -> (1, 1, 3, 16)>, affine_map<() -> (1, 1, 3, 16)>]} : (tensor<1x2x16xf32>, tensor<1x2x16xf32>, tensor<1x2x16xf32>, tensor<1x1x1x16xf32>, tensor<1x1x1x16xf32>) -> (tensor<1x2x16xf32>, tensor<1x1x3x16xf32>, tensor<1x1x3x16xf32>)
  return %y#0, %y#1, %y#2 : tensor<1x2x16xf32>, tensor<1x1x3x16xf32>, tensor<1x1x3x16xf32>
}
// CHECK: func.func private @MultiHeadAttention(
// CHECK-NOT: moec.alias
// CHECK: onnx.MultiHeadAttention

// -----

// Arithmetic that may leave 64 bits is checked, step by step; a product of the
// extents of one input cannot.
module attributes {onnx.symbols = ["a", "b", "c"]} {
  // CHECK-LABEL: func.func @main
  func.func @main(%x: tensor<?x?xf32> {onnx.shape = affine_map<()[s0, s1, s2] -> (s0, s1)>},
                  %y: tensor<?xf32> {onnx.shape = affine_map<()[s0, s1, s2] -> (s2)>},
                  %s: tensor<1xi64>, %t: tensor<1xi64>) -> (tensor<?xf32>, tensor<?xf32>) {
    // CHECK: %[[A:.*]] = tensor.dim %arg0
    // CHECK: %[[B:.*]] = tensor.dim %arg0
    // CHECK: %[[C:.*]] = tensor.dim %arg1
    // CHECK-NOT: rt.check
    // CHECK: call @ConstantOfShape
    %0 = onnx.ConstantOfShape(%s) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0 * s1 + s2)>]} : (tensor<1xi64>) -> tensor<?xf32>
    // CHECK: %[[WIDE_A:.*]] = arith.index_cast %[[A]] : index to i64
    // CHECK: %[[WIDE_C:.*]] = arith.index_cast %[[C]] : index to i64
    // CHECK: %[[LOW:.*]], %[[HIGH:.*]] = arith.mulsi_extended %[[WIDE_A]], %[[WIDE_C]] : i64
    // CHECK: %[[SIGN:.*]] = arith.shrsi %[[LOW]]
    // CHECK: %[[WRAPS:.*]] = arith.cmpi ne, %[[HIGH]], %[[SIGN]]
    // CHECK: %[[SOUND:.*]] = arith.cmpi eq, %[[WRAPS]], %false
    // CHECK: rt.check %[[SOUND]], shape_mismatch, "an extent leaves 64 bits"
    // CHECK: call @ConstantOfShape
    %1 = onnx.ConstantOfShape(%t) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0 * s2)>]} : (tensor<1xi64>) -> tensor<?xf32>
    return %0, %1 : tensor<?xf32>, tensor<?xf32>
  }
}

// -----

// What was kept for the number that it counts goes once main has counted.
module attributes {onnx.symbols = ["a", "found"]} {
  // CHECK-LABEL: func.func @main
  // CHECK: call @CountNonZero
  // CHECK: tensor.extract
  // CHECK-NOT: call @NonZero
  // CHECK: call @ConstantOfShape
  func.func @main(%x: tensor<?xf32> {onnx.shape = affine_map<()[s0, s1] -> (s0)>}, %s: tensor<1xi64>) -> tensor<?xf32> {
    %0 = onnx.NonZero(%x) {onnx.shapes = [affine_map<()[s0, s1] -> (1, s1)>]} : (tensor<?xf32>) -> tensor<1x?xi64>
    onnx.Keep(%0) : tensor<1x?xi64>
    %1 = onnx.ConstantOfShape(%s) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<1xi64>) -> tensor<?xf32>
    return %1 : tensor<?xf32>
  }
  // CHECK-NOT: onnx.Keep
  // CHECK-NOT: onnx.NonZero
}
