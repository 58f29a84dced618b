// The reference has the parameters as the files have them; the product lets the
// writer pack them.
// RUN: moec-opt %s -moec-stage-kernels="reference" | FileCheck %s
// RUN: moec-opt %s -moec-stage-kernels="reference" | moec-opt -moec-stage-linalg="reference" | FileCheck %s --check-prefix=LINALG
// RUN: moec-opt %s -moec-stage-kernels | FileCheck %s --check-prefix=PRODUCT

// A weight that only this stage sees transposed is read as it lies.
// PRODUCT-DAG: param.decl @w.reshaped : tensor<1x40x8xf32> = #param.reshape
// PRODUCT-DAG: param.decl @w1.packed : tensor<2x1x8x32xf32> = #param.pack_panels
// PRODUCT-DAG: param.decl @w2.packed : tensor<2x1x16x32xf32> = #param.pack_panels
// PRODUCT: moe.grouped_matmul {{.*}} layout = #moe.layout<nk>

// CHECK-NOT: #param.{{pack|trans}}
// CHECK-DAG: param.decl @w : tensor<40x8xf32> = #param.file<"m.data", 0, 1280> at {{[0-9]+}}
// CHECK-DAG: param.decl @w1 : tensor<2x16x8xf32> = #param.file<"m.data", 2048, 1024> at {{[0-9]+}}
// CHECK-DAG: param.decl @w2 : tensor<2x8x16xf32> = #param.file<"m.data", 4096, 1024> at {{[0-9]+}}
// CHECK-LABEL: func.func @main
// CHECK-NOT: moe.
// CHECK-LABEL: func.func private @Transpose
// CHECK: onnx.Transpose
// CHECK-LABEL: func.func private @MatMul
// CHECK: onnx.MatMul
// CHECK-LABEL: func.func private @expert_ffn
// CHECK-NOT: pack_panels
// CHECK: moe.expert_ffn

// LINALG-NOT: moe.
module attributes {onnx.symbols = ["n"]} {
  param.decl @w : tensor<40x8xf32> = #param.file<"m.data", 0, 1280>
  param.decl @w1 : tensor<2x16x8xf32> = #param.file<"m.data", 2048, 1024>
  param.decl @w2 : tensor<2x8x16xf32> = #param.file<"m.data", 4096, 1024>
  func.func @main(%x: tensor<?x8xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 8)>},
                  %rows: tensor<4xi32> {onnx.name = "rows"}, %offsets: tensor<3xi32> {onnx.name = "offsets"})
      -> (tensor<?x40xf32> {onnx.name = "y"}, tensor<4x8xf32> {onnx.name = "z"}) {
    %w = param.load @w : tensor<40x8xf32>
    %w1 = param.load @w1 : tensor<2x16x8xf32>
    %w2 = param.load @w2 : tensor<2x8x16xf32>
    %t = onnx.Transpose(%w) {perm = array<i64: 1, 0>} : (tensor<40x8xf32>) -> tensor<8x40xf32>
    %y = onnx.MatMul(%x, %t) {onnx.shapes = [affine_map<()[s0] -> (s0, 40)>]} : (tensor<?x8xf32>, tensor<8x40xf32>) -> tensor<?x40xf32>
    %init = tensor.empty() : tensor<4x8xf32>
    %z = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x8xf32>, tensor<4xi32>, tensor<3xi32>, tensor<2x16x8xf32>, tensor<2x8x16xf32>) outs(%init : tensor<4x8xf32>) {activation = #moe.activation<silu>} -> tensor<4x8xf32>
    return %y, %z : tensor<?x40xf32>, tensor<4x8xf32>
  }
}
