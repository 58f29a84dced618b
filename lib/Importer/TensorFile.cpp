//===-- TensorFile.cpp - a tensor in a file of its own --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "moec/Importer/TensorFile.h"

#include "FileKind.h"
#include "Tensors.h"

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/unknown_field_set.h>

#include <climits>

using namespace llvm;
using namespace moec;
using namespace moec::importer;

FailureOr<TensorFile> moec::readTensorFile(mlir::MLIRContext &context,
                                           StringRef path) {
  // External data is known by an attribute of this dialect.
  context.loadDialect<param::ParamDialect>();
  Reporter reporter(context, path);
  ModelFolder folder(path);
  Expected<DataFile> file = folder.openModel();
  if (!file)
    return reporter.error(ErrorId::CannotRead)
           << "cannot be read: " << toString(file.takeError())
           << "; give a folder with input_0.pb, output_0.pb, ...";
  if (file->getSize() > INT_MAX)
    return reporter.error(ErrorId::TooLarge)
           << "has " << file->getSize()
           << " bytes, more than a protobuf message may";
  std::string text(file->getSize(), '\0');
  if (Error error =
          file->read(0, MutableArrayRef<char>(text.data(), text.size())))
    return reporter.error(ErrorId::CannotRead)
           << "cannot be read: " << toString(std::move(error));

  google::protobuf::LogSilencer silence;
  proto::TensorProto tensor;
  bool isParsed = tensor.ParseFromArray(text.data(), int(text.size()));
  // Of a tensor, the first bytes alone may be anything.
  if (!isParsed || text.empty())
    if (auto kind = recogniseFile(*file))
      return reporter.error(ErrorId::OtherFile)
             << "is no ONNX tensor, but " << kind->what << "; " << kind->advice;
  if (!isParsed)
    return reporter.error(ErrorId::Malformed)
           << "is not an ONNX tensor: its message does not parse";
  // Our own fields are for the model reader to put, see OnnxModel.proto.
  if (tensor.has_file_offset() || tensor.has_file_length() ||
      !tensor.GetReflection()->GetUnknownFields(tensor).empty())
    return reporter.error(ErrorId::UnknownField)
           << "a TensorProto has an unknown field, which may change its "
              "meaning; save it with IR version 13 or less";
  tensor.set_file_offset(0);
  tensor.set_file_length(tensor.raw_data().size());

  ImportLimits limits;
  limits.maxTypedDataBytes = INT_MAX;
  TensorFile result;
  FailureOr<TensorValue> value =
      TensorReader(folder, limits, reporter)
          .read(tensor, "tensor " + quoted(tensor.name()),
                /*wantElements=*/false, &result.bytes);
  if (failed(value))
    return failure();
  result.name = tensor.name();
  result.type = tensor.data_type();
  result.shape = value->type.getShape().vec();
  return result;
}
