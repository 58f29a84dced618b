//===-- Artifacts.cpp - the files a compilation leaves --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Artifacts.h"

#include "dialects/Moe/IR/Moe.h"
#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Param/IR/Param.h"
#include "moec/Importer/Importer.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <map>
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

std::string moec::buildManifest(ModuleOp module, const LibraryInfo &info,
                                llvm::json::Array moeLayers,
                                llvm::json::Value peakBytes, double tolerance) {
  const ModelInterface &interface = info.interface;
  llvm::json::Array targets;
  for (const std::string &level : info.levels)
    targets.push_back(level);
  auto sha = module->getAttrOfType<StringAttr>(kModelSha256Attr);
  llvm::json::Object manifest{
      {"name", interface.name},
      {"inputs", describeValues(interface.inputs)},
      {"outputs", describeValues(interface.outputs)},
      {"aliases", describeAliases(interface)},
      {"model_sha256", sha ? sha.str() : ""},
      {"build_id", llvm::toHex(info.buildId, /*LowerCase=*/true)},
      {"compiler", "moec " MOEC_VERSION},
      {"targets", std::move(targets)},
      {"weights_bytes", int64_t(info.weightsBytes)},
      {"peak_bytes", std::move(peakBytes)},
      {"tolerance", tolerance},
      {"moe_layers", std::move(moeLayers)}};
  std::string text;
  llvm::raw_string_ostream os(text);
  os << llvm::formatv("{0:2}", llvm::json::Value(std::move(manifest))) << "\n";
  return text;
}

std::vector<uint8_t> moec::describeBuild(ModuleOp module) {
  // The lowered module stands for the model and for every option that changed
  // it, the levels included.
  std::string text = "moec " MOEC_VERSION "\n";
  llvm::raw_string_ostream os(text);
  module->print(os, OpPrintingFlags().enableDebugInfo(false));
  auto digest = llvm::SHA256::hash(llvm::arrayRefFromStringRef(text));
  return std::vector<uint8_t>(digest.begin(), digest.end());
}

/// The node a layer was raised from.
static std::string getLayerName(Operation *op) {
  auto name = op->getAttrOfType<StringAttr>("moe.layer");
  return name ? name.str() : "";
}

/// The weights of all experts, biases included; scales are storage.
static SmallVector<Value> getWeights(moe::ExpertFfnOp ffn) {
  SmallVector<Value> weights;
  for (Value value : {ffn.getW1(), ffn.getW2(), ffn.getW3()})
    if (value)
      weights.push_back(value);
  return weights;
}
static SmallVector<Value> getBiases(moe::ExpertFfnOp ffn) {
  SmallVector<Value> biases;
  for (Value value : {ffn.getBias1(), ffn.getBias2(), ffn.getBias3()})
    if (value)
      biases.push_back(value);
  return biases;
}

static int64_t countElements(ArrayRef<Value> values) {
  int64_t elements = 0;
  for (Value value : values) {
    auto type = cast<ShapedType>(value.getType());
    if (type.hasStaticShape())
      elements += type.getNumElements();
  }
  return elements;
}

/// Weights of all experts of a layer: packed ones as what they stand for.
static int64_t countWeights(moe::ExpertFfnOp ffn) {
  int64_t elements = 0;
  for (auto [value, format] :
       {std::pair(ffn.getW1(), ffn.getQuant().value_or(nullptr)),
        {ffn.getW2(), ffn.getFormat2()},
        {ffn.getW3(), ffn.getFormat3()}}) {
    int64_t stored = value ? countElements(value) : 0;
    elements += format ? format.getRowElements(stored) : stored;
  }
  return elements;
}

static int64_t countExpertParameters(moe::ExpertFfnOp ffn) {
  return countWeights(ffn) + countElements(getBiases(ffn));
}

/// How many experts a token has; dynamic where that is not known, and then, or
/// where the choice is not made by a router, `route` is null.
static int64_t getTopK(moe::ExpertFfnOp ffn, moe::RouteOp &route) {
  auto plan = ffn.getOffsets().getDefiningOp<moe::PlanOp>();
  Value ids = plan ? plan.getIds() : Value();
  if (auto reweigh = ids ? ids.getDefiningOp<moe::ReweighOp>() : nullptr)
    ids = reweigh.getIds();
  route = ids ? ids.getDefiningOp<moe::RouteOp>() : moe::RouteOp();
  return plan ? cast<ShapedType>(plan.getIds().getType()).getDimSize(1)
              : ShapedType::kDynamic;
}

static llvm::json::Value toJson(Attribute attribute) {
  if (auto entry = dyn_cast<DictionaryAttr>(attribute)) {
    llvm::json::Object object;
    for (NamedAttribute member : entry)
      object[member.getName().strref()] = toJson(member.getValue());
    return object;
  }
  if (auto list = dyn_cast<ArrayAttr>(attribute)) {
    llvm::json::Array array;
    for (Attribute element : list)
      array.push_back(toJson(element));
    return array;
  }
  if (auto text = dyn_cast<StringAttr>(attribute))
    return text.str();
  if (auto number = dyn_cast<IntegerAttr>(attribute))
    return number.getInt();
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return number.getValueAsDouble();
  // What is beyond all numbers.
  return nullptr;
}

/// The share of the routed weight that went to experts which a profile removed.
static double getWeightLost(const llvm::json::Value &deadExperts) {
  double lost = 0;
  for (const llvm::json::Value &entry : *deadExperts.getAsArray())
    lost += entry.getAsObject()->getNumber("weight_share").value_or(0);
  return lost;
}

