#include "services/finance/adapters/inputs/policy_json.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "libs/base/check.h"
#include "specom/finance/v1/policy.pb.h"

namespace specom::finance {
namespace {

namespace pb = google::protobuf;
using nlohmann::json;

// Reads characters and counts the lines that were read.
class LineCountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  LineCountingIterator(const char* at, int* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  LineCountingIterator& operator++() {
    if (*at_ == '\n') ++*line_;
    ++at_;
    return *this;
  }
  LineCountingIterator operator++(int) {
    LineCountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const LineCountingIterator& a, const LineCountingIterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const LineCountingIterator& a, const LineCountingIterator& b) { return !(a == b); }

 private:
  const char* at_;
  int* line_;
};

// Finds keys that stand twice, and the line of every key and element; values are read afterwards.
class Surveyor : public json::json_sax_t {
 public:
  explicit Surveyor(const int* line) : line_(line) {}

  std::map<std::string, int> lines;
  // Paths with their lines.
  std::vector<std::pair<std::string, int>> duplicates;
  std::string error;
  int error_line = 0;

  bool null() override { return Value(); }
  bool boolean(bool) override { return Value(); }
  bool number_integer(number_integer_t) override { return Value(); }
  bool number_unsigned(number_unsigned_t) override { return Value(); }
  bool number_float(number_float_t, const string_t&) override { return Value(); }
  bool string(string_t&) override { return Value(); }
  bool binary(binary_t&) override { return Value(); }
  bool start_object(std::size_t) override { return Open(false); }
  bool start_array(std::size_t) override { return Open(true); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    Level& level = levels_.back();
    level.at = levels_.size() == 1 ? name : absl::StrCat(level.path, ".", name);
    lines.emplace(level.at, *line_);
    if (!level.keys.insert(name).second) duplicates.emplace_back(level.at, *line_);
    return true;
  }
  bool parse_error(std::size_t, const std::string& token, const json::exception& exception) override {
    error = token.empty() ? exception.what() : absl::StrCat("near ", token);
    error_line = *line_;
    return false;
  }

 private:
  struct Level {
    bool is_array = false;
    std::string path;
    // The path of the value that comes next.
    std::string at;
    std::size_t index = 0;
    std::set<std::string> keys;
  };

  void Arrive() {
    if (levels_.empty() || !levels_.back().is_array) return;
    Level& level = levels_.back();
    level.at = absl::StrCat(level.path, "[", level.index++, "]");
    lines.emplace(level.at, *line_);
  }
  bool Value() {
    Arrive();
    return true;
  }
  bool Open(bool is_array) {
    Arrive();
    Level level;
    level.is_array = is_array;
    if (!levels_.empty()) level.path = levels_.back().at;
    levels_.push_back(std::move(level));
    // A policy is three levels deep; what is far deeper is none and is not followed.
    return levels_.size() < 64;
  }
  bool Close() {
    levels_.pop_back();
    return true;
  }

  const int* line_;
  std::vector<Level> levels_;
};

// Fills a message from JSON, strictly, and goes on after a problem.
class Filler {
 public:
  Filler(std::string_view file, const Surveyor& survey, std::vector<FileProblem>& problems)
      : file_(file), survey_(survey), problems_(problems) {}

