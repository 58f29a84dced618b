//===-- moec.cpp - the compiler driver ------------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Arguments.h"
#include "Verify.h"

#include "moec/Driver/CheckCertificate.h"
#include "moec/Driver/Compile.h"
#include "moec/Driver/Inspect.h"
#include "moec/Pipelines/Optimisations.h"

#include "llvm/ADT/STLExtras.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <optional>
#include <string>

using namespace moec;

static constexpr int kExitFailed = 1;
static constexpr int kExitUsage = 2;

namespace {
/// What the commands have in common.
struct CommonOptions {
  std::string diagnostics = "text";
  std::string memoryLimit;
  unsigned timeLimit = 0;
};

/// Texts of options before they are understood.
struct CompileTexts {
  std::vector<std::string> dims;
  /// "text", or a file.
  std::vector<std::string> remarks;
  std::optional<double> dropBelow;
  std::string emit = "lib", target = "cpu", activations = "f32", blas = "none";
};

struct VerifyTexts {
  std::vector<std::string> inputs, dims;
  std::string ints;
};
} // namespace

/// The folder of the runtime archive: beside this program's.
static std::string findResourceFolder() {
  std::error_code error;
  auto program = std::filesystem::canonical("/proc/self/exe", error);
  return (program.parent_path().parent_path() / "lib").string();
}

static WorkLimits getLimits(const CommonOptions &common) {
  WorkLimits limits;
  if (!common.memoryLimit.empty())
    limits.memoryBytes = parseSize(common.memoryLimit);
  limits.seconds = common.timeLimit;
  return limits;
}

/// In the order of `EmitKind`.
static const std::vector<std::string> &getEmitNames() {
  static const std::vector<std::string> names = {
      "onnx", "moe", "kernels", "linalg",    "vector",
      "llvm", "asm", "obj",     "staticlib", "lib"};
  return names;
}

/// The parser knows that both options are there, or none.
static void finishProfile(const CompileTexts &texts, CompileOptions &options) {
  if (!texts.dropBelow)
    return;
  options.dropBelow = *texts.dropBelow;
  if (options.expertProfile.empty())
    throw CLI::ValidationError("--expert-profile", "expected a file, got ''");
  // Not the reverse: NaN as well.
  if (!(options.dropBelow > 0 && options.dropBelow < 1))
    throw CLI::ValidationError("--drop-below",
                               "expected a share of more than 0 and less than "
                               "1, got " +
                                   std::to_string(options.dropBelow));
}

/// Everything about the options of `compile` that the parser does not check.
static void finishCompile(const CompileTexts &texts, CompileOptions &options) {
  options.dims = parseDims(texts.dims);
  for (const std::string &remarks : texts.remarks) {
    if (remarks == "text")
      options.showRemarks = true;
    else if (options.remarksPath.empty())
      options.remarksPath = remarks;
    else
      throw CLI::ValidationError("--remarks", "a file is given twice");
  }
  if (auto reason = checkDisabledPasses(options.disabledPasses))
    throw CLI::ValidationError("--disable-pass", *reason);
  llvm::sort(options.disabledPasses);
  options.disabledPasses.erase(llvm::unique(options.disabledPasses),
                               options.disabledPasses.end());
  const std::vector<std::string> &names = getEmitNames();
  checkChoice("--emit", texts.emit, names, {"ptx"});
  options.emit = EmitKind(llvm::find(names, texts.emit) - names.begin());
  checkChoice("--target", texts.target, {"cpu"}, {"cuda", "cuda,cpu"});
  checkChoice("--activations", texts.activations, {"f32"}, {"bf16", "int8"});
  checkChoice("--blas", texts.blas, {"none"}, {"openblas"});
  std::vector<std::string> known(getKnownLevels().begin(),
                                 getKnownLevels().end());
  std::vector<std::string> later = {"x86-64-v4+vnni"};
  for (size_t i = 0; i < options.levels.size(); ++i) {
    checkChoice("--cpu", options.levels[i], known, later);
    if (llvm::is_contained(llvm::ArrayRef(options.levels).take_front(i),
                           options.levels[i]))
      throw CLI::ValidationError("--cpu",
                                 "'" + options.levels[i] + "' is given twice");
  }
  if (!options.name.empty() && options.name != makeIdentifier(options.name))
    throw CLI::ValidationError("--name",
                               "'" + options.name + "' is not a C identifier");
  finishProfile(texts, options);
  if (options.emit == EmitKind::Lib && options.output == "-")
    throw CLI::ValidationError("-o", "a library needs a folder, not '-'");
}

