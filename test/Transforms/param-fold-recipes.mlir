// RUN: moec-opt %s --param-fold-recipes --split-input-file --remark-format=emitRemark --remarks-filter=param-fold-recipes 2>%t | FileCheck %s
// RUN: FileCheck --check-prefix=REMARKS %s < %t

param.decl @w : tensor<2x96x8xf32> = #param.file<"m", 0, 6144>

// CHECK: param.decl @w : tensor<2x96x8xf32>
// CHECK-DAG: param.decl @w.packed : tensor<2x3x8x32xf32> = #param.pack_panels<#param.file<"m", 0, 6144, tensor<2x96x8xf32>>, k_major = false, gated = false>
// CHECK-DAG: param.decl @w.packed_0 : tensor<2x3x8x32xf32> = #param.pack_panels<#param.file<"m", 0, 6144, tensor<2x96x8xf32>>, k_major = false, gated = true>
// CHECK-DAG: param.decl @w.packed_1 : tensor<2x1x96x32xf32> = #param.pack_panels<#param.file<"m", 0, 6144, tensor<2x96x8xf32>>, k_major = true, gated = false>

// REMARKS: remark: [Passed] FoldedIntoRecipe | Category:param-fold-recipes | {{.*}}Bytes=6144{{.*}}moe.pack_panels is done when weights are written

// CHECK-LABEL: func @pack
func.func @pack() -> (tensor<2x3x8x32xf32>, tensor<2x3x8x32xf32>, tensor<2x1x96x32xf32>, tensor<2x3x8x32xf32>) {
  %w = param.load @w : tensor<2x96x8xf32>
  // The loads and destinations of what was folded are gone.
  // CHECK-NEXT: %[[A:.*]] = param.load @w.packed : tensor<2x3x8x32xf32>
  // CHECK-NEXT: %[[B:.*]] = param.load @w.packed_0 : tensor<2x3x8x32xf32>
  // CHECK-NEXT: %[[C:.*]] = param.load @w.packed_1 : tensor<2x1x96x32xf32>
  // The second time, the declaration is there.
  // CHECK-NEXT: %[[D:.*]] = param.load @w.packed : tensor<2x3x8x32xf32>
  // CHECK-NEXT: return %[[A]], %[[B]], %[[C]], %[[D]]
  %o = tensor.empty() : tensor<2x3x8x32xf32>
  %a = moe.pack_panels ins(%w : tensor<2x96x8xf32>) outs(%o : tensor<2x3x8x32xf32>) -> tensor<2x3x8x32xf32>
  %b = moe.pack_panels ins(%w : tensor<2x96x8xf32>) outs(%o : tensor<2x3x8x32xf32>) {gated} -> tensor<2x3x8x32xf32>
  %o2 = tensor.empty() : tensor<2x1x96x32xf32>
  %c = moe.pack_panels ins(%w : tensor<2x96x8xf32>) outs(%o2 : tensor<2x1x96x32xf32>) {k_major} -> tensor<2x1x96x32xf32>
  %d = moe.pack_panels ins(%w : tensor<2x96x8xf32>) outs(%o : tensor<2x3x8x32xf32>) -> tensor<2x3x8x32xf32>
  return %a, %b, %c, %d : tensor<2x3x8x32xf32>, tensor<2x3x8x32xf32>, tensor<2x1x96x32xf32>, tensor<2x3x8x32xf32>
}

// -----

param.decl @w : tensor<12x8xf32> = #param.file<"m", 0, 384>

// Chains fold from the front; reshapes of reshapes are one.
// CHECK-DAG: param.decl @w.reshaped : tensor<3x4x8xf32> = #param.reshape<#param.file<"m", 0, 384, tensor<12x8xf32>>, [3, 4, 8]>
// CHECK-DAG: param.decl @w.reshaped.reshaped : tensor<96xf32> = #param.reshape<#param.file<"m", 0, 384, tensor<12x8xf32>>, [96]>
// CHECK-LABEL: func @views
func.func @views() -> tensor<96xf32> {
  // CHECK-NEXT: %[[W:.*]] = param.load @w.reshaped.reshaped : tensor<96xf32>
  // CHECK-NEXT: return %[[W]]
  %w = param.load @w : tensor<12x8xf32>
  %0 = tensor.expand_shape %w [[0, 1], [2]] output_shape [3, 4, 8] : tensor<12x8xf32> into tensor<3x4x8xf32>
  %1 = tensor.collapse_shape %0 [[0, 1, 2]] : tensor<3x4x8xf32> into tensor<96xf32>
  return %1 : tensor<96xf32>
}

