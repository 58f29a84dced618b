// RUN: moec-opt %s -verify-diagnostics -moec-lower-to-llvm

// expected-error @+1 {{'k' still returns a buffer: a result was not computed in its destination}}
func.func @k(%a: memref<4xf32>) -> memref<4xf32> {
  return %a : memref<4xf32>
}
