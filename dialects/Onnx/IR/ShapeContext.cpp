//===-- ShapeContext.cpp - symbolic extents of onnx values ----------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialects/Onnx/IR/Onnx.h"
#include "dialects/Onnx/IR/SingleElements.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace moec::onnx;

std::string ShapeContext::describe(AffineExpr extent) const {
  return describeExtent(extent, names);
}

void moec::onnx::addCheck(Operation *op, CheckKind kind, AffineExpr a,
                          AffineExpr b, unsigned numSymbols,
                          const Twine &what) {
  MLIRContext *context = op->getContext();
  SmallVector<Attribute> checks;
  if (auto old = op->getAttrOfType<ArrayAttr>(kEqualAttr))
    checks.assign(old.begin(), old.end());
  auto sides =
      AffineMapAttr::get(AffineMap::get(0, numSymbols, {a, b}, context));
  auto check =
      CheckAttr::get(context, kind, sides, StringAttr::get(context, what));
  if (llvm::is_contained(checks, check))
    return;
  checks.push_back(check);
  op->setAttr(kEqualAttr, ArrayAttr::get(context, checks));
}

AffineMap moec::onnx::getShapeMap(Value value) {
  if (auto arg = dyn_cast<BlockArgument>(value)) {
    auto function =
        dyn_cast<FunctionOpInterface>(arg.getOwner()->getParentOp());
    if (!function)
      return AffineMap();
    auto shape = function.getArgAttrOfType<AffineMapAttr>(arg.getArgNumber(),
                                                          kShapeAttr);
    return shape ? shape.getValue() : AffineMap();
  }
  auto result = cast<OpResult>(value);
  auto shapes = result.getOwner()->getAttrOfType<ArrayAttr>(kShapesAttr);
  if (!shapes)
    return AffineMap();
  return cast<AffineMapAttr>(shapes[result.getResultNumber()]).getValue();
}

/// What marks a diagnostic as one about an unsupported form.
static constexpr llvm::StringLiteral kUnsupported = "onnx.unsupported";

InFlightDiagnostic moec::onnx::emitUnsupported(Operation *op) {
  InFlightDiagnostic error = op->emitOpError();
  error.getUnderlyingDiagnostic()->getMetadata().emplace_back(
      StringRef(kUnsupported));
  return error;
}

bool moec::onnx::isUnsupported(Diagnostic &diagnostic) {
  return llvm::any_of(diagnostic.getMetadata(), [](DiagnosticArgument &mark) {
    return mark.getKind() ==
               DiagnosticArgument::DiagnosticArgumentKind::String &&
           mark.getAsString() == kUnsupported;
  });
}

std::string moec::onnx::describeExtent(AffineExpr expr,
                                       ArrayRef<std::string> names) {
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return names[symbol.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return std::to_string(constant.getValue());
  if (AffineExpr whole = getAtMostOneOf(expr))
    return "min(" + describeExtent(whole, names) + ", 1)";
  auto binary = cast<AffineBinaryOpExpr>(expr);
  StringRef name;
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    name = " + ";
    break;
  case AffineExprKind::Mul:
    name = " * ";
    break;
  case AffineExprKind::Mod:
    name = " mod ";
    break;
  case AffineExprKind::FloorDiv:
    name = " floordiv ";
    break;
  default:
    name = " ceildiv ";
    break;
  }
  return ("(" + Twine(describeExtent(binary.getLHS(), names)) + name +
          describeExtent(binary.getRHS(), names) + ")")
      .str();
}

ShapeContext::ShapeContext(ModuleOp module) : context(module.getContext()) {
  if (auto symbols = module->getAttrOfType<ArrayAttr>(kSymbolsAttr))
    for (StringAttr name : symbols.getAsRange<StringAttr>())
      createSymbol(name);
}

void ShapeContext::storeSymbols(ModuleOp module) const {
  SmallVector<StringRef> symbols(names.begin(), names.end());
  module->setAttr(kSymbolsAttr, Builder(context).getStrArrayAttr(symbols));
}

AffineExpr ShapeContext::getConstant(int64_t value) const {
  return getAffineConstantExpr(value, context);
}

AffineExpr ShapeContext::createSymbol(StringRef hint) {
  std::string name = hint.empty() ? "d" : hint.str();
  unsigned suffix = 0;
  while (!positions.try_emplace(name, names.size()).second)
    name = (hint + "_" + Twine(suffix++)).str();
  names.push_back(std::move(name));
  return getAffineSymbolExpr(names.size() - 1, context);
}

AffineExpr ShapeContext::getNamedSymbol(StringRef name) {
  auto found = positions.find(name);
  if (found != positions.end())
    return getAffineSymbolExpr(found->second, context);
  return createSymbol(name);
}

int64_t ShapeContext::getRank(Value value) const {
  return cast<RankedTensorType>(value.getType()).getRank();
}

Extents ShapeContext::getExtents(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  auto found = extents.find(value);
  if (found != extents.end())
    return found->second;
  AffineMap recorded = getShapeMap(value);
  bool isRecorded =
      recorded && int64_t(recorded.getNumResults()) == type.getRank();
  Extents result;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    result.push_back(!ShapedType::isDynamic(size) ? getConstant(size)
                     : isRecorded                 ? recorded.getResult(dim)
                                                  : createSymbol("d"));
  extents[value] = result;
  return result;
}

