// RUN: moec-opt %s | moec-opt | FileCheck %s

// CHECK-LABEL: func @main
func.func @main(%n: index, %condition: i1, %t: tensor<?x?xf32>) {
  // CHECK: %[[X:.*]] = rt.input 0 : memref<?x4xf32>
  %x = rt.input 0 : memref<?x4xf32>
  %c4 = arith.constant 4 : index
  // CHECK: rt.output 1(%{{.*}}, %{{.*}}) : memref<?x4xf32>
  %y = rt.output 1(%n, %c4) : memref<?x4xf32>
  // CHECK: rt.view %[[X]] as(%{{.*}}, %{{.*}}) : memref<?x4xf32> to memref<4x?xf32>
  %v = rt.view %x as (%c4, %n) : memref<?x4xf32> to memref<4x?xf32>
  // CHECK: rt.view %{{.*}} as(%{{.*}}) : tensor<?x?xf32> to tensor<?xf32>
  %w = rt.view %t as (%n) : tensor<?x?xf32> to tensor<?xf32>
  // CHECK: rt.check %{{.*}}, shape_mismatch, "differ"
  rt.check %condition, shape_mismatch, "differ"
  // CHECK: rt.parallel @task for %{{.*}}(%{{.*}}, %{{.*}}) : memref<?x4xf32>, memref<?x4xf32>
  rt.parallel @task for %n(%x, %y) : memref<?x4xf32>, memref<?x4xf32>
  // CHECK: rt.parallel @alone for %{{.*}}()
  rt.parallel @alone for %n()
  // CHECK: rt.output 0() : memref<f32>
  %z = rt.output 0() : memref<f32>
  // CHECK: rt.view %{{.*}} as() : memref<f32> to memref<f32>
  %u = rt.view %z as () : memref<f32> to memref<f32>
  // CHECK: rt.count expert_rows, %{{.*}}
  rt.count expert_rows, %n
  return
}

// CHECK-LABEL: func private @task
func.func private @task(%i: index, %x: memref<?x4xf32>, %y: memref<?x4xf32>) {
  %zero = arith.constant 0 : index
  %condition = arith.cmpi sge, %i, %zero : index
  // CHECK: rt.record %{{.*}}, index_out_of_range, "outside"
  rt.record %condition, index_out_of_range, "outside"
  return
}

func.func private @alone(%i: index)

// CHECK-LABEL: llvm.func @lowered
llvm.func @lowered(%status: i32) {
  // CHECK: rt.context : !llvm.ptr
  %context = rt.context : !llvm.ptr
  // CHECK: rt.try %{{.*}}
  rt.try %status
  llvm.return
}
