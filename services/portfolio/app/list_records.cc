#include "services/portfolio/app/list_records.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace specom::portfolio {
namespace {

template <class List>
bool Holds(const List& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// The name of the programme that the filter tells by name, letter or resource name.
std::string ProgrammeName(const Registry& registry, Viewpoint at, std::string text) {
  constexpr std::string_view kPrefix = "programmes/";
  std::string_view letter = text;
  if (letter.starts_with(kPrefix)) letter.remove_prefix(kPrefix.size());
  const auto* programme = registry.programmes().At(letter, at);
  return programme == nullptr ? std::move(text) : programme->value.name;
}
void Normalise(const Registry& registry, Viewpoint at, auto& filter) {
  if constexpr (requires { filter.programme; })
    filter.programme = ProgrammeName(registry, at, filter.programme);
}

bool Matches(const RecordFilter<Organisation>& filter, const Record<Organisation>& record, const Registry&,
             Viewpoint) {
  return (!filter.kind || record.value.kind == *filter.kind) &&
         (filter.region.empty() || record.value.region == filter.region || record.id == filter.region);
}
bool Matches(const RecordFilter<Programme>&, const Record<Programme>&, const Registry&, Viewpoint) {
  return true;
}
bool Matches(const RecordFilter<ClinicalReferenceGroup>& filter, const Record<ClinicalReferenceGroup>& record,
             const Registry&, Viewpoint) {
  return filter.programme.empty() || record.value.programme == filter.programme;
}
bool Matches(const RecordFilter<Service>& filter, const Record<Service>& record, const Registry&, Viewpoint) {
  const Service& value = record.value;
  return (filter.programme.empty() || value.programme == filter.programme) &&
         (filter.clinical_reference_group.empty() ||
          Holds(value.clinical_reference_groups, filter.clinical_reference_group)) &&
         (!filter.highly_specialised || value.highly_specialised == *filter.highly_specialised);
}
bool Matches(const RecordFilter<ServiceLine>& filter, const Record<ServiceLine>& record, const Registry&,
             Viewpoint at) {
  const ServiceLine& value = record.value;
  return (filter.programme.empty() || value.programme == filter.programme) &&
         (filter.service.empty() || value.service == filter.service) &&
         (!filter.kind || value.kind == *filter.kind) &&
         (!filter.highly_specialised || value.highly_specialised == *filter.highly_specialised) &&
         (filter.status.empty() || value.ColourIn(FinancialYear::Of(at.as_of)) == filter.status);
}
bool Matches(const RecordFilter<Specification>& filter, const Record<Specification>& record, const Registry&,
             Viewpoint) {
  const Specification& value = record.value;
  return (filter.service.empty() || value.service == filter.service) &&
         (filter.clinical_reference_group.empty() ||
          value.clinical_reference_group == filter.clinical_reference_group) &&
         (!filter.kind || value.kind == *filter.kind) && (!filter.due_on || value.DueOn(*filter.due_on));
}
bool Matches(const RecordFilter<ProviderEligibility>& filter, const Record<ProviderEligibility>& record,
             const Registry&, Viewpoint) {
  return (filter.provider.empty() || record.value.provider == filter.provider) &&
         (filter.service_line.empty() || record.value.service_line == filter.service_line);
}
bool Matches(const RecordFilter<ServiceAssessment>& filter, const Record<ServiceAssessment>& record,
             const Registry&, Viewpoint) {
  return (filter.service.empty() || record.value.service == filter.service) &&
         (!filter.outcome || record.value.outcome == *filter.outcome);
}
bool Matches(const RecordFilter<Decision>& filter, const Record<Decision>& record, const Registry& registry,
             Viewpoint at) {
  return (filter.icb.empty() || Holds(record.value.icbs, filter.icb)) &&
         (!filter.form || record.value.form == *filter.form) &&
         (filter.service.empty() ||
          Holds(registry.ServicesCoveredBy(record, at.as_known_at), filter.service));
}

template <class T>
const Record<T>* Find(const Registry& registry, std::string_view id, Viewpoint at) {
  if constexpr (std::is_same_v<T, Organisation>) return registry.FindOrganisation(id, at);
  return registry.Of<T>().At(id, at);
}

// Every version that had been recorded, by id and version.
std::vector<const Record<Decision>*> EveryVersion(const ListQuery<Decision>& query, const Registry& registry,
                                                  Viewpoint at) {
  std::vector<const Record<Decision>*> records;
  for (const auto& record : registry.decisions().records()) {
    if (records.size() == query.limit) break;
    if (record.recorded_at > at.as_known_at) continue;
    if (query.after &&
        std::pair(record.id, record.version) <= std::pair(query.after->id, query.after->version)) {
      continue;
    }
    if (Matches(query.filter, record, registry, at)) records.push_back(&record);
  }
  return records;
}

}  // namespace

template <class T>
Found<T> ListRecords<T>::Execute(const ListQuery<T>& query) const {
  Found<T> found;
  found.registry = live_.Current();
  found.at = live_.ViewpointOf(query.question, *found.registry);
  const Registry& registry = *found.registry;
  if constexpr (std::is_same_v<T, Decision>) {
    if (query.filter.include_history) {
      found.records = EveryVersion(query, registry, found.at);
      return found;
    }
  }
  RecordFilter<T> filter = query.filter;
  Normalise(registry, found.at, filter);
  const auto& ids = registry.Of<T>().ids();
  auto id = query.after ? std::upper_bound(ids.begin(), ids.end(), query.after->id) : ids.begin();
  for (; id != ids.end() && found.records.size() < query.limit; ++id) {
    const Record<T>* record = Find<T>(registry, *id, found.at);
    if (record != nullptr && Matches(filter, *record, registry, found.at)) found.records.push_back(record);
  }
  return found;
}

template class ListRecords<Organisation>;
template class ListRecords<Programme>;
template class ListRecords<ClinicalReferenceGroup>;
template class ListRecords<Service>;
template class ListRecords<ServiceLine>;
template class ListRecords<Specification>;
template class ListRecords<ProviderEligibility>;
template class ListRecords<ServiceAssessment>;
template class ListRecords<Decision>;

}  // namespace specom::portfolio
