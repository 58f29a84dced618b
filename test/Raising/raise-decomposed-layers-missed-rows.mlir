// RUN: moec-opt %s --raise-decomposed-layers --split-input-file | FileCheck %s
// RUN: moec-opt %s --raise-decomposed-layers --split-input-file --remarks-filter=raise-decomposed-layers --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// What is no layer, or none that is known, where experts see chosen rows.

// CHECK-NOT: moe.
// REMARK-NOT: raised

// A number that repeats the rows.
// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'Add' (Add): it adds 0 of 2 experts: 0 and 1 have no term"
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c3 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c8 : tensor<3x1x1xf32> = #param.file<"m.onnx", 224, 12>
  param.decl @c4 : tensor<4x6xf32> = #param.file<"m.onnx", 236, 96>
  param.decl @c5 : tensor<6x4xf32> = #param.file<"m.onnx", 332, 96>
  param.decl @c11 : tensor<3x1x1xf32> = #param.file<"m.onnx", 428, 12>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<3x?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<0> : tensor<i64>
    %3 = onnx.Constant dense<1> : tensor<1xi64>
    %4 = param.load @c2 : tensor<4x6xf32>
    %5 = param.load @c3 : tensor<6x4xf32>
    %6 = param.load @c8 : tensor<3x1x1xf32>
    %7 = onnx.Constant dense<1> : tensor<i64>
    %8 = onnx.Constant dense<1> : tensor<1xi64>
    %9 = param.load @c4 : tensor<4x6xf32>
    %10 = param.load @c5 : tensor<6x4xf32>
    %11 = param.load @c11 : tensor<3x1x1xf32>
    %12 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %13 = onnx.Softmax(%12) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%13, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %14 = onnx.Equal(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %15 = onnx.Cast(%14) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %16 = onnx.Mul(%15, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %17 = onnx.ReduceSum(%16, %3) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %18 = onnx.MatMul(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %19 = onnx.Relu(%18) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %20 = onnx.MatMul(%19, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %21 = onnx.Add(%20, %6) {onnx.shapes = [affine_map<()[s0] -> (3, s0, 4)>]} : (tensor<?x4xf32>, tensor<3x1x1xf32>) -> tensor<3x?x4xf32>
    %22 = onnx.Mul(%21, %17) {onnx.shapes = [affine_map<()[s0] -> (3, s0, 4)>]} : (tensor<3x?x4xf32>, tensor<?x1xf32>) -> tensor<3x?x4xf32>
    %23 = onnx.Equal(%Indices, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %24 = onnx.Cast(%23) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>], to = f32} : (tensor<?x2xi1>) -> tensor<?x2xf32>
    %25 = onnx.Mul(%24, %Values) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    %26 = onnx.ReduceSum(%25, %8) {onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %27 = onnx.MatMul(%x, %9) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %28 = onnx.Relu(%27) {onnx.shapes = [affine_map<()[s0] -> (s0, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %29 = onnx.MatMul(%28, %10) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %30 = onnx.Add(%29, %11) {onnx.shapes = [affine_map<()[s0] -> (3, s0, 4)>]} : (tensor<?x4xf32>, tensor<3x1x1xf32>) -> tensor<3x?x4xf32>
    %31 = onnx.Mul(%30, %26) {onnx.shapes = [affine_map<()[s0] -> (3, s0, 4)>]} : (tensor<3x?x4xf32>, tensor<?x1xf32>) -> tensor<3x?x4xf32>
    %32 = onnx.Add(%22, %31) {onnx.shapes = [affine_map<()[s0] -> (3, s0, 4)>]} : (tensor<3x?x4xf32>, tensor<3x?x4xf32>) -> tensor<3x?x4xf32>
    return %32 : tensor<3x?x4xf32>
  }
}

// -----

// Set into what is not zero.
// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'Add' (Add): it adds 0 of 2 experts: 0 and 1 have no term"
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
    %37 = onnx.Sub(%x, %x) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %38 = onnx.Exp(%37) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %39 = onnx.Unsqueeze(%26, %10) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %40 = onnx.ScatterND(%38, %39, %36) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %41 = onnx.Add(%21, %40) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %42 = onnx.Equal(%Indices, %11) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 2)>]} : (tensor<?x2xi64>, tensor<i64>) -> tensor<?x2xi1>
    %43 = onnx.NonZero(%42) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (2, s2)>]} : (tensor<?x2xi1>) -> tensor<2x?xi64>
    %44:2 = onnx.Split(%43) {num_outputs = 2 : i64, onnx.shapes = [affine_map<()[s0, s1, s2] -> (1, s2)>, affine_map<()[s0, s1, s2] -> (1, s2)>]} : (tensor<2x?xi64>) -> (tensor<1x?xi64>, tensor<1x?xi64>)
    %45 = onnx.Squeeze(%44#0, %12) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %46 = onnx.Squeeze(%44#1, %13) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<1x?xi64>, tensor<1xi64>) -> tensor<?xi64>
    %47 = onnx.Mul(%45, %14) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
    %48 = onnx.Add(%47, %46) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
    %49 = onnx.Gather(%22, %48) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2)>]} : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
    %50 = onnx.Unsqueeze(%49, %15) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %51 = onnx.Gather(%x, %45) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %52 = onnx.MatMul(%51, %16) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %53 = onnx.Relu(%52) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %54 = onnx.MatMul(%53, %17) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %55 = onnx.Mul(%54, %50) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %56 = onnx.Sub(%x, %x) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %57 = onnx.Exp(%56) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %58 = onnx.Unsqueeze(%45, %18) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 1)>]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
    %59 = onnx.ScatterND(%57, %58, %55) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %60 = onnx.Add(%41, %59) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %60 : tensor<?x4xf32>
  }
}

