//===-- Optimisations.h - passes that can be left out --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PIPELINES_OPTIMISATIONS_H
#define MOEC_PIPELINES_OPTIMISATIONS_H

#include "llvm/ADT/ArrayRef.h"

#include <optional>
#include <string>
#include <vector>

namespace moec {

/// The optimisations of all stages, by their flags, in the order of the data:
/// what a model can be compiled without, one by one or all together.
std::vector<std::string> getOptimisations();
/// Why these passes cannot all be left out, and which ones can; nothing where
/// they can.
std::optional<std::string>
checkDisabledPasses(llvm::ArrayRef<std::string> names);

} // namespace moec

#endif // MOEC_PIPELINES_OPTIMISATIONS_H
