// RUN: moec-opt %s --raise-decomposed-layers --split-input-file | FileCheck %s
// RUN: moec-opt %s --raise-decomposed-layers --split-input-file --remarks-filter=raise-decomposed-layers --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Experts of quantised weights.

// Codes, scales, zero points and biases of all experts are stacked. The last
// block of a row is stored as if it were full.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c8.experts : tensor<2x24x16xui8> = #param.stack<[#param.reshape<#param.file<{{.*}} tensor<24x2x8xui8>>, [24, 16]>
// CHECK: param.decl @c9.experts : tensor<2x24x2xf32>
// CHECK: param.decl @c10.experts : tensor<2x24x1xui8>
// CHECK: param.decl @c12.experts.whole : tensor<2x32x12xui8> = #param.slice<#param.stack<{{.*}} sizes = [2, 32, 12]
// CHECK: moe.grouped_matmul {{.*}}tensor<2x24x16xui8>{{.*}} bias({{.*}} scales({{.*}} zero_points({{.*}}layout = #moe.layout<nk>{{.*}}quant = #moe.quant<bits = 4, block = 16>
// CHECK: moe.grouped_matmul {{.*}}tensor<2x32x12xui8>{{.*}}quant = #moe.quant<bits = 4, block = 16>
// CHECK: moe.combine
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<32x2xf32> = #param.file<"m.onnx", 0, 256>
  param.decl @c8 : tensor<24x2x8xui8> = #param.file<"m.onnx", 256, 384>
  param.decl @c9 : tensor<24x2xf32> = #param.file<"m.onnx", 640, 192>
  param.decl @c10 : tensor<24x1xui8> = #param.file<"m.onnx", 832, 24>
  param.decl @c11 : tensor<24xf32> = #param.file<"m.onnx", 856, 96>
  param.decl @c12 : tensor<32x2x8xui8> = #param.file<"m.onnx", 952, 512>
  param.decl @c13 : tensor<32x2xf32> = #param.file<"m.onnx", 1464, 256>
  param.decl @c14 : tensor<32x1xui8> = #param.file<"m.onnx", 1720, 32>
  param.decl @c15 : tensor<32xf32> = #param.file<"m.onnx", 1752, 128>
  param.decl @c18 : tensor<24x2x8xui8> = #param.file<"m.onnx", 1880, 384>
  param.decl @c19 : tensor<24x2xf32> = #param.file<"m.onnx", 2264, 192>
  param.decl @c20 : tensor<24x1xui8> = #param.file<"m.onnx", 2456, 24>
  param.decl @c21 : tensor<24xf32> = #param.file<"m.onnx", 2480, 96>
  param.decl @c22 : tensor<32x2x8xui8> = #param.file<"m.onnx", 2576, 512>
  param.decl @c23 : tensor<32x2xf32> = #param.file<"m.onnx", 3088, 256>
  param.decl @c24 : tensor<32x1xui8> = #param.file<"m.onnx", 3344, 32>
  param.decl @c25 : tensor<32xf32> = #param.file<"m.onnx", 3376, 128>
  func.func @main(%arg0: tensor<?x32xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 32)>}) -> (tensor<?x32xf32> {onnx.name = "v20"}) {
    %0 = param.load @c0 : tensor<32x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c8 : tensor<24x2x8xui8>
    %5 = param.load @c9 : tensor<24x2xf32>
    %6 = param.load @c10 : tensor<24x1xui8>
    %7 = param.load @c11 : tensor<24xf32>
    %8 = param.load @c12 : tensor<32x2x8xui8>
    %9 = param.load @c13 : tensor<32x2xf32>
    %10 = param.load @c14 : tensor<32x1xui8>
    %11 = param.load @c15 : tensor<32xf32>
    %12 = onnx.Constant dense<1> : tensor<i64>
    %13 = onnx.Constant dense<1> : tensor<1xi64>
    %14 = param.load @c18 : tensor<24x2x8xui8>
    %15 = param.load @c19 : tensor<24x2xf32>
    %16 = param.load @c20 : tensor<24x1xui8>
    %17 = param.load @c21 : tensor<24xf32>
    %18 = param.load @c22 : tensor<32x2x8xui8>
    %19 = param.load @c23 : tensor<32x2xf32>
    %20 = param.load @c24 : tensor<32x1xui8>
    %21 = param.load @c25 : tensor<32xf32>
    %22 = onnx.MatMul(%arg0, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x32xf32>, tensor<32x2xf32>) -> tensor<?x2xf32>
    %23 = onnx.Softmax(%22) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%23, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %24 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %25 = onnx.Cast(%24) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %26 = onnx.Mul(%25, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %27 = onnx.ReduceSum(%26, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %28 = onnx.MatMulNBits(%arg0, %4, %5, %6, %7) {K = 32 : i64, N = 24 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1>} : (tensor<?x32xf32>, tensor<24x2x8xui8>, tensor<24x2xf32>, tensor<24x1xui8>, tensor<24xf32>) -> tensor<?x24xf32>
    %29 = onnx.Relu(%28) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>) -> tensor<?x24xf32>
    %30 = onnx.MatMulNBits(%29, %8, %9, %10, %11) {K = 24 : i64, N = 32 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 32)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1>} : (tensor<?x24xf32>, tensor<32x2x8xui8>, tensor<32x2xf32>, tensor<32x1xui8>, tensor<32xf32>) -> tensor<?x32xf32>
    %31 = onnx.Mul(%30, %27) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
    %32 = onnx.Equal(%Indices, %12) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %33 = onnx.Cast(%32) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %34 = onnx.Mul(%33, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %35 = onnx.ReduceSum(%34, %13) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %36 = onnx.MatMulNBits(%arg0, %14, %15, %16, %17) {K = 32 : i64, N = 24 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1>} : (tensor<?x32xf32>, tensor<24x2x8xui8>, tensor<24x2xf32>, tensor<24x1xui8>, tensor<24xf32>) -> tensor<?x24xf32>
    %37 = onnx.Relu(%36) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>) -> tensor<?x24xf32>
    %38 = onnx.MatMulNBits(%37, %18, %19, %20, %21) {K = 24 : i64, N = 32 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 32)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1>} : (tensor<?x24xf32>, tensor<32x2x8xui8>, tensor<32x2xf32>, tensor<32x1xui8>, tensor<32xf32>) -> tensor<?x32xf32>
    %39 = onnx.Mul(%38, %35) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
    %40 = onnx.Add(%31, %39) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %40 : tensor<?x32xf32>
  }
}

