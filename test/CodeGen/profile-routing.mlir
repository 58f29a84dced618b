// RUN: moec-opt %s -split-input-file -moec-profile-routing | FileCheck %s
// RUN: moec-opt %s -split-input-file -moec-profile-routing --remarks-filter=moec-profile-routing --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Named behind the later of ids and weights, and numbered; the last layer has
// ids of the caller, and is named in front of its sum.
// CHECK: module attributes {moec.moe_layers = {{\[}}["first", 8, 2], ["", 4, 1]]}
// CHECK-LABEL: func.func @main
// CHECK: %[[WEIGHTS:.*]], %[[IDS:.*]] = moe.route
// CHECK-NEXT: rt.profile 0, %[[IDS]], %[[WEIGHTS]] : tensor<?x2xi32>, tensor<?x2xf32>
// CHECK: moe.plan
// CHECK: moe.combine
// CHECK: moe.plan
// CHECK-NEXT: rt.profile 1, %{{.*}}, %{{.*}} : tensor<?x1xi32>, tensor<?x1xf32>
// CHECK-NEXT: moe.combine
func.func @main(%scores: tensor<?x8xf32>, %y: tensor<?x64xf32>, %otherIds: tensor<?x1xi32>, %otherWeights: tensor<?x1xf32>, %n: index, %m: index) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %w = tensor.empty(%n) : tensor<?x2xf32>
  %i = tensor.empty(%n) : tensor<?x2xi32>
  %weights, %ids = moe.route ins(%scores : tensor<?x8xf32>) outs(%w, %i : tensor<?x2xf32>, tensor<?x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>} -> tensor<?x2xf32>, tensor<?x2xi32>
  %o = tensor.empty() : tensor<9xi32>
  %r = tensor.empty(%m) : tensor<?xi32>
  %v = tensor.empty(%n) : tensor<?x2xi32>
  %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x2xi32>) outs(%o, %r, %v : tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>) -> tensor<9xi32>, tensor<?xi32>, tensor<?x2xi32>
  %c = tensor.empty(%n) : tensor<?x64xf32>
  %combined = moe.combine ins(%y, %inverse, %weights : tensor<?x64xf32>, tensor<?x2xi32>, tensor<?x2xf32>) outs(%c : tensor<?x64xf32>) {moe.layer = "first"} -> tensor<?x64xf32>

  %o1 = tensor.empty() : tensor<5xi32>
  %r1 = tensor.empty(%n) : tensor<?xi32>
  %v1 = tensor.empty(%n) : tensor<?x1xi32>
  %offsets1, %rows1, %inverse1 = moe.plan ins(%otherIds : tensor<?x1xi32>) outs(%o1, %r1, %v1 : tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>) -> tensor<5xi32>, tensor<?xi32>, tensor<?x1xi32>
  %combined1 = moe.combine ins(%y, %inverse1, %otherWeights : tensor<?x64xf32>, tensor<?x1xi32>, tensor<?x1xf32>) outs(%c : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %combined, %combined1 : tensor<?x64xf32>, tensor<?x64xf32>
}

// -----

