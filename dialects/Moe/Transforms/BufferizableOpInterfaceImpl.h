//===-- BufferizableOpInterfaceImpl.h - moe ops on buffers ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_MOE_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
#define MOEC_DIALECTS_MOE_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace moec::moe {

/// Lets one-shot bufferisation turn every moe op into its buffer form.
void registerBufferizableOpInterfaceExternalModels(
    mlir::DialectRegistry &registry);

} // namespace moec::moe

#endif // MOEC_DIALECTS_MOE_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