// -----

// Scales in one dimension, and no zero points.
// REMARK: raised 'Add' by P2: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c9.experts : tensor<2x24x1xf32> = #param.stack<[#param.reshape<#param.file<{{.*}} tensor<24xf32>>, [24, 1]>
// CHECK: moe.grouped_matmul {{.*}}quant = #moe.quant<bits = 8, block = 32>
// CHECK: moe.combine
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<32x2xf32> = #param.file<"m.onnx", 0, 256>
  param.decl @c8 : tensor<24x1x32xui8> = #param.file<"m.onnx", 256, 768>
  param.decl @c9 : tensor<24xf32> = #param.file<"m.onnx", 1024, 96>
  param.decl @c10 : tensor<32x1x32xui8> = #param.file<"m.onnx", 1120, 1024>
  param.decl @c11 : tensor<32xf32> = #param.file<"m.onnx", 2144, 128>
  param.decl @c14 : tensor<24x1x32xui8> = #param.file<"m.onnx", 2272, 768>
  param.decl @c15 : tensor<24xf32> = #param.file<"m.onnx", 3040, 96>
  param.decl @c16 : tensor<32x1x32xui8> = #param.file<"m.onnx", 3136, 1024>
  param.decl @c17 : tensor<32xf32> = #param.file<"m.onnx", 4160, 128>
  func.func @main(%arg0: tensor<?x32xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 32)>}) -> (tensor<?x32xf32> {onnx.name = "v20"}) {
    %0 = param.load @c0 : tensor<32x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c8 : tensor<24x1x32xui8>
    %5 = param.load @c9 : tensor<24xf32>
    %6 = param.load @c10 : tensor<32x1x32xui8>
    %7 = param.load @c11 : tensor<32xf32>
    %8 = onnx.Constant dense<1> : tensor<i64>
    %9 = onnx.Constant dense<1> : tensor<1xi64>
    %10 = param.load @c14 : tensor<24x1x32xui8>
    %11 = param.load @c15 : tensor<24xf32>
    %12 = param.load @c16 : tensor<32x1x32xui8>
    %13 = param.load @c17 : tensor<32xf32>
    %14 = onnx.MatMul(%arg0, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x32xf32>, tensor<32x2xf32>) -> tensor<?x2xf32>
    %15 = onnx.Softmax(%14) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%15, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %16 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %17 = onnx.Cast(%16) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %18 = onnx.Mul(%17, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %19 = onnx.ReduceSum(%18, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %20 = onnx.MatMulNBits(%arg0, %4, %5) {K = 32 : i64, N = 24 : i64, bits = 8 : i64, block_size = 32 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<?x32xf32>, tensor<24x1x32xui8>, tensor<24xf32>) -> tensor<?x24xf32>
    %21 = onnx.Relu(%20) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>) -> tensor<?x24xf32>
    %22 = onnx.MatMulNBits(%21, %6, %7) {K = 24 : i64, N = 32 : i64, bits = 8 : i64, block_size = 32 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 32)>], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<?x24xf32>, tensor<32x1x32xui8>, tensor<32xf32>) -> tensor<?x32xf32>
    %23 = onnx.Mul(%22, %19) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
    %24 = onnx.Equal(%Indices, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %25 = onnx.Cast(%24) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %26 = onnx.Mul(%25, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %27 = onnx.ReduceSum(%26, %9) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %28 = onnx.MatMulNBits(%arg0, %10, %11) {K = 32 : i64, N = 24 : i64, bits = 8 : i64, block_size = 32 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<?x32xf32>, tensor<24x1x32xui8>, tensor<24xf32>) -> tensor<?x24xf32>
    %29 = onnx.Relu(%28) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>) -> tensor<?x24xf32>
    %30 = onnx.MatMulNBits(%29, %12, %13) {K = 24 : i64, N = 32 : i64, bits = 8 : i64, block_size = 32 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 32)>], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<?x24xf32>, tensor<32x1x32xui8>, tensor<32xf32>) -> tensor<?x32xf32>
    %31 = onnx.Mul(%30, %27) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
    %32 = onnx.Add(%23, %31) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %32 : tensor<?x32xf32>
  }
}

