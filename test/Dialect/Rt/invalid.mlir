// RUN: moec-opt %s -split-input-file -verify-diagnostics

func.func @f(%x: tensor<2x3xf32>, %n: index) {
  // expected-error @below {{must view a tensor as a tensor, a memref as a memref}}
  %0 = rt.view %x as (%n) : tensor<2x3xf32> to memref<6xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %n: index) {
  // expected-error @below {{must keep the element type}}
  %0 = rt.view %x as (%n) : tensor<2x3xf32> to tensor<6xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %n: index) {
  // expected-error @below {{takes one size for each of the 2 extents of its result}}
  %0 = rt.view %x as (%n) : tensor<2x3xf32> to tensor<3x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %n: index) {
  // expected-error @below {{must keep the number of elements}}
  %0 = rt.view %x as (%n) : tensor<2x3xf32> to tensor<7xf32>
  return
}

// -----

// A task takes the index, then the captures, and returns nothing.
func.func private @task(%i: index)
func.func @f(%x: memref<4xf32>, %n: index) {
  // expected-error @below {{runs @task of type '(index) -> ()', which does not take the operands}}
  rt.parallel @task for %n(%x) : memref<4xf32>
  return
}

// -----

func.func private @task(%i: index) -> index
func.func @f(%n: index) {
  // expected-error @below {{runs @task of type '(index) -> index', which does not take the operands}}
  rt.parallel @task for %n()
  return
}

// -----

func.func @f(%condition: i1) {
  // expected-error @below {{expected ::moec::rt::Status to be one of: invalid_argument, shape_mismatch, index_out_of_range, division_by_zero, internal}}
  // expected-error @below {{failed to parse Rt_StatusAttr parameter 'value'}}
  rt.check %condition, out_of_luck, "no status"
  return
}

// -----

func.func @f(%ids: tensor<?x2xi32>, %weights: tensor<?x3xf32>) {
  // expected-error @below {{has ids and weights of different shapes}}
  rt.profile 0, %ids, %weights : tensor<?x2xi32>, tensor<?x3xf32>
  return
}

// -----

func.func @f(%ids: tensor<?x2xi64>, %weights: tensor<?x2xf32>) {
  // expected-error @below {{operand #0 must be 2D tensor of 32-bit signless integer values or 2D memref of 32-bit signless integer values}}
  rt.profile 0, %ids, %weights : tensor<?x2xi64>, tensor<?x2xf32>
  return
}

// -----

func.func @f(%ids: tensor<?x2xi32>, %weights: tensor<?x2xf16>) {
  // expected-error @below {{operand #1 must be 2D tensor of 32-bit float values or 2D memref of 32-bit float values}}
  rt.profile 0, %ids, %weights : tensor<?x2xi32>, tensor<?x2xf16>
  return
}
