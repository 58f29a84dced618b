// RUN: moec-opt %s --raise-decomposed-layers --split-input-file | FileCheck %s
// RUN: moec-opt %s --raise-decomposed-layers --split-input-file --remarks-filter=raise-decomposed-layers --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Each expert on the rows that chose it.

// Added by ScatterND.
// REMARK: raised 'ScatterND' by P3: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c3.experts : tensor<2x4x6xf32> = #param.stack<[#param.file<"m.onnx", 32, 96, tensor<4x6xf32>>, #param.file<"m.onnx", 224, 96, tensor<4x6xf32>>], axis = 0>
// CHECK: param.decl @c4.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 128, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 320, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P3"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T", "nonzero", "nonzero_0"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c3 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c4 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c5 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c6 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<-1> : tensor<1xi64>
    %3 = onnx.Constant dense<0> : tensor<i64>
    %4 = onnx.Constant dense<0> : tensor<1xi64>
    %5 = onnx.Constant dense<0> : tensor<1xi64>
    %6 = onnx.Constant dense<2> : tensor<i64>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = param.load @c3 : tensor<4x6xf32>
    %9 = param.load @c4 : tensor<6x4xf32>
    %10 = onnx.Constant dense<1> : tensor<1xi64>
    %11 = onnx.Constant dense<1> : tensor<i64>
    %12 = onnx.Constant dense<0> : tensor<1xi64>
    %13 = onnx.Constant dense<0> : tensor<1xi64>
    %14 = onnx.Constant dense<2> : tensor<i64>
    %15 = onnx.Constant dense<1> : tensor<1xi64>
    %16 = param.load @c5 : tensor<4x6xf32>
    %17 = param.load @c6 : tensor<6x4xf32>
    %18 = onnx.Constant dense<1> : tensor<1xi64>
    %19 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %20 = onnx.Softmax(%19) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%20, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %21 = onnx.ConstantOfShape() {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : () -> tensor<?x4xf32>
    %22 = onnx.Reshape(%Values, %2) {onnx.shapes = [affine_map<()[s0] -> (s0 * 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?xf32>
    %23 = onnx.Equal(%Indices, %3) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %24 = onnx.NonZero(%23) {onnx.shapes = [affine_map<()[s0, s1] -> (2, s1)>]} : (tensor<?x2xi1>) -> tensor<2x?xi64>
    %25:2 = onnx.Split(%24) {num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0, s1] -> (1, s1)>, affine_map<()[s0, s1] -> (1, s1)>]} : (tensor<2x?xi64>) -> (tensor<1x?xi64>, tensor<1x?xi64>)
    %26 = onnx.Squeeze(%25#0, %4) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %27 = onnx.Squeeze(%25#1, %5) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %28 = onnx.Mul(%26, %6) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
    %29 = onnx.Add(%28, %27) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
    %30 = onnx.Gather(%22, %29) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
    %31 = onnx.Unsqueeze(%30, %7) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 1)>]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %32 = onnx.Gather(%x, %26) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %33 = onnx.MatMul(%32, %8) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %34 = onnx.Relu(%33) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %35 = onnx.MatMul(%34, %9) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %36 = onnx.Mul(%35, %31) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %37 = onnx.Unsqueeze(%26, %10) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %38 = onnx.ScatterND(%21, %37, %36) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>], reduction = "add"} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %39 = onnx.Equal(%Indices, %11) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %40 = onnx.NonZero(%39) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (2, s2)>]} : (tensor<?x2xi1>) -> tensor<2x?xi64>
    %41:2 = onnx.Split(%40) {num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0, s1, s2] -> (1, s2)>, affine_map<()[s0, s1, s2] -> (1, s2)>]} : (tensor<2x?xi64>) -> (tensor<1x?xi64>, tensor<1x?xi64>)
    %42 = onnx.Squeeze(%41#0, %12) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %43 = onnx.Squeeze(%41#1, %13) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %44 = onnx.Mul(%42, %14) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
    %45 = onnx.Add(%44, %43) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
    %46 = onnx.Gather(%22, %45) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
    %47 = onnx.Unsqueeze(%46, %15) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %48 = onnx.Gather(%x, %42) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %49 = onnx.MatMul(%48, %16) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %50 = onnx.Relu(%49) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %51 = onnx.MatMul(%50, %17) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %52 = onnx.Mul(%51, %47) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %53 = onnx.Unsqueeze(%42, %18) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %54 = onnx.ScatterND(%38, %53, %52) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>], reduction = "add"} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %54 : tensor<?x4xf32>
  }
}

