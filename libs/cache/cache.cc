#include "libs/cache/cache.h"

#include <csignal>
#include <utility>

#include "libs/base/status.h"
#include "libs/cache/state.h"

namespace specom::cache {

Cache::Cache(std::unique_ptr<State> state) : state_(std::move(state)) {}
Cache::~Cache() = default;

absl::StatusOr<std::unique_ptr<Cache>> Cache::Open(CacheOptions options) {
  std::optional<events::RedisEndpoint> endpoint;
  if (!options.redis_url.empty()) {
    ASSIGN_OR_RETURN(endpoint, events::ParseRedisUrl(options.redis_url));
    // hiredis writes to sockets that the server may have closed.
    std::signal(SIGPIPE, SIG_IGN);
  }
  return std::unique_ptr<Cache>(new Cache(std::make_unique<State>(std::move(options), std::move(endpoint))));
}

absl::StatusOr<Found> Cache::Get(const Query& query, const Loader& loader) {
  return state_->Get(query, loader);
}
bool Cache::Advance(std::string_view space, std::int64_t version) {
  return state_->Advance(space, version);
}
std::int64_t Cache::KnownVersion(std::string_view space) const {
  return state_->KnownVersion(space);
}
std::unique_ptr<Watch> Cache::OnAdvance(std::string_view space,
                                        std::function<void(std::int64_t version)> callback) {
  return state_->OnAdvance(space, std::move(callback));
}
bool Cache::Believes() const {
  return state_->Believes();
}

}  // namespace specom::cache
