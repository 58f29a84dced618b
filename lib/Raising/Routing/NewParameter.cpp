//===-- NewParameter.cpp - parameters made of others ----------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NewParameter.h"

#include "dialects/Param/IR/Recipes.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace moec;

param::RecipeInterface moec::routing::getRecipe(Value value,
                                                const SymbolTable &symbols) {
  if (auto load = value.getDefiningOp<param::LoadOp>()) {
    auto decl = symbols.lookup<param::DeclOp>(load.getParam());
    return decl ? decl.getTypedRecipe() : param::RecipeInterface();
  }
  DenseElementsAttr elements;
  return matchPattern(value, m_Constant(&elements)) ? param::makeDense(elements)
                                                    : param::RecipeInterface();
}

Value moec::routing::loadNewParameter(OpBuilder &builder, Location loc,
                                      SymbolTable &symbols, Value base,
                                      param::RecipeInterface recipe,
                                      StringRef suffix) {
  auto load = base.getDefiningOp<param::LoadOp>();
  auto beside =
      load ? symbols.lookup<param::DeclOp>(load.getParam()) : param::DeclOp();
  OpBuilder declBuilder(builder.getContext());
  std::string name = suffix.str();
  if (beside) {
    declBuilder.setInsertionPointAfter(beside);
    name = (beside.getSymName() + "." + suffix).str();
  } else {
    declBuilder.setInsertionPointToStart(
        cast<ModuleOp>(symbols.getOp()).getBody());
  }
  auto decl = param::DeclOp::create(declBuilder, loc, name,
                                    recipe.getResultType(), recipe,
                                    /*offset=*/IntegerAttr());
  symbols.insert(decl);
  return param::LoadOp::create(builder, loc, recipe.getResultType(),
                               FlatSymbolRefAttr::get(decl.getSymNameAttr()));
}
