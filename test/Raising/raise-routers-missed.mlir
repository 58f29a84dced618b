// RUN: moec-opt %s --raise-routers --split-input-file --remarks-filter=raise-routers --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s
// RUN: moec-opt %s --raise-routers --split-input-file | FileCheck %s --check-prefix=NONE

// Routers that stay as they are, one for each reason.
// NONE-NOT: moe.route

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: the ids are not those of one TopK
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %v, %i1 = onnx.TopK(%s, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ids = onnx.Neg(%i1) : (tensor<3x2xi64>) -> tensor<3x2xi64>
  %w = onnx.Identity(%v) : (tensor<3x2xf32>) -> tensor<3x2xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it does not choose the largest of the last dimension
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %w, %ids = onnx.TopK(%p, %k) {axis = 1 : i64, largest = 0 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its keys are not f32
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %h = onnx.Cast(%p) {to = f16} : (tensor<3x8xf32>) -> tensor<3x8xf16>
  %v, %ids = onnx.TopK(%h, %k) {axis = 1 : i64} : (tensor<3x8xf16>, tensor<1xi64>) -> (tensor<3x2xf16>, tensor<3x2xi64>)
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %w = onnx.Exp(%v) : (tensor<3x2xf32>) -> tensor<3x2xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it looks up what the keys are not made of
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %w = onnx.GatherElements(%s, %ids) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it looks up what the keys are not made of
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %w = onnx.GatherElements(%p, %ids) {axis = 0 : i64} : (tensor<3x8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it looks up what the keys are not made of
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %i9 = onnx.Constant dense<1> : tensor<3x2xi64>
  %w = onnx.GatherElements(%p, %i9) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is not over what was chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %v, %ids = onnx.TopK(%s, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %w = onnx.Softmax(%v) {axis = 0 : i64} : (tensor<3x2xf32>) -> tensor<3x2xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is not over what was chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %v, %ids = onnx.TopK(%s, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %v2 = onnx.GatherElements(%s, %ids) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
  %w = onnx.Softmax(%v2) {axis = 1 : i64} : (tensor<3x2xf32>) -> tensor<3x2xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is over what is softmax, sigmoid or biased
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Sigmoid(%s) : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: it is over what is softmax, sigmoid or biased
// Nor over what groups keep.
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %gs = onnx.Constant dense<[3, 4, 2]> : tensor<3xi64>
  %g = onnx.Reshape(%s, %gs) : (tensor<3x8xf32>, tensor<3xi64>) -> tensor<3x4x2xf32>
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
  %q = onnx.Where(%mb, %s, %fill) : (tensor<3x8xi1>, tensor<3x8xf32>, tensor<f32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%q, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its scale is not finite
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %n = onnx.Constant dense<0.0> : tensor<f32>
  %w = onnx.Div(%v, %n) : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<0> : tensor<1xi64>
  %sum = onnx.ReduceSum(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<1x2xf32>
  %w = onnx.Div(%v, %sum) : (tensor<3x2xf32>, tensor<1x2xf32>) -> tensor<3x2xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceSum(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %eps = onnx.Constant dense<-1.0> : tensor<f32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %o2 = onnx.GatherElements(%s, %ids) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceSum(%o2, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: what is not kept is not filled with one number
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
  %q = onnx.Where(%mb, %p, %t) : (tensor<3x8xi1>, tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<3x8xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: the mask is not one of groups
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
  %q = onnx.Where(%mb, %fill, %p) : (tensor<3x8xi1>, tensor<f32>, tensor<3x8xf32>) -> tensor<3x8xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: the mask is not one of groups
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %gs = onnx.Constant dense<[3, 4, 2]> : tensor<3xi64>
  %g = onnx.Reshape(%p, %gs) : (tensor<3x8xf32>, tensor<3xi64>) -> tensor<3x4x2xf32>
  %gax = onnx.Constant dense<2> : tensor<1xi64>
  %gr = onnx.ReduceMax(%g, %gax) {keepdims = 0 : i64} : (tensor<3x4x2xf32>, tensor<1xi64>) -> tensor<3x4xf32>
  %gtv, %gti = onnx.TopK(%gr, %k) {axis = 1 : i64} : (tensor<3x4xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %z = onnx.Constant dense<0.0> : tensor<3x4xf32>
  %one = onnx.Constant dense<2.0> : tensor<3x2xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: the mask is not one of groups
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %gs = onnx.Constant dense<[3, 4, 2]> : tensor<3xi64>
  %g = onnx.Reshape(%p, %gs) : (tensor<3x8xf32>, tensor<3xi64>) -> tensor<3x4x2xf32>
  %gax = onnx.Constant dense<2> : tensor<1xi64>
  %gr = onnx.ReduceMax(%g, %gax) {keepdims = 0 : i64} : (tensor<3x4x2xf32>, tensor<1xi64>) -> tensor<3x4xf32>
  %gtv, %gti = onnx.TopK(%gr, %k) {axis = 1 : i64} : (tensor<3x4xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %z = onnx.Constant dense<1.0> : tensor<3x4xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: groups are not chosen by TopK
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %gs = onnx.Constant dense<[3, 4, 2]> : tensor<3xi64>
  %g = onnx.Reshape(%p, %gs) : (tensor<3x8xf32>, tensor<3xi64>) -> tensor<3x4x2xf32>
  %gax = onnx.Constant dense<2> : tensor<1xi64>
  %gr = onnx.ReduceMax(%g, %gax) {keepdims = 0 : i64} : (tensor<3x4x2xf32>, tensor<1xi64>) -> tensor<3x4xf32>
  %gtv, %gti = onnx.TopK(%gr, %k) {axis = 1 : i64, largest = 0 : i64} : (tensor<3x4xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: groups are not chosen by TopK
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %gs = onnx.Constant dense<[3, 4, 2]> : tensor<3xi64>
  %g = onnx.Reshape(%p, %gs) : (tensor<3x8xf32>, tensor<3xi64>) -> tensor<3x4x2xf32>
  %gax = onnx.Constant dense<2> : tensor<1xi64>
  %gr = onnx.ReduceMax(%g, %gax) {keepdims = 0 : i64} : (tensor<3x4x2xf32>, tensor<1xi64>) -> tensor<3x4xf32>
  %gtv, %gti = onnx.TopK(%gr, %k) {axis = 1 : i64} : (tensor<3x4xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %gc = onnx.Constant dense<1> : tensor<3x2xi64>
  %z = onnx.Constant dense<0.0> : tensor<3x4xf32>
  %one = onnx.Constant dense<1.0> : tensor<3x2xf32>
  %m = onnx.ScatterElements(%z, %gc, %one) {axis = 1 : i64} : (tensor<3x4xf32>, tensor<3x2xi64>, tensor<3x2xf32>) -> tensor<3x4xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: the mask of groups is not spread over their experts
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
  %u = onnx.Constant dense<1> : tensor<1xi64>
  %m3 = onnx.Unsqueeze(%m, %u) : (tensor<3x4xf32>, tensor<1xi64>) -> tensor<3x1x4xf32>
  %gs2 = onnx.Constant dense<[3, 2, 4]> : tensor<3xi64>
  %me = onnx.Expand(%m3, %gs2) : (tensor<3x1x4xf32>, tensor<3xi64>) -> tensor<3x2x4xf32>
  %fs = onnx.Constant dense<[3, 8]> : tensor<2xi64>
  %mf = onnx.Reshape(%me, %fs) : (tensor<3x2x4xf32>, tensor<2xi64>) -> tensor<3x8xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: groups are not ranked by their two largest keys
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %gs = onnx.Constant dense<[3, 4, 2]> : tensor<3xi64>
  %g = onnx.Reshape(%p, %gs) : (tensor<3x8xf32>, tensor<3xi64>) -> tensor<3x4x2xf32>
  %gax = onnx.Constant dense<2> : tensor<1xi64>
  %k2 = onnx.Constant dense<1> : tensor<1xi64>
  %gv, %gi = onnx.TopK(%g, %k2) {axis = 2 : i64} : (tensor<3x4x2xf32>, tensor<1xi64>) -> (tensor<3x4x1xf32>, tensor<3x4x1xi64>)
  %gr = onnx.ReduceSum(%gv, %gax) {keepdims = 0 : i64} : (tensor<3x4x1xf32>, tensor<1xi64>) -> tensor<3x4xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: groups are ranked in an unknown way
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %gs = onnx.Constant dense<[3, 4, 2]> : tensor<3xi64>
  %g = onnx.Reshape(%p, %gs) : (tensor<3x8xf32>, tensor<3xi64>) -> tensor<3x4x2xf32>
  %gax = onnx.Constant dense<2> : tensor<1xi64>
  %gr = onnx.ReduceMin(%g, %gax) {keepdims = 0 : i64} : (tensor<3x4x2xf32>, tensor<1xi64>) -> tensor<3x4xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: groups are not ranked by the keys that are chosen from
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %gs = onnx.Constant dense<[3, 4, 2]> : tensor<3xi64>
  %g = onnx.Reshape(%t, %gs) : (tensor<3x8xf32>, tensor<3xi64>) -> tensor<3x4x2xf32>
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
