// What the registry holds: each record states something from its first day on (effective), and the
// registry learnt it at a time (recorded).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/date.h"
#include "libs/base/financial_year.h"
#include "libs/base/id.h"

namespace specom::portfolio {

// e.g. "PSS-29"
using ServiceId = Id<struct ServiceIdTag>;
// e.g. "NCBPS01C"
using ServiceLineCode = Id<struct ServiceLineCodeTag>;
// Lower-case letters, digits and hyphens.
using DecisionId = Id<struct DecisionIdTag>;

// The day on which NHS England became the sole commissioner of prescribed specialised services
// (Health and Social Care Act 2012). The registry answers from this day on.
Date PrescribedServicesBegan();

// The commissioner of everything that no decision moves.
inline constexpr std::string_view kNhsEnglandCode = "NHSE";

// One record. Where several records of an id hold on a day, the one with the latest first day does.
template <class T>
struct Record {
  std::string id;
  // Counts from 1 within the id.
  int version = 1;
  // The version of the same id that it replaces in what is known; 0: none.
  int supersedes = 0;
  DateSpan effective;
  absl::Time recorded_at;
  // When a later version replaced it in what is known; the registry works it out.
  std::optional<absl::Time> superseded_at;
  std::string provenance;
  // The fact was inferred and not read in a source.
  bool inferred = false;
  T value;

  bool KnownAt(absl::Time time) const {
    return recorded_at <= time && (!superseded_at || time < *superseded_at);
  }
  // Both say the same, whenever they were recorded.
  bool SaysTheSameAs(const Record& other) const {
    return id == other.id && effective == other.effective && provenance == other.provenance &&
           inferred == other.inferred && value == other.value;
  }
};

enum class OrganisationKind { kRegion, kIcb, kSubIcb, kHub, kJointCommittee, kTrust };

// id: the ODS code where one exists.
struct Organisation {
  OrganisationKind kind = OrganisationKind::kIcb;
  std::string name;
  std::string short_name;
  std::string region;
  // The ICB of a sub-ICB, the host ICB of a trust.
  std::string icb;
  std::string ons_code;
  // GP-registered population of an ICB or region; 0: not known.
  std::int64_t population = 0;
  // The ICBs of a joint committee.
  std::vector<std::string> members;
  std::map<std::string, std::string> attributes;

  bool operator==(const Organisation&) const = default;
};

// One part of what replaced an organisation, from the record's first day on. id: "QNQ>QRL".
struct Succession {
  std::string predecessor;
  std::string successor;
  // Of the predecessor's population; above 0, at most 1. The parts add up to 1.
  double share = 1;
  std::string basis;

  bool operator==(const Succession&) const = default;
};

// A national programme of care. id: its letter.
struct Programme {
  std::string name;
  std::string note;

  bool operator==(const Programme&) const = default;
};

// id: e.g. "B02".
struct ClinicalReferenceGroup {
  std::string name;
  // By name.
  std::string programme;
  std::string operating_model;

  bool operator==(const ClinicalReferenceGroup&) const = default;
};

enum class Suitability { kSuitableAndReady, kSuitableNotYetReady, kRetained, kHighlySpecialised };

// The population that a service is planned for: 1 to 2.5 million, up to 10 million, or more.
enum class PlanningTier { kFromOneMillion, kFromTwoAndAHalfMillion, kOverTenMillion };

// A prescribed specialised service. id: a ServiceId.
struct Service {
  std::string manual_number;
  std::string name;
  std::string programme;
  std::vector<std::string> clinical_reference_groups;
  bool highly_specialised = false;
  Suitability suitability = Suitability::kRetained;
  // Nothing: not published.
  std::optional<PlanningTier> planning_tier;

  bool operator==(const Service&) const = default;
};

enum class ServiceLineKind { kService, kTopUp, kNetwork, kRetired, kNotAttributable };

// As published for the year; an empty colour: the year does not list the line.
struct PublishedStatus {
  FinancialYear year;
  std::string colour;

  bool operator==(const PublishedStatus&) const = default;
};

// The colour of a service line that may be delegated.
inline constexpr std::string_view kDelegableColour = "GREEN";

// A reporting code of specialised activity and spend. id: a ServiceLineCode.
struct ServiceLine {
  std::string name;
  ServiceLineKind kind = ServiceLineKind::kService;
  // The prescribed service it belongs to; empty: none.
  std::string service;
  bool service_inferred = false;
  std::string programme;
  std::vector<std::string> clinical_reference_groups;
  bool highly_specialised = false;
  std::string grouping;
  // By year, rising.
  std::vector<PublishedStatus> statuses;