// -----

// Packing a transposed weight says so by the flag.
param.decl @w : tensor<2x8x96xf32> = #param.transpose<#param.file<"m", 0, 6144, tensor<2x96x8xf32>>, [0, 2, 1]>
// CHECK: param.decl @w.packed : tensor<2x3x8x32xf32> = #param.pack_panels<#param.file<"m", 0, 6144, tensor<2x96x8xf32>>, k_major = false, gated = true>
// CHECK-LABEL: func @pack_transposed
func.func @pack_transposed() -> tensor<2x3x8x32xf32> {
  %w = param.load @w : tensor<2x8x96xf32>
  %o = tensor.empty() : tensor<2x3x8x32xf32>
  %a = moe.pack_panels ins(%w : tensor<2x8x96xf32>) outs(%o : tensor<2x3x8x32xf32>) {gated, k_major} -> tensor<2x3x8x32xf32>
  return %a : tensor<2x3x8x32xf32>
}

// -----

// A value of the run is not a parameter.
// CHECK-LABEL: func @runtime
func.func @runtime(%w: tensor<2x96x8xf32>) -> tensor<2x3x8x32xf32> {
  // CHECK: moe.pack_panels
  %o = tensor.empty() : tensor<2x3x8x32xf32>
  %a = moe.pack_panels ins(%w : tensor<2x96x8xf32>) outs(%o : tensor<2x3x8x32xf32>) -> tensor<2x3x8x32xf32>
  return %a : tensor<2x3x8x32xf32>
}

// -----

// Other uses of the parameter stay as they are.
param.decl @w : tensor<4xf32> = #param.file<"m", 0, 16>
// CHECK-LABEL: func @other_uses
func.func @other_uses() -> (tensor<4xf32>, tensor<2x2xf32>) {
  // CHECK-DAG: %[[W:.*]] = param.load @w : tensor<4xf32>
  // CHECK-DAG: %[[R:.*]] = param.load @w.reshaped : tensor<2x2xf32>
  // CHECK: return %[[W]], %[[R]]
  %w = param.load @w : tensor<4xf32>
  %r = tensor.expand_shape %w [[0, 1]] output_shape [2, 2] : tensor<4xf32> into tensor<2x2xf32>
  return %w, %r : tensor<4xf32>, tensor<2x2xf32>
}

// -----

// Name taken: another is found.
param.decl @w : tensor<4xf32> = #param.file<"m", 0, 16>
// CHECK-DAG: param.decl @w.reshaped : tensor<8xf32>
param.decl @w.reshaped : tensor<8xf32> = #param.file<"m", 0, 32>
// CHECK-DAG: param.decl @w.reshaped_0 : tensor<2x2xf32>
// CHECK-LABEL: func @name
func.func @name() -> (tensor<8xf32>, tensor<2x2xf32>) {
  %v = param.load @w.reshaped : tensor<8xf32>
  %w = param.load @w : tensor<4xf32>
  // CHECK: param.load @w.reshaped_0 : tensor<2x2xf32>
  %r = tensor.expand_shape %w [[0, 1]] output_shape [2, 2] : tensor<4xf32> into tensor<2x2xf32>
  return %v, %r : tensor<8xf32>, tensor<2x2xf32>
}

// -----

// Packing one column of many rows stores 32 times the bytes: too much, once it
// is many bytes.
param.decl @w : tensor<1x1x1000000xf32> = #param.file<"m", 0, 4000000>
// REMARKS: remark: [Missed] NotFolded | Category:param-fold-recipes | {{.*}}moe.pack_panels runs every time: it would store many times the bytes it is made of
// CHECK-LABEL: func @growth
func.func @growth() -> tensor<1x1x1000000x32xf32> {
  // CHECK: moe.pack_panels
  %w = param.load @w : tensor<1x1x1000000xf32>
  %o = tensor.empty() : tensor<1x1x1000000x32xf32>
  %a = moe.pack_panels ins(%w : tensor<1x1x1000000xf32>) outs(%o : tensor<1x1x1000000x32xf32>) -> tensor<1x1x1000000x32xf32>
  return %a : tensor<1x1x1000000x32xf32>
}

