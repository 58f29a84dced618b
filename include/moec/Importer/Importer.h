//===-- Importer.h - from an ONNX file to the onnx dialect ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_IMPORTER_IMPORTER_H
#define MOEC_IMPORTER_IMPORTER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace moec {

/// One node that this compiler cannot compile, and what its user can do.
struct UnsupportedNode {
  std::string name;
  std::string opType;
  std::string domain;
  /// The version of the domain the node is written for; 0 without an import.
  int64_t version = 0;
  std::string reason;
  std::string advice;
};

/// Bounds on what a model file may ask for. Far above every real model; there
/// so that a hostile one is refused before it takes the machine.
struct ImportLimits {
  /// Bytes of the model file that are not weights.
  uint64_t maxStructureBytes = uint64_t(256) << 20;
  /// Bytes of one tensor written element by element (`float_data`, ...).
  uint64_t maxTypedDataBytes = uint64_t(16) << 20;
  /// Nodes after functions are expanded.
  uint64_t maxNodes = uint64_t(1) << 20;
  unsigned maxMessageDepth = 64;
  unsigned maxCallDepth = 64;
  unsigned maxRank = 32;
};

struct ImportOptions {
  /// Symbolic input extents to fix, `--dim NAME=N`.
  std::vector<std::pair<std::string, int64_t>> dims;
  ImportLimits limits;
  /// Where set, receives every unsupported node, in the order of the file.
  std::vector<UnsupportedNode> *unsupported = nullptr;
};

/// Scalars, and integer tensors of at most this many elements, become
/// `onnx.Constant`: shape inference must see them. All else are parameters,
/// also where it is small: kernels take parameters as operands, so that layers
/// which differ in nothing but their weights share them.
inline constexpr int64_t kMaxConstantElements = 64;

/// Module attributes: SHA-256 of the model file in hexadecimal, and the model's
/// name as a C identifier.
inline constexpr llvm::StringLiteral kModelSha256Attr = "moec.model_sha256";
inline constexpr llvm::StringLiteral kModelNameAttr = "moec.name";

/// Reads a model file, which is untrusted, into the `onnx` stage: parameters
/// and one function `main`. Every diagnostic starts with a stable id
/// (docs/diagnostics.md). The context must have the onnx, param and func
/// dialects registered.
llvm::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>
importModel(mlir::MLIRContext &context, llvm::StringRef path,
            const ImportOptions &options = {});

} // namespace moec

#endif // MOEC_IMPORTER_IMPORTER_H
