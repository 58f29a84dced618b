// RUN: moec-opt %s --moe-fuse-experts --split-input-file --remarks-filter=moe-fuse-experts --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s

// What became of the experts of each layer, and why no more.

// Two products and an activation.
// CHECK: Passed{{.*}}made one network of the experts of 'L': relu
param.decl @w : tensor<2x4x8xf32> = #param.file<"m", 0, 256>
param.decl @v : tensor<2x8x4xf32> = #param.file<"m", 256, 256>
func.func @main(%id: tensor<3x2xi32>, %x: tensor<3x4xf32>, %e0: tensor<3xi32>, %e1: tensor<6xi32>, %e2: tensor<3x2xi32>, %i: tensor<6x8xf32>, %j: tensor<6x4xf32>) -> tensor<6x4xf32> {
  %o, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<3xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<3xi32>, tensor<6xi32>, tensor<3x2xi32>
  %w1 = param.load @w : tensor<2x4x8xf32>
  %w2 = param.load @v : tensor<2x8x4xf32>
  %h = moe.grouped_matmul ins(%x, %w1, %o : tensor<3x4xf32>, tensor<2x4x8xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) outs(%i : tensor<6x8xf32>) {activation = #moe.activation<relu>, layout = #moe.layout<kn>} -> tensor<6x8xf32>
  %y = moe.grouped_matmul ins(%h, %w2, %o : tensor<6x8xf32>, tensor<2x8x4xf32>, tensor<3xi32>) outs(%j : tensor<6x4xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x4xf32>
  return %y : tensor<6x4xf32>
}

// -----

// CHECK: Analysis{{.*}}made no network of the experts of 'L': each is one product
param.decl @w : tensor<2x4x8xf32> = #param.file<"m", 0, 256>
func.func @main(%id: tensor<3x2xi32>, %x: tensor<3x4xf32>, %e0: tensor<3xi32>, %e1: tensor<6xi32>, %e2: tensor<3x2xi32>, %i: tensor<6x8xf32>) -> tensor<6x8xf32> {
  %o, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<3xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<3xi32>, tensor<6xi32>, tensor<3x2xi32>
  %w1 = param.load @w : tensor<2x4x8xf32>
  %h = moe.grouped_matmul ins(%x, %w1, %o : tensor<3x4xf32>, tensor<2x4x8xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) outs(%i : tensor<6x8xf32>) {activation = #moe.activation<relu>, layout = #moe.layout<kn>} -> tensor<6x8xf32>
  return %h : tensor<6x8xf32>
}

// -----

// CHECK: Missed{{.*}}left the experts of 'L' as 2 products: no product takes in the operator Sin in front of another
param.decl @w : tensor<2x4x8xf32> = #param.file<"m", 0, 256>
param.decl @v : tensor<2x8x4xf32> = #param.file<"m", 256, 256>
func.func @main(%id: tensor<3x2xi32>, %x: tensor<3x4xf32>, %e0: tensor<3xi32>, %e1: tensor<6xi32>, %e2: tensor<3x2xi32>, %i: tensor<6x8xf32>, %j: tensor<6x4xf32>) -> tensor<6x4xf32> {
  %o, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<3xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<3xi32>, tensor<6xi32>, tensor<3x2xi32>
  %w1 = param.load @w : tensor<2x4x8xf32>
  %w2 = param.load @v : tensor<2x8x4xf32>
  %h = moe.grouped_matmul ins(%x, %w1, %o : tensor<3x4xf32>, tensor<2x4x8xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) outs(%i : tensor<6x8xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x8xf32>
  %s = onnx.Sin(%h) {moe.layer = "L"} : (tensor<6x8xf32>) -> tensor<6x8xf32>
  %y = moe.grouped_matmul ins(%s, %w2, %o : tensor<6x8xf32>, tensor<2x8x4xf32>, tensor<3xi32>) outs(%j : tensor<6x4xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x4xf32>
  return %y : tensor<6x4xf32>
}

// -----

// The second has an activation.
// CHECK: Missed{{.*}}left the experts of 'L' as 2 products: a product that follows another is no plain one
param.decl @w : tensor<2x4x8xf32> = #param.file<"m", 0, 256>
param.decl @v : tensor<2x8x4xf32> = #param.file<"m", 256, 256>
func.func @main(%id: tensor<3x2xi32>, %x: tensor<3x4xf32>, %e0: tensor<3xi32>, %e1: tensor<6xi32>, %e2: tensor<3x2xi32>, %i: tensor<6x8xf32>, %j: tensor<6x4xf32>) -> tensor<6x4xf32> {
  %o, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<3xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<3xi32>, tensor<6xi32>, tensor<3x2xi32>
  %w1 = param.load @w : tensor<2x4x8xf32>
  %w2 = param.load @v : tensor<2x8x4xf32>
  %h = moe.grouped_matmul ins(%x, %w1, %o : tensor<3x4xf32>, tensor<2x4x8xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) outs(%i : tensor<6x8xf32>) {activation = #moe.activation<relu>, layout = #moe.layout<kn>} -> tensor<6x8xf32>
  %y = moe.grouped_matmul ins(%h, %w2, %o : tensor<6x8xf32>, tensor<2x8x4xf32>, tensor<3xi32>) outs(%j : tensor<6x4xf32>) {activation = #moe.activation<relu>, layout = #moe.layout<kn>} -> tensor<6x4xf32>
  return %y : tensor<6x4xf32>
}

// -----

// The first has rows that are no tokens' any more.
// CHECK: Missed{{.*}}left the experts of 'L' as 2 products: a product that another follows does not read the tokens' rows
param.decl @w : tensor<2x4x8xf32> = #param.file<"m", 0, 256>
param.decl @v : tensor<2x8x4xf32> = #param.file<"m", 256, 256>
func.func @main(%id: tensor<3x2xi32>, %x: tensor<6x4xf32>, %e0: tensor<3xi32>, %e1: tensor<6xi32>, %e2: tensor<3x2xi32>, %i: tensor<6x8xf32>, %j: tensor<6x4xf32>) -> tensor<6x4xf32> {
  %o, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<3xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<3xi32>, tensor<6xi32>, tensor<3x2xi32>
  %w1 = param.load @w : tensor<2x4x8xf32>
  %w2 = param.load @v : tensor<2x8x4xf32>
  %h = moe.grouped_matmul ins(%x, %w1, %o : tensor<6x4xf32>, tensor<2x4x8xf32>, tensor<3xi32>) outs(%i : tensor<6x8xf32>) {activation = #moe.activation<relu>, layout = #moe.layout<kn>} -> tensor<6x8xf32>
  %y = moe.grouped_matmul ins(%h, %w2, %o : tensor<6x8xf32>, tensor<2x8x4xf32>, tensor<3xi32>) outs(%j : tensor<6x4xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x4xf32>
  return %y : tensor<6x4xf32>
}

// -----

// CHECK: Missed{{.*}}left the experts of 'L' as 2 products: another node reads what a product makes
param.decl @w : tensor<2x4x8xf32> = #param.file<"m", 0, 256>
param.decl @v : tensor<2x8x4xf32> = #param.file<"m", 256, 256>
func.func @main(%id: tensor<3x2xi32>, %x: tensor<3x4xf32>, %e0: tensor<3xi32>, %e1: tensor<6xi32>, %e2: tensor<3x2xi32>, %i: tensor<6x8xf32>, %j: tensor<6x4xf32>) -> (tensor<6x8xf32>, tensor<6x4xf32>) {
  %o, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<3xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<3xi32>, tensor<6xi32>, tensor<3x2xi32>
  %w1 = param.load @w : tensor<2x4x8xf32>
  %w2 = param.load @v : tensor<2x8x4xf32>
  %h = moe.grouped_matmul ins(%x, %w1, %o : tensor<3x4xf32>, tensor<2x4x8xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) outs(%i : tensor<6x8xf32>) {activation = #moe.activation<relu>, layout = #moe.layout<kn>} -> tensor<6x8xf32>
  %y = moe.grouped_matmul ins(%h, %w2, %o : tensor<6x8xf32>, tensor<2x8x4xf32>, tensor<3xi32>) outs(%j : tensor<6x4xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x4xf32>
  return %h, %y : tensor<6x8xf32>, tensor<6x4xf32>
}

// -----

// CHECK: Missed{{.*}}left the experts of 'L' as 2 products: none follows another
param.decl @w : tensor<2x4x8xf32> = #param.file<"m", 0, 256>
func.func @main(%id: tensor<3x2xi32>, %x: tensor<3x4xf32>, %e0: tensor<3xi32>, %e1: tensor<6xi32>, %e2: tensor<3x2xi32>, %i: tensor<6x8xf32>) -> (tensor<6x8xf32>, tensor<6x8xf32>) {
  %o, %rows, %inverse = moe.plan ins(%id : tensor<3x2xi32>) outs(%e0, %e1, %e2 : tensor<3xi32>, tensor<6xi32>, tensor<3x2xi32>) {moe.layer = "L"} -> tensor<3xi32>, tensor<6xi32>, tensor<3x2xi32>
  %w1 = param.load @w : tensor<2x4x8xf32>
  %h = moe.grouped_matmul ins(%x, %w1, %o : tensor<3x4xf32>, tensor<2x4x8xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) outs(%i : tensor<6x8xf32>) {activation = #moe.activation<relu>, layout = #moe.layout<kn>} -> tensor<6x8xf32>
  %y = moe.grouped_matmul ins(%x, %w1, %o : tensor<3x4xf32>, tensor<2x4x8xf32>, tensor<3xi32>) rows(%rows : tensor<6xi32>) outs(%i : tensor<6x8xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x8xf32>
  return %h, %y : tensor<6x8xf32>, tensor<6x8xf32>
}
