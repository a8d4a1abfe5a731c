// The registry as one immutable snapshot in memory: every question about who commissions what for
// whom, on any day, as known at any time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "services/portfolio/domain/history.h"
#include "services/portfolio/domain/records.h"

namespace specom::portfolio {

// Which rule gave the answer.
enum class DelegationRule {
  // A decision covers the ICB and the line.
  kDecision,
  // The decisions of all its predecessors agree, and the ICB was made after them.
  kInherited,
  // Its predecessors do not agree, so that nothing was delegated to it as a whole.
  kPredecessorsDisagree,
  kHighlySpecialised,
  // Its published status keeps it with NHS England.
  kRetained,
  // A top-up, network, retired or not attributable line: reported, never delegated.
  kReportingLine,
  // No decision that was known covers it.
  kNoDecision,
};

// Who commissions one line for the people of one ICB. Refers to the registry that gave it.
struct Delegation {
  const Record<Organisation>* icb = nullptr;
  const Record<ServiceLine>* line = nullptr;
  // Null where no decision moves the line from NHS England.
  const Record<Decision>* decision = nullptr;
  DelegationForm form = DelegationForm::kNhsEngland;
  FundingBasis funding_basis = FundingBasis::kHostProvider;
  // The ICB's code, the joint committee's, or kNhsEnglandCode.
  std::string_view commissioner = kNhsEnglandCode;
  DelegationRule rule = DelegationRule::kNoDecision;
  bool inferred = false;
  // The days around the day asked for on which the answer is the same; empty until it is asked for.
  DateSpan effective;

  // Everything but the span.
  bool SameAnswerAs(const Delegation& other) const {
    return decision == other.decision && form == other.form && funding_basis == other.funding_basis &&
           commissioner == other.commissioner && rule == other.rule && inferred == other.inferred;
  }
};

struct DelegationFilter {
  // Empty: every one.
  std::string icb;
  std::string region;
  std::string service;
  std::optional<DelegationForm> form;
};

// Where a list goes on: behind this ICB's line.
struct DelegationCursor {
  std::string icb;
  std::string service_line;
};

enum class ServiceCommissioning { kRetained, kJoint, kDelegated };

struct ServiceStatus {
  const Record<Service>* service = nullptr;
  ServiceCommissioning commissioning = ServiceCommissioning::kRetained;
  // ICBs to which at least one of its lines is delegated.
  int icbs_delegated = 0;
  // ICBs for which a joint committee holds a line of it and none is delegated.
  int icbs_joint = 0;
};

// A part of an old ICB's figures that a later ICB receives.
struct FootprintPart {
  std::string from_icb;
  std::string to_icb;
  // 0 to 1; the parts of one from_icb add up to 1.
  double share = 1;
  std::string basis;
  bool inferred = false;
  std::string to_name;
  std::string to_region;
};

class Registry {
 public:
  Registry() = default;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // change: the number of the last change in the records; learnt_at: when it was made.
  static std::shared_ptr<const Registry> Build(Records records, std::int64_t change, absl::Time learnt_at);
  // This registry and what was learnt since.
  std::shared_ptr<const Registry> With(Records more, std::int64_t change, absl::Time learnt_at) const;

  std::int64_t change() const { return change_; }
  absl::Time learnt_at() const { return learnt_at_; }
  // From then on all of its records are known. Later than learnt_at where records came with a time of
  // their own that lies ahead.
  absl::Time all_known_at() const { return all_known_at_; }

  const History<Organisation>& organisations() const { return organisations_; }
  const History<Succession>& successions() const { return successions_; }
  const History<Programme>& programmes() const { return programmes_; }
  const History<ClinicalReferenceGroup>& clinical_reference_groups() const {
    return clinical_reference_groups_;
  }
  const History<Service>& services() const { return services_; }
  const History<ServiceLine>& service_lines() const { return service_lines_; }
  const History<Specification>& specifications() const { return specifications_; }
  const History<ProviderEligibility>& provider_eligibilities() const { return provider_eligibilities_; }
  const History<AssessmentCriterion>& assessment_criteria() const { return assessment_criteria_; }
  const History<ServiceAssessment>& service_assessments() const { return service_assessments_; }
  const History<Decision>& decisions() const { return decisions_; }
  template <class T>
  const History<T>& Of() const;

  // The organisation's record on the day; null also from the day on which it was replaced.
  const Record<Organisation>* FindOrganisation(std::string_view code, Viewpoint at) const;
  // The days on which the record, being the answer for `at`, is it: ends before a replacement.
  DateSpan OrganisationSpan(const Record<Organisation>& organisation, Viewpoint at) const;
  // The day on which successors took its place, as known; nothing: it was not replaced.
  std::optional<Date> ReplacedOn(std::string_view code, absl::Time as_known_at) const;
  // What replaced it, by successor.
  std::vector<const Record<Succession>*> SuccessorsOf(std::string_view code, absl::Time as_known_at) const;
  // The joint committee that the ICB belongs to on the day; null: none.
  const Record<Organisation>* CommitteeOf(std::string_view icb, Viewpoint at) const;
  // The lines that belong to the service on the day, by code.
  std::vector<const Record<ServiceLine>*> LinesOf(std::string_view service, Viewpoint at) const;
  // One of its lines was published as delegable in the day's financial year.
  bool HasDelegableLine(std::string_view service, Viewpoint at) const;
  // The services that the decision covers wholly or in part on its first day, sorted: those that it
  // names and those of the single lines that it names.
  std::vector<std::string> ServicesCoveredBy(const Record<Decision>& decision, absl::Time as_known_at) const;

