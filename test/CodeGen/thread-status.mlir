// RUN: moec-opt %s -moec-thread-status | FileCheck %s
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Two checks of one block: each leaves by the same block.
// CHECK-LABEL: llvm.func @checks
// CHECK-SAME: (%[[CTX:.*]]: !llvm.ptr, %[[A:.*]]: i1, %[[B:.*]]: i1) -> i32
llvm.func @checks(%a: i1, %b: i1) {
  // CHECK: llvm.cond_br %[[A]] weights([1048576, 1]), ^[[FIRST:.*]], ^[[NOT_A:.*]]
  rt.check %a, shape_mismatch, "first" {moec.site = 3 : i32}
  // CHECK: ^[[NOT_A]]:
  // CHECK: %[[STATUS:.*]] = llvm.mlir.constant(2 : i32)
  // CHECK: %[[SITE:.*]] = llvm.mlir.constant(3 : i32)
  // CHECK: %[[FAIL:.*]] = llvm.call @moec_rt_fail(%[[CTX]], %[[STATUS]], %[[SITE]])
  // CHECK: llvm.br ^[[LEAVE:.*]](%[[FAIL]] : i32)
  // CHECK: ^[[FIRST]]:
  // CHECK: llvm.cond_br %[[B]] weights([1048576, 1]), ^[[SECOND:.*]], ^[[NOT_B:.*]]
  rt.check %b, shape_mismatch, "second"
  // CHECK: ^[[NOT_B]]:
  // No site of its own.
  // CHECK: llvm.mlir.constant(-1 : i32)
  // CHECK: llvm.br ^[[LEAVE]](
  // CHECK: ^[[SECOND]]:
  // CHECK: llvm.return
  // CHECK: ^[[LEAVE]](%[[LEFT:.*]]: i32):
  // CHECK: llvm.return %[[LEFT]]
  llvm.return
}

// A record goes on.
// CHECK-LABEL: llvm.func @record
// CHECK-SAME: (%[[CTX:.*]]: !llvm.ptr, %[[A:.*]]: i1) -> i32
llvm.func @record(%a: i1) {
  // CHECK: llvm.cond_br %[[A]] weights([1048576, 1]), ^[[ON:.*]], ^[[NOT:.*]]
  rt.record %a, index_out_of_range, "an index" {moec.site = -2 : i32}
  // CHECK: ^[[NOT]]:
  // CHECK: llvm.mlir.constant(-2 : i32)
  // CHECK: llvm.call @moec_rt_record(%[[CTX]],
  // CHECK: llvm.br ^[[ON]]
  // CHECK: ^[[ON]]:
  // CHECK: llvm.return
  llvm.return
}
