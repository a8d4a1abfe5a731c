#include "services/portfolio/domain/record_columns.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "services/portfolio/domain/text.h"
#include "services/portfolio/domain/words.h"

namespace specom::portfolio {
namespace {

constexpr std::string_view kListSeparator = ";";
// Between texts that may hold a list separator.
constexpr std::string_view kTextSeparator = "|";

std::string_view Trim(std::string_view text) {
  auto begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::vector<std::string> Split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    auto end = text.find(separator);
    std::string_view part = Trim(text.substr(0, end));
    if (!part.empty()) parts.emplace_back(part);
    if (end == text.npos) break;
    text.remove_prefix(end + separator.size());
  }
  return parts;
}

std::string YesNo(bool value) {
  return value ? "Y" : "N";
}

// Reads typed values out of columns and notes what cannot be read.
class Reader {
 public:
  Reader(const Columns& columns, std::vector<ColumnProblem>& problems)
      : columns_(columns), problems_(problems) {}

  std::string Text(std::string_view column) const {
    auto it = columns_.find(column);
    return it == columns_.end() ? std::string() : it->second;
  }
  std::string Required(std::string_view column) {
    std::string text = Text(column);
    if (text.empty()) Problem(column, "a value is needed");
    return text;
  }
  std::vector<std::string> List(std::string_view column, std::string_view separator = kListSeparator) {
    std::vector<std::string> list = Split(Text(column), separator);
    auto sorted = list;
    std::sort(sorted.begin(), sorted.end());
    auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end()) Problem(column, Concat({*twice, " stands twice in the list; remove one"}));
    return list;
  }
  bool Flag(std::string_view column) {
    std::string text = Text(column);
    if (text != "Y" && text != "N" && !text.empty()) Problem(column, "write Y or N");
    return text == "Y";
  }
  std::optional<Date> OptionalDate(std::string_view column) {
    std::string text = Text(column);
    if (text.empty()) return std::nullopt;
    absl::StatusOr<Date> date = Date::Parse(text);
    if (date.ok()) return *date;
    Problem(column, "write a date as 2024-04-01");
    return std::nullopt;
  }
  Date RequiredDate(std::string_view column) {
    if (Text(column).empty()) Problem(column, "a date is needed, written as 2024-04-01");
    return OptionalDate(column).value_or(Date());
  }
  template <class Enum>
  Enum Word(std::string_view column) {
    std::optional<Enum> value = ParseWord<Enum>(Text(column));
    if (!value) Problem(column, Concat({"write one of ", ListWords<Enum>()}));
    return value.value_or(Enum());
  }
  template <class Enum>
  std::optional<Enum> OptionalWord(std::string_view column) {
    if (Text(column).empty()) return std::nullopt;
    return Word<Enum>(column);
  }
  std::int64_t Count(std::string_view column) {
    std::string text = Text(column);
    std::int64_t count = 0;
    if (!text.empty() && (!absl::SimpleAtoi(text, &count) || count < 0)) {
      Problem(column, "write a whole number of 0 or more");
      return 0;
    }
    return count;
  }
  double Share(std::string_view column) {
    double share = 0;
    if (!absl::SimpleAtod(Text(column), &share) || !(share > 0) || share > 1) {
      Problem(column, "write a share above 0 and at most 1, e.g. 0.25");
      return 1;
    }
    return share;
  }
  // The pairs of "name=value;name=value".
  std::vector<std::pair<std::string, std::string>> Pairs(std::string_view column,
                                                         std::string_view separator = kListSeparator) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const std::string& part : Split(Text(column), separator)) {
      auto equals = part.find('=');
      if (equals == part.npos || equals == 0) {
        Problem(column, Concat({"write \"", part, "\" as name=value"}));
        continue;
      }
      pairs.emplace_back(Trim(std::string_view(part).substr(0, equals)),
                         Trim(std::string_view(part).substr(equals + 1)));
    }
    return pairs;
  }
  void Problem(std::string_view column, std::string rule) {
    problems_.push_back({std::string(column), Text(column), std::move(rule)});
  }

 private:
  const Columns& columns_;
  std::vector<ColumnProblem>& problems_;
};

// What a kind has besides its first day, provenance and inferred.
template <class T>
struct Codec;

