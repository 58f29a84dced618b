//===-- RuntimeLowerings.cpp - what becomes calls of the runtime ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RuntimeLowerings.h"

#include "moec/CodeGen/Passes.h"

#include "dialects/Param/IR/Param.h"
#include "dialects/Rt/IR/Rt.h"
#include "moec/generated.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinOps.h"

#include <limits>

using namespace mlir;
using namespace moec;

// The dialect's numbers are the ABI's.
static_assert(int(rt::Status::InvalidArgument) == MOEC_INVALID_ARGUMENT);
static_assert(int(rt::Status::ShapeMismatch) == MOEC_SHAPE_MISMATCH);
static_assert(int(rt::Status::IndexOutOfRange) == MOEC_INDEX_OUT_OF_RANGE);
static_assert(int(rt::Status::DivisionByZero) == MOEC_DIVISION_BY_ZERO);
static_assert(int(rt::Status::Internal) == MOEC_INTERNAL);
static_assert(int(rt::Counter::Tokens) == MOEC_COUNTER_TOKENS);
static_assert(int(rt::Counter::ExpertRows) == MOEC_COUNTER_EXPERT_ROWS);
static_assert(int(rt::Counter::ExpertTasks) == MOEC_COUNTER_EXPERT_TASKS);

namespace {
/// What all lowerings of runtime calls need.
template <typename OpTy> struct RuntimePattern : ConvertOpToLLVMPattern<OpTy> {
  using ConvertOpToLLVMPattern<OpTy>::ConvertOpToLLVMPattern;

protected:
  Type getPtr() const {
    return LLVM::LLVMPointerType::get(
        this->getTypeConverter()->getDialect()->getContext());
  }

  static Value getContext(OpBuilder &builder, Location loc) {
    return rt::ContextOp::create(
        builder, loc, LLVM::LLVMPointerType::get(builder.getContext()));
  }

  static Value getI32(OpBuilder &builder, Location loc, int32_t value) {
    return LLVM::ConstantOp::create(builder, loc, builder.getI32Type(), value);
  }

  static Value getI64(OpBuilder &builder, Location loc, int64_t value) {
    return LLVM::ConstantOp::create(builder, loc, builder.getI64Type(), value);
  }

  /// A stack slot that lives as long as the function: never in a loop.
  static Value createSlot(OpBuilder &builder, Location loc, Operation *at,
                          Type type, int64_t count = 1) {
    OpBuilder::InsertionGuard guard(builder);
    Region *body = at->getParentRegion();
    while (!isa<FunctionOpInterface>(body->getParentOp()))
      body = body->getParentOp()->getParentRegion();
    builder.setInsertionPointToStart(&body->front());
    Value size = getI64(builder, loc, count);
    return LLVM::AllocaOp::create(
        builder, loc, LLVM::LLVMPointerType::get(builder.getContext()), type,
        size, 8);
  }

  /// Calls a runtime function, declared in `at`'s module at first use.
  static LLVM::CallOp call(OpBuilder &builder, Location loc, Operation *at,
                           StringRef name, Type result, ValueRange operands) {
    auto module = at->getParentOfType<ModuleOp>();
    auto function = cast_or_null<LLVM::LLVMFuncOp>(module.lookupSymbol(name));
    if (!function) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(module.getBody());
      SmallVector<Type> types(operands.getTypes());
      function = LLVM::LLVMFuncOp::create(
          builder, loc, name, LLVM::LLVMFunctionType::get(result, types));
    }
    return LLVM::CallOp::create(builder, loc, function, operands);
  }

  static void callOrLeave(OpBuilder &builder, Location loc, Operation *at,
                          StringRef name, ValueRange operands) {
    auto status = call(builder, loc, at, name, builder.getI32Type(), operands);
    rt::TryOp::create(builder, loc, status.getResult());
  }

  /// In elements, for a buffer without gaps.
  static SmallVector<Value> buildRowMajorStrides(OpBuilder &builder,
                                                 Location loc,
                                                 ArrayRef<Value> sizes) {
    SmallVector<Value> strides(sizes.size());
    Value running = getI64(builder, loc, 1);
    for (size_t dim = sizes.size(); dim-- > 0;) {
      strides[dim] = running;
      running = LLVM::MulOp::create(builder, loc, running, sizes[dim]);
    }
    return strides;
  }

  /// The field of a structure at a byte offset.
  static Value loadField(OpBuilder &builder, Location loc, Value base,
                         int64_t offset, Type type) {
    auto ptr = LLVM::LLVMPointerType::get(builder.getContext());
    Value address =
        LLVM::GEPOp::create(builder, loc, ptr, builder.getI8Type(), base,
                            ArrayRef<LLVM::GEPArg>{int32_t(offset)});
    return LLVM::LoadOp::create(builder, loc, type, address);
  }
};

