// RUN: moec-opt %s -split-input-file -verify-diagnostics -moec-verify-stage=stage=llvm

// expected-error @+1 {{after the stage 'llvm': 'func.func' was not lowered}}
func.func private @f()

// -----

// expected-error @+1 {{after the stage 'llvm': 'llvm.func' declares 'malloc', which the runtime's ABI list does not have}}
llvm.func @malloc(i64) -> !llvm.ptr
