//===-- PassRemarkTest.cpp - what a pass remarks on, in both forms -------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PassRemark.h"

#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Remarks/RemarkParser.h"

#include <gtest/gtest.h>

using namespace moec;
using mlir::remark::RemarkOpts;
using namespace mlir::remark::detail;

namespace {
class PassRemarkTest : public testing::Test {
protected:
  /// A remark about the node 'n', with everything a pass can say.
  template <typename Kind> PassRemark make() {
    Kind remark(mlir::UnknownLoc::get(&context),
                RemarkOpts::name("Tried").category("a-pass"));
    remark << "done";
    remark << Remark::Arg("Bytes", 12) << Remark::Arg("Reason", "it <was> due");
    remark << Remark::Arg("Suggestion", "rest") << Remark::Arg("Rows", 3);
    PassRemark result(remark);
    result.node = "n";
    result.op = "MoE";
    return result;
  }

  mlir::MLIRContext context;
};
} // namespace

TEST_F(PassRemarkTest, SaysItsKindInText) {
  const char *rest = "] m.onnx: node 'n' (MoE): done: it <was> due; rest "
                     "(Bytes: 12, Rows: 3) (a-pass)";
  auto text = [](const PassRemark &remark) {
    return remark.toDiagnostic("m.onnx").toText();
  };
  std::string start = "moec: remark: [";
  EXPECT_EQ(text(make<OptRemarkPass>()), start + "passed" + rest);
  EXPECT_EQ(text(make<OptRemarkMissed>()), start + "missed" + rest);
  EXPECT_EQ(text(make<OptRemarkFailure>()), start + "failed" + rest);
  EXPECT_EQ(text(make<OptRemarkAnalysis>()), start + "analysis" + rest);
}

TEST_F(PassRemarkTest, KeepsItsPartsAsDiagnostic) {
  Diagnostic sent = make<OptRemarkMissed>().toDiagnostic("m.onnx");
  auto got = Diagnostic::fromJson(sent.toJson());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->toText(), sent.toText());
  EXPECT_EQ(got->name, "Tried");
}

/// LLVM's parser leaves the quotes doubled that a quoted scalar doubles.
static std::string undouble(std::string text) {
  for (size_t at = 0; (at = text.find("''", at)) != std::string::npos; ++at)
    text.erase(at, 1);
  return text;
}

TEST_F(PassRemarkTest, IsReadBackAsYaml) {
  PassRemark remarks[] = {make<OptRemarkPass>(), make<OptRemarkMissed>(),
                          make<OptRemarkFailure>(), make<OptRemarkAnalysis>()};
  remarks[1].node = "it's \"n\": {1}";
  remarks[3].node = "";
  remarks[3].function = "kernel";
  std::string yaml = toYaml(remarks);
  auto parser = llvm::cantFail(
      llvm::remarks::createRemarkParser(llvm::remarks::Format::YAML, yaml));
  for (const PassRemark &remark : remarks) {
    auto read = parser->next();
    ASSERT_TRUE(bool(read)) << toString(read.takeError());
    EXPECT_EQ((*read)->RemarkType, remark.kind);
    EXPECT_EQ((*read)->PassName, "a-pass");
    EXPECT_EQ((*read)->RemarkName, "Tried");
    EXPECT_EQ((*read)->FunctionName, remark.function);
    std::string node =
        remark.node.empty() ? "" : "node '" + remark.node + "' (MoE): ";
    EXPECT_EQ(undouble((*read)->getArgsAsMsg()),
              node + "done: it <was> due; rest (Bytes: 12, Rows: 3)");
    EXPECT_EQ((*read)->getArgByKey("Bytes")->Val, "12");
  }
  auto end = parser->next();
  EXPECT_TRUE(end.errorIsA<llvm::remarks::EndOfFileError>());
  consumeError(end.takeError());
}

TEST_F(PassRemarkTest, HasMainWhereItNamesNoFunction) {
  OptRemarkPass of(mlir::UnknownLoc::get(&context),
                   RemarkOpts::name("A").category("p").function("kernel"));
  EXPECT_EQ(PassRemark(of).function, "kernel");
  EXPECT_EQ(make<OptRemarkPass>().function, "main");
}
