// RUN: moec-opt %s --split-input-file --verify-diagnostics

// Each numbered constraint of each op, broken. The numbers are those of the
// ops' descriptions.

// C1
func.func @f(%s: tensor<6x8xf32>, %b: tensor<7xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C1: selection_bias[0] is 7 but scores[1] is 8}}
  %r:2 = moe.route ins(%s, %b : tensor<6x8xf32>, tensor<7xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C2
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x3xi32>) {
  // expected-error @below {{breaks C2: ids[1] is 3 but weights[1] is 2}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x3xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>} -> tensor<6x2xf32>, tensor<6x3xi32>
  return
}

// -----

// C2
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<5x2xf32>, %o1: tensor<5x2xi32>) {
  // expected-error @below {{breaks C2: weights[0] is 5 but scores[0] is 6}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<5x2xf32>, tensor<5x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>} -> tensor<5x2xf32>, tensor<5x2xi32>
  return
}

// -----

// C3
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x?xf32>, %o1: tensor<6x?xi32>) {
  // expected-error @below {{breaks C3: the number of choices (the second extent of the results) must be static and positive}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x?xf32>, tensor<6x?xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>} -> tensor<6x?xf32>, tensor<6x?xi32>
  return
}

// -----

// C3
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x9xf32>, %o1: tensor<6x9xi32>) {
  // expected-error @below {{breaks C3: chooses 9 of 8 experts}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x9xf32>, tensor<6x9xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>} -> tensor<6x9xf32>, tensor<6x9xi32>
  return
}

// -----

