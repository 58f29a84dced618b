//===-- Manifest.cpp - what a manifest claims of dead experts -------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Manifest.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace moec;
using namespace moec::certificates;

namespace json = llvm::json;

static llvm::Error refuse(const llvm::Twine &reason) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), reason);
}

std::string certificates::describe(const Certificate &certificate) {
  return "expert " + std::to_string(certificate.expert) + " (" +
         certificate.cause + ")";
}

static std::string quote(llvm::StringRef key) {
  return ("'" + key + "'").str();
}

namespace {
/// Reads one object, in which every key it is asked for must be.
class CertificateReader {
public:
  CertificateReader(const json::Object &object, const LayerClaims &layer)
      : object(object), layer(layer) {}

  llvm::Expected<Certificate> read() {
    auto cause = object.getString("cause");
    if (!cause)
      return refuse("has no 'cause'");
    certificate.cause = cause->str();
    if (llvm::Error error = readDetails())
      return std::move(error);
    return std::move(certificate);
  }

  /// The number of an expert of the layer.
  llvm::Expected<int64_t> readExpert(llvm::StringRef key) {
    const json::Value *value = object.get(key);
    return value ? toExpert(*value, quote(key))
                 : llvm::Expected<int64_t>(refuse("has no " + quote(key)));
  }

private:
  llvm::Error readDetails() {
    if (certificate.cause == "zero")
      return llvm::Error::success();
    if (certificate.cause == "duplicate") {
      auto of = readExpert("of");
      if (!of)
        return of.takeError();
      certificate.of = *of;
      return llvm::Error::success();
    }
    if (certificate.cause == "profile") {
      double share;
      if (llvm::Error error = readNumber("share", share))
        return error;
      return share <= 1 ? llvm::Error::success()
                        : refuse("has a 'share' above 1");
    }
    if (certificate.cause == "masked" || certificate.cause == "unreachable")
      return readProof();
    return refuse("has the unknown cause '" + certificate.cause + "'");
  }

  llvm::Expected<int64_t> toExpert(const json::Value &value,
                                   const std::string &what) {
    auto number = value.getAsInteger();
    if (!number || *number < 0 || *number >= layer.experts)
      return refuse(what + " has what is no number of the layer's " +
                    llvm::Twine(layer.experts) + " experts");
    return *number;
  }

  llvm::Error readNumber(llvm::StringRef key, double &target) {
    auto number = object.getNumber(key);
    if (!number || !std::isfinite(*number) || *number < 0)
      return refuse("has no number of at least 0 in " + quote(key));
    target = *number;
    return llvm::Error::success();
  }

  llvm::Error readProof() {
    auto bound = object.getString("bound");
    if (!bound)
      return refuse("has no 'bound'");
    certificate.bound = bound->str();
    if (llvm::Error error = readNumber("radius", certificate.radius))
      return error;
    if (llvm::Error error = readNumber("half_width", certificate.halfWidth))
      return error;
    return readLists();
  }

  llvm::Error readLists() {
    const json::Array *beatenBy = object.getArray("beaten_by");
    const json::Array *margins = object.getArray("margins");
    if (!object.get("beaten_by") && !object.get("margins"))
      return llvm::Error::success();
    if (!beatenBy || !margins || beatenBy->size() != margins->size())
      return refuse("has no lists 'beaten_by' and 'margins' of one length");
    certificate.hasList = true;
    for (const json::Value &value : *beatenBy)
      if (llvm::Error error = addBeatenBy(value))
        return error;
    for (const json::Value &value : *margins)
      if (llvm::Error error = addMargin(value))
        return error;
    return llvm::Error::success();
  }

  llvm::Error addBeatenBy(const json::Value &value) {
    auto expert = toExpert(value, "'beaten_by'");
    if (!expert)
      return expert.takeError();
    if (!certificate.beatenBy.empty() && certificate.beatenBy.back() >= *expert)
      return refuse("has a list 'beaten_by' that is not ascending");
    certificate.beatenBy.push_back(*expert);
    return llvm::Error::success();
  }

  llvm::Error addMargin(const json::Value &value) {
    if (value.getAsNull()) {
      certificate.margins.push_back(std::nullopt);
      return llvm::Error::success();
    }
    auto number = value.getAsNumber();
    if (!number || !std::isfinite(*number))
      return refuse("has in 'margins' what is no number and not null");
    certificate.margins.push_back(number);
    return llvm::Error::success();
  }

  const json::Object &object;
  const LayerClaims &layer;
  Certificate certificate;
};
} // namespace

/// One certificate; `last` is the expert of the one before.
static llvm::Error addCertificate(const json::Value &value, LayerClaims &layer,
                                  int64_t &last) {
  const json::Object *object = value.getAsObject();
  if (!object)
    return refuse("is no object");
  CertificateReader reader(*object, layer);
  auto expert = reader.readExpert("expert");
  if (!expert)
    return expert.takeError();
  std::string name = "of expert " + std::to_string(*expert);
  if (*expert == last)
    return refuse(name + " stands there twice");
  if (*expert < last)
    return refuse(name + " stands after that of expert " + llvm::Twine(last));
  last = *expert;
  auto certificate = reader.read();
  if (!certificate)
    return refuse(name + " " + llvm::toString(certificate.takeError()));
  certificate->expert = *expert;
  layer.certificates.push_back(std::move(*certificate));
  return llvm::Error::success();
}

static llvm::Expected<LayerClaims> readLayer(const json::Value &value) {
  LayerClaims layer;
  const json::Object *object = value.getAsObject();
  if (!object || !object->getString("name"))
    return refuse("'moe_layers' has a layer without 'name'");
  layer.name = object->getString("name")->str();
  auto experts = object->getInteger("experts");
  const json::Array *dead = object->getArray("dead_experts");
  if (!experts || *experts < 0 || !dead)
    return refuse("layer '" + layer.name +
                  "' has no number 'experts' or no list 'dead_experts'");
  layer.experts = *experts;
  layer.topK = object->getInteger("top_k").value_or(-1);
  int64_t last = -1;
  for (const json::Value &certificate : *dead)
    if (llvm::Error error = addCertificate(certificate, layer, last))
      layer.malformed.push_back("a certificate " +
                                llvm::toString(std::move(error)));
  return layer;
}

llvm::Expected<std::vector<LayerClaims>>
certificates::readLayers(const json::Object &manifest) {
  const json::Array *array = manifest.getArray("moe_layers");
  if (!array)
    return refuse("has no list 'moe_layers'");
  std::vector<LayerClaims> layers;
  for (const json::Value &value : *array) {
    auto layer = readLayer(value);
    if (!layer)
      return layer.takeError();
    layers.push_back(std::move(*layer));
  }
  return layers;
}