struct AllocLowering : RuntimePattern<memref::AllocOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(memref::AllocOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<Value> sizes, strides;
    Value unchecked;
    this->getMemRefDescriptorSizes(loc, op.getType(), adaptor.getDynamicSizes(),
                                   rewriter, sizes, strides, unchecked);
    Value slot = createSlot(rewriter, loc, op, getPtr());
    callOrLeave(rewriter, loc, op, "moec_rt_alloc",
                {getContext(rewriter, loc),
                 buildBytes(rewriter, loc, op.getType(), sizes),
                 getI32(rewriter, loc, getSite(op)), slot});
    Value data = LLVM::LoadOp::create(rewriter, loc, getPtr(), slot);
    rewriter.replaceOp(op,
                       {createMemRefDescriptor(loc, op.getType(), data, data,
                                               sizes, strides, rewriter)});
    return success();
  }

private:
  /// A kernel's first message is about its allocations, see SplitLevels.
  static int32_t getSite(memref::AllocOp op) {
    if (op->getParentOfType<ModuleOp>()->hasAttr(kLevelAttr))
      return MOEC_KERNEL_SITE(0);
    auto site = op->getAttrOfType<IntegerAttr>(kSiteAttr);
    return site ? int32_t(site.getInt()) : -1;
  }

  /// The bytes of a buffer; extents come from data, so that what does not fit
  /// 64 bits is INT64_MAX, which no allocator has.
  Value buildBytes(OpBuilder &builder, Location loc, MemRefType type,
                   ArrayRef<Value> sizes) const {
    Value isEmpty, overflows, bytes;
    auto either = [&](Value a, Value b) {
      return a ? Value(LLVM::OrOp::create(builder, loc, a, b)) : b;
    };
    Value zero = getI64(builder, loc, 0);
    Value most = getI64(builder, loc, std::numeric_limits<int64_t>::max());
    auto pair = LLVM::LLVMStructType::getLiteral(
        builder.getContext(), {builder.getI64Type(), builder.getI1Type()});
    bytes = getSizeInBytes(loc, type.getElementType(),
                           static_cast<ConversionPatternRewriter &>(builder));
    for (auto [size, known] : llvm::zip(sizes, type.getShape())) {
      if (ShapedType::isDynamic(known)) {
        isEmpty = either(isEmpty, LLVM::ICmpOp::create(builder, loc,
                                                       LLVM::ICmpPredicate::eq,
                                                       size, zero));
        overflows = either(
            overflows, LLVM::ICmpOp::create(
                           builder, loc, LLVM::ICmpPredicate::slt, size, zero));
      }
      Value product =
          LLVM::SMulWithOverflowOp::create(builder, loc, pair, bytes, size);
      bytes = LLVM::ExtractValueOp::create(builder, loc, product, 0);
      overflows = either(
          overflows, LLVM::ExtractValueOp::create(builder, loc, product, 1));
    }
    if (overflows)
      bytes = LLVM::SelectOp::create(builder, loc, overflows, most, bytes);
    // An extent of 0 may come after a product that has overflowed.
    if (isEmpty)
      bytes = LLVM::SelectOp::create(builder, loc, isEmpty, zero, bytes);
    return bytes;
  }
};

struct DeallocLowering : RuntimePattern<memref::DeallocOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(memref::DeallocOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value data =
        MemRefDescriptor(adaptor.getMemref()).allocatedPtr(rewriter, loc);
    call(rewriter, loc, op, "moec_rt_free",
         LLVM::LLVMVoidType::get(rewriter.getContext()),
         {getContext(rewriter, loc), data});
    rewriter.eraseOp(op);
    return success();
  }
};

struct InputLowering : RuntimePattern<rt::InputOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(rt::InputOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getType());
    auto descriptor = MemRefDescriptor::poison(
        rewriter, loc, getTypeConverter()->convertType(type));
    Value tensors = loadField(rewriter, loc, getContext(rewriter, loc),
                              offsetof(moec_ctx, inputs), getPtr());
    int64_t base = op.getPosition() * sizeof(moec_tensor);
    Value data = loadField(rewriter, loc, tensors,
                           base + offsetof(moec_tensor, data), getPtr());
    descriptor.setAllocatedPtr(rewriter, loc, data);
    descriptor.setAlignedPtr(rewriter, loc, data);
    descriptor.setConstantOffset(rewriter, loc, 0);
    // The runtime has checked static extents and, where the type has none,
    // reads what the caller said.
    auto [typeStrides, typeOffset] = type.getStridesAndOffset();
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      auto load = [&](size_t field, int64_t known) {
        if (!ShapedType::isDynamic(known))
          return getI64(rewriter, loc, known);
        return loadField(rewriter, loc, tensors,
                         base + field + dim * sizeof(int64_t),
                         rewriter.getI64Type());
      };
      descriptor.setSize(
          rewriter, loc, dim,
          load(offsetof(moec_tensor, shape), type.getDimSize(dim)));
      descriptor.setStride(
          rewriter, loc, dim,
          load(offsetof(moec_tensor, strides), typeStrides[dim]));
    }
    rewriter.replaceOp(op, Value(descriptor));
    return success();
  }
};

