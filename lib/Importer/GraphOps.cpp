//===-- GraphOps.cpp - one op: operands, results, types -------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"

#include "dialects/Onnx/IR/SingleElements.h"

#include "llvm/Support/CheckedArithmetic.h"

#include <limits>
#include <optional>

using namespace llvm;
using namespace mlir;
using namespace moec;
using namespace moec::importer;

/// Distributes values among inputs by the letters of a schema. Returns how many
/// each takes.
static FailureOr<SmallVector<int32_t>>
getSegments(StringRef kinds, ArrayRef<bool> present, const Reporter &reporter,
            ErrorId id, StringRef where, StringRef noun) {
  SmallVector<int32_t> sizes;
  size_t next = 0;
  for (auto [index, kind] : enumerate(kinds)) {
    if (kind == 'v') {
      // The others after it take one value each.
      size_t after = kinds.size() - index - 1;
      size_t count =
          present.size() > next + after ? present.size() - next - after : 0;
      for (size_t i = next; i < next + count; ++i)
        if (!present[i])
          return reporter.error(id)
                 << where << " lacks " << noun << " " << i
                 << ", one of a list; export the model again";
      sizes.push_back(count);
      next += count;
      continue;
    }
    bool has = next < present.size() && present[next];
    if (!has && kind == 'r')
      return reporter.error(id) << where << " lacks " << noun << " " << next
                                << ", which is required; export the model "
                                   "again";
    sizes.push_back(has);
    ++next;
  }
  if (next < present.size())
    return reporter.error(id) << where << " has " << present.size() << " "
                              << noun << "s, expected at most " << kinds.size()
                              << "; export the model for a supported version";
  return sizes;
}

static unsigned countVariable(StringRef kinds) {
  return count_if(kinds, [](char kind) { return kind != 'r'; });
}

SmallVector<bool> importer::getMadeOutputs(ArrayRef<StringRef> outputs,
                                           StringRef kinds) {
  SmallVector<bool> made;
  bool isList = kinds.contains('v');
  for (auto [index, output] : enumerate(outputs))
    made.push_back(isList || !output.empty() ||
                   (index < kinds.size() && kinds[index] == 'r'));
  while (!made.empty() && !made.back())
    made.pop_back();
  while (made.size() < kinds.size() && kinds[made.size()] == 'r')
    made.push_back(true);
  return made;
}

FailureOr<Operation *> GraphImporter::createOp(const NodeForm &form,
                                               const Operator &op,
                                               ArrayRef<bool> outputs,
                                               StringRef where, Location loc) {
  const onnx::NodeSchema &schema = *op.schema;
  SmallVector<bool> inputs;
  for (Value input : form.inputs)
    inputs.push_back(bool(input));
  FailureOr<SmallVector<int32_t>> inputSizes = getSegments(
      schema.inputKinds, inputs, reporter, ErrorId::InputCount, where, "input");
  FailureOr<SmallVector<int32_t>> outputSizes = failure();
  if (succeeded(inputSizes))
    outputSizes = getSegments(schema.outputKinds, outputs, reporter,
                              ErrorId::OutputCount, where, "output");
  if (failed(outputSizes))
    return failure();

  OperationState state(loc, op.name);
  for (Value input : form.inputs)
    if (input)
      state.addOperands(input);
  state.addAttributes(form.attributes.getAttrs());
  if (countVariable(schema.inputKinds) > 1)
    state.addAttribute("operandSegmentSizes",
                       builder.getDenseI32ArrayAttr(*inputSizes));
  if (countVariable(schema.outputKinds) > 1)
    state.addAttribute("resultSegmentSizes",
                       builder.getDenseI32ArrayAttr(*outputSizes));
  // No op accepts this type: see inferTypes.
  unsigned numResults = 0;
  for (int32_t size : *outputSizes)
    numResults += size;
  state.addTypes(SmallVector<Type>(numResults, builder.getNoneType()));
  return builder.create(state);
}

/// Terms, factors and operations of one extent. Every node simplifies the
/// extents of its operands, which costs the square of this; models that were
/// not made to be hard stay far below.
static constexpr unsigned kMaxParts = 256;

/// Adds the parts of an expression to `count`; false beyond the bound.
static bool countParts(AffineExpr expr, unsigned &count) {
  if (++count > kMaxParts)
    return false;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  return !binary || (countParts(binary.getLHS(), count) &&
                     countParts(binary.getRHS(), count));
}

