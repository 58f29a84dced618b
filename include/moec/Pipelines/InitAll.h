//===-- InitAll.h - dialects and passes the tools register ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PIPELINES_INITALL_H
#define MOEC_PIPELINES_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace moec {

/// Registers every dialect the compiler uses, with its interface models.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Registers every pass of ours, the upstream ones our pipelines use, and the
/// named pipelines. Call once per process.
void registerAllPasses();

} // namespace moec

#endif // MOEC_PIPELINES_INITALL_H