// -----

// Added by ScatterElements.
// REMARK: raised 'ScatterElements' by P3: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c3.experts : tensor<2x4x6xf32> = #param.stack<[#param.file<"m.onnx", 32, 96, tensor<4x6xf32>>, #param.file<"m.onnx", 224, 96, tensor<4x6xf32>>], axis = 0>
// CHECK: param.decl @c4.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 128, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 320, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P3"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T", "nonzero", "nonzero_0"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c3 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c4 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c5 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c6 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<-1> : tensor<1xi64>
    %3 = onnx.Constant dense<0> : tensor<i64>
    %4 = onnx.Constant dense<0> : tensor<1xi64>
    %5 = onnx.Constant dense<0> : tensor<1xi64>
    %6 = onnx.Constant dense<2> : tensor<i64>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = param.load @c3 : tensor<4x6xf32>
    %9 = param.load @c4 : tensor<6x4xf32>
    %10 = onnx.Constant dense<1> : tensor<1xi64>
    %11 = onnx.Constant dense<1> : tensor<i64>
    %12 = onnx.Constant dense<0> : tensor<1xi64>
    %13 = onnx.Constant dense<0> : tensor<1xi64>
    %14 = onnx.Constant dense<2> : tensor<i64>
    %15 = onnx.Constant dense<1> : tensor<1xi64>
    %16 = param.load @c5 : tensor<4x6xf32>
    %17 = param.load @c6 : tensor<6x4xf32>
    %18 = onnx.Constant dense<1> : tensor<1xi64>
    %19 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %20 = onnx.Softmax(%19) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%20, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %21 = onnx.ConstantOfShape() {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : () -> tensor<?x4xf32>
    %22 = onnx.Reshape(%Values, %2) {onnx.shapes = [affine_map<()[s0] -> (s0 * 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?xf32>
    %23 = onnx.Equal(%Indices, %3) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %24 = onnx.NonZero(%23) {onnx.shapes = [affine_map<()[s0, s1] -> (2, s1)>]} : (tensor<?x2xi1>) -> tensor<2x?xi64>
    %25:2 = onnx.Split(%24) {num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0, s1] -> (1, s1)>, affine_map<()[s0, s1] -> (1, s1)>]} : (tensor<2x?xi64>) -> (tensor<1x?xi64>, tensor<1x?xi64>)
    %26 = onnx.Squeeze(%25#0, %4) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %27 = onnx.Squeeze(%25#1, %5) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %28 = onnx.Mul(%26, %6) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
    %29 = onnx.Add(%28, %27) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
    %30 = onnx.Gather(%22, %29) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
    %31 = onnx.Unsqueeze(%30, %7) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 1)>]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %32 = onnx.Gather(%x, %26) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %33 = onnx.MatMul(%32, %8) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %34 = onnx.Relu(%33) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %35 = onnx.MatMul(%34, %9) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %36 = onnx.Mul(%35, %31) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %37 = onnx.Unsqueeze(%26, %10) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %38 = onnx.Expand(%37) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x1xi64>) -> tensor<?x4xi64>
    %39 = onnx.ScatterElements(%21, %38, %36) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>], reduction = "add"} : (tensor<?x4xf32>, tensor<?x4xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %40 = onnx.Equal(%Indices, %11) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %41 = onnx.NonZero(%40) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (2, s2)>]} : (tensor<?x2xi1>) -> tensor<2x?xi64>
    %42:2 = onnx.Split(%41) {num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0, s1, s2] -> (1, s2)>, affine_map<()[s0, s1, s2] -> (1, s2)>]} : (tensor<2x?xi64>) -> (tensor<1x?xi64>, tensor<1x?xi64>)
    %43 = onnx.Squeeze(%42#0, %12) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %44 = onnx.Squeeze(%42#1, %13) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %45 = onnx.Mul(%43, %14) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
    %46 = onnx.Add(%45, %44) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
    %47 = onnx.Gather(%22, %46) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
    %48 = onnx.Unsqueeze(%47, %15) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %49 = onnx.Gather(%x, %43) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %50 = onnx.MatMul(%49, %16) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %51 = onnx.Relu(%50) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %52 = onnx.MatMul(%51, %17) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %53 = onnx.Mul(%52, %48) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %54 = onnx.Unsqueeze(%43, %18) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %55 = onnx.Expand(%54) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x1xi64>) -> tensor<?x4xi64>
    %56 = onnx.ScatterElements(%39, %55, %53) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>], reduction = "add"} : (tensor<?x4xf32>, tensor<?x4xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %56 : tensor<?x4xf32>
  }
}