//===-- The commands' options ---------------------------------------------===//

static void addCommon(CLI::App *command, CommonOptions &common) {
  command
      ->add_option("--diagnostics", common.diagnostics,
                   "Form of diagnostics: text, or json with an object a line "
                   "(default: text)")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORM");
  command
      ->add_option("--memory-limit", common.memoryLimit,
                   "Most memory to use, such as 8G (default: 7/8 of all)")
      ->type_name("SIZE");
  command
      ->add_option("--time-limit", common.timeLimit,
                   "Most seconds to take (default: six hours)")
      ->check(CLI::Range(1u, 1u << 30))
      ->type_name("SECONDS");
}

static CLI::App *addCompile(CLI::App &app, CompileOptions &options,
                            CompileTexts &texts) {
  CLI::App *compile =
      app.add_subcommand("compile", "Compile a model to a native library");
  compile->add_option("MODEL", options.modelPath, "The ONNX model")->required();
  compile
      ->add_option("-o", options.output,
                   "Folder for the library; a file or - for other --emit")
      ->required()
      ->type_name("PATH");
  compile
      ->add_option("--name", options.name,
                   "Name of the library (default: the file's stem)")
      ->type_name("NAME");
  compile
      ->add_option("--emit", texts.emit,
                   "Stop after a stage: " + join(getEmitNames()))
      ->type_name("STAGE");
  compile
      ->add_option("--target", texts.target,
                   "What runs the model: cpu (default)")
      ->type_name("TARGET");
  compile
      ->add_option("--cpu", options.levels,
                   "CPU levels, best first (default: x86-64-v4,x86-64-v3)")
      ->delimiter(',')
      ->type_name("LEVELS");
  compile
      ->add_option("--activations", texts.activations,
                   "Type that activations are computed in: f32 (default)")
      ->type_name("TYPE");
  compile
      ->add_option("--blas", texts.blas,
                   "Library for large dense products: none (default)")
      ->type_name("LIBRARY");
  compile
      ->add_option("--dim", texts.dims,
                   "Fix a symbolic extent of the inputs; may be repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=N");
  compile->add_option("-j", options.jobs, "Threads (default: all CPUs)")
      ->check(CLI::Range(1u, 1024u))
      ->type_name("N");
  compile->add_flag("--keep-nan-propagation", options.keepNan,
                    "Let NaN and infinities of experts that are not chosen "
                    "spread as in a model that computes them all; such layers "
                    "stay slow");
  compile->add_flag("--ort-cpu-compat", options.ortCpuCompat,
                    "Follow ONNX Runtime's CPU kernels where they have other "
                    "rules (docs/ort-differences.md)");
  compile
      ->add_option("--disable-pass", options.disabledPasses,
                   "Leave an optimisation out; may be repeated: " +
                       join(getOptimisations()))
      ->allow_extra_args(false)
      ->type_name("NAME");
  compile
      ->add_flag("--remarks{text}", texts.remarks,
                 "Print what passes did, and what they left alone; with =FILE "
                 "write it there as YAML")
      ->allow_extra_args(false);
  CLI::Option *profile =
      compile
          ->add_option("--expert-profile", options.expertProfile,
                       "Which experts were chosen, as moec-run --profile "
                       "writes it")
          ->type_name("FILE.json");
  CLI::Option *dropBelow =
      compile
          ->add_option("--drop-below", texts.dropBelow,
                       "Drop experts that had a smaller share of their layer's "
                       "choices, between 0 and 1")
          ->type_name("SHARE");
  profile->needs(dropBelow);
  dropBelow->needs(profile);
  compile->footer(
      "Examples:\n"
      "  moec compile model.onnx -o build/\n"
      "  moec compile model.onnx -o build/ --dim batch=1 --cpu x86-64-v3\n"
      "  moec compile model.onnx --emit moe -o -");
  return compile;
}

