//===-- UpgradeTest.cpp - older forms of operators ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The table of older forms, apart from the ops that nodes become.
//
//===----------------------------------------------------------------------===//

#include "lib/Importer/Upgrade.h"

#include "dialects/Onnx/IR/Onnx.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "gtest/gtest.h"

#include <string>

using namespace llvm;
using namespace mlir;
using namespace moec;
using namespace moec::importer;

namespace {

class UpgradeTest : public ::testing::Test {
protected:
  UpgradeTest() : builder(&context) {
    context.loadDialect<onnx::OnnxDialect>();
    module = ModuleOp::create(builder.getUnknownLoc());
    builder.setInsertionPointToEnd(module->getBody());
    handler.emplace(&context, [&](Diagnostic &diagnostic) {
      message = diagnostic.str();
      return success();
    });
  }

  /// A node with one input of this type and one output.
  NodeForm makeNode(StringRef opType, int64_t version, Type element,
                    ArrayRef<int64_t> shape) {
    NodeForm node;
    node.opType = opType.str();
    node.version = version;
    node.outputs.push_back("y");
    node.inputs.push_back(makeConstant(element, shape));
    return node;
  }

  Value makeConstant(Type element, ArrayRef<int64_t> shape) {
    auto type = RankedTensorType::get(shape, element);
    return onnx::ConstantOp::create(
        builder, builder.getUnknownLoc(),
        DenseElementsAttr::get(type, builder.getZeroAttr(element)));
  }

  LogicalResult upgrade(NodeForm &node) {
    return upgradeNode(node, builder, builder.getUnknownLoc(),
                       [&] { return emitError(builder.getUnknownLoc()); });
  }

  /// The elements of an input that upgrading made, as printed.
  static std::string print(Value value) {
    std::string text;
    raw_string_ostream stream(text);
    cast<onnx::ConstantOp>(value.getDefiningOp()).getValueAttr().print(stream);
    return text;
  }

  MLIRContext context;
  OpBuilder builder;
  OwningOpRef<ModuleOp> module;
  std::optional<ScopedDiagnosticHandler> handler;
  std::string message;
};

} // namespace

TEST_F(UpgradeTest, ListsBecomeInputs) {
  struct {
    const char *opType, *attribute;
    int64_t before;
    unsigned input;
  } cases[] = {
      {"Squeeze", "axes", 13, 1},         {"Unsqueeze", "axes", 13, 1},
      {"ReduceSum", "axes", 13, 1},       {"ReduceMean", "axes", 18, 1},
      {"ReduceMax", "axes", 18, 1},       {"ReduceMin", "axes", 18, 1},
      {"ReduceProd", "axes", 18, 1},      {"ReduceL1", "axes", 18, 1},
      {"ReduceL2", "axes", 18, 1},        {"ReduceLogSum", "axes", 18, 1},
      {"ReduceSumSquare", "axes", 18, 1}, {"ReduceLogSumExp", "axes", 18, 1},
      {"Reshape", "shape", 5, 1},         {"Split", "split", 13, 1},
      {"Slice", "starts", 10, 1},         {"Slice", "ends", 10, 2},
      {"Slice", "axes", 10, 3},           {"Pad", "pads", 11, 1},
  };
  for (auto [opType, attribute, before, input] : cases) {
    SCOPED_TRACE(std::string(opType) + " " + attribute);
    // The last version that has the attribute, and the first that has not.
    EXPECT_TRUE(isUpgradedAttribute(opType, before - 1, attribute));
    EXPECT_FALSE(isUpgradedAttribute(opType, before, attribute));
    NodeForm node = makeNode(opType, before - 1, builder.getF32Type(), {2, 3});
    node.attributes.set(attribute, builder.getDenseI64ArrayAttr({1, -2}));
    ASSERT_TRUE(succeeded(upgrade(node)));
    ASSERT_EQ(node.inputs.size(), input + 1);
    EXPECT_EQ(print(node.inputs[input]), "dense<[1, -2]> : tensor<2xi64>");
    EXPECT_FALSE(node.attributes.get(attribute));
    for (unsigned i = 1; i < input; ++i)
      EXPECT_FALSE(node.inputs[i]);
  }
}

