// RUN: moec-opt %s --param-fold-recipes --split-input-file | FileCheck %s

param.decl @w : tensor<2x3x4xf32> = #param.file<"m", 0, 96>

// CHECK: param.decl @w.transposed : tensor<2x4x3xf32> = #param.transpose<#param.file<"m", 0, 96, tensor<2x3x4xf32>>, [0, 2, 1]>
// CHECK-LABEL: func @transpose
func.func @transpose() -> (tensor<2x4x3xf32>, tensor<2x3x4xf32>) {
  // CHECK-NEXT: %[[T:.*]] = param.load @w.transposed
  // Twice is not at all.
  // CHECK-NEXT: %[[W:.*]] = param.load @w :
  // CHECK-NEXT: return %[[T]], %[[W]]
  %w = param.load @w : tensor<2x3x4xf32>
  %t = onnx.Transpose(%w) {perm = array<i64: 0, 2, 1>} : (tensor<2x3x4xf32>) -> tensor<2x4x3xf32>
  %s = onnx.Transpose(%t) {perm = array<i64: 0, 2, 1>} : (tensor<2x4x3xf32>) -> tensor<2x3x4xf32>
  return %t, %s : tensor<2x4x3xf32>, tensor<2x3x4xf32>
}

// -----

param.decl @w : tensor<2x3x4xf32> = #param.file<"m", 0, 96>

// Without a permutation, all dimensions in reverse.
// CHECK: param.decl @w.transposed : tensor<4x3x2xf32> = #param.transpose<#param.file<"m", 0, 96, tensor<2x3x4xf32>>, [2, 1, 0]>
// CHECK-LABEL: func @reverse
func.func @reverse() -> tensor<4x3x2xf32> {
  %w = param.load @w : tensor<2x3x4xf32>
  // CHECK-NEXT: param.load @w.transposed
  %t = onnx.Transpose(%w) : (tensor<2x3x4xf32>) -> tensor<4x3x2xf32>
  return %t : tensor<4x3x2xf32>
}

// -----

param.decl @w : tensor<1x6xf32> = #param.file<"m", 0, 24>

