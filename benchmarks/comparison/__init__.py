# ===-- comparison - one MoE layer in every installed runtime -------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The parts of benchmarks/compare, compare-models and make-layers."""
