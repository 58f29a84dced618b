// RUN: moec-opt %s --split-input-file --verify-diagnostics

// Constraints of weight formats, and of the ops that bring weights into form.

// C8
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf32>, %f: tensor<9xi32>, %z: tensor<8x40xui8>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: weights needs scales and quant exactly where its elements are bytes}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf32>, tensor<9xi32>) zero_points(%z : tensor<8x40xui8>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, moe.layer = "a"} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf8E4M3FN>, %f: tensor<9xi32>, %s: tensor<8x40xf32>, %z: tensor<8x40xui8>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: weights has zero points, which its format does not take}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf8E4M3FN>, tensor<9xi32>) scales(%s : tensor<8x40xf32>) zero_points(%z : tensor<8x40xui8>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.minifloat<kind = e4m3>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xui8>, %f: tensor<9xi32>, %s: tensor<8x40xf32>, %g: tensor<8xf32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: weights has global scales, which its format does not take}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xui8>, tensor<9xi32>) scales(%s : tensor<8x40xf32>) global_scales(%g : tensor<8xf32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 8>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xui8>, %f: tensor<9xi32>, %s: tensor<7x40xf32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: the scales of weights[0] is 7 but weights[0] is 8}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xui8>, tensor<9xi32>) scales(%s : tensor<7x40xf32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 8>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf8E4M3FN>, %f: tensor<9xi32>, %s: tensor<8x40x1xf32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: the scales of weights[1] is 40 but weights[1] is 3}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf8E4M3FN>, tensor<9xi32>) scales(%s : tensor<8x40x1xf32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.minifloat<kind = e4m3, block = 16, block_rows = 16>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xui8>, %f: tensor<9xi32>, %s: tensor<8x40xf32>, %z: tensor<7x40xui8>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: the zero points of weights[0] is 7 but weights[0] is 8}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xui8>, tensor<9xi32>) scales(%s : tensor<8x40xf32>) zero_points(%z : tensor<7x40xui8>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 8>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x2xui8>, %f: tensor<9xi32>, %s: tensor<8x40xf32>, %z: tensor<8x40xui8>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: the zero points of weights[1] is 40 but the bytes of weights[1] is 20}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x2xui8>, tensor<9xi32>) scales(%s : tensor<8x40xf32>) zero_points(%z : tensor<8x40xui8>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 4>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x32xf32>, %w: tensor<8x40x32xui8>, %f: tensor<9xi32>, %s: tensor<8x40x2xf32>, %z: tensor<8x40xui8>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: the zero points of weights need a third extent}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x32xf32>, tensor<8x40x32xui8>, tensor<9xi32>) scales(%s : tensor<8x40x2xf32>) zero_points(%z : tensor<8x40xui8>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 8, block = 16>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x32xf32>, %w: tensor<8x40x32xui8>, %f: tensor<9xi32>, %s: tensor<8x40x2xf32>, %z: tensor<8x39x2xui8>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: the zero points of weights[1] is 39 but weights[1] is 40}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x32xf32>, tensor<8x40x32xui8>, tensor<9xi32>) scales(%s : tensor<8x40x2xf32>) zero_points(%z : tensor<8x39x2xui8>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 8, block = 16>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x32xf32>, %w: tensor<8x40x16xui8>, %f: tensor<9xi32>, %s: tensor<8x40x2xf32>, %z: tensor<8x40x2xui8>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: the zero points of weights[2] is 2 but the bytes of the number of blocks is 1}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x32xf32>, tensor<8x40x16xui8>, tensor<9xi32>) scales(%s : tensor<8x40x2xf32>) zero_points(%z : tensor<8x40x2xui8>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 4, block = 16>} -> tensor<12x40xf32>
  return
}

// -----

// C8
func.func @f(%x: tensor<12x4xf32>, %w: tensor<8x40x4xf8E4M3FN>, %f: tensor<9xi32>, %g: tensor<7xf32>, %o0: tensor<12x40xf32>) {
  // expected-error @below {{'moe.grouped_matmul' op breaks C8: the global scales of weights[0] is 7 but weights[0] is 8}}
  %y = moe.grouped_matmul ins(%x, %w, %f : tensor<12x4xf32>, tensor<8x40x4xf8E4M3FN>, tensor<9xi32>) global_scales(%g : tensor<7xf32>) outs(%o0 : tensor<12x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.minifloat<kind = e4m3>} -> tensor<12x40xf32>
  return
}

// -----

// C6, C7
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %a: tensor<8x10xui8>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C6: bias3, scales3, zero_points3 and global_scales3 come only with fc3}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>) zero_points3(%a : tensor<8x10xui8>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>} -> tensor<12x4xf32>
  return
}

// -----

