#include "libs/rpc/field_validation.h"

#include <cstdint>
#include <string>
#include <vector>

#include "google/api/field_behavior.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "libs/base/date.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "specom/common/v1/date.pb.h"

namespace specom::rpc {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The violations that are kept; the rest are counted.
constexpr std::size_t kKept = 100;

bool IsRequired(const FieldDescriptor& field) {
  const auto& options = field.options();
  for (int i = 0; i < options.ExtensionSize(google::api::field_behavior); ++i) {
    if (options.GetExtension(google::api::field_behavior, i) == google::api::REQUIRED) return true;
  }
  return false;
}

class Validator {
 public:
  // path: "" or ends with a dot.
  void Visit(const Message& message, const std::string& path) {
    if (message.GetDescriptor() == common::v1::Date::descriptor()) return CheckDate(message, path);
    if (message.GetDescriptor() == google::protobuf::Timestamp::descriptor())
      return CheckTimestamp(message, path);
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      VisitField(message, *message.GetDescriptor()->field(i), path);
    }
  }

  void VisitTop(const Message& request) {
    const Reflection& reflection = *request.GetReflection();
    const FieldDescriptor* page_size = request.GetDescriptor()->FindFieldByName("page_size");
    if (page_size != nullptr && !page_size->is_repeated() &&
        page_size->cpp_type() == FieldDescriptor::CPPTYPE_INT32 &&
        reflection.GetInt32(request, page_size) < 0) {
      Add("page_size", "must not be negative; 0 asks for the standard size");
    }
    const FieldDescriptor* request_id = request.GetDescriptor()->FindFieldByName("request_id");
    if (request_id != nullptr && !request_id->is_repeated() &&
        request_id->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      std::string id = reflection.GetString(request, request_id);
      if (!id.empty() && !IsUuid(id)) {
        Add("request_id", "must be a UUID such as 7b4f0c3e-2f8e-4d55-9c06-2f1de6a5a0d1, or empty");
      }
    }
    Visit(request, "");
  }

  absl::Status Result() const {
    if (total_ == 0) return absl::OkStatus();
    if (total_ == kept_.size()) return InvalidFields(kept_);
    std::string message = kept_.front().field + ": " + kept_.front().description + " (and " +
                          std::to_string(total_ - 1) + " more)";
    return WithFieldViolations(MakeError(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS", message,
                                         {{"violations", std::to_string(total_)}}),
                               kept_);
  }

 private:
  void Add(std::string field, std::string description) {
    if (++total_ <= kKept) kept_.push_back({std::move(field), std::move(description)});
  }

  void VisitField(const Message& message, const FieldDescriptor& field, const std::string& path) {
    const Reflection& reflection = *message.GetReflection();
    bool set = field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                                   : reflection.HasField(message, &field);
    if (!set) {
      if (IsRequired(field)) Add(path + std::string(field.name()), "is required");
      return;
    }
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return VisitEnums(message, field, path);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return;
    if (!field.is_repeated()) {
      return Visit(reflection.GetMessage(message, &field), path + std::string(field.name()) + ".");
    }
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      Visit(reflection.GetRepeatedMessage(message, &field, i), Element(field, path, i) + ".");
    }
  }

  void VisitEnums(const Message& message, const FieldDescriptor& field, const std::string& path) {
    const Reflection& reflection = *message.GetReflection();
    if (!field.is_repeated()) {
      return CheckEnum(*field.enum_type(), reflection.GetEnumValue(message, &field),
                       path + std::string(field.name()));
    }
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      CheckEnum(*field.enum_type(), reflection.GetRepeatedEnumValue(message, &field, i),
                Element(field, path, i));
    }
  }

  static std::string Element(const FieldDescriptor& field, const std::string& path, int index) {
    return path + std::string(field.name()) + "[" + std::to_string(index) + "]";
  }

  void CheckEnum(const EnumDescriptor& type, int number, const std::string& field) {
    if (type.FindValueByNumber(number) != nullptr) return;
    Add(field, std::to_string(number) + " is no value of " + std::string(type.name()));
  }

  void CheckDate(const Message& message, const std::string& path) {
    const auto& date = static_cast<const common::v1::Date&>(message);
    if (Date::Make(date.year(), date.month(), date.day()).ok()) return;
    Add(path.substr(0, path.size() - 1), "year " + std::to_string(date.year()) + ", month " +
                                             std::to_string(date.month()) + ", day " +
                                             std::to_string(date.day()) + " is no day of the calendar");
  }

  void CheckTimestamp(const Message& message, const std::string& path) {
    // 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z, as google.protobuf.Timestamp has it.
    constexpr std::int64_t kFirst = -62'135'596'800;
    constexpr std::int64_t kLast = 253'402'300'799;
    const auto& time = static_cast<const google::protobuf::Timestamp&>(message);
    bool valid = time.seconds() >= kFirst && time.seconds() <= kLast && time.nanos() >= 0 &&
                 time.nanos() <= 999'999'999;
    if (!valid) Add(path.substr(0, path.size() - 1), "is not a time between the years 1 and 9999");
  }

  std::vector<FieldViolation> kept_;
  std::size_t total_ = 0;
};

}  // namespace

absl::Status ValidateFields(const Message& request) {
  Validator validator;
  validator.VisitTop(request);
  return validator.Result();
}

}  // namespace specom::rpc
