//===-- Tokens.cpp - the texts of token ids -------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Tokens.h"

#include <cstring>
#include <fstream>
#include <iterator>

using namespace moecrun;

namespace {

/// Just enough of JSON for the three forms above; none of them nests.
struct JsonReader {
  const std::string &text;
  const std::string &path;
  size_t at = 0;

  [[noreturn]] void fail(const std::string &what) const {
    throw Error("'" + path + "' at byte " + std::to_string(at) + ": " + what);
  }
  void skipSpace() {
    while (at < text.size() && std::strchr(" \t\r\n", text[at]) && text[at])
      ++at;
  }
  bool take(char c) {
    skipSpace();
    if (at >= text.size() || text[at] != c)
      return false;
    ++at;
    return true;
  }
  void expect(char c) {
    if (!take(c))
      fail(std::string("expected '") + c + "'");
  }
  unsigned hexDigits() {
    unsigned value = 0;
    for (int i = 0; i < 4; ++i, ++at) {
      char c = at < text.size() ? text[at] : 0;
      if (c >= '0' && c <= '9')
        value = value * 16 + unsigned(c - '0');
      else if ((c | 32) >= 'a' && (c | 32) <= 'f')
        value = value * 16 + unsigned((c | 32) - 'a' + 10);
      else
        fail("expected four hexadecimal digits");
    }
    return value;
  }
  static void appendUtf8(std::string &out, unsigned code) {
    if (code < 0x80) {
      out += char(code);
    } else if (code < 0x800) {
      out += char(0xc0 | code >> 6);
      out += char(0x80 | (code & 63));
    } else if (code < 0x10000) {
      out += char(0xe0 | code >> 12);
      out += char(0x80 | (code >> 6 & 63));
      out += char(0x80 | (code & 63));
    } else {
      out += char(0xf0 | code >> 18);
      out += char(0x80 | (code >> 12 & 63));
      out += char(0x80 | (code >> 6 & 63));
      out += char(0x80 | (code & 63));
    }
  }
  void escape(std::string &out) {
    char c = at < text.size() ? text[at++] : 0;
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (const char *found = c ? std::strchr(from, c) : nullptr) {
      out += to[found - from];
      return;
    }
    if (c != 'u')
      fail("unknown escape");
    unsigned code = hexDigits();
    if (code >= 0xd800 && code < 0xdc00 && text.compare(at, 2, "\\u") == 0) {
      at += 2;
      unsigned low = hexDigits();
      if (low < 0xdc00 || low > 0xdfff)
        fail("half of a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    appendUtf8(out, code);
  }
  std::string string() {
    expect('"');
    std::string out;
    while (at < text.size() && text[at] != '"') {
      if (text[at] != '\\') {
        out += text[at++];
        continue;
      }
      ++at;
      escape(out);
    }
    if (at >= text.size())
      fail("a string does not end");
    ++at;
    return out;
  }
  int64_t integer() {
    skipSpace();
    int64_t value = 0;
    size_t begin = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
      if (__builtin_mul_overflow(value, int64_t(10), &value) ||
          __builtin_add_overflow(value, int64_t(text[at] - '0'), &value))
        fail("an id overflows");
    if (at == begin)
      fail("expected an id");
    return value;
  }
};

} // namespace

/// Bytes of the UTF-8 character that begins with `lead`.
static size_t characterBytes(unsigned char lead) {
  return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

Tokens::Tokens(const std::string &path) : known(true) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw Error("cannot open '" + path + "': " + std::strerror(errno));
  std::string text((std::istreambuf_iterator<char>(file)),
                   std::istreambuf_iterator<char>());
  JsonReader reader{text, path};
  reader.skipSpace();
  if (reader.take('[')) {
    while (!reader.take(']')) {
      int64_t id = int64_t(texts.size());
      texts[id] = reader.string();
      if (!reader.take(',')) {
        reader.expect(']');
        break;
      }
    }
  } else if (reader.take('{')) {
    while (!reader.take('}')) {
      std::string key = reader.string();
      reader.expect(':');
      texts[reader.integer()] = key;
      if (!reader.take(',')) {
        reader.expect('}');
        break;
      }
    }
  } else {
    std::string all = reader.string();
    for (size_t at = 0; at < all.size();) {
      size_t bytes = characterBytes(static_cast<unsigned char>(all[at]));
      int64_t id = int64_t(texts.size());
      texts[id] = all.substr(at, bytes);
      at += bytes;
    }
  }
  reader.skipSpace();
  if (reader.at != text.size())
    reader.fail("expected the end of the file");
  if (texts.empty())
    throw Error("'" + path + "' holds no token");
}

std::vector<int64_t> Tokens::encode(const std::string &text) const {
  std::vector<int64_t> ids;
  if (!known) {
    const char *at = text.c_str();
    while (*at) {
      char *end;
      errno = 0;
      long long id = std::strtoll(at, &end, 10);
      if (end == at || errno || (*end && *end != ',' && *end != ' '))
        throw Error(
            "--generate without --chars wants ids, such as 1,5,7, not '" +
            text + "'");
      ids.push_back(id);
      at = *end ? end + 1 : end;
    }
    return ids;
  }
  for (size_t at = 0; at < text.size();) {
    const std::pair<const int64_t, std::string> *best = nullptr;
    for (const auto &entry : texts)
      if (!entry.second.empty() &&
          text.compare(at, entry.second.size(), entry.second) == 0 &&
          (!best || entry.second.size() > best->second.size()))
        best = &entry;
    if (!best)
      throw Error("the model has no token for '" +
                  text.substr(at, characterBytes(
                                      static_cast<unsigned char>(text[at]))) +
                  "' of the prompt");
    ids.push_back(best->first);
    at += best->second.size();
  }
  return ids;
}

std::string Tokens::decode(int64_t id) const {
  if (!known)
    return std::to_string(id) + " ";
  auto found = texts.find(id);
  return found == texts.end() ? "<" + std::to_string(id) + ">" : found->second;
}

int64_t Tokens::endId() const {
  for (const auto &[id, text] : texts)
    if (text == "<end>" || text == "<eos>" || text == "</s>")
      return id;
  return -1;
}
