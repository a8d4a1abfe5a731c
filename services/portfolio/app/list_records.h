// Lists the records of a kind, by id, with typed filters.
#pragma once

#include <optional>
#include <string>

#include "services/portfolio/app/get_records.h"

namespace specom::portfolio {

// Empty and absent fields: every one. A programme is told by its name, its letter or its resource name.
template <class T>
struct RecordFilter;

template <>
struct RecordFilter<Organisation> {
  std::optional<OrganisationKind> kind;
  std::string region;
};
template <>
struct RecordFilter<Programme> {};
template <>
struct RecordFilter<ClinicalReferenceGroup> {
  std::string programme;
};
template <>
struct RecordFilter<Service> {
  std::string programme;
  std::string clinical_reference_group;
  std::optional<bool> highly_specialised;
};
template <>
struct RecordFilter<ServiceLine> {
  std::string programme;
  std::string service;
  std::optional<ServiceLineKind> kind;
  std::optional<bool> highly_specialised;
  // The colour that stands in the financial year of the day.
  std::string status;
};
template <>
struct RecordFilter<Specification> {
  std::string service;
  std::string clinical_reference_group;
  std::optional<SpecificationKind> kind;
  // Those that are due on this day.
  std::optional<Date> due_on;
};
template <>
struct RecordFilter<ProviderEligibility> {
  std::string provider;
  std::string service_line;
};
template <>
struct RecordFilter<ServiceAssessment> {
  std::string service;
  std::optional<Suitability> outcome;
};
template <>
struct RecordFilter<Decision> {
  std::string icb;
  // Covered by name or through a line of it.
  std::string service;
  std::optional<DelegationForm> form;
  // Every version that was known, also what was corrected or does not hold on the day.
  bool include_history = false;
};

// Where a list goes on: behind this version of this id.
struct RecordCursor {
  std::string id;
  int version = 0;
};

template <class T>
struct ListQuery {
  Question question;
  RecordFilter<T> filter;
  std::optional<RecordCursor> after;
  std::size_t limit = 0;
};

template <class T>
class ListRecords {
 public:
  explicit ListRecords(const LiveRegistry& live) : live_(live) {}

  // At most `limit` records behind the cursor, by id; with history, by id and version.
  Found<T> Execute(const ListQuery<T>& query) const;

 private:
  const LiveRegistry& live_;
};

}  // namespace specom::portfolio
