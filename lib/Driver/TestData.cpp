//===-- TestData.cpp - what a library is compared with --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Driver/TestData.h"

#include "moec/Importer/TensorFile.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace moec;

LogicalResult moec::readTestTensors(llvm::StringRef folder,
                                    llvm::StringRef role, WorkReport &report,
                                    std::vector<TestTensor> &tensors) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  std::string path;
  context.getDiagEngine().registerHandler([&](mlir::Diagnostic &said) {
    std::string whole = said.str();
    llvm::StringRef text = whole;
    moec::Diagnostic diagnostic(DriverError::TestData, path, "");
    if (size_t end = text.find("] ");
        text.starts_with("[moec-E") && end != llvm::StringRef::npos) {
      diagnostic.id = text.substr(1, end - 1).str();
      text = text.substr(end + 2);
    }
    text.consume_front(path + ": ");
    diagnostic.message = text.str();
    report.print(diagnostic);
  });
  for (unsigned index = 0;; ++index) {
    llvm::SmallString<128> file(folder);
    llvm::sys::path::append(file, role + "_" + llvm::Twine(index) + ".pb");
    if (!llvm::sys::fs::exists(file))
      break;
    path = file.str().str();
    FailureOr<TensorFile> tensor = readTensorFile(context, path);
    if (failed(tensor))
      return failure();
    tensors.push_back({path, tensor->name, tensor->type, tensor->shape,
                       std::move(tensor->bytes)});
  }
  return success();
}

/// The texts of a list; none where there is no such list.
static std::vector<std::string> readTexts(const llvm::json::Object &object,
                                          llvm::StringRef key) {
  std::vector<std::string> texts;
  if (const llvm::json::Array *list = object.getArray(key))
    for (const llvm::json::Value &value : *list)
      if (auto text = value.getAsString())
        texts.push_back(text->str());
  return texts;
}

ManifestInfo moec::readManifest(const char *text) {
  ManifestInfo info;
  auto value = llvm::json::parse(text ? text : "");
  if (!value) {
    llvm::consumeError(value.takeError());
    return info;
  }
  if (const llvm::json::Object *object = value->getAsObject()) {
    info.tolerance = object->getNumber("tolerance").value_or(info.tolerance);
    info.modelSha256 = object->getString("model_sha256").value_or("").str();
    info.levels = readTexts(*object, "targets");
    info.disabledPasses = readTexts(*object, "disabled_passes");
    info.keepNan = object->getBoolean("keep_nan_propagation").value_or(false);
    info.ortCpuCompat = object->getBoolean("ort_cpu_compat").value_or(false);
    info.dropBelow = object->getNumber("drop_below").value_or(0);
    if (const llvm::json::Object *dims = object->getObject("dims"))
      for (const auto &[name, extent] : *dims)
        if (auto number = extent.getAsInteger())
          info.dims.push_back({name.str(), *number});
    if (const llvm::json::Object *profile = object->getObject("expert_profile"))
      info.expertProfile =
          llvm::formatv("{0}", llvm::json::Value(llvm::json::Object(*profile)))
              .str();
  }
  return info;
}
