//===-- Passes.td - looking at parameters ---------------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_PARAMETERS_PASSES_TD
#define MOEC_PARAMETERS_PASSES_TD

include "mlir/Pass/PassBase.td"

def TestParamEvaluate : Pass<"test-param-evaluate", "::mlir::ModuleOp"> {
  let summary = "writes the bytes of one parameter to a file";
  let description = [{
    For tests. The IR stays as it is. The bytes are those that the weights file
    would hold. `region` reads only a box: offsets, then sizes, in elements.

    Errors: no such parameter, an output that cannot be written, a recipe that
    cannot be evaluated (its files are missing, or shorter than they should be).
  }];
  let options = [
    Option<"param", "param", "std::string", "", "the name of the parameter">,
    Option<"output", "output", "std::string", "", "the file to write">,
    Option<"model", "model", "std::string", "",
           "the model file, in whose folder the parameters' files are">,
    ListOption<"region", "region", "int64_t", "offsets, then sizes, of a box">];
}

def TestParamWriteWeights : Pass<"test-param-write-weights", "::mlir::ModuleOp"> {
  let summary = "writes the weights file of a laid out module";
  let description = [{
    For tests. Before: `param.decl`s that `param-layout` gave a place. The IR
    stays as it is. The build id is that of the segments and of `extra`.

    Errors: as `test-param-evaluate`, and a parameter without a place.
  }];
  let options = [
    Option<"output", "output", "std::string", "", "the file to write">,
    Option<"model", "model", "std::string", "",
           "the model file, in whose folder the parameters' files are">,
    Option<"extra", "extra", "std::string", "", "hashed into the build id">];
}

#endif // MOEC_PARAMETERS_PASSES_TD
