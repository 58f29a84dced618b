//===-- DeclaredLayers.h - fused MoE nodes as the file has them ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_IMPORTER_DECLAREDLAYERS_H
#define MOEC_LIB_IMPORTER_DECLAREDLAYERS_H

#include "moec/Importer/ModelSummary.h"

#include "OnnxModel.pb.h"

namespace moec::importer {

/// The MoE and QMoE nodes of a model that nobody has checked.
std::vector<DeclaredLayer> findDeclaredLayers(const proto::ModelProto &model,
                                              mlir::MLIRContext &context);

} // namespace moec::importer

#endif // MOEC_LIB_IMPORTER_DECLAREDLAYERS_H
