//===-- ShapeContext.h - symbolic extents of onnx values ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_SHAPECONTEXT_H
#define MOEC_DIALECTS_ONNX_IR_SHAPECONTEXT_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

#include "dialects/Onnx/IR/OnnxEnums.h.inc"

namespace moec::onnx {

/// Attributes of the shape bookkeeping. They describe, never decide: dropping
/// them loses precision, not meaning.
inline constexpr llvm::StringLiteral kShapesAttr = "onnx.shapes";
inline constexpr llvm::StringLiteral kEqualAttr = "onnx.equal";
/// On main, beside the checks of nodes that are gone: the node of each.
inline constexpr llvm::StringLiteral kEqualNodesAttr = "onnx.equal_nodes";
inline constexpr llvm::StringLiteral kSymbolsAttr = "onnx.symbols";
/// On arguments and results of main: the model's own name for the value.
inline constexpr llvm::StringLiteral kNameAttr = "onnx.name";
/// On arguments of main: extents, as one element of `onnx.shapes`.
inline constexpr llvm::StringLiteral kShapeAttr = "onnx.shape";

/// What the importer knows of an operator before it builds the op.
struct NodeSchema {
  llvm::StringRef opType;
  llvm::StringRef domain;
  llvm::ArrayRef<int> sinceVersions;
  /// One letter an input: r(equired), o(ptional), v(ariadic).
  llvm::StringRef inputKinds;
  llvm::StringRef outputKinds;
};

using Extents = llvm::SmallVector<mlir::AffineExpr, 6>;

/// The state of shape inference over one module: the symbols, the extents of
/// every value, and the elements of small integer tensors (rank 0 or 1) that
/// take part in shape arithmetic. Extents are affine expressions over symbols
/// only (semi-affine products of symbols included).
class ShapeContext {
public:
  explicit ShapeContext(mlir::MLIRContext *context) : context(context) {}
  /// The state of a module whose inference is done, for passes that make ops:
  /// symbols are those of `onnx.symbols`, extents those beside the ops.
  explicit ShapeContext(mlir::ModuleOp module);
  /// Writes the symbols back to the module, new ones included.
  void storeSymbols(mlir::ModuleOp module) const;

  mlir::MLIRContext *getContext() const { return context; }

  /// A new symbol. `hint` need not be unique; the stored name is.
  mlir::AffineExpr createSymbol(llvm::StringRef hint);
  /// The symbol of this exact name, created at first use (named input extents).
  mlir::AffineExpr getNamedSymbol(llvm::StringRef name);
  llvm::ArrayRef<std::string> getSymbolNames() const { return names; }
  unsigned getNumSymbols() const { return names.size(); }
  mlir::AffineExpr getConstant(int64_t value) const;
  std::string describe(mlir::AffineExpr extent) const;

  /// Extents of a value whose shape is known to this context, or recorded
  /// beside its op. Static types need no entry. A dynamic extent without entry
  /// gets a fresh symbol, once.
  Extents getExtents(mlir::Value value);
  int64_t getRank(mlir::Value value) const;
  void setExtents(mlir::Value value, llvm::ArrayRef<mlir::AffineExpr> extents);

  /// Sets type and extents of an op's result, and records `onnx.shapes`.
  void setResult(mlir::OpResult result, mlir::Type elementType,
                 llvm::ArrayRef<mlir::AffineExpr> extents);

  /// Elements of a rank 0 or 1 integer tensor of static size as expressions.
  /// A null expression is an unknown element; nullopt: nothing is known.
  /// Constants (`onnx.Constant`) answer too.
  std::optional<Extents> getElements(mlir::Value value);
  void setElements(mlir::Value value,
                   llvm::ArrayRef<mlir::AffineExpr> elements);
  /// All elements, where every one is a compile-time constant.
  std::optional<llvm::SmallVector<int64_t>>
  getConstantElements(mlir::Value value);

  /// The extent of two broadcast against each other. Fails, with a diagnostic
  /// on `op`, where both are known and differ; an undecided pair is recorded as
  /// a run-time check on `op` and must be equal there.
  mlir::FailureOr<mlir::AffineExpr>
  broadcast(mlir::Operation *op, mlir::AffineExpr a, mlir::AffineExpr b);
  mlir::FailureOr<Extents> broadcast(mlir::Operation *op,
                                     llvm::ArrayRef<mlir::AffineExpr> a,
                                     llvm::ArrayRef<mlir::AffineExpr> b);
  /// Demands a == b: proved, refused with a diagnostic, or checked at run time.
  llvm::LogicalResult requireEqual(mlir::Operation *op, mlir::AffineExpr a,
                                   mlir::AffineExpr b, const llvm::Twine &what,
                                   CheckKind kind = CheckKind::Equal);

private:
  mlir::MLIRContext *context;
  llvm::SmallVector<std::string> names;
  /// The position of each name.
  llvm::StringMap<unsigned> positions;
  llvm::DenseMap<mlir::Value, Extents> extents;
  llvm::DenseMap<mlir::Value, Extents> elements;
};

/// Records a run-time check on `op`, of two expressions over `numSymbols`
/// symbols. One that is there already is not recorded again.
void addCheck(mlir::Operation *op, CheckKind kind, mlir::AffineExpr a,
              mlir::AffineExpr b, unsigned numSymbols, const llvm::Twine &what);

/// An error about a form of an operator that ONNX allows and this compiler does
/// not implement, unlike one about a node that breaks the operator's rules. The
/// text says what to do.
mlir::InFlightDiagnostic emitUnsupported(mlir::Operation *op);
/// Whether an error is one of those.
bool isUnsupported(mlir::Diagnostic &diagnostic);

/// The extents of a value: of its op's `onnx.shapes`, or of the argument's
/// `onnx.shape`. Null where nothing is recorded.
mlir::AffineMap getShapeMap(mlir::Value value);

/// An extent as a user reads it: symbols by name.
std::string describeExtent(mlir::AffineExpr extent,
                           llvm::ArrayRef<std::string> names);

/// Normalises a possibly negative axis; fails with a diagnostic on `op` unless
/// -rank <= axis < rank.
mlir::FailureOr<int64_t> normalizeAxis(mlir::Operation *op, int64_t axis,
                                       int64_t rank);

} // namespace moec::onnx

#endif // MOEC_DIALECTS_ONNX_IR_SHAPECONTEXT_H
