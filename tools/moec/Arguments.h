//===-- Arguments.h - what options of moec are given ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Texts of options as what they mean; what means nothing throws, as the parser
// does.
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TOOLS_MOEC_ARGUMENTS_H
#define MOEC_TOOLS_MOEC_ARGUMENTS_H

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace moec {

/// What an option may one day be given, but not today.
struct NotAvailable {
  std::string message;
};

/// "NAME=N" of each --dim.
std::vector<std::pair<std::string, int64_t>>
parseDims(const std::vector<std::string> &texts);

/// "512M", "8G" or a number of bytes.
uint64_t parseSize(const std::string &text);

/// "cpu, x86-64-v4, ...".
std::string join(const std::vector<std::string> &texts);

/// Takes one of the values that an option has today; those of `later` are
/// refused by name.
void checkChoice(const std::string &option, const std::string &value,
                 const std::vector<std::string> &now,
                 const std::vector<std::string> &later);

} // namespace moec

#endif // MOEC_TOOLS_MOEC_ARGUMENTS_H