  // Who commissions the line for the people of the ICB, and for how long the answer holds. Before
  // 2022-07-01 the answer is for the footprint of the later ICB. NOT_FOUND with the reason
  // ICB_NOT_FOUND, ICB_REPLACED (naming the successors), SERVICE_LINE_NOT_FOUND or
  // BEFORE_PRESCRIBED_SERVICES.
  absl::StatusOr<Delegation> Resolve(const IcbCode& icb, const ServiceLineCode& line, Viewpoint at) const;

  // By ICB, then line: at most `limit` behind the cursor, with their spans.
  std::vector<Delegation> ListDelegations(const DelegationFilter& filter, Viewpoint at,
                                          const std::optional<DelegationCursor>& after,
                                          std::size_t limit) const;

  // By service.
  std::vector<ServiceStatus> ListServiceStatuses(Viewpoint at) const;

  // Each ICB's parts on the footprint of the day, by old code, then new code; an ICB that goes on
  // is one part. No codes: all that were there on or before the day. NOT_FOUND/ICB_NOT_FOUND for
  // a code that was never known, FAILED_PRECONDITION/ICB_NOT_YET_ESTABLISHED for one that begins
  // later: figures are restated on later footprints only.
  absl::StatusOr<std::vector<FootprintPart>> RestateFootprint(const std::vector<IcbCode>& icbs,
                                                              Viewpoint at) const;

  // The rule and its facts in one sentence.
  std::string Explain(const Delegation& delegation, Viewpoint at) const;

 private:
  using DecisionList = absl::InlinedVector<const Record<Decision>*, 4>;
  using Boundaries = absl::InlinedVector<Date, 24>;

  void Index();
  // The decisions that name the ICB and the service or the line, in no order.
  const DecisionList* DecisionsOn(std::string_view icb, std::string_view service) const;
  const DecisionList* DecisionsOnLine(std::string_view icb, std::string_view line) const;
  // ICBs of which this one is a successor and before which it did not exist.
  absl::InlinedVector<const Record<Succession>*, 4> PredecessorsOf(std::string_view icb, Viewpoint at) const;
  bool HasPredecessors(std::string_view icb, absl::Time as_known_at) const;
  // The days on which questions about the ICB are answered, as known; nothing: never heard of.
  std::optional<DateSpan> DaysOfIcb(std::string_view icb, absl::Time as_known_at) const;
  // The decision, which names the line's service, covers the line on the day.
  bool CoversByService(const Record<Decision>& decision, const Record<ServiceLine>& line, Viewpoint at) const;
  // The decision that prevails for the ICB itself: the latest taken.
  const Record<Decision>* PrevailingDecision(std::string_view icb, const Record<ServiceLine>& line,
                                             Viewpoint at) const;
  Delegation Answer(const Record<Organisation>* icb, std::string_view code, const Record<ServiceLine>& line,
                    Viewpoint at, int depth = 0) const;
  void CollectBoundaries(std::string_view icb, std::string_view line, absl::Time as_known_at,
                         Boundaries& days, int depth = 0) const;
  DateSpan SpanOf(const Delegation& answer, std::string_view icb, Viewpoint at) const;
  // The ICB's record on the day, or the earliest for days before it.
  const Record<Organisation>* IcbRecord(std::string_view code, Viewpoint at) const;
  void AddFootprint(std::string_view from, std::string_view code, double share, std::string basis,
                    bool inferred, Viewpoint at, int depth, std::vector<FootprintPart>& parts) const;

  std::int64_t change_ = 0;
  absl::Time learnt_at_ = absl::InfinitePast();
  absl::Time all_known_at_ = absl::InfinitePast();
  History<Organisation> organisations_;
  History<Succession> successions_;
  History<Programme> programmes_;
  History<ClinicalReferenceGroup> clinical_reference_groups_;
  History<Service> services_;
  History<ServiceLine> service_lines_;
  History<Specification> specifications_;
  History<ProviderEligibility> provider_eligibilities_;
  History<AssessmentCriterion> assessment_criteria_;
  History<ServiceAssessment> service_assessments_;
  History<Decision> decisions_;

  using Text = std::string_view;
  using TextHash = std::hash<std::string_view>;
  absl::flat_hash_map<Text, int, TextHash> numbers_;
  absl::flat_hash_map<std::uint64_t, DecisionList> decisions_on_service_;
  absl::flat_hash_map<std::uint64_t, DecisionList> decisions_on_line_;
  absl::flat_hash_map<Text, std::vector<const Record<Succession>*>, TextHash> by_predecessor_;
  absl::flat_hash_map<Text, std::vector<const Record<Succession>*>, TextHash> by_successor_;
  absl::flat_hash_map<Text, std::vector<const Record<Organisation>*>, TextHash> committees_of_icb_;
  absl::flat_hash_map<Text, std::vector<Text>, TextHash> lines_of_service_;
  std::vector<Text> icbs_;
};

}  // namespace specom::portfolio
