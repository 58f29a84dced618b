//===-- Artifacts.cpp - the files a compilation leaves --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Artifacts.h"

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Param/IR/Param.h"
#include "moec/Importer/Importer.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <set>
#include <unistd.h>

using namespace mlir;
using namespace moec;

ArtifactPaths::ArtifactPaths(llvm::StringRef folder, llvm::StringRef name) {
  auto in = [&](const llvm::Twine &file) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, file);
    return path.str().str();
  };
  library = in("lib" + name + ".so");
  header = in(name + ".h");
  weights = in(name + ".weights");
  manifest = in(name + ".json");
}

static std::string describe(llvm::StringRef what, llvm::StringRef path,
                            std::error_code error) {
  return ("cannot " + what + " '" + path + "': " + error.message()).str();
}

std::optional<std::string> moec::writeArtifact(llvm::StringRef path,
                                               llvm::StringRef text) {
  std::error_code error;
  llvm::raw_fd_ostream stream(path, error);
  if (error)
    return describe("write", path, error);
  stream << text;
  stream.flush();
  error = stream.error();
  if (error) {
    stream.clear_error();
    return describe("write", path, error);
  }
  return std::nullopt;
}

std::optional<std::string> moec::publishArtifact(llvm::StringRef from,
                                                 llvm::StringRef to) {
  int descriptor;
  if (std::error_code error = llvm::sys::fs::openFileForRead(from, descriptor))
    return describe("read", from, error);
  int synced = fsync(descriptor);
  std::error_code error(errno, std::generic_category());
  close(descriptor);
  if (synced != 0)
    return describe("write", from, error);
  if (std::error_code error = llvm::sys::fs::rename(from, to))
    return describe("write", to, error);
  return std::nullopt;
}

bool moec::isSpecialOutput(llvm::StringRef path) {
  return path == "-" ||
         (llvm::sys::fs::exists(path) && !llvm::sys::fs::is_regular_file(path));
}

bool moec::isSameOutput(llvm::StringRef path, llvm::StringRef other) {
  // Pipes and devices take both; standard output would mix them.
  if (isSpecialOutput(path))
    return path == "-" && other == "-";
  llvm::SmallString<128> paths[] = {path, other};
  for (llvm::SmallString<128> &own : paths) {
    (void)llvm::sys::fs::make_absolute(own);
    llvm::sys::path::remove_dots(own, /*remove_dot_dot=*/true);
  }
  // By name, for files that are not there yet; and however they are called.
  return paths[0] == paths[1] || llvm::sys::fs::equivalent(path, other);
}

/// Whether a file is machine code that has these bytes in it.
static bool hasCodeWith(llvm::StringRef path, llvm::StringRef bytes) {
  llvm::StringRef extension = llvm::sys::path::extension(path);
  if ((extension != ".so" && extension != ".a" && extension != ".o") ||
      !llvm::sys::fs::is_regular_file(path))
    return false;
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  return buffer && (*buffer)->getBuffer().contains(bytes);
}

std::optional<std::string> moec::findOtherLibrary(const ArtifactPaths &paths,
                                                  const BuildId &buildId) {
  std::optional<BuildId> old = readBuildId(paths.weights);
  if (!old || *old == buildId)
    return std::nullopt;
  llvm::StringRef bytes(reinterpret_cast<const char *>(old->data()),
                        old->size());
  llvm::StringRef folder = llvm::sys::path::parent_path(paths.weights);
  std::error_code error;
  std::set<std::string> found;
  for (llvm::sys::fs::directory_iterator file(folder, error), end;
       !error && file != end; file.increment(error))
    if (!isSameOutput(file->path(), paths.library) &&
        hasCodeWith(file->path(), bytes))
      found.insert(file->path());
  return found.empty() ? std::nullopt : std::optional(*found.begin());
}

std::string moec::getOutputFolder(const CompileOptions &options) {
  if (options.emit == EmitKind::Lib)
    return options.output;
  if (isSpecialOutput(options.output))
    return "";
  llvm::StringRef folder = llvm::sys::path::parent_path(options.output);
  return folder.empty() ? "." : folder.str();
}

std::optional<std::string>
moec::findSource(ModuleOp module, llvm::StringRef modelPath,
                 llvm::ArrayRef<std::string> outputs) {
  using llvm::sys::fs::UniqueID;
  std::set<UniqueID> sources;
  auto add = [&](llvm::StringRef path) {
    UniqueID id;
    if (!llvm::sys::fs::getUniqueID(path, id))
      sources.insert(id);
  };
  add(modelPath);
  llvm::StringSet<> seen;
  module.walk([&](param::DeclOp decl) {
    Attribute(decl.getTypedRecipe()).walk([&](param::FileAttr file) {
      llvm::SmallString<128> path(llvm::sys::path::parent_path(modelPath));
      llvm::sys::path::append(path, file.getPath());
      if (seen.insert(path).second)
        add(path);
    });
  });
  for (const std::string &output : outputs) {
    UniqueID id;
    if (!isSpecialOutput(output) && !llvm::sys::fs::getUniqueID(output, id) &&
        sources.count(id))
      return output;
  }
  return std::nullopt;
}

