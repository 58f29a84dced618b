// RUN: moec-opt %s --raise-routers --split-input-file --remarks-filter=raise-routers --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s
// RUN: moec-opt %s --raise-routers --split-input-file | FileCheck %s --check-prefix=NONE

// Routers whose weights are others, one for each reason.
// NONE-NOT: moe.route

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %flat = onnx.Constant dense<[1, 6]> : tensor<2xi64>
  %vf = onnx.Reshape(%v, %flat) : (tensor<3x2xf32>, tensor<2xi64>) -> tensor<1x6xf32>
  %sum = onnx.ReduceSum(%vf, %ax) {keepdims = 1 : i64} : (tensor<1x6xf32>, tensor<1xi64>) -> tensor<1x1xf32>
  %wf = onnx.Div(%vf, %sum) : (tensor<1x6xf32>, tensor<1x1xf32>) -> tensor<1x6xf32>
  %ws = onnx.Constant dense<[3, 2]> : tensor<2xi64>
  %w = onnx.Reshape(%wf, %ws) : (tensor<1x6xf32>, tensor<2xi64>) -> tensor<3x2xf32>
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
  %is = onnx.Constant dense<[1, 6]> : tensor<2xi64>
  %i1 = onnx.Reshape(%ids, %is) : (tensor<3x2xi64>, tensor<2xi64>) -> tensor<1x6xi64>
  %w1 = onnx.GatherElements(%p, %i1) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1x6xi64>) -> tensor<1x6xf32>
  %ws = onnx.Constant dense<[3, 2]> : tensor<2xi64>
  %w = onnx.Reshape(%w1, %ws) : (tensor<1x6xf32>, tensor<2xi64>) -> tensor<3x2xf32>
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
  %c = onnx.Constant dense<0.5> : tensor<f32>
  %x = onnx.Constant dense<4.0> : tensor<f32>
  %d = onnx.Clip(%sum, %c, %x) {operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<3x1xf32>, tensor<f32>, tensor<f32>) -> tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceSum(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %x = onnx.Constant dense<0x7F800000> : tensor<f32>
  %d = onnx.Clip(%sum, %x) {operandSegmentSizes = array<i32: 1, 0, 1>} : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceSum(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %c = onnx.Constant dense<0x7F800000> : tensor<f32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceSum(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %c = onnx.Constant dense<0.5> : tensor<f32>
  %x = onnx.Constant dense<4.0> : tensor<f32>
  %d = onnx.Max(%sum, %c, %x) : (tensor<3x1xf32>, tensor<f32>, tensor<f32>) -> tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: weights whose sum may be infinite are divided by a clipped sum
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %v, %ids = onnx.TopK(%s, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceSum(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %c = onnx.Constant dense<0.5> : tensor<f32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %n = onnx.Constant dense<3.0> : tensor<f32>
  %pw = onnx.Pow(%v, %n) : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %a = onnx.Abs(%v) : (tensor<3x2xf32>) -> tensor<3x2xf32>
  %n = onnx.Constant dense<3.0> : tensor<f32>
  %pw = onnx.Pow(%a, %n) : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  %sum = onnx.ReduceSum(%pw, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %o = onnx.Constant dense<0.5> : tensor<f32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceSum(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  %o = onnx.Constant dense<-1.0> : tensor<f32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceL2(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceL1(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %sum = onnx.ReduceSum(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %d = onnx.ReduceSumSquare(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %d = onnx.ReduceMax(%v, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %ax = onnx.Constant dense<1> : tensor<1xi64>
  %t2 = onnx.Exp(%v) : (tensor<3x2xf32>) -> tensor<3x2xf32>
  %d = onnx.ReduceL2(%t2, %ax) {keepdims = 1 : i64} : (tensor<3x2xf32>, tensor<1xi64>) -> tensor<3x1xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
param.decl @b : tensor<8xf32> = #param.file<"m.onnx", 0, 32>
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %b = param.load @b : tensor<8xf32>
  %o = onnx.Constant dense<1> : tensor<3x2xi64>
  %f = onnx.Gather(%b, %o) {axis = 0 : i64} : (tensor<8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %row = onnx.Constant dense<0> : tensor<i64>
  %bt = onnx.Gather(%t, %row) {axis = 0 : i64} : (tensor<3x8xf32>, tensor<i64>) -> tensor<8xf32>
  %f = onnx.Gather(%bt, %ids) {axis = 0 : i64} : (tensor<8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
param.decl @b : tensor<9xf32> = #param.file<"m.onnx", 0, 36>
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %b = param.load @b : tensor<9xf32>
  %f = onnx.Gather(%b, %ids) {axis = 0 : i64} : (tensor<9xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
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

// CHECK: left the router of 'L' as it is: the match stopped{{.*}}: its weights are not of what is chosen
param.decl @b : tensor<8xf32> = #param.file<"m.onnx", 0, 32>
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %b = param.load @b : tensor<8xf32>
  %f = onnx.Gather(%b, %ids) {axis = 0 : i64} : (tensor<8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
  %w1 = onnx.Mul(%v, %f) : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %w = onnx.Mul(%w1, %f) : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
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
param.decl @b : tensor<8xf32> = #param.file<"m.onnx", 0, 32>
func.func @main(%s: tensor<3x8xf32>, %t: tensor<3x8xf32>, %y: tensor<6x4xf32>) -> tensor<3x4xf32> {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %p = onnx.Softmax(%s) {axis = 1 : i64} : (tensor<3x8xf32>) -> tensor<3x8xf32>
  %v, %ids = onnx.TopK(%p, %k) {axis = 1 : i64} : (tensor<3x8xf32>, tensor<1xi64>) -> (tensor<3x2xf32>, tensor<3x2xi64>)
  %b = param.load @b : tensor<8xf32>
  %f = onnx.Gather(%b, %ids) {axis = 0 : i64} : (tensor<8xf32>, tensor<3x2xi64>) -> tensor<3x2xf32>
  %w = onnx.Div(%v, %f) : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %id = onnx.Cast(%ids) {to = i32} : (tensor<3x2xi64>) -> tensor<3x2xi32>
  %e0 = tensor.empty() : tensor<9xi32>
  %e1 = tensor.empty() : tensor<6xi32>
  %e2 = tensor.empty() : tensor<3x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<9xi32>, tensor<6xi32>, tensor<3x2xi32>
  %e3 = tensor.empty() : tensor<3x4xf32>
  %out = moe.combine ins(%y, %inverse, %w : tensor<6x4xf32>, tensor<3x2xi32>, tensor<3x2xf32>) outs(%e3 : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %out : tensor<3x4xf32>
}
