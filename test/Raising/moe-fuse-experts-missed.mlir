// RUN: moec-opt %s --moe-fuse-experts | FileCheck %s

// What is no gate of two products of the same rows.

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

// Limits that differ, that are on one side alone, that are not symmetric, that are crossed.
// CHECK-LABEL: func.func @limits_differ(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @limits_differ(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<7.0> : tensor<f32>
  %0 = onnx.Min(%g, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<-6.0> : tensor<f32>
  %c2 = onnx.Constant dense<6.0> : tensor<f32>
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

// CHECK-LABEL: func.func @gate_unlimited(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @gate_unlimited(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<-7.0> : tensor<f32>
  %c1 = onnx.Constant dense<7.0> : tensor<f32>
  %2 = onnx.Clip(%u, %c0, %c1) {operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<6x16xf32>, tensor<f32>, tensor<f32>) -> tensor<6x16xf32>
  %3 = onnx.Mul(%1, %2) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %3 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @up_unlimited(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @up_unlimited(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<7.0> : tensor<f32>
  %0 = onnx.Min(%g, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<1.0> : tensor<f32>
  %1 = onnx.Add(%u, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<1.702> : tensor<f32>
  %2 = onnx.Mul(%0, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %3 = onnx.Sigmoid(%2) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %4 = onnx.Mul(%0, %3) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %5 = onnx.Mul(%1, %4) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %5 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @not_symmetric(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @not_symmetric(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<7.0> : tensor<f32>
  %0 = onnx.Min(%g, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<-6.0> : tensor<f32>
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

// CHECK-LABEL: func.func @limit_negative(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @limit_negative(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<-7.0> : tensor<f32>
  %0 = onnx.Min(%g, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<7.0> : tensor<f32>
  %1 = onnx.Max(%u, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<-7.0> : tensor<f32>
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

// CHECK-LABEL: func.func @gate_clipped_below(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @gate_clipped_below(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<-7.0> : tensor<f32>
  %c1 = onnx.Constant dense<7.0> : tensor<f32>
  %0 = onnx.Clip(%u, %c0, %c1) {operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<6x16xf32>, tensor<f32>, tensor<f32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<1.0> : tensor<f32>
  %1 = onnx.Add(%0, %c2) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c3 = onnx.Constant dense<-100.0> : tensor<f32>
  %c4 = onnx.Constant dense<7.0> : tensor<f32>
  %2 = onnx.Clip(%g, %c3, %c4) {operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<6x16xf32>, tensor<f32>, tensor<f32>) -> tensor<6x16xf32>
  %c5 = onnx.Constant dense<1.702> : tensor<f32>
  %3 = onnx.Mul(%2, %c5) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %4 = onnx.Sigmoid(%3) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %5 = onnx.Mul(%2, %4) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %6 = onnx.Mul(%1, %5) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %6 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @crossed_min(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @crossed_min(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<7.0> : tensor<f32>
  %0 = onnx.Min(%g, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<7.0> : tensor<f32>
  %1 = onnx.Max(%u, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<-7.0> : tensor<f32>
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

// CHECK-LABEL: func.func @crossed_max(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @crossed_max(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<7.0> : tensor<f32>
  %0 = onnx.Min(%g, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c1 = onnx.Constant dense<-7.0> : tensor<f32>
  %1 = onnx.Min(%u, %c1) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %c2 = onnx.Constant dense<7.0> : tensor<f32>
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

// Constants that are no finite numbers.
// CHECK-LABEL: func.func @beta_infinite(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @beta_infinite(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<0x7F800000> : tensor<f32>
  %2 = onnx.Add(%u, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %3 = onnx.Mul(%1, %2) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %3 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @alpha_infinite(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @alpha_infinite(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %c0 = onnx.Constant dense<0x7F800000> : tensor<f32>
  %0 = onnx.Mul(%g, %c0) : (tensor<6x16xf32>, tensor<f32>) -> tensor<6x16xf32>
  %1 = onnx.Sigmoid(%0) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%g, %1) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %3 = onnx.Mul(%2, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %3 : tensor<6x16xf32>
}

// A product is read elsewhere.
// CHECK-LABEL: func.func @gate_read(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @gate_read(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>, tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%1, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %3 = onnx.Neg(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2, %3 : tensor<6x16xf32>, tensor<6x16xf32>
}

// CHECK-LABEL: func.func @up_read(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @up_read(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>, tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%1, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %3 = onnx.Neg(%u) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2, %3 : tensor<6x16xf32>, tensor<6x16xf32>
}

// Gate and up are one product, or see other rows, segments, layouts or widths, or one has a bias.
// CHECK-LABEL: func.func @one_product(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @one_product(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%1, %g) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @other_rows(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @other_rows(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x2, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%1, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @other_segments(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @other_segments(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o2 : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%1, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @other_order(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @other_order(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%1, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @other_layout(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @other_layout(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @vn : tensor<2x16x8xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x16x8xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%1, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// CHECK-LABEL: func.func @one_bias(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @one_bias(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %b_u = param.load @b : tensor<2x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) bias(%b_u : tensor<2x16xf32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%1, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// Up has an activation.
// CHECK-LABEL: func.func @up_activated(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @up_activated(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Relu(%u) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %3 = onnx.Mul(%1, %2) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %3 : tensor<6x16xf32>
}

// The gate has another one.
// CHECK-LABEL: func.func @gate_by_relu(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @gate_by_relu(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %w_u = param.load @v : tensor<2x8x16xf32>
  %u = moe.grouped_matmul ins(%x, %w_u, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Relu(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%0, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %1 : tensor<6x16xf32>
}

// Weights that are no parameters.
// CHECK-LABEL: func.func @no_parameters(
// CHECK-NOT: #moe.activation<swiglu
// CHECK: return
func.func @no_parameters(%x: tensor<6x8xf32>, %x2: tensor<6x8xf32>, %o: tensor<3xi32>, %o2: tensor<3xi32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %i32: tensor<6x32xf32>, %j: tensor<6x8xf32>) -> (tensor<6x16xf32>) {
  %vv = param.load @v : tensor<2x8x16xf32>
  %w2 = onnx.Neg(%vv) : (tensor<2x8x16xf32>) -> tensor<2x8x16xf32>
  %w_g = param.load @w : tensor<2x8x16xf32>
  %g = moe.grouped_matmul ins(%x, %w_g, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %u = moe.grouped_matmul ins(%x, %w2, %o : tensor<6x8xf32>, tensor<2x8x16xf32>, tensor<3xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x16xf32>
  %0 = onnx.Sigmoid(%g) : (tensor<6x16xf32>) -> tensor<6x16xf32>
  %1 = onnx.Mul(%g, %0) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  %2 = onnx.Mul(%1, %u) : (tensor<6x16xf32>, tensor<6x16xf32>) -> tensor<6x16xf32>
  return %2 : tensor<6x16xf32>
}

// Products without offsets are of two activations, whatever their rows and parameters: no network.
// CHECK-LABEL: func.func @no_experts(
// CHECK-NOT: moe.expert_ffn
// CHECK: return
func.func @no_experts(%x: tensor<6x8xf32>, %rows: tensor<6xi32>, %i: tensor<6x16xf32>, %j: tensor<6x8xf32>) -> tensor<6x8xf32> {
  %w = param.load @wn : tensor<2x16x8xf32>
  %d = param.load @dn : tensor<2x8x16xf32>
  %h = moe.grouped_matmul ins(%x, %w : tensor<6x8xf32>, tensor<2x16x8xf32>) rows(%rows : tensor<6xi32>) outs(%i : tensor<6x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<6x16xf32>
  %y = moe.grouped_matmul ins(%h, %d : tensor<6x16xf32>, tensor<2x8x16xf32>) outs(%j : tensor<6x8xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<6x8xf32>
  return %y : tensor<6x8xf32>
}
