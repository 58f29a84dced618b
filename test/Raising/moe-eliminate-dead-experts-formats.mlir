// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: moec-opt %s -moe-eliminate-dead-experts=model=%t.onnx -split-input-file | FileCheck %s

// Weights that only the scale of their expert scales: a bias of zero makes no
// expert zero, the scale together with it does.

// CHECK-LABEL: func.func @main
// CHECK-NOT: moe.dead_experts
// CHECK: moe.combine
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @scale1 : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @scale2 : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @bias : tensor<4x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4xf32>>, #param.dense<dense<0.0> : tensor<4xf32>>, #param.dense<dense<1.0> : tensor<4xf32>>, #param.dense<dense<1.0> : tensor<4xf32>>], axis = 0>
  param.decl @w1 : tensor<4x4x4xf8E4M3FN> = #param.stack<[#param.dense<dense<1.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<2.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<3.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<4.0> : tensor<4x4xf8E4M3FN>>], axis = 0>
  param.decl @w2 : tensor<4x4x4xf8E4M3FN> = #param.stack<[#param.dense<dense<1.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<2.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<3.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<4.0> : tensor<4x4xf8E4M3FN>>], axis = 0>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %scale1 = param.load @scale1 : tensor<4xf32>
    %scale2 = param.load @scale2 : tensor<4xf32>
    %bias = param.load @bias : tensor<4x4xf32>
    %w1 = param.load @w1 : tensor<4x4x4xf8E4M3FN>
    %w2 = param.load @w2 : tensor<4x4x4xf8E4M3FN>
    %router = param.load @router : tensor<4x4xf32>
    %s = onnx.MatMul(%x, %router) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
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
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>, tensor<4x4x4xf8E4M3FN>, tensor<4x4x4xf8E4M3FN>) bias2(%bias : tensor<4x4xf32>) global_scales1(%scale1 : tensor<4xf32>) global_scales2(%scale2 : tensor<4xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, quant = #moe.minifloat<kind = e4m3>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: moe.plan {{.*}}cause = "zero", expert = 1 : i64
// CHECK: global_scales{{.*}} : tensor<3xf32>
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @scale1 : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @scale2 : tensor<4xf32> = #param.dense<dense<[1.0, 0.0, 1.0, 1.0]> : tensor<4xf32>>
  param.decl @bias : tensor<4x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4xf32>>, #param.dense<dense<0.0> : tensor<4xf32>>, #param.dense<dense<1.0> : tensor<4xf32>>, #param.dense<dense<1.0> : tensor<4xf32>>], axis = 0>
  param.decl @w1 : tensor<4x4x4xf8E4M3FN> = #param.stack<[#param.dense<dense<1.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<2.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<3.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<4.0> : tensor<4x4xf8E4M3FN>>], axis = 0>
  param.decl @w2 : tensor<4x4x4xf8E4M3FN> = #param.stack<[#param.dense<dense<1.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<2.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<3.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<4.0> : tensor<4x4xf8E4M3FN>>], axis = 0>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %scale1 = param.load @scale1 : tensor<4xf32>
    %scale2 = param.load @scale2 : tensor<4xf32>
    %bias = param.load @bias : tensor<4x4xf32>
    %w1 = param.load @w1 : tensor<4x4x4xf8E4M3FN>
    %w2 = param.load @w2 : tensor<4x4x4xf8E4M3FN>
    %router = param.load @router : tensor<4x4xf32>
    %s = onnx.MatMul(%x, %router) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
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
    %y = moe.expert_ffn ins(%x, %rows, %offsets, %w1, %w2 : tensor<?x4xf32>, tensor<?xi32>, tensor<5xi32>, tensor<4x4x4xf8E4M3FN>, tensor<4x4x4xf8E4M3FN>) bias2(%bias : tensor<4x4xf32>) global_scales1(%scale1 : tensor<4xf32>) global_scales2(%scale2 : tensor<4xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, quant = #moe.minifloat<kind = e4m3>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// CHECK-LABEL: func.func @main
// CHECK-NOT: moe.dead_experts
// CHECK: moe.combine
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @scale1 : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @scale2 : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @bias : tensor<4x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4xf32>>, #param.dense<dense<0.0> : tensor<4xf32>>, #param.dense<dense<1.0> : tensor<4xf32>>, #param.dense<dense<1.0> : tensor<4xf32>>], axis = 0>
  param.decl @w1 : tensor<4x4x4xf8E4M3FN> = #param.stack<[#param.dense<dense<1.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<2.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<3.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<4.0> : tensor<4x4xf8E4M3FN>>], axis = 0>
  param.decl @w2 : tensor<4x4x4xf8E4M3FN> = #param.stack<[#param.dense<dense<1.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<2.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<3.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<4.0> : tensor<4x4xf8E4M3FN>>], axis = 0>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %scale1 = param.load @scale1 : tensor<4xf32>
    %scale2 = param.load @scale2 : tensor<4xf32>
    %bias = param.load @bias : tensor<4x4xf32>
    %w1 = param.load @w1 : tensor<4x4x4xf8E4M3FN>
    %w2 = param.load @w2 : tensor<4x4x4xf8E4M3FN>
    %router = param.load @router : tensor<4x4xf32>
    %s = onnx.MatMul(%x, %router) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
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
    %h = moe.grouped_matmul ins(%x, %w1, %offsets : tensor<?x4xf32>, tensor<4x4x4xf8E4M3FN>, tensor<5xi32>) rows(%rows : tensor<?xi32>) global_scales(%scale1 : tensor<4xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, layout = #moe.layout<nk>, quant = #moe.minifloat<kind = e4m3>, moe.layer = "layer"} -> tensor<?x4xf32>
    %y = moe.grouped_matmul ins(%h, %w2, %offsets : tensor<?x4xf32>, tensor<4x4x4xf8E4M3FN>, tensor<5xi32>) bias(%bias : tensor<4x4xf32>) global_scales(%scale2 : tensor<4xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.minifloat<kind = e4m3>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}

// -----

// CHECK-LABEL: func.func @main
// CHECK: moe.plan {{.*}}cause = "zero", expert = 1 : i64
// CHECK: global_scales{{.*}} : tensor<3xf32>
#t = affine_map<()[s0] -> (s0, 4)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @scale1 : tensor<4xf32> = #param.dense<dense<1.0> : tensor<4xf32>>
  param.decl @scale2 : tensor<4xf32> = #param.dense<dense<[1.0, 0.0, 1.0, 1.0]> : tensor<4xf32>>
  param.decl @bias : tensor<4x4xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<4xf32>>, #param.dense<dense<0.0> : tensor<4xf32>>, #param.dense<dense<1.0> : tensor<4xf32>>, #param.dense<dense<1.0> : tensor<4xf32>>], axis = 0>
  param.decl @w1 : tensor<4x4x4xf8E4M3FN> = #param.stack<[#param.dense<dense<1.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<2.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<3.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<4.0> : tensor<4x4xf8E4M3FN>>], axis = 0>
  param.decl @w2 : tensor<4x4x4xf8E4M3FN> = #param.stack<[#param.dense<dense<1.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<2.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<3.0> : tensor<4x4xf8E4M3FN>>, #param.dense<dense<4.0> : tensor<4x4xf8E4M3FN>>], axis = 0>
  param.decl @router : tensor<4x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4], [0.1, 0.3, 0.2, 0.1], [0.3, 0.1, 0.1, 0.2]]> : tensor<4x4xf32>>
  func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.shape = #t}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %scale1 = param.load @scale1 : tensor<4xf32>
    %scale2 = param.load @scale2 : tensor<4xf32>
    %bias = param.load @bias : tensor<4x4xf32>
    %w1 = param.load @w1 : tensor<4x4x4xf8E4M3FN>
    %w2 = param.load @w2 : tensor<4x4x4xf8E4M3FN>
    %router = param.load @router : tensor<4x4xf32>
    %s = onnx.MatMul(%x, %router) {onnx.shapes = [#t]} : (tensor<?x4xf32>, tensor<4x4xf32>) -> tensor<?x4xf32>
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
    %h = moe.grouped_matmul ins(%x, %w1, %offsets : tensor<?x4xf32>, tensor<4x4x4xf8E4M3FN>, tensor<5xi32>) rows(%rows : tensor<?xi32>) global_scales(%scale1 : tensor<4xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<relu>, layout = #moe.layout<nk>, quant = #moe.minifloat<kind = e4m3>, moe.layer = "layer"} -> tensor<?x4xf32>
    %y = moe.grouped_matmul ins(%h, %w2, %offsets : tensor<?x4xf32>, tensor<4x4x4xf8E4M3FN>, tensor<5xi32>) bias(%bias : tensor<4x4xf32>) global_scales(%scale2 : tensor<4xf32>) outs(%f : tensor<?x4xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.minifloat<kind = e4m3>, moe.layer = "layer"} -> tensor<?x4xf32>
    %g = tensor.empty(%t) : tensor<?x4xf32>
    %z = moe.combine ins(%y, %inverse, %w : tensor<?x4xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x4xf32>) {onnx.shapes = [#t], moe.layer = "layer"} -> tensor<?x4xf32>
    return %z : tensor<?x4xf32>
  }
}
