//===-- Roles.h - what the inputs of a decoder are for --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef MOEC_TOOLS_MOECRUN_ROLES_H
#define MOEC_TOOLS_MOECRUN_ROLES_H

#include "Library.h"

namespace moecrun {

/// An input that an output continues: the library says so (`alias`), or the
/// names do ("past..." and "present...").
struct StateRole {
  int input, output;
  /// The dimensions in which the output has an extent of its own, but the size
  /// of a head that only the output states: those that could grow.
  std::vector<int> growing;
};

/// The inputs of a decoder, as exporters write them; -1 where there is none.
struct Roles {
  /// An integer input of rank 2: the first that is nothing of the following.
  int ids = -1;
  /// Integer inputs with "mask" and "position" in their names.
  int mask = -1, positions = -1;
  std::vector<StateRole> states;
  /// Inputs that are nothing of these.
  std::vector<int> others;
};

Roles findRoles(const Library &library);

} // namespace moecrun

#endif // MOEC_TOOLS_MOECRUN_ROLES_H
