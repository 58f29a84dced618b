//===-- FileValues.cpp - elements of parameters from a model's files ------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Parameters/FileValues.h"

#include "moec/Parameters/Evaluator.h"
#include "moec/Parameters/SourceFiles.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/DenseMap.h"

#include <mutex>

using namespace mlir;
using namespace moec;

namespace {
class FileValues : public param::ValueSource {
public:
  explicit FileValues(ModelFolder folder)
      : files(std::move(folder)), evaluator(files) {}

  std::optional<std::vector<char>> read(param::RecipeInterface recipe,
                                        int64_t maxBytes) override {
    RankedTensorType type = recipe.getResultType();
    if (!type)
      return std::nullopt;
    int64_t width = ParameterEvaluator::getElementBytes(type.getElementType());
    int64_t elements = type.getNumElements();
    if (elements > maxBytes / width)
      return std::nullopt;
    std::lock_guard<std::mutex> lock(mutex);
    auto [known, isNew] = cache.try_emplace(recipe);
    if (isNew)
      known->second = evaluate(recipe, elements * width);
    return known->second;
  }

  bool readRegion(param::RecipeInterface recipe, ArrayRef<int64_t> offsets,
                  ArrayRef<int64_t> sizes,
                  MutableArrayRef<char> buffer) override {
    std::lock_guard<std::mutex> lock(mutex);
    return succeeded(evaluateRegion(recipe, offsets, sizes, buffer));
  }

private:
  std::optional<std::vector<char>> evaluate(param::RecipeInterface recipe,
                                            int64_t bytes) {
    ArrayRef<int64_t> shape = recipe.getResultType().getShape();
    SmallVector<int64_t> offsets(shape.size(), 0);
    std::vector<char> buffer(bytes);
    if (failed(evaluateRegion(recipe, offsets, shape, buffer)))
      return std::nullopt;
    return buffer;
  }

  LogicalResult evaluateRegion(param::RecipeInterface recipe,
                               ArrayRef<int64_t> offsets,
                               ArrayRef<int64_t> sizes,
                               MutableArrayRef<char> buffer) {
    // The writer of the weights reports the same again.
    ScopedDiagnosticHandler silence(recipe.getContext(),
                                    [](Diagnostic &) { return success(); });
    return evaluator.readRegion(recipe, UnknownLoc::get(recipe.getContext()),
                                offsets, sizes, buffer);
  }

  std::mutex mutex;
  SourceFiles files;
  ParameterEvaluator evaluator;
  llvm::DenseMap<Attribute, std::optional<std::vector<char>>> cache;
};
} // namespace

std::shared_ptr<param::ValueSource> moec::makeFileValues(ModelFolder folder) {
  return std::make_shared<FileValues>(std::move(folder));
}

void moec::useFileValues(MLIRContext &context, StringRef path) {
  context.getOrLoadDialect<param::ParamDialect>()->setValueSource(
      makeFileValues(ModelFolder(path)));
}