struct OutputLowering : RuntimePattern<rt::OutputOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(rt::OutputOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<MemRefType>(op.getType());
    int64_t rank = type.getRank();
    Value dims = createSlot(rewriter, loc, op, rewriter.getI64Type(),
                            std::max<int64_t>(rank, 1));
    for (auto [dim, size] : llvm::enumerate(adaptor.getSizes())) {
      Value slot =
          LLVM::GEPOp::create(rewriter, loc, getPtr(), rewriter.getI64Type(),
                              dims, ArrayRef<LLVM::GEPArg>{int32_t(dim)});
      LLVM::StoreOp::create(rewriter, loc, size, slot);
    }
    Value slot = createSlot(rewriter, loc, op, getPtr());
    callOrLeave(rewriter, loc, op, "moec_rt_output",
                {getContext(rewriter, loc),
                 getI32(rewriter, loc, op.getPosition()),
                 getI64(rewriter, loc, rank), dims, slot});
    Value tensor = LLVM::LoadOp::create(rewriter, loc, getPtr(), slot);
    Value data =
        loadField(rewriter, loc, tensor, offsetof(moec_tensor, data), getPtr());
    // Outputs are row-major unless declared strided, which the type says.
    SmallVector<Value> sizes(adaptor.getSizes()), strides;
    if (type.getLayout().isIdentity())
      strides = buildRowMajorStrides(rewriter, loc, sizes);
    else
      for (int64_t dim = 0; dim < rank; ++dim)
        strides.push_back(
            loadField(rewriter, loc, tensor,
                      offsetof(moec_tensor, strides) + dim * sizeof(int64_t),
                      rewriter.getI64Type()));
    rewriter.replaceOp(op, {createMemRefDescriptor(loc, type, data, data, sizes,
                                                   strides, rewriter)});
    return success();
  }
};

struct ViewLowering : RuntimePattern<rt::ViewOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(rt::ViewOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value data =
        MemRefDescriptor(adaptor.getSource()).alignedPtr(rewriter, loc);
    auto type = cast<MemRefType>(op.getType());
    SmallVector<Value> sizes(adaptor.getSizes());
    SmallVector<Value> strides = buildRowMajorStrides(rewriter, loc, sizes);
    rewriter.replaceOp(op, {createMemRefDescriptor(loc, type, data, data, sizes,
                                                   strides, rewriter)});
    return success();
  }
};

struct BytesLowering : RuntimePattern<rt::BytesOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(rt::BytesOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value data =
        MemRefDescriptor(adaptor.getSource()).alignedPtr(rewriter, loc);
    rewriter.replaceOp(
        op, {createMemRefDescriptor(loc, cast<MemRefType>(op.getType()), data,
                                    data, {adaptor.getSize()},
                                    {getI64(rewriter, loc, 1)}, rewriter)});
    return success();
  }
};

struct ParamLowering : RuntimePattern<param::LoadOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(param::LoadOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto decl = SymbolTable::lookupNearestSymbolFrom<param::DeclOp>(
        op, op.getParamAttr());
    if (!decl || !decl.getOffset())
      return rewriter.notifyMatchFailure(op, "parameter has no offset");
    Value base = loadField(rewriter, loc, getContext(rewriter, loc),
                           offsetof(moec_ctx, weights), getPtr());
    // 64-bit offsets: a GEP constant has 32 bits only.
    Value data = LLVM::GEPOp::create(
        rewriter, loc, getPtr(), rewriter.getI8Type(), base,
        ArrayRef<LLVM::GEPArg>{getI64(rewriter, loc, *decl.getOffset())});
    rewriter.replaceOp(op, {MemRefDescriptor::fromStaticShape(
                               rewriter, loc, *getTypeConverter(),
                               cast<MemRefType>(op.getType()), data)});
    return success();
  }
};

/// rt.check goes on to `moec-thread-status`, its values as they are by then.
struct CheckLowering : RuntimePattern<rt::CheckOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(rt::CheckOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.modifyOpInPlace(
        op, [&] { op.getValuesMutable().assign(adaptor.getValues()); });
    return success();
  }
};

