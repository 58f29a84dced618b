// RUN: moec-opt %s -split-input-file -moec-alias-caches | FileCheck %s
// RUN: moec-opt %s -split-input-file -moec-alias-caches --remarks-filter=moec-alias-caches --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Both presents continue an argument that nobody else reads.
// CHECK-LABEL: func.func @main
// CHECK-SAME: -> (tensor<1x2x16xf32>, tensor<1x1x5x16xf32> {moec.alias = 1 : i64}, tensor<1x1x5x16xf32> {moec.alias = 2 : i64})
// REMARK: remark: [Passed] SharedCache | Category:moec-alias-caches | {{.*}}output 1 may share the buffer of input 1: only new rows are written then
// REMARK: remark: [Passed] SharedCache | Category:moec-alias-caches | {{.*}}output 2 may share the buffer of input 2: only new rows are written then
func.func @main(%qkv: tensor<1x2x48xf32>, %pk: tensor<1x1x3x16xf32>, %pv: tensor<1x1x3x16xf32>,
                %ends: tensor<1xi32>, %total: tensor<i32>) -> (tensor<1x2x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>) {
  %y:3 = onnx.GroupQueryAttention(%qkv, %pk, %pv, %ends, %total) {num_heads = 1, kv_num_heads = 1, operandSegmentSizes = array<i32: 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<1x2x48xf32>, tensor<1x1x3x16xf32>, tensor<1x1x3x16xf32>, tensor<1xi32>, tensor<i32>) -> (tensor<1x2x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>)
  return %y#0, %y#1, %y#2 : tensor<1x2x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>
}

// -----

// A second reader of the past would see the new rows, a second reader of the
// present knows row-major buffers only.
// CHECK-LABEL: func.func @main
// CHECK-NOT: moec.alias
func.func @main(%qkv: tensor<1x2x48xf32>, %pk: tensor<1x1x3x16xf32>, %pv: tensor<1x1x3x16xf32>,
                %ends: tensor<1xi32>, %total: tensor<i32>) -> (tensor<1x2x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x3x16xf32>, tensor<1x1x5x16xf32>) {
  %y:3 = onnx.GroupQueryAttention(%qkv, %pk, %pv, %ends, %total) {num_heads = 1, kv_num_heads = 1, operandSegmentSizes = array<i32: 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<1x2x48xf32>, tensor<1x1x3x16xf32>, tensor<1x1x3x16xf32>, tensor<1xi32>, tensor<i32>) -> (tensor<1x2x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>)
  %a = onnx.Relu(%pk) : (tensor<1x1x3x16xf32>) -> tensor<1x1x3x16xf32>
  %b = onnx.Relu(%y#2) : (tensor<1x1x5x16xf32>) -> tensor<1x1x5x16xf32>
  return %y#0, %y#1, %y#2, %a, %b : tensor<1x2x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x3x16xf32>, tensor<1x1x5x16xf32>
}

// -----

// One argument twice: key and value cannot both grow in it.
// CHECK-LABEL: func.func @main
// CHECK-NOT: moec.alias
func.func @main(%qkv: tensor<1x2x48xf32>, %p: tensor<1x1x3x16xf32>,
                %ends: tensor<1xi32>, %total: tensor<i32>) -> (tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>) {
  %y:3 = onnx.GroupQueryAttention(%qkv, %p, %p, %ends, %total) {num_heads = 1, kv_num_heads = 1, operandSegmentSizes = array<i32: 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<1x2x48xf32>, tensor<1x1x3x16xf32>, tensor<1x1x3x16xf32>, tensor<1xi32>, tensor<i32>) -> (tensor<1x2x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>)
  return %y#1, %y#2 : tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>
}

// -----

// A past that main computes is no buffer of the host.
// CHECK-LABEL: func.func @main
// CHECK-NOT: moec.alias
func.func @main(%q: tensor<1x2x16xf32>, %p: tensor<1x1x3x16xf32>) -> (tensor<1x2x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>) {
  %a = onnx.Relu(%p) : (tensor<1x1x3x16xf32>) -> tensor<1x1x3x16xf32>
  %b = onnx.Abs(%p) : (tensor<1x1x3x16xf32>) -> tensor<1x1x3x16xf32>
  %y:3 = onnx.MultiHeadAttention(%q, %q, %q, %a, %b) {num_heads = 1, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1, 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1, 1, 0>} : (tensor<1x2x16xf32>, tensor<1x2x16xf32>, tensor<1x2x16xf32>, tensor<1x1x3x16xf32>, tensor<1x1x3x16xf32>) -> (tensor<1x2x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>)
  return %y#0, %y#1, %y#2 : tensor<1x2x16xf32>, tensor<1x1x5x16xf32>, tensor<1x1x5x16xf32>
}
