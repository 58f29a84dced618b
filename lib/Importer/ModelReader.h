//===-- ModelReader.h - from the file to its messages ---------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_IMPORTER_MODELREADER_H
#define MOEC_LIB_IMPORTER_MODELREADER_H

#include "Diagnostics.h"

#include "OnnxModel.pb.h"

#include "moec/Importer/Importer.h"
#include "moec/Importer/ModelFolder.h"

namespace moec::importer {

/// Reads the messages of a model into `model`, large tensors left in the file
/// (`TensorProto.file_offset`), and the file's SHA-256 into `sha256`. Fails on
/// anything that is not a well-formed message of known fields.
llvm::LogicalResult readModel(const ModelFolder &folder,
                              const ImportLimits &limits,
                              const Reporter &reporter,
                              proto::ModelProto &model, std::string &sha256);

} // namespace moec::importer

#endif // MOEC_LIB_IMPORTER_MODELREADER_H