// -----

param.decl @gate : tensor<2x4x8xf32> = #param.file<"m", 0, 256>
param.decl @up : tensor<2x4x8xf32> = #param.file<"m", 256, 256>

// Gate and up in turn; a bias that is absent is a constant.
// CHECK-DAG: param.decl @gate.interleaved : tensor<2x8x8xf32> = #param.reshape<#param.stack<[#param.file<"m", 0, 256, tensor<2x4x8xf32>>, #param.file<"m", 256, 256, tensor<2x4x8xf32>>], axis = 2>, [2, 8, 8]>
// CHECK-DAG: param.decl @up.interleaved : tensor<2x8x8xf32> = #param.reshape<#param.stack<[#param.dense<dense<0.000000e+00> : tensor<2x4x8xf32>>, #param.file<"m", 256, 256, tensor<2x4x8xf32>>], axis = 2>, [2, 8, 8]>
// CHECK-LABEL: func @interleave
func.func @interleave(%x: tensor<2x4x8xf32>) -> (tensor<2x8x8xf32>, tensor<2x8x8xf32>, tensor<2x8x8xf32>) {
  %gate = param.load @gate : tensor<2x4x8xf32>
  %up = param.load @up : tensor<2x4x8xf32>
  %zero = arith.constant dense<0.0> : tensor<2x4x8xf32>
  %o = tensor.empty() : tensor<2x8x8xf32>
  // CHECK-DAG: param.load @gate.interleaved
  // CHECK-DAG: param.load @up.interleaved
  %a = moe.interleave ins(%gate, %up : tensor<2x4x8xf32>, tensor<2x4x8xf32>) outs(%o : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %b = moe.interleave ins(%zero, %up : tensor<2x4x8xf32>, tensor<2x4x8xf32>) outs(%o : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  // What the run knows alone stays.
  // CHECK: moe.interleave
  %c = moe.interleave ins(%gate, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>) outs(%o : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %a, %b, %c : tensor<2x8x8xf32>, tensor<2x8x8xf32>, tensor<2x8x8xf32>
}

// -----

param.decl @w : tensor<2x8x8xf32> = #param.file<"m", 0, 512>

// CHECK-DAG: param.decl @w.sliced : tensor<2x4x8xf32> = #param.slice<#param.file<"m", 0, 512, tensor<2x8x8xf32>>, offsets = [0, 4, 0], sizes = [2, 4, 8], strides = [1, 1, 1]>
// CHECK-DAG: param.decl @w.sliced_0 : tensor<2x4x8xf32> = #param.slice<#param.file<"m", 0, 512, tensor<2x8x8xf32>>, offsets = [0, 1, 0], sizes = [2, 4, 8], strides = [1, 2, 1]>
// CHECK-DAG: param.decl @w.sliced_1 : tensor<4x8xf32> = #param.reshape<#param.slice<#param.file<"m", 0, 512, tensor<2x8x8xf32>>, offsets = [1, 0, 0], sizes = [1, 4, 8], strides = [1, 1, 1]>, [4, 8]>
// CHECK-LABEL: func @extract_slice
func.func @extract_slice(%n: index) -> (tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<4x8xf32>, tensor<2x4x8xf32>) {
  %w = param.load @w : tensor<2x8x8xf32>
  %a = tensor.extract_slice %w[0, 4, 0] [2, 4, 8] [1, 1, 1] : tensor<2x8x8xf32> to tensor<2x4x8xf32>
  %b = tensor.extract_slice %w[0, 1, 0] [2, 4, 8] [1, 2, 1] : tensor<2x8x8xf32> to tensor<2x4x8xf32>
  %c = tensor.extract_slice %w[1, 0, 0] [1, 4, 8] [1, 1, 1] : tensor<2x8x8xf32> to tensor<4x8xf32>
  // CHECK: tensor.extract_slice %{{.*}}[0, %{{.*}}, 0]
  %d = tensor.extract_slice %w[0, %n, 0] [2, 4, 8] [1, 1, 1] : tensor<2x8x8xf32> to tensor<2x4x8xf32>
  return %a, %b, %c, %d : tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<4x8xf32>, tensor<2x4x8xf32>
}