// -----

// Set into zeros, and these added.
// REMARK: raised 'Add' by P3: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c3.experts : tensor<2x4x6xf32> = #param.stack<[#param.file<"m.onnx", 32, 96, tensor<4x6xf32>>, #param.file<"m.onnx", 224, 96, tensor<4x6xf32>>], axis = 0>
// CHECK: param.decl @c4.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 128, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 320, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P3"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T", "nonzero", "nonzero_0"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c3 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c4 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c5 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c6 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<-1> : tensor<1xi64>
    %3 = onnx.Constant dense<0> : tensor<i64>
    %4 = onnx.Constant dense<0> : tensor<1xi64>
    %5 = onnx.Constant dense<0> : tensor<1xi64>
    %6 = onnx.Constant dense<2> : tensor<i64>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = param.load @c3 : tensor<4x6xf32>
    %9 = param.load @c4 : tensor<6x4xf32>
    %10 = onnx.Constant dense<1> : tensor<1xi64>
    %11 = onnx.Constant dense<1> : tensor<i64>
    %12 = onnx.Constant dense<0> : tensor<1xi64>
    %13 = onnx.Constant dense<0> : tensor<1xi64>
    %14 = onnx.Constant dense<2> : tensor<i64>
    %15 = onnx.Constant dense<1> : tensor<1xi64>
    %16 = param.load @c5 : tensor<4x6xf32>
    %17 = param.load @c6 : tensor<6x4xf32>
    %18 = onnx.Constant dense<1> : tensor<1xi64>
    %19 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %20 = onnx.Softmax(%19) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%20, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %21 = onnx.ConstantOfShape() {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : () -> tensor<?x4xf32>
    %22 = onnx.Reshape(%Values, %2) {onnx.shapes = [affine_map<()[s0] -> (s0 * 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?xf32>
    %23 = onnx.Equal(%Indices, %3) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %24 = onnx.NonZero(%23) {onnx.shapes = [affine_map<()[s0, s1] -> (2, s1)>]} : (tensor<?x2xi1>) -> tensor<2x?xi64>
    %25:2 = onnx.Split(%24) {num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0, s1] -> (1, s1)>, affine_map<()[s0, s1] -> (1, s1)>]} : (tensor<2x?xi64>) -> (tensor<1x?xi64>, tensor<1x?xi64>)
    %26 = onnx.Squeeze(%25#0, %4) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %27 = onnx.Squeeze(%25#1, %5) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %28 = onnx.Mul(%26, %6) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
    %29 = onnx.Add(%28, %27) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
    %30 = onnx.Gather(%22, %29) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
    %31 = onnx.Unsqueeze(%30, %7) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 1)>]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %32 = onnx.Gather(%x, %26) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %33 = onnx.MatMul(%32, %8) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %34 = onnx.Relu(%33) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %35 = onnx.MatMul(%34, %9) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %36 = onnx.Mul(%35, %31) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %37 = onnx.ConstantOfShape() {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>]} : () -> tensor<?x4xf32>
    %38 = onnx.Unsqueeze(%26, %10) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %39 = onnx.ScatterND(%37, %38, %36) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %40 = onnx.Add(%21, %39) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %41 = onnx.Equal(%Indices, %11) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %42 = onnx.NonZero(%41) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (2, s2)>]} : (tensor<?x2xi1>) -> tensor<2x?xi64>
    %43:2 = onnx.Split(%42) {num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0, s1, s2] -> (1, s2)>, affine_map<()[s0, s1, s2] -> (1, s2)>]} : (tensor<2x?xi64>) -> (tensor<1x?xi64>, tensor<1x?xi64>)
    %44 = onnx.Squeeze(%43#0, %12) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %45 = onnx.Squeeze(%43#1, %13) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %46 = onnx.Mul(%44, %14) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
    %47 = onnx.Add(%46, %45) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
    %48 = onnx.Gather(%22, %47) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
    %49 = onnx.Unsqueeze(%48, %15) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %50 = onnx.Gather(%x, %44) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %51 = onnx.MatMul(%50, %16) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %52 = onnx.Relu(%51) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %53 = onnx.MatMul(%52, %17) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %54 = onnx.Mul(%53, %49) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %55 = onnx.ConstantOfShape() {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>]} : () -> tensor<?x4xf32>
    %56 = onnx.Unsqueeze(%44, %18) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %57 = onnx.ScatterND(%55, %56, %54) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %58 = onnx.Add(%40, %57) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %58 : tensor<?x4xf32>
  }
}

