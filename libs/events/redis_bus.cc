// The bus of the distributed platform, on Redis Streams. The database is the truth; Redis carries.
#include <csignal>
#include <limits>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "libs/base/status.h"
#include "libs/events/redis_connection.h"
#include "libs/events/redis_stream.h"
#include "libs/events/redis_subscription.h"

namespace specom::events {
namespace {

// Events in one run of the publishing script, during which the server serves nobody else.
constexpr std::size_t kPublishChunk = 64;
constexpr std::size_t kScanPage = 256;

// KEYS: stream, mark. ARGV: after, the number of fields, then for each event its sequence and its
// fields (names and values by turns, the event's id first). Replies {outcome, sequence}:
//   held      all are there; the high-water mark
//   behind    the mark is below `after`, nothing was done; the mark
//   conflict  the stream holds another event, or none, where this one ought to be; its sequence
// The high-water mark is the lower of the stored mark and the stream's own last id, so that the loss
// of either shows. XADD refuses an id that is not above the last: then the entry itself is compared.
constexpr char kPublishScript[] = R"lua(
local stream, mark_key = KEYS[1], KEYS[2]
local function sequence_of(id) return tonumber(string.match(id, '^%d+')) end
local function last_generated()
  if redis.call('EXISTS', stream) == 0 then return 0 end
  local info = redis.call('XINFO', 'STREAM', stream)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return sequence_of(info[i + 1]) end
  end
  return 0
end
local function event_at(id)
  local found = redis.call('XRANGE', stream, id, id)
  return found[1] and found[1][2][2]
end
local function trimmed(sequence)
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)
  return #first == 0 or sequence_of(first[1][1]) > tonumber(sequence)
end

local after, fields = tonumber(ARGV[1]), tonumber(ARGV[2])
local mark = tonumber(redis.call('GET', mark_key) or '0')
local held = math.min(mark, last_generated())
if held < after then return {'behind', held} end
local outcome, at = 'held', nil
for i = 3, #ARGV, fields + 1 do
  local sequence = ARGV[i]
  local id, event = sequence .. '-0', ARGV[i + 2]
  if tonumber(sequence) <= held then
    local there = event_at(id)
    if there ~= event and (there or not trimmed(sequence)) then outcome, at = 'conflict', sequence break end
  else
    local added = redis.pcall('XADD', stream, id, unpack(ARGV, i + 1, i + fields))
    if type(added) == 'table' and added.err then
      if not string.find(added.err, 'equal or smaller') then return added end
      if event_at(id) ~= event then outcome, at = 'conflict', sequence break end
    end
    held = tonumber(sequence)
  end
end
if held > mark then redis.call('SET', mark_key, string.format('%d', held)) end
return {outcome, at and tonumber(at) or held}
)lua";

class RedisBus final : public Bus {
 public:
  RedisBus(RedisEndpoint endpoint, observe::Logger* logger)
      : endpoint_(std::move(endpoint)), logger_(logger), connection_(endpoint_) {}

  absl::Status Publish(std::string_view topic, std::span<const Event> events, std::int64_t after) override {
    while (!events.empty()) {
      const std::span<const Event> chunk = events.first(std::min(kPublishChunk, events.size()));
      RETURN_IF_ERROR(PublishChunk(topic, chunk, after).status());
      events = events.subspan(chunk.size());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::int64_t> HighWaterMark(std::string_view topic) override {
    return PublishChunk(topic, {}, 0);
  }

  absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(std::string_view topic, std::string_view group,
                                                          const SubscribeOptions& options,
                                                          Handler handler) override {
    const std::vector<std::string> problems = options.Verify();
    if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "; "));
    auto subscription =
        std::make_unique<RedisSubscription>(endpoint_, topic, group, options, std::move(handler), logger_);
    const absl::Status status = subscription->EnsureGroup();
    if (!status.ok() && !absl::IsUnavailable(status)) return status;
    subscription->Start();
    return subscription;
  }

  absl::StatusOr<std::int64_t> Trim(std::string_view topic, std::int64_t keep) override {
    const TopicKeys keys(topic);
    ASSIGN_OR_RETURN(const RedisReply exists, Call({"EXISTS", keys.stream}));
    if (exists.Integer() == 0) return 0;
    ASSIGN_OR_RETURN(const std::int64_t needed, FirstNeeded(keys));
    ASSIGN_OR_RETURN(const std::int64_t kept, FirstKept(keys, keep));
    const std::int64_t below = std::min(needed, kept);
    if (below <= 0) return 0;
    ASSIGN_OR_RETURN(const RedisReply removed, Call({"XTRIM", keys.stream, "MINID", EntryId(below)}));
    return removed.Integer();
  }

