// RUN: moec-opt --einsum-to-matmul --split-input-file --remarks-filter=einsum-to-matmul --remark-format=emitRemark %s -o /dev/null 2>&1 | FileCheck %s
// RUN: moec-opt --einsum-to-matmul --split-input-file %s | FileCheck %s --check-prefix=SAME

// Einsum that stay as they are, one for each reason.
// SAME-NOT: onnx.MatMul
// SAME-NOT: onnx.Mul

// CHECK: left 'tt,t->t' as it is: it reads a diagonal
// SAME: onnx.Einsum
func.func @main(%x: tensor<3x3xf32>, %y: tensor<3xf32>) -> tensor<3xf32> {
  %z = onnx.Einsum(%x, %y) {equation = "tt,t->t"} : (tensor<3x3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return %z : tensor<3xf32>
}

// -----

// CHECK: left 'td,t->td' as it is: it is no product of floats
// SAME: onnx.Einsum
func.func @main(%x: tensor<3x4xi64>, %y: tensor<3xi64>) -> tensor<3x4xi64> {
  %z = onnx.Einsum(%x, %y) {equation = "td,t->td"} : (tensor<3x4xi64>, tensor<3xi64>) -> tensor<3x4xi64>
  return %z : tensor<3x4xi64>
}

// -----

// CHECK: left 'td,t->td' as it is: it broadcasts
// SAME: onnx.Einsum
func.func @main(%x: tensor<3x4xf32>, %y: tensor<1xf32>) -> tensor<3x4xf32> {
  %z = onnx.Einsum(%x, %y) {equation = "td,t->td"} : (tensor<3x4xf32>, tensor<1xf32>) -> tensor<3x4xf32>
  return %z : tensor<3x4xf32>
}

// -----

// CHECK: left 'td,dh->th' as it is: neither operand is a weight
// SAME: onnx.Einsum
func.func @main(%x: tensor<3x4xf32>, %y: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %z = onnx.Einsum(%x, %y) {equation = "td,dh->th"} : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  return %z : tensor<3x5xf32>
}

// -----

// CHECK: left 'td,t->d' as it is: each product would be rounded before the sum
// SAME: onnx.Einsum
func.func @main(%x: tensor<3x4xf16>, %y: tensor<3xf16>) -> tensor<4xf16> {
  %z = onnx.Einsum(%x, %y) {equation = "td,t->d"} : (tensor<3x4xf16>, tensor<3xf16>) -> tensor<4xf16>
  return %z : tensor<4xf16>
}

// -----

// CHECK: left 't,de->tde' as it is: it sums over nothing that two operands have
// SAME: onnx.Einsum
param.decl @w : tensor<4x5xf32> = #param.dense<dense<1.0> : tensor<4x5xf32>>
func.func @main(%x: tensor<3xf32>) -> tensor<3x4x5xf32> {
  %y = param.load @w : tensor<4x5xf32>
  %z = onnx.Einsum(%x, %y) {equation = "t,de->tde"} : (tensor<3xf32>, tensor<4x5xf32>) -> tensor<3x4x5xf32>
  return %z : tensor<3x4x5xf32>
}

// -----

// CHECK: left 'td,edh->th' as it is: it sums over what one operand has
// SAME: onnx.Einsum
param.decl @w : tensor<5x4x8xf32> = #param.dense<dense<1.0> : tensor<5x4x8xf32>>
func.func @main(%x: tensor<3x4xf32>) -> tensor<3x8xf32> {
  %y = param.load @w : tensor<5x4x8xf32>
  %z = onnx.Einsum(%x, %y) {equation = "td,edh->th"} : (tensor<3x4xf32>, tensor<5x4x8xf32>) -> tensor<3x8xf32>
  return %z : tensor<3x8xf32>
}

// -----

// CHECK: left 'std,dh->th' as it is: it sums over what one operand has
// SAME: onnx.Einsum
param.decl @w : tensor<4x8xf32> = #param.dense<dense<1.0> : tensor<4x8xf32>>
func.func @main(%x: tensor<2x3x4xf32>) -> tensor<3x8xf32> {
  %y = param.load @w : tensor<4x8xf32>
  %z = onnx.Einsum(%x, %y) {equation = "std,dh->th"} : (tensor<2x3x4xf32>, tensor<4x8xf32>) -> tensor<3x8xf32>
  return %z : tensor<3x8xf32>
}

// -----

// The run compares the extents.
// CHECK: left 'td,te->de' as it is: it broadcasts
// SAME: onnx.Einsum
func.func @main(%x: tensor<?x4xf32>, %y: tensor<?x5xf32>) -> tensor<4x5xf32> {
  %z = onnx.Einsum(%x, %y) {equation = "td,te->de"} : (tensor<?x4xf32>, tensor<?x5xf32>) -> tensor<4x5xf32>
  return %z : tensor<4x5xf32>
}