static CLI::App *addInspect(CLI::App &app, InspectOptions &options) {
  CLI::App *inspect = app.add_subcommand(
      "inspect", "Say what is inside a model: inputs, outputs, MoE layers, "
                 "parameters, unsupported nodes");
  inspect->add_option("MODEL", options.modelPath, "The ONNX model")->required();
  inspect->add_flag("--json", options.asJson, "Print JSON");
  inspect
      ->add_option("--why", options.why,
                   "Say instead of one node in which MoE layer it is, or which "
                   "matcher stopped where")
      ->type_name("NODE");
  inspect->footer("Examples:\n"
                  "  moec inspect model.onnx --json\n"
                  "  moec inspect model.onnx --why /layers.0/mlp/Mul");
  return inspect;
}

static CLI::App *addVerify(CLI::App &app, VerifyOptions &options,
                           VerifyTexts &texts) {
  CLI::App *verify = app.add_subcommand(
      "verify", "Compare a library with test data or with plain loops");
  verify->add_option("LIB", options.library, "libNAME.so")->required();
  verify
      ->add_option("--test-data", options.testData,
                   "Folder with input_N.pb and output_N.pb")
      ->type_name("DIR");
  CLI::Option *model =
      verify
          ->add_option("--model", options.model,
                       "The model: compare with plain loops, on random inputs "
                       "unless given")
          ->type_name("MODEL.onnx");
  verify
      ->add_flag("--ort-cpu-compat", options.ortCpuCompat,
                 "The library was compiled with this flag")
      ->needs(model);
  verify->add_option("--input", texts.inputs, "An input (others are random)")
      ->allow_extra_args(false)
      ->needs(model)
      ->type_name("NAME=FILE.npy");
  verify
      ->add_option("--dim", texts.dims,
                   "Extent of a dimension of the random inputs (default: that "
                   "of given inputs; of a decoder's mask: ids and cache "
                   "together; else 1)")
      ->allow_extra_args(false)
      ->type_name("NAME=N");
  verify
      ->add_option("--ints", texts.ints,
                   "Range of random integers, HI excluded "
                   "(default 0..2); masks are 1, positions count from 0")
      ->needs(model)
      ->type_name("LO..HI");
  verify
      ->add_option("--seed", options.inputs.random.seed,
                   "Of random inputs (default 1)")
      ->type_name("S");
  verify
      ->add_option("--rtol", options.rtol,
                   "Relative tolerance (default: the library's manifest)")
      ->check(CLI::NonNegativeNumber)
      ->type_name("R");
  verify
      ->add_option(
          "--atol", options.atol,
          "Absolute tolerance (default: rtol times the greatest value)")
      ->check(CLI::NonNegativeNumber)
      ->type_name("A");
  verify->add_flag("--weights", options.checkWeights,
                   "Check the hash of every segment of the weights");
  verify->add_flag("--bisect", options.bisect,
                   "With --model: name the first node out of tolerance");
  verify->footer(
      "Examples:\n"
      "  moec verify build/libmodel.so --model model.onnx --dim T=7 --bisect\n"
      "  moec verify build/libmodel.so --model model.onnx --input x=x.npy\n"
      "  moec verify build/libmodel.so --test-data test_data_set_0\n"
      "  moec verify build/libmodel.so --weights");
  return verify;
}

static CLI::App *addCheckCertificate(CLI::App &app,
                                     CheckCertificateOptions &options) {
  CLI::App *check = app.add_subcommand(
      "check-certificate",
      "Check what a manifest says of dead experts against the model");
  check->add_option("MODEL", options.modelPath, "The ONNX model")->required();
  check->add_option("MANIFEST", options.manifestPath, "NAME.json of a library")
      ->required();
  check->add_flag("--json", options.asJson, "Print JSON");
  check->footer("Example:\n"
                "  moec check-certificate model.onnx build/model.json");
  return check;
}

