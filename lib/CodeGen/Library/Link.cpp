//===-- Link.cpp - objects and runtime become a library -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Library.h"

#include "moec/Config.h"

#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace moec;

namespace {
/// A private folder that goes away with its files.
class ScratchFolder {
public:
  ~ScratchFolder() {
    if (!path.empty())
      (void)llvm::sys::fs::remove_directories(path);
  }

  std::optional<std::string> create() {
    llvm::SmallString<128> unique;
    if (std::error_code error =
            llvm::sys::fs::createUniqueDirectory("moec", unique))
      return "cannot create a temporary folder: " + error.message();
    path = unique.str().str();
    return std::nullopt;
  }

  std::string file(llvm::StringRef name) const {
    llvm::SmallString<128> result(path);
    llvm::sys::path::append(result, name);
    return result.str().str();
  }

private:
  std::string path;
};
} // namespace

static std::optional<std::string> writeFile(const std::string &path,
                                            llvm::StringRef bytes) {
  std::error_code error;
  llvm::raw_fd_ostream stream(path, error);
  if (!error) {
    stream << bytes;
    stream.close();
    error = stream.error();
  }
  if (!error)
    return std::nullopt;
  stream.clear_error();
  return "cannot write '" + path + "': " + error.message();
}

/// Writes the objects into the scratch folder and appends their paths.
static std::optional<std::string>
writeObjects(llvm::ArrayRef<ObjectFile> objects, const ScratchFolder &scratch,
             std::vector<std::string> &arguments) {
  for (const ObjectFile &object : objects) {
    std::string file = scratch.file(object.name + ".o");
    if (auto error = writeFile(
            file, llvm::StringRef(object.bytes.data(), object.bytes.size())))
      return error;
    arguments.push_back(file);
  }
  return std::nullopt;
}

static std::optional<std::string>
runLinker(llvm::ArrayRef<std::string> arguments, const ScratchFolder &scratch) {
  llvm::SmallVector<llvm::StringRef> views(arguments.begin(), arguments.end());
  std::string log = scratch.file("log"), message;
  std::optional<llvm::StringRef> redirects[] = {
      llvm::StringRef(""), llvm::StringRef(log), llvm::StringRef(log)};
  int code = llvm::sys::ExecuteAndWait(MOEC_LINKER, views, std::nullopt,
                                       redirects, 0, 0, &message);
  if (code == 0)
    return std::nullopt;
  if (message.empty())
    if (auto text = llvm::MemoryBuffer::getFile(log))
      message = (*text)->getBuffer().split('\n').first.str();
  return "the linker '" MOEC_LINKER "' failed: " + message;
}

std::optional<std::string> moec::linkLibrary(llvm::ArrayRef<ObjectFile> objects,
                                             llvm::StringRef name,
                                             llvm::StringRef runtimeArchive,
                                             llvm::StringRef path) {
  ScratchFolder scratch;
  if (auto error = scratch.create())
    return error;
  std::string version = scratch.file("exports");
  if (auto error = writeFile(
          version, ("{ global: moec_query_" + name + "; local: *; };\n").str()))
    return error;

  // The paths of the scratch folder leave no trace in the output.
  std::vector<std::string> arguments = {MOEC_LINKER,
                                        "-shared",
                                        "-o",
                                        path.str(),
                                        "-soname",
                                        ("lib" + name + ".so").str(),
                                        "--build-id=none",
                                        "--version-script=" + version,
                                        "--gc-sections",
                                        "--as-needed",
                                        "-znow",
                                        "-zrelro",
                                        "-znoexecstack",
                                        "-zdefs",
                                        "--hash-style=gnu",
                                        "--strip-all"};
  if (auto error = writeObjects(objects, scratch, arguments))
    return error;
  arguments.push_back(runtimeArchive.str());
  arguments.push_back(MOEC_LIBC);
  return runLinker(arguments, scratch);
}

/// Makes every symbol of the object local but `symbol`.
static llvm::Error keepGlobal(llvm::StringRef from, llvm::StringRef symbol,
                              llvm::StringRef path) {
  auto object = llvm::object::ObjectFile::createObjectFile(from);
  if (!object)
    return object.takeError();
  using llvm::objcopy::MatchStyle, llvm::objcopy::NameOrPattern;
  auto exactly = [](llvm::StringRef name) {
    return NameOrPattern::create(name, MatchStyle::Literal,
                                 [](llvm::Error error) { return error; });
  };
  llvm::objcopy::ConfigManager config;
  config.Common.OutputFilename = path;
  if (auto error =
          config.Common.SymbolsToKeepGlobal.addMatcher(exactly(symbol)))
    return error;
  // It numbers symbols, which are put into another order.
  if (auto error = config.Common.ToRemove.addMatcher(exactly(".llvm_addrsig")))
    return error;
  return llvm::writeToOutput(path, [&](llvm::raw_ostream &stream) {
    return llvm::objcopy::executeObjcopyOnBinary(config, *object->getBinary(),
                                                 stream);
  });
}

std::optional<std::string>
moec::mergeObjects(llvm::ArrayRef<ObjectFile> objects, llvm::StringRef name,
                   llvm::StringRef runtimeArchive, llvm::StringRef path) {
  ScratchFolder scratch;
  if (auto error = scratch.create())
    return error;
  std::string merged = scratch.file("merged");
  // Groups are dissolved: the linker takes one of those that have a name in
  // common, local or not, and other libraries have the same inline functions.
  std::vector<std::string> arguments = {
      MOEC_LINKER,     "-r", "--force-group-allocation",
      "--strip-debug", "-o", merged};
  if (auto error = writeObjects(objects, scratch, arguments))
    return error;
  if (!runtimeArchive.empty())
    arguments.push_back(runtimeArchive.str());
  if (auto error = runLinker(arguments, scratch))
    return error;
  if (llvm::Error error =
          keepGlobal(merged, ("moec_query_" + name).str(), path))
    return llvm::toString(std::move(error));
  return std::nullopt;
}

std::optional<std::string>
moec::archiveLibrary(llvm::ArrayRef<ObjectFile> objects, llvm::StringRef name,
                     llvm::StringRef runtimeArchive, llvm::StringRef path) {
  ScratchFolder scratch;
  if (auto error = scratch.create())
    return error;
  std::string object = scratch.file((name + ".o").str());
  if (auto error = mergeObjects(objects, name, runtimeArchive, object))
    return error;
  auto member = llvm::NewArchiveMember::getFile(object, /*Deterministic=*/true);
  if (!member)
    return llvm::toString(member.takeError());
  member->MemberName = llvm::sys::path::filename(member->MemberName);
  if (llvm::Error error = llvm::writeArchive(
          path, *member, llvm::SymtabWritingMode::NormalSymtab,
          llvm::object::Archive::K_GNU, /*Deterministic=*/true, /*Thin=*/false))
    return llvm::toString(std::move(error));
  return std::nullopt;
}