// -----

// The larger of two experts, not their sum.
// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'ScatterND' (ScatterND): it adds 0 of 2 experts: 0 and 1 have no term"
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
    %38 = onnx.ScatterND(%21, %37, %36) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>], reduction = "max"} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
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
    %54 = onnx.ScatterND(%38, %53, %52) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>], reduction = "max"} : (tensor<?x4xf32>, tensor<?x1xi64>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %54 : tensor<?x4xf32>
  }
}

// -----

// All tokens for the first choice, then all for the second.
// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'Unsqueeze' (Unsqueeze): it does not repeat each token for its choices in order
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<2x4x6xf32> = #param.file<"m.onnx", 32, 192>
  param.decl @c3 : tensor<2x6x4xf32> = #param.file<"m.onnx", 224, 192>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = param.load @c2 : tensor<2x4x6xf32>
    %3 = param.load @c3 : tensor<2x6x4xf32>
    %4 = onnx.Constant dense<[2, 1]> : tensor<2xi64>
    %5 = onnx.Constant dense<[-1, 2, 4]> : tensor<3xi64>
    %6 = onnx.Constant dense<2> : tensor<1xi64>
    %7 = onnx.Constant dense<2> : tensor<1xi64>
    %8 = onnx.Constant dense<2> : tensor<1xi64>
    %9 = onnx.Constant dense<1> : tensor<1xi64>
    %10 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %11 = onnx.Softmax(%10) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%11, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %12 = onnx.Gather(%2, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4, 6)>]} : (tensor<2x4x6xf32>, tensor<?x2xi64>) -> tensor<?x2x4x6xf32>
    %13 = onnx.Gather(%3, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 6, 4)>]} : (tensor<2x6x4xf32>, tensor<?x2xi64>) -> tensor<?x2x6x4xf32>
    %14 = onnx.Tile(%x, %4) {onnx.shapes = [affine_map<()[s0] -> (s0 * 2, 4)>]} : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<?x4xf32>
    %15 = onnx.Reshape(%14, %5) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>]} : (tensor<?x4xf32>, tensor<3xi64>) -> tensor<?x2x4xf32>
    %16 = onnx.Unsqueeze(%15, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 4)>]} : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x2x1x4xf32>
    %17 = onnx.MatMul(%16, %12) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x2x1x4xf32>, tensor<?x2x4x6xf32>) -> tensor<?x2x1x6xf32>
    %18 = onnx.Relu(%17) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x2x1x6xf32>) -> tensor<?x2x1x6xf32>
    %19 = onnx.MatMul(%18, %13) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 4)>]} : (tensor<?x2x1x6xf32>, tensor<?x2x6x4xf32>) -> tensor<?x2x1x4xf32>
    %20 = onnx.Squeeze(%19, %7) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>]} : (tensor<?x2x1x4xf32>, tensor<1xi64>) -> tensor<?x2x4xf32>
    %21 = onnx.Unsqueeze(%Values, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x2x1xf32>
    %22 = onnx.Mul(%20, %21) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>]} : (tensor<?x2x4xf32>, tensor<?x2x1xf32>) -> tensor<?x2x4xf32>
    %23 = onnx.ReduceSum(%22, %9) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
    return %23 : tensor<?x4xf32>
  }
}

