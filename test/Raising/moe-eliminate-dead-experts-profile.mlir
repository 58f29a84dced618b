// Experts that a profile hardly ever saw: masked where the router can be, or why not.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: echo '{"moe_layers": [{"name": "layer", "expert_tokens": [50, 3, 46, 1], "expert_weight": [5, 2, 2, 1]}]}' > %t.json
// RUN: moec-opt %s -moe-eliminate-dead-experts="model=%t.onnx expert-profile=%t.json drop-below=0.1" -split-input-file | FileCheck %s
// RUN: moec-opt %s -moe-eliminate-dead-experts="model=%t.onnx expert-profile=%t.json drop-below=0.1" -split-input-file -remarks-filter=".*" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// REMARK: removed 2 of the 4 experts of 'layer': 2 profile
// CHECK: param.decl @selection : tensor<4xf32> = #param.dense<dense<[0.000000e+00, 0xFF800000, 0.000000e+00, 0xFF800000]>
// CHECK: moe.route ins(%{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4xf32>)
// CHECK: [{cause = "profile", expert = 1 : i64, share = 3.0{{0*}}e-02 : f64, weight_share = 2.0{{0*}}e-01 : f64}, {cause = "profile", expert = 3 : i64
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
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

// A selection bias that is there already.
// REMARK: removed 2 of the 4 experts of 'layer': 2 profile
// CHECK: #param.dense<dense<[1.000000e-01, 0xFF800000, 3.000000e-01, 0xFF800000]>
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  param.decl @c : tensor<4xf32> = #param.dense<dense<[0.1, 0.2, 0.3, 0.4]> : tensor<4xf32>>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %c = param.load @c : tensor<4xf32>
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
    %w, %ids = moe.route ins(%s, %c : tensor<?x4xf32>, tensor<4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
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

// As many stay as are chosen, and in whichever group: of {1, 3} the rarer goes.
// REMARK: removed 1 of the 4 experts of 'layer': 1 profile
// CHECK: cause = "profile", expert = 3
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 3 : index
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
    %e0 = tensor.empty(%t) : tensor<?x3xf32>
    %e1 = tensor.empty(%t) : tensor<?x3xi32>
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x3xf32>, tensor<?x3xi32>) {score = #moe.score<softmax_all>, groups = 2 : i64, groups_kept = 2 : i64, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x3xf32>, tensor<?x3xi32>
    %o = tensor.empty() : tensor<5xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x3xi32>
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x3xi32>) outs(%o, %rr, %ii : tensor<5xi32>, tensor<?xi32>, tensor<?x3xi32>) {moe.layer = "layer"} -> tensor<5xi32>, tensor<?xi32>, tensor<?x3xi32>
    %f = tensor.empty(%r) : tensor<?x4xf32>
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>, tensor<4x8x4xf32>, tensor<4x4x8xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x3xi32>, tensor<?x3xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// One of the two groups stays, whichever: nobody can go.
// REMARK: kept all experts of 'layer': the profile drops none of them: as many must stay as are chosen
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
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
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, groups = 2 : i64, groups_kept = 1 : i64, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
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

// REMARK: kept all experts of 'layer': the profile drops none of them: a sparse mixer has no selection to mask
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
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
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<sparse_mixer>, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
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

// REMARK: kept all experts of 'layer': the profile drops none of them: another op reads what its router chooses
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
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
    %one = tensor.extract %ids[%c0, %c0] : tensor<?x2xi32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// REMARK: kept all experts of 'layer': the profile drops none of them: the selection bias is not known before the run
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}, %c: tensor<4xf32>) -> (tensor<?x4xf32> {onnx.name = "y"}) {
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
    %w, %ids = moe.route ins(%s, %c : tensor<?x4xf32>, tensor<4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
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

// REMARK: kept all experts of 'layer': the profile drops none of them: its router is made of ordinary nodes
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}, %w: tensor<?x2xf32>, %ids: tensor<?x2xi32>) -> (tensor<?x4xf32> {onnx.name = "y"}) {
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

// Whom only one beats that goes now: expert 2, which is frequent, stays.
// CHECK: dense<[0, -1, 1, -1]>
// REMARK: removed 2 of the 4 experts of 'layer': 2 profile
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[1.0, 0.4, 0.4, 0.0], [0.0, 0.2, 0.2, 1.0], [0.0, 0.1, 0.1, 0.0], [0.0, 0.3, 0.3, 0.0]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, -0.5, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 1 : index
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
    %e0 = tensor.empty(%t) : tensor<?x1xf32>
    %e1 = tensor.empty(%t) : tensor<?x1xi32>
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x1xf32>, tensor<?x1xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x1xf32>, tensor<?x1xi32>
    %o = tensor.empty() : tensor<5xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x1xi32>
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x1xi32>) outs(%o, %rr, %ii : tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>) {moe.layer = "layer"} -> tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>
    %f = tensor.empty(%r) : tensor<?x4xf32>
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>, tensor<4x8x4xf32>, tensor<4x4x8xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x1xi32>, tensor<?x1xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// Who is masked in a group that goes gets the fill: behind all that stay, or not.
// REMARK: removed 2 of the 4 experts of 'layer': 2 profile
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  param.decl @c : tensor<4xf32> = #param.dense<dense<[0.1, 0.2, 0.3, 0.4]> : tensor<4xf32>>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %c = param.load @c : tensor<4xf32>
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
    %w, %ids = moe.route ins(%s, %c : tensor<?x4xf32>, tensor<4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, groups = 2 : i64, groups_kept = 2 : i64, group_fill = 0.0 : f32, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
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

// REMARK: kept all experts of 'layer': the profile drops none of them: its groups fill keys with a number that others may be below
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  param.decl @c : tensor<4xf32> = #param.dense<dense<[-0.1, 0.2, 0.3, 0.4]> : tensor<4xf32>>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %c = param.load @c : tensor<4xf32>
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
    %w, %ids = moe.route ins(%s, %c : tensor<?x4xf32>, tensor<4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, groups = 2 : i64, groups_kept = 2 : i64, group_fill = 0.0 : f32, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
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

// REMARK: kept all experts of 'layer': the profile drops none of them: its groups fill keys with a number that others may be below
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  param.decl @c : tensor<4xf32> = #param.dense<dense<[0.1, 0.2, 0.3, 0.4]> : tensor<4xf32>>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %c = param.load @c : tensor<4xf32>
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
    %w, %ids = moe.route ins(%s, %c : tensor<?x4xf32>, tensor<4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<none>, groups = 2 : i64, groups_kept = 2 : i64, group_fill = 0.0 : f32, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
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
