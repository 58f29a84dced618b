// RUN: not moec-opt %s -moec-verify-stage=stage=nonsense 2>&1 | FileCheck %s
// CHECK: no stage is named 'nonsense'
module {}