std::optional<std::string> moec::writeOutput(llvm::StringRef path,
                                             llvm::StringRef scratch,
                                             llvm::StringRef text) {
  if (isSpecialOutput(path))
    return writeArtifact(path, text);
  std::string temporary = (scratch + "/text").str();
  if (auto error = writeArtifact(temporary, text))
    return error;
  return publishArtifact(temporary, path);
}

std::string moec::buildHeader(const ModelInterface &interface) {
  std::string text;
  llvm::raw_string_ostream os(text);
  const std::string &name = interface.name;
  std::string guard = llvm::StringRef(name).upper() + "_H";
  auto list = [&](llvm::StringRef role, llvm::ArrayRef<ModelValue> values) {
    for (auto [index, value] : llvm::enumerate(values)) {
      // Names come from the model: what could end the comment is dropped.
      std::string shown;
      for (char letter : value.name)
        if (llvm::isPrint(letter) && letter != '*' && letter != '/' &&
            letter != '\\')
          shown += letter;
      os << " *   " << role << " " << index << ": " << shown << ", type "
         << value.type << ", [" << llvm::join(value.shape, ", ") << "]\n";
    }
  };
  auto upper = llvm::StringRef(name).upper();
  os << "/* " << name << ".h - made by moec; see moec/moec.h for the types.\n"
     << " * Types are ONNX data type codes, extents numbers or symbols.\n";
  list("input", interface.inputs);
  list("output", interface.outputs);
  os << " */\n#ifndef " << guard << "\n#define " << guard
     << "\n\n#include \"moec/moec.h\"\n\n#ifdef __cplusplus\n"
     << "extern \"C\" {\n#endif\n\n#define " << upper << "_NUM_INPUTS "
     << interface.inputs.size() << "\n#define " << upper << "_NUM_OUTPUTS "
     << interface.outputs.size() << "\n";
  auto enumerate = [&](llvm::StringRef role,
                       llvm::ArrayRef<ModelValue> values) {
    llvm::StringSet<> seen;
    for (auto [index, value] : llvm::enumerate(values)) {
      std::string id = llvm::StringRef(makeIdentifier(value.name)).upper();
      if (!seen.insert(id).second) {
        id += "_" + std::to_string(index);
        while (!seen.insert(id).second)
          id += "_";
      }
      os << "#define " << upper << "_" << role << "_" << id << " " << index
         << "\n";
    }
  };
  enumerate("INPUT", interface.inputs);
  enumerate("OUTPUT", interface.outputs);
  os << "\n/** The library's only symbol. */\nconst moec_api *moec_query_"
     << name << "(void);\n\n/** Opens a session with default options. */\n"
     << "static inline int32_t " << name
     << "_create(moec_session **session) {\n"
     << "  const moec_api *api = moec_query_" << name << "();\n"
     << "  return api->session_create(api, 0, session);\n}\n\n"
     << "/** One run; see moec_api.run. */\nstatic inline int32_t " << name
     << "_run(moec_session *session,\n    const moec_tensor inputs["
     << std::max<size_t>(1, interface.inputs.size())
     << "],\n    moec_tensor outputs["
     << std::max<size_t>(1, interface.outputs.size())
     << "]) {\n  return moec_query_" << name << "()->run(session, inputs, "
     << interface.inputs.size() << ", outputs, " << interface.outputs.size()
     << ");\n}\n\n/** Closes a session. */\nstatic inline void " << name
     << "_destroy(moec_session *session) {\n  moec_query_" << name
     << "()->session_destroy(session);\n}\n\n#ifdef __cplusplus\n}\n"
     << "#endif\n#endif /* " << guard << " */\n";
  return text;
}

llvm::json::Array moec::describeValues(llvm::ArrayRef<ModelValue> values) {
  llvm::json::Array result;
  for (const ModelValue &value : values) {
    llvm::json::Array shape;
    for (auto [dim, text] : llvm::zip(value.dims, value.shape)) {
      if (dim >= 0)
        shape.push_back(dim);
      else
        shape.push_back(text);
    }
    result.push_back(llvm::json::Object{{"name", value.name},
                                        {"type", value.type},
                                        {"shape", std::move(shape)}});
  }
  return result;
}

llvm::json::Array moec::describeAliases(const ModelInterface &interface) {
  llvm::json::Array aliases;
  for (const ModelValue &output : interface.outputs)
    if (output.alias >= 0)
      aliases.push_back(
          llvm::json::Object{{"past", interface.inputs[output.alias].name},
                             {"present", output.name}});
  return aliases;
}

