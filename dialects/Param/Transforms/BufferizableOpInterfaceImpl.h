//===-- BufferizableOpInterfaceImpl.h - parameters as buffers -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_PARAM_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
#define MOEC_DIALECTS_PARAM_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace moec::param {

/// Lets one-shot bufferisation turn `param.load` into a read-only memref.
void registerBufferizableOpInterfaceExternalModels(
    mlir::DialectRegistry &registry);

} // namespace moec::param

#endif // MOEC_DIALECTS_PARAM_TRANSFORMS_BUFFERIZABLEOPINTERFACEIMPL_H
