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

func.func private @k(vector<1xf32>) attributes {moec.kernel = 0}
module @x86_64_v3 attributes {moec.level = "x86-64-v3"} {
  func.func @k(%x: vector<1xf32>) attributes {moec.kernel = 0} {
    // expected-error @+1 {{after the stage 'vector': 'arith.addf' computes on a vector of one element}}
    %0 = arith.addf %x, %x : vector<1xf32>
    return
  }
}

// -----

// Slots, not places, say which kernel is which.
func.func private @b() attributes {moec.kernel = 1}
func.func private @a() attributes {moec.kernel = 0}
module @x86_64_v4 attributes {moec.level = "x86-64-v4"} {
  func.func @a() attributes {moec.kernel = 0} { return }
  func.func @b() attributes {moec.kernel = 1} { return }
}
module @x86_64_v3 attributes {moec.level = "x86-64-v3"} {
  func.func @b() attributes {moec.kernel = 1} { return }
  func.func private @not_a_kernel() { return }
  func.func @a() attributes {moec.kernel = 0} { return }
}
// A module that is of no level has no kernels.
module @other {}

// -----

// expected-error @+1 {{after the stage 'vector': 'func.func' 'a' is a kernel without a slot}}
func.func private @a() attributes {moec.kernel}

// -----

func.func private @a() attributes {moec.kernel = 0}
// expected-error @+1 {{after the stage 'vector': 'func.func' 'b' has slot 0, as has 'a'}}
func.func private @b() attributes {moec.kernel = 0}

// -----

func.func private @a() attributes {moec.kernel = 0}
// expected-error @+1 {{after the stage 'vector': 'func.func' 'b' has slot 2 of the function table, which has 2}}
func.func private @b() attributes {moec.kernel = 2}

// -----

// expected-error @+1 {{after the stage 'vector': 'func.func' 'a' has slot -1 of the function table, which has 1}}
func.func private @a() attributes {moec.kernel = -1}

// -----

func.func private @a() attributes {moec.kernel = 0}
func.func private @b() attributes {moec.kernel = 1}
// expected-error @+1 {{after the stage 'vector': 'builtin.module' 'x86_64_v3' lacks the kernel 'b' of slot 1}}
module @x86_64_v3 attributes {moec.level = "x86-64-v3"} {
  func.func @a() attributes {moec.kernel = 0} { return }
  // expected-error @+1 {{after the stage 'vector': 'func.func' 'b' is a kernel without a slot}}
  func.func @b() attributes {moec.kernel} { return }
}

// -----

func.func private @a() attributes {moec.kernel = 0}
module @x86_64_v3 attributes {moec.level = "x86-64-v3"} {
  func.func @a() attributes {moec.kernel = 0} { return }
  // expected-error @+1 {{after the stage 'vector': 'func.func' 'b' has slot 0, as has 'a'}}
  func.func @b() attributes {moec.kernel = 0} { return }
  // expected-error @+1 {{after the stage 'vector': 'func.func' 'c' has slot 1, which main does not call}}
  func.func @c() attributes {moec.kernel = 1} { return }
}

// -----

func.func private @a() attributes {moec.kernel = 0}
func.func private @b() attributes {moec.kernel = 1}
module @x86_64_v3 attributes {moec.level = "x86-64-v3"} {
  // expected-error @+1 {{after the stage 'vector': 'func.func' 'a' has slot 1, which main calls 'b'}}
  func.func @a() attributes {moec.kernel = 1} { return }
  // expected-error @+1 {{after the stage 'vector': 'func.func' 'b' has slot 0, which main calls 'a'}}
  func.func @b() attributes {moec.kernel = 0} { return }
}