  absl::StatusOr<std::vector<DeadLetter>> DeadLetters(std::string_view topic) override {
    const TopicKeys keys(topic);
    std::vector<DeadLetter> letters;
    std::string from = "-";
    while (true) {
      ASSIGN_OR_RETURN(const RedisReply page,
                       Call({"XRANGE", keys.dead, from, "+", "COUNT", absl::StrCat(kScanPage)}));
      for (const RedisReply& entry : page.List()) {
        std::optional<Event> event = FromEntry(entry);
        if (!event) continue;
        const RedisReply& fields = entry.List()[1];
        event->sequence = SequenceOf(fields.Named("sequence").Text());
        if (!absl::SimpleAtoi(fields.Named("deliveries").Text(), &event->deliveries)) event->deliveries = 1;
        letters.push_back({fields.Named("group").Text(), fields.Named("reason").Text(), *std::move(event)});
      }
      if (page.List().size() < kScanPage) return letters;
      from = absl::StrCat("(", page.List().back().List()[0].Text());
    }
  }

  absl::Status Ping() override { return Call({"PING"}).status(); }

 private:
  // Repeats a command once on a new connection: the old one may have died while it was idle. Every
  // command of the bus may be repeated.
  absl::StatusOr<RedisReply> Call(const std::vector<std::string>& command) {
    absl::MutexLock lock(&mutex_);
    absl::StatusOr<RedisReply> reply = connection_.Call(command);
    if (absl::IsUnavailable(reply.status())) reply = connection_.Call(command);
    return reply;
  }

  // The high-water mark afterwards.
  absl::StatusOr<std::int64_t> PublishChunk(std::string_view topic, std::span<const Event> events,
                                            std::int64_t after) {
    const TopicKeys keys(topic);
    std::vector<std::string> command = {"EVAL",    kPublishScript,      "2", keys.stream,
                                        keys.mark, absl::StrCat(after), "0"};
    for (const Event& event : events) {
      std::vector<std::string> fields = ToFields(event);
      command[6] = absl::StrCat(fields.size());
      command.push_back(absl::StrCat(event.sequence));
      for (std::string& field : fields) command.push_back(std::move(field));
    }
    ASSIGN_OR_RETURN(const RedisReply reply, Call(command));
    if (reply.List().size() != 2) return absl::InternalError("the publishing script gave no outcome");
    const std::string& outcome = reply.List()[0].Text();
    const std::int64_t sequence = reply.List()[1].Integer();
    if (outcome == "behind") {
      return absl::AbortedError(absl::StrCat("the topic ", keys.stream, " has taken events up to ", sequence,
                                             " and not up to ", after, ": fill it again from the outbox"));
    }
    if (outcome == "conflict") {
      return absl::FailedPreconditionError(
          absl::StrCat("the topic ", keys.stream, " has passed sequence ", sequence,
                       " without this outbox's event: it was filled from another outbox. Remove the keys ",
                       keys.stream, " and ", keys.mark, " to have it filled again"));
    }
    return sequence;
  }

  // The first sequence that a group has not finished; 0 when there is no group.
  absl::StatusOr<std::int64_t> FirstNeeded(const TopicKeys& keys) {
    ASSIGN_OR_RETURN(const RedisReply groups, Call({"XINFO", "GROUPS", keys.stream}));
    std::int64_t needed = groups.List().empty() ? 0 : std::numeric_limits<std::int64_t>::max();
    for (const RedisReply& group : groups.List()) {
      std::int64_t first = SequenceOf(group.Named("last-delivered-id").Text()) + 1;
      ASSIGN_OR_RETURN(const RedisReply pending, Call({"XPENDING", keys.stream, group.Named("name").Text()}));
      if (pending.List().size() == 4 && pending.List()[0].Integer() > 0)
        first = SequenceOf(pending.List()[1].Text());
      needed = std::min(needed, first);
    }
    return needed;
  }

  // The first sequence of the latest `keep`; 0 when there are not more.
  absl::StatusOr<std::int64_t> FirstKept(const TopicKeys& keys, std::int64_t keep) {
    if (keep <= 0) return std::numeric_limits<std::int64_t>::max();
    ASSIGN_OR_RETURN(const RedisReply length, Call({"XLEN", keys.stream}));
    if (length.Integer() <= keep) return 0;
    std::string to = "+";
    std::int64_t left = keep;
    while (true) {
      const std::int64_t count = std::min<std::int64_t>(left, kScanPage);
      ASSIGN_OR_RETURN(const RedisReply page,
                       Call({"XREVRANGE", keys.stream, to, "-", "COUNT", absl::StrCat(count)}));
      if (static_cast<std::int64_t>(page.List().size()) < count) return 0;
      const std::string& last = page.List().back().List()[0].Text();
      left -= count;
      if (left == 0) return SequenceOf(last);
      to = absl::StrCat("(", last);
    }
  }

  const RedisEndpoint endpoint_;
  observe::Logger* const logger_;
  absl::Mutex mutex_;
  RedisConnection connection_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Bus>> NewRedisBus(const Secret& url, observe::Logger* logger) {
  ASSIGN_OR_RETURN(RedisEndpoint endpoint, ParseRedisUrl(url));
  // hiredis writes to sockets that the server may have closed.
  std::signal(SIGPIPE, SIG_IGN);
  return std::make_unique<RedisBus>(std::move(endpoint), logger);
}

}  // namespace specom::events
