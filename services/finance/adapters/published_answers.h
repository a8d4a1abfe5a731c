// What is told of runs that are public, kept by the run and its version: their figures stand still.
#pragma once

#include <string>

#include "libs/base/clock.h"
#include "libs/base/digest.h"
#include "libs/cache/message.h"
#include "libs/rpc/request_digest.h"
#include "services/finance/app/runs.h"
#include "services/finance/domain/allocation.h"

namespace specom::finance {

class PublishedAnswers {
 public:
  // All outlive it.
  PublishedAnswers(cache::Cache& cache, GetRun& get_run, const Clock& clock)
      : cache_(cache), get_run_(get_run), clock_(clock) {}

  // The kept answer to the request about the run, or that of `answer`: () -> absl::StatusOr<Response>,
  // which depends on the run alone. Whether the caller may see the run is asked in the database each time,
  // before the cache; drafts are never kept. Also the errors of FindVisibleRun.
  template <class Response, class Request, class Answer>
  absl::StatusOr<Response> Get(const RequestContext& context, const char* method, const Request& request,
                               const RunId& id, Answer answer) {
    ASSIGN_OR_RETURN(const Run run, get_run_.Execute(context, id));
    if (!IsPublic(run.state)) return answer();
    const cache::Query query{.space = kSpace,
                             .key = KeyOf(rpc::RequestDigest(method, request, {}), run),
                             .version = run.version,
                             .timeout = context.Remaining(clock_.Now())};
    return cache::GetMessage<Response>(cache_, query, [&]() -> absl::StatusOr<cache::Versioned<Response>> {
      ASSIGN_OR_RETURN(Response response, answer());
      return cache::Versioned<Response>{run.version, std::move(response)};
    });
  }

 private:
  static constexpr char kSpace[] = "finance.published";

  // The figures themselves and the method that explains them: a database that was restored from a backup
  // may give a version again.
  static std::string KeyOf(const std::string& request_digest, const Run& run) {
    return Sha256().Part(request_digest).Part(run.result_digest).Part(kMethodVersion).HexDigest();
  }

  cache::Cache& cache_;
  GetRun& get_run_;
  const Clock& clock_;
};

}  // namespace specom::finance
