// RUN: moec-opt %s -moec-split-levels="levels=x86-64-v4,x86-64-v3" | FileCheck %s

// Equal sites are one.
// CHECK: module attributes {moec.sites = {{\[}}["", "too far"]]}
// CHECK: func.func private @k(memref<8xf32>, index) attributes {moec.kernel = 0 : i64}
// CHECK: module @x86_64_v4 attributes {moec.level = "x86-64-v4"}
// CHECK:   func.func @k(
// CHECK:     rt.record %{{.*}}, index_out_of_range, "too far" {moec.site = 0 : i32}
// CHECK: module @x86_64_v3 attributes {moec.level = "x86-64-v3"}
// CHECK:   func.func @k(
module {
  func.func private @k(%a: memref<8xf32>, %i: index) attributes {moec.kernel} {
    %c8 = arith.constant 8 : index
    %ok = arith.cmpi ult, %i, %c8 : index
    rt.record %ok, index_out_of_range, "too far"
    rt.record %ok, index_out_of_range, "too far"
    return
  }
}
