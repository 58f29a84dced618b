//===-- ExtentMessages.cpp - what a run says of its extents ---------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExtentMessages.h"

using namespace mlir;
using namespace moec;

/// So much of a name that the message around it is not cut.
static std::string shorten(StringRef name) {
  constexpr size_t kMost = 48;
  if (name.size() <= kMost)
    return name.str();
  size_t end = kMost - 3;
  // Not in the midst of a character of UTF-8.
  while (end > 0 && (uint8_t(name[end]) & 0xc0) == 0x80)
    --end;
  return (name.take_front(end) + "...").str();
}

static std::string quote(StringRef name) { return "'" + shorten(name) + "'"; }

ExtentMessages::ExtentMessages(func::FuncOp main) {
  auto module = main->getParentOfType<ModuleOp>();
  if (auto names = module->getAttrOfType<ArrayAttr>(onnx::kSymbolsAttr))
    for (auto name : names.getAsRange<StringAttr>())
      symbols.push_back(name.str());
  for (BlockArgument arg : main.getArguments()) {
    AffineMap shape = onnx::getShapeMap(arg);
    if (!shape)
      continue;
    auto name =
        main.getArgAttrOfType<StringAttr>(arg.getArgNumber(), onnx::kNameAttr);
    for (AffineExpr extent : shape.getResults())
      if (auto symbol = dyn_cast<AffineSymbolExpr>(extent))
        inputs.try_emplace(symbol.getPosition(), name ? name.str() : "");
  }
}

std::string ExtentMessages::getName(unsigned position) const {
  return position < symbols.size() ? symbols[position]
                                   : "s" + std::to_string(position);
}

std::string ExtentMessages::describe(AffineExpr extent) const {
  auto symbol = dyn_cast<AffineSymbolExpr>(extent);
  if (!symbol) {
    SmallVector<std::string> names;
    extent.walk([&](AffineExpr part) {
      if (auto symbol = dyn_cast<AffineSymbolExpr>(part))
        for (unsigned i = names.size(); i <= symbol.getPosition(); ++i)
          names.push_back(getName(i));
    });
    return shorten(onnx::describeExtent(extent, names));
  }
  auto input = inputs.find(symbol.getPosition());
  if (input == inputs.end())
    return "an extent that the run computes";
  std::string name = quote(getName(symbol.getPosition()));
  return input->second.empty() ? name : name + " of " + quote(input->second);
}

std::string ExtentMessages::advise(AffineMap sides) const {
  std::string options;
  for (AffineExpr side : sides.getResults()) {
    auto symbol = dyn_cast<AffineSymbolExpr>(side);
    if (!symbol || !inputs.count(symbol.getPosition()))
      continue;
    options += options.empty() ? "--dim " : " or --dim ";
    options += shorten(getName(symbol.getPosition())) + "=1";
  }
  return options.empty() ? options : "compile with " + options;
}

std::string ExtentMessages::describe(onnx::CheckAttr check) const {
  AffineMap sides = check.getSides().getValue();
  AffineExpr left = sides.getResult(0), right = sides.getResult(1);
  std::string first = describe(left), second = describe(right);
  std::string what = " (" + check.getWhat().str() + "): ";
  std::string advice = advise(sides);
  bool isFixed = isa<AffineConstantExpr>(right);
  switch (check.getKind()) {
  case onnx::CheckKind::AtLeast:
    if (isa<AffineConstantExpr>(left))
      return "an extent is too large" + what + second +
             " is {1}, expected at most " + first;
    return "an extent is too small" + what + first +
           " is {0}, expected at least " +
           (isFixed                        ? second
            : isa<AffineSymbolExpr>(right) ? second + ", which is {1}"
                                           : "{1}");
  case onnx::CheckKind::Differ:
    return "an extent must not be " + second + what + first + " is {0}" +
           (advice.empty() ? "" : "; or " + advice);
  case onnx::CheckKind::Equal:
    advice.clear();
    break;
  case onnx::CheckKind::Broadcast:
    what = ": ";
    advice = "; an extent that is 1 in a run alone does not broadcast" +
             (advice.empty() ? "" : ", " + advice + " for that");
    break;
  }
  if (isa<AffineConstantExpr>(left) && !isFixed)
    return "two extents that must be equal differ" + what + second +
           " is {1}, expected " + first + advice;
  return "two extents that must be equal differ" + what + first + " is {0}, " +
         (isFixed ? "expected " + second : second + " is {1}") + advice;
}
