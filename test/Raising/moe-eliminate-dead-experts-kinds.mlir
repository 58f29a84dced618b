// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Experts of several kinds: each kind has a plan, and loses its own.
// RUN: moec-opt %s -moe-eliminate-dead-experts=model=%t.onnx -split-input-file | FileCheck %s
// RUN: moec-opt %s -moe-eliminate-dead-experts=model=%t.onnx -split-input-file -remarks-filter=".*" -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// The second of a kind is the first one's equal; that of another kind, with the same weights, is not. What has no dead
// expert stays as it is.
// REMARK: removed 1 of the 4 experts of 'layer': 1 duplicate; 4 parameters fewer
// CHECK-LABEL: module attributes
// CHECK: param.decl @[[KEPT:.*]] : tensor<1x2x2xf32> = #param.gather<{{.*}}, axis = 0, indices = [0]>
// CHECK: param.decl @[[GROUPS:.*]] : tensor<4xi32> = #param.dense<dense<[0, -1, 0, -1]> : tensor<4xi32>>
// CHECK: %[[GROUPS0:.*]] = param.load @[[GROUPS]]
// CHECK: moe.plan {{.*}} groups(%[[GROUPS0]] : tensor<4xi32>) {{.*}} {moe.dead_experts = [{cause = "duplicate", expert = 2 : i64, of = 0 : i64}], moe.layer = "layer", moe.own_experts = array<i64: 0, 2>} -> tensor<2xi32>
// CHECK: %[[LEFT:.*]] = param.load @[[KEPT]]
// CHECK: moe.grouped_matmul ins(%{{.*}}, %[[LEFT]],
// CHECK: %[[GROUPS1:.*]] = param.load @g1
// CHECK: moe.plan {{.*}} groups(%[[GROUPS1]] : tensor<4xi32>) {{.*}} {moe.layer = "layer", moe.own_experts = array<i64: 1, 3>} -> tensor<3xi32>
#e = affine_map<()[s0] -> (s0, 4)>
#t = affine_map<()[s0] -> (s0, 2)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @bias : tensor<4xf32> = #param.dense<dense<0.0> : tensor<4xf32>>
  param.decl @router : tensor<2x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4]]> : tensor<2x4xf32>>
  param.decl @g0 : tensor<4xi32> = #param.dense<dense<[0, -1, 1, -1]> : tensor<4xi32>>
  param.decl @g1 : tensor<4xi32> = #param.dense<dense<[-1, 0, -1, 1]> : tensor<4xi32>>
  param.decl @w0 : tensor<2x2x2xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<2x2xf32>>, #param.dense<dense<1.0> : tensor<2x2xf32>>], axis = 0>
  param.decl @w1 : tensor<2x2x2xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<2x2xf32>>, #param.dense<dense<3.0> : tensor<2x2xf32>>], axis = 0>
  func.func @main(%x: tensor<?x2xf32> {onnx.name = "x", onnx.shape = #t}, %other: tensor<?x2xf32> {onnx.name = "other", onnx.shape = #t}) -> (tensor<?x2xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %router = param.load @router : tensor<2x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %m = onnx.MatMul(%x, %router) {onnx.shapes = [#e]} : (tensor<?x2xf32>, tensor<2x4xf32>) -> tensor<?x4xf32>
    %s = onnx.Add(%m, %bias) {onnx.shapes = [#e]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %t = tensor.dim %x, %c0 : tensor<?x2xf32>
    %r = arith.muli %t, %c2 : index
    %e0 = tensor.empty(%t) : tensor<?x2xf32>
    %e1 = tensor.empty(%t) : tensor<?x2xi32>
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
    %o = tensor.empty() : tensor<3xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x2xi32>
    %f = tensor.empty(%r) : tensor<?x2xf32>
    %g = tensor.empty(%t) : tensor<?x2xf32>
    %g0 = param.load @g0 : tensor<4xi32>
    %w0 = param.load @w0 : tensor<2x2x2xf32>
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) groups(%g0 : tensor<4xi32>) outs(%o, %rr, %ii : tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer", moe.own_experts = array<i64: 0, 2>} -> tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>
    %p = moe.grouped_matmul ins(%x, %w0, %offsets : tensor<?x2xf32>, tensor<2x2x2xf32>, tensor<3xi32>) rows(%rows : tensor<?xi32>) outs(%f : tensor<?x2xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>, moe.layer = "layer"} -> tensor<?x2xf32>
    %y0 = moe.combine ins(%p, %inverse, %w : tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x2xf32>) {moe.layer = "layer", onnx.shapes = [#t]} -> tensor<?x2xf32>
    %g1 = param.load @g1 : tensor<4xi32>
    %w1 = param.load @w1 : tensor<2x2x2xf32>
    %offsets1, %rows1, %inverse1 = moe.plan ins(%ids : tensor<?x2xi32>) groups(%g1 : tensor<4xi32>) outs(%o, %rr, %ii : tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer", moe.own_experts = array<i64: 1, 3>} -> tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>
    %q = moe.grouped_matmul ins(%x, %w1, %offsets1 : tensor<?x2xf32>, tensor<2x2x2xf32>, tensor<3xi32>) rows(%rows1 : tensor<?xi32>) outs(%f : tensor<?x2xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>, moe.layer = "layer"} -> tensor<?x2xf32>
    %h = onnx.Tanh(%q) {moe.layer = "layer", onnx.shapes = [affine_map<()[s0] -> (s0 * 2, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %y1 = moe.combine ins(%h, %inverse1, %w : tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x2xf32>) {moe.layer = "layer", onnx.shapes = [#t]} -> tensor<?x2xf32>
    %y = onnx.Add(%y0, %y1) {onnx.shapes = [#t]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}

// -----

// One of each kind is masked: each has its own in its list, and its weights, where they are NaN, still count.
// REMARK: removed 2 of the 4 experts of 'layer': 2 masked; 8 parameters fewer
// CHECK-LABEL: module attributes
// CHECK: moe.plan {{.*}} {moe.dead_experts = [{{{.*}}cause = "masked", expert = 2 : i64{{.*}}}], moe.layer = "layer", moe.own_experts = array<i64: 0, 2>} -> tensor<2xi32>
// CHECK: moe.combine {{.*}} {moe.layer = "layer", onnx.shapes = [#{{.*}}], propagate_nan}
// CHECK: moe.plan {{.*}} {moe.dead_experts = [{{{.*}}cause = "masked", expert = 1 : i64{{.*}}}], moe.layer = "layer", moe.own_experts = array<i64: 1, 3>} -> tensor<2xi32>
// CHECK: moe.combine {{.*}} {moe.layer = "layer", onnx.shapes = [#{{.*}}], propagate_nan}
#e = affine_map<()[s0] -> (s0, 4)>
#t = affine_map<()[s0] -> (s0, 2)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0xFF800000, 0xFF800000, 0.0]> : tensor<4xf32>>
  param.decl @router : tensor<2x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4]]> : tensor<2x4xf32>>
  param.decl @g0 : tensor<4xi32> = #param.dense<dense<[0, -1, 1, -1]> : tensor<4xi32>>
  param.decl @g1 : tensor<4xi32> = #param.dense<dense<[-1, 0, -1, 1]> : tensor<4xi32>>
  param.decl @w0 : tensor<2x2x2xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<2x2xf32>>, #param.dense<dense<2.0> : tensor<2x2xf32>>], axis = 0>
  param.decl @w1 : tensor<2x2x2xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<2x2xf32>>, #param.dense<dense<3.0> : tensor<2x2xf32>>], axis = 0>
  func.func @main(%x: tensor<?x2xf32> {onnx.name = "x", onnx.shape = #t}, %other: tensor<?x2xf32> {onnx.name = "other", onnx.shape = #t}) -> (tensor<?x2xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %router = param.load @router : tensor<2x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %m = onnx.MatMul(%x, %router) {onnx.shapes = [#e]} : (tensor<?x2xf32>, tensor<2x4xf32>) -> tensor<?x4xf32>
    %s = onnx.Add(%m, %bias) {onnx.shapes = [#e]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %t = tensor.dim %x, %c0 : tensor<?x2xf32>
    %r = arith.muli %t, %c2 : index
    %e0 = tensor.empty(%t) : tensor<?x2xf32>
    %e1 = tensor.empty(%t) : tensor<?x2xi32>
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
    %o = tensor.empty() : tensor<3xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x2xi32>
    %f = tensor.empty(%r) : tensor<?x2xf32>
    %g = tensor.empty(%t) : tensor<?x2xf32>
    %g0 = param.load @g0 : tensor<4xi32>
    %w0 = param.load @w0 : tensor<2x2x2xf32>
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) groups(%g0 : tensor<4xi32>) outs(%o, %rr, %ii : tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer", moe.own_experts = array<i64: 0, 2>} -> tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>
    %p = moe.grouped_matmul ins(%x, %w0, %offsets : tensor<?x2xf32>, tensor<2x2x2xf32>, tensor<3xi32>) rows(%rows : tensor<?xi32>) outs(%f : tensor<?x2xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>, moe.layer = "layer"} -> tensor<?x2xf32>
    %y0 = moe.combine ins(%p, %inverse, %w : tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x2xf32>) {moe.layer = "layer", onnx.shapes = [#t]} -> tensor<?x2xf32>
    %g1 = param.load @g1 : tensor<4xi32>
    %w1 = param.load @w1 : tensor<2x2x2xf32>
    %offsets1, %rows1, %inverse1 = moe.plan ins(%ids : tensor<?x2xi32>) groups(%g1 : tensor<4xi32>) outs(%o, %rr, %ii : tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer", moe.own_experts = array<i64: 1, 3>} -> tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>
    %q = moe.grouped_matmul ins(%x, %w1, %offsets1 : tensor<?x2xf32>, tensor<2x2x2xf32>, tensor<3xi32>) rows(%rows1 : tensor<?xi32>) outs(%f : tensor<?x2xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>, moe.layer = "layer"} -> tensor<?x2xf32>
    %h = onnx.Tanh(%q) {moe.layer = "layer", onnx.shapes = [affine_map<()[s0] -> (s0 * 2, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %y1 = moe.combine ins(%h, %inverse1, %w : tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x2xf32>) {moe.layer = "layer", onnx.shapes = [#t]} -> tensor<?x2xf32>
    %y = onnx.Add(%y0, %y1) {onnx.shapes = [#t]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}

// -----

// Its groups are not the places of its own experts.
// REMARK: kept all experts of 'layer': its choices lead to other groups than its kinds of experts
// CHECK-LABEL: module attributes
// CHECK-NOT: moe.dead_experts
#e = affine_map<()[s0] -> (s0, 4)>
#t = affine_map<()[s0] -> (s0, 2)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @bias : tensor<4xf32> = #param.dense<dense<0.0> : tensor<4xf32>>
  param.decl @router : tensor<2x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4]]> : tensor<2x4xf32>>
  param.decl @g0 : tensor<4xi32> = #param.dense<dense<[1, -1, 0, -1]> : tensor<4xi32>>
  param.decl @g1 : tensor<4xi32> = #param.dense<dense<[-1, 0, -1, 1]> : tensor<4xi32>>
  param.decl @w0 : tensor<2x2x2xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<2x2xf32>>, #param.dense<dense<1.0> : tensor<2x2xf32>>], axis = 0>
  param.decl @w1 : tensor<2x2x2xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<2x2xf32>>, #param.dense<dense<3.0> : tensor<2x2xf32>>], axis = 0>
  func.func @main(%x: tensor<?x2xf32> {onnx.name = "x", onnx.shape = #t}, %other: tensor<?x2xf32> {onnx.name = "other", onnx.shape = #t}) -> (tensor<?x2xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %router = param.load @router : tensor<2x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %m = onnx.MatMul(%x, %router) {onnx.shapes = [#e]} : (tensor<?x2xf32>, tensor<2x4xf32>) -> tensor<?x4xf32>
    %s = onnx.Add(%m, %bias) {onnx.shapes = [#e]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %t = tensor.dim %x, %c0 : tensor<?x2xf32>
    %r = arith.muli %t, %c2 : index
    %e0 = tensor.empty(%t) : tensor<?x2xf32>
    %e1 = tensor.empty(%t) : tensor<?x2xi32>
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
    %o = tensor.empty() : tensor<3xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x2xi32>
    %f = tensor.empty(%r) : tensor<?x2xf32>
    %g = tensor.empty(%t) : tensor<?x2xf32>
    %g0 = param.load @g0 : tensor<4xi32>
    %w0 = param.load @w0 : tensor<2x2x2xf32>
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) groups(%g0 : tensor<4xi32>) outs(%o, %rr, %ii : tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer", moe.own_experts = array<i64: 0, 2>} -> tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>
    %p = moe.grouped_matmul ins(%x, %w0, %offsets : tensor<?x2xf32>, tensor<2x2x2xf32>, tensor<3xi32>) rows(%rows : tensor<?xi32>) outs(%f : tensor<?x2xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>, moe.layer = "layer"} -> tensor<?x2xf32>
    %y0 = moe.combine ins(%p, %inverse, %w : tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x2xf32>) {moe.layer = "layer", onnx.shapes = [#t]} -> tensor<?x2xf32>
    %g1 = param.load @g1 : tensor<4xi32>
    %w1 = param.load @w1 : tensor<2x2x2xf32>
    %offsets1, %rows1, %inverse1 = moe.plan ins(%ids : tensor<?x2xi32>) groups(%g1 : tensor<4xi32>) outs(%o, %rr, %ii : tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer", moe.own_experts = array<i64: 1, 3>} -> tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>
    %q = moe.grouped_matmul ins(%x, %w1, %offsets1 : tensor<?x2xf32>, tensor<2x2x2xf32>, tensor<3xi32>) rows(%rows1 : tensor<?xi32>) outs(%f : tensor<?x2xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>, moe.layer = "layer"} -> tensor<?x2xf32>
    %h = onnx.Tanh(%q) {moe.layer = "layer", onnx.shapes = [affine_map<()[s0] -> (s0 * 2, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %y1 = moe.combine ins(%h, %inverse1, %w : tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x2xf32>) {moe.layer = "layer", onnx.shapes = [#t]} -> tensor<?x2xf32>
    %y = onnx.Add(%y0, %y1) {onnx.shapes = [#t]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}

// -----

// The weights of one kind are not those of the router.
// REMARK: kept all experts of 'layer': its weights are not those of its router, and a row of NaN may choose any expert
// CHECK-LABEL: module attributes
// CHECK-NOT: moe.dead_experts
#e = affine_map<()[s0] -> (s0, 4)>
#t = affine_map<()[s0] -> (s0, 2)>
module attributes {onnx.symbols = ["T"]} {
  param.decl @bias : tensor<4xf32> = #param.dense<dense<[0.0, 0xFF800000, 0xFF800000, 0.0]> : tensor<4xf32>>
  param.decl @router : tensor<2x4xf32> = #param.dense<dense<[[0.1, 0.2, 0.3, 0.4], [0.2, 0.1, 0.3, 0.4]]> : tensor<2x4xf32>>
  param.decl @g0 : tensor<4xi32> = #param.dense<dense<[0, -1, 1, -1]> : tensor<4xi32>>
  param.decl @g1 : tensor<4xi32> = #param.dense<dense<[-1, 0, -1, 1]> : tensor<4xi32>>
  param.decl @w0 : tensor<2x2x2xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<2x2xf32>>, #param.dense<dense<2.0> : tensor<2x2xf32>>], axis = 0>
  param.decl @w1 : tensor<2x2x2xf32> = #param.stack<[#param.dense<dense<1.0> : tensor<2x2xf32>>, #param.dense<dense<3.0> : tensor<2x2xf32>>], axis = 0>
  func.func @main(%x: tensor<?x2xf32> {onnx.name = "x", onnx.shape = #t}, %other: tensor<?x2xf32> {onnx.name = "other", onnx.shape = #t}) -> (tensor<?x2xf32> {onnx.name = "y"}) {
    %c0 = arith.constant 0 : index
    %c2 = arith.constant 2 : index
    %router = param.load @router : tensor<2x4xf32>
    %bias = param.load @bias : tensor<4xf32>
    %m = onnx.MatMul(%x, %router) {onnx.shapes = [#e]} : (tensor<?x2xf32>, tensor<2x4xf32>) -> tensor<?x4xf32>
    %s = onnx.Add(%m, %bias) {onnx.shapes = [#e]} : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
    %t = tensor.dim %x, %c0 : tensor<?x2xf32>
    %r = arith.muli %t, %c2 : index
    %e0 = tensor.empty(%t) : tensor<?x2xf32>
    %e1 = tensor.empty(%t) : tensor<?x2xi32>
    %w, %ids = moe.route ins(%s : tensor<?x4xf32>) outs(%e0, %e1 : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<lowest>, propagate_nan, moe.layer = "layer"} -> tensor<?x2xf32>, tensor<?x2xi32>
    %o = tensor.empty() : tensor<3xi32>
    %rr = tensor.empty(%r) : tensor<?xi32>
    %ii = tensor.empty(%t) : tensor<?x2xi32>
    %f = tensor.empty(%r) : tensor<?x2xf32>
    %g = tensor.empty(%t) : tensor<?x2xf32>
    %g0 = param.load @g0 : tensor<4xi32>
    %w0 = param.load @w0 : tensor<2x2x2xf32>
    %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) groups(%g0 : tensor<4xi32>) outs(%o, %rr, %ii : tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer", moe.own_experts = array<i64: 0, 2>} -> tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>
    %p = moe.grouped_matmul ins(%x, %w0, %offsets : tensor<?x2xf32>, tensor<2x2x2xf32>, tensor<3xi32>) rows(%rows : tensor<?xi32>) outs(%f : tensor<?x2xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>, moe.layer = "layer"} -> tensor<?x2xf32>
    %y0 = moe.combine ins(%p, %inverse, %w : tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x2xf32>) {moe.layer = "layer", onnx.shapes = [#t]} -> tensor<?x2xf32>
    %g1 = param.load @g1 : tensor<4xi32>
    %w1 = param.load @w1 : tensor<2x2x2xf32>
    %offsets1, %rows1, %inverse1 = moe.plan ins(%ids : tensor<?x2xi32>) groups(%g1 : tensor<4xi32>) outs(%o, %rr, %ii : tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "layer", moe.own_experts = array<i64: 1, 3>} -> tensor<3xi32>, tensor<?xi32>, tensor<?x2xi32>
    %q = moe.grouped_matmul ins(%x, %w1, %offsets1 : tensor<?x2xf32>, tensor<2x2x2xf32>, tensor<3xi32>) rows(%rows1 : tensor<?xi32>) outs(%f : tensor<?x2xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>, moe.layer = "layer"} -> tensor<?x2xf32>
    %h = onnx.Tanh(%q) {moe.layer = "layer", onnx.shapes = [affine_map<()[s0] -> (s0 * 2, 2)>]} : (tensor<?x2xf32>) -> tensor<?x2xf32>
    %y1 = moe.combine ins(%h, %inverse1, %other : tensor<?x2xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%g : tensor<?x2xf32>) {moe.layer = "layer", onnx.shapes = [#t]} -> tensor<?x2xf32>
    %y = onnx.Add(%y0, %y1) {onnx.shapes = [#t]} : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
}
