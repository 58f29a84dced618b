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
//
//===----------------------------------------------------------------------===//

#include "Faults.h"

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

int main(int argc, char **argv) {
  if (argc == 1) {
    for (const Fault &fault : getFaults())
      llvm::outs() << fault.name << ": " << fault.summary << "\n";
    return 0;
  }
  const Fault *fault = findFault(argv[1]);
  if (argc != 4 || (!fault && llvm::StringRef(argv[1]) != "none")) {
    llvm::errs() << "usage: moec-plant [FAULT MODEL.onnx FOLDER]\n";
    return 2;
  }
  CompileOptions options;
  options.modelPath = argv[2];
  options.output = argv[3];
  options.name = "m";
  options.levels = {"x86-64-v3"};
  options.jobs = 1;
  options.resourceFolder = MOEC_RESOURCE_FOLDER;
  options.commandLine.assign(argv, argv + argc);
  if (fault)
    options.extendStage = [=](EmitKind stage, mlir::OpPassManager &manager) {
      if (stage == fault->stage)
        manager.addPass(createPlantFault(*fault));
    };
  DiagnosticPrinter printer(/*json=*/false);
  return llvm::succeeded(compileModel(options, printer)) ? 0 : 1;
}