template <>
struct Codec<Organisation> {
  static constexpr std::string_view kId = "code";
  static std::vector<std::string> Names() {
    return {"kind", "name", "short_name", "region", "icb", "ons_code", "population", "members", "attributes"};
  }
  static Organisation Read(Reader& in) {
    Organisation value;
    value.kind = in.Word<OrganisationKind>("kind");
    value.name = in.Required("name");
    value.short_name = in.Text("short_name");
    value.region = in.Text("region");
    value.icb = in.Text("icb");
    value.ons_code = in.Text("ons_code");
    value.population = in.Count("population");
    value.members = in.List("members");
    for (auto& [name, text] : in.Pairs("attributes")) {
      if (!value.attributes.emplace(name, text).second) {
        in.Problem("attributes", Concat({name, " stands twice; remove one"}));
      }
    }
    return value;
  }
  static void Write(const Organisation& value, Columns& out) {
    out["kind"] = ToWord(value.kind);
    out["name"] = value.name;
    out["short_name"] = value.short_name;
    out["region"] = value.region;
    out["icb"] = value.icb;
    out["ons_code"] = value.ons_code;
    out["population"] = value.population == 0 ? "" : std::to_string(value.population);
    out["members"] = Join(value.members, kListSeparator);
    std::vector<std::string> pairs;
    for (const auto& [name, text] : value.attributes) pairs.push_back(Concat({name, "=", text}));
    out["attributes"] = Join(pairs, kListSeparator);
  }
};

template <>
struct Codec<Succession> {
  static std::vector<std::string> Names() { return {"predecessor", "successor", "share", "basis"}; }
  static Succession Read(Reader& in) {
    Succession value;
    value.predecessor = in.Required("predecessor");
    value.successor = in.Required("successor");
    value.share = in.Share("share");
    value.basis = in.Required("basis");
    if (!value.predecessor.empty() && value.predecessor == value.successor) {
      in.Problem("successor", "an organisation cannot succeed itself");
    }
    return value;
  }
  static void Write(const Succession& value, Columns& out) {
    out["predecessor"] = value.predecessor;
    out["successor"] = value.successor;
    out["share"] = absl::StrFormat("%.17g", value.share);
    out["basis"] = value.basis;
  }
};

template <>
struct Codec<Programme> {
  static constexpr std::string_view kId = "letter";
  static std::vector<std::string> Names() { return {"name", "note"}; }
  static Programme Read(Reader& in) { return {in.Required("name"), in.Text("note")}; }
  static void Write(const Programme& value, Columns& out) {
    out["name"] = value.name;
    out["note"] = value.note;
  }
};

template <>
struct Codec<ClinicalReferenceGroup> {
  static constexpr std::string_view kId = "code";
  static std::vector<std::string> Names() { return {"name", "programme", "operating_model"}; }
  static ClinicalReferenceGroup Read(Reader& in) {
    return {in.Required("name"), in.Text("programme"), in.Text("operating_model")};
  }
  static void Write(const ClinicalReferenceGroup& value, Columns& out) {
    out["name"] = value.name;
    out["programme"] = value.programme;
    out["operating_model"] = value.operating_model;
  }
};

template <>
struct Codec<Service> {
  static constexpr std::string_view kId = "service";
  static std::vector<std::string> Names() {
    return {"manual_number",      "name",        "programme",    "clinical_reference_groups",
            "highly_specialised", "suitability", "planning_tier"};
  }
  static Service Read(Reader& in) {
    Service value;
    value.manual_number = in.Text("manual_number");
    value.name = in.Required("name");
    value.programme = in.Text("programme");
    value.clinical_reference_groups = in.List("clinical_reference_groups");
    value.highly_specialised = in.Flag("highly_specialised");
    value.suitability = in.Word<Suitability>("suitability");
    value.planning_tier = in.OptionalWord<PlanningTier>("planning_tier");
    return value;
  }
  static void Write(const Service& value, Columns& out) {
    out["manual_number"] = value.manual_number;
    out["name"] = value.name;
    out["programme"] = value.programme;
    out["clinical_reference_groups"] = Join(value.clinical_reference_groups, kListSeparator);
    out["highly_specialised"] = YesNo(value.highly_specialised);
    out["suitability"] = ToWord(value.suitability);
    out["planning_tier"] = value.planning_tier ? ToWord(*value.planning_tier) : "";
  }
};

