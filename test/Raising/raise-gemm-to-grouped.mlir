// RUN: moec-opt %s --raise-matmul-to-grouped --split-input-file | FileCheck %s

// The transpose of a weight is a matter of packing; what is added is the bias of the one expert.
// CHECK-LABEL: func @main
// CHECK-SAME: (%[[X:.*]]: tensor<?x64xf32>, %[[C:.*]]: tensor<48xf32>)
// CHECK: %[[OFFSETS:.*]] = tensor.from_elements %{{.*}}, %{{.*}} : tensor<2xi32>
// CHECK: %[[W:.*]] = tensor.expand_shape %{{.*}} {{\[\[}}0, 1], [2]] output_shape [1, 48, 64] : tensor<48x64xf32> into tensor<1x48x64xf32>
// CHECK: %packed = moe.pack_panels ins(%[[W]] : tensor<1x48x64xf32>) outs(%{{.*}} : tensor<1x2x64x32xf32>) -> tensor<1x2x64x32xf32>
// CHECK: %[[BIAS:.*]] = tensor.expand_shape %[[C]] {{\[\[}}0, 1]] output_shape [1, 48] : tensor<48xf32> into tensor<1x48xf32>
// CHECK: moe.grouped_matmul ins(%[[X]], %packed, %[[OFFSETS]] : {{.*}}) bias(%[[BIAS]] : tensor<1x48xf32>) outs(%{{.*}} : tensor<?x48xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<panels>, n = 48 : i64
param.decl @w : tensor<48x64xf32> = #param.file<"m", 0, 12288>
func.func @main(%x: tensor<?x64xf32>, %c: tensor<48xf32>) -> tensor<?x48xf32> {
  %w = param.load @w : tensor<48x64xf32>
  %0 = onnx.Gemm(%x, %w, %c) {transB = 1 : i64} : (tensor<?x64xf32>, tensor<48x64xf32>, tensor<48xf32>) -> tensor<?x48xf32>
  return %0 : tensor<?x48xf32>
}

// -----

// As it is, and with nothing added; a vector of two dimensions needs no view.
// CHECK-LABEL: func @main
// CHECK: moe.pack_panels {{.*}} {k_major}
// CHECK: moe.grouped_matmul
// CHECK-NOT: bias
// CHECK: moe.pack_panels {{.*}} {k_major}
// CHECK: moe.grouped_matmul {{.*}} bias(%{{.*}} : tensor<1x48xf32>)
param.decl @w : tensor<64x48xf32> = #param.file<"m", 0, 12288>
func.func @main(%x: tensor<?x64xf32>, %c: tensor<1x48xf32>) -> (tensor<?x48xf32>, tensor<?x48xf32>) {
  %w = param.load @w : tensor<64x48xf32>
  %0 = onnx.Gemm(%x, %w) : (tensor<?x64xf32>, tensor<64x48xf32>) -> tensor<?x48xf32>
  %1 = onnx.Gemm(%x, %w, %c) : (tensor<?x64xf32>, tensor<64x48xf32>, tensor<1x48xf32>) -> tensor<?x48xf32>
  return %0, %1 : tensor<?x48xf32>, tensor<?x48xf32>
}

// -----

// Left: scaled, rows transposed, a scaled vector, one number, a column, a matrix, f64.
// CHECK-LABEL: func @main
// CHECK-COUNT-7: onnx.Gemm
// CHECK-NOT: moe.grouped_matmul
param.decl @w : tensor<64x48xf32> = #param.file<"m", 0, 12288>
param.decl @d : tensor<64x48xf64> = #param.file<"m", 0, 24576>
func.func @main(%x: tensor<8x64xf32>, %t: tensor<64x8xf32>, %c: tensor<48xf32>, %one: tensor<1xf32>, %column: tensor<8x1xf32>, %matrix: tensor<8x48xf32>, %xd: tensor<8x64xf64>)
    -> (tensor<8x48xf32>, tensor<8x48xf32>, tensor<8x48xf32>, tensor<8x48xf32>, tensor<8x48xf32>, tensor<8x48xf32>, tensor<8x48xf64>) {
  %w = param.load @w : tensor<64x48xf32>
  %d = param.load @d : tensor<64x48xf64>
  %0 = onnx.Gemm(%x, %w) {alpha = 2.0 : f32} : (tensor<8x64xf32>, tensor<64x48xf32>) -> tensor<8x48xf32>
  %1 = onnx.Gemm(%t, %w) {transA = 1 : i64} : (tensor<64x8xf32>, tensor<64x48xf32>) -> tensor<8x48xf32>
  %2 = onnx.Gemm(%x, %w, %c) {beta = 0.5 : f32} : (tensor<8x64xf32>, tensor<64x48xf32>, tensor<48xf32>) -> tensor<8x48xf32>
  %3 = onnx.Gemm(%x, %w, %one) : (tensor<8x64xf32>, tensor<64x48xf32>, tensor<1xf32>) -> tensor<8x48xf32>
  %4 = onnx.Gemm(%x, %w, %column) : (tensor<8x64xf32>, tensor<64x48xf32>, tensor<8x1xf32>) -> tensor<8x48xf32>
  %5 = onnx.Gemm(%x, %w, %matrix) : (tensor<8x64xf32>, tensor<64x48xf32>, tensor<8x48xf32>) -> tensor<8x48xf32>
  %6 = onnx.Gemm(%xd, %d) : (tensor<8x64xf64>, tensor<64x48xf64>) -> tensor<8x48xf64>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<8x48xf32>, tensor<8x48xf32>, tensor<8x48xf32>, tensor<8x48xf32>, tensor<8x48xf32>, tensor<8x48xf32>, tensor<8x48xf64>
}
