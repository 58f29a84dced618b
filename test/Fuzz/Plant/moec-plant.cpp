//===-- moec-plant.cpp - the compiler with one fault ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// usage: moec-plant                          lists the faults
//        moec-plant FAULT MODEL.onnx FOLDER  compiles libm.so with that fault,
//                                            or with one that is refused and
//                                            not listed
//        moec-plant none MODEL.onnx FOLDER   compiles it as moec does, for the
//                                            level x86-64-v3
//        moec-plant FAULT MODEL.onnx FOLDER bisect NAME=N...
//                                            is `moec verify --bisect` of it,
//                                            with the fault wherever the model
//                                            is compiled again
//
//===----------------------------------------------------------------------===//

#include "Faults.h"

#include "tools/moec/Verify.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

using namespace moec;

static const Fault *findFault(llvm::StringRef name) {
  for (llvm::ArrayRef<Fault> faults : {getFaults(), getRefusedFaults()})
    for (const Fault &fault : faults)
      if (name == fault.name)
        return &fault;
  return nullptr;
}

static decltype(CompileOptions::extendStage) extendBy(const Fault *fault,
                                                      bool needsPlace) {
  if (!fault)
    return {};
  return [=](EmitKind stage, mlir::OpPassManager &manager) {
    if (stage == fault->stage)
      manager.addPass(createPlantFault(*fault, needsPlace));
  };
}

static bool compile(const Fault *fault, llvm::ArrayRef<const char *> words,
                    DiagnosticPrinter &printer) {
  CompileOptions options;
  options.modelPath = words[2];
  options.output = words[3];
  options.name = "m";
  options.levels = {"x86-64-v3"};
  options.jobs = 1;
  options.resourceFolder = MOEC_RESOURCE_FOLDER;
  options.commandLine.assign(words.begin(), words.end());
  options.extendStage = extendBy(fault, /*needsPlace=*/true);
  return llvm::succeeded(compileModel(options, printer));
}

static bool bisect(const Fault *fault, llvm::ArrayRef<const char *> words,
                   DiagnosticPrinter &printer) {
  VerifyOptions options;
  options.library = std::string(words[3]) + "/libm.so";
  options.model = words[2];
  options.bisect = true;
  for (llvm::StringRef word : words.drop_front(5)) {
    auto [name, extent] = word.split('=');
    int64_t number;
    if (extent.getAsInteger(10, number))
      return false;
    options.inputs.dims[name.str()] = number;
  }
  options.resourceFolder = MOEC_RESOURCE_FOLDER;
  options.commandLine.assign(words.begin(), words.end());
  // Not all of its parts of the model have one.
  options.extendStage = extendBy(fault, /*needsPlace=*/false);
  return llvm::succeeded(verifyLibrary(options, printer));
}

int main(int argc, char **argv) {
  if (argc == 1) {
    for (const Fault &fault : getFaults())
      llvm::outs() << fault.name << ": " << fault.summary << "\n";
    return 0;
  }
  const Fault *fault = findFault(argv[1]);
  bool isBisect = argc > 4 && llvm::StringRef(argv[4]) == "bisect";
  bool isKnown = fault || llvm::StringRef(argv[1]) == "none";
  if ((argc != 4 && !isBisect) || !isKnown) {
    llvm::errs() << "usage: moec-plant [FAULT MODEL.onnx FOLDER "
                    "[bisect NAME=N...]]\n";
    return 2;
  }
  DiagnosticPrinter printer(/*json=*/false);
  llvm::ArrayRef<const char *> words(argv, argc);
  return (isBisect ? bisect : compile)(fault, words, printer) ? 0 : 1;
}