template <>
struct Codec<ServiceLine> {
  static constexpr std::string_view kId = "code";
  static std::vector<std::string> Names() {
    return {"name",
            "kind",
            "service",
            "service_inferred",
            "programme",
            "clinical_reference_groups",
            "highly_specialised",
            "grouping",
            "statuses"};
  }
  static ServiceLine Read(Reader& in) {
    ServiceLine value;
    value.name = in.Required("name");
    value.kind = in.Word<ServiceLineKind>("kind");
    value.service = in.Text("service");
    value.service_inferred = in.Flag("service_inferred");
    value.programme = in.Text("programme");
    value.clinical_reference_groups = in.List("clinical_reference_groups");
    value.highly_specialised = in.Flag("highly_specialised");
    value.grouping = in.Text("grouping");
    for (auto& [text, colour] : in.Pairs("statuses")) {
      absl::StatusOr<FinancialYear> year = FinancialYear::Parse(text);
      if (!year.ok()) {
        in.Problem("statuses", Concat({"write the financial year \"", text, "\" as 2025/26"}));
        continue;
      }
      if (colour != "" && colour != "GREEN" && colour != "AMBER" && colour != "RED" && colour != "BLUE" &&
          colour != "NOT APPLICABLE") {
        in.Problem("statuses", Concat({"the colour \"", colour,
                                       "\" is not GREEN, AMBER, RED, BLUE, NOT APPLICABLE or empty"}));
      }
      if (!value.statuses.empty() && value.statuses.back().year >= *year) {
        in.Problem("statuses", "the years must rise");
      }
      value.statuses.push_back({*year, colour});
    }
    return value;
  }
  static void Write(const ServiceLine& value, Columns& out) {
    out["name"] = value.name;
    out["kind"] = ToWord(value.kind);
    out["service"] = value.service;
    out["service_inferred"] = YesNo(value.service_inferred);
    out["programme"] = value.programme;
    out["clinical_reference_groups"] = Join(value.clinical_reference_groups, kListSeparator);
    out["highly_specialised"] = YesNo(value.highly_specialised);
    out["grouping"] = value.grouping;
    std::vector<std::string> statuses;
    for (const auto& status : value.statuses)
      statuses.push_back(Concat({status.year.ToString(), "=", status.colour}));
    out["statuses"] = Join(statuses, kListSeparator);
  }
};

template <>
struct Codec<Specification> {
  static constexpr std::string_view kId = "specification";
  static std::vector<std::string> Names() {
    return {"service", "kind", "title", "version", "clinical_reference_group", "published_on", "review_on"};
  }
  static Specification Read(Reader& in) {
    Specification value;
    value.service = in.Required("service");
    value.kind = in.Word<SpecificationKind>("kind");
    value.title = in.Required("title");
    value.version = in.Required("version");
    value.clinical_reference_group = in.Required("clinical_reference_group");
    value.published_on = in.RequiredDate("published_on");
    value.review_on = in.OptionalDate("review_on");
    if (value.review_on && *value.review_on < value.published_on) {
      in.Problem("review_on", "the day of review lies before the day of publication");
    }
    return value;
  }
  static void Write(const Specification& value, Columns& out) {
    out["service"] = value.service;
    out["kind"] = ToWord(value.kind);
    out["title"] = value.title;
    out["version"] = value.version;
    out["clinical_reference_group"] = value.clinical_reference_group;
    out["published_on"] = value.published_on.ToString();
    out["review_on"] = value.review_on ? value.review_on->ToString() : "";
  }
};

template <>
struct Codec<ProviderEligibility> {
  static constexpr std::string_view kId = "eligibility";
  static std::vector<std::string> Names() { return {"provider", "service_line"}; }
  static ProviderEligibility Read(Reader& in) {
    return {in.Required("provider"), in.Required("service_line")};
  }
  static void Write(const ProviderEligibility& value, Columns& out) {
    out["provider"] = value.provider;
    out["service_line"] = value.service_line;
  }
};

