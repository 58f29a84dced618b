// RUN: moec-opt %s -convert-onnx-to-linalg | FileCheck %s

// CHECK-LABEL: func @add
// CHECK-SAME: (%[[A:.*]]: tensor<?x4xf32>, %[[B:.*]]: tensor<4xf32>)
func.func @add(%a: tensor<?x4xf32> {onnx.shape = affine_map<()[s0] -> (s0, 4)>},
               %b: tensor<4xf32>) -> tensor<?x4xf32> {
  // CHECK: %[[T:.*]] = tensor.dim %[[A]]
  // CHECK: tensor.empty(%[[T]]) : tensor<?x4xf32>
  // CHECK: linalg.generic
  // CHECK: arith.addf
  %0 = onnx.Add(%a, %b) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func @unsigned
// CHECK-SAME: tensor<4xi8>, %{{.*}}: tensor<4xi8>) -> tensor<4xi8>
func.func @unsigned(%a: tensor<4xui8>, %b: tensor<4xui8>) -> tensor<4xui8> {
  // CHECK: arith.addi
  %0 = onnx.Add(%a, %b) : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  return %0 : tensor<4xui8>
}

// f16 is a storage type.
// CHECK-LABEL: func @storage
func.func @storage(%a: tensor<4xf16>, %b: tensor<1xf16>) -> tensor<4xf16> {
  // CHECK: linalg.generic
  // CHECK: arith.extf %{{.*}} : f16 to f32
  // CHECK: arith.mulf %{{.*}} : f32
  // CHECK: arith.truncf %{{.*}} : f32 to f16
  %0 = onnx.Mul(%a, %b) : (tensor<4xf16>, tensor<1xf16>) -> tensor<4xf16>
  return %0 : tensor<4xf16>
}

// A division by data is guarded; nothing traps.
// CHECK-LABEL: func @divide
func.func @divide(%a: tensor<4xi32>, %b: tensor<4xi32>) -> tensor<4xi32> {
  // CHECK: rt.record %{{.*}}, division_by_zero, "integer division by zero"
  // CHECK: arith.divsi
  %0 = onnx.Div(%a, %b) : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}

// CHECK-LABEL: func @divide_by_constant
func.func @divide_by_constant(%a: tensor<4xi32>) -> tensor<4xi32> {
  // CHECK-NOT: rt.record
  // CHECK: arith.divsi
  %b = onnx.Constant dense<3> : tensor<i32>
  %0 = onnx.Div(%a, %b) : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}

// CHECK-LABEL: func @unsigned_order
func.func @unsigned_order(%a: tensor<4xui8>, %b: tensor<4xui8>) -> tensor<4xi1> {
  // CHECK: arith.cmpi ult
  %0 = onnx.Less(%a, %b) : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}

// CHECK-LABEL: func @einsum
// CHECK: linalg.generic
// CHECK-SAME: iterator_types = ["parallel", "parallel", "reduction"]
func.func @einsum(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) -> tensor<2x4xf32> {
  %0 = onnx.Einsum(%a, %b) {equation = "te,eh->th"} : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// Axes that only the run knows: each result folds a box of the data, which in a
// dimension that is reduced is all of it, in another one position.
// CHECK-LABEL: func @reduce_runtime
// CHECK-SAME: %[[A:.*]]: tensor<4x8xf16>
func.func @reduce_runtime(%a: tensor<4x8xf16>, %axes: tensor<1xi64>, %x: tensor<?x?xf16> {onnx.shape = affine_map<()[s0, s1] -> (s0, s1)>}) -> tensor<?x?xf16> {
  // CHECK: %[[ROWS:.*]] = arith.select %{{.*}}, %c4{{.*}}, %c1
  // CHECK: %[[COLUMNS:.*]] = arith.select %{{.*}}, %c8{{.*}}, %c1
  // CHECK: linalg.generic
  // CHECK: scf.for %{{.*}} to %[[ROWS]]
  // CHECK: scf.for %{{.*}} to %[[COLUMNS]]
  // CHECK: tensor.extract %[[A]]
  // CHECK: arith.extf %{{.*}} : f16 to f32
  // CHECK: arith.addf
  // CHECK: arith.divf
  // CHECK: arith.truncf %{{.*}} : f32 to f16
  %0 = onnx.ReduceMean(%a, %axes) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, s1)>]} : (tensor<4x8xf16>, tensor<1xi64>) -> tensor<?x?xf16>
  return %0 : tensor<?x?xf16>
}