  void Fill(const json& object, const std::string& raw_path, const std::string& path, pb::Message& message) {
    const pb::Descriptor& type = *message.GetDescriptor();
    std::map<const pb::FieldDescriptor*, std::string> given;
    for (const auto& [name, value] : object.items()) {
      const std::string raw = raw_path.empty() ? name : absl::StrCat(raw_path, ".", name);
      const pb::FieldDescriptor* field = FindField(type, name);
      const std::string at =
          absl::StrCat(path, path.empty() ? "" : ".", field == nullptr ? name : field->json_name());
      NoteLine(raw, at);
      if (field == nullptr) {
        Problem(at, "", absl::StrCat("the key is not known; the keys here are ", KeysOf(type)));
        continue;
      }
      if (auto [known, is_new] = given.emplace(field, name); !is_new) {
        problems_.push_back(
            {file_, survey_.lines.at(raw), at, "",
             absl::StrCat("stands twice, as ", known->second, " and as ", name, "; keep one")});
        continue;
      }
      if (const pb::OneofDescriptor* oneof = field->real_containing_oneof();
          oneof != nullptr && message.GetReflection()->HasOneof(message, oneof)) {
        Problem(at, "",
                absl::StrCat("stands beside ",
                             message.GetReflection()->GetOneofFieldDescriptor(message, oneof)->json_name(),
                             "; give one of the two"));
        continue;
      }
      if (field->is_repeated()) {
        FillRepeated(value, raw, at, *field, message);
      } else {
        FillValue(value, raw, at, *field, message);
      }
    }
  }

  void Problem(const std::string& path, std::string value, std::string rule) {
    problems_.push_back({file_, LineOf(path), path, std::move(value), std::move(rule)});
  }

 private:
  static const pb::FieldDescriptor* FindField(const pb::Descriptor& type, const std::string& name) {
    for (int i = 0; i < type.field_count(); ++i) {
      if (type.field(i)->json_name() == name || type.field(i)->name() == name) return type.field(i);
    }
    return nullptr;
  }
  static std::string KeysOf(const pb::Descriptor& type) {
    std::string keys;
    for (int i = 0; i < type.field_count(); ++i) {
      absl::StrAppend(&keys, i == 0 ? "" : ", ", type.field(i)->json_name());
    }
    return keys;
  }
  static std::string ValuesOf(const pb::EnumDescriptor& type) {
    std::string names;
    for (int i = 0; i < type.value_count(); ++i) {
      if (type.value(i)->number() == 0) continue;
      absl::StrAppend(&names, names.empty() ? "" : ", ", type.value(i)->name());
    }
    return names;
  }
  static std::string Shown(const json& value) {
    std::string text = value.is_string() ? value.get<std::string>()
                                         : value.dump(-1, ' ', false, json::error_handler_t::replace);
    if (text.size() > 60) text = text.substr(0, 57) + "...";
    return text;
  }

  void NoteLine(const std::string& raw, const std::string& path) {
    auto line = survey_.lines.find(raw);
    if (line != survey_.lines.end()) lines_.emplace(path, line->second);
  }
  // The line of the path, or of the nearest thing around it.
  int LineOf(std::string path) const {
    while (!path.empty()) {
      auto line = lines_.find(path);
      if (line != lines_.end()) return line->second;
      auto cut = path.find_last_of(".[");
      path.resize(cut == path.npos ? 0 : cut);
    }
    return 0;
  }

  void FillRepeated(const json& value, const std::string& raw, const std::string& path,
                    const pb::FieldDescriptor& field, pb::Message& message) {
    if (!value.is_array()) {
      Problem(path, Shown(value), "must be a list: [ … ]");
      return;
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string raw_element = absl::StrCat(raw, "[", i, "]");
      const std::string element = absl::StrCat(path, "[", i, "]");
      NoteLine(raw_element, element);
      if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
        pb::Message* child = message.GetReflection()->AddMessage(&message, &field);
        FillObject(value[i], raw_element, element, *child);
      } else if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING && value[i].is_string()) {
        message.GetReflection()->AddString(&message, &field, value[i].get<std::string>());
      } else {
        Problem(element, Shown(value[i]), "must be text in quotes");
      }
    }
  }

  void FillObject(const json& value, const std::string& raw, const std::string& path, pb::Message& message) {
    if (value.is_object()) {
      Fill(value, raw, path, message);
    } else {
      Problem(path, Shown(value), "must be an object: { … }");
    }
  }