template <>
struct Codec<AssessmentCriterion> {
  static constexpr std::string_view kId = "criterion";
  static std::vector<std::string> Names() { return {"aspect", "theme", "question"}; }
  static AssessmentCriterion Read(Reader& in) {
    return {in.Word<AssessmentAspect>("aspect"), in.Required("theme"), in.Required("question")};
  }
  static void Write(const AssessmentCriterion& value, Columns& out) {
    out["aspect"] = ToWord(value.aspect);
    out["theme"] = value.theme;
    out["question"] = value.question;
  }
};

template <>
struct Codec<ServiceAssessment> {
  static constexpr std::string_view kId = "assessment";
  static std::vector<std::string> Names() {
    return {"service", "scores", "evidence", "comments", "reviewer", "outcome", "assessed_on"};
  }
  static ServiceAssessment Read(Reader& in) {
    ServiceAssessment value;
    value.service = in.Required("service");
    std::map<std::string, CriterionFinding> findings;
    for (auto& [criterion, text] : in.Pairs("scores")) {
      CriterionFinding finding{criterion, 0, "", ""};
      if (!absl::SimpleAtoi(text, &finding.score) || finding.score < kLowestScore ||
          finding.score > kHighestScore) {
        in.Problem("scores", Concat({"write the score of ", criterion, " as a whole number from ",
                                     std::to_string(kLowestScore), " to ", std::to_string(kHighestScore)}));
      }
      if (!findings.emplace(criterion, finding).second) {
        in.Problem("scores", Concat({criterion, " stands twice; remove one"}));
      }
    }
    if (in.Text("scores").empty()) in.Problem("scores", "score at least one criterion");
    ReadTexts(in, "evidence", &CriterionFinding::evidence, findings);
    ReadTexts(in, "comments", &CriterionFinding::comment, findings);
    for (auto& [criterion, finding] : findings) value.findings.push_back(std::move(finding));
    value.reviewer = in.Required("reviewer");
    value.outcome = in.Word<Suitability>("outcome");
    value.assessed_on = in.RequiredDate("assessed_on");
    return value;
  }
  static void Write(const ServiceAssessment& value, Columns& out) {
    out["service"] = value.service;
    std::vector<std::string> scores, evidence, comments;
    for (const auto& [criterion, score, proof, comment] : value.findings) {
      scores.push_back(Concat({criterion, "=", std::to_string(score)}));
      if (!proof.empty()) evidence.push_back(Concat({criterion, "=", proof}));
      if (!comment.empty()) comments.push_back(Concat({criterion, "=", comment}));
    }
    out["scores"] = Join(scores, kListSeparator);
    out["evidence"] = Join(evidence, kTextSeparator);
    out["comments"] = Join(comments, kTextSeparator);
    out["reviewer"] = value.reviewer;
    out["outcome"] = ToWord(value.outcome);
    out["assessed_on"] = value.assessed_on.ToString();
  }

 private:
  // The texts on criteria that were scored, each at most once.
  static void ReadTexts(Reader& in, std::string_view column, std::string CriterionFinding::*member,
                        std::map<std::string, CriterionFinding>& findings) {
    for (auto& [criterion, text] : in.Pairs(column, kTextSeparator)) {
      auto finding = findings.find(criterion);
      if (finding == findings.end()) {
        in.Problem(column, Concat({criterion, " has no score; score it, or leave it out"}));
      } else if (!(finding->second.*member).empty()) {
        in.Problem(column, Concat({criterion, " stands twice; remove one"}));
      } else {
        finding->second.*member = text;
      }
    }
  }
};