// -----

// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'MatMulNBits' (MatMulNBits): its zero points are no codes
// CHECK-LABEL: module attributes
// CHECK-NOT: moe.
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<32x2xf32> = #param.file<"m.onnx", 0, 256>
  param.decl @c8 : tensor<24x2x8xui8> = #param.file<"m.onnx", 256, 384>
  param.decl @c9 : tensor<24x2xf32> = #param.file<"m.onnx", 640, 192>
  param.decl @c10 : tensor<24x2xf32> = #param.file<"m.onnx", 832, 192>
  param.decl @c11 : tensor<32x2x8xui8> = #param.file<"m.onnx", 1024, 512>
  param.decl @c12 : tensor<32x2xf32> = #param.file<"m.onnx", 1536, 256>
  param.decl @c13 : tensor<32x2xf32> = #param.file<"m.onnx", 1792, 256>
  param.decl @c16 : tensor<24x2x8xui8> = #param.file<"m.onnx", 2048, 384>
  param.decl @c17 : tensor<24x2xf32> = #param.file<"m.onnx", 2432, 192>
  param.decl @c18 : tensor<24x2xf32> = #param.file<"m.onnx", 2624, 192>
  param.decl @c19 : tensor<32x2x8xui8> = #param.file<"m.onnx", 2816, 512>
  param.decl @c20 : tensor<32x2xf32> = #param.file<"m.onnx", 3328, 256>
  param.decl @c21 : tensor<32x2xf32> = #param.file<"m.onnx", 3584, 256>
  func.func @main(%arg0: tensor<?x32xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 32)>}) -> (tensor<?x32xf32> {onnx.name = "v20"}) {
    %0 = param.load @c0 : tensor<32x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c8 : tensor<24x2x8xui8>
    %5 = param.load @c9 : tensor<24x2xf32>
    %6 = param.load @c10 : tensor<24x2xf32>
    %7 = param.load @c11 : tensor<32x2x8xui8>
    %8 = param.load @c12 : tensor<32x2xf32>
    %9 = param.load @c13 : tensor<32x2xf32>
    %10 = onnx.Constant dense<1> : tensor<i64>
    %11 = onnx.Constant dense<1> : tensor<1xi64>
    %12 = param.load @c16 : tensor<24x2x8xui8>
    %13 = param.load @c17 : tensor<24x2xf32>
    %14 = param.load @c18 : tensor<24x2xf32>
    %15 = param.load @c19 : tensor<32x2x8xui8>
    %16 = param.load @c20 : tensor<32x2xf32>
    %17 = param.load @c21 : tensor<32x2xf32>
    %18 = onnx.MatMul(%arg0, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x32xf32>, tensor<32x2xf32>) -> tensor<?x2xf32>
    %19 = onnx.Softmax(%18) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%19, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %20 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %21 = onnx.Cast(%20) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %22 = onnx.Mul(%21, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %23 = onnx.ReduceSum(%22, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %24 = onnx.MatMulNBits(%arg0, %4, %5, %6) {K = 32 : i64, N = 24 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>} : (tensor<?x32xf32>, tensor<24x2x8xui8>, tensor<24x2xf32>, tensor<24x2xf32>) -> tensor<?x24xf32>
    %25 = onnx.Relu(%24) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>) -> tensor<?x24xf32>
    %26 = onnx.MatMulNBits(%25, %7, %8, %9) {K = 24 : i64, N = 32 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 32)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>} : (tensor<?x24xf32>, tensor<32x2x8xui8>, tensor<32x2xf32>, tensor<32x2xf32>) -> tensor<?x32xf32>
    %27 = onnx.Mul(%26, %23) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
    %28 = onnx.Equal(%Indices, %10) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %29 = onnx.Cast(%28) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %30 = onnx.Mul(%29, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %31 = onnx.ReduceSum(%30, %11) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %32 = onnx.MatMulNBits(%arg0, %12, %13, %14) {K = 32 : i64, N = 24 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>} : (tensor<?x32xf32>, tensor<24x2x8xui8>, tensor<24x2xf32>, tensor<24x2xf32>) -> tensor<?x24xf32>
    %33 = onnx.Relu(%32) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>) -> tensor<?x24xf32>
    %34 = onnx.MatMulNBits(%33, %15, %16, %17) {K = 24 : i64, N = 32 : i64, block_size = 16 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 32)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>} : (tensor<?x24xf32>, tensor<32x2x8xui8>, tensor<32x2xf32>, tensor<32x2xf32>) -> tensor<?x32xf32>
    %35 = onnx.Mul(%34, %31) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
    %36 = onnx.Add(%27, %35) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %36 : tensor<?x32xf32>
  }
}