// C4
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C4: keeps 3 of 2 groups}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>, groups = 2 : i64, groups_kept = 3 : i64} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C4
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C4: the experts do not form 3 equal groups}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>, groups = 3 : i64} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C4
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C4: top2_sum needs two experts a group}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>, groups = 8 : i64, group_score = #moe.group_score<top2_sum>} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C5
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C5: the capacity is 0}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>, capacity = 0 : i64} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C5
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C5: the capacity is -1}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>, capacity = -1 : i64} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C6
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C6: sparse_mixer goes without selection bias, groups and renormalize}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<sparse_mixer>, tie = #moe.tie<highest>, renormalize} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C7
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C7: epsilon, scale and jitter must be finite, epsilon and jitter not negative}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>, epsilon = -1.0 : f32} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C7
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C7: epsilon, scale and jitter must be finite, epsilon and jitter not negative}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>, scale = 0x7F800000 : f32} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C6
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C6: keys_weigh goes without sparse_mixer and softmax_selected}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<sparse_mixer>, tie = #moe.tie<highest>, keys_weigh} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C6
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C6: keys_weigh goes without sparse_mixer and softmax_selected}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_selected>, tie = #moe.tie<highest>, keys_weigh} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C7
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C7: norm must be finite and positive}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>, renormalize, norm = 0.0 : f32} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C7
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C7: norm must be finite and positive}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>, renormalize, norm = 0x7F800000 : f32} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C7
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C7: least_divisor must be finite}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>, renormalize, least_divisor = 0xFF800000 : f32} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C8
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C8: norm and least_divisor go with renormalize}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>, norm = 1.0 : f32} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C8
func.func @f(%s: tensor<6x8xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C8: norm and least_divisor go with renormalize}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>, least_divisor = 1.0 : f32} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C9
func.func @f(%s: tensor<6x8xf32>, %c: tensor<7xf32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{breaks C9: expert_scale[0] is 7 but scores[1] is 8}}
  %r:2 = moe.route ins(%s : tensor<6x8xf32>) expert_scale(%c : tensor<7xf32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// Scores are floats.
func.func @f(%s: tensor<6x8xi32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{operand #0 must be}}
  %r:2 = moe.route ins(%s : tensor<6x8xi32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {score = #moe.score<softmax_all>, tie = #moe.tie<highest>} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// C4
func.func @f(%a: tensor<6x2xi32>, %g: tensor<0xi32>, %o0: tensor<9xi32>, %o1: tensor<12xi32>, %o2: tensor<6x2xi32>) {
  // expected-error @below {{'moe.plan' op breaks C4: groups has no element}}
  %r:3 = moe.plan ins(%a : tensor<6x2xi32>) groups(%g : tensor<0xi32>) outs(%o0, %o1, %o2 : tensor<9xi32>, tensor<12xi32>, tensor<6x2xi32>) -> tensor<9xi32>, tensor<12xi32>, tensor<6x2xi32>
  return
}

// -----

// C1
func.func @f(%a: tensor<6x2xi32>, %o0: tensor<9xi32>, %o1: tensor<12xi32>, %o2: tensor<6x3xi32>) {
  // expected-error @below {{'moe.plan' op breaks C1: inverse[1] is 3 but ids[1] is 2}}
  %r:3 = moe.plan ins(%a : tensor<6x2xi32>) outs(%o0, %o1, %o2 : tensor<9xi32>, tensor<12xi32>, tensor<6x3xi32>) -> tensor<9xi32>, tensor<12xi32>, tensor<6x3xi32>
  return
}

// -----

// C2
func.func @f(%a: tensor<6x2xi32>, %o0: tensor<9xi32>, %o1: tensor<11xi32>, %o2: tensor<6x2xi32>) {
  // expected-error @below {{'moe.plan' op breaks C2: rows[0] is 11 but the number of ids is 12}}
  %r:3 = moe.plan ins(%a : tensor<6x2xi32>) outs(%o0, %o1, %o2 : tensor<9xi32>, tensor<11xi32>, tensor<6x2xi32>) -> tensor<9xi32>, tensor<11xi32>, tensor<6x2xi32>
  return
}

// -----

// C3
func.func @f(%a: tensor<6x2xi32>, %o0: tensor<1xi32>, %o1: tensor<12xi32>, %o2: tensor<6x2xi32>) {
  // expected-error @below {{'moe.plan' op breaks C3: offsets[0] is 1, the number of experts plus one is at least 2}}
  %r:3 = moe.plan ins(%a : tensor<6x2xi32>) outs(%o0, %o1, %o2 : tensor<1xi32>, tensor<12xi32>, tensor<6x2xi32>) -> tensor<1xi32>, tensor<12xi32>, tensor<6x2xi32>
  return
}

// -----

// C1
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %o0: tensor<11x4xf32>) {
  // expected-error @below {{'moe.dispatch' op breaks C1: the result[0] is 11 but rows[0] is 12}}
  %y = moe.dispatch ins(%x, %r, %f : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>) outs(%o0 : tensor<11x4xf32>) -> tensor<11x4xf32>
  return
}

// -----

// C2
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %o0: tensor<12x5xf32>) {
  // expected-error @below {{'moe.dispatch' op breaks C2: the result[1] is 5 but x[1] is 4}}
  %y = moe.dispatch ins(%x, %r, %f : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>) outs(%o0 : tensor<12x5xf32>) -> tensor<12x5xf32>
  return
}

// -----

// C2
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %o0: tensor<12x4xf16>) {
  // expected-error @below {{'moe.dispatch' op breaks C2: the result has elements of type 'f16', x of type 'f32'}}
  %y = moe.dispatch ins(%x, %r, %f : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>) outs(%o0 : tensor<12x4xf16>) -> tensor<12x4xf16>
  return
}

// -----

// C1
func.func @f(%w: tensor<8x40x4xf16>, %o0: tensor<8x2x4x32xf32>) {
  // expected-error @below {{'moe.pack_panels' op breaks C1: packs elements of type 'f16' into 'f32'}}
  %y = moe.pack_panels ins(%w : tensor<8x40x4xf16>) outs(%o0 : tensor<8x2x4x32xf32>)  -> tensor<8x2x4x32xf32>
  return
}

// -----

// C2
func.func @f(%w: tensor<8x40x4xf32>, %o0: tensor<7x2x4x32xf32>) {
  // expected-error @below {{'moe.pack_panels' op breaks C2: the result[0] is 7 but weights[0] is 8}}
  %y = moe.pack_panels ins(%w : tensor<8x40x4xf32>) outs(%o0 : tensor<7x2x4x32xf32>)  -> tensor<7x2x4x32xf32>
  return
}

// -----

// C2
func.func @f(%w: tensor<8x40x4xf32>, %o0: tensor<8x2x4x32xf32>) {
  // expected-error @below {{'moe.pack_panels' op breaks C2: the result[2] is 4 but weights[1] is 40}}
  %y = moe.pack_panels ins(%w : tensor<8x40x4xf32>) outs(%o0 : tensor<8x2x4x32xf32>) {k_major} -> tensor<8x2x4x32xf32>
  return
}

// -----

// C3
func.func @f(%w: tensor<8x40x4xf32>, %o0: tensor<8x3x4x32xf32>) {
  // expected-error @below {{'moe.pack_panels' op breaks C3: the result[1] is 3 but the number of panels is 2}}
  %y = moe.pack_panels ins(%w : tensor<8x40x4xf32>) outs(%o0 : tensor<8x3x4x32xf32>)  -> tensor<8x3x4x32xf32>
  return
}

// -----

// C3
func.func @f(%w: tensor<8x40x4xf32>, %o0: tensor<8x2x4x16xf32>) {
  // expected-error @below {{'moe.pack_panels' op breaks C3: the result[3] is 16 but the width of a panel is 32}}
  %y = moe.pack_panels ins(%w : tensor<8x40x4xf32>) outs(%o0 : tensor<8x2x4x16xf32>)  -> tensor<8x2x4x16xf32>
  return
}

// -----

// C4
func.func @f(%w: tensor<8x33x4xf32>, %o0: tensor<8x2x4x32xf32>) {
  // expected-error @below {{'moe.pack_panels' op breaks C4: 33 columns are not pairs of gate and up}}
  %y = moe.pack_panels ins(%w : tensor<8x33x4xf32>) outs(%o0 : tensor<8x2x4x32xf32>) {gated} -> tensor<8x2x4x32xf32>
  return
}

// -----

// C1
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C1: weights of layout panels have rank 4}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<panels>, n = 40 : i64} -> tensor<12x40xf32>
  return
}

