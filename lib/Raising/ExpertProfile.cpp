//===-- ExpertProfile.cpp - which experts a model was seen to use ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Raising/ExpertProfile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cmath>
#include <optional>

using namespace moec;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;
namespace json = llvm::json;

/// More than any model's profile.
static constexpr uint64_t kMaxBytes = uint64_t(64) << 20;
/// A profile has five levels; the parser takes stack for each.
static constexpr unsigned kMaxDepth = 64;

static Error makeError(const Twine &text) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), text);
}

//===-- Bytes -------------------------------------------------------------===//

static Expected<std::unique_ptr<llvm::MemoryBuffer>> readFile(StringRef path) {
  llvm::sys::fs::file_status status;
  std::error_code error = llvm::sys::fs::status(path, status);
  if (error)
    return makeError(error.message());
  if (!llvm::sys::fs::is_regular_file(status))
    return makeError("it is not a regular file");
  if (status.getSize() > kMaxBytes)
    return makeError("it has " + Twine(status.getSize()) +
                     " bytes, expected at most " + Twine(kMaxBytes));
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return makeError(buffer.getError().message());
  return std::move(*buffer);
}

/// Whether brackets are nested deeper than the parser may follow.
static bool isTooDeep(StringRef text) {
  unsigned depth = 0;
  bool isInString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char letter = text[i];
    if (isInString && letter == '\\')
      ++i;
    else if (letter == '"')
      isInString = !isInString;
    else if (!isInString && (letter == '[' || letter == '{'))
      if (++depth > kMaxDepth)
        return true;
    if (!isInString && (letter == ']' || letter == '}') && depth > 0)
      --depth;
  }
  return false;
}

//===-- Values ------------------------------------------------------------===//

/// What a wrong value is, for messages.
static std::string describe(const json::Value &value) {
  switch (value.kind()) {
  case json::Value::Null:
    return "null";
  case json::Value::Boolean:
    return "a boolean";
  case json::Value::String:
    return "a string";
  case json::Value::Array:
    return "an array";
  case json::Value::Object:
    return "an object";
  case json::Value::Number:
    break;
  }
  std::string text;
  llvm::raw_string_ostream(text) << value;
  return text;
}

static std::optional<uint64_t> readCount(const json::Value &value) {
  if (std::optional<uint64_t> count = value.getAsUINT64())
    return count;
  // Also 3.0, as some writers have it.
  std::optional<int64_t> count = value.getAsInteger();
  return count && *count >= 0 ? std::optional<uint64_t>(*count) : std::nullopt;
}

static std::optional<double> readAmount(const json::Value &value) {
  std::optional<double> amount = value.getAsNumber();
  return amount && std::isfinite(*amount) && *amount >= 0 ? amount
                                                          : std::nullopt;
}

static constexpr const char *kCount = "an integer from 0 to 2^64 - 1";
static constexpr const char *kAmount = "a finite number of at least 0";

/// Each as a part of their sum; empty where that is zero.
static std::vector<double> divideBySum(llvm::ArrayRef<double> values) {
  double largest = values.empty() ? 0 : *llvm::max_element(values);
  if (largest == 0)
    return {};
  // By a power of two, so that the sum stays finite and a share of 1 in 10 is
  // the number 0.1.
  int exponent = std::ilogb(largest);
  auto scale = [&](double value) { return std::scalbn(value, -exponent); };
  double sum = 0;
  for (double value : values)
    sum += scale(value);
  std::vector<double> shares;
  for (double value : values)
    shares.push_back(scale(value) / sum);
  return shares;
}

namespace {
/// One of "moe_layers". What is wrong with it first is its problem.
class LayerReader {
public:
  explicit LayerReader(const json::Object &object) : object(object) {}

  LayerProfile read() {
    std::optional<uint64_t> experts = readOne("experts");
    std::optional<uint64_t> topK = readOne("top_k"), tokens = readOne("tokens");
    std::vector<uint64_t> counts =
        readMany<uint64_t>("expert_tokens", readCount, kCount, experts);
    std::vector<double> weights =
        readMany<double>("expert_weight", readAmount, kAmount, experts);
    std::vector<double> scores =
        readMany<double>("scores", readAmount, kAmount, experts);
    if (counts.empty() && scores.empty())
      fail("it has neither 'expert_tokens' nor 'scores'");
    if (tokens && topK)
      checkSum(counts, *tokens, *topK);
    LayerProfile profile;
    profile.weightShare = divideBySum(weights);
    profile.share = divideBySum(
        scores.empty() ? std::vector<double>(counts.begin(), counts.end())
                       : scores);
    if (profile.share.empty())
      fail(scores.empty() ? "no expert was chosen; profile runs that choose "
                            "some"
                          : "all of its 'scores' are 0");
    return profile;
  }

