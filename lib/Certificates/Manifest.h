//===-- Manifest.h - what a manifest claims of dead experts ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_LIB_CERTIFICATES_MANIFEST_H
#define MOEC_LIB_CERTIFICATES_MANIFEST_H

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <optional>
#include <string>
#include <vector>

namespace moec::certificates {

/// One element of `dead_experts`, as docs/rationale/dead-experts.md has it.
struct Certificate {
  int64_t expert = -1;
  std::string cause;
  /// duplicate
  int64_t of = -1;
  /// masked and unreachable
  std::string bound;
  double radius = 0, halfWidth = 0;
  bool hasList = false;
  std::vector<int64_t> beatenBy;
  /// Nothing stands for infinity.
  std::vector<std::optional<double>> margins;
};

/// The claims about one layer.
struct LayerClaims {
  std::string name;
  int64_t experts = 0;
  /// -1 where the manifest does not say.
  int64_t topK = -1;
  std::vector<Certificate> certificates;
  /// Of certificates that are none, what is wrong with them.
  std::vector<std::string> malformed;
};

/// Reads `moe_layers`; what is wrong with one certificate is kept beside the
/// others, what is wrong with the rest is an error.
llvm::Expected<std::vector<LayerClaims>>
readLayers(const llvm::json::Object &manifest);

/// "expert 3 (unreachable)".
std::string describe(const Certificate &certificate);

} // namespace moec::certificates

#endif // MOEC_LIB_CERTIFICATES_MANIFEST_H