struct CountLowering : RuntimePattern<rt::CountOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(rt::CountOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value counters = loadField(rewriter, loc, getContext(rewriter, loc),
                               offsetof(moec_ctx, counters), getPtr());
    Value slot = LLVM::GEPOp::create(
        rewriter, loc, getPtr(), rewriter.getI64Type(), counters,
        ArrayRef<LLVM::GEPArg>{int32_t(op.getCounter())});
    LLVM::AtomicRMWOp::create(rewriter, loc, LLVM::AtomicBinOp::add, slot,
                              adaptor.getAmount(),
                              LLVM::AtomicOrdering::monotonic);
    rewriter.eraseOp(op);
    return success();
  }
};

/// Buffers of main are row-major: rows and columns are all that there is to
/// say.
struct ProfileLowering : RuntimePattern<rt::ProfileOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(rt::ProfileOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    MemRefDescriptor ids(adaptor.getIds()), weights(adaptor.getWeights());
    call(rewriter, loc, op, "moec_rt_profile",
         LLVM::LLVMVoidType::get(rewriter.getContext()),
         {getContext(rewriter, loc),
          getI32(rewriter, loc, int32_t(op.getLayer())),
          ids.size(rewriter, loc, 0), ids.size(rewriter, loc, 1),
          ids.alignedPtr(rewriter, loc), weights.alignedPtr(rewriter, loc)});
    rewriter.eraseOp(op);
    return success();
  }
};

/// The captures travel in a structure on the caller's stack; a trampoline with
/// the signature that the runtime calls takes them out again.
struct ParallelLowering : RuntimePattern<rt::ParallelOp> {
  using RuntimePattern::RuntimePattern;

  LogicalResult
  matchAndRewrite(rt::ParallelOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<Type> fields(adaptor.getCaptures().getTypes());
    auto type = LLVM::LLVMStructType::getLiteral(op.getContext(), fields);
    Value slot = createSlot(rewriter, loc, op, type);
    for (auto [index, value] : llvm::enumerate(adaptor.getCaptures())) {
      Value field =
          LLVM::GEPOp::create(rewriter, loc, getPtr(), type, slot,
                              ArrayRef<LLVM::GEPArg>{0, int32_t(index)});
      LLVM::StoreOp::create(rewriter, loc, value, field);
    }
    std::string name = (op.getTask() + "_entry").str();
    createEntry(rewriter, op, name, type);
    Value entry = LLVM::AddressOfOp::create(rewriter, loc, getPtr(), name);
    callOrLeave(rewriter, loc, op, "moec_rt_parallel_for",
                {getContext(rewriter, loc), entry, slot, adaptor.getCount()});
    rewriter.eraseOp(op);
    return success();
  }

private:
  void createEntry(ConversionPatternRewriter &rewriter, rt::ParallelOp op,
                   StringRef name, LLVM::LLVMStructType type) const {
    Location loc = op.getLoc();
    auto module = op->getParentOfType<ModuleOp>();
    if (module.lookupSymbol(name))
      return;
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToEnd(module.getBody());
    Type i32 = rewriter.getI32Type(), i64 = rewriter.getI64Type();
    auto entry = LLVM::LLVMFuncOp::create(
        rewriter, loc, name,
        LLVM::LLVMFunctionType::get(i32, {getPtr(), getPtr(), i64, i32}),
        LLVM::Linkage::Internal);
    entry->setAttr(kTaskEntryAttr, rewriter.getUnitAttr());
    Block *block = entry.addEntryBlock(rewriter);
    rewriter.setInsertionPointToStart(block);
    SmallVector<Value> operands = {block->getArgument(2)};
    for (auto [index, capture] : llvm::enumerate(op.getCaptures())) {
      Value field = LLVM::GEPOp::create(
          rewriter, loc, getPtr(), type, block->getArgument(1),
          ArrayRef<LLVM::GEPArg>{0, int32_t(index)});
      Value value =
          LLVM::LoadOp::create(rewriter, loc, type.getBody()[index], field);
      if (auto memref = dyn_cast<MemRefType>(capture.getType()))
        MemRefDescriptor::unpack(rewriter, loc, value, memref, operands);
      else
        operands.push_back(value);
    }
    // The task is converted in the same conversion: call it by name.
    LLVM::CallOp::create(rewriter, loc, TypeRange{}, op.getTask(), operands);
    LLVM::ReturnOp::create(rewriter, loc, getI32(rewriter, loc, 0));
  }
};
} // namespace

void moec::populateRuntimeLowerings(const LLVMTypeConverter &converter,
                                    RewritePatternSet &patterns,
                                    PatternBenefit benefit) {
  patterns.add<AllocLowering, CheckLowering, DeallocLowering, InputLowering,
               OutputLowering, ViewLowering, BytesLowering, ParamLowering,
               CountLowering, ProfileLowering, ParallelLowering>(converter,
                                                                 benefit);
}
