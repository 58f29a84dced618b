// RUN: moec-opt %s --raise-routers --split-input-file | FileCheck %s

// What is done to the weights of the chosen, and choices that are made in rounds.

// Sums that are no less than a number, by Clip.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: least_divisor = 1.000000e-03 : f32, moe.layer = "L", propagate_nan, renormalize
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceSum(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %c = onnx.Constant dense<1.0e-03> : tensor<f32>
  %d = onnx.Clip(%sum, %c) {operandSegmentSizes = array<i32: 1, 1, 0>} : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  %w = onnx.Div(%v, %d) : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// The same by Max, from the other side, with an epsilon inside.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: epsilon = 1.250000e-01 : f32, least_divisor = 5.000000e-01 : f32, moe.layer
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceSum(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %e = onnx.Constant dense<0.125> : tensor<f32>
  %se = onnx.Add(%sum, %e) : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  %c = onnx.Constant dense<0.5> : tensor<f32>
  %d = onnx.Max(%c, %se) : (tensor<f32>, tensor<3x1xf32>) -> tensor<3x1xf32>
  %w = onnx.Div(%v, %d) : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// A norm of order 1.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: norm = 1.000000e+00 : f32, propagate_nan, renormalize
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %d = onnx.ReduceL1(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %w = onnx.Div(%v, %d) : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// A norm of order 1, spelled out.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: norm = 1.000000e+00 : f32
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %a = onnx.Abs(%v) : (tensor<3x2xf32>) -> tensor<3x2xf32>
  %d = onnx.ReduceSum(%a, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %w = onnx.Div(%v, %d) : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// A norm of order 2, of what is absolute already.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: norm = 2.000000e+00 : f32
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %a = onnx.Abs(%v) : (tensor<3x2xf32>) -> tensor<3x2xf32>
  %d = onnx.ReduceL2(%a, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %w = onnx.Div(%v, %d) : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// A root of squares.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: norm = 2.000000e+00 : f32
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sq = onnx.Mul(%v, %v) : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %sum = onnx.ReduceSum(%sq, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %d = onnx.Sqrt(%sum) : (tensor<3x1xf32>) -> tensor<3x1xf32>
  %w = onnx.Div(%v, %d) : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// A root of powers of two.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: norm = 2.000000e+00 : f32
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2.0> : tensor<f32>
  %sq = onnx.Pow(%v, %two) : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  %sum = onnx.ReduceSum(%sq, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %d = onnx.Sqrt(%sum) : (tensor<3x1xf32>) -> tensor<3x1xf32>
  %w = onnx.Div(%v, %d) : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// A root of a sum of squares.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: norm = 2.000000e+00 : f32
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceSumSquare(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %d = onnx.Sqrt(%sum) : (tensor<3x1xf32>) -> tensor<3x1xf32>
  %w = onnx.Div(%v, %d) : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// A norm of order 3.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: norm = 3.000000e+00 : f32
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %a = onnx.Abs(%v) : (tensor<3x2xf32>) -> tensor<3x2xf32>
  %n = onnx.Constant dense<3.0> : tensor<f32>
  %pw = onnx.Pow(%a, %n) : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  %sum = onnx.ReduceSum(%pw, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %o = onnx.Constant dense<0.33333334> : tensor<f32>
  %d = onnx.Pow(%sum, %o) : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  %w = onnx.Div(%v, %d) : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// A norm that is no less than a number.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: least_divisor = 9.99999996E-13 : f32, moe.layer = "L", norm = 2.000000e+00 : f32
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceL2(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %c = onnx.Constant dense<1.0e-12> : tensor<f32>
  %d = onnx.Max(%sum, %c) : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  %w = onnx.Div(%v, %d) : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// Keys that weigh, with the bias of the choice.
// CHECK-LABEL: func.func @main(
// CHECK: %[[BIAS:.*]] = param.load @b
// CHECK: moe.route ins(%arg0, %[[BIAS]] : tensor<3x8xf32>, tensor<8xf32>)
// CHECK-SAME: keys_weigh, moe.layer = "L", propagate_nan, score = #moe.score<sigmoid>
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
param.decl @b : tensor<8xf32> = #param.file<"m.onnx", 0, 32>
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Sigmoid(%s) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %b = param.load @b : tensor<8xf32>
  %q = onnx.Add(%p, %b) : (tensor<3x8xf32>, tensor<8xf32>) -> tensor<3x8xf32>
  %w, %ids = onnx.TopK(%q, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// Keys that weigh, of groups: what goes in for the others counts, too.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: group_fill = 0.000000e+00 : f32, groups = 4 : i64, groups_kept = 2 : i64, keys_weigh
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %gs = onnx.Constant dense<[3, 4, 2]> : tensor<3xi64>
  %g = onnx.Reshape(%p, %gs) : (tensor<3x8xf32>, tensor<3xi64>) -> tensor<3x4x2xf32>
  %gax = onnx.Constant dense<2> : tensor<1xi64>
  %gr = onnx.ReduceMax(%g, %gax) {keepdims = 0 : i64} : (tensor<3x4x2xf32>, tensor<1xi64>) -> tensor<3x4xf32>
  %gtv, %gti = onnx.TopK(%gr, %k) {axis = 1 : i64} : (tensor<3x4xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %z = onnx.Constant dense<0.0> : tensor<3x4xf32>
  %one = onnx.Constant dense<1.0> : tensor<3x2xf32>
  %m = onnx.ScatterElements(%z, %gti, %one) {axis = 1 : i64} : (tensor<3x4xf32>, tensor<3x2xi64>, tensor<3x2xf32>) -> tensor<3x4xf32>
  %u = onnx.Constant dense<2> : tensor<1xi64>
  %m3 = onnx.Unsqueeze(%m, %u) : (tensor<3x4xf32>, tensor<1xi64>) -> tensor<3x4x1xf32>
  %me = onnx.Expand(%m3, %gs) : (tensor<3x4x1xf32>, tensor<3xi64>) -> tensor<3x4x2xf32>
  %fs = onnx.Constant dense<[3, 8]> : tensor<2xi64>
  %mf = onnx.Reshape(%me, %fs) : (tensor<3x4x2xf32>, tensor<2xi64>) -> tensor<3x8xf32>
  %mb = onnx.Cast(%mf) {to = i1} : (tensor<3x8xf32>) -> tensor<3x8xi1>
  %fill = onnx.Constant dense<0.0> : tensor<f32>
  %q = onnx.Where(%mb, %p, %fill) : (tensor<3x8xi1>, tensor<3x8xf32>, tensor<f32>) -> tensor<3x8xf32>
  %w, %ids = onnx.TopK(%q, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// Keys that weigh, looked up.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: groups_kept = 2 : i64, keys_weigh
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %gs = onnx.Constant dense<[3, 4, 2]> : tensor<3xi64>
  %g = onnx.Reshape(%p, %gs) : (tensor<3x8xf32>, tensor<3xi64>) -> tensor<3x4x2xf32>
  %gax = onnx.Constant dense<2> : tensor<1xi64>
  %gr = onnx.ReduceMax(%g, %gax) {keepdims = 0 : i64} : (tensor<3x4x2xf32>, tensor<1xi64>) -> tensor<3x4xf32>
  %gtv, %gti = onnx.TopK(%gr, %k) {axis = 1 : i64} : (tensor<3x4xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %z = onnx.Constant dense<0.0> : tensor<3x4xf32>
  %one = onnx.Constant dense<1.0> : tensor<3x2xf32>
  %m = onnx.ScatterElements(%z, %gti, %one) {axis = 1 : i64} : (tensor<3x4xf32>, tensor<3x2xi64>, tensor<3x2xf32>) -> tensor<3x4xf32>
  %u = onnx.Constant dense<2> : tensor<1xi64>
  %m3 = onnx.Unsqueeze(%m, %u) : (tensor<3x4xf32>, tensor<1xi64>) -> tensor<3x4x1xf32>
  %me = onnx.Expand(%m3, %gs) : (tensor<3x4x1xf32>, tensor<3xi64>) -> tensor<3x4x2xf32>
  %fs = onnx.Constant dense<[3, 8]> : tensor<2xi64>
  %mf = onnx.Reshape(%me, %fs) : (tensor<3x4x2xf32>, tensor<2xi64>) -> tensor<3x8xf32>
  %mb = onnx.Cast(%mf) {to = i1} : (tensor<3x8xf32>) -> tensor<3x8xi1>
  %fill = onnx.Constant dense<0.0> : tensor<f32>
  %q = onnx.Where(%mb, %p, %fill) : (tensor<3x8xi1>, tensor<3x8xf32>, tensor<f32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%q, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %w = onnx.GatherElements(%q, %ids) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// A number for each expert, from a parameter that is loaded late.
// CHECK-LABEL: func.func @main(
// CHECK: %[[SCALE:.*]] = param.load @b
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>) expert_scale(%[[SCALE]] : tensor<8xf32>)
// CHECK-SAME: score = #moe.score<softmax_all>
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
param.decl @b : tensor<8xf32> = #param.file<"m.onnx", 0, 32>
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %d = onnx.ReduceSum(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %n = onnx.Div(%v, %d) : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %b = param.load @b : tensor<8xf32>
  %f = onnx.Gather(%b, %ids) {axis = 0 : i64} : (tensor<8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
  %w = onnx.Mul(%n, %f) : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// The same from the other side, before a number.
// CHECK-LABEL: func.func @main(
// CHECK: %[[SCALE:.*]] = param.load @b
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>) expert_scale(%[[SCALE]] : tensor<8xf32>)
// CHECK-SAME: scale = 2.500000e+00 : f32
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
param.decl @b : tensor<8xf32> = #param.file<"m.onnx", 0, 32>
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %b = param.load @b : tensor<8xf32>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %f = onnx.Gather(%b, %ids) {axis = 0 : i64} : (tensor<8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
  %x = onnx.Mul(%f, %v) : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %n = onnx.Constant dense<2.5> : tensor<f32>
  %w = onnx.Mul(%x, %n) : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// The same by tuples of one.
// CHECK-LABEL: func.func @main(
// CHECK: %[[SCALE:.*]] = param.load @b
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>) expert_scale(%[[SCALE]] : tensor<8xf32>)
// CHECK-SAME: score = #moe.score<softmax_all>
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
param.decl @b : tensor<8xf32> = #param.file<"m.onnx", 0, 32>
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %b = param.load @b : tensor<8xf32>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %last = onnx.Constant dense<2> : tensor<1xi64>
  %tuples = onnx.Unsqueeze(%ids, %last) : (tensor<3x2xi64>, tensor<1xi64>) -> tensor<3x2x1xi64>
  %f = onnx.GatherND(%b, %tuples) : (tensor<8xf32>, tensor<3x2x1xi64>) -> tensor<3x2xf32>
  %w = onnx.Mul(%v, %f) : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// What weighs the inputs of experts is made of what the route finds.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: score = #moe.score<none>
// CHECK-NOT: onnx.TopK
// CHECK: %[[G:.*]] = onnx.Sigmoid(%weights)
// CHECK: %[[ONE:.*]] = onnx.Constant dense<1.000000e+00>
// CHECK: moe.plan ins(%
// CHECK: moe.combine ins(%{{.*}}, %inverse, %[[ONE]]
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %v, %ids = onnx.TopK(%s, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %g = onnx.Sigmoid(%v) : (tensor<3x2xf32>) -> tensor<3x2xf32>
  %flat = onnx.Constant dense<[6, 1]> : tensor<2xi64>
  %c = onnx.Reshape(%g, %flat) : (tensor<3x2xf32>, tensor<2xi64>) -> tensor<6x1xf32>
  %y2 = onnx.Mul(%y, %c) : (tensor<6x4xf32>, tensor<6x1xf32>) -> tensor<6x4xf32>
  %w = onnx.Constant dense<1.0> : tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y2, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// Noise is part of the scores.
// CHECK-LABEL: func.func @main(
// CHECK: %[[N:.*]] = onnx.Add(%arg0, %arg1)
// CHECK: moe.route ins(%[[N]] : tensor<3x8xf32>)
// CHECK-SAME: score = #moe.score<softmax_selected>
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %n = onnx.Add(%s, %t) : (tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%n, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %w = onnx.Softmax(%v) {axis = 1 : i64} : (tensor<3x2xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// Rounds of a sparse mixer.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: moe.layer = "L", propagate_nan, score = #moe.score<sparse_mixer>, tie = #moe.tie<lowest>
// CHECK-NOT: onnx.ArgMax
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %inf = onnx.Constant dense<0xFF800000> : tensor<f32>
  %infs = onnx.Constant dense<0xFF800000> : tensor<3x1xf32>
  %m0 = onnx.ReduceMax(%s, %ax) {keepdims = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %i0 = onnx.ArgMax(%s) {axis = 1 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<3x8xf32>) -> tensor<3x1xi64>
  %a0 = onnx.Abs(%s) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %f0 = onnx.Max(%a0, %m0) : (tensor<3x8xf32>, tensor<3x1xf32>) -> tensor<3x8xf32>
  %d0 = onnx.Sub(%m0, %s) : (tensor<3x1xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %q0 = onnx.Div(%d0, %f0) : (tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %c0 = onnx.Constant dense<0.02> : tensor<f32>
  %g0 = onnx.Greater(%q0, %c0) : (tensor<3x8xf32>, tensor<f32>) -> tensor<3x8xi1>
  %h0 = onnx.Where(%g0, %inf, %s) : (tensor<3x8xi1>, tensor<f32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %p0 = onnx.Softmax(%h0) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %w0 = onnx.GatherElements(%p0, %i0) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x1xi64>) -> tensor<3x1xf32>
  %r0 = onnx.ScatterElements(%s, %i0, %infs) {axis = 1 : i64, reduction = "none"} : (tensor<3x8xf32>, tensor<3x1xi64>, tensor<3x1xf32>) -> tensor<3x8xf32>
  %m1 = onnx.ReduceMax(%r0, %ax) {keepdims = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %i1 = onnx.ArgMax(%r0) {axis = 1 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<3x8xf32>) -> tensor<3x1xi64>
  %a1 = onnx.Abs(%s) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %f1 = onnx.Max(%a1, %m1) : (tensor<3x8xf32>, tensor<3x1xf32>) -> tensor<3x8xf32>
  %d1 = onnx.Sub(%m1, %s) : (tensor<3x1xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %q1 = onnx.Div(%d1, %f1) : (tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %c1 = onnx.Constant dense<0.02> : tensor<f32>
  %g1 = onnx.Greater(%q1, %c1) : (tensor<3x8xf32>, tensor<f32>) -> tensor<3x8xi1>
  %h1 = onnx.Where(%g1, %inf, %r0) : (tensor<3x8xi1>, tensor<f32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %p1 = onnx.Softmax(%h1) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %w1 = onnx.GatherElements(%p1, %i1) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x1xi64>) -> tensor<3x1xf32>
  %r1 = onnx.ScatterElements(%r0, %i1, %infs) {axis = 1 : i64, reduction = "none"} : (tensor<3x8xf32>, tensor<3x1xi64>, tensor<3x1xf32>) -> tensor<3x8xf32>
  %ids = onnx.Concat(%i0, %i1) {axis = 1 : i64} : (tensor<3x1xi64>, tensor<3x1xi64>) -> tensor<3x2xi64>
  %w = onnx.Concat(%w0, %w1) {axis = 1 : i64} : (tensor<3x1xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}

// -----

// Rounds of a sparse mixer by TopK, of another jitter.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: jitter = 1.250000e-01 : f32
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %inf = onnx.Constant dense<0xFF800000> : tensor<f32>
  %infs = onnx.Constant dense<0xFF800000> : tensor<3x1xf32>
  %m0, %i0 = onnx.TopK(%s, %one) {axis = 1 : i64, largest = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x1xf32>, tensor<3x1xi64>)
  %a0 = onnx.Abs(%s) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %f0 = onnx.Max(%m0, %a0) : (tensor<3x1xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %d0 = onnx.Sub(%m0, %s) : (tensor<3x1xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %q0 = onnx.Div(%d0, %f0) : (tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %c0 = onnx.Constant dense<0.25> : tensor<f32>
  %g0 = onnx.Greater(%q0, %c0) : (tensor<3x8xf32>, tensor<f32>) -> tensor<3x8xi1>
  %h0 = onnx.Where(%g0, %inf, %s) : (tensor<3x8xi1>, tensor<f32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %p0 = onnx.Softmax(%h0) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %w0 = onnx.GatherElements(%p0, %i0) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x1xi64>) -> tensor<3x1xf32>
  %r0 = onnx.ScatterElements(%s, %i0, %infs) {axis = 1 : i64, reduction = "none"} : (tensor<3x8xf32>, tensor<3x1xi64>, tensor<3x1xf32>) -> tensor<3x8xf32>
  %m1, %i1 = onnx.TopK(%r0, %one) {axis = 1 : i64, largest = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x1xf32>, tensor<3x1xi64>)
  %a1 = onnx.Abs(%s) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %f1 = onnx.Max(%m1, %a1) : (tensor<3x1xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %d1 = onnx.Sub(%m1, %s) : (tensor<3x1xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %q1 = onnx.Div(%d1, %f1) : (tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %c1 = onnx.Constant dense<0.25> : tensor<f32>
  %g1 = onnx.Greater(%q1, %c1) : (tensor<3x8xf32>, tensor<f32>) -> tensor<3x8xi1>
  %h1 = onnx.Where(%g1, %inf, %r0) : (tensor<3x8xi1>, tensor<f32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %p1 = onnx.Softmax(%h1) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %w1 = onnx.GatherElements(%p1, %i1) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x1xi64>) -> tensor<3x1xf32>
  %r1 = onnx.ScatterElements(%r0, %i1, %infs) {axis = 1 : i64, reduction = "none"} : (tensor<3x8xf32>, tensor<3x1xi64>, tensor<3x1xf32>) -> tensor<3x8xf32>
  %ids = onnx.Concat(%i0, %i1) {axis = 1 : i64} : (tensor<3x1xi64>, tensor<3x1xi64>) -> tensor<3x2xi64>
  %w = onnx.Concat(%w0, %w1) {axis = 1 : i64} : (tensor<3x1xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}
