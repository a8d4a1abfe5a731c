// The connection that has tracking on is the one that the messages go to (REDIRECT to itself): there is
// no way in which one half of it lives and the other is gone. A PING on it is answered behind every
// message that Redis had for it before.
#include "libs/cache/invalidations.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "libs/cache/boot_clock.h"
#include "libs/events/backoff.h"

namespace specom::cache {
namespace {

constexpr char kChannel[] = "__redis__:invalidate";
constexpr absl::Duration kFirstReconnect = absl::Milliseconds(50);
constexpr absl::Duration kLongestReconnect = absl::Seconds(5);
// Signs of life asked for within the silence that is borne.
constexpr int kPingsInSilence = 4;

bool IsPong(const events::RedisReply& message) {
  return !message.List().empty() && message.List()[0].Text() == "pong";
}

}  // namespace

Invalidations::Invalidations(Options options, const Clock& clock, observe::Logger* logger, Hearer& hearer)
    : options_(std::move(options)),
      interval_(options_.max_silence / kPingsInSilence),
      clock_(clock),
      logger_(logger),
      hearer_(hearer) {}

Invalidations::~Invalidations() {
  waker_.Stop();
  if (thread_.joinable()) thread_.join();
}

void Invalidations::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Invalidations::Run() {
  events::Backoff backoff(kFirstReconnect, kLongestReconnect);
  while (!waker_.Stopped()) {
    bool heard = false;
    const absl::Status status = Listen(heard);
    hearer_.Ended();
    if (waker_.Stopped()) return;
    if (heard) backoff.Reset();
    if (!told_ && logger_ != nullptr) {
      logger_->Log(observe::LogLevel::kWarning, "cache hears nothing of changes: reads are slower",
                   {{"cause", status.ToString()}});
    }
    told_ = true;
    waker_.WaitOrStop(backoff.Next());
  }
}

absl::Status Invalidations::Subscribe(events::RedisConnection& subscribed) {
  ASSIGN_OR_RETURN(const events::RedisReply id, subscribed.Call({"CLIENT", "ID"}));
  RETURN_IF_ERROR(subscribed
                      .Call({"CLIENT", "TRACKING", "ON", "REDIRECT", absl::StrCat(id.Integer()), "BCAST",
                             "PREFIX", VersionsKey(options_.name_space)})
                      .status());
  return subscribed.Call({"SUBSCRIBE", kChannel}).status();
}

absl::StatusOr<Versions> Invalidations::ReadVersions(events::RedisConnection& commands) {
  ASSIGN_OR_RETURN(const events::RedisReply fields,
                   commands.Call({"HGETALL", VersionsKey(options_.name_space)}));
  return ToVersions(fields);
}

absl::Status Invalidations::RaiseAdvanced(events::RedisConnection& commands, const Versions& held) {
  for (const auto& [space, version] : hearer_.Advanced()) {
    const auto there = held.of.find(space);
    if (there != held.of.end() && there->second >= version) continue;
    ASSIGN_OR_RETURN(const events::RedisReply raised,
                     commands.Call({"EVAL", kRaiseScript, "1", VersionsKey(options_.name_space), space,
                                    absl::StrCat(version)}));
    if (raised.Integer() < 0) return absl::UnavailableError("Redis takes no more; it is full");
  }
  return absl::OkStatus();
}

absl::StatusOr<Versions> Invalidations::Open(events::RedisConnection& commands) {
  ASSIGN_OR_RETURN(const Versions found, ReadVersions(commands));
  RETURN_IF_ERROR(RaiseAdvanced(commands, found));
  if (found.incarnation.empty()) {
    RETURN_IF_ERROR(
        commands.Call({"HSETNX", VersionsKey(options_.name_space), kIncarnationField, NewUuid()}).status());
  }
  ASSIGN_OR_RETURN(Versions opened, ReadVersions(commands));
  if (opened.incarnation.empty()) return absl::UnavailableError("Redis has lost what it held");
  return opened;
}

absl::Status Invalidations::Listen(bool& heard) {
  const events::RedisTimeouts timeouts{.connect = options_.max_silence, .reply = options_.max_silence};
  events::RedisConnection subscribed(options_.endpoint, timeouts);
  events::RedisConnection commands(options_.endpoint, timeouts);
  RETURN_IF_ERROR(Subscribe(subscribed));
  const absl::Time since = clock_.Now();
  ASSIGN_OR_RETURN(Versions held, Open(commands));
  hearer_.Began(held, since);
  heard = true;
  if (told_ && logger_ != nullptr) logger_->Info("cache hears of changes again", {});
  told_ = false;

  const BootClock real;
  absl::Time next_ping = real.Now();
  // When the ping that is not answered yet was sent.
  std::optional<absl::Time> asked;
  absl::Time sent;
  while (!waker_.Stopped()) {
    const absl::Time now = real.Now();
    if (!asked && now >= next_ping) {
      asked = clock_.Now();
      sent = now;
      next_ping = now + interval_;
      RETURN_IF_ERROR(subscribed.Send({"PING"}));
      RETURN_IF_ERROR(RaiseAdvanced(commands, held));
    }
    if (asked && now - sent >= options_.max_silence) {
      return absl::UnavailableError(
          absl::StrCat("no sign of life from Redis for ", absl::FormatDuration(options_.max_silence)));
    }
    ASSIGN_OR_RETURN(const std::optional<events::RedisReply> message,
                     subscribed.Receive(asked ? interval_ : std::max(next_ping - now, absl::ZeroDuration())));
    if (!message) continue;
    if (IsPong(*message)) {
      if (asked) hearer_.Alive(*asked);
      asked.reset();
      continue;
    }
    hearer_.Stale();
    const std::string incarnation = held.incarnation;
    ASSIGN_OR_RETURN(held, ReadVersions(commands));
    if (held.incarnation != incarnation) return absl::UnavailableError("Redis has lost what it held");
    hearer_.Read(held);
  }
  return absl::OkStatus();
}

}  // namespace specom::cache