// -----

// C1
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x2x4x32xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C1: weights of layout kn have rank 3}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x2x4x32xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<12x40xf32>
  return
}

// -----

// C1
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x2x4x16xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C1: weights[3] is 16 but the width of a panel is 32}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x2x4x16xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<panels>, n = 40 : i64} -> tensor<12x40xf32>
  return
}

// -----

// C2
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C2: n is given exactly for layout panels}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, n = 40 : i64} -> tensor<12x40xf32>
  return
}

// -----

// C2
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x2x4x32xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C2: n is given exactly for layout panels}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x2x4x32xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<panels>} -> tensor<12x40xf32>
  return
}

// -----

// C2
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x2x4x32xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C2: n is negative}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x2x4x32xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<panels>, n = -1 : i64} -> tensor<12x40xf32>
  return
}

// -----

// C2
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x2x4x32xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C2: weights[1] is 2 but the number of panels is 3}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x2x4x32xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<panels>, n = 65 : i64} -> tensor<12x40xf32>
  return
}

// -----

// C3
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x5xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C3: weights[2] is 5 but the depth of a row is 4}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x5xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<12x40xf32>
  return
}

// -----

// C3: bytes of codes
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xui8>, %f: tensor<9xi32>, %s: tensor<8x40xf32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C3: weights[2] is 4 but the depth of a row is 2}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xui8>, tensor<9xi32>) scales(%s : tensor<8x40xf32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 4>} -> tensor<12x40xf32>
  return
}

// -----

// C4
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<8xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C4: offsets[0] is 8 but the number of experts plus one is 9}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<8xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<12x40xf32>
  return
}

// -----

// C5
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %o0: tensor<11x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C5: the result[0] is 11 but x[0] is 12}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) outs(%o0 : tensor<11x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<11x40xf32>
  return
}

// -----

// C5
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %r: tensor<13xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C5: the result[0] is 12 but rows[0] is 13}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) rows(%r : tensor<13xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<12x40xf32>
  return
}

// -----

// C6
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C6: the result[1] is 40 but the number of result columns is 20}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<swiglu>, layout = #moe.layout<nk>} -> tensor<12x40xf32>
  return
}

// -----

// C6
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x33x4xf32>, %f: tensor<9xi32>, %o0: tensor<12x16xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C6: 33 columns are not pairs of gate and up}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x33x4xf32>, tensor<9xi32>) outs(%o0 : tensor<12x16xf32>) {activation = #moe.activation<swiglu>, layout = #moe.layout<nk>} -> tensor<12x16xf32>
  return
}

// -----

// C7
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %b: tensor<8x20xf32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C7: bias[1] is 20 but the number of columns is 40}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) bias(%b : tensor<8x20xf32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<12x40xf32>
  return
}

// -----

