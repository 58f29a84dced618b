//===-- Validator.cpp - passes on one graph -------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Validator.h"
#include "Margins.h"

#include "dialects/Param/IR/Param.h"
#include "moec/Importer/Importer.h"
#include "moec/Importer/ModelFolder.h"
#include "moec/Parameters/FileValues.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/Path.h"

#include <cmath>

using namespace mlir;
using namespace moec;
using namespace moec::validate;

namespace json = llvm::json;

/// How often inputs are drawn for a run before there is thought to be none.
static constexpr unsigned kMostDraws = 2000;
static constexpr unsigned kRuns = 2;
static constexpr double kLeastMargin = 1e-3;

Validator::Validator(MLIRContext &context, Jit &jit, Lowering &lowering,
                     Models models, uint64_t seed)
    : context(context), jit(jit), lowering(lowering), models(std::move(models)),
      seed(seed), handler(&context, [this](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
          said += (said.empty() ? "" : "; ") + diagnostic.str();
        return success();
      }) {}

void Validator::addProblem(const Twine &what) {
  std::string text = what.str();
  if (!said.empty())
    text += ": " + said;
  said.clear();
  problems.push_back(std::move(text));
}

//===-- Inputs ------------------------------------------------------------===//

OwningOpRef<ModuleOp> Validator::import(StringRef path) {
  FailureOr<OwningOpRef<ModuleOp>> imported = importModel(context, path);
  if (failed(imported)) {
    addProblem("cannot be imported");
    return nullptr;
  }
  useFileValues(context, path);
  return std::move(*imported);
}

bool Validator::prepare() {
  OwningOpRef<ModuleOp> module = import(models.model);
  if (!module)
    return false;
  FailureOr<ModelInterface> interface = ModelInterface::read(*module, "m");
  FailureOr<Steps> taken = takeSteps(*module);
  if (failed(interface) || failed(taken)) {
    addProblem("cannot be compiled");
    return false;
  }
  steps = std::move(*taken);
  return drawInputs(*interface);
}

bool Validator::drawInputs(const ModelInterface &interface) {
  OwningOpRef<ModuleOp> exposed = steps.snapshots.front()->clone();
  std::vector<Choice> choices = exposeChoices(*exposed);
  exposed = lowering.outline(*exposed);
  FailureOr<Program> probe = failure();
  if (exposed)
    probe = Program::make(jit, lowering, *exposed, models.model);
  if (failed(probe)) {
    addProblem("cannot be lowered as it was imported");
    return false;
  }
  outputs[0].emplace();
  std::mt19937_64 random(seed);
  for (unsigned run = 0; run < kRuns; ++run)
    if (!drawCertain(interface, *probe, choices, random))
      return false;
  return true;
}

bool Validator::drawCertain(const ModelInterface &interface,
                            const Program &probe, ArrayRef<Choice> choices,
                            std::mt19937_64 &random) {
  std::string why = " for which all choices are certain";
  for (unsigned draw = 0; draw < kMostDraws; ++draw, ++numDraws) {
    // Few tokens are certain more often than many.
    std::uniform_int_distribution<int64_t> extent(1, draw < 200 ? 5 : 2);
    SmallVector<int64_t> symbols(interface.symbols.size());
    std::generate(symbols.begin(), symbols.end(),
                  [&] { return extent(random); });
    std::vector<Tensor> drawn;
    drawn.reserve(interface.inputs.size());
    for (const ModelValue &input : interface.inputs)
      drawn.push_back(makeInput(input, symbols, random));
    auto made = probe.run(drawn);
    if (!made) {
      // Extents that do not fit each other, more often than not.
      why = ": " + llvm::toString(made.takeError());
      continue;
    }
    size_t numOutputs = made->size() - choices.size();
    auto keys = ArrayRef(*made).drop_front(numOutputs);
    bool isCertain = llvm::all_of(llvm::zip(keys, choices), [](auto pair) {
      return getMargin(std::get<0>(pair), std::get<1>(pair)) > kLeastMargin;
    });
    if (!isCertain)
      continue;
    made->resize(numOutputs);
    inputs.push_back(std::move(drawn));
    outputs[0]->push_back(std::move(*made));
    return true;
  }
  addProblem("has no inputs" + why);
  return false;
}

//===-- Outputs -----------------------------------------------------------===//

FailureOr<Validator::Outputs>
Validator::runModule(ModuleOp module, StringRef path, const Outputs &given) {
  OwningOpRef<ModuleOp> outlined = lowering.outline(module);
  if (!outlined)
    return failure();
  // What is the same from here on computes the same.
  auto [known, isNew] = byText.try_emplace(path.str() + print(*outlined));
  if (!isNew)
    return known->second;
  FailureOr<Program> program = Program::make(jit, lowering, *outlined, path);
  if (failed(program))
    return failure();
  Outputs made;
  for (const std::vector<Tensor> &run : given) {
    auto result = program->run(run);
    if (!result)
      return module.emitError() << llvm::toString(result.takeError());
    made.push_back(std::move(*result));
  }
  known->second = made;
  return made;
}

