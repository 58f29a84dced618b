//===-- TestData.h - what a library is compared with ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DRIVER_TESTDATA_H
#define MOEC_DRIVER_TESTDATA_H

#include "moec/Driver/Worker.h"

#include <vector>

namespace moec {

struct TestTensor {
  /// The file it came from.
  std::string file;
  std::string name;
  /// ONNX data type code.
  int32_t type = 0;
  std::vector<int64_t> shape;
  std::string bytes;
};

/// The files `ROLE_0.pb`, `ROLE_1.pb`, ... of a folder, in a worker.
llvm::LogicalResult readTestTensors(llvm::StringRef folder,
                                    llvm::StringRef role, WorkReport &report,
                                    std::vector<TestTensor> &tensors);

/// What `moec verify` needs of a library's manifest.
struct ManifestInfo {
  double tolerance = 1e-5;
  std::string modelSha256;
  /// The CPU levels, best first.
  std::vector<std::string> levels;
  /// Optimisations it was compiled without.
  std::vector<std::string> disabledPasses;
  /// Extents that were fixed.
  std::vector<std::pair<std::string, int64_t>> dims;
  bool keepNan = false, ortCpuCompat = false;
  /// The text of a profile of experts, or "", and the share that went with it.
  std::string expertProfile;
  double dropBelow = 0;
};
ManifestInfo readManifest(const char *text);

} // namespace moec

#endif // MOEC_DRIVER_TESTDATA_H