/// Calls `parse` of the code shared with moec-run, whose Error is one of the
/// option.
template <typename Parse>
static void parseShared(const char *option, Parse parse) {
  try {
    parse();
  } catch (const moecrun::Error &error) {
    throw CLI::ValidationError(option, error.what());
  }
}

static void finishVerify(const VerifyTexts &texts, VerifyOptions &options) {
  moecrun::InputOptions &inputs = options.inputs;
  for (const std::string &text : texts.inputs)
    parseShared("--input", [&] {
      auto [name, file] = moecrun::splitNamed(text);
      inputs.files[name] = file;
    });
  for (const auto &[name, extent] : parseDims(texts.dims))
    inputs.dims[name] = extent;
  if (!texts.ints.empty())
    parseShared("--ints",
                [&] { moecrun::parseInts(texts.ints, inputs.random); });
  if (!options.testData.empty() && !options.model.empty())
    throw CLI::ValidationError("--test-data", "excludes --model");
  if (options.testData.empty() && options.model.empty() &&
      !options.checkWeights)
    throw CLI::RequiredError("--test-data, --model or --weights");
  if (options.bisect && options.model.empty())
    throw CLI::RequiredError("--model with --bisect");
}

//===-- main --------------------------------------------------------------===//

/// The parser ended early: help, version, or an error.
static int endParse(const CLI::App &app, const CLI::ParseError &error,
                    const CommonOptions &common) {
  if (error.get_exit_code() == 0)
    return app.exit(error);
  DiagnosticPrinter(common.diagnostics == "json")
      .print(Diagnostic(DriverError::Usage, "",
                        std::string(error.what()) +
                            "; see 'moec COMMAND --help'"));
  return kExitUsage;
}

static int runCommand(int argc, char **argv) {
  CLI::App app("moec: Mixture-of-Experts models in ONNX to native libraries",
               "moec");
  app.set_version_flag("--version", "moec " MOEC_VERSION);
  app.require_subcommand(1);
  app.footer("Example:\n  moec compile model.onnx -o build/\n"
             "See 'moec COMMAND --help' for the options of a command.");
  CommonOptions common;
  CompileOptions compile;
  CompileTexts texts;
  InspectOptions inspect;
  VerifyOptions verify;
  VerifyTexts verifyTexts;
  CheckCertificateOptions check;
  CLI::App *compileCommand = addCompile(app, compile, texts);
  CLI::App *inspectCommand = addInspect(app, inspect);
  CLI::App *verifyCommand = addVerify(app, verify, verifyTexts);
  CLI::App *checkCommand = addCheckCertificate(app, check);
  for (CLI::App *command :
       {compileCommand, inspectCommand, verifyCommand, checkCommand}) {
    addCommon(command, common);
    command->set_version_flag("--version", "moec " MOEC_VERSION);
  }
  try {
    app.parse(argc, argv);
    compile.limits = inspect.limits = verify.limits = check.limits =
        getLimits(common);
    if (*compileCommand)
      finishCompile(texts, compile);
    if (*verifyCommand)
      finishVerify(verifyTexts, verify);
  } catch (const CLI::ParseError &error) {
    return endParse(app, error, common);
  } catch (const NotAvailable &refused) {
    DiagnosticPrinter(common.diagnostics == "json")
        .print(Diagnostic(DriverError::NotAvailable, "", refused.message));
    return kExitUsage;
  }
  compile.resourceFolder = verify.resourceFolder = findResourceFolder();
  compile.commandLine.assign(argv, argv + argc);
  verify.commandLine = compile.commandLine;
  DiagnosticPrinter printer(common.diagnostics == "json");
  llvm::LogicalResult result =
      *compileCommand   ? compileModel(compile, printer)
      : *inspectCommand ? inspectModel(inspect, printer)
      : *checkCommand   ? checkCertificate(check, printer)
                        : verifyLibrary(verify, printer);
  return llvm::succeeded(result) ? 0 : kExitFailed;
}

int main(int argc, char **argv) {
  try {
    return runCommand(argc, argv);
  } catch (const std::exception &error) {
    // Only memory can run out here: work is done in a child process.
    fprintf(stderr, "moec: error: %s\n", error.what());
    return kExitFailed;
  }
}
