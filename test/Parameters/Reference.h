//===-- Reference.h - recipes, one element at a time ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The evaluator's results, computed from the recipes' documentation with no
// thought of speed, and arithmetic by LLVM's APFloat and APInt.
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_PARAMETERS_REFERENCE_H
#define MOEC_TEST_PARAMETERS_REFERENCE_H

#include "dialects/Param/IR/Param.h"

#include <map>
#include <string>
#include <vector>

namespace moec::testing {

using Index = std::vector<int64_t>;
using Files = std::map<std::string, std::vector<uint8_t>>;

/// The bits of one element, zero-extended.
uint64_t evaluateElement(param::RecipeInterface recipe, const Index &index,
                         const Files &files);

/// The elements of a region, as the evaluator lays them out in memory.
std::vector<char> evaluateRegion(param::RecipeInterface recipe,
                                 const Index &offsets, const Index &sizes,
                                 const Files &files);

/// All elements, as they are stored.
std::vector<char> evaluateStored(param::RecipeInterface recipe,
                                 const Files &files);

} // namespace moec::testing

#endif // MOEC_TEST_PARAMETERS_REFERENCE_H
