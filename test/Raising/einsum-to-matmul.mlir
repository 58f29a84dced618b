// RUN: moec-opt --einsum-to-matmul --split-input-file %s | FileCheck %s

// Einsum by weights becomes MatMul, in which each matrix keeps its place.

// All experts on all tokens: a matrix for each expert, tokens are the rows.
// CHECK-LABEL: @main
// CHECK: %[[W:.*]] = param.load @w
// CHECK: %[[ROWS:.*]] = onnx.Reshape(%arg0) {{.*}} -> tensor<1x6x4xf32>
// CHECK: %[[Y:.*]] = onnx.MatMul(%[[ROWS]], %[[W]]) {{.*}} -> tensor<5x6x8xf32>
// CHECK: %[[SPLIT:.*]] = onnx.Reshape(%[[Y]]) {{.*}} -> tensor<5x2x3x8xf32>
// CHECK: onnx.Transpose(%[[SPLIT]]) {{.*}}perm = array<i64: 1, 2, 0, 3>{{.*}} -> tensor<2x3x5x8xf32>
param.decl @w : tensor<5x4x8xf32> = #param.dense<dense<1.0> : tensor<5x4x8xf32>>
func.func @main(%x: tensor<2x3x4xf32>) -> tensor<2x3x5x8xf32> {
  %w = param.load @w : tensor<5x4x8xf32>
  %y = onnx.Einsum(%x, %w) {equation = "bsd,edh->bseh"} : (tensor<2x3x4xf32>, tensor<5x4x8xf32>) -> tensor<2x3x5x8xf32>
  return %y : tensor<2x3x5x8xf32>
}

// -----

// The weight may come first, and a matrix may be the other way round.
// CHECK-LABEL: @main
// CHECK: %[[W:.*]] = onnx.Transpose({{.*}}) {{.*}}perm = array<i64: 0, 2, 1>{{.*}} -> tensor<5x8x4xf32>
// CHECK: onnx.MatMul({{.*}}, %[[W]]) {{.*}} : (tensor<1x3x8xf32>, tensor<5x8x4xf32>) -> tensor<5x3x4xf32>
// CHECK-NOT: onnx.Transpose
param.decl @w : tensor<5x4x8xf32> = #param.dense<dense<1.0> : tensor<5x4x8xf32>>
func.func @main(%x: tensor<3x8xf32>) -> tensor<5x3x4xf32> {
  %w = param.load @w : tensor<5x4x8xf32>
  %y = onnx.Einsum(%w, %x) {equation = "edh,th->etd"} : (tensor<5x4x8xf32>, tensor<3x8xf32>) -> tensor<5x3x4xf32>
  return %y : tensor<5x3x4xf32>
}

// -----

// A plain matrix: rows keep their dimensions.
// CHECK-LABEL: @main
// CHECK: onnx.MatMul(%arg0, {{.*}}) {{.*}} : (tensor<2x3x4xf32>, tensor<4x8xf32>) -> tensor<2x3x8xf32>
// CHECK-NEXT: return
param.decl @w : tensor<4x8xf32> = #param.dense<dense<1.0> : tensor<4x8xf32>>
func.func @main(%x: tensor<2x3x4xf32>) -> tensor<2x3x8xf32> {
  %w = param.load @w : tensor<4x8xf32>
  %y = onnx.Einsum(%x, %w) {equation = "...d,dh->...h"} : (tensor<2x3x4xf32>, tensor<4x8xf32>) -> tensor<2x3x8xf32>
  return %y : tensor<2x3x8xf32>
}

// -----

// Two labels are summed at once, in the order of the weight.
// CHECK-LABEL: @main
// CHECK: %[[X:.*]] = onnx.Transpose(%arg0) {{.*}}perm = array<i64: 0, 2, 1>
// CHECK: %[[ROWS:.*]] = onnx.Reshape(%[[X]]) {{.*}} -> tensor<3x20xf32>
// CHECK: %[[W:.*]] = onnx.Reshape({{.*}}) {{.*}} -> tensor<20x8xf32>
// CHECK: onnx.MatMul(%[[ROWS]], %[[W]])
param.decl @w : tensor<5x4x8xf32> = #param.dense<dense<1.0> : tensor<5x4x8xf32>>
func.func @main(%x: tensor<3x4x5xf32>) -> tensor<3x8xf32> {
  %w = param.load @w : tensor<5x4x8xf32>
  %y = onnx.Einsum(%x, %w) {equation = "tde,edh->th"} : (tensor<3x4x5xf32>, tensor<5x4x8xf32>) -> tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}

