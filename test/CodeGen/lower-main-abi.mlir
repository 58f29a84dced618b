// RUN: moec-opt %s -split-input-file -verify-diagnostics -moec-lower-main-abi | FileCheck %s

func.func private @k(memref<?xf32>, memref<?xf32>)

// CHECK-LABEL: func.func @main()
func.func @main(%x: memref<?xf32> {onnx.name = "x"}) -> (memref<?xf32>, memref<?xf32>) {
  // CHECK: %[[X:.*]] = rt.input 0 : memref<?xf32>
  %c0 = arith.constant 0 : index
  // CHECK: %[[N:.*]] = memref.dim %[[X]]
  %n = memref.dim %x, %c0 : memref<?xf32>
  // A buffer that is only returned is the output's own.
  // CHECK: %[[Y:.*]] = rt.output 0(%[[N]]) : memref<?xf32>
  %y = memref.alloc(%n) : memref<?xf32>
  // CHECK: call @k(%[[X]], %[[Y]])
  call @k(%x, %y) : (memref<?xf32>, memref<?xf32>) -> ()
  // What the caller gave is copied.
  // CHECK: %[[Z:.*]] = rt.output 1
  // CHECK: memref.copy %[[X]], %[[Z]]
  // CHECK: return
  // CHECK-NEXT: }
  return %y, %x : memref<?xf32>, memref<?xf32>
}

// -----

func.func private @k(memref<?xf32>, memref<?xf32>)

// An output that may continue an input keeps its mark.
// CHECK-LABEL: func.func @main()
func.func @main(%x: memref<?xf32>) -> (memref<?xf32> {moec.alias = 0 : i64}) {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  // CHECK: rt.output 0({{.*}}) : memref<?xf32> {moec.alias = 0 : i64}
  %y = memref.alloc(%n) : memref<?xf32>
  call @k(%x, %y) : (memref<?xf32>, memref<?xf32>) -> ()
  return %y : memref<?xf32>
}

// -----

// expected-error @below {{output 0 was to continue an input in its buffer, but is a copy}}
func.func @main(%x: memref<?xf32>) -> (memref<?xf32> {moec.alias = 0 : i64}) {
  return %x : memref<?xf32>
}
