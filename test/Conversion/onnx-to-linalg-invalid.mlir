// RUN: moec-opt %s --convert-onnx-to-linalg --split-input-file --verify-diagnostics

// Extents of the run are those of onnx.shapes.
func.func @concat(%a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @below {{has a dynamic extent but no onnx.shapes}}
  // expected-error @below {{failed to legalize operation 'onnx.Concat'}}
  %0 = onnx.Concat(%a, %b) {axis = 0 : i64} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @shape(%a: tensor<2x3xf32>) -> tensor<?xi64> {
  // expected-error @below {{has a dynamic extent but no onnx.shapes}}
  // expected-error @below {{failed to legalize operation 'onnx.Shape'}}
  %0 = onnx.Shape(%a) : (tensor<2x3xf32>) -> tensor<?xi64>
  return %0 : tensor<?xi64>
}