// -----

// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'MatMulNBits' (MatMulNBits): no product of experts takes blocks of its size
// CHECK-LABEL: module attributes
// CHECK-NOT: moe.
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<32x2xf32> = #param.file<"m.onnx", 0, 256>
  param.decl @c8 : tensor<24x1x24xui8> = #param.file<"m.onnx", 256, 576>
  param.decl @c9 : tensor<24x1xf32> = #param.file<"m.onnx", 832, 96>
  param.decl @c10 : tensor<32x1x24xui8> = #param.file<"m.onnx", 928, 768>
  param.decl @c11 : tensor<32x1xf32> = #param.file<"m.onnx", 1696, 128>
  param.decl @c14 : tensor<24x1x24xui8> = #param.file<"m.onnx", 1824, 576>
  param.decl @c15 : tensor<24x1xf32> = #param.file<"m.onnx", 2400, 96>
  param.decl @c16 : tensor<32x1x24xui8> = #param.file<"m.onnx", 2496, 768>
  param.decl @c17 : tensor<32x1xf32> = #param.file<"m.onnx", 3264, 128>
  func.func @main(%arg0: tensor<?x32xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 32)>}) -> (tensor<?x32xf32> {onnx.name = "v20"}) {
    %0 = param.load @c0 : tensor<32x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c8 : tensor<24x1x24xui8>
    %5 = param.load @c9 : tensor<24x1xf32>
    %6 = param.load @c10 : tensor<32x1x24xui8>
    %7 = param.load @c11 : tensor<32x1xf32>
    %8 = onnx.Constant dense<1> : tensor<i64>
    %9 = onnx.Constant dense<1> : tensor<1xi64>
    %10 = param.load @c14 : tensor<24x1x24xui8>
    %11 = param.load @c15 : tensor<24x1xf32>
    %12 = param.load @c16 : tensor<32x1x24xui8>
    %13 = param.load @c17 : tensor<32x1xf32>
    %14 = onnx.MatMul(%arg0, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x32xf32>, tensor<32x2xf32>) -> tensor<?x2xf32>
    %15 = onnx.Softmax(%14) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%15, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %16 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %17 = onnx.Cast(%16) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %18 = onnx.Mul(%17, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %19 = onnx.ReduceSum(%18, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %20 = onnx.MatMulNBits(%arg0, %4, %5) {K = 32 : i64, N = 24 : i64, block_size = 48 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<?x32xf32>, tensor<24x1x24xui8>, tensor<24x1xf32>) -> tensor<?x24xf32>
    %21 = onnx.Relu(%20) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>) -> tensor<?x24xf32>
    %22 = onnx.MatMulNBits(%21, %6, %7) {K = 24 : i64, N = 32 : i64, block_size = 48 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 32)>], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<?x24xf32>, tensor<32x1x24xui8>, tensor<32x1xf32>) -> tensor<?x32xf32>
    %23 = onnx.Mul(%22, %19) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
    %24 = onnx.Equal(%Indices, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %25 = onnx.Cast(%24) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %26 = onnx.Mul(%25, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %27 = onnx.ReduceSum(%26, %9) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %28 = onnx.MatMulNBits(%arg0, %10, %11) {K = 32 : i64, N = 24 : i64, block_size = 48 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 24)>], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<?x32xf32>, tensor<24x1x24xui8>, tensor<24x1xf32>) -> tensor<?x24xf32>
    %29 = onnx.Relu(%28) {onnx.shapes = [affine_map<()[s0] -> (s0, 24)>]} : (tensor<?x24xf32>) -> tensor<?x24xf32>
    %30 = onnx.MatMulNBits(%29, %12, %13) {K = 24 : i64, N = 32 : i64, block_size = 48 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 32)>], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<?x24xf32>, tensor<32x1x24xui8>, tensor<32x1xf32>) -> tensor<?x32xf32>
    %31 = onnx.Mul(%30, %27) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x1xf32>) -> tensor<?x32xf32>
    %32 = onnx.Add(%23, %31) {onnx.shapes = [affine_map<()[s0] -> (s0, 32)>]} : (tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    return %32 : tensor<?x32xf32>
  }
}