// -----

// Read, added to and written.
// REMARK: raised 'ScatterND' by P3: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c3.experts : tensor<2x4x6xf32> = #param.stack<[#param.file<"m.onnx", 32, 96, tensor<4x6xf32>>, #param.file<"m.onnx", 224, 96, tensor<4x6xf32>>], axis = 0>
// CHECK: param.decl @c4.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 128, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 320, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P3"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T", "nonzero", "nonzero_0"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c3 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c4 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c5 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c6 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<-1> : tensor<1xi64>
    %3 = onnx.Constant dense<0> : tensor<i64>
    %4 = onnx.Constant dense<0> : tensor<1xi64>
    %5 = onnx.Constant dense<0> : tensor<1xi64>
    %6 = onnx.Constant dense<2> : tensor<i64>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = param.load @c3 : tensor<4x6xf32>
    %9 = param.load @c4 : tensor<6x4xf32>
    %10 = onnx.Constant dense<1> : tensor<1xi64>
    %11 = onnx.Constant dense<1> : tensor<i64>
    %12 = onnx.Constant dense<0> : tensor<1xi64>
    %13 = onnx.Constant dense<0> : tensor<1xi64>
    %14 = onnx.Constant dense<2> : tensor<i64>
    %15 = onnx.Constant dense<1> : tensor<1xi64>
    %16 = param.load @c5 : tensor<4x6xf32>
    %17 = param.load @c6 : tensor<6x4xf32>
    %18 = onnx.Constant dense<1> : tensor<1xi64>
    %19 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %20 = onnx.Softmax(%19) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%20, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %21 = onnx.ConstantOfShape() {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : () -> tensor<?x4xf32>
    %22 = onnx.Reshape(%Values, %2) {onnx.shapes = [affine_map<()[s0] -> (s0 * 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?xf32>
    %23 = onnx.Equal(%Indices, %3) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %24 = onnx.NonZero(%23) {onnx.shapes = [affine_map<()[s0, s1] -> (2, s1)>]} : (tensor<?x2xi1>) -> tensor<2x?xi64>
    %25:2 = onnx.Split(%24) {num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0, s1] -> (1, s1)>, affine_map<()[s0, s1] -> (1, s1)>]} : (tensor<2x?xi64>) -> (tensor<1x?xi64>, tensor<1x?xi64>)
    %26 = onnx.Squeeze(%25#0, %4) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %27 = onnx.Squeeze(%25#1, %5) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %28 = onnx.Mul(%26, %6) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
    %29 = onnx.Add(%28, %27) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
    %30 = onnx.Gather(%22, %29) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
    %31 = onnx.Unsqueeze(%30, %7) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 1)>]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %32 = onnx.Gather(%x, %26) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %33 = onnx.MatMul(%32, %8) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %34 = onnx.Relu(%33) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %35 = onnx.MatMul(%34, %9) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %36 = onnx.Mul(%35, %31) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %37 = onnx.Unsqueeze(%26, %10) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %38 = onnx.GatherND(%21, %37) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?x1xi64>) -> tensor<?x4xf32>
    %39 = onnx.Add(%38, %36) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %40 = onnx.ScatterND(%21, %37, %39) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %41 = onnx.Equal(%Indices, %11) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %42 = onnx.NonZero(%41) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (2, s2)>]} : (tensor<?x2xi1>) -> tensor<2x?xi64>
    %43:2 = onnx.Split(%42) {num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0, s1, s2] -> (1, s2)>, affine_map<()[s0, s1, s2] -> (1, s2)>]} : (tensor<2x?xi64>) -> (tensor<1x?xi64>, tensor<1x?xi64>)
    %44 = onnx.Squeeze(%43#0, %12) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %45 = onnx.Squeeze(%43#1, %13) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %46 = onnx.Mul(%44, %14) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
    %47 = onnx.Add(%46, %45) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
    %48 = onnx.Gather(%22, %47) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
    %49 = onnx.Unsqueeze(%48, %15) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %50 = onnx.Gather(%x, %44) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %51 = onnx.MatMul(%50, %16) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %52 = onnx.Relu(%51) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %53 = onnx.MatMul(%52, %17) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %54 = onnx.Mul(%53, %49) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %55 = onnx.Unsqueeze(%44, %18) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %56 = onnx.GatherND(%40, %55) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?x1xi64>) -> tensor<?x4xf32>
    %57 = onnx.Add(%56, %54) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %58 = onnx.ScatterND(%40, %55, %57) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %58 : tensor<?x4xf32>
  }
}