/// Whether every element that the op makes is one of an operand: of what a
/// model does to f16 tables and weights before it widens them.
static bool movesElements(Operation *op) {
  return isa<onnx::ConcatOp, onnx::ExpandOp, onnx::FlattenOp, onnx::GatherOp,
             onnx::GatherElementsOp, onnx::GatherNDOp, onnx::IdentityOp,
             onnx::ReshapeOp, onnx::SliceOp, onnx::SplitOp, onnx::SqueezeOp,
             onnx::TileOp, onnx::TransposeOp, onnx::UnsqueezeOp>(op);
}

double moec::getTolerance(ModuleOp module) {
  double tolerance = 1e-5;
  module.walk([&](onnx::OnnxNode node) {
    if (node->hasTrait<OpTrait::ConstantLike>() || movesElements(node))
      return;
    for (Type type : node->getResultTypes()) {
      auto element = dyn_cast<FloatType>(getElementTypeOrSelf(type));
      if (!element || element.getWidth() >= 32)
        continue;
      int digits = int(element.getFPMantissaWidth());
      tolerance = std::max(tolerance, std::ldexp(1.0, 2 - digits));
    }
  });
  return tolerance;
}

static llvm::json::Array listTexts(llvm::ArrayRef<std::string> texts) {
  llvm::json::Array array;
  for (const std::string &text : texts)
    array.push_back(text);
  return array;
}

/// Of a profile that was read already what the compiler asks of it.
static llvm::json::Value describeProfile(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  auto profile = llvm::json::parse(buffer ? (*buffer)->getBuffer() : "");
  const llvm::json::Object *object = profile ? profile->getAsObject() : nullptr;
  const llvm::json::Array *layers =
      object ? object->getArray("moe_layers") : nullptr;
  if (!profile)
    llvm::consumeError(profile.takeError());
  if (!layers)
    return nullptr;
  llvm::json::Array kept;
  for (const llvm::json::Value &layer : *layers) {
    llvm::json::Object own;
    for (const char *key :
         {"name", "experts", "expert_tokens", "expert_weight", "scores"})
      if (const llvm::json::Value *value = layer.getAsObject()->get(key))
        own[key] = *value;
    kept.push_back(std::move(own));
  }
  return llvm::json::Object{{"moe_layers", std::move(kept)}};
}

llvm::json::Object moec::describeOptions(const CompileOptions &options) {
  llvm::json::Object dims;
  for (const auto &[name, extent] : options.dims)
    dims[llvm::json::fixUTF8(name)] = extent;
  return llvm::json::Object{
      {"dims", std::move(dims)},
      {"disabled_passes", listTexts(options.disabledPasses)},
      {"drop_below", options.dropBelow},
      {"expert_profile", options.expertProfile.empty()
                             ? llvm::json::Value(nullptr)
                             : describeProfile(options.expertProfile)},
      {"keep_nan_propagation", options.keepNan},
      {"ort_cpu_compat", options.ortCpuCompat}};
}

std::string moec::buildManifest(ModuleOp module, const LibraryInfo &info,
                                llvm::json::Array moeLayers,
                                llvm::json::Value peakBytes, double tolerance,
                                const CompileOptions &options) {
  const ModelInterface &interface = info.interface;
  auto sha = module->getAttrOfType<StringAttr>(kModelSha256Attr);
  llvm::json::Object manifest{
      {"name", interface.name},
      {"inputs", describeValues(interface.inputs)},
      {"outputs", describeValues(interface.outputs)},
      {"aliases", describeAliases(interface)},
      {"model_sha256", sha ? sha.str() : ""},
      {"build_id", llvm::toHex(info.buildId, /*LowerCase=*/true)},
      {"compiler", "moec " MOEC_VERSION},
      {"targets", listTexts(info.levels)},
      {"weights_bytes", int64_t(info.weightsBytes)},
      {"peak_bytes", std::move(peakBytes)},
      {"tolerance", tolerance},
      {"moe_layers", std::move(moeLayers)}};
  for (auto &[key, value] : describeOptions(options))
    manifest[key] = std::move(value);
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::formatv("{0:2}", llvm::json::Value(std::move(manifest))) << "\n";
  return text;
}

std::vector<uint8_t> moec::describeBuild(ModuleOp module,
                                         const CompileOptions &options) {
  // The lowered module stands for the model and for every option that changed
  // it, the levels included. The manifest has these options even where they
  // changed nothing.
  std::string text = "moec " MOEC_VERSION "\n";
  llvm::raw_string_ostream os(text);
  os << llvm::json::Value(describeOptions(options)) << "\n";
  module->print(os, OpPrintingFlags().enableDebugInfo(false));
  auto digest = llvm::SHA256::hash(llvm::arrayRefFromStringRef(text));
  return std::vector<uint8_t>(digest.begin(), digest.end());
}
