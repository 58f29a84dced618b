//===-- FileValues.h - elements of parameters from a model's files --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PARAMETERS_FILEVALUES_H
#define MOEC_PARAMETERS_FILEVALUES_H

#include "dialects/Param/IR/ValueSource.h"
#include "moec/Importer/ModelFolder.h"

#include "mlir/IR/MLIRContext.h"

#include <memory>

namespace moec {

/// Reads the elements of parameters that passes ask for from the files beside a
/// model. What was asked for once is remembered; a file that cannot be read has
/// no elements here, and is reported where the weights are written. Passes on
/// several threads may share one.
std::shared_ptr<param::ValueSource> makeFileValues(ModelFolder folder);

/// Lets the passes of a context ask for elements of the model at `path`.
void useFileValues(mlir::MLIRContext &context, llvm::StringRef path);

} // namespace moec

#endif // MOEC_PARAMETERS_FILEVALUES_H
