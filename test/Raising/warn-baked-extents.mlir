// RUN: moec-opt %s --warn-baked-extents --split-input-file --verify-diagnostics | FileCheck %s

// Extents of the inputs that a node needs to be a number: the module stays as
// it is, and the first node that needs it is named, once.

// CHECK-LABEL: module @reshaped
module @reshaped attributes {onnx.symbols = ["T"]} {
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<3x2x2xf32> {onnx.name = "y"}) {
    %0 = onnx.Constant dense<[3, 2, 2]> : tensor<3xi64>
    // What it is multiplied by is no part of the extent.
    // CHECK: onnx.Reshape{{.*}}onnx.equal
    // expected-warning @below {{a run needs T to be 3 here: the file has a number of the example input that it was exported with; export it with this extent dynamic, or fix it with --dim}}
    %1 = onnx.Reshape(%x, %0) {onnx.equal = [#onnx.check<equal, affine_map<()[s0] -> (s0 * 4, 12)>, "the number of elements changes">], onnx.shapes = [affine_map<()[s0] -> (3, 2, 2)>]} : (tensor<?x4xf32>, tensor<3xi64>) -> tensor<3x2x2xf32>
    return %1 : tensor<3x2x2xf32>
  }
}

// -----

// A number that is added, and one on the left.
module attributes {onnx.symbols = ["T", "S"]} {
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0, s1] -> (s0, 4)>}, %s: tensor<?x4xf32> {onnx.name = "s", onnx.shape = affine_map<()[s0, s1] -> (s1, 4)>}) -> (tensor<8x4xf32> {onnx.name = "y"}, tensor<5x4xf32> {onnx.name = "z"}) {
    %0 = onnx.Constant dense<1.0> : tensor<1x4xf32>
    %1 = onnx.Constant dense<[8, 4]> : tensor<2xi64>
    %2 = onnx.Constant dense<[5, 4]> : tensor<2xi64>
    %3 = onnx.Concat(%x, %0) {axis = 0 : i64, onnx.shapes = [affine_map<()[s0, s1] -> (s0 + 1, 4)>]} : (tensor<?x4xf32>, tensor<1x4xf32>) -> tensor<?x4xf32>
    // expected-warning @below {{a run needs T to be 7 here}}
    %4 = onnx.Reshape(%3, %1) {onnx.equal = [#onnx.check<equal, affine_map<()[s0, s1] -> (s0 + 1, 8)>, "">], onnx.shapes = [affine_map<()[s0, s1] -> (8, 4)>]} : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<8x4xf32>
    // expected-warning @below {{a run needs S to be 5 here}}
    %5 = onnx.Reshape(%s, %2) {onnx.equal = [#onnx.check<equal, affine_map<()[s0, s1] -> (5, s1)>, "">], onnx.shapes = [affine_map<()[s0, s1] -> (5, 4)>]} : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<5x4xf32>
    return %4, %5 : tensor<8x4xf32>, tensor<5x4xf32>
  }
}

// -----

// Where all that meets it broadcasts, 1 fits as well.
module attributes {onnx.symbols = ["T"]} {
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<5x4xf32> {onnx.name = "y"}) {
    %0 = onnx.Constant dense<1.0> : tensor<5x4xf32>
    // expected-warning @below {{a run needs T to be 5 or 1 here (and one more node): }}
    %1 = onnx.Add(%x, %0) {onnx.equal = [#onnx.check<broadcast, affine_map<()[s0] -> (s0, 5)>, "extents do not broadcast">], onnx.shapes = [affine_map<()[s0] -> (5, 4)>]} : (tensor<?x4xf32>, tensor<5x4xf32>) -> tensor<5x4xf32>
    %2 = onnx.Mul(%x, %1) {onnx.equal = [#onnx.check<broadcast, affine_map<()[s0] -> (s0, 5)>, "extents do not broadcast">], onnx.shapes = [affine_map<()[s0] -> (5, 4)>]} : (tensor<?x4xf32>, tensor<5x4xf32>) -> tensor<5x4xf32>
    return %2 : tensor<5x4xf32>
  }
}

// -----

// Not where one of them does not.
module attributes {onnx.symbols = ["T"]} {
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<5x4xf32> {onnx.name = "y"}) {
    %0 = onnx.Constant dense<1.0> : tensor<5x4xf32>
    %1 = onnx.Constant dense<[5, 4]> : tensor<2xi64>
    // expected-warning @below {{a run needs T to be 5 here (and 2 more nodes): }}
    %2 = onnx.Add(%x, %0) {onnx.equal = [#onnx.check<broadcast, affine_map<()[s0] -> (s0, 5)>, "">], onnx.shapes = [affine_map<()[s0] -> (5, 4)>]} : (tensor<?x4xf32>, tensor<5x4xf32>) -> tensor<5x4xf32>
    %3 = onnx.Reshape(%x, %1) {onnx.equal = [#onnx.check<equal, affine_map<()[s0] -> (s0, 5)>, "">], onnx.shapes = [affine_map<()[s0] -> (5, 4)>]} : (tensor<?x4xf32>, tensor<2xi64>) -> tensor<5x4xf32>
    %4 = onnx.Mul(%x, %2) {onnx.equal = [#onnx.check<broadcast, affine_map<()[s0] -> (s0, 5)>, "">], onnx.shapes = [affine_map<()[s0] -> (5, 4)>]} : (tensor<?x4xf32>, tensor<5x4xf32>) -> tensor<5x4xf32>
    %5 = onnx.Add(%3, %4) {onnx.shapes = [affine_map<()[s0] -> (5, 4)>]} : (tensor<5x4xf32>, tensor<5x4xf32>) -> tensor<5x4xf32>
    return %5 : tensor<5x4xf32>
  }
}

// -----

// Nothing is said of extents that only a run counts,
module attributes {onnx.symbols = ["T", "nonzero"]} {
  func.func @main(%x: tensor<?xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0)>}) -> (tensor<2x5xi64> {onnx.name = "y"}) {
    %0 = onnx.Constant dense<[2, 5]> : tensor<2xi64>
    %1 = onnx.NonZero(%x) {onnx.shapes = [affine_map<()[s0, s1] -> (1, s1)>]} : (tensor<?xf32>) -> tensor<1x?xi64>
    %2 = onnx.Reshape(%1, %0) {onnx.equal = [#onnx.check<equal, affine_map<()[s0, s1] -> (s1, 10)>, "">], onnx.shapes = [affine_map<()[s0, s1] -> (2, 5)>]} : (tensor<1x?xi64>, tensor<2xi64>) -> tensor<2x5xi64>
    return %2 : tensor<2x5xi64>
  }
}

// -----

// of two that must agree,
module attributes {onnx.symbols = ["T", "S"]} {
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0, s1] -> (s0, 4)>}, %s: tensor<?x4xf32> {onnx.name = "s", onnx.shape = affine_map<()[s0, s1] -> (s1, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = onnx.Add(%x, %s) {onnx.equal = [#onnx.check<broadcast, affine_map<()[s0, s1] -> (s0, s1)>, "">], onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4)>]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    return %0 : tensor<?x4xf32>
  }
}

// -----

// of a number that is the least,
module attributes {onnx.symbols = ["T"]} {
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (s0, 4)>}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %0 = onnx.Relu(%x) {onnx.equal = [#onnx.check<at_least, affine_map<()[s0] -> (s0, 3)>, "">], onnx.shapes = [affine_map<()[s0] -> (s0, 4)>]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    return %0 : tensor<?x4xf32>
  }
}

// -----

// nor of nodes whose operands are weights by their nature: a matrix has the
// extents of the model.
module attributes {onnx.symbols = ["D"]} {
  param.decl @w : tensor<4x6xf32> = #param.file<"m.onnx", 0, 96>
  func.func @main(%x: tensor<2x?xf32> {onnx.name = "x", onnx.shape = affine_map<()[s0] -> (2, s0)>}) -> (tensor<2x6xf32> {onnx.name = "y"}) {
    %0 = param.load @w : tensor<4x6xf32>
    %1 = onnx.MatMul(%x, %0) {onnx.equal = [#onnx.check<equal, affine_map<()[s0] -> (s0, 4)>, "depth">], onnx.shapes = [affine_map<()[s0] -> (2, 6)>]} : (tensor<2x?xf32>, tensor<4x6xf32>) -> tensor<2x6xf32>
    return %1 : tensor<2x6xf32>
  }
}
