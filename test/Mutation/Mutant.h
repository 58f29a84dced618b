//===-- Mutant.h - a condition that the environment can leave out -*- C++ -*-=//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What plant.py writes into a copy of the tree; the tree itself has none.
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_TEST_MUTATION_MUTANT_H
#define MOEC_TEST_MUTATION_MUTANT_H

#include <cstdio>
#include <cstdlib>
#include <string>

namespace moec::mutation {

/// Whether MOEC_MUTANT names this number. That it was asked for leaves a file
/// of that name in the folder MOEC_MUTANT_REACHED.
inline bool isChosen(int number) {
  std::string name = std::to_string(number);
  if (const char *folder = std::getenv("MOEC_MUTANT_REACHED"))
    if (FILE *file = std::fopen((folder + ("/" + name)).c_str(), "w"))
      std::fclose(file);
  const char *chosen = std::getenv("MOEC_MUTANT");
  return chosen && chosen == name;
}

/// Once a process: conditions are in inner loops, too.
template <int Number> bool isLeftOut() {
  static const bool chosen = isChosen(Number);
  return chosen;
}

} // namespace moec::mutation

/// The condition, or, where it is left out, NEUTRAL.
#define MOEC_MUTANT(NUMBER, NEUTRAL, ...)                                      \
  (::moec::mutation::isLeftOut<NUMBER>() ? NEUTRAL                             \
                                         : static_cast<bool>(__VA_ARGS__))

#endif // MOEC_TEST_MUTATION_MUTANT_H