// Weights that are made after the ids; two layers of one plan are two layers,
// and what says a choice is of the run.
// CHECK: module attributes {moec.moe_layers = {{\[}}["a", 4, -1], ["b", 4, -1]]}
// CHECK-LABEL: func.func @main
// CHECK: %[[W0:.*]] = onnx.Exp
// CHECK-NEXT: rt.profile 0, %[[IDS:.*]], %[[W0]] : tensor<?x?xi32>, tensor<?x?xf32>
// CHECK: %[[W1:.*]] = onnx.Neg
// CHECK-NEXT: rt.profile 1, %[[IDS]], %[[W1]]
func.func @main(%some: tensor<?x?xi32>, %x: tensor<?x?xf32>, %y: tensor<?x64xf32>, %n: index, %k: index, %m: index) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %ids = onnx.Neg(%some) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, s1)>]} : (tensor<?x?xi32>) -> tensor<?x?xi32>
  %o = tensor.empty() : tensor<5xi32>
  %r = tensor.empty(%m) : tensor<?xi32>
  %v = tensor.empty(%n, %k) : tensor<?x?xi32>
  %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x?xi32>) outs(%o, %r, %v : tensor<5xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<5xi32>, tensor<?xi32>, tensor<?x?xi32>
  %w0 = onnx.Exp(%x) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, s1)>]} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %w1 = onnx.Neg(%x) {onnx.shapes = [affine_map<()[s0, s1] -> (s0, s1)>]} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %c = tensor.empty(%n) : tensor<?x64xf32>
  %a = moe.combine ins(%y, %inverse, %w0 : tensor<?x64xf32>, tensor<?x?xi32>, tensor<?x?xf32>) outs(%c : tensor<?x64xf32>) {moe.layer = "a"} -> tensor<?x64xf32>
  %b = moe.combine ins(%y, %inverse, %w1 : tensor<?x64xf32>, tensor<?x?xi32>, tensor<?x?xf32>) outs(%c : tensor<?x64xf32>) {moe.layer = "b"} -> tensor<?x64xf32>
  return %a, %b : tensor<?x64xf32>, tensor<?x64xf32>
}

// -----

// Experts that share weights, or have none, are counted each.
// CHECK: module attributes {moec.moe_layers = {{\[}}["", 6, 1]]}
// CHECK: rt.profile 0, %arg0, %arg1
func.func @main(%ids: tensor<?x1xi32>, %weights: tensor<?x1xf32>, %groups: tensor<6xi32>, %y: tensor<?x64xf32>, %n: index) -> tensor<?x64xf32> {
  %o = tensor.empty() : tensor<4xi32>
  %r = tensor.empty(%n) : tensor<?xi32>
  %v = tensor.empty(%n) : tensor<?x1xi32>
  %c = tensor.empty(%n) : tensor<?x64xf32>
  %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x1xi32>) groups(%groups : tensor<6xi32>) outs(%o, %r, %v : tensor<4xi32>, tensor<?xi32>, tensor<?x1xi32>) -> tensor<4xi32>, tensor<?xi32>, tensor<?x1xi32>
  %a = moe.combine ins(%y, %inverse, %weights : tensor<?x64xf32>, tensor<?x1xi32>, tensor<?x1xf32>) outs(%c : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %a : tensor<?x64xf32>
}

// -----

// Rows that no plan has numbered, and experts that nobody has counted.
// CHECK: module {
// CHECK-NOT: rt.profile
// REMARK: left layer 'by hand' out of profiles: nothing says whose its rows are
// REMARK: left layer '' out of profiles: its number of experts is not known
// REMARK-NOT: NotProfiled
func.func @main(%ids: tensor<?x1xi32>, %weights: tensor<?x1xf32>, %y: tensor<?x64xf32>, %n: index) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %c = tensor.empty(%n) : tensor<?x64xf32>
  %a = moe.combine ins(%y, %ids, %weights : tensor<?x64xf32>, tensor<?x1xi32>, tensor<?x1xf32>) outs(%c : tensor<?x64xf32>) {moe.layer = "by hand"} -> tensor<?x64xf32>
  %o = tensor.empty(%n) : tensor<?xi32>
  %r = tensor.empty(%n) : tensor<?xi32>
  %v = tensor.empty(%n) : tensor<?x1xi32>
  %offsets, %rows, %inverse = moe.plan ins(%ids : tensor<?x1xi32>) outs(%o, %r, %v : tensor<?xi32>, tensor<?xi32>, tensor<?x1xi32>) -> tensor<?xi32>, tensor<?xi32>, tensor<?x1xi32>
  %b = moe.combine ins(%y, %inverse, %weights : tensor<?x64xf32>, tensor<?x1xi32>, tensor<?x1xf32>) outs(%c : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %a, %b : tensor<?x64xf32>, tensor<?x64xf32>
}

// -----

// CHECK: module {
// CHECK-NEXT: func.func private @main()
func.func private @main()

// -----

// CHECK: module {
// CHECK-NEXT: func.func @other()
func.func @other() {
  return
}
