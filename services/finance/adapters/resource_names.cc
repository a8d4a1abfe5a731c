// A name is a collection, a slash and an id of a known form.
#include "services/finance/adapters/resource_names.h"

#include <algorithm>
#include <cctype>

#include "libs/base/status.h"

namespace specom::finance {
namespace {

bool IsHex(std::string_view text, std::size_t length) {
  return text.size() == length && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isdigit(c) || (c >= 'a' && c <= 'f');
         });
}

bool IsSlug(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isdigit(c) || (c >= 'a' && c <= 'z') || c == '-';
  });
}

absl::StatusOr<std::string> IdOf(std::string_view field, std::string_view name, std::string_view collection,
                                 bool (*is_id)(std::string_view), std::string_view form) {
  if (name.starts_with(collection) && is_id(name.substr(collection.size()))) {
    return std::string(name.substr(collection.size()));
  }
  return InvalidFields(
      {{std::string(field), "\"" + std::string(name) + "\" is not of the form " + std::string(form) +
                                "; copy the name from a list or a run"}});
}

bool IsRunId(std::string_view text) {
  return IsHex(text, 20);
}
bool IsDigest(std::string_view text) {
  return IsHex(text, 64);
}

}  // namespace

absl::StatusOr<RunId> ParseRunName(std::string_view field, std::string_view name) {
  ASSIGN_OR_RETURN(std::string id, IdOf(field, name, "runs/", IsRunId, "runs/{20 hexadecimal digits}"));
  return RunId(std::move(id));
}

absl::StatusOr<InputSetId> ParseInputSetName(std::string_view field, std::string_view name) {
  ASSIGN_OR_RETURN(std::string id,
                   IdOf(field, name, "inputSets/", IsDigest, "inputSets/{64 hexadecimal digits}"));
  return InputSetId(std::move(id));
}

absl::StatusOr<RunId> ParseOperationName(std::string_view field, std::string_view name) {
  ASSIGN_OR_RETURN(std::string id,
                   IdOf(field, name, "operations/", IsRunId, "operations/{20 hexadecimal digits}"));
  return RunId(std::move(id));
}

absl::StatusOr<std::string> ParsePolicyName(std::string_view field, std::string_view name) {
  return IdOf(field, name, "policies/", IsSlug,
              "policies/{stream}-{year}, e.g. policies/specialised-2025-26");
}

absl::StatusOr<FinancialYear> ParseYear(std::string_view field, std::string_view text) {
  absl::StatusOr<FinancialYear> year = FinancialYear::Parse(text);
  if (!year.ok()) return InvalidFields({{std::string(field), std::string(year.status().message())}});
  return year;
}

}  // namespace specom::finance
