// Every operation of portfolio.
#pragma once

#include "services/portfolio/app/correct_decision.h"
#include "services/portfolio/app/get_records.h"
#include "services/portfolio/app/import_records.h"
#include "services/portfolio/app/list_delegations.h"
#include "services/portfolio/app/list_records.h"
#include "services/portfolio/app/list_service_statuses.h"
#include "services/portfolio/app/record_decision.h"
#include "services/portfolio/app/resolve_delegation.h"
#include "services/portfolio/app/restate_footprint.h"

namespace specom::portfolio {

template <class T>
struct RecordOperations {
  explicit RecordOperations(const LiveRegistry& live) : get(live), list(live) {}
  GetRecords<T> get;
  ListRecords<T> list;
};

struct Operations {
  RecordOperations<Organisation> organisations;
  RecordOperations<Programme> programmes;
  RecordOperations<ClinicalReferenceGroup> clinical_reference_groups;
  RecordOperations<Service> services;
  RecordOperations<ServiceLine> service_lines;
  RecordOperations<Specification> specifications;
  RecordOperations<ProviderEligibility> provider_eligibilities;
  RecordOperations<ServiceAssessment> service_assessments;
  RecordOperations<Decision> decisions;
  ResolveDelegation resolve_delegation;
  ListDelegations list_delegations;
  ListServiceStatuses list_service_statuses;
  RestateFootprint restate_footprint;
  RecordDecision record_decision;
  CorrectDecision correct_decision;
  ImportRecords import_records;
};

}  // namespace specom::portfolio
