//===-- OnnxInterfaces.td - what every onnx op knows ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MOEC_DIALECTS_ONNX_IR_ONNXINTERFACES_TD
#define MOEC_DIALECTS_ONNX_IR_ONNXINTERFACES_TD

include "mlir/IR/OpBase.td"

def OnnxNodeInterface : OpInterface<"OnnxNode"> {
  let cppNamespace = "::moec::onnx";
  let description = [{
    The link between an op of this dialect and the ONNX operator it stands for.
    The importer, shape inference and kernel outlining need nothing else.
  }];
  let methods = [
    StaticInterfaceMethod<
      "The schema: domain, operator, versions, operand and result kinds.",
      "const ::moec::onnx::NodeSchema &", "getSchema">,
    InterfaceMethod<[{
      Sets the type and symbolic extents of every result (and the elements of
      small integer results, where known). Emits a diagnostic and fails where
      the operands do not fit the operator.
    }], "::llvm::LogicalResult", "inferShapes",
      (ins "::moec::onnx::ShapeContext &":$context)>,
    InterfaceMethod<[{
      For results that have fresh symbols as extents (data-dependent shapes):
      builds, before this op and from its operands, the `index` value of extent
      `dim` of result `result`. Null where the op makes no such extent.
    }], "::mlir::Value", "materializeExtent",
      (ins "::mlir::OpBuilder &":$builder, "unsigned":$result, "unsigned":$dim),
      "", [{ return {}; }]>,
    InterfaceMethod<[{
      For a result that continues an operand (the present of a cache continues
      the past): that operand. Where both share a buffer, rows that are in place
      already need no copy. Null for every other result.
    }], "::mlir::Value", "getContinued", (ins "unsigned":$result), "",
      [{ return {}; }]>,
    InterfaceMethod<[{
      Builds, before this op and from its operands, the run-time checks of what
      their elements must be, where no extent depends on it (axes in range).
    }], "void", "buildChecks", (ins "::mlir::OpBuilder &":$builder), "", [{ return; }]>,
  ];
}

#endif // MOEC_DIALECTS_ONNX_IR_ONNXINTERFACES_TD
