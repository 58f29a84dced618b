// RUN: moec-opt %s -moec-unpack-io | FileCheck %s

func.func private @k(memref<?x3xi4>, memref<?x3xi4>)

// CHECK-LABEL: func.func @main()
func.func @main() {
  // CHECK: %[[IN:.*]] = rt.input 0 : memref<?x3xi4>
  // CHECK: %[[N:.*]] = memref.dim %[[IN]], %{{.*}}
  // CHECK: %[[X:.*]] = memref.alloc(%[[N]]) : memref<?x3xi4>
  // CHECK: %[[FROM:.*]] = rt.bytes %[[IN]] of %{{.*}} : memref<?x3xi4> to memref<?xi8>
  // CHECK: %[[FLAT:.*]] = rt.view %[[X]] as
  // CHECK: scf.for
  // CHECK: %[[BYTE:.*]] = memref.load %[[FROM]]
  // CHECK: arith.shrui %[[BYTE]]
  // CHECK: %[[ELEMENT:.*]] = arith.trunci %{{.*}} : i8 to i4
  // CHECK: memref.store %[[ELEMENT]], %[[FLAT]]
  %x = rt.input 0 : memref<?x3xi4>
  // CHECK: %[[PACKED:.*]] = param.load @w : memref<3x3xi4>
  // CHECK: %[[W:.*]] = memref.alloc() : memref<3x3xi4>
  // CHECK: rt.bytes %[[PACKED]] of %{{.*}} : memref<3x3xi4> to memref<?xi8>
  // CHECK: scf.for
  // CHECK: %[[CAST:.*]] = memref.cast %[[W]]
  // CHECK: call @k(%[[CAST]], %[[CAST]])
  %w = param.load @w : memref<3x3xi4>
  %cast = memref.cast %w : memref<3x3xi4> to memref<?x3xi4>
  call @k(%cast, %cast) : (memref<?x3xi4>, memref<?x3xi4>) -> ()
  %c0 = arith.constant 0 : index
  // Also what asks for extents asks the copy.
  // CHECK: %[[SIZE:.*]] = memref.dim %[[X]]
  %n = memref.dim %x, %c0 : memref<?x3xi4>
  %c3 = arith.constant 3 : index
  // CHECK: %[[Y:.*]] = memref.alloc(%[[SIZE]]) : memref<?x3xi4>
  %y = rt.output 0(%n, %c3) : memref<?x3xi4>
  // CHECK: call @k(%[[X]], %[[Y]])
  call @k(%x, %y) : (memref<?x3xi4>, memref<?x3xi4>) -> ()
  // The output is bound when it is filled.
  // CHECK: %[[OUT:.*]] = rt.output 0(%[[SIZE]], %{{.*}}) : memref<?x3xi4>
  // CHECK: %[[TO:.*]] = rt.bytes %[[OUT]] of %[[BYTES:.*]] : memref<?x3xi4> to memref<?xi8>
  // CHECK: scf.for %{{.*}} to %[[BYTES]]
  // CHECK: arith.shli
  // CHECK: %[[BOTH:.*]] = arith.ori
  // CHECK: memref.store %[[BOTH]], %[[TO]]
  // CHECK: return
  return
}

// Weights are packed as they are in the file.
param.decl @w : tensor<3x3xi4> = #param.file<"m", 0, 5> at 0

// Everything else is as it was.
// CHECK-LABEL: func.func @other
// CHECK-NEXT: rt.input 0
// CHECK-NEXT: rt.output 0
// CHECK-NEXT: memref.copy
// CHECK-NEXT: return
func.func @other(%n: index) {
  %x = rt.input 0 : memref<?xi4>
  %y = rt.output 0(%n) : memref<?xi4>
  memref.copy %x, %y : memref<?xi4> to memref<?xi4>
  return
}
