//===-- Importer.cpp - from an ONNX file to the onnx dialect --------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Importer/Importer.h"

#include "GraphImporter.h"
#include "ModelCheck.h"
#include "ModelReader.h"

#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace mlir;
using namespace moec;
using namespace moec::importer;

/// The stem of a path as a C identifier.
static std::string makeModelName(StringRef path) {
  std::string name;
  for (char c : sys::path::stem(path))
    name += isAlnum(c) ? c : '_';
  if (name.empty() || isDigit(name.front()))
    name = "_" + name;
  return name;
}

static LogicalResult checkHeader(const proto::ModelProto &model,
                                 const Reporter &reporter) {
  if (model.ir_version() < 3 || model.ir_version() > kMaxIrVersion)
    return reporter.error(ErrorId::IrVersion)
           << "has IR version " << model.ir_version() << ", expected 3 to "
           << kMaxIrVersion << "; convert it with a matching version of onnx";
  if (!model.has_graph())
    return reporter.error(ErrorId::NoGraph)
           << "has no graph, expected one; export it again";
  return success();
}

/// Switches off the printing of ops beside diagnostics: most diagnostics here
/// are caught and put into a sentence about the node.
namespace {
class QuietOps {
public:
  explicit QuietOps(MLIRContext &context)
      : context(context), before(context.shouldPrintOpOnDiagnostic()) {
    context.printOpOnDiagnostic(false);
  }
  ~QuietOps() { context.printOpOnDiagnostic(before); }

private:
  MLIRContext &context;
  bool before;
};
} // namespace

FailureOr<OwningOpRef<ModuleOp>>
moec::importModel(MLIRContext &context, StringRef path,
                  const ImportOptions &options) {
  context
      .loadDialect<func::FuncDialect, param::ParamDialect, onnx::OnnxDialect>();
  QuietOps quiet(context);
  Reporter reporter(context, path);
  ModelFolder folder(path);
  proto::ModelProto model;
  std::string sha256;
  if (failed(readModel(folder, options.limits, reporter, model, sha256)) ||
      failed(checkHeader(model, reporter)))
    return failure();

  OpsetMap opsets;
  if (failed(readOpsets(model.opset_import(), reporter, "the model", opsets)))
    return failure();
  FunctionTable functions;
  for (const proto::FunctionProto &function : model.functions())
    if (!functions.add(function))
      return reporter.error(ErrorId::DuplicateName)
             << "function " << quoted(function.name()) << " of domain "
             << quoted(function.domain())
             << " is defined twice; rename one of them";
  OperatorTable operators(context);
  if (failed(
          checkNodes(model, opsets, operators, functions, options, reporter)))
    return failure();

  OpBuilder builder(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(
      NameLoc::get(builder.getStringAttr(folder.getModelName())), "model");
  GraphImporter importer(*module, folder, operators, functions, options,
                         reporter);
  if (failed(importer.importGraph(model.graph(), opsets)))
    return failure();
  (*module)->setAttr(kModelSha256Attr, builder.getStringAttr(sha256));
  (*module)->setAttr(kModelNameAttr,
                     builder.getStringAttr(makeModelName(path)));
  if (failed(verify(*module)))
    return reporter.error(ErrorId::InvalidIr)
           << "became invalid IR, which is a defect of this compiler; report "
              "it with the model";
  return module;
}
