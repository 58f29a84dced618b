// RUN: moec-opt %s -convert-onnx-to-linalg -canonicalize | FileCheck %s

// CHECK-LABEL: func @reshape
// CHECK: tensor.expand_shape %{{.*}} {{\[}}[0], [1, 2]] output_shape [%{{.*}}, 8, 8]
// CHECK-NOT: linalg
func.func @reshape(%a: tensor<?x64xf32> {onnx.shape = affine_map<()[s0] -> (s0, 64)>}) -> tensor<?x8x8xf32> {
  %0 = onnx.Reshape(%a) {onnx.shapes = [affine_map<()[s0] -> (s0, 8, 8)>]} : (tensor<?x64xf32>) -> tensor<?x8x8xf32>
  return %0 : tensor<?x8x8xf32>
}

// Unsigned constants keep their bits.
// CHECK-LABEL: func @constant
// CHECK: arith.constant dense<[-1, 1]> : tensor<2xi8>
func.func @constant() -> tensor<2xui8> {
  %0 = onnx.Constant dense<[255, 1]> : tensor<2xui8>
  return %0 : tensor<2xui8>
}

// A negative axis is the same as its positive one.
// CHECK-LABEL: func @concat
// CHECK: tensor.insert_slice %{{.*}}[0, 0] [2, 3] [1, 1]
// CHECK: tensor.insert_slice %{{.*}}[0, 3] [2, 1] [1, 1]
func.func @concat(%a: tensor<2x3xf32>, %b: tensor<2x1xf32>) -> tensor<2x4xf32> {
  %0 = onnx.Concat(%a, %b) {axis = -1 : i64} : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// Out of range: recorded once, and clamped where it is read.
// CHECK-LABEL: func @gather
// CHECK: %[[OK:.*]] = scf.for
// CHECK: rt.record %[[OK]], index_out_of_range
// CHECK: linalg.generic
// CHECK: arith.minsi
// CHECK: arith.maxsi
// CHECK: tensor.extract
func.func @gather(%a: tensor<8x4xf32>, %i: tensor<5xi64>) -> tensor<5x4xf32> {
  %0 = onnx.Gather(%a, %i) : (tensor<8x4xf32>, tensor<5xi64>) -> tensor<5x4xf32>
  return %0 : tensor<5x4xf32>
}

// CHECK-LABEL: func @scatter
// CHECK: scf.for
// CHECK: rt.record %{{.*}}, index_out_of_range
// CHECK: arith.addf
// CHECK: tensor.insert
func.func @scatter(%a: tensor<8xf32>, %i: tensor<5xi64>, %u: tensor<5xf32>) -> tensor<8xf32> {
  %0 = onnx.ScatterElements(%a, %i, %u) {reduction = "add"} : (tensor<8xf32>, tensor<5xi64>, tensor<5xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// A step that only the run knows: the elements are looked up one by one.
// CHECK-LABEL: func @slice_runtime
// CHECK-SAME: %[[A:.*]]: tensor<8xf32>
// CHECK: arith.cmpi sgt
// CHECK: linalg.generic
// CHECK: %[[I:.*]] = linalg.index 0
// CHECK: %[[BY:.*]] = arith.muli %[[I]], %{{.*}}
// CHECK: %[[AT:.*]] = arith.addi %{{.*}}, %[[BY]]
// CHECK: tensor.extract %[[A]][%[[AT]]]
func.func @slice_runtime(%a: tensor<8xf32>, %start: tensor<1xi64>, %end: tensor<1xi64>, %step: tensor<1xi64>, %x: tensor<?xf32> {onnx.shape = affine_map<()[s0] -> (s0)>}) -> tensor<?xf32> {
  %0 = onnx.Slice(%a, %start, %end, %step) {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1>, onnx.shapes = [affine_map<()[s0] -> (s0)>]} : (tensor<8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
