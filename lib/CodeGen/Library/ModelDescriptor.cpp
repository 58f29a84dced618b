//===-- ModelDescriptor.cpp - the constants of a library ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModelDescriptor.h"

#include "moec/CodeGen/Passes.h"
#include "moec/generated.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

using namespace moec;

/// The symbol of a level's function table.
static std::string getTableName(llvm::StringRef level) {
  std::string name = (kKernelTablePrefix + level).str();
  for (char &letter : name)
    if (!llvm::isAlnum(letter))
      letter = '_';
  return name;
}

namespace {
/// Builds constants with the layout of runtime/include/moec/generated.h. The
/// structures have no padding that LLVM would not insert itself.
class ConstantWriter {
public:
  explicit ConstantWriter(llvm::Module &module)
      : module(module), context(module.getContext()),
        ptr(llvm::PointerType::get(context, 0)) {}

  llvm::Constant *i32(int64_t value) {
    return llvm::ConstantInt::getSigned(llvm::Type::getInt32Ty(context),
                                        int32_t(value));
  }
  llvm::Constant *u32(uint32_t value) {
    return llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), value);
  }
  llvm::Constant *i64(uint64_t value) {
    return llvm::ConstantInt::get(llvm::Type::getInt64Ty(context), value);
  }
  llvm::Constant *null() { return llvm::ConstantPointerNull::get(ptr); }

  llvm::Constant *string(llvm::StringRef text) {
    return global(llvm::ConstantDataArray::getString(context, text));
  }

  /// A pointer to a constant of its own; null for no elements.
  llvm::Constant *array(llvm::ArrayRef<llvm::Constant *> elements) {
    if (elements.empty())
      return null();
    auto *type =
        llvm::ArrayType::get(elements.front()->getType(), elements.size());
    return global(llvm::ConstantArray::get(type, elements));
  }

  llvm::Constant *structure(llvm::ArrayRef<llvm::Constant *> fields) {
    return llvm::ConstantStruct::getAnon(context, fields);
  }

  llvm::Constant *global(llvm::Constant *value) {
    auto *variable = new llvm::GlobalVariable(
        module, value->getType(), /*isConstant=*/true,
        llvm::GlobalValue::PrivateLinkage, value, "moec");
    return variable;
  }

  llvm::Constant *ioInfos(llvm::ArrayRef<ModelValue> values) {
    llvm::SmallVector<llvm::Constant *> infos;
    for (const ModelValue &value : values) {
      llvm::SmallVector<llvm::Constant *> dims;
      for (int64_t dim : value.dims)
        dims.push_back(i64(dim));
      infos.push_back(
          structure({string(value.name), i32(value.type),
                     i32(value.dims.size()), array(dims), i32(value.alias),
                     i32(value.isStrided ? MOEC_IO_STRIDED : 0)}));
    }
    return array(infos);
  }

  llvm::Module &module;
  llvm::LLVMContext &context;
  llvm::PointerType *ptr;
};
} // namespace

/// The features a level's suffix asks for beyond x86-64-v3 or -v4.
static uint32_t getRequiredFeatures(llvm::StringRef level) {
  uint32_t features = 0;
  llvm::SmallVector<llvm::StringRef> parts;
  level.split(parts, '+');
  for (llvm::StringRef part : llvm::drop_begin(parts)) {
    if (part == "avx512vnni")
      features |= MOEC_CPU_AVX512_VNNI;
    else if (part == "avx512bf16")
      features |= MOEC_CPU_AVX512_BF16;
  }
  return features;
}

