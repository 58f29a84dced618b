//===-- ObjectsTest.cpp - from the llvm dialect to machine code -----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/CodeGen/Library.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace moec;

namespace {
class ObjectsTest : public ::testing::Test {
protected:
  ObjectsTest() {
    context.loadDialect<LLVM::LLVMDialect>();
    context.getDiagEngine().registerHandler(
        [this](Diagnostic &diagnostic) { said += diagnostic.str() + "\n"; });
  }

  /// The assembly, or object, of a level that has these functions, called by a
  /// main that has the slots of `first`, `second` and `third`; "" if that
  /// fails.
  std::string emit(StringRef functions,
                   ObjectKind kind = ObjectKind::Assembly) {
    std::string text = R"mlir(
      llvm.func internal @first() attributes {moec.kernel = 0} { llvm.return }
      llvm.func internal @third() attributes {moec.kernel = 2} { llvm.return }
      llvm.func internal @second() attributes {moec.kernel = 1} { llvm.return }
      llvm.func @main() { llvm.return }
      module @x86_64_v3 attributes {moec.level = "x86-64-v3"} {
    )mlir" + functions.str() +
                       "}";
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
    LibraryInfo info;
    info.interface.name = "m";
    info.levels = {"x86-64-v3"};
    auto objects = emitObjects(*module, info, kind, /*jobs=*/1);
    if (failed(objects))
      return "";
    const auto &bytes = objects->back().bytes;
    return std::string(bytes.begin(), bytes.end());
  }

  static std::string kernel(StringRef name, StringRef attributes) {
    return ("llvm.func @" + name + "() attributes {" + attributes +
            "} { llvm.return }\n")
        .str();
  }

  /// The entries of the function table, in its order.
  static std::vector<std::string> getTable(StringRef assembly) {
    std::vector<std::string> entries;
    StringRef rest = assembly.split("\nmoec_kernels_x86_64_v3:\n").second;
    while (true) {
      auto [line, after] = rest.split('\n');
      line = line.ltrim();
      if (!line.consume_front(".quad"))
        return entries;
      entries.push_back(line.trim().str());
      rest = after;
    }
  }

  MLIRContext context;
  std::string said;
};
} // namespace

TEST_F(ObjectsTest, TablesAreFilledBySlot) {
  std::string first = kernel("first", "moec.kernel = 0"),
              second = kernel("second", "moec.kernel = 1"),
              third = kernel("third", "moec.kernel = 2"),
              other = kernel("other", "");
  std::vector<std::string> expected = {"first", "second", "third"};
  // Some start with ".L", which is how a local symbol is spelled where it may
  // be.
  auto tableOf = [&](const std::string &functions) {
    std::vector<std::string> table = getTable(emit(functions));
    for (std::string &entry : table)
      entry = StringRef(entry).ltrim(".L").split('$').first.str();
    return table;
  };
  EXPECT_EQ(tableOf(first + second + third), expected) << said;
  EXPECT_EQ(tableOf(third + first + second), expected) << said;
  EXPECT_EQ(tableOf(other + second + third + first), expected) << said;
}

TEST_F(ObjectsTest, RefusesATableWithHolesOrTwoInOnePlace) {
  std::string first = kernel("first", "moec.kernel = 0"),
              second = kernel("second", "moec.kernel = 1");
  EXPECT_EQ(emit(first + second), "");
  EXPECT_NE(said.find("no kernel has slot 2"), std::string::npos) << said;
  for (const char *slot : {"1", "3", "-1"}) {
    said.clear();
    EXPECT_EQ(emit(first + second +
                   kernel("third", std::string("moec.kernel = ") + slot)),
              "");
    EXPECT_NE(said.find(std::string("kernel 'third' has slot ") + slot +
                        ", which is taken or beyond the 3 of main"),
              std::string::npos)
        << said;
  }
}

TEST_F(ObjectsTest, NamesTheFunctionThatReadsAForeignSymbol) {
  std::string kernels =
      kernel("first", "moec.kernel = 0") + kernel("third", "moec.kernel = 2");
  auto refusalOf = [&](StringRef text) {
    said.clear();
    EXPECT_EQ(emit(kernels + text.str(), ObjectKind::Object), "");
    return said;
  };
  std::string call = refusalOf(R"mlir(
      llvm.func @foreign()
      llvm.func @second() attributes {moec.kernel = 1} {
        llvm.call @foreign() : () -> ()
        llvm.return
      }
  )mlir");
  EXPECT_NE(call.find("'kernels-x86-64-v3', function 'second': generated code "
                      "would call 'foreign'"),
            std::string::npos)
      << call;
  // Data that holds its address is no function, whatever its name.
  std::string data = refusalOf(R"mlir(
      llvm.func @foreign()
      llvm.func @second() attributes {moec.kernel = 1} { llvm.return }
      llvm.mlir.global external constant @address() : !llvm.ptr {
        %0 = llvm.mlir.addressof @foreign : !llvm.ptr
        llvm.return %0 : !llvm.ptr
      }
  )mlir");
  EXPECT_NE(data.find("'kernels-x86-64-v3': generated code would call "
                      "'foreign'"),
            std::string::npos)
      << data;
}
