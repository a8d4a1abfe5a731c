// Whoever asks for today and for all that is known asks, for as long as the registry stays as it is,
// the same question until midnight: it is put with both times, so that its answer can be found again.
#include "services/portfolio/adapters/answer_cache.h"

#include "libs/base/digest.h"

namespace specom::portfolio {

void AnswerCache::TakeUpChanges(const RequestContext& context) {
  if (cache_.KnownVersion(kRegistrySpace) <= live_.Current()->change()) return;
  // Reads go on from memory while the database is away.
  live_.Refresh(context).IgnoreError();
}

std::optional<AnswerCache::Standpoint> AnswerCache::StandpointOf(const Question& question) const {
  const Snapshot registry = live_.Current();
  const Viewpoint at = live_.ViewpointOf(question, *registry);
  Standpoint standpoint{registry->change(), registry->learnt_at(), {at.as_of, at.as_known_at}};
  if (at.as_known_at >= registry->all_known_at()) {
    standpoint.question.as_known_at = registry->all_known_at();
  } else if (!question.as_known_at) {
    return std::nullopt;
  }
  return standpoint;
}

// learnt_at: a database that was restored from a backup gives the numbers of its changes again.
std::string AnswerCache::KeyOf(const std::string& request_digest, const Standpoint& standpoint) {
  return Sha256()
      .Part(request_digest)
      .Part(std::to_string(absl::ToUnixMicros(standpoint.learnt_at)))
      .Part(standpoint.question.as_of->ToString())
      .Part(std::to_string(absl::ToUnixMicros(*standpoint.question.as_known_at)))
      .HexDigest();
}

}  // namespace specom::portfolio
