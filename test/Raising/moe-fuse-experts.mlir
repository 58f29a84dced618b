// RUN: moec-opt %s --moe-fuse-experts | FileCheck %s

// Gates, parts of a product, and networks.

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

// silu(gate) * up as one product.
// CHECK-LABEL: func.func @gate(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}outs({{.*}}activation = #moe.activation<swiglu>
// CHECK-NOT: = {{onnx|moe}}.
// CHECK: return
func.func @gate(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%1, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @gate_swapped(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}outs({{.*}}activation = #moe.activation<swiglu>
// CHECK-NOT: = {{onnx|moe}}.
// CHECK: return
func.func @gate_swapped(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%u, %1) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// With constants.
// CHECK-LABEL: func.func @gate_alpha(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}outs({{.*}}activation = #moe.activation<swiglu, alpha = 1.702000e+00>
// CHECK-NOT: = {{onnx|moe}}.
// CHECK: return
func.func @gate_alpha(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<1.702> : tensor<f32>
  %0 = onnx.Mul(%g, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %1 = onnx.Sigmoid(%0) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%g, %1) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %3 = onnx.Mul(%2, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %3 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @gate_beta(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}outs({{.*}}activation = #moe.activation<swiglu, beta = 1.000000e+00>
// CHECK-NOT: = {{onnx|moe}}.
// CHECK: return
func.func @gate_beta(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<1.0> : tensor<f32>
  %2 = onnx.Add(%u, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %3 = onnx.Mul(%1, %2) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %3 : tensor<6x16xf32>
}

// With a limit, by Min, by Clip, by Min and Max.
// CHECK-LABEL: func.func @gate_limit_min(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}outs({{.*}}activation = #moe.activation<swiglu, alpha = 1.702000e+00, beta = 1.000000e+00, limit = 7.000000e+00>
// CHECK-NOT: = {{onnx|moe}}.
// CHECK: return
func.func @gate_limit_min(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<7.0> : tensor<f32>
  %0 = onnx.Min(%g, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<-7.0> : tensor<f32>
  %c2 = onnx.Constant dense<7.0> : tensor<f32>
  %1 = onnx.Clip(%u, %c1, %c2) {operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<6x16xf32>, tensor<f32>, tensor<f32>) -> tensor<6x16xf32>
  %c3 = onnx.Constant dense<1.0> : tensor<f32>
  %2 = onnx.Add(%1, %c3) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c4 = onnx.Constant dense<1.702> : tensor<f32>
  %3 = onnx.Mul(%0, %c4) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %4 = onnx.Sigmoid(%3) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %5 = onnx.Mul(%0, %4) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %6 = onnx.Mul(%2, %5) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %6 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @gate_limit_clip(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}outs({{.*}}activation = #moe.activation<swiglu, alpha = 1.702000e+00, beta = 1.000000e+00, limit = 7.000000e+00>
// CHECK-NOT: = {{onnx|moe}}.
// CHECK: return
func.func @gate_limit_clip(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<0xFF800000> : tensor<f32>
  %c1 = onnx.Constant dense<7.0> : tensor<f32>
  %0 = onnx.Clip(%g, %c0, %c1) {operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<6x16xf32>, tensor<f32>, tensor<f32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<-7.0> : tensor<f32>
  %c3 = onnx.Constant dense<7.0> : tensor<f32>
  %1 = onnx.Clip(%u, %c2, %c3) {operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<6x16xf32>, tensor<f32>, tensor<f32>) -> tensor<6x16xf32>
  %c4 = onnx.Constant dense<1.0> : tensor<f32>
  %2 = onnx.Add(%1, %c4) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c5 = onnx.Constant dense<1.702> : tensor<f32>
  %3 = onnx.Mul(%0, %c5) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %4 = onnx.Sigmoid(%3) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %5 = onnx.Mul(%0, %4) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %6 = onnx.Mul(%2, %5) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %6 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @gate_limit_minmax(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}outs({{.*}}activation = #moe.activation<swiglu, alpha = 1.702000e+00, beta = 1.000000e+00, limit = 7.000000e+00>
// CHECK-NOT: = {{onnx|moe}}.
// CHECK: return
func.func @gate_limit_minmax(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<7.0> : tensor<f32>
  %0 = onnx.Min(%g, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<-7.0> : tensor<f32>
  %1 = onnx.Max(%u, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<7.0> : tensor<f32>
  %2 = onnx.Min(%1, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c3 = onnx.Constant dense<1.0> : tensor<f32>
  %3 = onnx.Add(%2, %c3) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c4 = onnx.Constant dense<1.702> : tensor<f32>
  %4 = onnx.Mul(%0, %c4) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %5 = onnx.Sigmoid(%4) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %6 = onnx.Mul(%0, %5) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %7 = onnx.Mul(%3, %6) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %7 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @gate_limit_maxmin(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}outs({{.*}}activation = #moe.activation<swiglu, alpha = 1.702000e+00, beta = 1.000000e+00, limit = 7.000000e+00>
// CHECK-NOT: = {{onnx|moe}}.
// CHECK: return
func.func @gate_limit_maxmin(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<7.0> : tensor<f32>
  %0 = onnx.Min(%g, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<7.0> : tensor<f32>
  %1 = onnx.Min(%u, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<-7.0> : tensor<f32>
  %2 = onnx.Max(%1, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c3 = onnx.Constant dense<1.0> : tensor<f32>
  %3 = onnx.Add(%2, %c3) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c4 = onnx.Constant dense<1.702> : tensor<f32>
  %4 = onnx.Mul(%0, %c4) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %5 = onnx.Sigmoid(%4) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %6 = onnx.Mul(%0, %5) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %7 = onnx.Mul(%3, %6) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %7 : tensor<6x16xf32>
}

// With biases, and weights [N, K].
// CHECK-LABEL: func.func @gate_biases(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}tensor<2x32x8xf32>{{.*}}bias({{.*}}tensor<2x32xf32>){{.*}}activation = #moe.activation<swiglu>
// CHECK-NOT: = {{onnx|moe}}.
// CHECK: return
func.func @gate_biases(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @wn : tensor<2x16x8xf32>
  %b_g = param.load @b : tensor<2x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x16x8xf32>, tensor<3xi32>) bias(%b_g : tensor<2x16xf32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<6x16xf32>
  %w_u = param.load @vn : tensor<2x16x8xf32>
  %b_u = param.load @c : tensor<2x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x16x8xf32>, tensor<3xi32>) bias(%b_u : tensor<2x16xf32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%1, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// Halves of one product, by Split.
// CHECK-LABEL: func.func @halves(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}tensor<2x8x32xf32>{{.*}}activation = #moe.activation<swiglu>
// CHECK-NOT: = {{onnx|moe}}.
// CHECK: return
func.func @halves(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @ww : tensor<2x8x32xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x32xf32>, tensor<3xi32>) outs(%i32 : tensor<6x32xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x32xf32>
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %n0 = onnx.Constant dense<0> : tensor<1xi64>
  %n16 = onnx.Constant dense<16> : tensor<1xi64>
  %n32 = onnx.Constant dense<32> : tensor<1xi64>
  %n2 = onnx.Constant dense<2> : tensor<1xi64>
  %g, %u = onnx.Split(%p) {axis = 1 : i64, num_outputs = 2 : i64} : (tensor<6x32xf32>) -> (tensor<6x16xf32>, tensor<6x16xf32>)
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%1, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// Columns in turn, by Slice.
// CHECK-LABEL: func.func @turns(
// CHECK-NOT: onnx.
// CHECK: moe.grouped_matmul {{.*}}tensor<2x8x32xf32>{{.*}}activation = #moe.activation<swiglu>
// CHECK-NOT: = {{onnx|moe}}.
// CHECK: return
func.func @turns(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_p = param.load @ww : tensor<2x8x32xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x32xf32>, tensor<3xi32>) outs(%i32 : tensor<6x32xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x32xf32>
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %n0 = onnx.Constant dense<0> : tensor<1xi64>
  %n16 = onnx.Constant dense<16> : tensor<1xi64>
  %n32 = onnx.Constant dense<32> : tensor<1xi64>
  %n2 = onnx.Constant dense<2> : tensor<1xi64>
  %g = onnx.Slice(%p, %n0, %n32, %ax, %n2) {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>} : (tensor<6x32xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<6x16xf32>
  %u = onnx.Slice(%p, %ax, %n32, %ax, %n2) {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>} : (tensor<6x32xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%1, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// The whole product is read, too.
// CHECK-LABEL: func.func @whole_read(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @whole_read(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>, tensor<6x32xf32>) {
  %w_p = param.load @ww : tensor<2x8x32xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x32xf32>, tensor<3xi32>) outs(%i32 : tensor<6x32xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x32xf32>
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %n0 = onnx.Constant dense<0> : tensor<1xi64>
  %n16 = onnx.Constant dense<16> : tensor<1xi64>
  %n32 = onnx.Constant dense<32> : tensor<1xi64>
  %n2 = onnx.Constant dense<2> : tensor<1xi64>
  %g = onnx.Slice(%p, %n0, %n16, %ax) {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<6x32xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<6x16xf32>
  %u = onnx.Slice(%p, %n16, %n32, %ax) {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<6x32xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%1, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %3 = onnx.Neg(%p) : (tensor<6x32xf32>) -> tensor<6x32xf32>
  return %2, %3 : tensor<6x16xf32>, tensor<6x32xf32>
}

// Two products in a row are a network, its weights [N, K].
// CHECK-LABEL: func.func @network(
// CHECK: moe.expert_ffn ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<6x8xf32>, tensor<6xi32>, tensor<3xi32>, tensor<2x16x8xf32>, tensor<2x8x16xf32>) bias1({{.*}}) bias2({{.*}}activation = #moe.activation<identity>
// CHECK-NOT: moe.grouped_matmul
// CHECK: return
func.func @network(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x8xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %b_p = param.load @b : tensor<2x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) bias(%b_p : tensor<2x16xf32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_q = param.load @d : tensor<2x16x8xf32>
  %b_q = param.load @e : tensor<2x8xf32>
  %q = moe.grouped_matmul ins(%p, %w_q, %o : tensor<6x16xf32>, tensor<2x16x8xf32>, tensor<3xi32>) bias(%b_q : tensor<2x8xf32>) outs(%j : tensor<6x8xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x8xf32>
  return %q : tensor<6x8xf32>
}

// CHECK-LABEL: func.func @network_as_it_is(
// CHECK: moe.expert_ffn ins({{.*}}activation = #moe.activation<silu>
// CHECK-NOT: moe.grouped_matmul
// CHECK: return
func.func @network_as_it_is(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x8xf32>) {
  %w_p = param.load @wn : tensor<2x16x8xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x16x8xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<silu>, layout = #moe.layout<nk>} -> tensor<6x16xf32>
  %w_q = param.load @dn : tensor<2x8x16xf32>
  %q = moe.grouped_matmul ins(%p, %w_q, %o : tensor<6x16xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%j : tensor<6x8xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<6x8xf32>
  return %q : tensor<6x8xf32>
}

// No network: the first gathers no rows, the second does, other segments, the first is read elsewhere.
// CHECK-LABEL: func.func @network_without_rows(
// CHECK-NOT: moe.expert_ffn
// CHECK: return
func.func @network_without_rows(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x8xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_q = param.load @d : tensor<2x16x8xf32>
  %q = moe.grouped_matmul ins(%p, %w_q, %o : tensor<6x16xf32>, tensor<2x16x8xf32>, tensor<3xi32>) outs(%j : tensor<6x8xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x8xf32>
  return %q : tensor<6x8xf32>
}

// CHECK-LABEL: func.func @network_second_rows(
// CHECK-NOT: moe.expert_ffn
// CHECK: return
func.func @network_second_rows(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x8xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_q = param.load @d : tensor<2x16x8xf32>
  %q = moe.grouped_matmul ins(%p, %w_q, %o : tensor<6x16xf32>, tensor<2x16x8xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) outs(%j : tensor<6x8xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x8xf32>
  return %q : tensor<6x8xf32>
}

// CHECK-LABEL: func.func @network_other_segments(
// CHECK-NOT: moe.expert_ffn
// CHECK: return
func.func @network_other_segments(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x8xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_q = param.load @d : tensor<2x16x8xf32>
  %q = moe.grouped_matmul ins(%p, %w_q, %o2 : tensor<6x16xf32>, tensor<2x16x8xf32>, tensor<3xi32>) outs(%j : tensor<6x8xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x8xf32>
  return %q : tensor<6x8xf32>
}

// CHECK-LABEL: func.func @network_read(
// CHECK-NOT: moe.expert_ffn
// CHECK: return
func.func @network_read(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x8xf32>, tensor<6x16xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_q = param.load @d : tensor<2x16x8xf32>
  %q = moe.grouped_matmul ins(%p, %w_q, %o : tensor<6x16xf32>, tensor<2x16x8xf32>, tensor<3xi32>) outs(%j : tensor<6x8xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x8xf32>
  return %q, %p : tensor<6x8xf32>, tensor<6x16xf32>
}

// The second has an activation.
// CHECK-LABEL: func.func @network_activated(
// CHECK-NOT: moe.expert_ffn
// CHECK: return
func.func @network_activated(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x8xf32>) {
  %w_p = param.load @w : tensor<2x8x16xf32>
  %p = moe.grouped_matmul ins(%x, %w_p, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_q = param.load @d : tensor<2x16x8xf32>
  %q = moe.grouped_matmul ins(%p, %w_q, %o : tensor<6x16xf32>, tensor<2x16x8xf32>, tensor<3xi32>) outs(%j : tensor<6x8xf32>) {activation = #moe.activation<relu>, layout = #moe.layout<kn>} -> tensor<6x8xf32>
  return %q : tensor<6x8xf32>
}
