//===-- GraphImporter.h - nodes to ops ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_IMPORTER_GRAPHIMPORTER_H
#define MOEC_LIB_IMPORTER_GRAPHIMPORTER_H

#include "ModelCheck.h"
#include "Upgrade.h"

#include "dialects/Onnx/IR/ShapeContext.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#include "llvm/ADT/StringSet.h"

#include <map>

namespace moec::importer {

/// The names one body sees: the graph's, or a function's during a call.
struct Scope {
  /// Values by name. A null value is an input that a call left out.
  llvm::StringMap<mlir::Value> values;
  /// What a function's attribute references stand for; in the graph, empty.
  llvm::StringMap<const proto::AttributeProto *> attributes;
  const OpsetMap *opsets = nullptr;
  const google::protobuf::RepeatedPtrField<proto::NodeProto> *nodes = nullptr;
  /// The names of the calls on the way here.
  std::string prefix;
  bool isFunction = false;
};

/// Which outputs a node makes, by the letters of its schema. A required one,
/// and one of a list, is made even where nobody names it.
llvm::SmallVector<bool> getMadeOutputs(llvm::ArrayRef<llvm::StringRef> outputs,
                                       llvm::StringRef kinds);

/// Builds `main` and the parameters of a model whose nodes `checkNodes`
/// accepted.
class GraphImporter {
public:
  GraphImporter(mlir::ModuleOp module, const ModelFolder &folder,
                const OperatorTable &operators, const FunctionTable &functions,
                const ImportOptions &options, const Reporter &reporter);

  llvm::LogicalResult importGraph(const proto::GraphProto &graph,
                                  const OpsetMap &opsets);

private:
  llvm::LogicalResult importInputs();
  /// `dimNames`: the names that the model gives to extents.
  llvm::FailureOr<mlir::RankedTensorType>
  readInputType(const proto::ValueInfoProto &input,
                const llvm::StringSet<> &dimNames);
  llvm::LogicalResult importInitializers();
  llvm::LogicalResult importOutputs();
  llvm::LogicalResult importNodes(Scope &scope);
  llvm::LogicalResult importNode(const proto::NodeProto &node, Scope &scope,
                                 llvm::StringRef name, llvm::StringRef where);
  llvm::LogicalResult importConstant(const proto::NodeProto &node, Scope &scope,
                                     llvm::StringRef name,
                                     llvm::StringRef where);
  llvm::LogicalResult importCall(const proto::FunctionProto &function,
                                 const proto::NodeProto &node, Scope &scope,
                                 llvm::StringRef name, llvm::StringRef where);
  /// Builds the op of a node in its newest form, its results without types
  /// yet. `outputs` says which outputs it has.
  llvm::FailureOr<mlir::Operation *> createOp(const NodeForm &form,
                                              const Operator &op,
                                              llvm::ArrayRef<bool> outputs,
                                              llvm::StringRef where,
                                              mlir::Location loc);
  /// Verifies an op and gives its results their types.
  llvm::LogicalResult inferTypes(mlir::Operation *op, llvm::StringRef where);

  /// The attribute itself, or what it refers to; null where that is absent.
  llvm::FailureOr<const proto::AttributeProto *>
  resolve(const proto::AttributeProto &attribute, const Scope &scope,
          llvm::StringRef where);
  llvm::FailureOr<llvm::SmallVector<mlir::Value>>
  lookupInputs(const proto::NodeProto &node, Scope &scope,
               llvm::StringRef where);
  llvm::FailureOr<mlir::Value> lookup(llvm::StringRef name, Scope &scope,
                                      llvm::StringRef where);
  llvm::LogicalResult define(llvm::StringRef name, mlir::Value value,
                             Scope &scope, llvm::StringRef where);

  mlir::Value foldKnownElements(mlir::Value value, mlir::Location loc);
  mlir::Value makeTensor(const TensorValue &tensor, llvm::StringRef name,
                         mlir::Location loc);
  llvm::LogicalResult checkDeclared(llvm::StringRef name, mlir::Value value,
                                    const proto::TypeProto &type);
  /// Erases ops without use, but not those that give a symbol its value, and
  /// parameters nobody loads.
  void eraseDeadOps();

  mlir::Location getLoc(llvm::StringRef name);
  std::string makeUnique(llvm::StringRef name);

  mlir::ModuleOp module;
  const ModelFolder &folder;
  const OperatorTable &operators;
  const FunctionTable &functions;
  const ImportOptions &options;
  const Reporter &reporter;
  mlir::OpBuilder builder;
  TensorReader tensors;
  onnx::ShapeContext shapes;

  const proto::GraphProto *graph = nullptr;
  mlir::func::FuncOp main;
  Scope top;
  /// Checked initializers; loaded at first use.
  std::map<std::string, TensorValue, std::less<>> initializers;
  llvm::StringMap<const proto::TypeProto *> declared;
  llvm::StringSet<> parameterNames;
  /// Of nodes.
  llvm::StringSet<> nodeNames;
  /// Parameters by what they are: equal ones are declared once.
  llvm::DenseMap<std::pair<mlir::Attribute, mlir::Type>, mlir::StringAttr>
      parameters;
  /// The last op of main that stands for an initializer.
  mlir::Operation *lastInitializer = nullptr;
  /// The symbols an op brought into being: [first, second).
  llvm::DenseMap<mlir::Operation *, std::pair<unsigned, unsigned>> newSymbols;
};

} // namespace moec::importer

#endif // MOEC_LIB_IMPORTER_GRAPHIMPORTER_H
