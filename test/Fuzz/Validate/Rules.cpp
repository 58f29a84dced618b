//===-- Rules.cpp - what each pass promises of numbers --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Rules.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace moec;
using namespace moec::validate;

const Rule *validate::findRule(llvm::StringRef pass) {
  static const Rule rules[] = {
      {"warn-baked-extents", Promise::Nothing},
      {"einsum-to-matmul", Promise::Values},
      {"param-fold-recipes", Promise::Bits},
      {"raise-decomposed-layers", Promise::Values},
      {"canonicalize", Promise::Bits},
      {"moe-fuse-experts", Promise::Values},
      {"raise-routers", Promise::Values},
      {"raise-onnx-to-moe", Promise::Values},
      {"moe-eliminate-dead-experts", Promise::Bits},
      {"moec-alias-caches", Promise::Bits},
      {"moec-verify-stage", Promise::Nothing},
      {"raise-matmul-to-grouped", Promise::Values},
      {"moe-decompose-expert-ffn", Promise::Values},
      {"moe-pack-weights", Promise::Bits},
      {"param-merge-equal", Promise::Bits},
      {"param-layout", Promise::Bits},
      {"moec-profile-routing", Promise::Bits},
      {"moec-outline-kernels", Promise::Bits},
      {"duplicate-function-elimination", Promise::Bits}};
  const Rule *rule = llvm::find_if(
      rules, [&](const Rule &known) { return pass == known.pass; });
  return rule == std::end(rules) ? nullptr : rule;
}

llvm::StringRef validate::getName(Promise promise) {
  switch (promise) {
  case Promise::Nothing:
    return "nothing";
  case Promise::Bits:
    return "bits";
  case Promise::Values:
    return "values";
  }
  llvm_unreachable("unknown promise");
}

/// The difference that is allowed, in parts of the largest value: of narrow
/// types two units in the last place of that value.
static double getTolerance(int32_t type) {
  constexpr double kOfF32 = 1e-5;
  return std::max(kOfF32, 2 * 2 * getRounding(type));
}

static double getLargest(const Tensor &tensor) {
  double largest = 0;
  for (int64_t i : llvm::seq(tensor.getNumElements()))
    if (double value = std::fabs(tensor.get(i)); std::isfinite(value))
      largest = std::max(largest, value);
  return largest;
}

/// In parts of the largest value; infinite where only one is a number.
static double getError(const Tensor &before, const Tensor &after) {
  double largest = getLargest(before), error = 0;
  for (int64_t i : llvm::seq(before.getNumElements())) {
    double a = before.get(i), b = after.get(i);
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    double difference = std::fabs(a - b) / largest;
    if (!std::isfinite(difference))
      return std::numeric_limits<double>::infinity();
    error = std::max(error, difference);
  }
  return error;
}

/// Whether an output is near to that of the graph in f32.
static bool isNear(const Tensor &output, const Tensor &wide) {
  return isNarrow(output.type) && output.shape == wide.shape &&
         getError(wide, output) <= getTolerance(output.type);
}

Comparison validate::compare(const std::vector<Tensor> &before,
                             const std::vector<Tensor> &after, Promise promise,
                             const std::vector<Tensor> *wide) {
  Comparison result;
  auto fail = [&](size_t output, std::string what) {
    if (!result.problem)
      result.problem = llvm::formatv("output {0} {1}", output, what).str();
  };
  for (size_t i : llvm::seq(before.size())) {
    if (i >= after.size() || before[i].type != after[i].type ||
        before[i].shape != after[i].shape) {
      fail(i, "has another type or other extents");
      continue;
    }
    double error = getError(before[i], after[i]);
    result.error = std::max(result.error, error);
    bool isExact = promise != Promise::Values || !isFloat(before[i].type);
    if (isExact && !isSame(before[i], after[i]))
      fail(i, llvm::formatv("has other bits, by {0:E2} of the largest", error));
    else if (!isExact && !(error <= getTolerance(before[i].type)) &&
             !(wide && i < wide->size() && isNear(after[i], (*wide)[i])))
      fail(i, llvm::formatv("differs by {0:E2} of the largest", error));
  }
  if (before.size() != after.size())
    fail(before.size(), "is missing, or one too many");
  return result;
}
