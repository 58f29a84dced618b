//===-- Tokens.h - the texts of token ids ---------------------------*- C++
//-*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef MOEC_TOOLS_MOECRUN_TOKENS_H
#define MOEC_TOOLS_MOECRUN_TOKENS_H

#include "Library.h"

namespace moecrun {

/// A vocabulary that needs no tokenizer: characters or short texts. Without a
/// file, ids are written as numbers.
class Tokens {
public:
  Tokens() = default;
  /// Reads JSON: a list whose n-th string is the text of id n, an object from
  /// texts to ids, or a string of which each character is an id. Throws an
  /// Error that names the file; safe on any bytes.
  explicit Tokens(const std::string &path);

  /// Always the longest text that fits. Throws an Error on what has no id.
  std::vector<int64_t> encode(const std::string &text) const;
  std::string decode(int64_t id) const;
  /// The id after which a text is over ("<end>", "<eos>", "</s>"), or -1.
  int64_t endId() const;

private:
  bool known = false;
  std::map<int64_t, std::string> texts;
};

} // namespace moecrun

#endif // MOEC_TOOLS_MOECRUN_TOKENS_H