void ShapeContext::setExtents(Value value, ArrayRef<AffineExpr> sizes) {
  extents[value] = Extents(sizes.begin(), sizes.end());
}

void ShapeContext::setResult(OpResult result, Type elementType,
                             ArrayRef<AffineExpr> sizes) {
  SmallVector<int64_t> shape;
  Extents simplified;
  for (AffineExpr size : sizes) {
    // The symbol count grows while inference runs: simplify with what is there.
    AffineExpr expr = simplifyAffineExpr(size, 0, names.size());
    simplified.push_back(expr);
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    shape.push_back(constant ? constant.getValue() : ShapedType::kDynamic);
  }
  result.setType(RankedTensorType::get(shape, elementType));
  setExtents(result, simplified);

  Operation *op = result.getOwner();
  SmallVector<Attribute> maps;
  if (auto old = op->getAttrOfType<ArrayAttr>(kShapesAttr))
    maps.assign(old.begin(), old.end());
  maps.resize(op->getNumResults(), AffineMapAttr::get(AffineMap::get(context)));
  maps[result.getResultNumber()] =
      AffineMapAttr::get(AffineMap::get(0, names.size(), simplified, context));
  op->setAttr(kShapesAttr, ArrayAttr::get(context, maps));
}

std::optional<Extents> ShapeContext::getElements(Value value) {
  auto found = elements.find(value);
  if (found != elements.end())
    return found->second;
  DenseIntElementsAttr constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return std::nullopt;
  // Shape arithmetic works on a handful of numbers; longer tensors are data.
  constexpr int64_t kMaxElements = 1024;
  if (constant.getType().getRank() > 1 || constant.size() > kMaxElements)
    return std::nullopt;
  Extents result;
  bool isUnsigned = constant.getElementType().isUnsignedInteger() ||
                    constant.getElementType().isInteger(1);
  for (APInt element : constant.getValues<APInt>()) {
    // Expressions have signed numbers.
    if (isUnsigned && element.getActiveBits() > 63)
      result.push_back({});
    else
      result.push_back(getConstant(isUnsigned ? element.getZExtValue()
                                              : element.getSExtValue()));
  }
  return result;
}

void ShapeContext::setElements(Value value, ArrayRef<AffineExpr> known) {
  Extents simplified;
  for (AffineExpr expr : known)
    simplified.push_back(expr ? simplifyAffineExpr(expr, 0, names.size())
                              : expr);
  elements[value] = std::move(simplified);
}

std::optional<SmallVector<int64_t>>
ShapeContext::getConstantElements(Value value) {
  std::optional<Extents> known = getElements(value);
  if (!known)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (AffineExpr expr : *known) {
    auto constant = dyn_cast_or_null<AffineConstantExpr>(expr);
    if (!constant)
      return std::nullopt;
    result.push_back(constant.getValue());
  }
  return result;
}

LogicalResult ShapeContext::requireEqual(Operation *op, AffineExpr a,
                                         AffineExpr b, const Twine &what,
                                         CheckKind kind) {
  a = simplifyAffineExpr(a, 0, names.size());
  b = simplifyAffineExpr(b, 0, names.size());
  if (a == b)
    return success();
  AffineExpr difference = simplifyAffineExpr(a - b, 0, names.size());
  if (auto constant = dyn_cast<AffineConstantExpr>(difference)) {
    if (constant.getValue() == 0)
      return success();
    return op->emitError() << what << ": " << describe(a) << " and "
                           << describe(b) << " must be equal";
  }
  addCheck(op, kind, a, b, names.size(), what);
  return success();
}

FailureOr<AffineExpr> ShapeContext::broadcast(Operation *op, AffineExpr a,
                                              AffineExpr b) {
  auto isOne = [](AffineExpr expr) {
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    return constant && constant.getValue() == 1;
  };
  if (isOne(a))
    return b;
  if (isOne(b))
    return a;
  if (failed(requireEqual(op, a, b, "extents do not broadcast",
                          CheckKind::Broadcast)))
    return failure();
  return isa<AffineConstantExpr>(b) ? b : a;
}

FailureOr<Extents> ShapeContext::broadcast(Operation *op,
                                           ArrayRef<AffineExpr> a,
                                           ArrayRef<AffineExpr> b) {
  size_t rank = std::max(a.size(), b.size());
  Extents result;
  for (size_t i = 0; i < rank; ++i) {
    size_t fromEnd = rank - i;
    if (fromEnd > a.size()) {
      result.push_back(b[b.size() - fromEnd]);
    } else if (fromEnd > b.size()) {
      result.push_back(a[a.size() - fromEnd]);
    } else {
      FailureOr<AffineExpr> extent =
          broadcast(op, a[a.size() - fromEnd], b[b.size() - fromEnd]);
      if (failed(extent))
        return failure();
      result.push_back(*extent);
    }
  }
  return result;
}

FailureOr<int64_t> moec::onnx::normalizeAxis(Operation *op, int64_t axis,
                                             int64_t rank) {
  if (axis < -rank || axis >= rank) {
    op->emitError() << "axis " << axis << " is outside [" << -rank << ", "
                    << rank - 1 << "]";
    return failure();
  }
  return axis < 0 ? axis + rank : axis;
}