// -----

// Biases of other experts than the weights.
// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'Unsqueeze' (Unsqueeze): it is no row of a token for each choice
module attributes {onnx.symbols = ["T"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c2 : tensor<4x2xf32> = #param.file<"m.onnx", 32, 32>
  param.decl @c4 : tensor<2x4x6xf32> = #param.file<"m.onnx", 64, 192>
  param.decl @c5 : tensor<2x6x4xf32> = #param.file<"m.onnx", 256, 192>
  param.decl @c7 : tensor<2x6xf32> = #param.file<"m.onnx", 448, 48>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = param.load @c2 : tensor<4x2xf32>
    %3 = onnx.Constant dense<2> : tensor<1xi64>
    %4 = param.load @c4 : tensor<2x4x6xf32>
    %5 = param.load @c5 : tensor<2x6x4xf32>
    %6 = onnx.Constant dense<[1, 2]> : tensor<2xi64>
    %7 = param.load @c7 : tensor<2x6xf32>
    %8 = onnx.Constant dense<2> : tensor<1xi64>
    %9 = onnx.Constant dense<2> : tensor<1xi64>
    %10 = onnx.Constant dense<2> : tensor<1xi64>
    %11 = onnx.Constant dense<1> : tensor<1xi64>
    %12 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%12, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %13 = onnx.MatMul(%x, %2) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %14 = onnx.Softmax(%13) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values_0, %Indices_1 = onnx.TopK(%14, %3) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %15 = onnx.Gather(%4, %Indices_1) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4, 6)>]} : (tensor<2x4x6xf32>, tensor<?x2xi64>) -> tensor<?x2x4x6xf32>
    %16 = onnx.Gather(%5, %Indices_1) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 6, 4)>]} : (tensor<2x6x4xf32>, tensor<?x2xi64>) -> tensor<?x2x6x4xf32>
    %17 = onnx.Unsqueeze(%x, %6) {onnx.shapes = [affine_map<()[s0] -> (s0, 1, 1, 4)>]} : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<?x1x1x4xf32>
    %18 = onnx.MatMul(%17, %15) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x1x1x4xf32>, tensor<?x2x4x6xf32>) -> tensor<?x2x1x6xf32>
    %19 = onnx.Gather(%7, %Indices) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 6)>]} : (tensor<2x6xf32>, tensor<?x2xi64>) -> tensor<?x2x6xf32>
    %20 = onnx.Unsqueeze(%19, %8) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x2x6xf32>, tensor<1xi64>) -> tensor<?x2x1x6xf32>
    %21 = onnx.Add(%18, %20) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x2x1x6xf32>, tensor<?x2x1x6xf32>) -> tensor<?x2x1x6xf32>
    %22 = onnx.Relu(%21) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 6)>]} : (tensor<?x2x1x6xf32>) -> tensor<?x2x1x6xf32>
    %23 = onnx.MatMul(%22, %16) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1, 4)>]} : (tensor<?x2x1x6xf32>, tensor<?x2x6x4xf32>) -> tensor<?x2x1x4xf32>
    %24 = onnx.Squeeze(%23, %9) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>]} : (tensor<?x2x1x4xf32>, tensor<1xi64>) -> tensor<?x2x4xf32>
    %25 = onnx.Unsqueeze(%Values_0, %10) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?x2x1xf32>
    %26 = onnx.Mul(%24, %25) {onnx.shapes = [affine_map<()[s0] -> (s0, 2, 4)>]} : (tensor<?x2x4xf32>, tensor<?x2x1xf32>) -> tensor<?x2x4xf32>
    %27 = onnx.ReduceSum(%26, %11) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
    return %27 : tensor<?x4xf32>
  }
}

