//===-- moec-validate.cpp - graphs before and after each pass -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: moec-validate --list
//          the passes of the stages, with what each promises of numbers
//        moec-validate [--seed=N] MODEL.onnx...
//          a line of JSON for each: which passes fired, and what is wrong
//        moec-validate --plant [--seed=N] MODEL.onnx...
//          which wrong rewrites were found
//
// Where a model has fused layers, MODEL.onnx.definition says beside it what
// they compute; where it has f16 or bf16, MODEL.onnx.wide is the same in f32.
//
//===----------------------------------------------------------------------===//

#include "Validator.h"

#include "moec/Pipelines/InitAll.h"

#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace moec;
using namespace moec::validate;

namespace cl = llvm::cl;

static cl::list<std::string> models(cl::Positional, cl::desc("MODEL.onnx..."));
static cl::opt<bool> listOnly("list", cl::desc("List the passes"));
static cl::opt<bool> plants("plant", cl::desc("Plant wrong rewrites"));
static cl::opt<uint64_t> seed("seed", cl::desc("Of the inputs"), cl::init(1));

static int list(mlir::MLIRContext &context) {
  bool isFine = true;
  for (const std::string &pass : listPasses(&context)) {
    const Rule *rule = findRule(pass);
    isFine &= rule != nullptr;
    llvm::outs() << pass << " "
                 << (rule ? getName(rule->promise) : "has no rule") << "\n";
  }
  return isFine ? 0 : 1;
}

namespace {
/// What all graphs share.
struct Tools {
  explicit Tools(mlir::MLIRContext &context)
      : context(context), lowering(&context) {}

  mlir::MLIRContext &context;
  Jit jit;
  Lowering lowering;
};
} // namespace

static Validator makeValidator(Tools &tools, llvm::StringRef model) {
  auto findBeside = [&](llvm::StringRef extension) {
    std::string path = (model + extension).str();
    return llvm::sys::fs::exists(path) ? path : "";
  };
  Models models{model.str(), findBeside(".definition"), findBeside(".wide")};
  return Validator(tools.context, tools.jit, tools.lowering, std::move(models),
                   seed);
}

static int validateAll(Tools &tools) {
  bool isFine = true;
  for (const std::string &model : models) {
    // So that whoever reads this knows of which graph a crash is.
    llvm::outs() << "# " << model << "\n";
    llvm::outs().flush();
    Validator validator = makeValidator(tools, model);
    if (validator.prepare())
      validator.validate();
    isFine &= validator.isFine();
    llvm::outs() << validator.describe() << "\n";
    llvm::outs().flush();
  }
  return isFine ? 0 : 1;
}

static int plantAll(Tools &tools) {
  std::set<std::string> wanted;
  for (const PassFault &fault : getPassFaults())
    wanted.insert(fault.pass);
  for (const std::string &model : models) {
    Validator validator = makeValidator(tools, model);
    if (wanted.empty())
      break;
    if (validator.prepare())
      validator.plant(wanted);
    if (!validator.isFine())
      llvm::errs() << validator.describe() << "\n";
  }
  for (const std::string &pass : listPasses(&tools.context)) {
    auto isOf = [&](const PassFault &fault) { return pass == fault.pass; };
    const PassFault *fault = llvm::find_if(getPassFaults(), isOf);
    bool isKnown = fault != getPassFaults().end();
    if (!isKnown)
      wanted.insert(pass);
    llvm::outs() << pass << " (" << (isKnown ? fault->summary : "has no fault")
                 << "): " << (wanted.count(pass) ? "not found" : "found")
                 << "\n";
  }
  return wanted.empty() ? 0 : 1;
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "graphs before and after passes\n");
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  registerAllPasses();
  // Of the llvm stage, which is put together by names here.
  mlir::arith::registerArithPasses();
  registerTranslations(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false);
  if (listOnly)
    return list(context);
  Tools tools(context);
  return plants ? plantAll(tools) : validateAll(tools);
}
