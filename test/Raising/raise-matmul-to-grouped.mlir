// RUN: moec-opt %s --raise-matmul-to-grouped --split-input-file | FileCheck %s
// RUN: moec-opt %s --raise-matmul-to-grouped --split-input-file --remarks-filter=raise-matmul-to-grouped --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// A product with a weight matrix has one expert, that of all rows.
// REMARK: [Passed] RaisedProduct | Category:raise-matmul-to-grouped | {{.*}}the product with a weight of 64 x 40 became a grouped product, whose weights are in panels
// CHECK-LABEL: func @raised
// CHECK: moe.pack_panels
// CHECK: moe.grouped_matmul
// CHECK-NOT: onnx.MatMul
param.decl @w : tensor<64x40xf32> = #param.file<"m.onnx", 0, 10240>
func.func @raised(%x: tensor<3x64xf32>) -> tensor<3x40xf32> {
  %w = param.load @w : tensor<64x40xf32>
  %y = onnx.MatMul(%x, %w) : (tensor<3x64xf32>, tensor<64x40xf32>) -> tensor<3x40xf32>
  return %y : tensor<3x40xf32>
}

// -----

// A matrix for each element of the leading dimensions: three rows each.
// REMARK: [Passed] RaisedProduct | {{.*}}the product with 2 weights of 64 x 40 became a grouped product
// CHECK-LABEL: func @stack
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : i32
// CHECK-DAG: %[[C3:.*]] = arith.constant 3 : i32
// CHECK-DAG: %[[C6:.*]] = arith.constant 6 : i32
// CHECK: %[[OFFSETS:.*]] = tensor.from_elements %[[C0]], %[[C3]], %[[C6]]
// CHECK: %[[PANELS:.*]] = moe.pack_panels {{.*}} -> tensor<2x2x64x32xf32>
// CHECK: moe.grouped_matmul ins({{.*}}, %[[PANELS]], %[[OFFSETS]] : tensor<6x64xf32>
// CHECK-NOT: onnx.MatMul
param.decl @w : tensor<2x64x40xf32> = #param.file<"m.onnx", 0, 20480>
func.func @stack(%x: tensor<2x3x64xf32>) -> tensor<2x3x40xf32> {
  %w = param.load @w : tensor<2x64x40xf32>
  %y = onnx.MatMul(%x, %w) : (tensor<2x3x64xf32>, tensor<2x64x40xf32>) -> tensor<2x3x40xf32>
  return %y : tensor<2x3x40xf32>
}

// -----

// Rows that all matrices share are repeated.
// CHECK-LABEL: func @shared
// CHECK: %[[X:.*]] = onnx.Expand(%{{.*}}) {onnx.shapes = [#{{.*}}]} : (tensor<1x?x64xf32>) -> tensor<6x?x64xf32>
// CHECK: moe.grouped_matmul
param.decl @w : tensor<6x64x40xf32> = #param.file<"m.onnx", 0, 61440>
func.func @shared(%x: tensor<1x?x64xf32> {onnx.shape = affine_map<()[s0] -> (1, s0, 64)>}) -> tensor<6x?x40xf32> {
  %w = param.load @w : tensor<6x64x40xf32>
  %y = onnx.MatMul(%x, %w) {onnx.shapes = [affine_map<()[s0] -> (6, s0, 40)>]} : (tensor<1x?x64xf32>, tensor<6x64x40xf32>) -> tensor<6x?x40xf32>
  return %y : tensor<6x?x40xf32>
}

// -----