// -----

// One row of each expert for all of them.
// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'Slice' (Slice): experts see rows of different values
module attributes {onnx.symbols = ["T", "sliced", "sliced_0", "sliced_1", "sliced_2"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c8 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c9 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c10 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c11 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<2> : tensor<1xi64>
    %2 = onnx.Constant dense<-1> : tensor<1xi64>
    %3 = onnx.Constant dense<2> : tensor<i64>
    %4 = onnx.Constant dense<1> : tensor<1xi64>
    %5 = onnx.Constant dense<0> : tensor<2xi64>
    %6 = onnx.Constant dense<0> : tensor<i64>
    %7 = onnx.Constant dense<0> : tensor<1xi64>
    %8 = onnx.Constant dense<0> : tensor<1xi64>
    %9 = onnx.Constant dense<0> : tensor<1xi64>
    %10 = param.load @c8 : tensor<4x6xf32>
    %11 = param.load @c9 : tensor<6x4xf32>
    %12 = onnx.Constant dense<1> : tensor<i64>
    %13 = onnx.Constant dense<0> : tensor<1xi64>
    %14 = onnx.Constant dense<1> : tensor<1xi64>
    %15 = onnx.Constant dense<0> : tensor<1xi64>
    %16 = param.load @c10 : tensor<4x6xf32>
    %17 = param.load @c11 : tensor<6x4xf32>
    %18 = onnx.Constant dense<1> : tensor<i64>
    %19 = onnx.Constant dense<0> : tensor<1xi64>
    %20 = onnx.Constant dense<-1> : tensor<1xi64>
    %21 = onnx.Constant dense<1> : tensor<1xi64>
    %22 = onnx.Constant dense<[-1, 2, 4]> : tensor<3xi64>
    %23 = onnx.Constant dense<1> : tensor<1xi64>
    %24 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %25 = onnx.Softmax(%24) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%25, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>, affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %26 = onnx.Reshape(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0 * 2)>]} : (tensor<?x2xi64>, tensor<1xi64>) -> tensor<?xi64>
    %Values_0, %Indices_1 = onnx.TopK(%26) {axis = 0 : i64, largest = 0 : i64, onnx.shapes = [affine_map<()[s0] -> (s0 * 2)>, affine_map<()[s0] -> (s0 * 2)>]} : (tensor<?xi64>) -> (tensor<?xi64>, tensor<?xi64>)
    %27 = onnx.Div(%Indices_1, %3) {onnx.shapes = [affine_map<()[s0] -> (s0 * 2)>]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
    %28 = onnx.Gather(%x, %27) {onnx.shapes = [affine_map<()[s0] -> (s0 * 2, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %29 = onnx.Expand(%4) {onnx.shapes = [affine_map<()[s0] -> (s0 * 2)>]} : (tensor<1xi64>) -> tensor<?xi64>
    %30 = onnx.ScatterElements(%5, %Values_0, %29) {onnx.shapes = [affine_map<()[s0] -> (2)>], reduction = "add"} : (tensor<2xi64>, tensor<?xi64>, tensor<?xi64>) -> tensor<2xi64>
    %31 = onnx.CumSum(%30, %6) {onnx.axes = array<i64: 0>, onnx.shapes = [affine_map<()[s0] -> (2)>]} : (tensor<2xi64>, tensor<i64>) -> tensor<2xi64>
    %32 = onnx.Gather(%31, %7) {onnx.shapes = [affine_map<()[s0] -> (1)>]} : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
    %33 = onnx.Slice(%28, %8, %32, %9) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xf32>
    %34 = onnx.MatMul(%33, %10) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %35 = onnx.Relu(%34) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %36 = onnx.MatMul(%35, %11) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %37 = onnx.Relu(%28) {onnx.shapes = [affine_map<()[s0, s1] -> (s0 * 2, 4)>]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %38 = onnx.Sub(%32, %12) {onnx.shapes = [affine_map<()[s0, s1] -> (1)>]} : (tensor<1xi64>, tensor<i64>) -> tensor<1xi64>
    %39 = onnx.Slice(%37, %38, %32, %13) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xf32>
    %40 = onnx.Add(%36, %39) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s1, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %41 = onnx.Gather(%31, %14) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (1)>]} : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
    %42 = onnx.Slice(%28, %32, %41, %15) {onnx.shapes = [affine_map<()[s0, s1, s2, s3] -> (s3, 4)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xf32>
    %43 = onnx.MatMul(%42, %16) {onnx.shapes = [affine_map<()[s0, s1, s2, s3] -> (s3, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %44 = onnx.Relu(%43) {onnx.shapes = [affine_map<()[s0, s1, s2, s3] -> (s3, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %45 = onnx.MatMul(%44, %17) {onnx.shapes = [affine_map<()[s0, s1, s2, s3] -> (s3, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %46 = onnx.Relu(%28) {onnx.shapes = [affine_map<()[s0, s1, s2, s3] -> (s0 * 2, 4)>]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    %47 = onnx.Sub(%41, %18) {onnx.shapes = [affine_map<()[s0, s1, s2, s3] -> (1)>]} : (tensor<1xi64>, tensor<i64>) -> tensor<1xi64>
    %48 = onnx.Slice(%46, %47, %41, %19) {onnx.shapes = [affine_map<()[s0, s1, s2, s3, s4] -> (s4, 4)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xf32>
    %49 = onnx.Add(%45, %48) {onnx.shapes = [affine_map<()[s0, s1, s2, s3, s4] -> (s3, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %50 = onnx.Concat(%40, %49) {axis = 0 : i64, onnx.shapes = [affine_map<()[s0, s1, s2, s3, s4] -> (s1 + s3, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %51 = onnx.Reshape(%Values, %20) {onnx.shapes = [affine_map<()[s0, s1, s2, s3, s4] -> (s0 * 2)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> tensor<?xf32>
    %52 = onnx.Gather(%51, %Indices_1) {onnx.shapes = [affine_map<()[s0, s1, s2, s3, s4] -> (s0 * 2)>]} : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
    %53 = onnx.Unsqueeze(%52, %21) {onnx.shapes = [affine_map<()[s0, s1, s2, s3, s4] -> (s0 * 2, 1)>]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %54 = onnx.Mul(%50, %53) {onnx.shapes = [affine_map<()[s0, s1, s2, s3, s4] -> (s1 + s3, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %Values_2, %Indices_3 = onnx.TopK(%Indices_1) {axis = 0 : i64, largest = 0 : i64, onnx.shapes = [affine_map<()[s0, s1, s2, s3, s4] -> (s0 * 2)>, affine_map<()[s0, s1, s2, s3, s4] -> (s0 * 2)>]} : (tensor<?xi64>) -> (tensor<?xi64>, tensor<?xi64>)
    %55 = onnx.Gather(%54, %Indices_3) {onnx.shapes = [affine_map<()[s0, s1, s2, s3, s4] -> (s0 * 2, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %56 = onnx.Reshape(%55, %22) {onnx.shapes = [affine_map<()[s0, s1, s2, s3, s4] -> (s0, 2, 4)>]} : (tensor<?x4xf32>, tensor<3xi64>) -> tensor<?x2x4xf32>
    %57 = onnx.ReduceSum(%56, %23) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0, s1, s2, s3, s4] -> (s0, 4)>]} : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
    return %57 : tensor<?x4xf32>
  }
}

// -----

// Rows of the second expert that start where those of the first do.
module attributes {onnx.symbols = ["T", "sliced", "sliced_0"]} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c8 : tensor<4x6xf32> = #param.file<"m.onnx", 32, 96>
  param.decl @c9 : tensor<6x4xf32> = #param.file<"m.onnx", 128, 96>
  param.decl @c10 : tensor<4x6xf32> = #param.file<"m.onnx", 224, 96>
  param.decl @c11 : tensor<6x4xf32> = #param.file<"m.onnx", 320, 96>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<1> : tensor<1xi64>
    %2 = onnx.Constant dense<-1> : tensor<1xi64>
    %3 = onnx.Constant dense<1> : tensor<i64>
    %4 = onnx.Constant dense<1> : tensor<1xi64>
    %5 = onnx.Constant dense<0> : tensor<2xi64>
    %6 = onnx.Constant dense<0> : tensor<i64>
    %7 = onnx.Constant dense<0> : tensor<1xi64>
    %8 = onnx.Constant dense<0> : tensor<1xi64>
    %9 = onnx.Constant dense<0> : tensor<1xi64>
    %10 = param.load @c8 : tensor<4x6xf32>
    %11 = param.load @c9 : tensor<6x4xf32>
    %12 = onnx.Constant dense<1> : tensor<1xi64>
    %13 = onnx.Constant dense<0> : tensor<1xi64>
    %14 = onnx.Constant dense<0> : tensor<1xi64>
    %15 = param.load @c10 : tensor<4x6xf32>
    %16 = param.load @c11 : tensor<6x4xf32>
    %17 = onnx.Constant dense<-1> : tensor<1xi64>
    %18 = onnx.Constant dense<1> : tensor<1xi64>
    %19 = onnx.Constant dense<[-1, 1, 4]> : tensor<3xi64>
    %20 = onnx.Constant dense<1> : tensor<1xi64>
    %21 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x4xf32>, tensor<4x2xf32>) -> tensor<?x2xf32>
    %22 = onnx.Softmax(%21) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %Values, %Indices = onnx.TopK(%22, %1) {axis = 1 : i64, onnx.shapes = [affine_map<()[s0] -> (s0, 1)>, affine_map<()[s0] -> (s0, 1)>]} : (tensor<?x2xf32>, tensor<1xi64>) -> (tensor<?x1xf32>, tensor<?x1xi64>)
    %23 = onnx.Reshape(%Indices, %2) {onnx.shapes = [affine_map<()[s0] -> (s0)>]} : (tensor<?x1xi64>, tensor<1xi64>) -> tensor<?xi64>
    %Values_0, %Indices_1 = onnx.TopK(%23) {axis = 0 : i64, largest = 0 : i64, onnx.shapes = [affine_map<()[s0] -> (s0)>, affine_map<()[s0] -> (s0)>]} : (tensor<?xi64>) -> (tensor<?xi64>, tensor<?xi64>)
    %24 = onnx.Div(%Indices_1, %3) {onnx.shapes = [affine_map<()[s0] -> (s0)>]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
    %25 = onnx.Gather(%x, %24) {onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %26 = onnx.Expand(%4) {onnx.shapes = [affine_map<()[s0] -> (s0)>]} : (tensor<1xi64>) -> tensor<?xi64>
    %27 = onnx.ScatterElements(%5, %Values_0, %26) {onnx.shapes = [affine_map<()[s0] -> (2)>], reduction = "add"} : (tensor<2xi64>, tensor<?xi64>, tensor<?xi64>) -> tensor<2xi64>
    %28 = onnx.CumSum(%27, %6) {onnx.axes = array<i64: 0>, onnx.shapes = [affine_map<()[s0] -> (2)>]} : (tensor<2xi64>, tensor<i64>) -> tensor<2xi64>
    %29 = onnx.Gather(%28, %7) {onnx.shapes = [affine_map<()[s0] -> (1)>]} : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
    %30 = onnx.Gather(%27, %8) {onnx.shapes = [affine_map<()[s0] -> (1)>]} : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
    %31 = onnx.Sub(%29, %30) {onnx.shapes = [affine_map<()[s0] -> (1)>]} : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
    %32 = onnx.Slice(%25, %31, %29, %9) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xf32>
    %33 = onnx.MatMul(%32, %10) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %34 = onnx.Relu(%33) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %35 = onnx.MatMul(%34, %11) {onnx.shapes = [affine_map<()[s0, s1] -> (s1, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %36 = onnx.Gather(%28, %12) {onnx.shapes = [affine_map<()[s0, s1] -> (1)>]} : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
    %37 = onnx.Gather(%27, %13) {onnx.shapes = [affine_map<()[s0, s1] -> (1)>]} : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
    %38 = onnx.Sub(%29, %37) {onnx.shapes = [affine_map<()[s0, s1] -> (1)>]} : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
    %39 = onnx.Slice(%25, %38, %36, %14) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>], operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<?x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xf32>
    %40 = onnx.MatMul(%39, %15) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
    %41 = onnx.Relu(%40) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 6)>]} : (tensor<?x6xf32>) -> tensor<?x6xf32>
    %42 = onnx.MatMul(%41, %16) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s2, 4)>]} : (tensor<?x6xf32>, tensor<6x4xf32>) -> tensor<?x4xf32>
    %43 = onnx.Concat(%35, %42) {axis = 0 : i64, onnx.shapes = [affine_map<()[s0, s1, s2] -> (s1 + s2, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %44 = onnx.Reshape(%Values, %17) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0)>]} : (tensor<?x1xf32>, tensor<1xi64>) -> tensor<?xf32>
    %45 = onnx.Gather(%44, %Indices_1) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0)>]} : (tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
    %46 = onnx.Unsqueeze(%45, %18) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 1)>]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
    %47 = onnx.Mul(%43, %46) {onnx.equal = [#onnx.check<broadcast, affine_map<()[s0, s1, s2] -> (s1 + s2, s0)>, "extents do not broadcast">], onnx.shapes = [affine_map<()[s0, s1, s2] -> (s1 + s2, 4)>]} : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
    %Values_2, %Indices_3 = onnx.TopK(%Indices_1) {axis = 0 : i64, largest = 0 : i64, onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0)>, affine_map<()[s0, s1, s2] -> (s0)>]} : (tensor<?xi64>) -> (tensor<?xi64>, tensor<?xi64>)
    %48 = onnx.Gather(%47, %Indices_3) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?xi64>) -> tensor<?x4xf32>
    %49 = onnx.Reshape(%48, %19) {onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 1, 4)>]} : (tensor<?x4xf32>, tensor<3xi64>) -> tensor<?x1x4xf32>
    %50 = onnx.ReduceSum(%49, %20) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<()[s0, s1, s2] -> (s0, 4)>]} : (tensor<?x1x4xf32>, tensor<1xi64>) -> tensor<?x4xf32>
    return %50 : tensor<?x4xf32>
  }
}
