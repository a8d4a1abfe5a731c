#include "services/portfolio/app/stored_digest.h"

#include "libs/base/digest.h"
#include "services/portfolio/domain/record_columns.h"

namespace specom::portfolio {
namespace {

template <class T>
void AddRecord(Sha256& digest, const Record<T>& record) {
  const Columns columns = ToColumns(record);
  digest.Part(record.id)
      .Part(std::to_string(record.version))
      .Part(std::to_string(record.supersedes))
      .Part(std::to_string(absl::ToUnixMicros(record.recorded_at)))
      .Part(std::to_string(columns.size()));
  for (const auto& [name, value] : columns) digest.Part(name).Part(value);
}

}  // namespace

std::string StoredDigest(const Record<Decision>& record) {
  Sha256 digest;
  digest.Part("specom.portfolio.decision.v1");
  AddRecord(digest, record);
  return digest.HexDigest();
}

std::string StoredDigest(const Records& records) {
  Sha256 digest;
  digest.Part("specom.portfolio.change.v1");
  Records::ForEachKind(records, [&]<class T>(const std::vector<Record<T>>& list) {
    digest.Part(std::to_string(list.size()));
    for (const Record<T>& record : list) AddRecord(digest, record);
  });
  return digest.HexDigest();
}

}  // namespace specom::portfolio
