#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Exits with 1, which is of interest to moec-reduce, where a file that the stage
# takes has an onnx.Add.
moec-opt "$1" -moec-stage-onnx -o - 2>/dev/null | grep -q onnx.Add && exit 1
exit 0
