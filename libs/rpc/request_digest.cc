#include "libs/rpc/request_digest.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <memory>

#include "libs/base/check.h"
#include "libs/base/digest.h"

namespace specom::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string Deterministic(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  SPECOM_CHECK(message.SerializePartialToCodedStream(&coded));
  coded.Trim();
  return bytes;
}

}  // namespace

std::string RequestDigest(std::string_view full_method, const Message& request,
                          std::initializer_list<std::string_view> without) {
  std::unique_ptr<Message> asked(request.New());
  asked->CopyFrom(request);
  for (std::string_view name : without) {
    const FieldDescriptor* field = asked->GetDescriptor()->FindFieldByName(std::string(name));
    if (field != nullptr) asked->GetReflection()->ClearField(asked.get(), field);
  }
  return Sha256().Part(full_method).Part(Deterministic(*asked)).HexDigest();
}

std::string StringField(const Message& message, std::string_view name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(std::string(name));
  if (field == nullptr || field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_STRING)
    return "";
  return message.GetReflection()->GetString(message, field);
}

}  // namespace specom::rpc