TEST_F(UpgradeTest, AbsentAttributeAddsNoInput) {
  NodeForm node = makeNode("Squeeze", 11, builder.getF32Type(), {1, 3});
  ASSERT_TRUE(succeeded(upgrade(node)));
  EXPECT_EQ(node.inputs.size(), 1u);
}

TEST_F(UpgradeTest, NewNodeStays) {
  NodeForm node = makeNode("ReduceMean", 18, builder.getF32Type(), {2, 3});
  node.attributes.set("axes", builder.getDenseI64ArrayAttr({1}));
  ASSERT_TRUE(succeeded(upgrade(node)));
  EXPECT_EQ(node.inputs.size(), 1u);
  EXPECT_TRUE(node.attributes.get("axes"));
}

TEST_F(UpgradeTest, OtherDomainStays) {
  NodeForm node = makeNode("Squeeze", 1, builder.getF32Type(), {2, 3});
  node.domain = "com.microsoft";
  node.attributes.set("axes", builder.getDenseI64ArrayAttr({1}));
  ASSERT_TRUE(succeeded(upgrade(node)));
  EXPECT_EQ(node.inputs.size(), 1u);
}

TEST_F(UpgradeTest, NumbersTakeTheInputsType) {
  NodeForm node = makeNode("Clip", 6, builder.getF16Type(), {2});
  node.attributes.set("max", builder.getF32FloatAttr(6.5));
  ASSERT_TRUE(succeeded(upgrade(node)));
  ASSERT_EQ(node.inputs.size(), 3u);
  EXPECT_FALSE(node.inputs[1]);
  EXPECT_EQ(print(node.inputs[2]), "dense<6.500000e+00> : tensor<f16>");

  node = makeNode("Pad", 2, builder.getF64Type(), {2});
  node.attributes.set("pads", builder.getDenseI64ArrayAttr({0, 1}));
  node.attributes.set("value", builder.getF32FloatAttr(-1));
  ASSERT_TRUE(succeeded(upgrade(node)));
  ASSERT_EQ(node.inputs.size(), 3u);
  EXPECT_EQ(print(node.inputs[1]), "dense<[0, 1]> : tensor<2xi64>");
  EXPECT_EQ(print(node.inputs[2]), "dense<-1.000000e+00> : tensor<f64>");
}

TEST_F(UpgradeTest, ASingleNumberIsATensorOfRankOne) {
  NodeForm node = makeNode("TopK", 1, builder.getF32Type(), {8});
  node.attributes.set("k", builder.getI64IntegerAttr(3));
  ASSERT_TRUE(succeeded(upgrade(node)));
  ASSERT_EQ(node.inputs.size(), 2u);
  EXPECT_EQ(print(node.inputs[1]), "dense<3> : tensor<1xi64>");
}

TEST_F(UpgradeTest, AttributeOfTheWrongType) {
  NodeForm node = makeNode("Squeeze", 1, builder.getF32Type(), {1});
  node.attributes.set("axes", builder.getF32FloatAttr(0));
  EXPECT_TRUE(failed(upgrade(node)));
  EXPECT_NE(message.find("'axes' of the wrong type"), std::string::npos);

  // Before 11 Clip took floats alone, so its limits have no integer form.
  node = makeNode("Clip", 6, builder.getI64Type(), {1});
  node.attributes.set("min", builder.getF32FloatAttr(0));
  EXPECT_TRUE(failed(upgrade(node)));
}

TEST_F(UpgradeTest, AttributeAndInput) {
  NodeForm node = makeNode("Split", 11, builder.getF32Type(), {4});
  node.inputs.push_back(makeConstant(builder.getI64Type(), {2}));
  node.attributes.set("split", builder.getDenseI64ArrayAttr({2, 2}));
  EXPECT_TRUE(failed(upgrade(node)));
  EXPECT_NE(message.find("both the attribute"), std::string::npos);
}

