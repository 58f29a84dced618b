// RUN: moec-opt %s --raise-routers --split-input-file | FileCheck %s

// What computes ids and weights becomes moe.route.

// Softmax over all experts.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: score = #moe.score<softmax_all>
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %w, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
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

// Softmax over those that were chosen.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: score = #moe.score<softmax_selected>
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %v, %ids = onnx.TopK(%s, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
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

// Scores as they are.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: score = #moe.score<none>
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %w, %ids = onnx.TopK(%s, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
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

// Looked up by the ids.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: score = #moe.score<sigmoid>
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Sigmoid(%s) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %q, %ids = onnx.TopK(%p, %k) {axis = -1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %w = onnx.GatherElements(%p, %ids) {axis = -1 : i64} : (tensor<3x8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
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

// A bias that only the choice sees.
// CHECK-LABEL: func.func @main(
// CHECK: %[[BIAS:.*]] = param.load @b
// CHECK: moe.route ins(%arg0, %[[BIAS]] : tensor<3x8xf32>, tensor<8xf32>)
// CHECK-SAME: score = #moe.score<sigmoid>
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
param.decl @b : tensor<8xf32> = #param.file<"m.onnx", 0, 32>
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Sigmoid(%s) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %b = param.load @b : tensor<8xf32>
  %q = onnx.Add(%p, %b) : (tensor<3x8xf32>, tensor<8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%q, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %w = onnx.GatherElements(%p, %ids) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
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

// A bias of the scores themselves is no bias of the choice.
// CHECK-LABEL: func.func @main(
// CHECK: %[[S:.*]] = onnx.Add(%arg0
// CHECK: moe.route ins(%[[S]] : tensor<3x8xf32>)
// CHECK-SAME: score = #moe.score<none>
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
param.decl @b : tensor<8xf32> = #param.file<"m.onnx", 0, 32>
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %b = param.load @b : tensor<8xf32>
  %q = onnx.Add(%s, %b) : (tensor<3x8xf32>, tensor<8xf32>) -> tensor<3x8xf32>
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

// Weights that sum to 1, nearly.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: epsilon = 1.000000e-03 : f32, moe.layer = "L", propagate_nan, renormalize
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceSum(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %eps = onnx.Constant dense<1.000000e-03> : tensor<f32>
  %sume = onnx.Add(%sum, %eps) : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  %w = onnx.Div(%v, %sume) : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
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

// Sums without an epsilon.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: moe.layer = "L", propagate_nan, renormalize
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceSum(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %w = onnx.Div(%v, %sum) : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
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

// Weights times a number, from either side, and by a number.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: scale = 1.500000e+00 : f32
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %n = onnx.Constant dense<3.0> : tensor<f32>
  %v2 = onnx.Mul(%n, %v) : (tensor<f32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %n2 = onnx.Constant dense<2.0> : tensor<f32>
  %w = onnx.Div(%v2, %n2) : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
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

// Groups by their largest, of softmax.
// CHECK-LABEL: func.func @main(
// CHECK: moe.route ins(%arg0 : tensor<3x8xf32>)
// CHECK-SAME: group_fill = 0.000000e+00 : f32, groups = 4 : i64, groups_kept = 2 : i64
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
  %w = onnx.GatherElements(%p, %ids) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
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

// Groups by their two largest, with a bias, masked the other way round.
// CHECK-LABEL: func.func @main(
// CHECK: %[[BIAS:.*]] = param.load @b
// CHECK: moe.route ins(%arg0, %[[BIAS]] : tensor<3x8xf32>, tensor<8xf32>)
// CHECK-SAME: group_fill = -1.000000e+00 : f32, group_score = #moe.group_score<top2_sum>, groups = 4 : i64, groups_kept = 2 : i64
// CHECK-NOT: onnx.TopK
// CHECK: moe.plan ins(%ids
// CHECK: moe.combine ins(%arg2, %inverse, %weights
param.decl @b : tensor<8xf32> = #param.file<"m.onnx", 0, 32>
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Sigmoid(%s) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %b = param.load @b : tensor<8xf32>
  %bq = onnx.Add(%p, %b) : (tensor<3x8xf32>, tensor<8xf32>) -> tensor<3x8xf32>
  %gs = onnx.Constant dense<[3, 4, 2]> : tensor<3xi64>
  %g = onnx.Reshape(%bq, %gs) : (tensor<3x8xf32>, tensor<3xi64>) -> tensor<3x4x2xf32>
  %gax = onnx.Constant dense<2> : tensor<1xi64>
  %k2 = onnx.Constant dense<2> : tensor<1xi64>
  %gv, %gi = onnx.TopK(%g, %k2) {axis = 2 : i64} : (tensor<3x4x2xf32>, tensor<1xi64>) -> (tensor<3x4x2xf32>, tensor<3x4x2xi64>)
  %gr = onnx.ReduceSum(%gv, %gax) {keepdims = 0 : i64} : (tensor<3x4x2xf32>, tensor<1xi64>) -> tensor<3x4xf32>
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
  %fill = onnx.Constant dense<-1.0> : tensor<f32>
  %mn = onnx.Not(%mb) : (tensor<3x8xi1>) -> tensor<3x8xi1>
  %q = onnx.Where(%mn, %fill, %bq) : (tensor<3x8xi1>, tensor<f32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%q, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %w = onnx.GatherElements(%p, %ids) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
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

// Extents of ids and weights do not keep what made them.
// CHECK: func.func @main
// CHECK-NOT: onnx.TopK
// CHECK: moe.route
// CHECK-NOT: onnx.TopK
// CHECK: return
#s = affine_map<()[s0] -> (s0, 8)>
#k = affine_map<()[s0] -> (s0, 2)>
#y = affine_map<()[s0] -> (s0 * 2, 4)>
#o = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  func.func @main(%s: tensor<?x8xf32> {onnx.name = "s", onnx.shape = #s}, %y: tensor<?x4xf32> {onnx.name = "y", onnx.shape = #y}) -> (tensor<?x4xf32> {onnx.name = "z"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %k = onnx.Constant dense<2> : tensor<1xi64>
    %p = onnx.Softmax(%s) {axis = 1 : i64, onnx.shapes = [#s]} : (tensor<?x8xf32>) -> tensor<?x8xf32>
    %w, %ids = onnx.TopK(%p, %k) {axis = 1 : i64, onnx.shapes = [#k, #k]} : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
    %id = onnx.Cast(%ids) {to = i32, onnx.shapes = [#k]} : (tensor<?x2xi64>) -> tensor<?x2xi32>
    %t = tensor.dim %id, %c0 : tensor<?x2xi32>
    %r = arith.muli %t, %c2 : index
    %e0 = tensor.empty() : tensor<9xi32>
    %e1 = tensor.empty(%r) : tensor<?xi32>
    %e2 = tensor.empty(%t) : tensor<?x2xi32>
    %offsets, %rows, %inverse = moe.plan ins(%id : tensor<?x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>
    %n = tensor.dim %w, %c0 : tensor<?x2xf32>
    %e3 = tensor.empty(%n) : tensor<?x4xf32>
    %out = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%e3 : tensor<?x4xf32>) {onnx.shapes = [#o]} -> tensor<?x4xf32>
    return %out : tensor<?x4xf32>
  }
}