  void FillValue(const json& value, const std::string& raw, const std::string& path,
                 const pb::FieldDescriptor& field, pb::Message& message) {
    const pb::Reflection& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        FillObject(value, raw, path, *reflection.MutableMessage(&message, &field));
        return;
      case pb::FieldDescriptor::CPPTYPE_STRING:
        if (value.is_string()) {
          reflection.SetString(&message, &field, value.get<std::string>());
        } else {
          Problem(path, Shown(value), "must be text in quotes");
        }
        return;
      case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        if (value.is_number() && std::isfinite(value.get<double>())) {
          reflection.SetDouble(&message, &field, value.get<double>());
        } else {
          Problem(path, Shown(value), "must be a number, e.g. 0.0528");
        }
        return;
      case pb::FieldDescriptor::CPPTYPE_INT64:
        if (std::optional<std::int64_t> whole = WholeNumber(value)) {
          reflection.SetInt64(&message, &field, *whole);
        } else {
          Problem(path, Shown(value), "must be a whole number, e.g. 100000");
        }
        return;
      case pb::FieldDescriptor::CPPTYPE_ENUM: {
        const pb::EnumValueDescriptor* named =
            value.is_string() ? field.enum_type()->FindValueByName(value.get<std::string>()) : nullptr;
        if (named != nullptr && named->number() != 0) {
          reflection.SetEnum(&message, &field, named);
        } else {
          Problem(path, Shown(value), absl::StrCat("must be one of ", ValuesOf(*field.enum_type())));
          // The first of them, so that the finding is not made twice.
          reflection.SetEnumValue(&message, &field, 1);
        }
        return;
      }
      default:
        SPECOM_CHECK(false);
    }
  }

  // 64-bit integers may be written as numbers or, as protobuf does, in quotes.
  static std::optional<std::int64_t> WholeNumber(const json& value) {
    if (value.is_number_unsigned()) {
      auto number = value.get<std::uint64_t>();
      if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
      return static_cast<std::int64_t>(number);
    }
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (value.is_number_float()) {
      double number = value.get<double>();
      if (number != std::floor(number) || std::abs(number) > 9007199254740992.0) return std::nullopt;
      return static_cast<std::int64_t>(number);
    }
    if (value.is_string()) {
      const auto& text = value.get_ref<const std::string&>();
      std::int64_t number = 0;
      if (absl::SimpleAtoi(text, &number)) return number;
    }
    return std::nullopt;
  }

  const std::string file_;
  const Surveyor& survey_;
  std::vector<FileProblem>& problems_;
  // By path in lowerCamelCase.
  std::map<std::string, int> lines_;
};

// Reads an enum whose values stand in the domain in the proto's order, from 1.
template <class DomainEnum>
DomainEnum EnumFromProto(int value, DomainEnum last, const char* path, const char* prefix,
                         std::vector<FieldViolation>& violations) {
  if (value >= 1 && value <= static_cast<int>(last) + 1) return static_cast<DomainEnum>(value - 1);
  violations.push_back({path, absl::StrCat("must be given: one of the ", prefix, "_… values")});
  return DomainEnum{};
}

template <class ProtoEnum, class DomainEnum>
ProtoEnum EnumToProto(DomainEnum value) {
  return static_cast<ProtoEnum>(static_cast<int>(value) + 1);
}

static_assert(static_cast<int>(TargetBasis::kNone) + 1 == v1::TARGET_BASIS_NONE);
static_assert(static_cast<int>(BaseGrowthMode::kComposite) + 1 == v1::BASE_GROWTH_MODE_COMPOSITE);
static_assert(static_cast<int>(ConvergenceDistance::kOpening) + 1 == v1::CONVERGENCE_DISTANCE_OPENING);
static_assert(static_cast<int>(Combination::kAdditive) + 1 == v1::COMBINATION_ADDITIVE);
static_assert(static_cast<int>(ComponentTreatment::kAdjustment) + 1 == v1::COMPONENT_TREATMENT_ADJUSTMENT);

}  // namespace

