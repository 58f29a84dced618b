//===-- Checker.cpp - whether experts are dead as a manifest says ---------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Certificates/Checker.h"

#include "Experts.h"
#include "Manifest.h"
#include "Scores.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace moec;
using namespace moec::certificates;

/// How far a number may be from the interval that holds the true one, in parts
/// of it.
static constexpr double kTolerance = 1e-6;

static bool isClose(double claimed, Interval own) {
  return claimed >= own.low - kTolerance * std::abs(own.low) &&
         claimed <= own.high + kTolerance * std::abs(own.high);
}

namespace {
/// Checks the certificates of one layer, whose router is read when the first of
/// them needs it.
class LayerChecker {
public:
  LayerChecker(ModuleOp module, const LayerClaims &layer,
               ConstantReader &constants)
      : module(module), layer(layer), constants(constants) {}

  LayerVerdict check() {
    LayerVerdict verdict;
    verdict.name = layer.name;
    verdict.experts = layer.experts;
    for (const std::string &reason : layer.malformed)
      verdict.refusals.push_back("layer '" + layer.name + "': " + reason);
    verdict.numDead = layer.certificates.size() + layer.malformed.size();
    for (const Certificate &certificate : layer.certificates)
      add(certificate, verdict);
    return verdict;
  }

private:
  void add(const Certificate &certificate, LayerVerdict &verdict) {
    ++verdict.causes[certificate.cause];
    if (llvm::Error error = check(certificate))
      verdict.refusals.push_back("layer '" + layer.name +
                                 "': " + certificates::describe(certificate) +
                                 ": " + llvm::toString(std::move(error)));
    else if (certificate.cause == "profile")
      ++verdict.numRequested;
    else
      ++verdict.numProved;
  }

  llvm::Error check(const Certificate &certificate) {
    if (certificate.cause == "profile")
      return llvm::Error::success();
    if (llvm::Error error = find())
      return error;
    if (certificate.cause == "duplicate")
      return checkDuplicate(certificate);
    if (certificate.cause == "zero")
      return checkZero(certificate);
    if (llvm::Error error = read())
      return error;
    return checkUnreached(certificate);
  }

  /// Finds who chooses, once; what went wrong is remembered, too.
  llvm::Error find() {
    if (layer.topK < 1)
      return refuse("the manifest has no 'top_k' of the layer, which says who "
                    "chooses");
    if (!router && whyNotFound.empty()) {
      auto found = findRouter(module, layer.name, layer.experts, layer.topK);
      if (found) {
        router = std::move(*found);
        for (const Certificate &other : layer.certificates)
          router->isMuted[other.expert] = other.cause == "profile";
      } else {
        whyNotFound = llvm::toString(found.takeError());
      }
    }
    return router ? llvm::Error::success() : refuse(whyNotFound);
  }

  llvm::Error read() {
    if (!isRead)
      if (llvm::Error error = readRouter(*router, constants))
        whyNotRead = llvm::toString(std::move(error));
    isRead = true;
    return whyNotRead.empty()
               ? llvm::Error::success()
               : refuse("the router was not understood: " + whyNotRead);
  }

  //===-- Weights -----------------------------------------------------------//

  llvm::Expected<Experts &> findWeights() {
    if (!experts) {
      auto found =
          findExperts(*router, findNodes(module, layer.name), constants);
      if (!found)
        return refuse("the experts were not understood: " +
                      llvm::toString(found.takeError()));
      experts = std::move(*found);
    }
    return *experts;
  }

  llvm::Error checkDuplicate(const Certificate &certificate) {
    if (certificate.of >= certificate.expert)
      return refuse("'of' is expert " + Twine(certificate.of) +
                    ", expected one before it");
    if (llvm::any_of(layer.certificates, [&](const Certificate &other) {
          return other.expert == certificate.of;
        }))
      return refuse("'of' is expert " + Twine(certificate.of) +
                    ", which is dead itself");
    auto weights = findWeights();
    return weights ? weights->checkDuplicate(certificate.expert, certificate.of)
                   : weights.takeError();
  }

  llvm::Error checkZero(const Certificate &certificate) {
    auto weights = findWeights();
    return weights ? weights->checkZero(certificate.expert)
                   : weights.takeError();
  }

  //===-- Scores ------------------------------------------------------------//

  llvm::Error checkUnreached(const Certificate &certificate) {
    if (llvm::Error error = checkBound(certificate))
      return error;
    Scores &scores = getScores(certificate.bound != "none");
    if (!scores.getObjection().empty())
      return refuse(scores.getObjection());
    if (certificate.beatenBy.empty() && isWeightless(certificate))
      return checkZeroWeight(*router, findNodes(module, layer.name), constants);
    if (!certificate.hasList)
      return refuse("has no list 'beaten_by', though its score is not that of "
                    "an expert without weight");
    if (llvm::Error error = checkList(certificate, scores))
      return error;
    return checkConclusion(certificate, scores);
  }

