// RUN: moec-opt %s -split-input-file -verify-diagnostics -moec-verify-stage=stage=vector

func.func @main() {
  // expected-error @+1 {{after the stage 'vector': 'tensor.empty' is a tensor after bufferization}}
  %0 = tensor.empty() : tensor<4xf32>
  return
}

// -----

// expected-error @+1 {{after the stage 'vector': 'func.func' is a kernel outside of a CPU level's module}}
func.func private @k(%x: memref<4xf32>) attributes {moec.kernel = 0} {
  return
}

// -----

module @x86_64_v3 attributes {moec.level = "x86-64-v3"} {
  func.func @k(%x: vector<1xf32>) attributes {moec.kernel = 0} {
    // expected-error @+1 {{after the stage 'vector': 'arith.addf' computes on a vector of one element}}
    %0 = arith.addf %x, %x : vector<1xf32>
    return
  }
}
