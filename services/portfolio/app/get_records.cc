#include "services/portfolio/app/get_records.h"

#include <utility>

#include "libs/base/status.h"
#include "services/portfolio/app/kinds.h"
#include "services/portfolio/domain/text.h"

namespace specom::portfolio {
namespace {

template <class T>
const Record<T>* Find(const Registry& registry, const std::string& id, Viewpoint at, const Question&) {
  return registry.Of<T>().At(id, at);
}
template <>
const Record<Organisation>* Find(const Registry& registry, const std::string& id, Viewpoint at,
                                 const Question&) {
  return registry.FindOrganisation(id, at);
}
template <>
const Record<Decision>* Find(const Registry& registry, const std::string& id, Viewpoint at,
                             const Question& question) {
  return question.as_of ? registry.decisions().At(id, at) : registry.decisions().Latest(id, at.as_known_at);
}

template <class T>
absl::Status NotFound(const Registry& registry, const std::string& id, Viewpoint at) {
  std::string day = at.as_of.ToString();
  ErrorMetadata metadata{{"id", id}, {"as_of", day}};
  std::string message;
  std::optional<Date> replaced;
  if constexpr (std::is_same_v<T, Organisation>) replaced = registry.ReplacedOn(id, at.as_known_at);
  if (replaced && *replaced <= at.as_of) {
    std::vector<std::string> successors;
    for (const auto* succession : registry.SuccessorsOf(id, at.as_known_at)) {
      successors.push_back(succession->value.successor);
    }
    metadata["replaced_on"] = replaced->ToString();
    metadata["successors"] = Join(successors, ", ");
    message = Concat({"the organisation ", id, " was replaced on ", replaced->ToString(), " by ",
                      metadata["successors"], "; ask for those, or for an earlier day than ", day});
  } else if (registry.Of<T>().Latest(id, at.as_known_at) != nullptr) {
    message = Concat(
        {"the ", Kind<T>::kNoun, " ", id, " is known and does not hold on ", day, "; ask for another day"});
  } else {
    message = Concat(
        {"no ", Kind<T>::kNoun, " with the id \"", id, "\" is known; list the ", Kind<T>::kCollection});
  }
  return WithResource(MakeError(absl::StatusCode::kNotFound, Kind<T>::kNotFound, message, metadata),
                      Kind<T>::kNoun, ResourceName<T>(id));
}

}  // namespace

template <class T>
absl::StatusOr<Found<T>> GetRecords<T>::Execute(const std::vector<std::string>& ids,
                                                const Question& question) const {
  Found<T> found;
  found.registry = live_.Current();
  found.at = live_.ViewpointOf(question, *found.registry);
  for (const auto& id : ids) {
    const Record<T>* record = Find<T>(*found.registry, id, found.at, question);
    if (record == nullptr) return NotFound<T>(*found.registry, id, found.at);
    found.records.push_back(record);
  }
  return found;
}

template class GetRecords<Organisation>;
template class GetRecords<Programme>;
template class GetRecords<ClinicalReferenceGroup>;
template class GetRecords<Service>;
template class GetRecords<ServiceLine>;
template class GetRecords<Specification>;
template class GetRecords<ProviderEligibility>;
template class GetRecords<ServiceAssessment>;
template class GetRecords<Decision>;

}  // namespace specom::portfolio