v1::AllocationPolicy ToProto(const AllocationPolicy& policy) {
  v1::AllocationPolicy proto;
  proto.set_name(PolicyName(policy));
  proto.set_stream(policy.stream);
  proto.set_financial_year(policy.financial_year.ToString());
  proto.set_title(policy.title);
  proto.set_source(policy.source);
  proto.mutable_target()->set_basis(EnumToProto<v1::TargetBasis>(policy.target.basis));
  if (policy.target.national_distance)
    proto.mutable_target()->set_national_distance(*policy.target.national_distance);
  if (policy.target.opening_quantum) {
    proto.mutable_target()->set_opening_quantum_pence(policy.target.opening_quantum->value());
  }
  proto.mutable_base_growth()->set_mode(EnumToProto<v1::BaseGrowthMode>(policy.base_growth.mode));
  proto.mutable_base_growth()->set_rate(policy.base_growth.rate);
  proto.mutable_base_growth()->set_residual_component(policy.base_growth.residual_component);
  if (!policy.convergence.IsNone()) {
    v1::Convergence& convergence = *proto.mutable_convergence();
    auto set_side = [](const ConvergenceSide& side, v1::ConvergenceSide& out) {
      out.set_cap(side.cap);
      out.set_taper_distance(side.taper_distance);
    };
    if (policy.convergence.over_target)
      set_side(*policy.convergence.over_target, *convergence.mutable_over_target());
    if (policy.convergence.under_target) {
      set_side(*policy.convergence.under_target, *convergence.mutable_under_target());
    }
    if (policy.convergence.HasDistanceRule()) {
      convergence.set_distance(EnumToProto<v1::ConvergenceDistance>(policy.convergence.distance));
    }
    convergence.set_component(policy.convergence.component);
    for (const RegionalRate& rate : policy.convergence.regional_rates) {
      v1::RegionalRate& out = *convergence.add_regional_rates();
      out.set_region(rate.region.value());
      out.set_rate(rate.rate);
    }
  }
  proto.set_combination(EnumToProto<v1::Combination>(policy.combination));
  proto.set_rounding_unit_pence(policy.rounding_unit_pence);
  for (const ComponentRule& rule : policy.components) {
    v1::ComponentRule& out = *proto.add_components();
    out.set_component(rule.component);
    out.set_treatment(EnumToProto<v1::ComponentTreatment>(rule.treatment));
    out.set_growth(rule.growth);
  }
  for (const std::string& note : policy.notes) proto.add_notes(note);
  return proto;
}

