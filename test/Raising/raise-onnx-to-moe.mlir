// RUN: moec-opt %s --raise-onnx-to-moe --split-input-file | FileCheck %s
// RUN: moec-opt %s --raise-onnx-to-moe --split-input-file --remarks-filter=raise-onnx-to-moe --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Rows, two a token, are counted by 32 bits: less than 2^31 are demanded.
// REMARK: raised MoE '/layers.0/moe': 8 experts, 2 a token, gelu_tanh
// CHECK-DAG: #[[ROWS:.*]] = affine_map<()[s0] -> (2147483647, s0 * 2)>
// CHECK-LABEL: func @main
// CHECK-SAME: (%[[X:.*]]: tensor<?x64xf32> {{.*}}, %[[SCORES:.*]]: tensor<?x8xf32> {{.*}}, %[[W1:.*]]: tensor<8x48x64xf32>, %[[W2:.*]]: tensor<8x64x48xf32>)
// CHECK: %[[T:.*]] = tensor.dim %[[X]], %c0
// CHECK: %[[R:.*]] = arith.muli %[[T]], %c2
// CHECK: %weights, %ids = moe.route ins(%[[SCORES]] : tensor<?x8xf32>) outs(%{{.*}}, %{{.*}} : tensor<?x2xf32>, tensor<?x2xi32>) {drop_nonpositive, moe.layer = "/layers.0/moe", onnx.equal = [#onnx.check<at_least, #[[ROWS]], "the most rows of a product">], score = #moe.score<softmax_all>, tie = #moe.tie<highest>}
// CHECK: %[[ROWS:.*]] = tensor.empty(%[[R]]) : tensor<?xi32>
// CHECK: %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) outs(%{{.*}}, %[[ROWS]], %{{.*}} : tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>) {moe.layer = "/layers.0/moe"}
// CHECK: %experts = moe.expert_ffn ins(%[[X]], %rows, %offsets, %[[W1]], %[[W2]] : {{.*}}) outs(%{{.*}} : tensor<?x64xf32>) {activation = #moe.activation<gelu_tanh>, moe.layer = "/layers.0/moe", moe.raised_from = "MoE"}
// CHECK: %combined = moe.combine ins(%experts, %inverse, %weights : {{.*}}) outs(%{{.*}} : tensor<?x64xf32>) {moe.layer = "/layers.0/moe", onnx.shapes = [#{{.*}}]}
// CHECK-NOT: onnx.MoE
// CHECK: return %combined
func.func @main(%x: tensor<?x64xf32> {onnx.shape = affine_map<()[s0] -> (s0, 64)>}, %scores: tensor<?x8xf32> {onnx.shape = affine_map<()[s0] -> (s0, 8)>}, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<?x64xf32> {
  %0 = onnx.MoE(%x, %scores, %w1, %w2) {k = 2 : i64, activation_type = "gelu", operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>, onnx.shapes = [affine_map<()[s0] -> (s0, 64)>]} : (tensor<?x64xf32>, tensor<?x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<?x64xf32> loc("/layers.0/moe")
  return %0 : tensor<?x64xf32>
}

// -----

// Three dimensions are views; f16 is rounded once, after the weighted sum; what
// could not be decided about shapes stays as a check in front of the layer.
// CHECK-DAG: #[[FLAT:.*]] = affine_map<()[s0, s1, s2] -> (s0 * s1, 64)>
// CHECK-DAG: #[[FULL:.*]] = affine_map<()[s0, s1, s2] -> (s0, s1, 64)>
// CHECK-DAG: #[[SIDES:.*]] = affine_map<()[s0, s1, s2] -> (s2, s0 * s1)>
// CHECK-LABEL: func @main
// CHECK-SAME: (%[[X:.*]]: tensor<?x?x64xf16>
// CHECK: %[[FLATX:.*]] = tensor.collapse_shape %[[X]] {{\[\[}}0, 1], [2]] {onnx.shapes = [#[[FLAT]]]} : tensor<?x?x64xf16> into tensor<?x64xf16>
// CHECK: moe.route
// CHECK-SAME: onnx.equal = [#onnx.check<equal, #[[SIDES]], "tokens">, #onnx.check<at_least, #{{.*}}, "the most rows of a product">], renormalize
// CHECK: moe.expert_ffn ins(%[[FLATX]]
// CHECK-SAME: bias1(%{{.*}} : tensor<8x96xf16>) bias2(%{{.*}} : tensor<8x64xf16>) outs(%{{.*}} : tensor<?x64xf32>)
// CHECK-SAME: activation = #moe.activation<swiglu, alpha = 1.702000e+00, beta = 1.000000e+00, limit = 7.000000e+00>
// CHECK: %[[OUT:.*]] = moe.combine {{.*}} outs(%{{.*}} : tensor<?x64xf16>) {moe.layer = "moe", onnx.shapes = [#[[FLAT]]]}
// CHECK: tensor.expand_shape %[[OUT]] {{\[\[}}0, 1], [2]] output_shape [%{{.*}}, %{{.*}}, 64] {onnx.shapes = [#[[FULL]]]} : tensor<?x64xf16> into tensor<?x?x64xf16>
#map = affine_map<()[s0, s1, s2] -> (s0, s1, 64)>
func.func @main(%x: tensor<?x?x64xf16> {onnx.shape = #map}, %scores: tensor<?x8xf16> {onnx.shape = affine_map<()[s0, s1, s2] -> (s2, 8)>}, %w1: tensor<8x96x64xf16>, %b1: tensor<8x96xf16>, %w2: tensor<8x64x48xf16>, %b2: tensor<8x64xf16>) -> tensor<?x?x64xf16> {
  %0 = onnx.MoE(%x, %scores, %w1, %b1, %w2, %b2) {k = 4 : i64, activation_type = "swiglu", swiglu_fusion = 1 : i64, activation_alpha = 1.702 : f32, activation_beta = 1.0 : f32, swiglu_limit = 7.0 : f32, normalize_routing_weights = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 1, 0, 0>, onnx.shapes = [#map], onnx.equal = [#onnx.check<equal, affine_map<()[s0, s1, s2] -> (s2, s0 * s1)>, "tokens">]} : (tensor<?x?x64xf16>, tensor<?x8xf16>, tensor<8x96x64xf16>, tensor<8x96xf16>, tensor<8x64x48xf16>, tensor<8x64xf16>) -> tensor<?x?x64xf16> loc("moe")
  return %0 : tensor<?x?x64xf16>
}

// -----

// Scores of three dimensions, and static shapes.
// CHECK-LABEL: func @main
// CHECK: tensor.collapse_shape %{{.*}} : tensor<2x3x64xf32> into tensor<6x64xf32>
// CHECK: %[[S:.*]] = tensor.collapse_shape %{{.*}} : tensor<2x3x8xf32> into tensor<6x8xf32>
// CHECK: moe.route ins(%[[S]] : tensor<6x8xf32>) outs(%{{.*}} : tensor<6x3xf32>, tensor<6x3xi32>)
// CHECK: moe.expert_ffn {{.*}} outs(%{{.*}} : tensor<18x64xf32>)
func.func @main(%x: tensor<2x3x64xf32>, %scores: tensor<2x3x8xf32>, %w1: tensor<8x48x64xf32>, %w2: tensor<8x64x48xf32>) -> tensor<2x3x64xf32> {
  %0 = onnx.MoE(%x, %scores, %w1, %w2) {k = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<2x3x64xf32>, tensor<2x3x8xf32>, tensor<8x48x64xf32>, tensor<8x64x48xf32>) -> tensor<2x3x64xf32>
  return %0 : tensor<2x3x64xf32>
}

// -----

// QMoE: the softmax of the chosen, whatever normalize_routing_weights says.
// REMARK: raised QMoE 'q': 8 experts, 2 a token, silu
// CHECK-LABEL: func @main
// CHECK: moe.route
// CHECK-NOT: renormalize
// CHECK-SAME: score = #moe.score<softmax_selected>, tie = #moe.tie<highest>}
// CHECK: moe.expert_ffn
// CHECK-SAME: scales1(%{{.*}} : tensor<8x96x2xf32>) scales2(%{{.*}} : tensor<8x64x3xf32>)
// CHECK-SAME: quant = #moe.quant<bits = 4, block = 32>
// CHECK: moe.expert_ffn
// CHECK-SAME: quant = #moe.quant<bits = 8>
func.func @main(%x: tensor<6x64xf32>, %scores: tensor<6x8xf32>, %w1: tensor<8x48x32xui8>, %s1: tensor<8x48x2xf32>, %w2: tensor<8x64x48xui8>, %s2: tensor<8x64x3xf32>,
    %v1: tensor<8x48x64xui8>, %t1: tensor<8x48xf32>, %v2: tensor<8x64x48xui8>, %t2: tensor<8x64xf32>, %w1b: tensor<8x96x32xui8>, %s1b: tensor<8x96x2xf32>) -> (tensor<6x64xf32>, tensor<6x64xf32>) {
  %0 = onnx.QMoE(%x, %scores, %w1b, %s1b, %w2, %s2) {k = 2 : i64, activation_type = "silu", normalize_routing_weights = 1 : i64, block_size = 32 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x96x32xui8>, tensor<8x96x2xf32>, tensor<8x64x48xui8>, tensor<8x64x3xf32>) -> tensor<6x64xf32> loc("q")
  %1 = onnx.QMoE(%x, %scores, %v1, %t1, %v2, %t2) {k = 2 : i64, expert_weight_bits = 8 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} : (tensor<6x64xf32>, tensor<6x8xf32>, tensor<8x48x64xui8>, tensor<8x48xf32>, tensor<8x64x48xui8>, tensor<8x64xf32>) -> tensor<6x64xf32>
  return %0, %1 : tensor<6x64xf32>, tensor<6x64xf32>
}

// -----

// What is no MoE layer stays as it is.
// CHECK-LABEL: func @main
// CHECK-NEXT: %[[SUM:.*]] = onnx.Add
// CHECK-NEXT: return %[[SUM]]
func.func @main(%x: tensor<6x64xf32>) -> tensor<6x64xf32> {
  %0 = onnx.Add(%x, %x) : (tensor<6x64xf32>, tensor<6x64xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// -----

// A width that only the run knows.
// CHECK-LABEL: func @main
// CHECK: %[[H:.*]] = tensor.dim %{{.*}}, %c1 : tensor<6x?xf32>
// CHECK: %[[Y:.*]] = tensor.empty(%[[H]]) : tensor<12x?xf32>
// CHECK: moe.expert_ffn {{.*}} outs(%[[Y]] : tensor<12x?xf32>)
func.func @main(%x: tensor<6x?xf32>, %scores: tensor<6x8xf32>, %w1: tensor<8x48x?xf32>, %w2: tensor<8x?x48xf32>) -> tensor<6x?xf32> {
  %0 = onnx.MoE(%x, %scores, %w1, %w2) {k = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0>} : (tensor<6x?xf32>, tensor<6x8xf32>, tensor<8x48x?xf32>, tensor<8x?x48xf32>) -> tensor<6x?xf32>
  return %0 : tensor<6x?xf32>
}