// CHECK-DAG: param.decl @[[R:.*]] : tensor<2x3xf32> = #param.reshape<#param.file<"m", 0, 24, tensor<1x6xf32>>, [2, 3]>
// CHECK-DAG: param.decl @[[S:.*]] : tensor<6xf32> = #param.reshape<#param.file<"m", 0, 24, tensor<1x6xf32>>, [6]>
// CHECK-LABEL: func @views
func.func @views() -> (tensor<2x3xf32>, tensor<6xf32>, tensor<1x6xf32>, tensor<1x6xf32>) {
  // CHECK-DAG: %[[A:.*]] = param.load @[[R]]
  // CHECK-DAG: %[[B:.*]] = param.load @[[S]]
  // CHECK-DAG: %[[C:.*]] = param.load @w :
  // CHECK-DAG: %[[D:.*]] = param.load @w :
  // CHECK: return %[[A]], %[[B]], %[[C]], %[[D]]
  %w = param.load @w : tensor<1x6xf32>
  %shape = onnx.Constant dense<[2, -1]> : tensor<2xi64>
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %a = onnx.Reshape(%w, %shape) : (tensor<1x6xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  %b = onnx.Squeeze(%w, %zero) : (tensor<1x6xf32>, tensor<1xi64>) -> tensor<6xf32>
  %c = onnx.Unsqueeze(%b, %zero) : (tensor<6xf32>, tensor<1xi64>) -> tensor<1x6xf32>
  %d = onnx.Flatten(%w) : (tensor<1x6xf32>) -> tensor<1x6xf32>
  return %a, %b, %c, %d : tensor<2x3xf32>, tensor<6xf32>, tensor<1x6xf32>, tensor<1x6xf32>
}

// -----

param.decl @w : tensor<6xf32> = #param.file<"m", 0, 24>

// CHECK: param.decl @w.cast : tensor<6xf16> = #param.cast<#param.file<"m", 0, 24, tensor<6xf32>>, f16>
// CHECK-LABEL: func @cast
func.func @cast() -> tensor<6xf16> {
  %w = param.load @w : tensor<6xf32>
  // CHECK-NEXT: param.load @w.cast : tensor<6xf16>
  %0 = onnx.Cast(%w) {to = f16} : (tensor<6xf32>) -> tensor<6xf16>
  return %0 : tensor<6xf16>
}

// -----

param.decl @w : tensor<10x6xf32> = #param.file<"m", 0, 240>

// Bounds as ONNX counts and clamps them.
// CHECK-DAG: param.decl @[[A:.*]] : tensor<10x2xf32> = #param.slice<{{.*}}, offsets = [0, 4], sizes = [10, 2], strides = [1, 1]>
// CHECK-DAG: param.decl @[[B:.*]] : tensor<5x6xf32> = #param.slice<{{.*}}, offsets = [9, 0], sizes = [5, 6], strides = [-2, 1]>
// CHECK-DAG: param.decl @[[C:.*]] : tensor<4x3xf32> = #param.slice<{{.*}}, offsets = [1, 0], sizes = [4, 3], strides = [2, 2]>
// CHECK-DAG: param.decl @[[D:.*]] : tensor<0x6xf32> = #param.slice<{{.*}}, offsets = [0, 0], sizes = [0, 6], strides = [1, 1]>
// CHECK-LABEL: func @slice
func.func @slice() -> (tensor<10x2xf32>, tensor<5x6xf32>, tensor<4x3xf32>, tensor<0x6xf32>, tensor<10x6xf32>) {
  // CHECK-DAG: %[[LA:.*]] = param.load @[[A]] : tensor<10x2xf32>
  // CHECK-DAG: %[[LB:.*]] = param.load @[[B]] : tensor<5x6xf32>
  // CHECK-DAG: %[[LC:.*]] = param.load @[[C]] : tensor<4x3xf32>
  // CHECK-DAG: %[[LD:.*]] = param.load @[[D]] : tensor<0x6xf32>
  // CHECK-DAG: %[[LW:.*]] = param.load @w : tensor<10x6xf32>
  // CHECK: return %[[LA]], %[[LB]], %[[LC]], %[[LD]], %[[LW]]
  %w = param.load @w : tensor<10x6xf32>
  %m2 = onnx.Constant dense<-2> : tensor<1xi64>
  %m1 = onnx.Constant dense<-1> : tensor<1xi64>
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %max = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %min = onnx.Constant dense<-9223372036854775808> : tensor<1xi64>
  %a = onnx.Slice(%w, %m2, %max, %m1) {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<10x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<10x2xf32>
  %b = onnx.Slice(%w, %max, %min, %m2) {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1>} : (tensor<10x6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<5x6xf32>
  %starts = onnx.Constant dense<[1, 0]> : tensor<2xi32>
  %ends = onnx.Constant dense<[-2, 100]> : tensor<2xi32>
  %axes = onnx.Constant dense<[0, 1]> : tensor<2xi32>
  %steps = onnx.Constant dense<2> : tensor<2xi32>
  %c = onnx.Slice(%w, %starts, %ends, %axes, %steps) {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>} : (tensor<10x6xf32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>, tensor<2xi32>) -> tensor<4x3xf32>
  %d = onnx.Slice(%w, %max, %m1) {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<10x6xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<0x6xf32>
  %e = onnx.Slice(%w, %zero, %max) {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<10x6xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<10x6xf32>
  return %a, %b, %c, %d, %e : tensor<10x2xf32>, tensor<5x6xf32>, tensor<4x3xf32>, tensor<0x6xf32>, tensor<10x6xf32>
}

// -----

param.decl @w : tensor<3x4xf32> = #param.file<"m", 0, 48>

// One expert's weights; a negative index; a renumbering.
// CHECK-DAG: param.decl @[[A:.*]] : tensor<4xf32> = #param.reshape<#param.slice<{{.*}}, offsets = [2, 0], sizes = [1, 4], strides = [1, 1]>, [4]>
// CHECK-DAG: param.decl @[[B:.*]] : tensor<3x1x2xf32> = #param.reshape<#param.gather<{{.*}}, axis = 1, indices = [3, 0]>, [3, 1, 2]>
// CHECK-LABEL: func @gather
func.func @gather(%i: tensor<1xi64>) -> (tensor<4xf32>, tensor<3x1x2xf32>, tensor<1x4xf32>) {
  // CHECK-DAG: %[[LA:.*]] = param.load @[[A]] : tensor<4xf32>
  // CHECK-DAG: %[[LB:.*]] = param.load @[[B]] : tensor<3x1x2xf32>
  %w = param.load @w : tensor<3x4xf32>
  %two = onnx.Constant dense<2> : tensor<i64>
  %some = onnx.Constant dense<[[-1, 0]]> : tensor<1x2xi64>
  %a = onnx.Gather(%w, %two) : (tensor<3x4xf32>, tensor<i64>) -> tensor<4xf32>
  %b = onnx.Gather(%w, %some) {axis = 1 : i64} : (tensor<3x4xf32>, tensor<1x2xi64>) -> tensor<3x1x2xf32>
  // Indices of the run.
  // CHECK: %[[LC:.*]] = onnx.Gather
  %c = onnx.Gather(%w, %i) : (tensor<3x4xf32>, tensor<1xi64>) -> tensor<1x4xf32>
  // CHECK: return %[[LA]], %[[LB]], %[[LC]]
  return %a, %b, %c : tensor<4xf32>, tensor<3x1x2xf32>, tensor<1x4xf32>
}

// -----

param.decl @w : tensor<3x4xf32> = #param.file<"m", 0, 48>

// A recipe lists its indices: no more than 1024.
// CHECK-LABEL: func @gather_many
func.func @gather_many() -> (tensor<1024x4xf32>, tensor<1025x4xf32>) {
  // CHECK: %[[A:.*]] = param.load @{{.*}} : tensor<1024x4xf32>
  // CHECK: %[[B:.*]] = onnx.Gather({{.*}} -> tensor<1025x4xf32>
  // CHECK: return %[[A]], %[[B]]
  %w = param.load @w : tensor<3x4xf32>
  %most = onnx.Constant dense<1> : tensor<1024xi64>
  %more = onnx.Constant dense<1> : tensor<1025xi64>
  %a = onnx.Gather(%w, %most) : (tensor<3x4xf32>, tensor<1024xi64>) -> tensor<1024x4xf32>
  %b = onnx.Gather(%w, %more) : (tensor<3x4xf32>, tensor<1025xi64>) -> tensor<1025x4xf32>
  return %a, %b : tensor<1024x4xf32>, tensor<1025x4xf32>
}

// -----

param.decl @w : tensor<3x4xf32> = #param.file<"m", 0, 48>

// Out of range is for the run to report.
// CHECK-LABEL: func @gather_outside
func.func @gather_outside() -> tensor<4xf32> {
  %w = param.load @w : tensor<3x4xf32>
  %three = onnx.Constant dense<3> : tensor<i64>
  // CHECK: onnx.Gather
  %a = onnx.Gather(%w, %three) : (tensor<3x4xf32>, tensor<i64>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

param.decl @w : tensor<3x4xf32> = #param.file<"m", 0, 48>

// CHECK-DAG: param.decl @[[A:.*]] : tensor<3x1xf32> = #param.slice<{{.*}}, offsets = [0, 0], sizes = [3, 1], strides = [1, 1]>
// CHECK-DAG: param.decl @[[B:.*]] : tensor<3x3xf32> = #param.slice<{{.*}}, offsets = [0, 1], sizes = [3, 3], strides = [1, 1]>
// CHECK-LABEL: func @split
func.func @split() -> (tensor<3x1xf32>, tensor<3x3xf32>) {
  // CHECK-NEXT: %[[LA:.*]] = param.load @[[A]] : tensor<3x1xf32>
  // CHECK-NEXT: %[[LB:.*]] = param.load @[[B]] : tensor<3x3xf32>
  // CHECK-NEXT: return %[[LA]], %[[LB]]
  %w = param.load @w : tensor<3x4xf32>
  %sizes = onnx.Constant dense<[1, 3]> : tensor<2xi64>
  %a, %b = onnx.Split(%w, %sizes) {axis = -1 : i64} : (tensor<3x4xf32>, tensor<2xi64>) -> (tensor<3x1xf32>, tensor<3x3xf32>)
  return %a, %b : tensor<3x1xf32>, tensor<3x3xf32>
}

// -----

param.decl @a : tensor<1x2xf32> = #param.file<"m", 0, 8>
param.decl @b : tensor<3x2xf32> = #param.file<"m", 8, 24>

// Parameters and small constants; nothing of the run.
// CHECK: param.decl @a.concat : tensor<5x2xf32> = #param.concat<[#param.file<"m", 0, 8, tensor<1x2xf32>>, #param.file<"m", 8, 24, tensor<3x2xf32>>, #param.dense<dense<{{.*}}> : tensor<1x2xf32>>], axis = 0>
// CHECK-LABEL: func @concat
func.func @concat(%x: tensor<1x2xf32>) -> (tensor<5x2xf32>, tensor<2x2xf32>) {
  // CHECK-DAG: %[[C:.*]] = param.load @a.concat
  %a = param.load @a : tensor<1x2xf32>
  %b = param.load @b : tensor<3x2xf32>
  %c = onnx.Constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %0 = onnx.Concat(%a, %b, %c) {axis = -2 : i64} : (tensor<1x2xf32>, tensor<3x2xf32>, tensor<1x2xf32>) -> tensor<5x2xf32>
  // CHECK: %[[D:.*]] = onnx.Concat
  %1 = onnx.Concat(%a, %x) {axis = 0 : i64} : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<2x2xf32>
  // CHECK: return %[[C]], %[[D]]
  return %0, %1 : tensor<5x2xf32>, tensor<2x2xf32>
}
