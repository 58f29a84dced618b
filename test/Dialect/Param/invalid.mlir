// RUN: moec-opt %s -split-input-file -verify-diagnostics

func.func @main() -> tensor<2xf32> {
  // expected-error @+1 {{refers to @w, which no param.decl declares}}
  %0 = param.load @w : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

param.decl @w : tensor<3xf32> = #param.file<"m.data", 0, 12>
func.func @main() -> tensor<2xf32> {
  // expected-error @+1 {{loads 'tensor<2xf32>' but @w is declared as 'tensor<3xf32>'}}
  %0 = param.load @w : tensor<2xf32>
  return %0 : tensor<2xf32>
}