/// The experts of the source that were removed, with their certificates.
static llvm::json::Value describeDeadExperts(moe::PlanOp plan) {
  Attribute dead =
      plan ? plan->getAttr(moe::MoeDialect::getDeadExpertsAttrName())
           : Attribute();
  return dead ? toJson(dead) : llvm::json::Array();
}

/// How the weights are stored: "f16", "int4 in blocks of 32".
static std::string describeWeights(moe::ExpertFfnOp ffn) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (auto format = ffn.getQuant()) {
    llvm::SetVector<moe::WeightFormat> formats;
    formats.insert(*format);
    if (ffn.getW3())
      formats.insert(ffn.getFormat3());
    formats.insert(ffn.getFormat2());
    llvm::interleave(
        formats, os, [&](moe::WeightFormat f) { os << f.describe(); }, ", ");
  } else {
    os << cast<ShapedType>(ffn.getW1().getType()).getElementType();
  }
  return text;
}

llvm::json::Array moec::describeMoeLayers(ModuleOp module) {
  llvm::json::Array layers;
  module.walk([&](moe::ExpertFfnOp ffn) {
    // Of the source, some of which may be gone.
    auto plan = ffn.getOffsets().getDefiningOp<moe::PlanOp>();
    int64_t left = ffn.getNumExperts();
    int64_t experts = plan ? plan.getNumSourceExperts() : left;
    int64_t total = countExpertParameters(ffn);
    int64_t perExpert = left > 0 ? total / left : 0;
    auto w2 = cast<ShapedType>(ffn.getW2().getType());
    int64_t depth = w2.getDimSize(2);
    if (moe::WeightFormat format = ffn.getFormat2(); format && depth >= 0)
      depth = format.getRowElements(depth);
    llvm::json::Object layer{{"name", getLayerName(ffn)},
                             {"experts", experts},
                             {"hidden", w2.getDimSize(1)},
                             {"intermediate", depth},
                             {"activation", moe::stringifyActivationKind(
                                                ffn.getActivation().getKind())},
                             {"weights", describeWeights(ffn)},
                             {"parameters_total", left * perExpert},
                             {"dead_experts", describeDeadExperts(plan)},
                             {"kernels", llvm::json::Array()}};
    auto from = ffn->getAttrOfType<StringAttr>(
        moe::MoeDialect::getRaisedFromAttrName());
    layer["raised_from"] = from ? from.str() : "";
    layer["routed_weight_lost"] = getWeightLost(*layer.get("dead_experts"));
    moe::RouteOp route;
    int64_t topK = getTopK(ffn, route);
    if (route)
      layer["router"] = moe::stringifyScoreFunction(route.getScore());
    if (topK >= 0 && left > 0) {
      // A weight is multiplied and added, a bias added.
      int64_t flops = (countWeights(ffn) + total) / left;
      layer["top_k"] = topK;
      layer["parameters_active"] = topK * perExpert;
      layer["flops_per_token_dense"] = experts * flops;
      layer["flops_per_token_routed"] = topK * flops;
    }
    layers.push_back(std::move(layer));
  });
  return layers;
}

void moec::addKernels(llvm::json::Array &layers, ModuleOp module) {
  // Layers may share a name, or have none.
  std::map<std::string, llvm::SetVector<StringRef>> kernels;
  module.walk([&](func::CallOp call) {
    if (auto layer = call->getAttrOfType<StringAttr>(
            moe::MoeDialect::getLayerAttrName()))
      kernels[layer.str()].insert(call.getCallee());
  });
  for (llvm::json::Value &value : layers) {
    llvm::json::Object &layer = *value.getAsObject();
    llvm::json::Array names;
    for (StringRef kernel : kernels[layer.getString("name")->str()])
      names.push_back(kernel);
    layer["kernels"] = std::move(names);
  }
}

/// Whether the value is in the model's file, and not computed.
static bool isFromFile(Value value) {
  Operation *def = value.getDefiningOp();
  // What raising puts between: the same elements in another order.
  while (isa_and_present<tensor::ExtractSliceOp, tensor::CollapseShapeOp,
                         tensor::ExpandShapeOp, onnx::TransposeOp,
                         moe::TransposeCodesOp>(def))
    def = def->getOperand(0).getDefiningOp();
  return def &&
         (isa<param::LoadOp>(def) || def->hasTrait<OpTrait::ConstantLike>());
}

ParameterCount moec::countParameters(ModuleOp module, int64_t fileElements) {
  ParameterCount count;
  count.total = fileElements;
  int64_t idle = 0;
  module.walk([&](moe::ExpertFfnOp ffn) {
    SmallVector<Value> stored = getWeights(ffn);
    llvm::append_range(stored, getBiases(ffn));
    for (Value scales :
         {Value(ffn.getScales1()), Value(ffn.getScales2()),
          Value(ffn.getScales3()), Value(ffn.getZeroPoints1()),
          Value(ffn.getZeroPoints2()), Value(ffn.getZeroPoints3()),
          Value(ffn.getGlobalScales1()), Value(ffn.getGlobalScales2()),
          Value(ffn.getGlobalScales3())})
      if (scales)
        stored.push_back(scales);
    int64_t experts = ffn.getNumExperts();
    if (experts <= 0 || !llvm::all_of(stored, isFromFile))
      return;
    int64_t parameters = countExpertParameters(ffn);
    count.total += parameters - countElements(stored);
    moe::RouteOp route;
    int64_t topK = getTopK(ffn, route);
    if (topK >= 0 && topK < experts)
      idle += parameters / experts * (experts - topK);
  });
  count.active = count.total - idle;
  return count;
}