  StringRef getProblem() const { return problem; }

private:
  void fail(const Twine &text) {
    if (problem.empty())
      problem = text.str();
  }

  void failValue(const Twine &where, const json::Value &value,
                 const Twine &expected) {
    fail("'" + where + "' is " + describe(value) + ", expected " + expected);
  }

  std::optional<uint64_t> readOne(StringRef key) {
    const json::Value *value = object.get(key);
    std::optional<uint64_t> count = value ? readCount(*value) : std::nullopt;
    if (value && !count)
      failValue(key, *value, kCount);
    return count;
  }

  /// Empty where it is not there. The first says how long all are.
  template <typename T>
  std::vector<T>
  readMany(StringRef key, std::optional<T> (*readValue)(const json::Value &),
           const char *expected, std::optional<uint64_t> &experts) {
    std::vector<T> result;
    const json::Value *value = object.get(key);
    const json::Array *array = value ? value->getAsArray() : nullptr;
    if (value && (!array || array->empty()))
      failValue(key, *value, "an array of a number for each expert");
    if (!array)
      return result;
    if (experts && *experts != array->size())
      fail("'" + key + "' has " + Twine(array->size()) +
           " elements, expected one for each of " + Twine(*experts) +
           " experts");
    experts = array->size();
    for (auto [index, element] : llvm::enumerate(*array)) {
      std::optional<T> number = readValue(element);
      if (!number)
        failValue(key + "[" + Twine(index) + "]", element, expected);
      result.push_back(number.value_or(T()));
    }
    return result;
  }

  void checkSum(llvm::ArrayRef<uint64_t> counts, uint64_t tokens,
                uint64_t topK) {
    uint64_t sum = 0, most = llvm::SaturatingMultiply(tokens, topK);
    for (uint64_t count : counts)
      sum = llvm::SaturatingAdd(sum, count);
    if (sum > most)
      fail("'expert_tokens' sum to " + Twine(sum) + ", expected at most " +
           Twine(most) + ", 'top_k' for each of 'tokens'");
  }

  const json::Object &object;
  std::string problem;
};
} // namespace

//===-- The file ----------------------------------------------------------===//

/// The layer's profile, and its name.
static Expected<ExpertProfile::NamedLayer> readLayer(const json::Value &value,
                                                     size_t index) {
  std::string where = ("'moe_layers[" + Twine(index) + "]'").str();
  const json::Object *object = value.getAsObject();
  if (!object)
    return makeError(where + " is " + describe(value) + ", expected an object");
  std::optional<StringRef> name = object->getString("name");
  if (!name)
    return makeError(where + " has no 'name' that is a string");
  LayerReader reader(*object);
  LayerProfile profile = reader.read();
  if (!reader.getProblem().empty())
    return makeError("layer '" + *name + "': " + reader.getProblem());
  return ExpertProfile::NamedLayer(name->str(), std::move(profile));
}

static Expected<json::Value> readJson(StringRef path) {
  auto buffer = readFile(path);
  if (!buffer)
    return buffer.takeError();
  StringRef text = (*buffer)->getBuffer();
  if (isTooDeep(text))
    return makeError("it is nested over " + Twine(kMaxDepth) + " deep");
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return makeError("it is not JSON: " + llvm::toString(value.takeError()));
  return value;
}

Error ExpertProfile::readLayers(StringRef path) {
  Expected<json::Value> value = readJson(path);
  if (!value)
    return value.takeError();
  const json::Object *object = value->getAsObject();
  const json::Array *array = object ? object->getArray("moe_layers") : nullptr;
  if (!array)
    return makeError("it has no array 'moe_layers'; write it with moec-run "
                     "--profile");
  for (auto [index, element] : llvm::enumerate(*array)) {
    Expected<NamedLayer> layer = readLayer(element, index);
    if (!layer)
      return layer.takeError();
    if (!indices.try_emplace(layer->first, layers.size()).second)
      return makeError("two layers are named '" + layer->first +
                       "'; give the nodes of the model different names");
    layers.push_back(std::move(*layer));
  }
  return Error::success();
}

Expected<ExpertProfile> ExpertProfile::read(StringRef path) {
  ExpertProfile profile;
  if (Error error = profile.readLayers(path))
    return makeError("cannot read the expert profile '" + path +
                     "': " + llvm::toString(std::move(error)));
  return profile;
}

const LayerProfile *ExpertProfile::lookup(StringRef layer) const {
  auto found = indices.find(layer);
  return found == indices.end() ? nullptr : &layers[found->second].second;
}

llvm::SmallVector<int64_t> LayerProfile::getBelow(double least) const {
  llvm::SmallVector<int64_t> experts;
  for (auto [expert, part] : llvm::enumerate(share))
    if (part < least)
      experts.push_back(int64_t(expert));
  return experts;
}
