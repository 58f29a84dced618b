// moec-reduce leaves what a script asks for: nodes whose results are read go, too,
// where an operand can take their place, and calls; what has a type of its own stays.
// RUN: moec-reduce %s -reduction-tree="traversal-mode=0 test=%S/Inputs/has_add.sh" -o - 2>/dev/null | FileCheck %s
// CHECK: func.func @main(
// CHECK-NOT: onnx.{{Relu|Tanh|Mul}}
// CHECK: %[[SUM:.+]] = onnx.Add(%arg0, %arg0)
// CHECK-NEXT: %[[CAST:.+]] = onnx.Cast(%[[SUM]])
// CHECK-NEXT: return %[[CAST]]
func.func @main(%x: tensor<4x2xf32>) -> tensor<4x2xi64> {
  %0 = onnx.Relu(%x) : (tensor<4x2xf32>) -> tensor<4x2xf32>
  %1 = onnx.Tanh(%0) : (tensor<4x2xf32>) -> tensor<4x2xf32>
  %2 = onnx.Mul(%x, %1) : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  %3 = onnx.Add(%0, %2) : (tensor<4x2xf32>, tensor<4x2xf32>) -> tensor<4x2xf32>
  %4 = onnx.Tanh(%3) : (tensor<4x2xf32>) -> tensor<4x2xf32>
  %5 = onnx.Cast(%4) {to = i64} : (tensor<4x2xf32>) -> tensor<4x2xi64>
  return %5 : tensor<4x2xi64>
}