// C7
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %b: tensor<7x40xf32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C7: bias[0] is 7 but weights[0] is 8}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) bias(%b : tensor<7x40xf32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xui8>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: weights needs scales and quant exactly where its elements are bytes}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xui8>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 8>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %s: tensor<8x40xf32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: weights needs scales and quant exactly where its elements are bytes}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) scales(%s : tensor<8x40xf32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 8>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xui8>, %f: tensor<9xi32>, %s: tensor<8x39xf32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: the scales of weights[1] is 39 but weights[1] is 40}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xui8>, tensor<9xi32>) scales(%s : tensor<8x39xf32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 8>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xui8>, %f: tensor<9xi32>, %s: tensor<8x40xf32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: the scales of weights need a third extent, one for each block}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xui8>, tensor<9xi32>) scales(%s : tensor<8x40xf32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 8, block = 16>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x32xf32>, %w: tensor<8x40x32xui8>, %f: tensor<9xi32>, %s: tensor<8x40x3xf32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: the scales of weights[2] is 3 but the number of blocks is 2}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x32xf32>, tensor<8x40x32xui8>, tensor<9xi32>) scales(%s : tensor<8x40x3xf32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 8, block = 16>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x40xf32>, %w: tensor<8x40x40xui8>, %f: tensor<9xi32>, %s: tensor<8x40xf32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: quantised weights have layout nk}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x40xf32>, tensor<8x40x40xui8>, tensor<9xi32>) scales(%s : tensor<8x40xf32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>, quant = #moe.quant<bits = 8>} -> tensor<12x40xf32>
  return
}

// -----

// C9
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xbf16>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C9: the result has elements of type 'bf16', neither f32 nor that of x, weights or scales}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xbf16>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<12x40xbf16>
  return
}

// -----

// The attribute itself.
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{quantised weights have 2, 3, 4 or 8 bits, not 5}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 5>} -> tensor<12x40xf32>
  return
}

// -----

// The attribute itself.
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{the block of quantised weights is 0 or a power of two from 16, not 24}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 4, block = 24>} -> tensor<12x40xf32>
  return
}

// -----

// The attribute itself.
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{only swiglu takes alpha, beta and limit}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<relu, alpha = 2.0>, layout = #moe.layout<nk>} -> tensor<12x40xf32>
  return
}

// -----

// The attribute itself.
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{limit must be positive}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<swiglu, limit = 0.0>, layout = #moe.layout<nk>} -> tensor<12x40xf32>
  return
}

// -----

// The attribute itself.
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{unknown activation 'tanh'}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<tanh>, layout = #moe.layout<nk>} -> tensor<12x40xf32>
  return
}

// -----

// The attribute itself.
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{expected alpha, beta or limit}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<swiglu, gamma = 1.0>, layout = #moe.layout<nk>} -> tensor<12x40xf32>
  return
}

// -----

// The attribute itself.
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{alpha and beta must be finite}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<swiglu, beta = 0x7F800000>, layout = #moe.layout<nk>} -> tensor<12x40xf32>
  return
}

// -----

// C1
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x5xf32>, %w2: tensor<8x4x10xf32>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C1: w1[2] is 5 but the depth of a row is 4}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x5xf32>, tensor<8x4x10xf32>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>} -> tensor<12x4xf32>
  return
}

// -----

// C2
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<7x4x10xf32>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C2: w2[0] is 7 but w1[0] is 8}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<7x4x10xf32>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>} -> tensor<12x4xf32>
  return
}

// -----

// C2
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %o0: tensor<12x5xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C2: w2[1] is 4 but the result[1] is 5}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>) outs(%o0 : tensor<12x5xf32>) {activation = #moe.activation<silu>} -> tensor<12x5xf32>
  return
}

// -----

// C2
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C2: w2[2] is 10 but the inner width is 5}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<swiglu>} -> tensor<12x4xf32>
  return
}

// -----

// C2
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x9x4xf32>, %w2: tensor<8x4x10xf32>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C2: 9 columns are not pairs of gate and up}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x9x4xf32>, tensor<8x4x10xf32>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<swiglu>} -> tensor<12x4xf32>
  return
}

// -----

// C3
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<10xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C3: offsets[0] is 10 but the number of experts plus one is 9}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<10xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>} -> tensor<12x4xf32>
  return
}

// -----

// C4
func.func @f(%x: tensor<6x4xf32>, %r: tensor<13xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C4: the result[0] is 12 but rows[0] is 13}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<13xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>} -> tensor<12x4xf32>
  return
}

// -----

// C5
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %bias1: tensor<8x9xf32>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C5: bias1[1] is 9 but w1[1] is 10}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>) bias1(%bias1 : tensor<8x9xf32>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>} -> tensor<12x4xf32>
  return
}

// -----

// C5
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %bias2: tensor<7x4xf32>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C5: bias2[0] is 7 but w1[0] is 8}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>) bias2(%bias2 : tensor<7x4xf32>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>} -> tensor<12x4xf32>
  return
}

// -----

// C5
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %fc3: tensor<8x10x4xf32>, %bias3: tensor<8x9xf32>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C5: bias3[1] is 9 but the inner width is 10}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>) fc3(%fc3 : tensor<8x10x4xf32>) bias3(%bias3 : tensor<8x9xf32>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>} -> tensor<12x4xf32>
  return
}