// -----

// Weights by pairs of token and choice.
// REMARK: raised 'ScatterND' by P3: 2 experts, 2 a token
// CHECK-LABEL: module attributes
// CHECK: param.decl @c3.experts : tensor<2x4x6xf32> = #param.stack<[#param.file<"m.onnx", 32, 96, tensor<4x6xf32>>, #param.file<"m.onnx", 224, 96, tensor<4x6xf32>>], axis = 0>
// CHECK: param.decl @c4.experts : tensor<2x6x4xf32> = #param.stack<[#param.file<"m.onnx", 128, 96, tensor<6x4xf32>>, #param.file<"m.onnx", 320, 96, tensor<6x4xf32>>], axis = 0>
// CHECK: moe.plan
// CHECK: moe.dispatch
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: onnx.Relu({{.*}}moe.layer
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<kn>
// CHECK: moe.combine {{.*}}moe.raised_from = "P3"
// CHECK-NOT: moe.combine
module attributes {onnx.symbols = ["T", "nonzero", "nonzero_0"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c3 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c4 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c5 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c6 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<0> : tensor<1xi64>
    %4 = onnx.Constant dense<0> : tensor<1xi64>
    %5 = onnx.Constant dense<1> : tensor<1xi64>
    %6 = onnx.Constant dense<1> : tensor<1xi64>
    %7 = onnx.Constant dense<1> : tensor<1xi64>
    %8 = param.load @c3 : tensor<4x6xf32>
    %9 = param.load @c4 : tensor<6x4xf32>
    %10 = onnx.Constant dense<1> : tensor<1xi64>
    %11 = onnx.Constant dense<1> : tensor<i64>
    %12 = onnx.Constant dense<0> : tensor<1xi64>
    %13 = onnx.Constant dense<0> : tensor<1xi64>
    %14 = onnx.Constant dense<1> : tensor<1xi64>
    %15 = onnx.Constant dense<1> : tensor<1xi64>
    %16 = onnx.Constant dense<1> : tensor<1xi64>
    %17 = param.load @c5 : tensor<4x6xf32>
    %18 = param.load @c6 : tensor<6x4xf32>
    %19 = onnx.Constant dense<1> : tensor<1xi64>
    %20 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %21 = onnx.Softmax(%20) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%21, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %22 = onnx.ConstantOfShape() {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : () -> tensor<?x4xf32>
    %23 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %24 = onnx.NonZero(%23) {onnx.shapes = [affine_map<()[s0, s1] -> (2, s1)>]} : (tensor<?x2xi1>) -> tensor<2x?xi64>
    %25:2 = onnx.Split(%24) {num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0, s1] -> (1, s1)>, affine_map<()[s0, s1] -> (1, s1)>]} : (tensor<2x?xi64>) -> (tensor<1x?xi64>, tensor<1x?xi64>)
    %26 = onnx.Squeeze(%25#0, %3) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %27 = onnx.Squeeze(%25#1, %4) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %28 = onnx.Unsqueeze(%26, %5) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %29 = onnx.Unsqueeze(%27, %6) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %30 = onnx.Concat(%28, %29) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0, s1] -> (s1, 2)>]} : (tensor<?x1xi64>, tensor<?x1xi64>) -> tensor<?x2xi64>
    %31 = onnx.GatherND(%Values, %30) {onnx.shapes = [affine_map<()[s0, s1] -> (s1)>]} : (tensor<?x2xf32>, tensor<?x2xi64>) -> tensor<?xf32>
    %32 = onnx.Unsqueeze(%31, %7) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 1)>]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %33 = onnx.Gather(%x, %26) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %34 = onnx.MatMul(%33, %8) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %35 = onnx.Relu(%34) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %36 = onnx.MatMul(%35, %9) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %37 = onnx.Mul(%36, %32) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %38 = onnx.Unsqueeze(%26, %10) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %39 = onnx.ScatterND(%22, %38, %37) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>], reduction = "add"} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %40 = onnx.Equal(%Indices, %11) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %41 = onnx.NonZero(%40) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (2, s2)>]} : (tensor<?x2xi1>) -> tensor<2x?xi64>
    %42:2 = onnx.Split(%41) {num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0, s1, s2] -> (1, s2)>, affine_map<()[s0, s1, s2] -> (1, s2)>]} : (tensor<2x?xi64>) -> (tensor<1x?xi64>, tensor<1x?xi64>)
    %43 = onnx.Squeeze(%42#0, %12) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %44 = onnx.Squeeze(%42#1, %13) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %45 = onnx.Unsqueeze(%43, %14) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %46 = onnx.Unsqueeze(%44, %15) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %47 = onnx.Concat(%45, %46) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 2)>]} : (tensor<?x1xi64>, tensor<?x1xi64>) -> tensor<?x2xi64>
    %48 = onnx.GatherND(%Values, %47) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?x2xf32>, tensor<?x2xi64>) -> tensor<?xf32>
    %49 = onnx.Unsqueeze(%48, %16) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %50 = onnx.Gather(%x, %43) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %51 = onnx.MatMul(%50, %17) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %52 = onnx.Relu(%51) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %53 = onnx.MatMul(%52, %18) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %54 = onnx.Mul(%53, %49) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %55 = onnx.Unsqueeze(%43, %19) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %56 = onnx.ScatterND(%39, %55, %54) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>], reduction = "add"} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %56 : tensor<?x4xf32>
  }
}
