//===-- Arguments.cpp - what options of moec are given --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <CLI/CLI.hpp>

#include <map>

using namespace moec;

/// "NAME=N" of --dim.
static std::pair<std::string, int64_t> parseDim(const std::string &text) {
  size_t equal = text.rfind('=');
  if (equal == std::string::npos || equal == 0)
    throw CLI::ValidationError("--dim", "expected NAME=N, got '" + text + "'");
  std::string number = text.substr(equal + 1);
  if (number.find("..") != std::string::npos)
    throw NotAvailable{"--dim " + text +
                       ": a range is not available in this version; give a "
                       "number, or leave the extent as it is, which takes any"};
  int64_t value;
  if (llvm::to_integer(number, value, 10) && value >= 0)
    return {text.substr(0, equal), value};
  throw CLI::ValidationError("--dim", "expected a number of at least 0 in '" +
                                          text + "'");
}

std::vector<std::pair<std::string, int64_t>>
moec::parseDims(const std::vector<std::string> &texts) {
  std::vector<std::pair<std::string, int64_t>> dims;
  for (const std::string &text : texts) {
    auto dim = parseDim(text);
    for (const auto &other : dims)
      if (other.first == dim.first)
        throw CLI::ValidationError("--dim",
                                   "'" + dim.first + "' is given twice");
    dims.push_back(dim);
  }
  return dims;
}

uint64_t moec::parseSize(const std::string &text) {
  static const std::map<std::string, unsigned> shifts = {
      {"", 0}, {"K", 10}, {"M", 20}, {"G", 30}, {"T", 40}};
  llvm::StringRef unit = text;
  uint64_t value;
  if (!unit.consumeInteger(10, value)) {
    auto shift = shifts.find(unit.str());
    if (shift != shifts.end() && value > 0 &&
        value <= (UINT64_MAX >> 4) >> shift->second)
      return value << shift->second;
  }
  throw CLI::ValidationError("--memory-limit",
                             "expected a size such as 512M or 8G, got '" +
                                 text + "'");
}

std::string moec::join(const std::vector<std::string> &texts) {
  std::string result;
  for (const std::string &text : texts)
    result += (result.empty() ? "" : ", ") + text;
  return result;
}

void moec::checkChoice(const std::string &option, const std::string &value,
                       const std::vector<std::string> &now,
                       const std::vector<std::string> &later) {
  if (llvm::is_contained(now, value))
    return;
  if (llvm::is_contained(later, value))
    throw NotAvailable{
        option + " " + value +
        ": not available in this version; possible: " + join(now)};
  throw CLI::ValidationError(
      option, "'" + value + "' is unknown, expected one of " + join(now));
}
