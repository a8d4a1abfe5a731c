#include "services/finance/app/stored_digest.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "libs/base/digest.h"

namespace specom::finance {
namespace {

std::string Text(const std::optional<absl::Time>& time) {
  return time ? absl::StrCat(absl::ToUnixMicros(*time)) : std::string();
}

}  // namespace

std::string StoredDigest(const Run& run) {
  Sha256 digest;
  digest.Part("specom.finance.run.v1")
      .Part(run.id.value())
      .Part(run.input_set.value())
      .Part(run.stream)
      .Part(run.year.ToString())
      .Part(run.method_version)
      .Part(ToString(run.state))
      .Part(absl::StrCat(run.version))
      .Part(absl::StrCat(run.fence))
      .Part(absl::StrCat(run.attempts))
      .Part(run.worker)
      .Part(run.created_by)
      .Part(Text(run.create_time))
      .Part(Text(run.complete_time))
      .Part(run.approved_by)
      .Part(Text(run.approve_time))
      .Part(run.published_by)
      .Part(Text(run.publish_time))
      .Part(run.superseded_by.value())
      .Part(run.failure)
      .Part(run.result_digest)
      .Part(absl::StrCat(run.allocation.value()));
  if (run.comparison) {
    digest.Part(absl::StrCat(run.comparison->icbs_equal))
        .Part(absl::StrCat(run.comparison->icbs_compared))
        .Part(run.comparison->source);
    for (const std::string& icb : run.comparison->icbs_different) digest.Part(icb);
  }
  return digest.HexDigest();
}

}  // namespace specom::finance
