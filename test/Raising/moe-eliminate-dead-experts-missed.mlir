// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Why a layer keeps all its experts: each reason once.
// RUN: moec-opt %s -moe-eliminate-dead-experts=model=%t.onnx -split-input-file -remarks-filter-missed=".*" 2>&1 | FileCheck %s
// RUN: moec-opt %s -moe-eliminate-dead-experts=model=%t.onnx -split-input-file | FileCheck %s --check-prefix=SAME
// SAME-NOT: moe.dead_experts

// CHECK: kept all experts of 'layer': its choices lead to groups of experts already
// Once is enough.
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}, %groups: tensor<4xi32>) -> (tensor<?x4xf32> {onnx.name = "y"}) {
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
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) groups(%groups : tensor<4xi32>) outs(%o, %rr, %ii : tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer"} -> tensor<5xi32>, tensor<?xi32>, tensor<?x2xi32>
    %f = tensor.empty(%r) : tensor<?x4xf32>
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>, tensor<4x8x4xf32>, tensor<4x4x8xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// CHECK: kept all experts of 'layer': the number of its experts is not known
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
    %o = tensor.empty(%t) : tensor<?xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x2xi32>
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) outs(%o, %rr, %ii : tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer"} -> tensor<?xi32>, tensor<?xi32>, tensor<?x2xi32>
    %f = tensor.empty(%r) : tensor<?x4xf32>
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x4xf32>, tensor<?xi32>, tensor<?xi32>, tensor<4x8x4xf32>, tensor<4x4x8xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// CHECK: kept all experts of 'layer': 'tensor.extract' reads its groups
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
    %extracted = tensor.extract %offsets[%c0] : tensor<5xi32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// One whose rows are by chance what counts the groups is no product of the experts.
// CHECK: kept all experts of 'layer': 'moe.grouped_matmul' reads its groups
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
    %h = tensor.empty(%t) : tensor<?x8xf32>
    %u = moe.grouped_matmul ins(%x, %w1 : tensor<?x4xf32>, tensor<4x8x4xf32>) rows(%offsets : tensor<5xi32>) outs(%h : tensor<?x8xf32>) {layout = #moe.layout<nk>, activation = #moe.activation<identity>} -> tensor<?x8xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// CHECK: kept all experts of 'layer': weights of its experts are not known before the run
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}, %w3: tensor<4x4x8xf32>) -> (tensor<?x4xf32> {onnx.name = "y"}) {
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
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w3 : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>, tensor<4x8x4xf32>, tensor<4x4x8xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// CHECK: kept all experts of 'layer': its rows are read by another op than one combination
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
    %z2 = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// CHECK: kept all experts of 'layer': it has no product, or no combination
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
    %y = moe.dispatch ins(%x, %rows, %offsets : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// CHECK: kept all experts of 'layer': its router is made of ordinary nodes
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

// CHECK: kept all experts of 'layer': the selection bias is not known before the run
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

// CHECK: kept all experts of 'layer': two biases are added to the scores
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
    %m = onnx.Gemm(%n, %router, %bias) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
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

// CHECK: kept all experts of 'layer': the router's Gemm scales, or adds what is not known
// alpha
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
    %m = onnx.Gemm(%n, %router, %bias) {alpha = 2.0 : f32, onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %s = onnx.Identity(%m) {onnx.shapes = [#t]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
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

// CHECK: kept all experts of 'layer': the router's Gemm scales, or adds what is not known
// beta
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
    %m = onnx.Gemm(%n, %router, %bias) {beta = 2.0 : f32, onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %s = onnx.Identity(%m) {onnx.shapes = [#t]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
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

// CHECK: kept all experts of 'layer': the router's Gemm scales, or adds what is not known
// transA
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
    %m = onnx.Gemm(%router, %router, %bias) {transA = 1 : i64, onnx.shapes = [affine_map<() -> (4, 4)>]} : (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
    %s = tensor.cast %m : tensor<4x4xf32> to tensor<?x4xf32>
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

// CHECK: kept all experts of 'layer': the router's Gemm scales, or adds what is not known
// C
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
    %m = onnx.Gemm(%n, %router, %c) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %s = onnx.Identity(%m) {onnx.shapes = [#t]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
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

// CHECK: kept all experts of 'layer': the scores are no product by a parameter
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
    %m = onnx.Relu(%n) {onnx.shapes = [#t]} : (tensor<?x4xf32>) -> tensor<?x4xf32>
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

// CHECK: kept all experts of 'layer': the router's weights are not known before the run
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}, %c: tensor<4x4xf32>) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %gain = param.load @gain : tensor<4xf32>
    %router = param.load @router : tensor<4x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %w1 = param.load @w1 : tensor<4x8x4xf32>
    %w2 = param.load @w2 : tensor<4x4x8xf32>
    %n = onnx.SimplifiedLayerNormalization(%x, %gain) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %m = onnx.MatMul(%n, %c) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
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

// CHECK: kept all experts of 'layer': the router's weights are not known before the run
// One column, which the bias makes scores of all experts.
#t = affine_map<()[s0] -> (s0, 4)>
#c = affine_map<()[s0] -> (s0, 1)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @gain : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @router : tensor<4x1xf32> = #param.dense<dense<[[0.1], [0.2], [0.1], [0.3]]> : tensor<4x1xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %gain = param.load @gain : tensor<4xf32>
    %router = param.load @router : tensor<4x1xf32>
    %bias = param.load @bias : tensor<4xf32>
    %w1 = param.load @w1 : tensor<4x8x4xf32>
    %w2 = param.load @w2 : tensor<4x4x8xf32>
    %n = onnx.SimplifiedLayerNormalization(%x, %gain) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %m = onnx.MatMul(%n, %router) {onnx.shapes = [#c]} : (tensor<?x4xf32>, tensor<4x1xf32>) -> tensor<?x1xf32>
    %s = onnx.Add(%m, %bias) {onnx.shapes = [#t]} : (tensor<?x1xf32>, tensor<4xf32>) -> tensor<?x4xf32>
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

// CHECK: kept all experts of 'layer': nothing bounds the router's input
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
    %m = onnx.MatMul(%x, %router) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
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

// CHECK: kept all experts of 'layer': nothing bounds the router's input
// A clip that has an end on one side alone.
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %router = param.load @router : tensor<4x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %w1 = param.load @w1 : tensor<4x8x4xf32>
    %w2 = param.load @w2 : tensor<4x4x8xf32>
    %low = onnx.Constant dense<-1.0> : tensor<f32>
    %high = onnx.Constant dense<0x7F800000> : tensor<f32>
    %n = onnx.Clip(%x, %low, %high) {onnx.shapes = [#t], operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<?x4xf32>, tensor<f32>, tensor<f32>) -> tensor<?x4xf32>
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

// CHECK: kept all experts of 'layer': nothing bounds the router's input
// The means of four rows, one beside each column.
#t = affine_map<()[s0] -> (s0, 4)>
#v = affine_map<()[s0] -> (s0)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0.0, 0.0, 0.0]> : tensor<4xf32>>
  param.decl @w1 : tensor<4x8x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<8x4xf32>>, #param.dense<dense<2.0> : tensor<8x4xf32>>, #param.dense<dense<3.0> : tensor<8x4xf32>>, #param.dense<dense<4.0> : tensor<8x4xf32>>], axis = 0>
  param.decl @w2 : tensor<4x4x8xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<2.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>, #param.dense<dense<1.0> : tensor<4x8xf32>>], axis = 0>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %router = param.load @router : tensor<4x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %w1 = param.load @w1 : tensor<4x8x4xf32>
    %w2 = param.load @w2 : tensor<4x4x8xf32>
    %epsilon = onnx.Constant dense<1.0e-06> : tensor<f32>
    %squares = onnx.Mul(%x, %x) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
    %mean = onnx.ReduceMean(%squares) {keepdims = 0 : i64, onnx.axes = array<i64: -1>, onnx.shapes = [#v]} : (tensor<?x4xf32>) -> tensor<?xf32>
    %sum = onnx.Add(%mean, %epsilon) {onnx.shapes = [#v]} : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
    %root = onnx.Sqrt(%sum) {onnx.shapes = [#v]} : (tensor<?xf32>) -> tensor<?xf32>
    %n = onnx.Div(%x, %root) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<?xf32>) -> tensor<?x4xf32>
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

// CHECK: kept all experts of 'layer': no expert is certain to lose to as many others as are chosen
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

// Masks further in are not read, so those further out prove nothing.
// CHECK: kept all experts of 'layer': more is added to the scores than the bounds have room for
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
    %s1 = onnx.Add(%m, %bias) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %s2 = onnx.Add(%s1, %bias) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %s = onnx.Add(%s2, %bias) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
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

// Nothing but the weights of a router says that in a row of NaN the choice is any.
// CHECK: kept all experts of 'layer': its weights are not those of its router, and a row of NaN may choose any expert
#t = affine_map<()[s0] -> (s0, 4)>
#k = affine_map<()[s0] -> (s0, 2)>
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
    %one = onnx.Constant dense<1.0> : tensor<f32>
    %ones = onnx.Expand(%one) {onnx.shapes = [#k]} : (tensor<f32>) -> tensor<?x2xf32>
    %z = moe.combine ins(%y, %inverse, %ones : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}