// -----

// C6
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %bias3: tensor<8x10xf32>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C6: bias3, scales3, zero_points3 and global_scales3 come only with fc3}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>) bias3(%bias3 : tensor<8x10xf32>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>} -> tensor<12x4xf32>
  return
}

// -----

// C6
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %fc3: tensor<8x9x4xf32>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C6: w3[1] is 9 but the inner width is 10}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>) fc3(%fc3 : tensor<8x9x4xf32>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>} -> tensor<12x4xf32>
  return
}

// -----

// C7
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %scales1: tensor<8x10xf32>, %scales2: tensor<8x4xf32>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C7: w1 needs scales and quant exactly where its elements are bytes}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>) scales1(%scales1 : tensor<8x10xf32>) scales2(%scales2 : tensor<8x4xf32>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>, quant = #moe.quant<bits = 8>} -> tensor<12x4xf32>
  return
}

// -----

// C7
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xui8>, %w2: tensor<8x4x10xui8>, %scales1: tensor<8x10xf32>, %scales2: tensor<8x5xf32>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C7: the scales of w2[1] is 5 but w2[1] is 4}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xui8>, tensor<8x4x10xui8>) scales1(%scales1 : tensor<8x10xf32>) scales2(%scales2 : tensor<8x5xf32>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>, quant = #moe.quant<bits = 8>} -> tensor<12x4xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %o0: tensor<12x4xf16>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C8: the result has elements of type 'f16', neither f32 nor that of x}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>) outs(%o0 : tensor<12x4xf16>) {activation = #moe.activation<silu>} -> tensor<12x4xf16>
  return
}

// -----

// C1
func.func @f(%y: tensor<12x4xf32>, %i: tensor<6x2xi32>, %w: tensor<6x3xf32>, %o0: tensor<6x4xf32>) {
  // expected-error @below {{'moe.combine' op breaks C1: weights[1] is 3 but inverse[1] is 2}}
  %z = moe.combine ins(%y, %i, %w : tensor<12x4xf32>, tensor<6x2xi32>, tensor<6x3xf32>) outs(%o0 : tensor<6x4xf32>) -> tensor<6x4xf32>
  return
}

// -----

// C2
func.func @f(%y: tensor<12x4xf32>, %i: tensor<6x2xi32>, %w: tensor<6x2xf32>, %o0: tensor<5x4xf32>) {
  // expected-error @below {{'moe.combine' op breaks C2: the result[0] is 5 but inverse[0] is 6}}
  %z = moe.combine ins(%y, %i, %w : tensor<12x4xf32>, tensor<6x2xi32>, tensor<6x2xf32>) outs(%o0 : tensor<5x4xf32>) -> tensor<5x4xf32>
  return
}

// -----

// C3
func.func @f(%y: tensor<12x4xf32>, %i: tensor<6x2xi32>, %w: tensor<6x2xf32>, %o0: tensor<6x5xf32>) {
  // expected-error @below {{'moe.combine' op breaks C3: the result[1] is 5 but y[1] is 4}}
  %z = moe.combine ins(%y, %i, %w : tensor<12x4xf32>, tensor<6x2xi32>, tensor<6x2xf32>) outs(%o0 : tensor<6x5xf32>) -> tensor<6x5xf32>
  return
}

// -----

// A buffer has no result.
func.func @f(%y: memref<12x4xf32>, %i: memref<6x2xi32>, %w: memref<6x2xf32>, %o: memref<6x4xf32>) {
  // expected-error @below {{expected the number of tensor results (1) to be equal to the number of output tensors (0)}}
  %z = moe.combine ins(%y, %i, %w : memref<12x4xf32>, memref<6x2xi32>, memref<6x2xf32>) outs(%o : memref<6x4xf32>) -> tensor<6x4xf32>
  return
}

// -----

// C4
func.func @f(%x: tensor<7x16xf32>, %w: tensor<2x16x8xf32>, %o: tensor<7x8xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C4: 7 rows are not 2 equal groups}}
  %y = moe.grouped_matmul ins(%x, %w : tensor<7x16xf32>, tensor<2x16x8xf32>) outs(%o : tensor<7x8xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<7x8xf32>
  return
}

// -----

// C4
func.func @f(%x: tensor<7x16xf32>, %w: tensor<0x16x8xf32>, %o: tensor<7x8xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C4: 7 rows are not 0 equal groups}}
  %y = moe.grouped_matmul ins(%x, %w : tensor<7x16xf32>, tensor<0x16x8xf32>) outs(%o : tensor<7x8xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<7x8xf32>
  return
}
