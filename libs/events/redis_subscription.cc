// One consumer of a group on a Redis stream: its own pending events first, then what others
// abandoned, then new ones; acknowledged only after the handler's OK.
#include "libs/events/redis_subscription.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/crash_point.h"
#include "libs/base/status.h"
#include "libs/events/backoff.h"
#include "libs/events/delivery.h"

namespace specom::events {
namespace {

// The longest wait for a new event on the server, and so the longest that Stop waits for it.
constexpr absl::Duration kLongestBlock = absl::Milliseconds(250);
constexpr absl::Duration kLongestTakeoverPeriod = absl::Seconds(5);
// New events are read so many at a time, but no more than the handler finishes in so long.
constexpr double kMostInHand = 64;
constexpr absl::Duration kLongestInHand = absl::Milliseconds(5);
// How much one call of the handler moves the mean of its times.
constexpr double kSmoothing = 0.2;
constexpr absl::Duration kFirstReconnect = absl::Milliseconds(50);
constexpr absl::Duration kLongestReconnect = absl::Seconds(5);

// KEYS: stream, dead letters. ARGV: group, entry id, then the fields of the dead letter. The letter
// is written before the entry is acknowledged.
constexpr char kParkScript[] = R"lua(
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 3))
return redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
)lua";

// KEYS: stream. ARGV: group, entry id, consumer, the count of deliveries to set. Nothing when another
// consumer has taken the entry over.
constexpr char kUncountScript[] = R"lua(
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1, ARGV[3]) == 1 then
  redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[3], 0, ARGV[2], 'RETRYCOUNT', ARGV[4], 'JUSTID')
end
)lua";

absl::Duration TakeoverPeriod(const SubscribeOptions& options) {
  return std::min(options.claim_after / 2, kLongestTakeoverPeriod);
}

std::string Milliseconds(absl::Duration duration) {
  return absl::StrCat(std::max<std::int64_t>(1, absl::ToInt64Milliseconds(duration)));
}

// The entries of the only stream in a reply of XREADGROUP.
std::span<const RedisReply> Entries(const RedisReply& reply) {
  if (reply.List().empty() || reply.List()[0].List().size() != 2) return {};
  return reply.List()[0].List()[1].List();
}

absl::Duration Since(std::chrono::steady_clock::time_point time) {
  return absl::FromChrono(std::chrono::steady_clock::now() - time);
}

}  // namespace

RedisSubscription::RedisSubscription(RedisEndpoint endpoint, std::string_view topic, std::string_view group,
                                     const SubscribeOptions& options, Handler handler,
                                     observe::Logger* logger)
    : keys_(topic),
      group_(group),
      options_(options),
      handler_(std::move(handler)),
      logger_(logger),
      connection_(std::move(endpoint)),
      // One at a time until it is known better.
      handling_(kLongestInHand) {}

RedisSubscription::~RedisSubscription() {
  Stop();
}

void RedisSubscription::Start() {
  thread_ = std::thread([this] { Run(); });
}

void RedisSubscription::Stop() {
  waker_.Stop();
  if (thread_.joinable()) thread_.join();
}

void RedisSubscription::Run() {
  Backoff backoff(kFirstReconnect, kLongestReconnect);
  while (!waker_.Stopped()) {
    absl::Status status = Step();
    if (absl::IsNotFound(status)) {
      // The stream or the group is gone: the data were lost, and the relay fills the stream again.
      if (logger_ != nullptr) {
        logger_->Error("event stream was lost", {{"topic", keys_.stream}, {"group", group_}});
      }
      own_pending_ = true;
      in_hand_.clear();
      status = EnsureGroup();
    }
    if (status.ok()) {
      if (backoff.failures() > 0 && logger_ != nullptr) {
        logger_->Info("event stream is back", {{"topic", keys_.stream}, {"group", group_}});
      }
      backoff.Reset();
      continue;
    }
    own_pending_ = true;
    in_hand_.clear();
    if (backoff.failures() == 0 && logger_ != nullptr) {
      logger_->Error("event stream cannot be read",
                     {{"topic", keys_.stream}, {"group", group_}, {"cause", status.ToString()}});
    }
    waker_.WaitOrStop(backoff.Next());
  }
  // An acknowledgement on its way might be lost with the connection.
  if (const absl::Status settled = connection_.Settle(); !settled.ok() && logger_ != nullptr) {
    logger_->Warning("events may come again",
                     {{"topic", keys_.stream}, {"group", group_}, {"cause", settled.ToString()}});
  }
}