// -----

// Weights that were looked up meet the row they were looked up for, though it
// has no dimension of its own.
// CHECK-LABEL: @main
// CHECK: %[[W:.*]] = onnx.Gather
// CHECK: %[[ROW:.*]] = onnx.Reshape(%arg0) {{.*}} -> tensor<3x1x1x4xf32>
// CHECK: onnx.MatMul(%[[ROW]], %[[W]]) {{.*}} -> tensor<3x2x1x8xf32>
param.decl @w : tensor<5x4x8xf32> = #param.dense<dense<1.0> : tensor<5x4x8xf32>>
func.func @main(%x: tensor<3x4xf32>, %ids: tensor<3x2xi64>) -> tensor<3x2x8xf32> {
  %w = param.load @w : tensor<5x4x8xf32>
  %m = onnx.Gather(%w, %ids) {axis = 0 : i64} : (tensor<5x4x8xf32>, tensor<3x2xi64>) -> tensor<3x2x4x8xf32>
  %y = onnx.Einsum(%x, %m) {equation = "td,tkdh->tkh"} : (tensor<3x4xf32>, tensor<3x2x4x8xf32>) -> tensor<3x2x8xf32>
  return %y : tensor<3x2x8xf32>
}

// -----

// From left to right: experts are summed last, by their gates.
// CHECK-LABEL: @main
// CHECK: onnx.MatMul({{.*}}) {{.*}} : (tensor<5x3x4xf32>, tensor<5x4x8xf32>) -> tensor<5x3x8xf32>
// CHECK: %[[G:.*]] = onnx.Transpose(%arg1) {{.*}} -> tensor<5x3xf32>
// CHECK: %[[GATES:.*]] = onnx.Reshape(%[[G]]) {{.*}} -> tensor<5x3x1xf32>
// CHECK: %[[P:.*]] = onnx.Mul({{.*}}, %[[GATES]]) {{.*}} -> tensor<5x3x8xf32>
// CHECK: onnx.ReduceSum(%[[P]], {{.*}}) {{.*}}-> tensor<3x8xf32>
param.decl @w : tensor<5x4x8xf32> = #param.dense<dense<1.0> : tensor<5x4x8xf32>>
func.func @main(%x: tensor<5x3x4xf32>, %g: tensor<3x5xf32>) -> tensor<3x8xf32> {
  %w = param.load @w : tensor<5x4x8xf32>
  %y = onnx.Einsum(%x, %w, %g) {equation = "etd,edh,te->th"} : (tensor<5x3x4xf32>, tensor<5x4x8xf32>, tensor<3x5xf32>) -> tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}

// -----

// An operand with no dimension of its own, on either side; one operand alone.
// CHECK-LABEL: @main
// CHECK: %[[A:.*]] = onnx.Mul(%arg0, {{.*}}) {{.*}} -> tensor<3x4xf32>
// CHECK: %[[B:.*]] = onnx.Mul(%arg0, {{.*}}) {{.*}} -> tensor<3x4xf32>
// CHECK: onnx.ReduceSum(%[[B]], {{.*}}) {{.*}}-> tensor<4xf32>
// CHECK: onnx.ReduceSum(%arg0, {{.*}}) {{.*}}-> tensor<3xf32>
func.func @main(%x: tensor<3x4xf32>, %g: tensor<3xf32>) -> (tensor<3x4xf32>, tensor<4xf32>, tensor<3xf32>) {
  %a = onnx.Einsum(%x, %g) {equation = "td,t->td"} : (tensor<3x4xf32>, tensor<3xf32>) -> tensor<3x4xf32>
  %b = onnx.Einsum(%g, %x) {equation = "t,td->d"} : (tensor<3xf32>, tensor<3x4xf32>) -> tensor<4xf32>
  %c = onnx.Einsum(%x) {equation = "td->t"} : (tensor<3x4xf32>) -> tensor<3xf32>
  return %a, %b, %c : tensor<3x4xf32>, tensor<4xf32>, tensor<3xf32>
}

// -----

// A product of narrow numbers that is not summed is rounded once either way.
// CHECK-LABEL: @main
// CHECK: onnx.Mul
func.func @main(%x: tensor<3x4xf16>, %g: tensor<3xf16>) -> tensor<3x4xf16> {
  %a = onnx.Einsum(%x, %g) {equation = "td,t->td"} : (tensor<3x4xf16>, tensor<3xf16>) -> tensor<3x4xf16>
  return %a : tensor<3x4xf16>
}