void moec::emitModelDescriptor(llvm::Module &module, const LibraryInfo &info,
                               const LevelTable &levels) {
  ConstantWriter writer(module);
  llvm::Function *main = module.getFunction(kMainName);
  for (llvm::Function &function : module)
    if (!function.isDeclaration())
      function.setLinkage(llvm::GlobalValue::InternalLinkage);

  llvm::SmallVector<llvm::Constant *> symbols, tables, sites, layers;
  for (const std::string &symbol : info.interface.symbols)
    symbols.push_back(writer.string(symbol));
  for (const std::string &level : levels.names) {
    auto *table = new llvm::GlobalVariable(
        module, llvm::ArrayType::get(writer.ptr, levels.numKernels),
        /*isConstant=*/true, llvm::GlobalValue::ExternalLinkage, nullptr,
        getTableName(level));
    table->setVisibility(llvm::GlobalValue::HiddenVisibility);
    bool isV4 = llvm::StringRef(level).starts_with("x86-64-v4");
    tables.push_back(
        writer.structure({writer.string(level), writer.u32(isV4 ? 4 : 3),
                          writer.u32(getRequiredFeatures(level)), table}));
  }
  for (const auto &[node, message] : levels.sites)
    sites.push_back(
        writer.structure({writer.string(node), writer.string(message)}));
  for (const MoeLayer &layer : levels.moeLayers)
    layers.push_back(writer.structure({writer.string(layer.name),
                                       writer.i32(layer.numExperts),
                                       writer.i32(layer.choices)}));

  auto *slotType = llvm::ArrayType::get(llvm::Type::getInt64Ty(writer.context),
                                        MOEC_SLOT_BYTES / 8);
  auto *slot = new llvm::GlobalVariable(module, slotType, /*isConstant=*/false,
                                        llvm::GlobalValue::InternalLinkage,
                                        llvm::Constant::getNullValue(slotType),
                                        "moec_slot");
  slot->setAlignment(llvm::Align(64));

  const ModelInterface &interface = info.interface;
  llvm::Constant *fields[] = {
      writer.u32(sizeof(moec_model_desc)),
      writer.u32(MOEC_GENERATED_VERSION),
      writer.string(interface.name),
      llvm::ConstantDataArray::get(writer.context,
                                   llvm::ArrayRef<uint8_t>(info.buildId)),
      writer.ioInfos(interface.inputs),
      writer.ioInfos(interface.outputs),
      writer.i32(interface.inputs.size()),
      writer.i32(interface.outputs.size()),
      writer.i32(symbols.size()),
      writer.i32(tables.size()),
      writer.array(symbols),
      writer.array(tables),
      writer.i32(levels.numKernels),
      writer.i32(sites.size()),
      writer.array(sites),
      main,
      writer.i64(info.weightsBytes),
      writer.i64(info.numSegments),
      writer.string(info.manifest),
      slot,
      writer.array(layers),
      writer.i32(layers.size()),
      writer.i32(0)};
  llvm::Constant *descriptor = writer.global(writer.structure(fields));

  auto *queryType = llvm::FunctionType::get(writer.ptr, false);
  auto *query =
      llvm::Function::Create(queryType, llvm::GlobalValue::ExternalLinkage,
                             "moec_query_" + interface.name, module);
  auto lookup = module.getOrInsertFunction(
      "moec_rt_query",
      llvm::FunctionType::get(writer.ptr, {writer.ptr}, false));
  llvm::IRBuilder<> builder(
      llvm::BasicBlock::Create(writer.context, "entry", query));
  builder.CreateRet(builder.CreateCall(lookup, {descriptor}));
}

void moec::emitKernelTable(llvm::Module &module, llvm::StringRef level,
                           llvm::ArrayRef<std::string> kernels) {
  ConstantWriter writer(module);
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    // Loops of elements profit from whole registers; LLVM would stop at 256.
    function.addFnAttr("prefer-vector-width", "512");
    function.setLinkage(llvm::GlobalValue::InternalLinkage);
  }
  llvm::SmallVector<llvm::Constant *> entries;
  for (const std::string &kernel : kernels)
    entries.push_back(module.getFunction(kernel));
  auto *type = llvm::ArrayType::get(writer.ptr, entries.size());
  auto *table = new llvm::GlobalVariable(
      module, type, /*isConstant=*/true, llvm::GlobalValue::ExternalLinkage,
      llvm::ConstantArray::get(type, entries), getTableName(level));
  table->setVisibility(llvm::GlobalValue::HiddenVisibility);
}
