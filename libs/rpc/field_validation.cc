#include "libs/rpc/field_validation.h"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "google/api/field_behavior.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "libs/base/date.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "specom/common/v1/date.pb.h"

namespace specom::rpc {
namespace {

using google::protobuf::Descriptor;
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

// What is to be checked in messages of one type, found out once: options and names are slow to ask for.
struct Rules {
  struct Field {
    const FieldDescriptor* descriptor = nullptr;
    bool required = false;
    // Of the message that the field holds; null: it holds none.
    const Rules* message = nullptr;
  };

  bool is_date = false;
  bool is_timestamp = false;
  // Those that have something to check.
  std::vector<Field> fields;
  // Of requests: null where there is none.
  const FieldDescriptor* page_size = nullptr;
  const FieldDescriptor* request_id = nullptr;
};

// Every type's rules, for the life of the program, as its descriptors.
class AllRules {
 public:
  static const Rules& Of(const Descriptor& type) {
    thread_local std::unordered_map<const Descriptor*, const Rules*> known;
    const Rules*& rules = known[&type];
    if (rules == nullptr) {
      static AllRules& all = *new AllRules();
      absl::MutexLock lock(&all.mutex_);
      rules = all.Find(type);
    }
    return *rules;
  }

 private:
  const Rules* Find(const Descriptor& type) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto [entry, is_new] = rules_.try_emplace(&type);
    // A type may hold itself: the entry is there before its fields are looked at.
    Rules& rules = entry->second;
    if (!is_new) return &rules;
    rules.is_date = &type == common::v1::Date::descriptor();
    rules.is_timestamp = &type == google::protobuf::Timestamp::descriptor();
    if (rules.is_date || rules.is_timestamp) return &rules;
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const bool holds_message = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
      const bool holds_enum = field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
      if (!IsRequired(field) && !holds_message && !holds_enum) continue;
      rules.fields.push_back(
          {&field, IsRequired(field), holds_message ? Find(*field.message_type()) : nullptr});
    }
    rules.page_size = Single(type, "page_size", FieldDescriptor::CPPTYPE_INT32);
    rules.request_id = Single(type, "request_id", FieldDescriptor::CPPTYPE_STRING);
    return &rules;
  }

  static const FieldDescriptor* Single(const Descriptor& type, const char* name,
                                       FieldDescriptor::CppType cpp_type) {
    const FieldDescriptor* field = type.FindFieldByName(name);
    return field != nullptr && !field->is_repeated() && field->cpp_type() == cpp_type ? field : nullptr;
  }

  absl::Mutex mutex_;
  // Does not move its entries.
  std::map<const Descriptor*, Rules> rules_ ABSL_GUARDED_BY(mutex_);
};

// Where a message stands in the request, as a chain that becomes words when there is something to say.
struct Place {
  const Place* around = nullptr;
  const FieldDescriptor* field = nullptr;
  // In a list; -1: it is no list.
  int index = -1;

  // "decision.icbs[2]"
  std::string Words() const {
    std::string words = around == nullptr || around->field == nullptr ? "" : around->Words() + ".";
    words += field->name();
    if (index >= 0) words += "[" + std::to_string(index) + "]";
    return words;
  }
};

class Validator {
 public:
  void VisitTop(const Message& request) {
    const Rules& rules = AllRules::Of(*request.GetDescriptor());
    const Reflection& reflection = *request.GetReflection();
    if (rules.page_size != nullptr && reflection.GetInt32(request, rules.page_size) < 0) {
      Add("page_size", "must not be negative; 0 asks for the standard size");
    }
    if (rules.request_id != nullptr) {
      std::string scratch;
      const std::string& id = reflection.GetStringReference(request, rules.request_id, &scratch);
      if (!id.empty() && !IsUuid(id)) {
        Add("request_id", "must be a UUID such as 7b4f0c3e-2f8e-4d55-9c06-2f1de6a5a0d1, or empty");
      }
    }
    Visit(request, rules, {});
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

  void Visit(const Message& message, const Rules& rules, const Place& place) {
    if (rules.is_date) return CheckDate(message, place);
    if (rules.is_timestamp) return CheckTimestamp(message, place);
    for (const Rules::Field& field : rules.fields) VisitField(message, field, place);
  }

  void VisitField(const Message& message, const Rules::Field& rule, const Place& place) {
    const Reflection& reflection = *message.GetReflection();
    const FieldDescriptor& field = *rule.descriptor;
    if (field.is_repeated()) {
      const int size = reflection.FieldSize(message, &field);
      if (size == 0 && rule.required) Add(Place{&place, &field}.Words(), "is required");
      for (int i = 0; i < size; ++i) {
        const Place element{&place, &field, i};
        if (rule.message != nullptr) {
          Visit(reflection.GetRepeatedMessage(message, &field, i), *rule.message, element);
        } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
          CheckEnum(*field.enum_type(), reflection.GetRepeatedEnumValue(message, &field, i), element);
        }
      }
      return;
    }
    const Place here{&place, &field};
    if (!reflection.HasField(message, &field)) {
      if (rule.required) Add(here.Words(), "is required");
    } else if (rule.message != nullptr) {
      Visit(reflection.GetMessage(message, &field), *rule.message, here);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      CheckEnum(*field.enum_type(), reflection.GetEnumValue(message, &field), here);
    }
  }

  void CheckEnum(const EnumDescriptor& type, int number, const Place& place) {
    if (type.FindValueByNumber(number) != nullptr) return;
    Add(place.Words(), std::to_string(number) + " is no value of " + std::string(type.name()));
  }

  void CheckDate(const Message& message, const Place& place) {
    const auto& date = static_cast<const common::v1::Date&>(message);
    if (Date::Make(date.year(), date.month(), date.day()).ok()) return;
    Add(place.Words(), "year " + std::to_string(date.year()) + ", month " + std::to_string(date.month()) +
                           ", day " + std::to_string(date.day()) + " is no day of the calendar");
  }

  void CheckTimestamp(const Message& message, const Place& place) {
    // 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z, as google.protobuf.Timestamp has it.
    constexpr std::int64_t kFirst = -62'135'596'800;
    constexpr std::int64_t kLast = 253'402'300'799;
    const auto& time = static_cast<const google::protobuf::Timestamp&>(message);
    bool valid = time.seconds() >= kFirst && time.seconds() <= kLast && time.nanos() >= 0 &&
                 time.nanos() <= 999'999'999;
    if (!valid) Add(place.Words(), "is not a time between the years 1 and 9999");
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
