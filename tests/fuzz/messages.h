// Messages from input: the name of a type on the first line, then the message as text or, where it is none,
// as the bytes of the wire.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <memory>
#include <string>
#include <string_view>

namespace specom::fuzz {

struct TypedBytes {
  // "specom.events.v1.AllocationPublished"
  std::string type;
  std::string bytes;
};

class Silent final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, int, const std::string&) override {}
};

// Null for a name that is no linked message.
inline std::unique_ptr<google::protobuf::Message> NewMessage(const std::string& type) {
  const auto* found = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(type);
  if (found == nullptr) return nullptr;
  return std::unique_ptr<google::protobuf::Message>(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(found)->New());
}

inline TypedBytes ReadTyped(std::string_view input) {
  const std::size_t end = input.find('\n');
  TypedBytes read = {std::string(input.substr(0, end)),
                     end == input.npos ? "" : std::string(input.substr(end + 1))};
  const auto message = NewMessage(read.type);
  if (message == nullptr) return read;
  Silent silent;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&silent);
  parser.SetRecursionLimit(100);
  if (parser.ParseFromString(read.bytes, message.get())) read.bytes = message->SerializeAsString();
  return read;
}

}  // namespace specom::fuzz
