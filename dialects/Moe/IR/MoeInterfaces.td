//===-- MoeInterfaces.td - what every weight format knows -----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_IR_MOEINTERFACES_TD
#define MOEC_DIALECTS_MOE_IR_MOEINTERFACES_TD

include "mlir/IR/OpBase.td"

def Moe_WeightFormat : AttrInterface<"WeightFormat"> {
  let cppNamespace = "::moec::moe";
  let description = [{
    How weights in fewer bits lie in memory, and what they stand for. Codes of
    `getBits()` bits lie along K, each row for itself, the lowest bits of a byte
    first; a code becomes an f32 by `buildValue`, which is then scaled. Verifiers,
    plain loops and reports know formats by this interface alone.
  }];
  let methods = [
    InterfaceMethod<"Bits of a code.", "int64_t", "getBits">,
    InterfaceMethod<"Elements along K that share a scale; 0: all of a row.",
                    "int64_t", "getBlock">,
    InterfaceMethod<"Consecutive rows that share a scale.", "int64_t",
                    "getBlockRows">,
    InterfaceMethod<"Whether codes may have zero points.", "bool",
                    "takesZeroPoints">,
    InterfaceMethod<"Whether an expert may have a scale of its own.", "bool",
                    "takesGlobalScales">,
    InterfaceMethod<"A few words for reports: `int4 in blocks of 32`.",
                    "std::string", "describe">,
    InterfaceMethod<[{
      What a code stands for before it is scaled, as f32. Code and zero point
      are i32; the zero point may be null.
    }], "::mlir::Value", "buildValue",
      (ins "::mlir::ImplicitLocOpBuilder &":$b, "::mlir::Value":$code,
           "::mlir::Value":$zeroPoint)>,
  ];
  let extraSharedClassDeclaration = [{
    /// Bytes of one row of `k` elements.
    int64_t getRowBytes(int64_t k) const {
      return (k * $_attr.getBits() + 7) / 8;
    }
    /// Elements that `bytes` of a row hold.
    int64_t getRowElements(int64_t bytes) const {
      return bytes * 8 / $_attr.getBits();
    }
    /// Scales of one row of `k` elements.
    int64_t getRowScales(int64_t k) const {
      int64_t block = $_attr.getBlock();
      return block == 0 ? 1 : (k + block - 1) / block;
    }
    /// Rows of scales for `n` rows.
    int64_t getScaleRows(int64_t n) const {
      int64_t rows = $_attr.getBlockRows();
      return (n + rows - 1) / rows;
    }
  }];
}

#endif // MOEC_DIALECTS_MOE_IR_MOEINTERFACES_TD
