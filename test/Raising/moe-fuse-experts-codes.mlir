// RUN: moec-opt %s --raise-decomposed-layers --canonicalize --moe-fuse-experts --split-input-file | FileCheck %s
// RUN: moec-opt %s --raise-decomposed-layers --canonicalize --moe-fuse-experts --split-input-file --remarks-filter=moe-fuse-experts --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Products of codes take in what is around them as products of floats do.

// Gate and up become one product: rows of codes, scales and zero points in turn.
// REMARK: made one network of the experts of 'Add': swiglu
// CHECK-LABEL: module attributes
// CHECK-DAG: param.decl @{{.*}}.gated : tensor<2x48x16xui8> = #param.reshape<#param.stack<{{.*}} axis = 2>, [2, 48, 16]>
// CHECK-DAG: param.decl @{{.*}}.gated : tensor<2x48x2xf32>
// CHECK-DAG: param.decl @{{.*}}.gated : tensor<2x48x1xui8>
// CHECK: moe.expert_ffn {{.*}}scales1({{.*}} scales2({{.*}} zero_points1({{.*}} zero_points2({{.*}}activation = #moe.activation<swiglu>{{.*}}quant = #moe.quant<bits = 4, block = 16>
// CHECK-NOT: moe.grouped_matmul
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<32x2xf32> = #param.file<"m.onnx", 0, 256>
  param.decl @c8 : tensor<24x2x8xui8> = #param.file<"m.onnx", 256, 384>
  param.decl @c9 : tensor<24x2xf32> = #param.file<"m.onnx", 640, 192>
  param.decl @c10 : tensor<24x1xui8> = #param.file<"m.onnx", 832, 24>
  param.decl @c11 : tensor<24x2x8xui8> = #param.file<"m.onnx", 856, 384>
  param.decl @c12 : tensor<24x2xf32> = #param.file<"m.onnx", 1240, 192>
  param.decl @c13 : tensor<24x1xui8> = #param.file<"m.onnx", 1432, 24>
  param.decl @c14 : tensor<32x2x8xui8> = #param.file<"m.onnx", 1456, 512>
  param.decl @c15 : tensor<32x2xf32> = #param.file<"m.onnx", 1968, 256>
  param.decl @c16 : tensor<32x1xui8> = #param.file<"m.onnx", 2224, 32>
  param.decl @c19 : tensor<24x2x8xui8> = #param.file<"m.onnx", 2256, 384>
  param.decl @c20 : tensor<24x2xf32> = #param.file<"m.onnx", 2640, 192>
  param.decl @c21 : tensor<24x1xui8> = #param.file<"m.onnx", 2832, 24>
  param.decl @c22 : tensor<24x2x8xui8> = #param.file<"m.onnx", 2856, 384>
  param.decl @c23 : tensor<24x2xf32> = #param.file<"m.onnx", 3240, 192>
  param.decl @c24 : tensor<24x1xui8> = #param.file<"m.onnx", 3432, 24>
  param.decl @c25 : tensor<32x2x8xui8> = #param.file<"m.onnx", 3456, 512>
  param.decl @c26 : tensor<32x2xf32> = #param.file<"m.onnx", 3968, 256>
  param.decl @c27 : tensor<32x1xui8> = #param.file<"m.onnx", 4224, 32>
  func.func @main(%arg0: tensor<?x32xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 32)>}) -> (tensor<?x32xf32> {onnx.name = "v26"}) {
    %0 = param.load @c0 : tensor<32x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c8 : tensor<24x2x8xui8>
    %5 = param.load @c9 : tensor<24x2xf32>
    %6 = param.load @c10 : tensor<24x1xui8>
    %7 = param.load @c11 : tensor<24x2x8xui8>
    %8 = param.load @c12 : tensor<24x2xf32>
    %9 = param.load @c13 : tensor<24x1xui8>
    %10 = param.load @c14 : tensor<32x2x8xui8>
    %11 = param.load @c15 : tensor<32x2xf32>
    %12 = param.load @c16 : tensor<32x1xui8>
    %13 = onnx.Constant dense<1> : tensor<i64>
    %14 = onnx.Constant dense<1> : tensor<1xi64>
    %15 = param.load @c19 : tensor<24x2x8xui8>
    %16 = param.load @c20 : tensor<24x2xf32>
    %17 = param.load @c21 : tensor<24x1xui8>
    %18 = param.load @c22 : tensor<24x2x8xui8>
    %19 = param.load @c23 : tensor<24x2xf32>
    %20 = param.load @c24 : tensor<24x1xui8>
    %21 = param.load @c25 : tensor<32x2x8xui8>
    %22 = param.load @c26 : tensor<32x2xf32>
    %23 = param.load @c27 : tensor<32x1xui8>
    %24 = onnx.MatMul(%arg0, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x32xf32>, tensor<32x2xf32>) -> tensor<?x2xf32>
    %25 = onnx.Softmax(%24) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%25, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %26 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %27 = onnx.Cast(%26) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %28 = onnx.Mul(%27, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %29 = onnx.ReduceSum(%28, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %30 = onnx.MatMulNBits(%arg0, %4, %5, %6) {K = 32 : i64, N = 24 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>} : (tensor<?x32xf32>, tensor<24x2x8xui8>, tensor<24x2xf32>, tensor<24x1xui8>) -> tensor<?x24xf32>
    %31 = onnx.MatMulNBits(%arg0, %7, %8, %9) {K = 32 : i64, N = 24 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>} : (tensor<?x32xf32>, tensor<24x2x8xui8>, tensor<24x2xf32>, tensor<24x1xui8>) -> tensor<?x24xf32>
    %32 = onnx.Sigmoid(%31) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>) -> tensor<?x24xf32>
    %33 = onnx.Mul(%31, %32) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>, tensor<?x24xf32>) -> tensor<?x24xf32>
    %34 = onnx.Mul(%33, %30) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>, tensor<?x24xf32>) -> tensor<?x24xf32>
    %35 = onnx.MatMulNBits(%34, %10, %11, %12) {K = 24 : i64, N = 32 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 32)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>} : (tensor<?x24xf32>, tensor<32x2x8xui8>, tensor<32x2xf32>, tensor<32x1xui8>) -> tensor<?x32xf32>
    %36 = onnx.Mul(%35, %29) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
    %37 = onnx.Equal(%Indices, %13) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %38 = onnx.Cast(%37) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %39 = onnx.Mul(%38, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %40 = onnx.ReduceSum(%39, %14) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %41 = onnx.MatMulNBits(%arg0, %15, %16, %17) {K = 32 : i64, N = 24 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>} : (tensor<?x32xf32>, tensor<24x2x8xui8>, tensor<24x2xf32>, tensor<24x1xui8>) -> tensor<?x24xf32>
    %42 = onnx.MatMulNBits(%arg0, %18, %19, %20) {K = 32 : i64, N = 24 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>} : (tensor<?x32xf32>, tensor<24x2x8xui8>, tensor<24x2xf32>, tensor<24x1xui8>) -> tensor<?x24xf32>
    %43 = onnx.Sigmoid(%42) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>) -> tensor<?x24xf32>
    %44 = onnx.Mul(%42, %43) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>, tensor<?x24xf32>) -> tensor<?x24xf32>
    %45 = onnx.Mul(%44, %41) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>, tensor<?x24xf32>) -> tensor<?x24xf32>
    %46 = onnx.MatMulNBits(%45, %21, %22, %23) {K = 24 : i64, N = 32 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 32)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>} : (tensor<?x24xf32>, tensor<32x2x8xui8>, tensor<32x2xf32>, tensor<32x1xui8>) -> tensor<?x32xf32>
    %47 = onnx.Mul(%46, %40) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
    %48 = onnx.Add(%36, %47) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %48 : tensor<?x32xf32>
  }
}

