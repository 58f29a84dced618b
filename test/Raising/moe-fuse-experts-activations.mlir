// RUN: moec-opt %s --moe-fuse-experts | FileCheck %s

// Activations that follow a product of experts.

param.decl @w : tensor<2x8x16xf32> = #param.file<"m", 0, 1024>
param.decl @v : tensor<2x8x16xf32> = #param.file<"m", 1024, 1024>
param.decl @wn : tensor<2x16x8xf32> = #param.file<"m", 2048, 1024>
param.decl @vn : tensor<2x16x8xf32> = #param.file<"m", 3072, 1024>
param.decl @ww : tensor<2x8x32xf32> = #param.file<"m", 4096, 2048>
param.decl @d : tensor<2x16x8xf32> = #param.file<"m", 6144, 1024>
param.decl @dn : tensor<2x8x16xf32> = #param.file<"m", 7168, 1024>
param.decl @b : tensor<2x16xf32> = #param.file<"m", 8192, 128>
param.decl @c : tensor<2x16xf32> = #param.file<"m", 8320, 128>
param.decl @e : tensor<2x8xf32> = #param.file<"m", 8448, 64>

// Activations as one node.
// CHECK-LABEL: func.func @relu(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<relu>
// CHECK-NOT: onnx.
// CHECK: return
func.func @relu(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Relu(%p) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  return %0 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @gelu(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<gelu_erf>
// CHECK-NOT: onnx.
// CHECK: return
func.func @gelu(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Gelu(%p) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  return %0 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @gelu_tanh(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<gelu_tanh>
// CHECK-NOT: onnx.
// CHECK: return
func.func @gelu_tanh(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Gelu(%p) {approximate = "tanh"} : (tensor<6x16xf32>) -> tensor<6x16xf32>
  return %0 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @fast_gelu(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<gelu_tanh>
// CHECK-NOT: onnx.
// CHECK: return
func.func @fast_gelu(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.FastGelu(%p) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  return %0 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @swish(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<silu>
// CHECK-NOT: onnx.
// CHECK: return
func.func @swish(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Swish(%p) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  return %0 : tensor<6x16xf32>
}

// x * sigmoid(x), either way round.
// CHECK-LABEL: func.func @silu(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<silu>
// CHECK-NOT: onnx.
// CHECK: return
func.func @silu(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%p) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%p, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %1 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @silu_swapped(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<silu>
// CHECK-NOT: onnx.
// CHECK: return
func.func @silu_swapped(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%p) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%0, %p) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %1 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @silu_by_one(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<silu>
// CHECK-NOT: onnx.
// CHECK: return
func.func @silu_by_one(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<1.0> : tensor<f32>
  %0 = onnx.Mul(%p, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %1 = onnx.Sigmoid(%0) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%p, %1) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// 0.5 x (1 + erf(x / sqrt 2)) in several brackets.
// CHECK-LABEL: func.func @erf_half_first(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<gelu_erf>
// CHECK-NOT: onnx.
// CHECK: return
func.func @erf_half_first(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<0.5> : tensor<f32>
  %0 = onnx.Mul(%p, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<1.4142135623730951> : tensor<f32>
  %1 = onnx.Div(%p, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %2 = onnx.Erf(%1) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<1.0> : tensor<f32>
  %3 = onnx.Add(%2, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %4 = onnx.Mul(%0, %3) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %4 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @erf_half_last(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<gelu_erf>
// CHECK-NOT: onnx.
// CHECK: return
func.func @erf_half_last(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<1.4142135623730951> : tensor<f32>
  %0 = onnx.Div(%p, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %1 = onnx.Erf(%0) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<1.0> : tensor<f32>
  %2 = onnx.Add(%1, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %3 = onnx.Mul(%p, %2) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<0.5> : tensor<f32>
  %4 = onnx.Mul(%3, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  return %4 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @erf_half_in_sum(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<gelu_erf>
// CHECK-NOT: onnx.
// CHECK: return
func.func @erf_half_in_sum(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<1.4142135623730951> : tensor<f32>
  %0 = onnx.Div(%p, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %1 = onnx.Erf(%0) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<1.0> : tensor<f32>
  %2 = onnx.Add(%1, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<0.5> : tensor<f32>
  %3 = onnx.Mul(%c2, %2) : (tensor<f32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %4 = onnx.Mul(%p, %3) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %4 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @erf_scaled(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<gelu_erf>
// CHECK-NOT: onnx.
// CHECK: return
func.func @erf_scaled(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<0.5> : tensor<f32>
  %0 = onnx.Mul(%c0, %p) : (tensor<f32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<0.7071067811865476> : tensor<f32>
  %1 = onnx.Mul(%p, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %2 = onnx.Erf(%1) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<1.0> : tensor<f32>
  %3 = onnx.Add(%c2, %2) : (tensor<f32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %4 = onnx.Mul(%0, %3) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %4 : tensor<6x16xf32>
}

// 0.5 x (1 + tanh(sqrt(2/pi) (x + c x^3))), the cube in several brackets.
// CHECK-LABEL: func.func @tanh_pow(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<gelu_tanh>
// CHECK-NOT: onnx.
// CHECK: return
func.func @tanh_pow(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<3.0> : tensor<f32>
  %0 = onnx.Pow(%p, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<0.044715> : tensor<f32>
  %1 = onnx.Mul(%0, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %2 = onnx.Add(%p, %1) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<0.5> : tensor<f32>
  %3 = onnx.Mul(%p, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c3 = onnx.Constant dense<0.7978845608028654> : tensor<f32>
  %4 = onnx.Mul(%2, %c3) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %5 = onnx.Tanh(%4) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %c4 = onnx.Constant dense<1.0> : tensor<f32>
  %6 = onnx.Add(%5, %c4) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %7 = onnx.Mul(%3, %6) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %7 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @tanh_left(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<gelu_tanh>
// CHECK-NOT: onnx.
// CHECK: return
func.func @tanh_left(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Mul(%p, %p) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%0, %p) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<0.044715> : tensor<f32>
  %2 = onnx.Mul(%1, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %3 = onnx.Add(%p, %2) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<0.5> : tensor<f32>
  %4 = onnx.Mul(%p, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<0.7978845608028654> : tensor<f32>
  %5 = onnx.Mul(%3, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %6 = onnx.Tanh(%5) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %c3 = onnx.Constant dense<1.0> : tensor<f32>
  %7 = onnx.Add(%6, %c3) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %8 = onnx.Mul(%4, %7) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %8 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @tanh_right(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<gelu_tanh>
// CHECK-NOT: onnx.
// CHECK: return
func.func @tanh_right(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Mul(%p, %p) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%p, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<0.044715> : tensor<f32>
  %2 = onnx.Mul(%1, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %3 = onnx.Add(%p, %2) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<0.5> : tensor<f32>
  %4 = onnx.Mul(%p, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<0.7978845608028654> : tensor<f32>
  %5 = onnx.Mul(%3, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %6 = onnx.Tanh(%5) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %c3 = onnx.Constant dense<1.0> : tensor<f32>
  %7 = onnx.Add(%6, %c3) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %8 = onnx.Mul(%4, %7) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %8 : tensor<6x16xf32>
}

// Other numbers.
// CHECK-LABEL: func.func @other_half(
// CHECK-NOT: #moe.activation<{{relu|silu|gelu|swiglu}}
// CHECK: return
func.func @other_half(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<3.0> : tensor<f32>
  %0 = onnx.Pow(%p, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<0.044715> : tensor<f32>
  %1 = onnx.Mul(%0, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %2 = onnx.Add(%p, %1) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<0.51> : tensor<f32>
  %3 = onnx.Mul(%p, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c3 = onnx.Constant dense<0.7978845608028654> : tensor<f32>
  %4 = onnx.Mul(%2, %c3) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %5 = onnx.Tanh(%4) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %c4 = onnx.Constant dense<1.0> : tensor<f32>
  %6 = onnx.Add(%5, %c4) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %7 = onnx.Mul(%3, %6) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %7 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @other_one(
// CHECK-NOT: #moe.activation<{{relu|silu|gelu|swiglu}}
// CHECK: return
func.func @other_one(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<3.0> : tensor<f32>
  %0 = onnx.Pow(%p, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<0.044715> : tensor<f32>
  %1 = onnx.Mul(%0, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %2 = onnx.Add(%p, %1) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<0.5> : tensor<f32>
  %3 = onnx.Mul(%p, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c3 = onnx.Constant dense<0.7978845608028654> : tensor<f32>
  %4 = onnx.Mul(%2, %c3) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %5 = onnx.Tanh(%4) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %c4 = onnx.Constant dense<1.01> : tensor<f32>
  %6 = onnx.Add(%5, %c4) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %7 = onnx.Mul(%3, %6) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %7 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @no_cube(
// CHECK-NOT: #moe.activation<{{relu|silu|gelu|swiglu}}
// CHECK: return
func.func @no_cube(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<0.5> : tensor<f32>
  %0 = onnx.Mul(%p, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<0.7978845608028654> : tensor<f32>
  %1 = onnx.Mul(%p, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %2 = onnx.Tanh(%1) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<1.0> : tensor<f32>
  %3 = onnx.Add(%2, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %4 = onnx.Mul(%0, %3) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %4 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @other_cube(
// CHECK-NOT: #moe.activation<{{relu|silu|gelu|swiglu}}
// CHECK: return
func.func @other_cube(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<3.0> : tensor<f32>
  %0 = onnx.Pow(%p, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<0.0448> : tensor<f32>
  %1 = onnx.Mul(%0, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %2 = onnx.Add(%p, %1) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<0.5> : tensor<f32>
  %3 = onnx.Mul(%p, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c3 = onnx.Constant dense<0.7978845608028654> : tensor<f32>
  %4 = onnx.Mul(%2, %c3) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %5 = onnx.Tanh(%4) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %c4 = onnx.Constant dense<1.0> : tensor<f32>
  %6 = onnx.Add(%5, %c4) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %7 = onnx.Mul(%3, %6) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %7 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @other_scale(
// CHECK-NOT: #moe.activation<{{relu|silu|gelu|swiglu}}
// CHECK: return
func.func @other_scale(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<3.0> : tensor<f32>
  %0 = onnx.Pow(%p, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<0.044715> : tensor<f32>
  %1 = onnx.Mul(%0, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %2 = onnx.Add(%p, %1) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<0.5> : tensor<f32>
  %3 = onnx.Mul(%p, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c3 = onnx.Constant dense<0.8> : tensor<f32>
  %4 = onnx.Mul(%2, %c3) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %5 = onnx.Tanh(%4) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %c4 = onnx.Constant dense<1.0> : tensor<f32>
  %6 = onnx.Add(%5, %c4) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %7 = onnx.Mul(%3, %6) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %7 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @other_root(
// CHECK-NOT: #moe.activation<{{relu|silu|gelu|swiglu}}
// CHECK: return
func.func @other_root(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<0.5> : tensor<f32>
  %0 = onnx.Mul(%p, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<1.5> : tensor<f32>
  %1 = onnx.Div(%p, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %2 = onnx.Erf(%1) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<1.0> : tensor<f32>
  %3 = onnx.Add(%2, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %4 = onnx.Mul(%0, %3) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %4 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @square(
// CHECK-NOT: #moe.activation<{{relu|silu|gelu|swiglu}}
// CHECK: return
func.func @square(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<0.5> : tensor<f32>
  %0 = onnx.Mul(%p, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<2.0> : tensor<f32>
  %1 = onnx.Pow(%p, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<0.044715> : tensor<f32>
  %2 = onnx.Mul(%1, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %3 = onnx.Add(%p, %2) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c3 = onnx.Constant dense<0.7978845608028654> : tensor<f32>
  %4 = onnx.Mul(%3, %c3) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %5 = onnx.Tanh(%4) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %c4 = onnx.Constant dense<1.0> : tensor<f32>
  %6 = onnx.Add(%5, %c4) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %7 = onnx.Mul(%0, %6) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %7 : tensor<6x16xf32>
}

// x * sigmoid(1.7 x) is no activation of a plain product.
// CHECK-LABEL: func.func @quick(
// CHECK-NOT: #moe.activation<{{relu|silu|gelu|swiglu}}
// CHECK: return
func.func @quick(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<1.7> : tensor<f32>
  %0 = onnx.Mul(%p, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %1 = onnx.Sigmoid(%0) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%p, %1) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// The sigmoid of something else.
// CHECK-LABEL: func.func @sigmoid_of_another(
// CHECK-NOT: #moe.activation<{{relu|silu|gelu|swiglu}}
// CHECK: return
func.func @sigmoid_of_another(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Relu(%i) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Sigmoid(%0) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%p, %1) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// It follows no product.
// CHECK-LABEL: func.func @no_product(
// CHECK-NOT: #moe.activation<{{relu|silu|gelu|swiglu}}
// CHECK: return
func.func @no_product(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Neg(%p) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Relu(%0) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  return %1 : tensor<6x16xf32>
}

// The product is read elsewhere.
// CHECK-LABEL: func.func @read_elsewhere(
// CHECK-NOT: #moe.activation<{{relu|silu|gelu|swiglu}}
// CHECK: return
func.func @read_elsewhere(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>, tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Relu(%p) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Neg(%p) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  return %0, %1 : tensor<6x16xf32>, tensor<6x16xf32>
}

// CHECK-LABEL: func.func @returned(
// CHECK-NOT: #moe.activation<{{relu|silu|gelu|swiglu}}
// CHECK: return
func.func @returned(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>, tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Relu(%p) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  return %0, %p : tensor<6x16xf32>, tensor<6x16xf32>
}
