// RUN: moec-opt %s -moec-split-levels="levels=x86-64-v4,x86-64-v3" | FileCheck %s

// A kernel numbers its messages; each call of it says where they stand with the
// name of its own node. Equal ones are one.
// CHECK: module attributes {moec.sites = {{\[}}["first", "too far"], ["first", "too near"], ["second", "too far"], ["second", "too near"], ["second", "no"]]}
// CHECK: call @k({{.*}}) {moec.site = 0 : i32}
// CHECK: call @k({{.*}}) {moec.site = 2 : i32}
// CHECK: call @silent({{.*}}) :
// CHECK: rt.check {{.*}} "no" {moec.site = 4 : i32}
// CHECK: call @k({{.*}}) {moec.site = 0 : i32}
// CHECK: func.func private @k(memref<8xf32>, index) attributes {moec.kernel = 0 : i64}
// CHECK: module @x86_64_v4 attributes {moec.level = "x86-64-v4"}
// CHECK:   func.func @k(
// CHECK:     rt.record %{{.*}}, index_out_of_range, "too far" {moec.site = -2 : i32}
// CHECK:     rt.record %{{.*}}, index_out_of_range, "too near" {moec.site = -3 : i32}
// CHECK:     rt.record %{{.*}}, index_out_of_range, "too far" {moec.site = -2 : i32}
// CHECK: module @x86_64_v3 attributes {moec.level = "x86-64-v3"}
// CHECK:   func.func @k(
module {
  func.func @main(%a: memref<8xf32>, %i: index, %ok: i1) {
    call @k(%a, %i) : (memref<8xf32>, index) -> () loc("first")
    call @k(%a, %i) : (memref<8xf32>, index) -> () loc("second")
    call @silent(%a) : (memref<8xf32>) -> () loc("second")
    rt.check %ok, internal, "no" loc("second")
    call @k(%a, %i) : (memref<8xf32>, index) -> () loc("first")
    return
  }
  func.func private @k(%a: memref<8xf32>, %i: index) attributes {moec.kernel} {
    %c8 = arith.constant 8 : index
    %ok = arith.cmpi ult, %i, %c8 : index
    rt.record %ok, index_out_of_range, "too far"
    rt.record %ok, index_out_of_range, "too near"
    rt.record %ok, index_out_of_range, "too far"
    return
  }
  func.func private @silent(%a: memref<8xf32>) attributes {moec.kernel} {
    return
  }
}