// So are those with fewer dimensions; matrices lie in one row.
// CHECK-LABEL: func @two_dimensions
// CHECK: onnx.Expand({{.*}}) : (tensor<3x64xf32>) -> tensor<2x3x3x64xf32>
// CHECK: tensor.collapse_shape {{.*}} : tensor<2x3x64x40xf32> into tensor<6x64x40xf32>
// CHECK: moe.grouped_matmul {{.*}} tensor<18x64xf32>, tensor<6x2x64x32xf32>, tensor<7xi32>
// CHECK: tensor.expand_shape {{.*}} : tensor<18x40xf32> into tensor<2x3x3x40xf32>
param.decl @w : tensor<2x3x64x40xf32> = #param.file<"m.onnx", 0, 61440>
func.func @two_dimensions(%x: tensor<3x64xf32>) -> tensor<2x3x3x40xf32> {
  %w = param.load @w : tensor<2x3x64x40xf32>
  %y = onnx.MatMul(%x, %w) : (tensor<3x64xf32>, tensor<2x3x64x40xf32>) -> tensor<2x3x3x40xf32>
  return %y : tensor<2x3x3x40xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: its rows have more dimensions than its matrices, or only the run knows which
// CHECK-LABEL: func @more_rows
// CHECK: onnx.MatMul
param.decl @w : tensor<2x64x40xf32> = #param.file<"m.onnx", 0, 20480>
func.func @more_rows(%x: tensor<5x2x3x64xf32>) -> tensor<5x2x3x40xf32> {
  %w = param.load @w : tensor<2x64x40xf32>
  %y = onnx.MatMul(%x, %w) : (tensor<5x2x3x64xf32>, tensor<2x64x40xf32>) -> tensor<5x2x3x40xf32>
  return %y : tensor<5x2x3x40xf32>
}

// -----

// One matrix is repeated for many rows elsewhere.
// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: its rows have more dimensions than its matrices, or only the run knows which
// CHECK-LABEL: func @one_matrix
// CHECK: onnx.MatMul
param.decl @w : tensor<1x64x40xf32> = #param.file<"m.onnx", 0, 10240>
func.func @one_matrix(%x: tensor<2x3x64xf32>) -> tensor<2x3x40xf32> {
  %w = param.load @w : tensor<1x64x40xf32>
  %y = onnx.MatMul(%x, %w) : (tensor<2x3x64xf32>, tensor<1x64x40xf32>) -> tensor<2x3x40xf32>
  return %y : tensor<2x3x40xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: its weight is not a matrix
// CHECK-LABEL: func @vector_weight
// CHECK: onnx.MatMul
param.decl @w : tensor<64xf32> = #param.file<"m.onnx", 0, 256>
func.func @vector_weight(%x: tensor<3x64xf32>) -> tensor<3xf32> {
  %w = param.load @w : tensor<64xf32>
  %y = onnx.MatMul(%x, %w) : (tensor<3x64xf32>, tensor<64xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: its first operand is a vector
// CHECK-LABEL: func @vector
// CHECK: onnx.MatMul
param.decl @w : tensor<64x40xf32> = #param.file<"m.onnx", 0, 10240>
func.func @vector(%x: tensor<64xf32>) -> tensor<40xf32> {
  %w = param.load @w : tensor<64x40xf32>
  %y = onnx.MatMul(%x, %w) : (tensor<64xf32>, tensor<64x40xf32>) -> tensor<40xf32>
  return %y : tensor<40xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: its weight is empty
// CHECK-LABEL: func @empty
// CHECK: onnx.MatMul
param.decl @w : tensor<64x0xf32> = #param.file<"m.onnx", 0, 0>
func.func @empty(%x: tensor<3x64xf32>) -> tensor<3x0xf32> {
  %w = param.load @w : tensor<64x0xf32>
  %y = onnx.MatMul(%x, %w) : (tensor<3x64xf32>, tensor<64x0xf32>) -> tensor<3x0xf32>
  return %y : tensor<3x0xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: only the run knows how deep it is
// CHECK-LABEL: func @depth
// CHECK: onnx.MatMul
param.decl @w : tensor<64x40xf32> = #param.file<"m.onnx", 0, 10240>
func.func @depth(%x: tensor<3x?xf32> {onnx.shape = affine_map<()[s0] -> (3, s0)>}) -> tensor<3x40xf32> {
  %w = param.load @w : tensor<64x40xf32>
  %y = onnx.MatMul(%x, %w) : (tensor<3x?xf32>, tensor<64x40xf32>) -> tensor<3x40xf32>
  return %y : tensor<3x40xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: it has 2^31 rows or more
// CHECK-LABEL: func @rows
// CHECK: onnx.MatMul
param.decl @w : tensor<64x40xf32> = #param.file<"m.onnx", 0, 10240>
func.func @rows(%x: tensor<2147483648x64xf32>) -> tensor<2147483648x40xf32> {
  %w = param.load @w : tensor<64x40xf32>
  %y = onnx.MatMul(%x, %w) : (tensor<2147483648x64xf32>, tensor<64x40xf32>) -> tensor<2147483648x40xf32>
  return %y : tensor<2147483648x40xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: no schedule takes its element type
// CHECK-LABEL: func @wide
// CHECK: onnx.MatMul
param.decl @w : tensor<64x40xf64> = #param.file<"m.onnx", 0, 20480>
func.func @wide(%x: tensor<3x64xf64>) -> tensor<3x40xf64> {
  %w = param.load @w : tensor<64x40xf64>
  %y = onnx.MatMul(%x, %w) : (tensor<3x64xf64>, tensor<64x40xf64>) -> tensor<3x40xf64>
  return %y : tensor<3x40xf64>
}