TEST_F(UpgradeTest, EqualPartsOfASplit) {
  NodeForm node = makeNode("Split", 17, builder.getF32Type(), {6});
  node.outputs.assign({"a", "b", "c"});
  ASSERT_TRUE(succeeded(upgrade(node)));
  EXPECT_EQ(node.attributes.get("num_outputs"), builder.getI64IntegerAttr(3));

  // With sizes, and from 18 on, the node says it itself.
  node = makeNode("Split", 17, builder.getF32Type(), {6});
  node.inputs.push_back(makeConstant(builder.getI64Type(), {1}));
  ASSERT_TRUE(succeeded(upgrade(node)));
  EXPECT_FALSE(node.attributes.get("num_outputs"));
  node = makeNode("Split", 18, builder.getF32Type(), {6});
  ASSERT_TRUE(succeeded(upgrade(node)));
  EXPECT_FALSE(node.attributes.get("num_outputs"));
}

TEST_F(UpgradeTest, SoftmaxOverTheLastAxisOnly) {
  EXPECT_TRUE(isUpgradedVersion("Softmax", 12));
  EXPECT_FALSE(isUpgradedVersion("Softmax", 13));
  EXPECT_FALSE(isUpgradedVersion("Relu", 12));

  // Its default axis is 1, which of a matrix is the last.
  NodeForm node = makeNode("Softmax", 12, builder.getF32Type(), {2, 3});
  ASSERT_TRUE(succeeded(upgrade(node)));
  EXPECT_EQ(node.attributes.get("axis"), builder.getI64IntegerAttr(-1));

  node = makeNode("LogSoftmax", 1, builder.getF32Type(), {2, 3, 4});
  EXPECT_TRUE(failed(upgrade(node)));
  EXPECT_NE(message.find("flattens its input at axis 1"), std::string::npos);

  node = makeNode("Softmax", 13, builder.getF32Type(), {2, 3, 4});
  node.attributes.set("axis", builder.getI64IntegerAttr(1));
  ASSERT_TRUE(succeeded(upgrade(node)));
  EXPECT_EQ(node.attributes.get("axis"), builder.getI64IntegerAttr(1));
}

TEST_F(UpgradeTest, DropoutIsIdentityAtInference) {
  NodeForm node = makeNode("Dropout", 7, builder.getF32Type(), {2});
  node.attributes.set("ratio", builder.getF32FloatAttr(0.5));
  ASSERT_TRUE(succeeded(upgrade(node)));
  EXPECT_EQ(node.opType, "Identity");
  EXPECT_EQ(node.inputs.size(), 1u);
  EXPECT_TRUE(node.attributes.empty());

  auto makeTraining = [&](bool value) {
    NodeForm node = makeNode("Dropout", 13, builder.getF32Type(), {2});
    node.inputs.push_back(makeConstant(builder.getF32Type(), {}));
    auto type = RankedTensorType::get({}, builder.getI1Type());
    node.inputs.push_back(onnx::ConstantOp::create(
        builder, builder.getUnknownLoc(), DenseElementsAttr::get(type, value)));
    return node;
  };
  node = makeTraining(false);
  ASSERT_TRUE(succeeded(upgrade(node)));
  EXPECT_EQ(node.inputs.size(), 1u);
  node = makeTraining(true);
  EXPECT_TRUE(failed(upgrade(node)));
  EXPECT_NE(message.find("training"), std::string::npos);

  node = makeNode("Dropout", 13, builder.getF32Type(), {2});
  node.outputs.push_back("mask");
  EXPECT_TRUE(failed(upgrade(node)));
  EXPECT_NE(message.find("mask"), std::string::npos);
}

TEST_F(UpgradeTest, OtherNames) {
  OperatorName name = getNewestOperator("", "SimplifiedLayerNormalization", 21);
  EXPECT_EQ(name.domain, "com.microsoft");
  EXPECT_EQ(name.version, 1);
  name = getNewestOperator("", "Scatter", 9);
  EXPECT_EQ(name.opType, "ScatterElements");
  EXPECT_EQ(name.version, 9);
  EXPECT_EQ(getNewestOperator("", "Scatter", 11).opType, "Scatter");
  EXPECT_EQ(getNewestOperator("", "Add", 9).opType, "Add");
  EXPECT_EQ(getNewestOperator("other", "Dropout", 9).opType, "Dropout");
}
