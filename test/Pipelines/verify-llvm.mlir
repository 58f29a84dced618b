// RUN: moec-opt %s -split-input-file -verify-diagnostics -moec-verify-stage=stage=llvm

// expected-error @+1 {{after the stage 'llvm': 'func.func' was not lowered}}
func.func private @f()

// -----

// expected-error @+1 {{after the stage 'llvm': 'llvm.func' declares 'malloc', which the runtime's ABI list does not have}}
llvm.func @malloc(i64) -> !llvm.ptr

// -----

// LLVM would round it by a call: what is made,
llvm.func @result(%p: !llvm.ptr) {
  // expected-error @+1 {{after the stage 'llvm': 'llvm.load' has a bf16, which LLVM rounds by a call into the compiler's library}}
  %0 = llvm.load %p : !llvm.ptr -> bf16
  llvm.return
}

// -----

// and what is used, be it of a vector.
llvm.func @operand(%p: !llvm.ptr, %v: vector<4xbf16>) {
  // expected-error @+1 {{after the stage 'llvm': 'llvm.store' has a bf16}}
  llvm.store %v, %p : vector<4xbf16>, !llvm.ptr
  llvm.return
}

// -----

// Slots are what they were: the same kernel, wherever it stands.
llvm.func internal @b() attributes {moec.kernel = 1} { llvm.return }
llvm.func internal @a() attributes {moec.kernel = 0} { llvm.return }
module @x86_64_v3 attributes {moec.level = "x86-64-v3"} {
  llvm.func @a() attributes {moec.kernel = 0} { llvm.return }
  llvm.func @b() attributes {moec.kernel = 1} { llvm.return }
}

// -----

llvm.func internal @a() attributes {moec.kernel = 0} { llvm.return }
// expected-error @+1 {{after the stage 'llvm': 'builtin.module' 'x86_64_v3' lacks the kernel 'a' of slot 0}}
module @x86_64_v3 attributes {moec.level = "x86-64-v3"} {
  llvm.func @a() { llvm.return }
}
