//===-- Diagnostics.h - what the importer says, and how -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_IMPORTER_DIAGNOSTICS_H
#define MOEC_LIB_IMPORTER_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace moec::importer {

/// Stable: a number is never reused. Explained in docs/diagnostics.md, where a
/// test looks for every one.
enum class ErrorId {
  CannotRead = 101,
  TooLarge = 102,
  Malformed = 103,
  TooDeep = 104,
  UnknownField = 105,
  IrVersion = 106,
  OpsetImport = 107,
  NoGraph = 108,
  DuplicateName = 109,
  UsedBeforeDefined = 110,
  UndefinedValue = 111,
  BadName = 112,
  UnsupportedType = 113,
  UnknownRank = 114,
  BadExtent = 115,
  BadDimOption = 116,
  TooManyNodes = 117,
  OtherFile = 118,
  TensorShape = 120,
  TensorType = 121,
  TensorSize = 122,
  TensorSources = 123,
  TensorTooLarge = 124,
  ExternalLocation = 125,
  ExternalOpen = 126,
  ExternalRange = 127,
  ExternalEntry = 128,
  UnsupportedTensor = 129,
  UnsupportedNode = 130,
  InputCount = 131,
  OutputCount = 132,
  BadAttribute = 133,
  AttributeReference = 134,
  RecursiveFunction = 135,
  FunctionCallDepth = 136,
  FunctionSignature = 137,
  BadNode = 140,
  Contradiction = 141,
  UnsupportedForm = 142,
  InvalidIr = 150,
};

/// A name of the model, fit to be printed: quoted, shortened, every byte that
/// is not printable ASCII as an escape.
std::string quoted(llvm::StringRef name);

/// Errors about one model file. Every one starts with its id and the file.
class Reporter {
public:
  Reporter(mlir::MLIRContext &context, llvm::StringRef file)
      : context(&context), file(file.str()) {}

  mlir::MLIRContext &getContext() const { return *context; }
  llvm::StringRef getFile() const { return file; }

  mlir::InFlightDiagnostic error(ErrorId id) const;

private:
  mlir::MLIRContext *context;
  std::string file;
};

} // namespace moec::importer

#endif // MOEC_LIB_IMPORTER_DIAGNOSTICS_H
