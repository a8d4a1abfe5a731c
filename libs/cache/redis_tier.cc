#include "libs/cache/redis_tier.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/cache/redis_layout.h"

namespace specom::cache {
namespace {

// As many callers wait for Redis at the same time; the others go on without it.
constexpr int kConnections = 8;

std::string Milliseconds(absl::Duration lifetime) {
  return absl::StrCat(std::max<std::int64_t>(1, absl::ToInt64Milliseconds(lifetime)));
}

}  // namespace

RedisTier::RedisTier(events::RedisEndpoint endpoint, std::string name_space, absl::Duration command_timeout,
                     const BreakerOptions& breaker, const Clock& clock, observe::Metrics& metrics)
    : endpoint_(std::move(endpoint)),
      name_space_(std::move(name_space)),
      timeouts_{.connect = command_timeout, .reply = command_timeout},
      breaker_(breaker, clock),
      open_(metrics.GetGauge("specom_cache_breaker_open",
                             "1 while the cache leaves Redis alone because it failed, otherwise 0.")),
      failures_(metrics.GetCounter("specom_cache_redis_failures_total",
                                   "Commands of the cache that Redis failed.")) {
  open_.Set(0);
}

std::unique_ptr<events::RedisConnection> RedisTier::Take() {
  absl::MutexLock lock(&mutex_);
  if (taken_ == kConnections) return nullptr;
  ++taken_;
  if (idle_.empty()) return std::make_unique<events::RedisConnection>(endpoint_, timeouts_);
  std::unique_ptr<events::RedisConnection> connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void RedisTier::GiveBack(std::unique_ptr<events::RedisConnection> connection) {
  absl::MutexLock lock(&mutex_);
  --taken_;
  idle_.push_back(std::move(connection));
}

absl::StatusOr<events::RedisReply> RedisTier::Call(const std::vector<std::string>& command,
                                                   Breaking breaking) {
  if (breaking == Breaking::kMinded && !breaker_.Allow()) {
    return absl::UnavailableError("the circuit to Redis is open");
  }
  std::unique_ptr<events::RedisConnection> connection = Take();
  if (connection == nullptr) {
    breaker_.Abandoned();
    return absl::UnavailableError("all connections to Redis are taken");
  }
  absl::StatusOr<events::RedisReply> reply = connection->Call(command);
  GiveBack(std::move(connection));
  if (reply.ok()) {
    breaker_.Succeeded();
  } else {
    breaker_.Failed();
    failures_.Increment();
  }
  open_.Set(breaker_.phase() == Breaker::Phase::kClosed ? 0 : 1);
  return reply;
}

absl::StatusOr<std::optional<std::string>> RedisTier::GetAt(const std::string& incarnation,
                                                            std::string_view space, std::int64_t version,
                                                            std::string_view key) {
  ASSIGN_OR_RETURN(const events::RedisReply reply,
                   Call({"GET", ValueKey(name_space_, incarnation, space, version, key)}));
  if (reply.IsNil()) return std::nullopt;
  return reply.Text();
}

absl::StatusOr<RedisTier::Current> RedisTier::GetCurrent(std::string_view space, std::string_view key) {
  // The name of a value, cut where the script writes the incarnation and the version.
  const std::string name = ValueKey(name_space_, "", space, 0, key);
  const std::size_t version_at = name.size() - key.size() - std::string_view("0 ").size();
  const std::size_t incarnation_at = version_at - space.size() - std::string_view(": ").size();
  ASSIGN_OR_RETURN(
      const events::RedisReply reply,
      Call({"EVAL", kCurrentScript, "1", VersionsKey(name_space_), std::string(space),
            name.substr(0, incarnation_at), name.substr(incarnation_at, version_at - incarnation_at),
            name.substr(version_at + 1)}));
  Current current;
  const auto parts = reply.List();
  if (!parts.empty()) current.incarnation = parts[0].Text();
  if (parts.size() > 1 && !absl::SimpleAtoi(parts[1].Text(), &current.version)) current.version = 0;
  if (parts.size() > 2 && !parts[2].IsNil()) current.bytes = parts[2].Text();
  return current;
}

absl::Status RedisTier::PutAt(std::string_view space, std::int64_t version, std::string_view key,
                              const std::string& bytes, absl::Duration lifetime) {
  return Call({"SET", ValueKey(name_space_, "", space, version, key), bytes, "PX", Milliseconds(lifetime)})
      .status();
}

absl::StatusOr<std::int64_t> RedisTier::PutCurrent(const std::string& incarnation, std::string_view space,
                                                   std::int64_t version, std::string_view key,
                                                   const std::string& bytes, absl::Duration lifetime) {
  ASSIGN_OR_RETURN(const events::RedisReply reply,
                   Call({"EVAL", kPutScript, "2", VersionsKey(name_space_),
                         ValueKey(name_space_, incarnation, space, version, key), incarnation,
                         std::string(space), absl::StrCat(version), bytes, Milliseconds(lifetime)}));
  return reply.Integer();
}

void RedisTier::Heard() {
  breaker_.Succeeded();
  open_.Set(0);
}

absl::StatusOr<std::int64_t> RedisTier::Raise(std::string_view space, std::int64_t version) {
  ASSIGN_OR_RETURN(const events::RedisReply reply, Call({"EVAL", kRaiseScript, "1", VersionsKey(name_space_),
                                                         std::string(space), absl::StrCat(version)},
                                                        Breaking::kIgnored));
  return reply.Integer();
}

}  // namespace specom::cache
