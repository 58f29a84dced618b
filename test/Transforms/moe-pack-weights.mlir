// RUN: moec-opt %s --moe-pack-weights | FileCheck %s
// RUN: moec-opt %s --moe-pack-weights --moe-pack-weights | FileCheck %s
// RUN: moec-opt %s --moe-pack-weights --remarks-filter=moe-pack-weights --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Columns in panels of 32, whichever way the weights lie.
// CHECK-LABEL: func.func @rows_of_weights
// CHECK: %[[P:.*]] = moe.pack_panels ins(%{{.*}} : tensor<2x40x8xf32>) outs(%{{.*}} : tensor<2x2x8x32xf32>) {moe.layer = "a"}
// CHECK: moe.grouped_matmul ins(%{{.*}}, %[[P]], %{{.*}} : tensor<6x8xf32>, tensor<2x2x8x32xf32>, tensor<3xi32>) outs({{.*}}) {activation = #moe.activation<identity>, layout = #moe.layout<panels>, moe.layer = "a", n = 40 : i64}
func.func @rows_of_weights(%x: tensor<6x8xf32>, %w: tensor<2x40x8xf32>, %o: tensor<3xi32>, %i: tensor<6x40xf32>) -> tensor<6x40xf32> {
  %y = moe.grouped_matmul ins(%x, %w, %o : tensor<6x8xf32>, tensor<2x40x8xf32>, tensor<3xi32>) outs(%i : tensor<6x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, moe.layer = "a"} -> tensor<6x40xf32>
  return %y : tensor<6x40xf32>
}

// CHECK-LABEL: func.func @columns_of_weights
// CHECK: moe.pack_panels ins(%{{.*}} : tensor<2x8x32xf16>) outs(%{{.*}} : tensor<2x1x8x32xf16>) {k_major}
// CHECK: moe.grouped_matmul {{.*}}layout = #moe.layout<panels>, n = 32 : i64
func.func @columns_of_weights(%x: tensor<6x8xf16>, %w: tensor<2x8x32xf16>, %o: tensor<3xi32>, %i: tensor<6x32xf16>) -> tensor<6x32xf16> {
  %y = moe.grouped_matmul ins(%x, %w, %o : tensor<6x8xf16>, tensor<2x8x32xf16>, tensor<3xi32>) outs(%i : tensor<6x32xf16>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x32xf16>
  return %y : tensor<6x32xf16>
}

// Gate and up of one panel stand together.
// CHECK-LABEL: func.func @gated
// CHECK: moe.pack_panels ins(%{{.*}} : tensor<2x8x48xf32>) outs(%{{.*}} : tensor<2x2x8x32xf32>) {gated, k_major}
// CHECK: moe.grouped_matmul {{.*}}activation = #moe.activation<swiglu>, layout = #moe.layout<panels>, n = 48 : i64
func.func @gated(%x: tensor<6x8xf32>, %w: tensor<2x8x48xf32>, %o: tensor<3xi32>, %i: tensor<6x24xf32>) -> tensor<6x24xf32> {
  %y = moe.grouped_matmul ins(%x, %w, %o : tensor<6x8xf32>, tensor<2x8x48xf32>, tensor<3xi32>) outs(%i : tensor<6x24xf32>) {activation = #moe.activation<swiglu>, layout = #moe.layout<kn>} -> tensor<6x24xf32>
  return %y : tensor<6x24xf32>
}

// CHECK-LABEL: func.func @panels
// CHECK-NOT: moe.pack_panels
// CHECK: n = 40 : i64
func.func @panels(%x: tensor<6x8xf32>, %w: tensor<2x2x8x32xf32>, %o: tensor<3xi32>, %i: tensor<6x40xf32>) -> tensor<6x40xf32> {
  %y = moe.grouped_matmul ins(%x, %w, %o : tensor<6x8xf32>, tensor<2x2x8x32xf32>, tensor<3xi32>) outs(%i : tensor<6x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<panels>, n = 40 : i64} -> tensor<6x40xf32>
  return %y : tensor<6x40xf32>
}

// REMARK: left the layout of a product's weights: its weights have an extent that only the run knows
// CHECK-LABEL: func.func @unknown
// CHECK-NOT: moe.pack_panels
// CHECK: layout = #moe.layout<nk>
func.func @unknown(%x: tensor<6x8xf32>, %w: tensor<2x?x8xf32>, %o: tensor<3xi32>, %i: tensor<6x40xf32>) -> tensor<6x40xf32> {
  %y = moe.grouped_matmul ins(%x, %w, %o : tensor<6x8xf32>, tensor<2x?x8xf32>, tensor<3xi32>) outs(%i : tensor<6x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>} -> tensor<6x40xf32>
  return %y : tensor<6x40xf32>
}

// REMARK: left the layout of a product's weights: its weights are quantised
// CHECK-LABEL: func.func @quantised
// CHECK-NOT: moe.pack_panels
// CHECK: layout = #moe.layout<nk>
func.func @quantised(%x: tensor<6x64xf32>, %w: tensor<8x48x32xui8>, %s: tensor<8x48x2xf32>, %o: tensor<9xi32>, %i: tensor<6x48xf32>) -> tensor<6x48xf32> {
  %y = moe.grouped_matmul ins(%x, %w, %o : tensor<6x64xf32>, tensor<8x48x32xui8>, tensor<9xi32>) scales(%s : tensor<8x48x2xf32>) outs(%i : tensor<6x48xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>, quant = #moe.quant<bits = 4, block = 32>} -> tensor<6x48xf32>
  return %y : tensor<6x48xf32>
}

// What the run makes is read once, as it lies; nobody misses anything.
// REMARK-NOT: two values
// CHECK-LABEL: func.func @values
// CHECK-NOT: moe.pack_panels
// CHECK: layout = #moe.layout<kn>
func.func @values(%x: tensor<6x8xf32>, %w: tensor<2x8x40xf32>, %i: tensor<6x40xf32>) -> tensor<6x40xf32> {
  %y = moe.grouped_matmul ins(%x, %w : tensor<6x8xf32>, tensor<2x8x40xf32>) outs(%i : tensor<6x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<kn>} -> tensor<6x40xf32>
  return %y : tensor<6x40xf32>
}

// REMARK: left the layout of a product's weights: it is on buffers
// CHECK-LABEL: func.func @buffers
// CHECK-NOT: moe.pack_panels
// CHECK: layout = #moe.layout<nk>
func.func @buffers(%x: memref<6x8xf32>, %w: memref<2x40x8xf32>, %o: memref<3xi32>, %i: memref<6x40xf32>) {
  moe.grouped_matmul ins(%x, %w, %o : memref<6x8xf32>, memref<2x40x8xf32>, memref<3xi32>) outs(%i : memref<6x40xf32>) {activation = #moe.activation<identity>, layout = #moe.layout<nk>}
  return
}