AllocationPolicy FromProto(const v1::AllocationPolicy& proto, std::vector<FieldViolation>& violations) {
  AllocationPolicy policy;
  policy.stream = proto.stream();
  auto year = FinancialYear::Parse(proto.financial_year());
  if (year.ok()) {
    policy.financial_year = *year;
  } else {
    violations.push_back({"financialYear", "must be a financial year, e.g. 2025/26"});
  }
  if (year.ok() && !proto.name().empty() && proto.name() != PolicyName(policy)) {
    violations.push_back({"name", absl::StrCat("must be ", PolicyName(policy),
                                               ", from stream and financialYear, or left out")});
  }
  policy.title = proto.title();
  policy.source = proto.source();
  policy.target.basis =
      EnumFromProto(proto.target().basis(), TargetBasis::kNone, "target.basis", "TARGET_BASIS", violations);
  if (proto.target().has_national_distance())
    policy.target.national_distance = proto.target().national_distance();
  if (proto.target().has_opening_quantum_pence()) {
    policy.target.opening_quantum = Pence(proto.target().opening_quantum_pence());
  }
  policy.base_growth.mode = EnumFromProto(proto.base_growth().mode(), BaseGrowthMode::kComposite,
                                          "baseGrowth.mode", "BASE_GROWTH_MODE", violations);
  policy.base_growth.rate = proto.base_growth().rate();
  policy.base_growth.residual_component = proto.base_growth().residual_component();

  const v1::Convergence& convergence = proto.convergence();
  auto side = [](const v1::ConvergenceSide& in) { return ConvergenceSide{in.cap(), in.taper_distance()}; };
  if (convergence.has_over_target()) policy.convergence.over_target = side(convergence.over_target());
  if (convergence.has_under_target()) policy.convergence.under_target = side(convergence.under_target());
  if (policy.convergence.HasDistanceRule()) {
    policy.convergence.distance = EnumFromProto(convergence.distance(), ConvergenceDistance::kOpening,
                                                "convergence.distance", "CONVERGENCE_DISTANCE", violations);
  }
  policy.convergence.component = convergence.component();
  for (const v1::RegionalRate& rate : convergence.regional_rates()) {
    policy.convergence.regional_rates.push_back({RegionCode(rate.region()), rate.rate()});
  }
  policy.combination =
      EnumFromProto(proto.combination(), Combination::kAdditive, "combination", "COMBINATION", violations);
  policy.rounding_unit_pence = proto.rounding_unit_pence();
  for (int i = 0; i < proto.components_size(); ++i) {
    const v1::ComponentRule& rule = proto.components(i);
    const std::string path = absl::StrCat("components[", i, "].treatment");
    policy.components.push_back({rule.component(),
                                 EnumFromProto(rule.treatment(), ComponentTreatment::kAdjustment,
                                               path.c_str(), "COMPONENT_TREATMENT", violations),
                                 rule.growth()});
  }
  policy.notes.assign(proto.notes().begin(), proto.notes().end());
  return policy;
}

std::optional<AllocationPolicy> ReadPolicyJson(std::string_view file, std::string_view text,
                                               std::vector<FileProblem>& problems) {
  const std::size_t problems_before = problems.size();
  auto problem = [&](int row, std::string path, std::string rule) {
    problems.push_back({std::string(file), row, std::move(path), "", std::move(rule)});
  };
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.find_first_not_of(" \t\r\n") == text.npos) {
    problem(0, "", "the file is empty; it needs the allocation policy as a JSON object");
    return std::nullopt;
  }
  int line = 1;
  Surveyor survey(&line);
  const bool parsed = json::sax_parse(LineCountingIterator(text.data(), &line),
                                      LineCountingIterator(text.data() + text.size(), &line), &survey);
  if (!parsed) {
    problem(survey.error_line, "",
            survey.error.empty() ? "the JSON is nested far too deeply to be a policy"
                                 : absl::StrCat("is not valid JSON (", survey.error, ")"));
    return std::nullopt;
  }
  for (const auto& [path, row] : survey.duplicates) problem(row, path, "the key stands twice; keep one");
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) {
    problem(1, "", "must be an allocation policy: a JSON object { … }");
    return std::nullopt;
  }
  v1::AllocationPolicy proto;
  Filler filler(file, survey, problems);
  filler.Fill(document, "", "", proto);
  std::vector<FieldViolation> violations;
  AllocationPolicy policy = FromProto(proto, violations);
  for (FieldViolation& violation : CheckPolicy(policy)) violations.push_back(std::move(violation));
  // One finding for each place: what could not be read is not judged as well.
  std::set<std::string> reported;
  for (std::size_t i = problems_before; i < problems.size(); ++i) reported.insert(problems[i].column);
  for (const FieldViolation& violation : violations) {
    if (reported.contains(violation.field)) continue;
    filler.Problem(violation.field, "", violation.description);
  }
  if (problems.size() > problems_before) return std::nullopt;
  return policy;
}

std::string WritePolicyJson(const AllocationPolicy& policy) {
  pb::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string text;
  SPECOM_CHECK(pb::util::MessageToJsonString(ToProto(policy), &text, options).ok());
  return text;
}

}  // namespace specom::finance