// -----

// One product whose columns are cut: first two, then one.
// REMARK: made one network of the experts of 'Add': swiglu
// CHECK-LABEL: module attributes
// CHECK: moe.expert_ffn {{.*}}tensor<2x48x16xui8>{{.*}}activation = #moe.activation<swiglu>{{.*}}quant = #moe.quant<bits = 4, block = 16>
// CHECK-NOT: moe.grouped_matmul
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<32x2xf32> = #param.file<"m.onnx", 0, 256>
  param.decl @c8 : tensor<48x2x8xui8> = #param.file<"m.onnx", 256, 768>
  param.decl @c9 : tensor<48x2xf32> = #param.file<"m.onnx", 1024, 384>
  param.decl @c10 : tensor<32x2x8xui8> = #param.file<"m.onnx", 1408, 512>
  param.decl @c11 : tensor<32x2xf32> = #param.file<"m.onnx", 1920, 256>
  param.decl @c14 : tensor<48x2x8xui8> = #param.file<"m.onnx", 2176, 768>
  param.decl @c15 : tensor<48x2xf32> = #param.file<"m.onnx", 2944, 384>
  param.decl @c16 : tensor<32x2x8xui8> = #param.file<"m.onnx", 3328, 512>
  param.decl @c17 : tensor<32x2xf32> = #param.file<"m.onnx", 3840, 256>
  func.func @main(%arg0: tensor<?x32xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 32)>}) -> (tensor<?x32xf32> {onnx.name = "v28"}) {
    %0 = param.load @c0 : tensor<32x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c8 : tensor<48x2x8xui8>
    %5 = param.load @c9 : tensor<48x2xf32>
    %6 = param.load @c10 : tensor<32x2x8xui8>
    %7 = param.load @c11 : tensor<32x2xf32>
    %8 = onnx.Constant dense<1> : tensor<i64>
    %9 = onnx.Constant dense<1> : tensor<1xi64>
    %10 = param.load @c14 : tensor<48x2x8xui8>
    %11 = param.load @c15 : tensor<48x2xf32>
    %12 = param.load @c16 : tensor<32x2x8xui8>
    %13 = param.load @c17 : tensor<32x2xf32>
    %14 = onnx.MatMul(%arg0, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x32xf32>, tensor<32x2xf32>) -> tensor<?x2xf32>
    %15 = onnx.Softmax(%14) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%15, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %16 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %17 = onnx.Cast(%16) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %18 = onnx.Mul(%17, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %19 = onnx.ReduceSum(%18, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %20 = onnx.MatMulNBits(%arg0, %4, %5) {K = 32 : i64, N = 48 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 48)>], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<?x32xf32>, tensor<48x2x8xui8>, tensor<48x2xf32>) -> tensor<?x48xf32>
    %21:2 = onnx.Split(%20) {axis = 1 : i64, num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>, affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x48xf32>) -> (tensor<?x24xf32>, tensor<?x24xf32>)
    %22 = onnx.Sigmoid(%21#1) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>) -> tensor<?x24xf32>
    %23 = onnx.Mul(%21#1, %22) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>, tensor<?x24xf32>) -> tensor<?x24xf32>
    %24 = onnx.Mul(%23, %21#0) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>, tensor<?x24xf32>) -> tensor<?x24xf32>
    %25 = onnx.MatMulNBits(%24, %6, %7) {K = 24 : i64, N = 32 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 32)>], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<?x24xf32>, tensor<32x2x8xui8>, tensor<32x2xf32>) -> tensor<?x32xf32>
    %26 = onnx.Mul(%25, %19) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
    %27 = onnx.Equal(%Indices, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %28 = onnx.Cast(%27) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %29 = onnx.Mul(%28, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %30 = onnx.ReduceSum(%29, %9) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %31 = onnx.MatMulNBits(%arg0, %10, %11) {K = 32 : i64, N = 48 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 48)>], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<?x32xf32>, tensor<48x2x8xui8>, tensor<48x2xf32>) -> tensor<?x48xf32>
    %32:2 = onnx.Split(%31) {axis = 1 : i64, num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>, affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x48xf32>) -> (tensor<?x24xf32>, tensor<?x24xf32>)
    %33 = onnx.Sigmoid(%32#1) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>) -> tensor<?x24xf32>
    %34 = onnx.Mul(%32#1, %33) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>, tensor<?x24xf32>) -> tensor<?x24xf32>
    %35 = onnx.Mul(%34, %32#0) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>, tensor<?x24xf32>) -> tensor<?x24xf32>
    %36 = onnx.MatMulNBits(%35, %12, %13) {K = 24 : i64, N = 32 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 32)>], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<?x24xf32>, tensor<32x2x8xui8>, tensor<32x2xf32>) -> tensor<?x32xf32>
    %37 = onnx.Mul(%36, %30) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
    %38 = onnx.Add(%26, %37) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %38 : tensor<?x32xf32>
  }
}

// -----

// A network has all its weights in codes, or none.
// REMARK: left the experts of 'Add' as 2 products: one of two products is quantised
// CHECK-LABEL: module attributes
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<relu>{{.*}}quant = #moe.quant
// CHECK: moe.grouped_matmul
// CHECK-NOT: moe.expert_ffn
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<32x2xf32> = #param.file<"m.onnx", 0, 256>
  param.decl @c8 : tensor<24x2x8xui8> = #param.file<"m.onnx", 256, 384>
  param.decl @c9 : tensor<24x2xf32> = #param.file<"m.onnx", 640, 192>
  param.decl @c3 : tensor<24x32xf32> = #param.file<"m.onnx", 832, 3072>
  param.decl @c12 : tensor<24x2x8xui8> = #param.file<"m.onnx", 3904, 384>
  param.decl @c13 : tensor<24x2xf32> = #param.file<"m.onnx", 4288, 192>
  param.decl @c5 : tensor<24x32xf32> = #param.file<"m.onnx", 4480, 3072>
  func.func @main(%arg0: tensor<?x32xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 32)>}) -> (tensor<?x32xf32> {onnx.name = "v20"}) {
    %0 = param.load @c0 : tensor<32x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c8 : tensor<24x2x8xui8>
    %5 = param.load @c9 : tensor<24x2xf32>
    %6 = param.load @c3 : tensor<24x32xf32>
    %7 = onnx.Constant dense<1> : tensor<i64>
    %8 = onnx.Constant dense<1> : tensor<1xi64>
    %9 = param.load @c12 : tensor<24x2x8xui8>
    %10 = param.load @c13 : tensor<24x2xf32>
    %11 = param.load @c5 : tensor<24x32xf32>
    %12 = onnx.MatMul(%arg0, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x32xf32>, tensor<32x2xf32>) -> tensor<?x2xf32>
    %13 = onnx.Softmax(%12) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%13, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %14 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %15 = onnx.Cast(%14) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %16 = onnx.Mul(%15, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %17 = onnx.ReduceSum(%16, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %18 = onnx.MatMulNBits(%arg0, %4, %5) {K = 32 : i64, N = 24 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<?x32xf32>, tensor<24x2x8xui8>, tensor<24x2xf32>) -> tensor<?x24xf32>
    %19 = onnx.Relu(%18) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>) -> tensor<?x24xf32>
    %20 = onnx.MatMul(%19, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x24xf32>, tensor<24x32xf32>) -> tensor<?x32xf32>
    %21 = onnx.Mul(%20, %17) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
    %22 = onnx.Equal(%Indices, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %23 = onnx.Cast(%22) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %24 = onnx.Mul(%23, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %25 = onnx.ReduceSum(%24, %8) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %26 = onnx.MatMulNBits(%arg0, %9, %10) {K = 32 : i64, N = 24 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<?x32xf32>, tensor<24x2x8xui8>, tensor<24x2xf32>) -> tensor<?x24xf32>
    %27 = onnx.Relu(%26) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>) -> tensor<?x24xf32>
    %28 = onnx.MatMul(%27, %11) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x24xf32>, tensor<24x32xf32>) -> tensor<?x32xf32>
    %29 = onnx.Mul(%28, %25) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
    %30 = onnx.Add(%21, %29) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %30 : tensor<?x32xf32>
  }
}
