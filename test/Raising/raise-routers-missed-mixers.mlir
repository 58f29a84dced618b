// RUN: moec-opt %s --raise-routers --split-input-file --remarks-filter=raise-routers --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s
// RUN: moec-opt %s --raise-routers --split-input-file | FileCheck %s --check-prefix=NONE

// What differs from a sparse mixer in one thing.
// NONE-NOT: moe.route

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: a round does not choose the largest that is left
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %inf = onnx.Constant dense<0xFF800000> : tensor<f32>
  %infs = onnx.Constant dense<0xFF800000> : tensor<3x1xf32>
  %m0 = onnx.ReduceMax(%s, %ax) {keepdims = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %i0 = onnx.ArgMax(%s) {axis = 1 : i64, keepdims = 1 : i64, select_last_index = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x1xi64>
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
  %i1 = onnx.ArgMax(%r0) {axis = 1 : i64, keepdims = 1 : i64, select_last_index = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x1xi64>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: a round does not choose the largest that is left
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %inf = onnx.Constant dense<0xFF800000> : tensor<f32>
  %infs = onnx.Constant dense<0xFF800000> : tensor<3x1xf32>
  %m0, %i0 = onnx.TopK(%s, %one) {axis = 1 : i64, largest = 0 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x1xf32>, tensor<3x1xi64>)
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
  %m1, %i1 = onnx.TopK(%r0, %one) {axis = 1 : i64, largest = 0 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x1xf32>, tensor<3x1xi64>)
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: a mask is not of the distance from the largest
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %inf = onnx.Constant dense<0xFF800000> : tensor<f32>
  %infs = onnx.Constant dense<0xFF800000> : tensor<3x1xf32>
  %m0 = onnx.ReduceMin(%s, %ax) {keepdims = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> tensor<3x1xf32>
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
  %m1 = onnx.ReduceMin(%r0, %ax) {keepdims = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: rounds differ in what they mask
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
  %c0 = onnx.Constant dense<0x7FC00000> : tensor<f32>
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
  %c1 = onnx.Constant dense<0x7FC00000> : tensor<f32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: rounds differ in what they mask
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
  %c1 = onnx.Constant dense<0.04> : tensor<f32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: rounds differ in what they mask
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %inf = onnx.Constant dense<0xFF800000> : tensor<f32>
  %infs = onnx.Constant dense<0xFF800000> : tensor<3x1xf32>
  %m0 = onnx.ReduceMax(%s, %ax) {keepdims = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %i0 = onnx.ArgMax(%s) {axis = 1 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<3x8xf32>) -> tensor<3x1xi64>
  %a0 = onnx.Abs(%t) : (tensor<3x8xf32>) -> tensor<3x8xf32>
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
  %a1 = onnx.Abs(%t) : (tensor<3x8xf32>) -> tensor<3x8xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: rounds differ in what they mask
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
  %d1 = onnx.Sub(%m1, %t) : (tensor<3x1xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: a softmax is not of what a mask leaves
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
  %h0 = onnx.Where(%g0, %inf, %t) : (tensor<3x8xi1>, tensor<f32>, tensor<3x8xf32>) -> tensor<3x8xf32>
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
  %h1 = onnx.Where(%g1, %inf, %t) : (tensor<3x8xi1>, tensor<f32>, tensor<3x8xf32>) -> tensor<3x8xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: a softmax is not of what a mask leaves
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %inf = onnx.Constant dense<-1.0> : tensor<f32>
  %infs = onnx.Constant dense<-1.0> : tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: a weight is not looked up in a softmax
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
  %p0 = onnx.Softmax(%h0) {axis = 0 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
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
  %p1 = onnx.Softmax(%h1) {axis = 0 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: a weight is not looked up in a softmax
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
  %w0 = onnx.GatherElements(%p0, %i0) {axis = 0 : i64} : (tensor<3x8xf32>, tensor<3x1xi64>) -> tensor<3x1xf32>
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
  %w1 = onnx.GatherElements(%p1, %i1) {axis = 0 : i64} : (tensor<3x8xf32>, tensor<3x1xi64>) -> tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: a round does not leave out what was chosen before
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %inf = onnx.Constant dense<0xFF800000> : tensor<f32>
  %infs = onnx.Constant dense<0xFF800000> : tensor<3x1xf32>
  %m0 = onnx.ReduceMax(%t, %ax) {keepdims = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %i0 = onnx.ArgMax(%t) {axis = 1 : i64, keepdims = 1 : i64, select_last_index = 0 : i64} : (tensor<3x8xf32>) -> tensor<3x1xi64>
  %a0 = onnx.Abs(%s) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %f0 = onnx.Max(%a0, %m0) : (tensor<3x8xf32>, tensor<3x1xf32>) -> tensor<3x8xf32>
  %d0 = onnx.Sub(%m0, %s) : (tensor<3x1xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %q0 = onnx.Div(%d0, %f0) : (tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %c0 = onnx.Constant dense<0.02> : tensor<f32>
  %g0 = onnx.Greater(%q0, %c0) : (tensor<3x8xf32>, tensor<f32>) -> tensor<3x8xi1>
  %h0 = onnx.Where(%g0, %inf, %t) : (tensor<3x8xi1>, tensor<f32>, tensor<3x8xf32>) -> tensor<3x8xf32>
  %p0 = onnx.Softmax(%h0) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %w0 = onnx.GatherElements(%p0, %i0) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x1xi64>) -> tensor<3x1xf32>
  %r0 = onnx.ScatterElements(%t, %i0, %infs) {axis = 1 : i64, reduction = "none"} : (tensor<3x8xf32>, tensor<3x1xi64>, tensor<3x1xf32>) -> tensor<3x8xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: a round does not leave out what was chosen before
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
  %w1 = onnx.GatherElements(%p1, %i0) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x1xi64>) -> tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: a round does not leave out what was chosen before
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %inf = onnx.Constant dense<0xFF800000> : tensor<f32>
  %infs = onnx.Constant dense<-1.0> : tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: a round does not leave out what was chosen before
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
  %r0 = onnx.ScatterElements(%s, %i0, %infs) {axis = 1 : i64, reduction = "min"} : (tensor<3x8xf32>, tensor<3x1xi64>, tensor<3x1xf32>) -> tensor<3x8xf32>
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
  %r1 = onnx.ScatterElements(%r0, %i1, %infs) {axis = 1 : i64, reduction = "min"} : (tensor<3x8xf32>, tensor<3x1xi64>, tensor<3x1xf32>) -> tensor<3x8xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is no sparse mixer: a softmax is not of what a mask leaves
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
  %ids = onnx.Concat(%i1, %i0) {axis = 1 : i64} : (tensor<3x1xi64>, tensor<3x1xi64>) -> tensor<3x2xi64>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: the ids are not those of one TopK
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
  %wide = onnx.Constant dense<[3, 2]> : tensor<2xi64>
  %w = onnx.Expand(%w0, %wide) : (tensor<3x1xf32>, tensor<2xi64>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}