absl::Status RedisSubscription::EnsureGroup() {
  const absl::Status status =
      connection_.Call({"XGROUP", "CREATE", keys_.stream, group_, "0", "MKSTREAM"}).status();
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

absl::Status RedisSubscription::Step() {
  // Others may have taken over what has waited here for so long: the server knows what is still ours.
  if (!in_hand_.empty() && Since(taken_) > options_.claim_after / 4) {
    in_hand_.clear();
    own_pending_ = true;
  }
  if (failed_ || (own_pending_ && in_hand_.empty())) {
    ASSIGN_OR_RETURN(const RedisReply entry, OwnPending());
    if (!entry.IsNil()) {
      std::optional<Event> event = FromEntry(entry);
      if (!event) return DropStream(1);
      if (!in_hand_.empty() && in_hand_.front().sequence == event->sequence) in_hand_.pop_front();
      ASSIGN_OR_RETURN(event->deliveries, DeliveriesOf(*event));
      failed_ = false;
      return Deliver(*std::move(event));
    }
    own_pending_ = failed_ = false;
  }
  if (in_hand_.empty()) {
    if (std::chrono::steady_clock::now() >= next_takeover_) {
      ASSIGN_OR_RETURN(own_pending_, TakeOverAbandoned());
      if (own_pending_) return absl::OkStatus();
      next_takeover_ =
          std::chrono::steady_clock::now() + absl::ToChronoMicroseconds(TakeoverPeriod(options_));
    }
    RETURN_IF_ERROR(TakeNew());
  }
  if (in_hand_.empty()) return absl::OkStatus();
  Event event = std::move(in_hand_.front());
  in_hand_.pop_front();
  return Deliver(std::move(event));
}

absl::Status RedisSubscription::Deliver(Event event) {
  if (event.deliveries > options_.max_deliveries) {
    --event.deliveries;
    return Park(event, NoOutcomeReason(event.deliveries));
  }
  const auto began = std::chrono::steady_clock::now();
  const absl::Status outcome = CallHandler(handler_, event);
  handling_ += kSmoothing * (Since(began) - handling_);
  if (outcome.ok()) {
    PassCrashPoint(CrashPoint::kBeforeAck);
    return connection_.Post({"XACK", keys_.stream, group_, EntryId(event.sequence)});
  }
  own_pending_ = failed_ = true;
  if (IsTemporary(outcome)) {
    RETURN_IF_ERROR(connection_
                        .Call({"EVAL", kUncountScript, "1", keys_.stream, group_, EntryId(event.sequence),
                               options_.consumer, absl::StrCat(event.deliveries - 1)})
                        .status());
  } else if (IsLastDelivery(event.deliveries, options_)) {
    return Park(event, outcome.ToString());
  }
  ReportFailure(logger_, keys_.stream, group_, event, outcome);
  waker_.WaitOrStop(options_.retry_delay);
  return absl::OkStatus();
}

absl::Status RedisSubscription::Park(const Event& event, const std::string& reason) {
  std::vector<std::string> command = {
      "EVAL", kParkScript, "2", keys_.stream, keys_.dead, group_, EntryId(event.sequence)};
  for (std::string& field : ToFields(event)) command.push_back(std::move(field));
  for (const std::string& field :
       {std::string("group"), group_, std::string("reason"), reason, std::string("deliveries"),
        absl::StrCat(event.deliveries), std::string("sequence"), absl::StrCat(event.sequence)}) {
    command.push_back(field);
  }
  RETURN_IF_ERROR(connection_.Call(command).status());
  ReportDeadLetter(logger_, keys_.stream, group_, event, reason);
  return absl::OkStatus();
}

absl::StatusOr<RedisReply> RedisSubscription::OwnPending() {
  ASSIGN_OR_RETURN(const RedisReply reply, connection_.Call({"XREADGROUP", "GROUP", group_, options_.consumer,
                                                             "COUNT", "1", "STREAMS", keys_.stream, "0"}));
  return Entries(reply).empty() ? RedisReply() : Entries(reply)[0];
}

std::size_t RedisSubscription::WhatIsHandledSoon() const {
  const double soon = absl::FDivDuration(kLongestInHand, std::max(handling_, absl::Microseconds(1)));
  return static_cast<std::size_t>(std::clamp(soon, 1.0, kMostInHand));
}

absl::Status RedisSubscription::TakeNew() {
  const absl::Duration block = std::min(kLongestBlock, TakeoverPeriod(options_));
  ASSIGN_OR_RETURN(const RedisReply reply,
                   connection_.Call({"XREADGROUP", "GROUP", group_, options_.consumer, "COUNT",
                                     absl::StrCat(WhatIsHandledSoon()), "BLOCK", Milliseconds(block),
                                     "STREAMS", keys_.stream, ">"}));
  for (const RedisReply& entry : Entries(reply)) {
    if (std::optional<Event> event = FromEntry(entry)) in_hand_.push_back(*std::move(event));
  }
  taken_ = std::chrono::steady_clock::now();
  return absl::OkStatus();
}

absl::StatusOr<bool> RedisSubscription::TakeOverAbandoned() {
  // One event at a time, so that the group's consumers share what one of them left. A call scans a
  // limited number of entries; the cursor 0-0 says that all were seen. JUSTID: the delivery is
  // counted when the event is read among the own pending ones.
  std::string cursor = "0-0";
  do {
    ASSIGN_OR_RETURN(const RedisReply reply,
                     connection_.Call({"XAUTOCLAIM", keys_.stream, group_, options_.consumer,
                                       Milliseconds(options_.claim_after), cursor, "COUNT", "1", "JUSTID"}));
    if (reply.List().size() < 2)
      return absl::FailedPreconditionError("Redis is older than 6.2: no XAUTOCLAIM");
    if (reply.List().size() > 2 && !reply.List()[2].List().empty()) {
      RETURN_IF_ERROR(DropStream(reply.List()[2].List().size()));
      return false;
    }
    if (!reply.List()[1].List().empty()) return true;
    cursor = reply.List()[0].Text();
  } while (cursor != "0-0");
  return false;
}

absl::StatusOr<int> RedisSubscription::DeliveriesOf(const Event& event) {
  const std::string id = EntryId(event.sequence);
  ASSIGN_OR_RETURN(const RedisReply reply, connection_.Call({"XPENDING", keys_.stream, group_, id, id, "1"}));
  if (reply.List().size() != 1 || reply.List()[0].List().size() != 4) return 1;
  return static_cast<int>(reply.List()[0].List()[3].Integer());
}

absl::Status RedisSubscription::DropStream(std::size_t entries) {
  if (logger_ != nullptr) {
    logger_->Error(
        "event stream lost entries that were not handled: it is dropped and filled again",
        {{"topic", keys_.stream}, {"group", group_}, {"entries", static_cast<std::int64_t>(entries)}});
  }
  in_hand_.clear();
  return connection_.Call({"DEL", keys_.stream, keys_.mark}).status();
}

}  // namespace specom::events