const Validator::Outputs *Validator::getOutputs(size_t snapshot) {
  auto [known, isNew] = outputs.try_emplace(snapshot);
  if (isNew) {
    FailureOr<Outputs> made =
        runModule(*steps.snapshots[snapshot], models.model);
    if (succeeded(made))
      known->second = std::move(*made);
  }
  return known->second ? &*known->second : nullptr;
}

const Validator::Outputs *Validator::getOutputsBefore(const Step &step) {
  // Fused nodes have no loops of their own: what they are is defined by others.
  if (step.pass != "raise-onnx-to-moe")
    return getOutputs(step.before);
  if (defined)
    return &*defined;
  if (models.definition.empty()) {
    addProblem("has no definition of its fused layers");
    return nullptr;
  }
  OwningOpRef<ModuleOp> module = import(models.definition);
  if (!module)
    return nullptr;
  FailureOr<Outputs> made = runModule(*module, models.definition);
  if (failed(made))
    return nullptr;
  defined = std::move(*made);
  return &*defined;
}

const Validator::Outputs *Validator::getWideOutputs() {
  if (wide || models.wide.empty())
    return wide ? &*wide : nullptr;
  OwningOpRef<ModuleOp> module = import(models.wide);
  if (!module)
    return nullptr;
  Outputs given;
  for (const std::vector<Tensor> &run : inputs)
    llvm::transform(run, std::back_inserter(given.emplace_back()), widen);
  FailureOr<Outputs> made = runModule(*module, models.wide, given);
  if (succeeded(made))
    wide = std::move(*made);
  return wide ? &*wide : nullptr;
}

//===-- Comparisons -------------------------------------------------------===//

Comparison Validator::compareAll(const Outputs &before, const Outputs &after,
                                 Promise promise) {
  Comparison worst;
  for (auto [run, a, b] : llvm::enumerate(before, after)) {
    Comparison one = compare(a, b, promise);
    worst.error = std::max(worst.error, one.error);
    const Outputs *truth = one.problem ? getWideOutputs() : nullptr;
    if (truth)
      one.problem = compare(a, b, promise, &(*truth)[run]).problem;
    if (!worst.problem)
      worst.problem = one.problem;
  }
  return worst;
}

void Validator::check(const Step &step) {
  PassResult &result = passes[step.pass];
  ++result.fired;
  const Rule *rule = findRule(step.pass);
  if (!rule)
    return addProblem(step.pass + " has no rule: say in Rules.cpp what it "
                                  "promises of numbers");
  if (rule->promise == Promise::Nothing)
    return addProblem(step.pass + " has changed the module");
  const Outputs *before = getOutputsBefore(step);
  if (!before)
    return addProblem("what is before " + step.pass + " cannot be run");
  const Outputs *after = getOutputs(step.after);
  if (!after)
    return addProblem("what is after " + step.pass + " cannot be run");
  Comparison comparison = compareAll(*before, *after, rule->promise);
  result.error = std::max(result.error, comparison.error);
  if (comparison.problem)
    addProblem("at " + step.pass + " " + *comparison.problem);
}

void Validator::validate() {
  for (const Step &step : steps.steps)
    check(step);
}

//===-- Faults ------------------------------------------------------------===//

std::optional<bool> Validator::isFound(const PassFault &fault,
                                       const Step &step) {
  OwningOpRef<ModuleOp> wrong = steps.snapshots[step.after]->clone();
  if (!fault.plant(*wrong))
    return std::nullopt;
  const Rule *rule = findRule(step.pass);
  const Outputs *before = getOutputsBefore(step);
  if (!before || !rule)
    return std::nullopt;
  FailureOr<Outputs> after = runModule(*wrong, models.model);
  said.clear();
  return failed(after) ||
         compareAll(*before, *after, rule->promise).problem.has_value();
}

/// Of a pass that is to change nothing: whether it is noticed that it does.
bool Validator::isChangeFound(const PassFault &fault) {
  OwningOpRef<ModuleOp> module = steps.snapshots.front()->clone();
  FailureOr<Steps> taken =
      takeSteps(*module, [&](StringRef pass, ModuleOp changed) {
        if (pass == fault.pass)
          fault.plant(changed);
      });
  return succeeded(taken) && llvm::any_of(taken->steps, [&](const Step &step) {
           return step.pass == fault.pass;
         });
}

void Validator::plant(std::set<std::string> &wanted) {
  for (const PassFault &fault : getPassFaults()) {
    const Rule *rule = findRule(fault.pass);
    if (rule && rule->promise == Promise::Nothing && wanted.count(fault.pass) &&
        isChangeFound(fault))
      wanted.erase(fault.pass);
    for (const Step &step : steps.steps)
      if (step.pass == fault.pass && wanted.count(step.pass) &&
          isFound(fault, step).value_or(false))
        wanted.erase(step.pass);
  }
}

json::Value Validator::describe() const {
  json::Object fired;
  for (const auto &[pass, result] : passes)
    fired[pass] = json::Object{{"fired", result.fired},
                               {"error", std::isfinite(result.error)
                                             ? json::Value(result.error)
                                             : json::Value("inf")}};
  return json::Object{
      {"graph", llvm::sys::path::stem(models.model)},
      {"draws", numDraws},
      {"seconds", double(std::clock() - start) / CLOCKS_PER_SEC},
      {"passes", std::move(fired)},
      {"problems", json::Array(problems)}};
}