template <>
struct Codec<Decision> {
  static constexpr std::string_view kId = "decision";
  static std::vector<std::string> Names() {
    return {"title",    "decided_by",    "decided_on", "form",       "funding_basis", "icbs",
            "services", "service_lines", "agreement",  "conditions", "source",        "correction_reason"};
  }
  static Decision Read(Reader& in) {
    Decision value;
    value.title = in.Required("title");
    value.decided_by = in.Required("decided_by");
    value.decided_on = in.RequiredDate("decided_on");
    value.form = in.Word<DelegationForm>("form");
    if (in.Text("funding_basis").empty()) {
      value.funding_basis =
          UsualFundingBasis(value.form, in.OptionalDate("effective_from").value_or(value.decided_on));
    } else {
      value.funding_basis = in.Word<FundingBasis>("funding_basis");
    }
    value.icbs = in.List("icbs");
    value.services = in.List("services");
    value.service_lines = in.List("service_lines");
    value.agreement = in.Text("agreement");
    value.conditions = in.List("conditions", kTextSeparator);
    value.source = in.Text("source");
    value.correction_reason = in.Text("correction_reason");
    return value;
  }
  static void Write(const Decision& value, Columns& out) {
    out["title"] = value.title;
    out["decided_by"] = value.decided_by;
    out["decided_on"] = value.decided_on.ToString();
    out["form"] = ToWord(value.form);
    out["funding_basis"] = ToWord(value.funding_basis);
    out["icbs"] = Join(value.icbs, kListSeparator);
    out["services"] = Join(value.services, kListSeparator);
    out["service_lines"] = Join(value.service_lines, kListSeparator);
    out["agreement"] = value.agreement;
    out["conditions"] = Join(value.conditions, kTextSeparator);
    out["source"] = value.source;
    out["correction_reason"] = value.correction_reason;
  }
};

template <class T>
constexpr bool kIsSuccession = std::is_same_v<T, Succession>;

}  // namespace

bool IsOptionalColumn(std::string_view column) {
  return column == "correction_reason" || column == "planning_tier";
}

template <class T>
const std::vector<std::string>& ColumnNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list = Codec<T>::Names();
    if constexpr (kIsSuccession<T>) {
      list.push_back("date");
    } else {
      list.insert(list.begin(), std::string(Codec<T>::kId));
      list.push_back("effective_from");
      list.push_back("effective_to");
    }
    list.push_back("provenance");
    list.push_back("inferred");
    return list;
  }();
  return names;
}

template <class T>
Columns ToColumns(const Record<T>& record) {
  Columns columns;
  Codec<T>::Write(record.value, columns);
  if constexpr (kIsSuccession<T>) {
    columns["date"] = record.effective.from.ToString();
  } else {
    columns[std::string(Codec<T>::kId)] = record.id;
    columns["effective_from"] = record.effective.from.ToString();
    columns["effective_to"] = record.effective.to ? record.effective.to->ToString() : "";
  }
  columns["provenance"] = record.provenance;
  columns["inferred"] = YesNo(record.inferred);
  return columns;
}

template <class T>
Record<T> FromColumns(const Columns& columns, std::vector<ColumnProblem>& problems) {
  Reader in(columns, problems);
  Record<T> record;
  if constexpr (kIsSuccession<T>) {
    record.id = Concat({in.Text("predecessor"), ">", in.Text("successor")});
    record.effective.from = in.RequiredDate("date");
  } else {
    record.id = in.Required(Codec<T>::kId);
    if (record.id.size() > 63 || record.id.find_first_of("/ ;>|") != record.id.npos) {
      in.Problem(Codec<T>::kId, "an identifier has at most 63 characters and none of / ; > | and blanks");
    }
    record.effective.from = in.RequiredDate("effective_from");
    record.effective.to = in.OptionalDate("effective_to");
    if (record.effective.to && *record.effective.to < record.effective.from) {
      in.Problem("effective_to", "the last day lies before the first day");
    }
  }
  record.value = Codec<T>::Read(in);
  record.provenance = in.Required("provenance");
  record.inferred = in.Flag("inferred");
  return record;
}

#define SPECOM_INSTANTIATE(T)                                \
  template const std::vector<std::string>& ColumnNames<T>(); \
  template Columns ToColumns(const Record<T>&);              \
  template Record<T> FromColumns(const Columns&, std::vector<ColumnProblem>&)
SPECOM_INSTANTIATE(Organisation);
SPECOM_INSTANTIATE(Succession);
SPECOM_INSTANTIATE(Programme);
SPECOM_INSTANTIATE(ClinicalReferenceGroup);
SPECOM_INSTANTIATE(Service);
SPECOM_INSTANTIATE(ServiceLine);
SPECOM_INSTANTIATE(Specification);
SPECOM_INSTANTIATE(ProviderEligibility);
SPECOM_INSTANTIATE(AssessmentCriterion);
SPECOM_INSTANTIATE(ServiceAssessment);
SPECOM_INSTANTIATE(Decision);
#undef SPECOM_INSTANTIATE

}  // namespace specom::portfolio
