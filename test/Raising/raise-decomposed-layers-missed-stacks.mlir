// RUN: moec-opt %s --raise-decomposed-layers | FileCheck %s
// RUN: moec-opt %s --raise-decomposed-layers --remarks-filter=raise-decomposed-layers --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// As many tokens as experts: the product multiplies the rows of token t by the
// matrix of number t, whichever expert they are weighted for. It is where the
// match stops, for what comes of it says nothing of experts any more.

// CHECK-NOT: moe.
// REMARK: left the experts that 'TopK' chooses as they are: the match stopped at 'MatMul' (MatMul): it reads what 'Mul' (Mul) makes of the choice, and what it makes of that is not understood
module attributes {onnx.symbols = []} {
  param.decl @c0 : tensor<4x2xf32> = #param.file<"m.onnx", 0, 32>
  param.decl @c8 : tensor<2x4x6xf32> = #param.file<"m.onnx", 32, 192>
  param.decl @c9 : tensor<2x6x4xf32> = #param.file<"m.onnx", 224, 192>
  func.func @main(%x: tensor<2x4xf32> {onnx.name = "x", onnx.shape = affine_map<() -> (2, 4)>}) -> (tensor<2x4xf32> {onnx.name = "y"}) {
    %0 = param.load @c0 : tensor<4x2xf32>
    %1 = onnx.Constant dense<1> : tensor<1xi64>
    %2 = onnx.Constant dense<1> : tensor<1xi64>
    %3 = onnx.Constant dense<2> : tensor<1xi64>
    %4 = onnx.Constant dense<[0, 1]> : tensor<2xi64>
    %5 = onnx.Constant dense<1> : tensor<1xi64>
    %6 = onnx.Constant dense<[1, 2, 1]> : tensor<3xi64>
    %7 = onnx.Constant dense<2> : tensor<1xi64>
    %8 = param.load @c8 : tensor<2x4x6xf32>
    %9 = param.load @c9 : tensor<2x6x4xf32>
    %10 = onnx.Constant dense<1> : tensor<1xi64>
    %11 = onnx.MatMul(%x, %0) {onnx.shapes = [affine_map<() -> (2, 2)>]} : (tensor<2x4xf32>, tensor<4x2xf32>) -> tensor<2x2xf32>
    %12 = onnx.Sigmoid(%11) {onnx.shapes = [affine_map<() -> (2, 2)>]} : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %Values, %Indices = onnx.TopK(%12, %1) {axis = 1 : i64, onnx.shapes = [affine_map<() -> (2, 1)>, affine_map<() -> (2, 1)>]} : (tensor<2x2xf32>, tensor<1xi64>) -> (tensor<2x1xf32>, tensor<2x1xi64>)
    %13 = onnx.Squeeze(%Indices, %2) {onnx.shapes = [affine_map<() -> (2)>]} : (tensor<2x1xi64>, tensor<1xi64>) -> tensor<2xi64>
    %14 = onnx.OneHot(%13, %3, %4) {onnx.shapes = [affine_map<() -> (2, 2)>]} : (tensor<2xi64>, tensor<1xi64>, tensor<2xi64>) -> tensor<2x2xi64>
    %15 = onnx.Cast(%14) {onnx.shapes = [affine_map<() -> (2, 2)>], to = f32} : (tensor<2x2xi64>) -> tensor<2x2xf32>
    %16 = onnx.Mul(%15, %Values) {onnx.shapes = [affine_map<() -> (2, 2)>]} : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
    %17 = onnx.Unsqueeze(%x, %5) {onnx.shapes = [affine_map<() -> (2, 1, 4)>]} : (tensor<2x4xf32>, tensor<1xi64>) -> tensor<2x1x4xf32>
    %18 = onnx.Expand(%17, %6) {onnx.shapes = [affine_map<() -> (2, 2, 4)>]} : (tensor<2x1x4xf32>, tensor<3xi64>) -> tensor<2x2x4xf32>
    %19 = onnx.Unsqueeze(%16, %7) {onnx.shapes = [affine_map<() -> (2, 2, 1)>]} : (tensor<2x2xf32>, tensor<1xi64>) -> tensor<2x2x1xf32>
    %20 = onnx.Mul(%19, %18) {onnx.shapes = [affine_map<() -> (2, 2, 4)>]} : (tensor<2x2x1xf32>, tensor<2x2x4xf32>) -> tensor<2x2x4xf32>
    %21 = onnx.MatMul(%20, %8) {onnx.shapes = [affine_map<() -> (2, 2, 6)>]} : (tensor<2x2x4xf32>, tensor<2x4x6xf32>) -> tensor<2x2x6xf32>
    %22 = onnx.Relu(%21) {onnx.shapes = [affine_map<() -> (2, 2, 6)>]} : (tensor<2x2x6xf32>) -> tensor<2x2x6xf32>
    %23 = onnx.MatMul(%22, %9) {onnx.shapes = [affine_map<() -> (2, 2, 4)>]} : (tensor<2x2x6xf32>, tensor<2x6x4xf32>) -> tensor<2x2x4xf32>
    %24 = onnx.ReduceSum(%23, %10) {keepdims = 0 : i64, onnx.axes = array<i64: 1>, onnx.shapes = [affine_map<() -> (2, 4)>]} : (tensor<2x2x4xf32>, tensor<1xi64>) -> tensor<2x4xf32>
    return %24 : tensor<2x4xf32>
  }
}
