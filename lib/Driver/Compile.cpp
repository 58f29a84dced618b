//===-- Compile.cpp - what moec compile does ------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Driver/Compile.h"
#include "Compilation.h"

#include "moec/Driver/Scratch.h"
#include "moec/Pipelines/Pipelines.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace moec;

std::string moec::makeIdentifier(llvm::StringRef name) {
  std::string result;
  for (char letter : name)
    result += llvm::isAlnum(letter) ? letter : '_';
  if (result.empty() || llvm::isDigit(result.front()))
    result.insert(result.begin(), '_');
  return result;
}

std::string moec::getLibraryName(const CompileOptions &options) {
  return options.name.empty()
             ? makeIdentifier(llvm::sys::path::stem(options.modelPath))
             : options.name;
}

llvm::ArrayRef<const char *> moec::getKnownLevels() { return kDefaultLevels; }

/// An argument as a shell would take it.
static std::string quoteForShell(llvm::StringRef argument) {
  bool isPlain = !argument.empty() && llvm::all_of(argument, [](char letter) {
    return llvm::isAlnum(letter) ||
           llvm::StringRef("_-+=./,:@%").contains(letter);
  });
  if (isPlain)
    return argument.str();
  std::string result = "'";
  for (char letter : argument)
    result += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return result + "'";
}

/// Enough digits for the number to be itself again.
static std::string formatExactly(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.17g", value);
  return text;
}

/// The command that runs the failing stage on the IR alone; "" where the stage
/// is none of passes.
static std::string getReplayCommand(llvm::StringRef stage,
                                    const CompileOptions &options,
                                    llvm::StringRef path) {
  static constexpr llvm::StringLiteral stages[] = {
      "onnx", "moe", "kernels", "linalg", "vector", "llvm"};
  if (!llvm::is_contained(stages, stage))
    return "";
  std::vector<std::string> values;
  if (stage == "vector" && !options.levels.empty())
    values.push_back("levels=" + llvm::join(options.levels, ","));
  if (stage == "moe" && options.keepNan)
    values.push_back("keep-nan");
  if (stage == "moe" && options.ortCpuCompat)
    values.push_back("ort-cpu-compat");
  bool isAfterMoe =
      stage == "kernels" || stage == "linalg" || stage == "vector";
  if ((isAfterMoe && options.isReference) ||
      (stage == "moe" && options.isReferenceGraph()))
    values.push_back("reference");
  if (stage == "moe" && !options.expertProfile.empty()) {
    values.push_back("expert-profile=\"" + options.expertProfile + "\"");
    values.push_back("drop-below=" + formatExactly(options.dropBelow));
  }
  if (!options.disabledPasses.empty())
    values.push_back("disable=" + llvm::join(options.disabledPasses, ","));
  std::string flag = ("--moec-stage-" + stage).str();
  if (!values.empty())
    flag += "=" + llvm::join(values, " ");
  return "moec-opt " + quoteForShell(flag) + " " + quoteForShell(path);
}

/// Writes what is needed to see a failure again; returns the file's path, or ""
/// if it cannot be written.
static std::string writeReproducer(const CompileOptions &options,
                                   const WorkResult &result,
                                   llvm::StringRef scratch,
                                   const moec::Diagnostic &diagnostic) {
  llvm::SmallString<128> path, folder;
  int descriptor;
  if (llvm::sys::fs::createTemporaryFile("moec-" + getLibraryName(options),
                                         "mlir", descriptor, path))
    return "";
  {
    llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
    auto line = [&](llvm::StringRef key, llvm::StringRef value) {
      stream << "// " << key << ": ";
      for (char letter : value)
        stream << (letter == '\n' || letter == '\r' ? ' ' : letter);
      stream << "\n";
    };
    (void)llvm::sys::fs::current_path(folder);
    line("moec", MOEC_VERSION);
    line("error", diagnostic.toText());
    line("model", options.modelPath);
    line("folder", folder);
    line("command",
         llvm::join(llvm::map_range(options.commandLine, quoteForShell), " "));
    std::string replay = getReplayCommand(result.stage, options, path);
    if (!replay.empty())
      line("the stage alone", replay);
    stream.flush();
    stream.clear_error();
  }
  // The way to the failing stage again, which is the same every time; the
  // module there is small, for it holds no weights.
  bool hasModule = !result.stage.empty() && result.stage != "profile" &&
                   result.stage != "import";
  if (hasModule) {
    DiagnosticPrinter unheard(/*json=*/true, /*isQuiet=*/true);
    runWorker(options.limits, unheard, [&](WorkReport &report) {
      return Compilation(options, report).run(scratch, result.stage, path);
    });
  }
  return path.str().str();
}

/// Where a finished file gets its name; "" where it is no file.
static std::string getFolder(llvm::StringRef file) {
  if (isSpecialOutput(file))
    return "";
  llvm::StringRef folder = llvm::sys::path::parent_path(file);
  return folder.empty() ? "." : folder.str();
}

/// Makes the folders out of which finished files get their names; returns what
/// went wrong.
static std::optional<std::string> createScratch(const CompileOptions &options,
                                                ScratchFolder &scratch,
                                                ScratchFolder &remarks) {
  std::string name = getLibraryName(options);
  if (auto error = scratch.create(getOutputFolder(options), name))
    return error;
  if (options.remarksPath.empty())
    return std::nullopt;
  return remarks.create(getFolder(options.remarksPath), name);
}

LogicalResult moec::compileModel(const CompileOptions &options,
                                 DiagnosticPrinter &printer) {
  ScratchFolder scratch, remarks;
  if (auto error = createScratch(options, scratch, remarks)) {
    printer.print(moec::Diagnostic(DriverError::CannotWrite, "", *error));
    return failure();
  }
  WorkResult result =
      runWorker(options.limits, printer, [&](WorkReport &report) {
        // Whatever is made on the way goes with the folder.
        setenv("TMPDIR", scratch.getPath().c_str(), /*replace=*/1);
        Compilation compilation(options, report);
        compilation.setRemarksScratch(remarks.getPath());
        return compilation.run(scratch.getPath());
      });
  if (result.isDone())
    return success();
  if (result.outcome == WorkResult::Interrupted)
    endBySignal(result.signal);
  if (result.isUnreported()) {
    moec::Diagnostic diagnostic =
        result.describe(options.modelPath, options.limits);
    if (result.outcome != WorkResult::NotStarted)
      diagnostic.reproducer =
          writeReproducer(options, result, scratch.getPath(), diagnostic);
    printer.print(diagnostic);
  }
  return failure();
}
