// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: moec-opt %s -moe-eliminate-dead-experts=model=%t.onnx -split-input-file | FileCheck %s
// RUN: moec-opt %s -moe-eliminate-dead-experts=model=%t.onnx -split-input-file -remarks-filter=".*" 2>&1 | FileCheck %s --check-prefix=REMARK

// CHECK: param.decl @w1.kept : tensor<3x8x4xf32> = #param.gather<{{.*}}, axis = 0, indices = [0, 1, 2]>
// CHECK: param.decl @{{.*}}.groups : tensor<4xi32> = #param.dense<dense<[0, 1, 2, 0]>
// CHECK: %[[GROUPS:.*]] = param.load @{{.*}}.groups
// CHECK: moe.plan ins(%{{.*}}) groups(%[[GROUPS]] : tensor<4xi32>)
// CHECK-SAME: outs(%{{.*}} : tensor<4xi32>
// CHECK-SAME: moe.dead_experts = [{cause = "duplicate", expert = 3 : i64, of = 0 : i64}]
// CHECK: moe.expert_ffn ins({{.*}} tensor<4xi32>, tensor<3x8x4xf32>, tensor<3x4x8xf32>)
// Every choice still leads to somebody.
// CHECK: moe.combine {{.*}} {moe.layer = "layer", onnx.shapes = [#map]} ->
// REMARK: RemovedExperts{{.*}}removed 1 of the 4 experts of 'layer': 1 duplicate; 64 parameters fewer
// An expert like another leads to the other.
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<1.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %gain = param.load @gain : tensor<4xf32>
    %router = param.load @router : tensor<4x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %w1 = param.load @w1 : tensor<4x8x4xf32>
    %w2 = param.load @w2 : tensor<4x4x8xf32>
    %n = onnx.SimplifiedLayerNormalization(%x, %gain) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %m = onnx.MatMul(%n, %router) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
    %s = onnx.Add(%m, %bias) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %t = tensor.dim %x, %c0 : tensor<?x4xf32>
    %r = arith.muli %t, %c2 : index
    %e0 = tensor.empty(%t) : tensor<?x2xf32>
    %e1 = tensor.empty(%t) : tensor<?x2xi32>
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
    %o = tensor.empty() : tensor<5xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x2xi32>
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) outs(%o, %rr, %ii : tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer"} -> tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>
    %f = tensor.empty(%r) : tensor<?x4xf32>
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>, tensor<4x8x4xf32>, tensor<4x4x8xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// CHECK: dense<[0, -1, 1, 2]>
// CHECK: cause = "zero", expert = 1 : i64
// CHECK: moe.combine {{.*}} propagate_nan
// REMARK: 1 zero
// A choice of an expert that gives zero leads nowhere, and NaN stays NaN.
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<0.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %gain = param.load @gain : tensor<4xf32>
    %router = param.load @router : tensor<4x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %w1 = param.load @w1 : tensor<4x8x4xf32>
    %w2 = param.load @w2 : tensor<4x4x8xf32>
    %n = onnx.SimplifiedLayerNormalization(%x, %gain) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %m = onnx.MatMul(%n, %router) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
    %s = onnx.Add(%m, %bias) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %t = tensor.dim %x, %c0 : tensor<?x4xf32>
    %r = arith.muli %t, %c2 : index
    %e0 = tensor.empty(%t) : tensor<?x2xf32>
    %e1 = tensor.empty(%t) : tensor<?x2xi32>
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
    %o = tensor.empty() : tensor<5xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x2xi32>
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) outs(%o, %rr, %ii : tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer"} -> tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>
    %f = tensor.empty(%r) : tensor<?x4xf32>
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>, tensor<4x8x4xf32>, tensor<4x4x8xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// CHECK: cause = "zero", expert = 1 : i64
// CHECK: moe.combine {{.*}} {moe.layer = "layer", onnx.shapes = [#map]} ->
// A router that drops the choices of such a row has no NaN to keep.
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<0.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %gain = param.load @gain : tensor<4xf32>
    %router = param.load @router : tensor<4x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %w1 = param.load @w1 : tensor<4x8x4xf32>
    %w2 = param.load @w2 : tensor<4x4x8xf32>
    %n = onnx.SimplifiedLayerNormalization(%x, %gain) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %m = onnx.MatMul(%n, %router) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
    %s = onnx.Add(%m, %bias) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %t = tensor.dim %x, %c0 : tensor<?x4xf32>
    %r = arith.muli %t, %c2 : index
    %e0 = tensor.empty(%t) : tensor<?x2xf32>
    %e1 = tensor.empty(%t) : tensor<?x2xi32>
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
    %o = tensor.empty() : tensor<5xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x2xi32>
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) outs(%o, %rr, %ii : tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer"} -> tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>
    %f = tensor.empty(%r) : tensor<?x4xf32>
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>, tensor<4x8x4xf32>, tensor<4x4x8xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// CHECK: [{beaten_by = [], bound = "rms_norm", cause = "masked", expert = 2 : i64, half_width = {{.*}}, margins = [], radius = 2.0{{.*}}}]
// REMARK: 1 masked
// A probability of zero.
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0xFF800000, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %gain = param.load @gain : tensor<4xf32>
    %router = param.load @router : tensor<4x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %w1 = param.load @w1 : tensor<4x8x4xf32>
    %w2 = param.load @w2 : tensor<4x4x8xf32>
    %n = onnx.SimplifiedLayerNormalization(%x, %gain) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %m = onnx.MatMul(%n, %router) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
    %s = onnx.Add(%m, %bias) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %t = tensor.dim %x, %c0 : tensor<?x4xf32>
    %r = arith.muli %t, %c2 : index
    %e0 = tensor.empty(%t) : tensor<?x2xf32>
    %e1 = tensor.empty(%t) : tensor<?x2xi32>
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
    %o = tensor.empty() : tensor<5xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x2xi32>
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) outs(%o, %rr, %ii : tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer"} -> tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>
    %f = tensor.empty(%r) : tensor<?x4xf32>
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>, tensor<4x8x4xf32>, tensor<4x4x8xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// CHECK: cause = "masked", expert = 2 : i64
// A finite mask, and a bound.
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, -1.0e9, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %gain = param.load @gain : tensor<4xf32>
    %router = param.load @router : tensor<4x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %w1 = param.load @w1 : tensor<4x8x4xf32>
    %w2 = param.load @w2 : tensor<4x4x8xf32>
    %n = onnx.SimplifiedLayerNormalization(%x, %gain) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %m = onnx.MatMul(%n, %router) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
    %s = onnx.Add(%m, %bias) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %t = tensor.dim %x, %c0 : tensor<?x4xf32>
    %r = arith.muli %t, %c2 : index
    %e0 = tensor.empty(%t) : tensor<?x2xf32>
    %e1 = tensor.empty(%t) : tensor<?x2xi32>
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
    %o = tensor.empty() : tensor<5xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x2xi32>
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) outs(%o, %rr, %ii : tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer"} -> tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>
    %f = tensor.empty(%r) : tensor<?x4xf32>
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>, tensor<4x8x4xf32>, tensor<4x4x8xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// CHECK: beaten_by = [0, 1, 3], bound = "rms_norm", cause = "unreachable", expert = 2 : i64, half_width = 0.0{{.*}}, margins = [{{[0-9.e+-]+, [0-9.e+-]+, [0-9.e+-]+}}], radius
// REMARK: 1 unreachable
// Rows that differ by less than the bias.
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.4, 0.41, 0.4, 0.4], [0.2, 0.2, 0.2, 0.21], [0.1, 0.1, 0.1, 0.1], [0.3, 0.3, 0.31, 0.3]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, -0.5, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %gain = param.load @gain : tensor<4xf32>
    %router = param.load @router : tensor<4x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %w1 = param.load @w1 : tensor<4x8x4xf32>
    %w2 = param.load @w2 : tensor<4x4x8xf32>
    %n = onnx.SimplifiedLayerNormalization(%x, %gain) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %m = onnx.MatMul(%n, %router) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
    %s = onnx.Add(%m, %bias) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %t = tensor.dim %x, %c0 : tensor<?x4xf32>
    %r = arith.muli %t, %c2 : index
    %e0 = tensor.empty(%t) : tensor<?x2xf32>
    %e1 = tensor.empty(%t) : tensor<?x2xi32>
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
    %o = tensor.empty() : tensor<5xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x2xi32>
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) outs(%o, %rr, %ii : tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer"} -> tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>
    %f = tensor.empty(%r) : tensor<?x4xf32>
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>, tensor<4x8x4xf32>, tensor<4x4x8xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// Chosen by scores, weighted by other numbers: whom nobody chooses is dead, and the router keeps no NaN.
// CHECK: moe.plan {{.*}}cause = "unreachable", expert = 2
// CHECK: moe.combine {{.*}} {moe.layer = "layer", onnx.shapes = [#map]} ->
// REMARK: 1 unreachable
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.4, 0.41, 0.4, 0.4], [0.2, 0.2, 0.2, 0.21], [0.1, 0.1, 0.1, 0.1], [0.3, 0.3, 0.31, 0.3]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, -0.5, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}, %values: tensor<?x4xf32>) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %gain = param.load @gain : tensor<4xf32>
    %router = param.load @router : tensor<4x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %w1 = param.load @w1 : tensor<4x8x4xf32>
    %w2 = param.load @w2 : tensor<4x4x8xf32>
    %n = onnx.SimplifiedLayerNormalization(%x, %gain) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %m = onnx.MatMul(%n, %router) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
    %s = onnx.Add(%m, %bias) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %t = tensor.dim %x, %c0 : tensor<?x4xf32>
    %r = arith.muli %t, %c2 : index
    %e0 = tensor.empty(%t) : tensor<?x2xf32>
    %e1 = tensor.empty(%t) : tensor<?x2xi32>
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
    %v0 = tensor.empty(%t) : tensor<?x2xf32>
    %v1 = tensor.empty(%t) : tensor<?x2xi32>
    %weights, %kept = moe.reweigh ins(%values, %ids : tensor<?x4xf32>, tensor<?x2xi32>) outs(%v0, %v1 : tensor<?x2xf32>, tensor<?x2xi32>) -> tensor<?x2xf32>, tensor<?x2xi32>
    %o = tensor.empty() : tensor<5xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x2xi32>
    %offsets, %rows, %inverse = moe.plan ins(%kept : tensor<?x2xi32>) outs(%o, %rr, %ii : tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer"} -> tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>
    %f = tensor.empty(%r) : tensor<?x4xf32>
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>, tensor<4x8x4xf32>, tensor<4x4x8xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %weights : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// But a score of -inf does not make such a weight zero.
// CHECK: moe.reweigh
// CHECK: moe.plan ins(%{{.*}}) outs
// REMARK: kept all experts
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.4, 0.41, 0.4, 0.4], [0.2, 0.2, 0.2, 0.21], [0.1, 0.1, 0.1, 0.1], [0.3, 0.3, 0.31, 0.3]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0xFF800000, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}, %values: tensor<?x4xf32>) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %gain = param.load @gain : tensor<4xf32>
    %router = param.load @router : tensor<4x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %w1 = param.load @w1 : tensor<4x8x4xf32>
    %w2 = param.load @w2 : tensor<4x4x8xf32>
    %n = onnx.SimplifiedLayerNormalization(%x, %gain) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %m = onnx.MatMul(%n, %router) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
    %s = onnx.Add(%m, %bias) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %t = tensor.dim %x, %c0 : tensor<?x4xf32>
    %r = arith.muli %t, %c2 : index
    %e0 = tensor.empty(%t) : tensor<?x2xf32>
    %e1 = tensor.empty(%t) : tensor<?x2xi32>
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
    %v0 = tensor.empty(%t) : tensor<?x2xf32>
    %v1 = tensor.empty(%t) : tensor<?x2xi32>
    %weights, %kept = moe.reweigh ins(%values, %ids : tensor<?x4xf32>, tensor<?x2xi32>) outs(%v0, %v1 : tensor<?x2xf32>, tensor<?x2xi32>) -> tensor<?x2xf32>, tensor<?x2xi32>
    %o = tensor.empty() : tensor<5xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x2xi32>
    %offsets, %rows, %inverse = moe.plan ins(%kept : tensor<?x2xi32>) outs(%o, %rr, %ii : tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer"} -> tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>
    %f = tensor.empty(%r) : tensor<?x4xf32>
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>, tensor<4x8x4xf32>, tensor<4x4x8xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %weights : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}
