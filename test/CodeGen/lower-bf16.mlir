// RUN: moec-opt %s -moec-expand-math -moec-lower-to-llvm -moec-thread-status -moec-verify-stage=stage=llvm | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Arithmetic is in f32, and what is moved is a number of 16 bits.
// CHECK-LABEL: llvm.func @arithmetic
func.func @arithmetic(%m: memref<4xbf16>, %i: index, %c: i1) {
  %a = memref.load %m[%i] : memref<4xbf16>
  %one = arith.constant 1.0 : bf16
  // CHECK: llvm.fadd {{.*}} : f32
  %sum = arith.addf %a, %one : bf16
  // CHECK: llvm.fcmp "olt" {{.*}} : f32
  %less = arith.cmpf olt, %sum, %a : bf16
  // CHECK: llvm.select {{.*}} : i1, i16
  %picked = arith.select %less, %sum, %a : bf16
  // CHECK: llvm.store {{.*}} : i16, !llvm.ptr
  memref.store %picked, %m[%i] : memref<4xbf16>
  return
}

// CHECK-LABEL: llvm.func @casts
func.func @casts(%m: memref<4xbf16>, %n: memref<4xf64>, %i: index, %s: i16, %u: i8) {
  // CHECK: llvm.sitofp {{.*}} : i16 to f32
  %a = arith.sitofp %s : i16 to bf16
  memref.store %a, %m[%i] : memref<4xbf16>
  // CHECK: llvm.uitofp {{.*}} : i8 to f32
  %b = arith.uitofp %u : i8 to bf16
  memref.store %b, %m[%i] : memref<4xbf16>
  %c = memref.load %m[%i] : memref<4xbf16>
  // CHECK: llvm.fpext {{.*}} : f32 to f64
  %d = arith.extf %c : bf16 to f64
  memref.store %d, %n[%i] : memref<4xf64>
  return
}

// A vector is one of i16, a constant too; what a loop carries as well.
memref.global "private" constant @table : memref<3xbf16> = dense<[1.0, -2.0, 0.5]>
// CHECK-LABEL: llvm.func @moved
func.func @moved(%m: memref<8xbf16>, %i: index, %c: i1) {
  %zero = arith.constant dense<0.0> : vector<4xbf16>
  // CHECK: llvm.load {{.*}} -> vector<4xi16>
  %v = vector.load %m[%i] : memref<8xbf16>, vector<4xbf16>
  // CHECK: llvm.select {{.*}} : i1, vector<4xi16>
  %w = arith.select %c, %v, %zero : vector<4xbf16>
  vector.store %w, %m[%i] : memref<8xbf16>, vector<4xbf16>
  %table = memref.get_global @table : memref<3xbf16>
  %x = memref.load %table[%i] : memref<3xbf16>
  // CHECK: ^{{.*}}(%{{.*}}: i16):
  %y0 = memref.load %m[%i] : memref<8xbf16>
  cf.cond_br %c, ^next(%x : bf16), ^next(%y0 : bf16)
^next(%y: bf16):
  memref.store %y, %m[%i] : memref<8xbf16>
  return
}
