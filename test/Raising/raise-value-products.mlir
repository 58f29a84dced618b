// Products of two values of the run: their matrices stay as they lie, and are no weights of experts.
// RUN: moec-opt %s --raise-matmul-to-grouped --split-input-file | FileCheck %s
// RUN: moec-opt %s --raise-matmul-to-grouped --split-input-file --remarks-filter=raise-matmul-to-grouped --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Probabilities and values, whose extents only the run knows. Rows are counted by 32 bits.
// REMARK: [Passed] RaisedProductOfValues | Category:raise-matmul-to-grouped | {{.*}}the product of two values of the run became a grouped product, whose matrices stay as they lie
// CHECK: #[[ROWS:.*]] = affine_map<()[s0, s1, s2] -> (2147483647, (s0 * s1) * 4)>
// CHECK: #[[SHAPE:.*]] = affine_map<()[s0, s1] -> (s0, 4, s1, 16)>
// CHECK-LABEL: func @values(
// CHECK-SAME: %[[P:.*]]: tensor<?x4x?x?xf32> {{.*}}, %[[V:.*]]: tensor<?x4x?x16xf32>
// CHECK: %[[W:.*]] = tensor.collapse_shape %[[V]] {{\[\[}}0, 1], [2], [3]] : tensor<?x4x?x16xf32> into tensor<?x?x16xf32>
// CHECK: %[[INIT:.*]] = tensor.empty(%{{.*}}) : tensor<?x16xf32>
// CHECK: %[[X:.*]] = tensor.collapse_shape %[[P]] {{\[\[}}0, 1, 2], [3]] : tensor<?x4x?x?xf32> into tensor<?x?xf32>
// CHECK: %[[Y:.*]] = moe.grouped_matmul ins(%[[X]], %[[W]] : tensor<?x?xf32>, tensor<?x?x16xf32>) outs(%[[INIT]] : tensor<?x16xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>, onnx.equal = [#onnx.check<at_least, #[[ROWS]], "the most rows of a product">]}
// CHECK: tensor.expand_shape %[[Y]] {{.*}} {onnx.shapes = [#[[SHAPE]]]} : tensor<?x16xf32> into tensor<?x4x?x16xf32>
// CHECK-NOT: onnx.MatMul
func.func @values(%p: tensor<?x4x?x?xf32> {onnx.shape = affine_map<()[s0, s1, s2] -> (s0, 4, s1, s2)>}, %v: tensor<?x4x?x16xf32> {onnx.shape = affine_map<()[s0, s1, s2] -> (s0, 4, s2, 16)>}) -> tensor<?x4x?x16xf32> {
  %y = onnx.MatMul(%p, %v) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, 4, s1, 16)>]} : (tensor<?x4x?x?xf32>, tensor<?x4x?x16xf32>) -> tensor<?x4x?x16xf32>
  return %y : tensor<?x4x?x16xf32>
}

// -----

// Keys that were transposed for the product are read as they were.
// CHECK-LABEL: func @keys(
// CHECK-SAME: %[[Q:.*]]: tensor<2x4x3x16xf32>, %[[K:.*]]: tensor<2x4x5x16xf32>
// CHECK-NOT: onnx.Transpose
// CHECK: %[[W:.*]] = tensor.collapse_shape %[[K]] {{.*}} into tensor<8x5x16xf32>
// CHECK: moe.grouped_matmul ins(%{{.*}}, %[[W]] : tensor<24x16xf32>, tensor<8x5x16xf32>) outs(%{{.*}} : tensor<24x5xf32>) {{{.*}}layout = #moe.layout<nk>}
func.func @keys(%q: tensor<2x4x3x16xf32>, %k: tensor<2x4x5x16xf32>) -> tensor<2x4x3x5xf32> {
  %t = onnx.Transpose(%k) {perm = array<i64: 0, 1, 3, 2>} : (tensor<2x4x5x16xf32>) -> tensor<2x4x16x5xf32>
  %y = onnx.MatMul(%q, %t) : (tensor<2x4x3x16xf32>, tensor<2x4x16x5xf32>) -> tensor<2x4x3x5xf32>
  return %y : tensor<2x4x3x5xf32>
}

