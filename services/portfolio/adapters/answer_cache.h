// Heavy answers of the registry, kept by its change, the viewpoint and the request: they never change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "libs/base/clock.h"
#include "libs/cache/message.h"
#include "libs/rpc/request_digest.h"
#include "services/portfolio/app/live_registry.h"

namespace specom::portfolio {

// The cache's space whose version is the number of the registry's last change; finance asks for it too.
inline constexpr char kRegistrySpace[] = "portfolio.registry";

class AnswerCache {
 public:
  // All outlive it.
  AnswerCache(cache::Cache& cache, LiveRegistry& live, const Clock& clock)
      : cache_(cache), live_(live), clock_(clock) {}

  // The kept answer to the request, or that of `answer`: (const Question&) -> Response.
  // What another process is known to have changed is taken up first.
  template <class Response, class Request, class Answer>
  absl::StatusOr<Response> Get(const RequestContext& context, const char* method, const Request& request,
                               const Question& question, Answer answer) {
    TakeUpChanges(context);
    const std::optional<Standpoint> standpoint = StandpointOf(question);
    if (!standpoint) return answer(question);
    const cache::Query query{.space = kRegistrySpace,
                             .key = KeyOf(rpc::RequestDigest(method, request, {}), *standpoint),
                             .version = standpoint->change,
                             .timeout = context.Remaining(clock_.Now())};
    return cache::GetMessage<Response>(cache_, query, [&]() -> absl::StatusOr<cache::Versioned<Response>> {
      Response response = answer(standpoint->question);
      // If the registry is still at the change, the answer was given at it.
      return cache::Versioned<Response>{live_.Current()->change(), std::move(response)};
    });
  }

 private:
  // A question whose answer stays the same as long as the registry does.
  struct Standpoint {
    std::int64_t change = 0;
    absl::Time learnt_at;
    // Both times are there.
    Question question;
  };

  void TakeUpChanges(const RequestContext& context);
  // Nothing when records that the registry holds become known with time.
  std::optional<Standpoint> StandpointOf(const Question& question) const;
  static std::string KeyOf(const std::string& request_digest, const Standpoint& standpoint);

  cache::Cache& cache_;
  LiveRegistry& live_;
  const Clock& clock_;
};

}  // namespace specom::portfolio