// C6, C7
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %a: tensor<8xf32>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C6: bias3, scales3, zero_points3 and global_scales3 come only with fc3}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>) global_scales3(%a : tensor<8xf32>) outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>} -> tensor<12x4xf32>
  return
}

// -----

// C6, C7
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %a: tensor<8x10xui8>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C7: quant2 and quant3 come only with quant}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>)  outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>, quant2 = #moe.quant<bits = 4>} -> tensor<12x4xf32>
  return
}

// -----

// C6, C7
func.func @f(%x: tensor<6x4xf32>, %r: tensor<12xi32>, %f: tensor<9xi32>, %w1: tensor<8x10x4xf32>, %w2: tensor<8x4x10xf32>, %a: tensor<8x10xui8>, %o0: tensor<12x4xf32>) {
  // expected-error @below {{'moe.expert_ffn' op breaks C7: quant2 and quant3 come only with quant}}
  %y = moe.expert_ffn ins(%x, %r, %f, %w1, %w2 : tensor<6x4xf32>, tensor<12xi32>, tensor<9xi32>, tensor<8x10x4xf32>, tensor<8x4x10xf32>)  outs(%o0 : tensor<12x4xf32>) {activation = #moe.activation<silu>, quant3 = #moe.quant<bits = 4>} -> tensor<12x4xf32>
  return
}

// -----

// reweigh
func.func @f(%a0: tensor<6x8xf32>, %a1: tensor<6x2xi32>, %o0: tensor<5x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{'moe.reweigh' op breaks C1: weights[0] is 5 but ids[0] is 6}}
  %y:2 = moe.reweigh ins(%a0, %a1 : tensor<6x8xf32>, tensor<6x2xi32>) outs(%o0, %o1 : tensor<5x2xf32>, tensor<6x2xi32>)  -> tensor<5x2xf32>, tensor<6x2xi32>
  return
}

// -----

// reweigh
func.func @f(%a0: tensor<6x8xf32>, %a1: tensor<6x2xi32>, %o0: tensor<6x3xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{'moe.reweigh' op breaks C1: weights[1] is 3 but ids[1] is 2}}
  %y:2 = moe.reweigh ins(%a0, %a1 : tensor<6x8xf32>, tensor<6x2xi32>) outs(%o0, %o1 : tensor<6x3xf32>, tensor<6x2xi32>)  -> tensor<6x3xf32>, tensor<6x2xi32>
  return
}

// -----

// reweigh
func.func @f(%a0: tensor<6x8xf32>, %a1: tensor<6x2xi32>, %o0: tensor<6x2xf32>, %o1: tensor<5x2xi32>) {
  // expected-error @below {{'moe.reweigh' op breaks C1: kept[0] is 5 but ids[0] is 6}}
  %y:2 = moe.reweigh ins(%a0, %a1 : tensor<6x8xf32>, tensor<6x2xi32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<5x2xi32>)  -> tensor<6x2xf32>, tensor<5x2xi32>
  return
}

// -----

// reweigh
func.func @f(%a0: tensor<6x8xf32>, %a1: tensor<6x2xi32>, %o0: tensor<6x2xf32>, %o1: tensor<6x3xi32>) {
  // expected-error @below {{'moe.reweigh' op breaks C1: kept[1] is 3 but ids[1] is 2}}
  %y:2 = moe.reweigh ins(%a0, %a1 : tensor<6x8xf32>, tensor<6x2xi32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x3xi32>)  -> tensor<6x2xf32>, tensor<6x3xi32>
  return
}

// -----

// reweigh
func.func @f(%a0: tensor<5x8xf32>, %a1: tensor<6x2xi32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{'moe.reweigh' op breaks C2: values[0] is 5 but ids[0] is 6}}
  %y:2 = moe.reweigh ins(%a0, %a1 : tensor<5x8xf32>, tensor<6x2xi32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>)  -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// reweigh
