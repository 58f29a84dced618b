// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: moec-opt %s -split-input-file -verify-diagnostics -moec-thread-status | FileCheck %s

// Main calls a kernel by its slot, not by where it stands: the second is 0 here,
// and the levels hold them in yet another order.
// CHECK-LABEL: llvm.func internal @second(%{{.*}}: !llvm.ptr) -> i32
// CHECK: %[[TABLE:.*]] = llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr
// CHECK: llvm.getelementptr %[[TABLE]][1]
// CHECK-LABEL: llvm.func internal @third(
// CHECK: llvm.getelementptr %{{.*}}[2]
// CHECK-LABEL: llvm.func internal @first(
// CHECK: llvm.getelementptr %{{.*}}[0]
llvm.func @second() attributes {moec.kernel = 1, sym_visibility = "private"}
llvm.func @third() attributes {moec.kernel = 2, sym_visibility = "private"}
llvm.func @first() attributes {moec.kernel = 0, sym_visibility = "private"}
llvm.func @main() {
  llvm.call @first() : () -> ()
  llvm.return
}
// The levels' kernels keep their slots.
// CHECK-LABEL: module @x86_64_v3
// CHECK: llvm.func @third(%{{.*}}: !llvm.ptr) -> i32 attributes {moec.kernel = 2 : i64}
// CHECK: llvm.func @first({{.*}} attributes {moec.kernel = 0 : i64}
// CHECK: llvm.func @second({{.*}} attributes {moec.kernel = 1 : i64}
module @x86_64_v3 attributes {moec.level = "x86-64-v3"} {
  llvm.func @third() attributes {moec.kernel = 2} { llvm.return }
  llvm.func @first() attributes {moec.kernel = 0} { llvm.return }
  llvm.func @second() attributes {moec.kernel = 1} { llvm.return }
}

// -----

// expected-error @+1 {{kernel 'lost' has no slot in the function table}}
llvm.func @lost() attributes {moec.kernel, sym_visibility = "private"}