  // The colour that stands in a year: that of the latest listed year up to it; before the first
  // listed year, that of the first.
  std::string_view ColourIn(FinancialYear year) const;
  // A decision may hand it over: it stands for care, and is not highly specialised.
  bool MayBeHandedOver() const { return kind == ServiceLineKind::kService && !highly_specialised; }
  // And its published status says so in the year.
  bool DelegableIn(FinancialYear year) const;

  bool operator==(const ServiceLine&) const = default;
};

enum class SpecificationKind { kSpecification, kPolicy };

// Years after which a specification or policy is due, whatever its day of review.
inline constexpr int kSpecificationYears = 6;

// A national specification or clinical commissioning policy. id: an identifier; a later version
// begins where the one before it ends.
struct Specification {
  std::string service;
  SpecificationKind kind = SpecificationKind::kSpecification;
  std::string title;
  // As its publisher numbers it.
  std::string version;
  // The group that owns it.
  std::string clinical_reference_group;
  Date published_on;
  // Nothing: none was set.
  std::optional<Date> review_on;

  // Published more than kSpecificationYears before the day, or its day of review has passed.
  bool DueOn(Date day) const;

  bool operator==(const Specification&) const = default;
};

// A provider may be paid for a service line on the days of the record. id: an identifier.
struct ProviderEligibility {
  // The trust's organisation code.
  std::string provider;
  std::string service_line;

  bool operator==(const ProviderEligibility&) const = default;
};

enum class AssessmentAspect { kSuitability, kReadiness };

// What a service is assessed by. id: its code.
struct AssessmentCriterion {
  AssessmentAspect aspect = AssessmentAspect::kSuitability;
  std::string theme;
  std::string question;

  bool operator==(const AssessmentCriterion&) const = default;
};

inline constexpr int kLowestScore = 1;
// Speaks most for leadership by ICBs.
inline constexpr int kHighestScore = 5;

struct CriterionFinding {
  // The criterion's code.
  std::string criterion;
  // kLowestScore to kHighestScore.
  int score = kLowestScore;
  std::string evidence;
  std::string comment;

  bool operator==(const CriterionFinding&) const = default;
};

// A suitability and readiness assessment. id: an identifier; a reassessment is a later version.
struct ServiceAssessment {
  std::string service;
  // By criterion, each once.
  std::vector<CriterionFinding> findings;
  std::string reviewer;
  Suitability outcome = Suitability::kRetained;
  Date assessed_on;

  bool operator==(const ServiceAssessment&) const = default;
};

enum class DelegationForm { kNhsEngland, kJoint, kDelegated, kDelegatedWithConditions };
enum class FundingBasis { kHostProvider, kPopulationRegion, kPopulationIcb };

// Who commissions which services for whom, on the days of the record. id: a DecisionId.
struct Decision {
  std::string title;
  std::string decided_by;
  Date decided_on;
  DelegationForm form = DelegationForm::kDelegated;
  FundingBasis funding_basis = FundingBasis::kPopulationIcb;
  std::vector<std::string> icbs;
  // Of a service with lines published as delegable in the record's first financial year those, as
  // long as they are; of another every line that may be handed over.
  std::vector<std::string> services;
  // Single lines besides, whatever their published status unless they are highly specialised.
  std::vector<std::string> service_lines;
  std::string agreement;
  std::vector<std::string> conditions;
  std::string source;
  // Why the version before was wrong; empty for the first version.
  std::string correction_reason;

  bool operator==(const Decision&) const = default;
};

// Records of every kind, in no particular order.
struct Records {
  std::vector<Record<Organisation>> organisations;
  std::vector<Record<Succession>> successions;
  std::vector<Record<Programme>> programmes;
  std::vector<Record<ClinicalReferenceGroup>> clinical_reference_groups;
  std::vector<Record<Service>> services;
  std::vector<Record<ServiceLine>> service_lines;
  std::vector<Record<Specification>> specifications;
  std::vector<Record<ProviderEligibility>> provider_eligibilities;
  std::vector<Record<AssessmentCriterion>> assessment_criteria;
  std::vector<Record<ServiceAssessment>> service_assessments;
  std::vector<Record<Decision>> decisions;

  // Calls `visit(list)` for the list of every kind.
  template <class Self, class Visitor>
  static void ForEachKind(Self& records, Visitor&& visit) {
    visit(records.organisations);
    visit(records.successions);
    visit(records.programmes);
    visit(records.clinical_reference_groups);
    visit(records.services);
    visit(records.service_lines);
    visit(records.specifications);
    visit(records.provider_eligibilities);
    visit(records.assessment_criteria);
    visit(records.service_assessments);
    visit(records.decisions);
  }
  std::size_t size() const;
};

// The funding basis that goes with a form where a decision names none: host provider while NHS
// England commissions alone; the region's population for joint committees in 2023/24; the ICB's
// population from 2024/25 (method.md 1.0).
FundingBasis UsualFundingBasis(DelegationForm form, Date effective_from);

}  // namespace specom::portfolio