/// Why a result cannot be worked with; empty for a sound one.
static StringRef checkResult(Value result, onnx::ShapeContext &shapes) {
  auto type = cast<RankedTensorType>(result.getType());
  int64_t elements = 1;
  for (int64_t size : type.getShape()) {
    if (ShapedType::isDynamic(size))
      continue;
    if (size < 0 || size > kMaxExtent)
      return "a result has an extent outside 0 to 2^40; make it smaller";
    std::optional<int64_t> product =
        checkedMul(elements, std::max<int64_t>(size, 1));
    if (!product || *product > std::numeric_limits<int64_t>::max() / 64)
      return "a result has more elements than 64 bits can count; split it";
    elements = *product;
  }
  unsigned count = 0;
  for (AffineExpr extent : shapes.getExtents(result))
    if (!countParts(extent, count))
      return "the arithmetic of a result's extents has more than 256 parts; "
             "give some of the extents of inputs a size";
  if (std::optional<onnx::Extents> known = shapes.getElements(result)) {
    // Known elements only make shapes more precise: forget unwieldy ones.
    bool isUnwieldy = false;
    for (AffineExpr &element : *known) {
      count = 0;
      if (element && !countParts(element, count)) {
        element = {};
        isUnwieldy = true;
      }
    }
    if (isUnwieldy)
      shapes.setElements(result, *known);
  }
  return "";
}

/// Whether a diagnostic speaks of the type that results have until shape
/// inference, which no operand has, or of any other.
static bool hasType(Diagnostic &diagnostic, bool isPlaceholder) {
  using Kind = DiagnosticArgument::DiagnosticArgumentKind;
  return any_of(diagnostic.getArguments(), [&](DiagnosticArgument &argument) {
    return argument.getKind() == Kind::Type &&
           isa<NoneType>(argument.getAsType()) == isPlaceholder;
  });
}

LogicalResult GraphImporter::inferTypes(Operation *op, StringRef where) {
  std::string message;
  ErrorId id = ErrorId::BadNode;
  bool isOfResult = false, isVerifying = true;
  auto capture = [&](Diagnostic &diagnostic) {
    if (!message.empty() ||
        diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return success();
    message = diagnostic.str();
    isOfResult = hasType(diagnostic, /*isPlaceholder=*/true);
    if (onnx::isUnsupported(diagnostic))
      id = ErrorId::UnsupportedForm;
    // Whether ONNX has the operator for such operands, the op does not know.
    if (isVerifying && hasType(diagnostic, /*isPlaceholder=*/false)) {
      id = ErrorId::UnsupportedForm;
      message += "; convert it to such a type";
    }
    return success();
  };
  auto fail = [&]() -> LogicalResult {
    std::string prefix = ("'" + op->getName().getStringRef() + "' op ").str();
    StringRef text = message;
    text.consume_front(prefix);
    if (id != ErrorId::BadNode)
      return reporter.error(id)
             << where << " has a form that is not supported: " << text;
    return reporter.error(id) << where << " is not valid: " << text
                              << "; check the model where it was made";
  };

  unsigned firstSymbol = shapes.getNumSymbols();
  {
    ScopedDiagnosticHandler handler(op->getContext(), capture);
    // Shape inference may trust attributes and operand types, so they are
    // verified first. The results, still of the placeholder's type, are what
    // a correct node is refused for; they come last.
    bool isValid = succeeded(op->getName().verifyInvariants(op)) || isOfResult;
    isVerifying = false;
    if (isValid) {
      message.clear();
      isValid = succeeded(onnx::requireElements(shapes, op)) &&
                succeeded(cast<onnx::OnnxNode>(op).inferShapes(shapes));
    }
    if (isValid) {
      for (Type type : op->getResultTypes())
        if (!isa<RankedTensorType>(type)) {
          id = ErrorId::UnknownRank;
          message = "a result has no known rank; give the model's inputs one";
          isValid = false;
        }
      isValid = isValid && succeeded(op->getName().verifyInvariants(op));
      for (Value result : op->getResults())
        if (StringRef reason = isValid ? checkResult(result, shapes) : "";
            !reason.empty()) {
          id = ErrorId::UnsupportedForm;
          message = reason.str();
          isValid = false;
        }
    }
    if (!isValid && message.empty())
      message = "its shapes do not fit";
    if (isValid)
      message.clear();
  }
  if (!message.empty())
    return fail();
  if (shapes.getNumSymbols() != firstSymbol)
    newSymbols[op] = {firstSymbol, shapes.getNumSymbols()};
  return success();
}