  /// Whether the score itself is zero.
  bool isWeightless(const Certificate &certificate) {
    return certificate.cause == "masked" &&
           router->function != ScoreFunction::None &&
           std::isinf(router->logits.bias[certificate.expert]);
  }

  llvm::Error checkBound(const Certificate &certificate) {
    InputBound none;
    bool isNone = certificate.bound == none.kind;
    const InputBound &own = isNone ? none : router->bound;
    if (!isNone && !own.isKnown())
      return refuse(
          "its bound is '" + certificate.bound +
          "', but nothing was found that bounds the router's input: " +
          own.unknown);
    if (certificate.bound != own.kind)
      return refuse("its bound is '" + certificate.bound +
                    "', but the router reads a '" + own.kind + "'");
    if (!isClose(certificate.radius, own.radius))
      return refuse("its radius is " + number(certificate.radius) +
                    ", expected " + number(own.radius.low));
    if (!isClose(certificate.halfWidth, own.halfWidth))
      return refuse("its half_width is " + number(certificate.halfWidth) +
                    ", expected " + number(own.halfWidth));
    return llvm::Error::success();
  }

  Scores &getScores(bool isBounded) {
    std::unique_ptr<Scores> &scores = isBounded ? bounded : unbounded;
    if (!scores)
      scores = std::make_unique<Scores>(*router,
                                        isBounded ? router->bound : noBound);
    return *scores;
  }

  llvm::Error checkList(const Certificate &certificate, Scores &scores) {
    auto next = certificate.beatenBy.begin();
    auto margin = certificate.margins.begin();
    for (int64_t j = 0; j < layer.experts; ++j) {
      bool isListed = next != certificate.beatenBy.end() && *next == j;
      bool isBeaten = scores.isBeaten(certificate.expert, j);
      if (isListed != isBeaten)
        return refuse("its 'beaten_by' " + Twine(isListed ? "has" : "lacks") +
                      " expert " + Twine(j) + ", which " +
                      (isBeaten ? "surely beats it" : "need not beat it"));
      if (!isListed)
        continue;
      if (llvm::Error error =
              checkMargin(*margin, scores.getMargin(j, certificate.expert), j))
        return error;
      ++next;
      ++margin;
    }
    return llvm::Error::success();
  }

  llvm::Error checkMargin(std::optional<double> claimed, Interval own,
                          int64_t j) {
    bool isInfinite = std::isinf(own.low);
    if (claimed ? !isInfinite && isClose(*claimed, own) : isInfinite)
      return llvm::Error::success();
    return refuse("its margin to expert " + Twine(j) + " is " +
                  (claimed ? number(*claimed) : "null") + ", expected " +
                  (isInfinite ? "null" : number(own.low)));
  }

  llvm::Error checkConclusion(const Certificate &certificate, Scores &scores) {
    bool isDead =
        isProvenDead(scores, certificate.expert, [&](int64_t e, int64_t j) {
          return scores.isBeaten(e, j);
        });
    if (!isDead)
      return refuse("the experts that beat it are not enough to keep it from "
                    "being one of " +
                    Twine(layer.topK));
    return checkCause(certificate, scores);
  }

  /// Constants decide where they put as many experts as are chosen before it.
  llvm::Error checkCause(const Certificate &certificate, Scores &scores) {
    bool isMasked = llvm::count_if(certificate.beatenBy, [&](int64_t j) {
                      return scores.isBeatenByConstants(certificate.expert, j);
                    }) >= layer.topK;
    if (isMasked == (certificate.cause == "masked"))
      return llvm::Error::success();
    return refuse(isMasked ? "it is masked: constants alone decide"
                           : "it is not masked: constants alone do not decide, "
                             "though it is unreachable");
  }

  static std::string number(double value) {
    char text[32];
    snprintf(text, sizeof text, "%.9g", value);
    return text;
  }

  ModuleOp module;
  const LayerClaims &layer;
  ConstantReader &constants;
  std::optional<Router> router;
  std::string whyNotFound, whyNotRead;
  bool isRead = false;
  std::unique_ptr<Experts> experts;
  InputBound noBound;
  std::unique_ptr<Scores> bounded, unbounded;
};
} // namespace

llvm::Expected<std::vector<LayerVerdict>>
moec::checkCertificates(ModuleOp module, ParameterEvaluator &evaluator,
                        const llvm::json::Object &manifest) {
  auto layers = readLayers(manifest);
  if (!layers)
    return layers.takeError();
  ConstantReader constants(module, evaluator);
  std::vector<LayerVerdict> verdicts;
  for (const LayerClaims &layer : *layers)
    verdicts.push_back(LayerChecker(module, layer, constants).check());
  return verdicts;
}