func.func @f(%a0: tensor<6x8xf32>, %a1: tensor<6x2xi32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{'moe.reweigh' op breaks C3: threshold must be finite and not negative}}
  %y:2 = moe.reweigh ins(%a0, %a1 : tensor<6x8xf32>, tensor<6x2xi32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {threshold = -1.0 : f32} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// reweigh
func.func @f(%a0: tensor<6x8xf32>, %a1: tensor<6x2xi32>, %o0: tensor<6x2xf32>, %o1: tensor<6x2xi32>) {
  // expected-error @below {{'moe.reweigh' op breaks C3: threshold must be finite and not negative}}
  %y:2 = moe.reweigh ins(%a0, %a1 : tensor<6x8xf32>, tensor<6x2xi32>) outs(%o0, %o1 : tensor<6x2xf32>, tensor<6x2xi32>) {threshold = 0x7F800000 : f32} -> tensor<6x2xf32>, tensor<6x2xi32>
  return
}

// -----

// interleave
func.func @f(%a0: tensor<8x4x6xf32>, %a1: tensor<8x4xf32>, %o0: tensor<8x8x6xf32>) {
  // expected-error @below {{'moe.interleave' op breaks C1: gate is}}
  %y = moe.interleave ins(%a0, %a1 : tensor<8x4x6xf32>, tensor<8x4xf32>) outs(%o0 : tensor<8x8x6xf32>)  -> tensor<8x8x6xf32>
  return
}

// -----

// interleave
func.func @f(%a0: tensor<8x4x6xf32>, %a1: tensor<8x4x6xf16>, %o0: tensor<8x8x6xf32>) {
  // expected-error @below {{'moe.interleave' op breaks C1: gate is}}
  %y = moe.interleave ins(%a0, %a1 : tensor<8x4x6xf32>, tensor<8x4x6xf16>) outs(%o0 : tensor<8x8x6xf32>)  -> tensor<8x8x6xf32>
  return
}

// -----

// interleave
func.func @f(%a0: tensor<8x4x6xf32>, %a1: tensor<8x4x6xf32>, %o0: tensor<8x8xf32>) {
  // expected-error @below {{'moe.interleave' op breaks C1: gate is}}
  %y = moe.interleave ins(%a0, %a1 : tensor<8x4x6xf32>, tensor<8x4x6xf32>) outs(%o0 : tensor<8x8xf32>)  -> tensor<8x8xf32>
  return
}

// -----

// interleave
func.func @f(%a0: tensor<8x4x6xf32>, %a1: tensor<8x4x6xf32>, %o0: tensor<8x8x6xf16>) {
  // expected-error @below {{'moe.interleave' op breaks C1: gate is}}
  %y = moe.interleave ins(%a0, %a1 : tensor<8x4x6xf32>, tensor<8x4x6xf32>) outs(%o0 : tensor<8x8x6xf16>)  -> tensor<8x8x6xf16>
  return
}

// -----

// interleave
func.func @f(%a0: tensor<8x4x6xf32>, %a1: tensor<8x5x6xf32>, %o0: tensor<8x8x6xf32>) {
  // expected-error @below {{'moe.interleave' op breaks C2: up[1] is 5 but gate[1] is 4}}
  %y = moe.interleave ins(%a0, %a1 : tensor<8x4x6xf32>, tensor<8x5x6xf32>) outs(%o0 : tensor<8x8x6xf32>)  -> tensor<8x8x6xf32>
  return
}

// -----

// interleave
func.func @f(%a0: tensor<8x4x6xf32>, %a1: tensor<7x4x6xf32>, %o0: tensor<8x8x6xf32>) {
  // expected-error @below {{'moe.interleave' op breaks C2: up[0] is 7 but gate[0] is 8}}
  %y = moe.interleave ins(%a0, %a1 : tensor<8x4x6xf32>, tensor<7x4x6xf32>) outs(%o0 : tensor<8x8x6xf32>)  -> tensor<8x8x6xf32>
  return
}

// -----

// interleave
func.func @f(%a0: tensor<8x4x6xf32>, %a1: tensor<8x4x6xf32>, %o0: tensor<7x8x6xf32>) {
  // expected-error @below {{'moe.interleave' op breaks C3: the result[0] is 7 but gate[0] is 8}}
  %y = moe.interleave ins(%a0, %a1 : tensor<8x4x6xf32>, tensor<8x4x6xf32>) outs(%o0 : tensor<7x8x6xf32>)  -> tensor<7x8x6xf32>
  return
}

// -----

// interleave
func.func @f(%a0: tensor<8x4x6xf32>, %a1: tensor<8x4x6xf32>, %o0: tensor<8x4x6xf32>) {
  // expected-error @below {{'moe.interleave' op breaks C3: the result[1] is 4 but twice the rows of gate is 8}}
  %y = moe.interleave ins(%a0, %a1 : tensor<8x4x6xf32>, tensor<8x4x6xf32>) outs(%o0 : tensor<8x4x6xf32>)  -> tensor<8x4x6xf32>
  return
}

// -----

// interleave
func.func @f(%a0: tensor<8x4x6xf32>, %a1: tensor<8x4x6xf32>, %o0: tensor<8x8x5xf32>) {
  // expected-error @below {{'moe.interleave' op breaks C3: the result[2] is 5 but gate[2] is 6}}
  %y = moe.interleave ins(%a0, %a1 : tensor<8x4x6xf32>, tensor<8x4x6xf32>) outs(%o0 : tensor<8x8x5xf32>)  -> tensor<8x8x5xf32>
  return
}

// -----

// transpose_codes
func.func @f(%a0: tensor<8x64x24xui8>, %o0: tensor<8x48x32xui8>) {
  // expected-error @below {{'moe.transpose_codes' op breaks C1: codes have 3 bits, not 2, 4 or 8}}
  %y = moe.transpose_codes ins(%a0 : tensor<8x64x24xui8>) outs(%o0 : tensor<8x48x32xui8>) {bits = 3 : i64} -> tensor<8x48x32xui8>
  return
}

// -----

// transpose_codes
func.func @f(%a0: tensor<8x64x24xui8>, %o0: tensor<7x48x32xui8>) {
  // expected-error @below {{'moe.transpose_codes' op breaks C2: the result[0] is 7 but codes[0] is 8}}
  %y = moe.transpose_codes ins(%a0 : tensor<8x64x24xui8>) outs(%o0 : tensor<7x48x32xui8>) {bits = 4 : i64} -> tensor<7x48x32xui8>
  return
}

// -----

// transpose_codes
func.func @f(%a0: tensor<8x64x24xui8>, %o0: tensor<8x49x32xui8>) {
  // expected-error @below {{'moe.transpose_codes' op breaks C2: codes[2] is 24 but the bytes of the result[1] is 25}}
  %y = moe.transpose_codes ins(%a0 : tensor<8x64x24xui8>) outs(%o0 : tensor<8x49x32xui8>) {bits = 4 : i64} -> tensor<8x49x32xui8>
  return
}

// -----

// transpose_codes
func.func @f(%a0: tensor<8x64x24xui8>, %o0: tensor<8x48x31xui8>) {
  // expected-error @below {{'moe.transpose_codes' op breaks C2: the result[2] is 31 but the bytes of codes[1] is 32}}
  %y = moe.transpose_codes ins(%a0 : tensor<8x64x24xui8>) outs(%o0 : tensor<8x48x31xui8>) {bits = 4 : i64} -> tensor<8x48x31xui8>
  return
}

// -----

// multiply
func.func @f(%a0: tensor<6x4xf32>, %a1: tensor<5x4xf32>, %o0: tensor<6x4xf32>) {
  // expected-error @below {{'moe.multiply' op breaks C1: b[0] is 5 but a[0] is 6}}
  %y = moe.multiply ins(%a0, %a1 : tensor<6x4xf32>, tensor<5x4xf32>) outs(%o0 : tensor<6x4xf32>)  -> tensor<6x4xf32>
  return
}

// -----

// multiply
func.func @f(%a0: tensor<6x4xf32>, %a1: tensor<6x3xf32>, %o0: tensor<6x4xf32>) {
  // expected-error @below {{'moe.multiply' op breaks C1: b[1] is 3 but a[1] is 4}}
  %y = moe.multiply ins(%a0, %a1 : tensor<6x4xf32>, tensor<6x3xf32>) outs(%o0 : tensor<6x4xf32>)  -> tensor<6x4xf32>
  return
}

// -----

// multiply
func.func @f(%a0: tensor<6x4xf32>, %a1: tensor<6x4xf32>, %o0: tensor<5x4xf32>) {
  // expected-error @below {{'moe.multiply' op breaks C1: the result[0] is 5 but a[0] is 6}}
  %y = moe.multiply ins(%a0, %a1 : tensor<6x4xf32>, tensor<6x4xf32>) outs(%o0 : tensor<5x4xf32>)  -> tensor<5x4xf32>
  return
}

// -----

// multiply
func.func @f(%a0: tensor<6x4xf32>, %a1: tensor<6x4xf32>, %o0: tensor<6x5xf32>) {
  // expected-error @below {{'moe.multiply' op breaks C1: the result[1] is 5 but a[1] is 4}}
  %y = moe.multiply ins(%a0, %a1 : tensor<6x4xf32>, tensor<6x4xf32>) outs(%o0 : tensor<6x5xf32>)  -> tensor<6x5xf32>
  return
}

// -----

// The attribute itself.
func.func @f() {
  // expected-error @below {{a block of small floats has 0 or more elements of 1 or more rows, not 16 of 0}}
  %0 = arith.constant {a = #moe.minifloat<kind = e4m3, block = 16, block_rows = 0>} 0 : i32
  return
}

// -----

// The attribute itself.
func.func @f() {
  // expected-error @below {{a block of small floats has 0 or more elements of 1 or more rows, not -1 of 1}}
  %0 = arith.constant {a = #moe.minifloat<kind = e2m1, block = -1>} 0 : i32
  return
}

// -----

// The attribute itself.
func.func @f() {
  // expected-error @below {{only swiglu takes alpha, beta and limit}}
  %0 = arith.constant {a = #moe.activation<relu_squared, limit = 2.0>} 0 : i32
  return
}