// -----

// Without `perm` all dimensions are in reverse: of two, the last ones. What else reads it keeps it.
// CHECK-LABEL: func @reversed(
// CHECK-SAME: %[[Q:.*]]: tensor<3x16xf32>, %[[K:.*]]: tensor<5x16xf32>
// CHECK: %[[T:.*]] = onnx.Transpose(%[[K]])
// CHECK: tensor.expand_shape %[[K]] {{.*}} into tensor<1x5x16xf32>
// CHECK: moe.grouped_matmul {{.*}} layout = #moe.layout<nk>}
// CHECK: return %{{.*}}, %[[T]]
func.func @reversed(%q: tensor<3x16xf32>, %k: tensor<5x16xf32>) -> (tensor<3x5xf32>, tensor<16x5xf32>) {
  %t = onnx.Transpose(%k) : (tensor<5x16xf32>) -> tensor<16x5xf32>
  %y = onnx.MatMul(%q, %t) : (tensor<3x16xf32>, tensor<16x5xf32>) -> tensor<3x5xf32>
  return %y, %t : tensor<3x5xf32>, tensor<16x5xf32>
}

// -----

// A transposition that does more: the last two dimensions stay in order, so that whole rows move.
// CHECK-LABEL: func @heads(
// CHECK: %[[T:.*]] = onnx.Transpose(%{{.*}}) {onnx.shapes = [#{{.*}}], perm = array<i64: 0, 2, 1, 3>} : (tensor<2x?x4x16xf32>) -> tensor<2x4x?x16xf32>
// CHECK: tensor.collapse_shape %[[T]] {{.*}} into tensor<8x?x16xf32>
// CHECK: moe.grouped_matmul {{.*}} layout = #moe.layout<nk>, {{.*}}}
func.func @heads(%q: tensor<2x4x3x16xf32>, %k: tensor<2x?x4x16xf32> {onnx.shape = affine_map<()[s0] -> (2, s0, 4, 16)>}) -> tensor<2x4x3x?xf32> {
  %t = onnx.Transpose(%k) {perm = array<i64: 0, 2, 3, 1>, onnx.shapes = [affine_map<()[s0] -> (2, 4, 16, s0)>]} : (tensor<2x?x4x16xf32>) -> tensor<2x4x16x?xf32>
  %y = onnx.MatMul(%q, %t) {onnx.shapes = [affine_map<()[s0] -> (2, 4, 3, s0)>], onnx.equal = [#onnx.check<equal, affine_map<()[s0] -> (s0, 7)>, "a demand">]} : (tensor<2x4x3x16xf32>, tensor<2x4x16x?xf32>) -> tensor<2x4x3x?xf32>
  return %y : tensor<2x4x3x?xf32>
}

// -----

// But not for two readers, which would each have their own.
// CHECK-LABEL: func @shared_heads(
// CHECK: onnx.Transpose({{.*}}) {perm = array<i64: 0, 2, 3, 1>}
// CHECK-NOT: onnx.Transpose
// CHECK: moe.grouped_matmul {{.*}} layout = #moe.layout<kn>}
func.func @shared_heads(%q: tensor<2x4x3x16xf32>, %k: tensor<2x5x4x16xf32>) -> (tensor<2x4x3x5xf32>, tensor<2x4x16x5xf32>) {
  %t = onnx.Transpose(%k) {perm = array<i64: 0, 2, 3, 1>} : (tensor<2x5x4x16xf32>) -> tensor<2x4x16x5xf32>
  %y = onnx.MatMul(%q, %t) : (tensor<2x4x3x16xf32>, tensor<2x4x16x5xf32>) -> tensor<2x4x3x5xf32>
  return %y, %t : tensor<2x4x3x5xf32>, tensor<2x4x16x5xf32>
}

// -----

// One that leaves the last dimension where it is, or swaps others, is no matter of the layout.
// CHECK-LABEL: func @other_transpose(
// CHECK: onnx.Transpose({{.*}}) {perm = array<i64: 1, 0, 2>}
// CHECK: moe.grouped_matmul {{.*}} layout = #moe.layout<kn>}
func.func @other_transpose(%q: tensor<2x3x16xf32>, %k: tensor<16x2x5xf32>, %j: tensor<16x2x5xf32>) -> tensor<2x3x5xf32> {
  %t = onnx.Transpose(%k) {perm = array<i64: 1, 0, 2>} : (tensor<16x2x5xf32>) -> tensor<2x16x5xf32>
  %y = onnx.MatMul(%q, %t) : (tensor<2x3x16xf32>, tensor<2x16x5xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// -----

// A Gemm with the transpose of a matrix, or of a transposed one; its vector is a bias.
// CHECK-LABEL: func @gemm(
// CHECK: moe.grouped_matmul {{.*}} bias(%{{.*}} : tensor<1x5xf32>) {{.*}} layout = #moe.layout<nk>}
// CHECK-NOT: onnx.Transpose
// CHECK: moe.grouped_matmul {{.*}} layout = #moe.layout<kn>}
func.func @gemm(%q: tensor<3x16xf32>, %k: tensor<5x16xf32>, %c: tensor<5xf32>, %m: tensor<16x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>) {
  %y = onnx.Gemm(%q, %k, %c) {transB = 1 : i64} : (tensor<3x16xf32>, tensor<5x16xf32>, tensor<5xf32>) -> tensor<3x5xf32>
  %t = onnx.Transpose(%m) {perm = array<i64: 1, 0>} : (tensor<16x5xf32>) -> tensor<5x16xf32>
  %z = onnx.Gemm(%q, %t) {transB = 1 : i64} : (tensor<3x16xf32>, tensor<5x16xf32>) -> tensor<3x5xf32>
  return %y, %z : tensor<3x5xf32>, tensor<3x5xf32>
}

// -----

// Rows that share a matrix lie beside each other: those of two groups of heads.
// CHECK-LABEL: func @groups(
// CHECK: tensor.collapse_shape %{{.*}} {{\[\[}}0, 1, 2], [3], [4]] : tensor<2x4x1x16x5xf16> into tensor<8x16x5xf16>
// CHECK: moe.grouped_matmul ins(%{{.*}} : tensor<48x16xf16>, tensor<8x16x5xf16>)
// CHECK: tensor.expand_shape {{.*}} : tensor<48x5xf16> into tensor<2x4x2x3x5xf16>
func.func @groups(%q: tensor<2x4x2x3x16xf16>, %k: tensor<2x4x1x16x5xf16>) -> tensor<2x4x2x3x5xf16> {
  %y = onnx.MatMul(%q, %k) : (tensor<2x4x2x3x16xf16>, tensor<2x4x1x16x5xf16>) -> tensor<2x4x2x3x5xf16>
  return %y : tensor<2x4x2x3x5xf16>
}

// -----

// One matrix for all rows, of fewer dimensions.
// CHECK-LABEL: func @one_matrix(
// CHECK: moe.grouped_matmul ins(%{{.*}} : tensor<6x16xbf16>, tensor<1x16x5xbf16>)
func.func @one_matrix(%q: tensor<2x3x16xbf16>, %k: tensor<16x5xbf16>) -> tensor<2x3x5xbf16> {
  %y = onnx.MatMul(%q, %k) : (tensor<2x3x16xbf16>, tensor<16x5xbf16>) -> tensor<2x3x5xbf16>
  return %y : tensor<2x3x5xbf16>
}

// -----

// Rows are repeated for each matrix: where they have an extent of one, or fewer dimensions.
// CHECK: #[[REPEATED:.*]] = affine_map<()[s0, s1] -> (s0, 3, s1)>
// CHECK-LABEL: func @repeated(
// CHECK: onnx.Expand(%{{.*}}) {onnx.shapes = [#[[REPEATED]]]} : (tensor<1x3x?xf32>) -> tensor<?x3x?xf32>
// CHECK: moe.grouped_matmul
// CHECK: onnx.Expand(%{{.*}}) {{.*}} : (tensor<3x7xf32>) -> tensor<2x3x7xf32>
// CHECK: moe.grouped_matmul
func.func @repeated(%q: tensor<1x3x?xf32> {onnx.shape = affine_map<()[s0, s1] -> (1, 3, s1)>}, %k: tensor<?x?x5xf32> {onnx.shape = affine_map<()[s0, s1] -> (s0, s1, 5)>}, %r: tensor<3x7xf32>, %l: tensor<2x7x5xf32>) -> (tensor<?x3x5xf32>, tensor<2x3x5xf32>) {
  %y = onnx.MatMul(%q, %k) {onnx.shapes = [affine_map<()[s0] -> (s0, 3, 5)>]} : (tensor<1x3x?xf32>, tensor<?x?x5xf32>) -> tensor<?x3x5xf32>
  %z = onnx.MatMul(%r, %l) : (tensor<3x7xf32>, tensor<2x7x5xf32>) -> tensor<2x3x5xf32>
  return %y, %z : tensor<?x3x5xf32>, tensor<2x3x5xf32>
}

// -----

// So are rows of fewer dimensions for one matrix: which extent is which says the result alone.
// CHECK: #[[ROWS:.*]] = affine_map<()[s0] -> (1, s0, 7)>
// CHECK-LABEL: func @fewer_dimensions(
// CHECK: onnx.Expand(%{{.*}}) {onnx.shapes = [#[[ROWS]]]} : (tensor<?x7xf32>) -> tensor<1x?x7xf32>
// CHECK: moe.grouped_matmul
func.func @fewer_dimensions(%q: tensor<?x7xf32> {onnx.shape = affine_map<()[s0] -> (s0, 7)>}, %k: tensor<1x7x5xf32>) -> tensor<1x?x5xf32> {
  %y = onnx.MatMul(%q, %k) {onnx.shapes = [affine_map<()[s0] -> (1, s0, 5)>]} : (tensor<?x7xf32>, tensor<1x7x5xf32>) -> tensor<1x?x5xf32>
  return %y : tensor<1x?x5xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: only the run knows how often it repeats its rows
// CHECK-LABEL: func @unknown_repeated
// CHECK-NOT: moe.grouped_matmul
func.func @unknown_repeated(%q: tensor<1x3x7xf32>, %k: tensor<?x7x5xf32>) -> tensor<?x3x5xf32> {
  %y = onnx.MatMul(%q, %k) : (tensor<1x3x7xf32>, tensor<?x7x5xf32>) -> tensor<?x3x5xf32>
  return %y : tensor<?x3x5xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: only the run knows how often it repeats its rows
// CHECK-LABEL: func @unknown_fewer_dimensions
// CHECK-NOT: moe.grouped_matmul
func.func @unknown_fewer_dimensions(%q: tensor<?x7xf32>, %k: tensor<1x7x5xf32>) -> tensor<1x?x5xf32> {
  %y = onnx.MatMul(%q, %k) : (tensor<?x7xf32>, tensor<1x7x5xf32>) -> tensor<1x?x5xf32>
  return %y : tensor<1x?x5xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: only the run knows how often it repeats its rows
// CHECK-LABEL: func @unknown_depth
// CHECK-NOT: moe.grouped_matmul
func.func @unknown_depth(%q: tensor<1x3x?xf32>, %k: tensor<2x?x5xf32>) -> tensor<2x3x5xf32> {
  %y = onnx.MatMul(%q, %k) : (tensor<1x3x?xf32>, tensor<2x?x5xf32>) -> tensor<2x3x5xf32>
  return %y : tensor<2x3x5xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: it repeats matrices, and not for rows that lie beside each other
// CHECK-LABEL: func @inner_matrices
// CHECK-NOT: moe.grouped_matmul
func.func @inner_matrices(%q: tensor<2x4x3x16xf32>, %k: tensor<1x4x16x5xf32>) -> tensor<2x4x3x5xf32> {
  %y = onnx.MatMul(%q, %k) : (tensor<2x4x3x16xf32>, tensor<1x4x16x5xf32>) -> tensor<2x4x3x5xf32>
  return %y : tensor<2x4x3x5xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: it repeats matrices, and not for rows that lie beside each other
// CHECK-LABEL: func @fewer_matrices
// CHECK-NOT: moe.grouped_matmul
func.func @fewer_matrices(%q: tensor<2x4x3x16xf32>, %k: tensor<4x16x5xf32>) -> tensor<2x4x3x5xf32> {
  %y = onnx.MatMul(%q, %k) : (tensor<2x4x3x16xf32>, tensor<4x16x5xf32>) -> tensor<2x4x3x5xf32>
  return %y : tensor<2x4x3x5xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: its first operand is a vector
// CHECK-LABEL: func @vector
// CHECK-NOT: moe.grouped_matmul
func.func @vector(%q: tensor<16xf32>, %k: tensor<16x5xf32>) -> tensor<5xf32> {
  %y = onnx.MatMul(%q, %k) : (tensor<16xf32>, tensor<16x5xf32>) -> tensor<5xf32>
  return %y : tensor<5xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: its second operand is a vector
// CHECK-LABEL: func @column
// CHECK-NOT: moe.grouped_matmul
func.func @column(%q: tensor<3x16xf32>, %k: tensor<16xf32>) -> tensor<3xf32> {
  %y = onnx.MatMul(%q, %k) : (tensor<3x16xf32>, tensor<16xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: an operand is empty
// CHECK-LABEL: func @no_rows
// CHECK-NOT: moe.grouped_matmul
func.func @no_rows(%q: tensor<0x16xf32>, %k: tensor<16x5xf32>) -> tensor<0x5xf32> {
  %y = onnx.MatMul(%q, %k) : (tensor<0x16xf32>, tensor<16x5xf32>) -> tensor<0x5xf32>
  return %y : tensor<0x5xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: an operand is empty
// CHECK-LABEL: func @no_columns
// CHECK-NOT: moe.grouped_matmul
func.func @no_columns(%q: tensor<3x16xf32>, %k: tensor<16x0xf32>) -> tensor<3x0xf32> {
  %y = onnx.MatMul(%q, %k) : (tensor<3x16xf32>, tensor<16x0xf32>) -> tensor<3x0xf32>
  return %y : tensor<3x0xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: an operand is a constant
// CHECK-LABEL: func @constant_rows
// CHECK-NOT: moe.grouped_matmul
func.func @constant_rows(%k: tensor<2x5xf32>) -> tensor<1x5xf32> {
  %q = onnx.Constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %y = onnx.MatMul(%q, %k) : (tensor<1x2xf32>, tensor<2x5xf32>) -> tensor<1x5xf32>
  return %y : tensor<1x5xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: an operand is a constant
// CHECK-LABEL: func @constant_matrix
// CHECK-NOT: moe.grouped_matmul
func.func @constant_matrix(%q: tensor<3x1xf32>) -> tensor<3x2xf32> {
  %k = onnx.Constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %y = onnx.MatMul(%q, %k) : (tensor<3x1xf32>, tensor<1x2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: it scales, or adds more than one vector, or transposes its rows
// CHECK-LABEL: func @scaled
// CHECK-NOT: moe.grouped_matmul
func.func @scaled(%q: tensor<3x16xf32>, %k: tensor<16x5xf32>) -> tensor<3x5xf32> {
  %y = onnx.Gemm(%q, %k) {alpha = 2.0 : f32} : (tensor<3x16xf32>, tensor<16x5xf32>) -> tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: it has 2^31 rows or more
// CHECK-LABEL: func @many_rows
// CHECK-NOT: moe.grouped_matmul
func.func @many_rows(%q: tensor<65536x32768x1xf32>, %k: tensor<65536x1x5xf32>) -> tensor<65536x32768x5xf32> {
  %y = onnx.MatMul(%q, %k) : (tensor<65536x32768x1xf32>, tensor<65536x1x5xf32>) -> tensor<65536x32768x5xf32>
  return %y : tensor<65536x32768x5xf32>
}

// -----

// REMARK: [Missed] NotRaised | {{.*}}the product stays as it is: no schedule takes its element type
// CHECK-LABEL: func @wide
// CHECK-NOT: moe.grouped_matmul
func.func @wide(%q: tensor<3x16xf64>, %k: tensor<16x5xf64>) -> tensor<3x5xf64> {
  %y = onnx.MatMul(%q, %k) : (tensor<3x16xf64>, tensor<16x5xf64>) -> tensor<3x5xf64>
  return %y : tensor<3x5xf64>
}
