// One connection to Redis over hiredis, with timeouts on everything and replies as values.
#include "libs/events/redis_connection.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace specom::events {
namespace {

// A span of time that the clock on the wall does not stretch.
class Patience {
 public:
  explicit Patience(absl::Duration patience) : end_(Now() + absl::ToChronoNanoseconds(patience)) {}

  bool Ended() const { return Now() >= end_; }
  // For poll: whole milliseconds, rounded up so that the last one is waited out.
  int LeftMilliseconds() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end_ - Now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
  }

 private:
  using Steady = std::chrono::steady_clock;
  static Steady::time_point Now() { return Steady::now(); }
  const Steady::time_point end_;
};

std::optional<std::string> PercentDecode(std::string_view text) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size() || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0) return std::nullopt;
    decoded += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
    i += 2;
  }
  return decoded;
}

absl::Status NotAUrl(const char* what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the Redis URL ", what, "; write redis://[[user]:password@]host[:port][/database]"));
}

RedisReply FromHiredis(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      return RedisReply(static_cast<std::int64_t>(reply.integer));
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
      return RedisReply(std::string(reply.str, reply.len));
    case REDIS_REPLY_ARRAY: {
      std::vector<RedisReply> list;
      list.reserve(reply.elements);
      for (std::size_t i = 0; i < reply.elements; ++i) list.push_back(FromHiredis(*reply.element[i]));
      return RedisReply(std::move(list));
    }
    default:
      return RedisReply();
  }
}

absl::Status FromErrorReply(std::string_view text) {
  struct Code {
    std::string_view prefix;
    absl::StatusCode code;
  };
  static constexpr auto kCodes = std::to_array<Code>({
      {"NOGROUP", absl::StatusCode::kNotFound},
      {"BUSYGROUP", absl::StatusCode::kAlreadyExists},
      {"NOAUTH", absl::StatusCode::kPermissionDenied},
      {"WRONGPASS", absl::StatusCode::kPermissionDenied},
      {"NOPERM", absl::StatusCode::kPermissionDenied},
      {"LOADING", absl::StatusCode::kUnavailable},
      {"MASTERDOWN", absl::StatusCode::kUnavailable},
      {"READONLY", absl::StatusCode::kUnavailable},
      {"CLUSTERDOWN", absl::StatusCode::kUnavailable},
      {"TRYAGAIN", absl::StatusCode::kUnavailable},
      {"BUSY", absl::StatusCode::kUnavailable},
      {"OOM", absl::StatusCode::kUnavailable},
      {"MISCONF", absl::StatusCode::kUnavailable},
      {"UNBLOCKED", absl::StatusCode::kNotFound},
  });
  for (const Code& known : kCodes) {
    if (text.starts_with(known.prefix))
      return absl::Status(known.code, absl::StrCat("Redis answers: ", std::string(text)));
  }
  return absl::FailedPreconditionError(absl::StrCat("Redis answers: ", std::string(text)));
}

}  // namespace

std::string RedisEndpoint::Address() const {
  return host.find(':') == std::string::npos ? absl::StrCat(host, ":", port)
                                             : absl::StrCat("[", host, "]:", port);
}

absl::StatusOr<RedisEndpoint> ParseRedisUrl(const Secret& url) {
  constexpr std::string_view kScheme = "redis://";
  std::string_view rest = url.Reveal();
  if (!rest.starts_with(kScheme)) return NotAUrl("does not begin with redis://");
  rest.remove_prefix(kScheme.size());
  RedisEndpoint endpoint;
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view credentials = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    const std::size_t colon = credentials.find(':');
    if (colon == std::string_view::npos) return NotAUrl("has no \":\" before its password");
    const std::optional<std::string> user = PercentDecode(credentials.substr(0, colon));
    const std::optional<std::string> password = PercentDecode(credentials.substr(colon + 1));
    if (!user || !password) return NotAUrl("has a wrong percent-encoding in its credentials");
    endpoint.user = *user;
    endpoint.password = Secret(*password);
  }
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
    const std::string database(rest.substr(slash + 1));
    if (!database.empty() && (!absl::SimpleAtoi(database, &endpoint.database) || endpoint.database < 0)) {
      return NotAUrl("has a database that is not a number");
    }
    rest = rest.substr(0, slash);
  }
  std::string_view port;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return NotAUrl("has an IPv6 address without its closing bracket");
    endpoint.host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
    if (!port.empty() && port.front() != ':')
      return NotAUrl("has something other than a port after its host");
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const std::size_t colon = rest.find(':');
    endpoint.host = rest.substr(0, colon);
    if (colon != std::string_view::npos) port = rest.substr(colon + 1);
  }
  if (endpoint.host.empty()) return NotAUrl("has no host");
  if (!port.empty() &&
      (!absl::SimpleAtoi(std::string(port), &endpoint.port) || endpoint.port < 1 || endpoint.port > 65535)) {
    return NotAUrl("has a port that is not a number from 1 to 65535");
  }
  return endpoint;
}

std::int64_t RedisReply::Integer() const {
  const auto* integer = std::get_if<std::int64_t>(&value_);
  return integer == nullptr ? 0 : *integer;
}

const std::string& RedisReply::Text() const {
  static const std::string kNone;
  const auto* text = std::get_if<std::string>(&value_);
  return text == nullptr ? kNone : *text;
}

std::span<const RedisReply> RedisReply::List() const {
  const auto* list = std::get_if<std::vector<RedisReply>>(&value_);
  return list == nullptr ? std::span<const RedisReply>() : std::span<const RedisReply>(*list);
}

const RedisReply& RedisReply::Named(std::string_view key) const {
  static const RedisReply kNil;
  const std::span<const RedisReply> list = List();
  for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
    if (list[i].Text() == key) return list[i + 1];
  }
  return kNil;
}

void RedisConnection::Close::operator()(redisContext* context) const {
  redisFree(context);
}

RedisConnection::RedisConnection(RedisEndpoint endpoint, RedisTimeouts timeouts)
    : endpoint_(std::move(endpoint)), timeouts_(timeouts) {}
RedisConnection::~RedisConnection() = default;

absl::Status RedisConnection::Broken(const char* what) {
  const std::string cause = context_ == nullptr        ? "out of memory"
                            : context_->errstr[0] == 0 ? "no answer in time"
                                                       : std::string(context_->errstr);
  context_.reset();
  return absl::UnavailableError(absl::StrCat("Redis at ", endpoint_.Address(), " ", what, ": ", cause,
                                             "; is it running, and may it be reached from here?"));
}

absl::Status RedisConnection::Connect() {
  posted_ = 0;
  context_.reset(
      redisConnectWithTimeout(endpoint_.host.c_str(), endpoint_.port, absl::ToTimeval(timeouts_.connect)));
  if (context_ == nullptr || context_->err != 0) return Broken("cannot be reached");
  if (redisSetTimeout(context_.get(), absl::ToTimeval(timeouts_.reply)) != REDIS_OK)
    return Broken("cannot be given a timeout");
  redisEnableKeepAlive(context_.get());
  absl::Status status;
  if (!endpoint_.password.empty()) {
    std::vector<std::string> login = {"AUTH"};
    if (!endpoint_.user.empty()) login.push_back(endpoint_.user);
    login.push_back(endpoint_.password.Reveal());
    status = Exchange(login).status();
  }
  if (status.ok() && endpoint_.database != 0) {
    status = Exchange(std::to_array<std::string>({"SELECT", absl::StrCat(endpoint_.database)})).status();
  }
  if (!status.ok()) context_.reset();
  return status;
}

absl::StatusOr<RedisReply> RedisConnection::Call(std::span<const std::string> command) {
  if (context_ == nullptr) RETURN_IF_ERROR(Connect());
  absl::StatusOr<RedisReply> reply = Exchange(command);
  if (absl::IsUnavailable(reply.status())) context_.reset();
  return reply;
}

absl::Status RedisConnection::Send(std::span<const std::string> command) {
  if (context_ == nullptr) RETURN_IF_ERROR(Connect());
  return Write(command);
}

absl::Status RedisConnection::Post(std::span<const std::string> command) {
  RETURN_IF_ERROR(Send(command));
  ++posted_;
  return absl::OkStatus();
}

absl::Status RedisConnection::Write(std::span<const std::string> command) {
  std::vector<const char*> words;
  std::vector<std::size_t> lengths;
  words.reserve(command.size());
  lengths.reserve(command.size());
  for (const std::string& word : command) {
    words.push_back(word.data());
    lengths.push_back(word.size());
  }
  if (redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), words.data(), lengths.data()) !=
      REDIS_OK) {
    return Broken("cannot be asked");
  }
  // Each write is given up after the time for a reply: the socket has it as its timeout.
  for (int done = 0; done == 0;) {
    if (redisBufferWrite(context_.get(), &done) != REDIS_OK) return Broken("cannot be asked");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<RedisReply>> RedisConnection::Receive(absl::Duration patience) {
  struct Free {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };
  if (context_ == nullptr) return absl::UnavailableError("the connection to Redis is closed");
  const Patience left(patience);
  for (bool waited = false;; waited = true) {
    void* parsed = nullptr;
    if (redisGetReplyFromReader(context_.get(), &parsed) != REDIS_OK) return Broken("does not answer");
    if (const std::unique_ptr<redisReply, Free> reply(static_cast<redisReply*>(parsed)); reply != nullptr) {
      if (reply->type == REDIS_REPLY_ERROR) return FromErrorReply(std::string_view(reply->str, reply->len));
      return FromHiredis(*reply);
    }
    // A reply that trickles in has no more time than one that does not come.
    if (waited && left.Ended()) return std::nullopt;
    pollfd readable = {.fd = context_->fd, .events = POLLIN, .revents = 0};
    const int ready = poll(&readable, 1, left.LeftMilliseconds());
    if (ready == 0) return std::nullopt;
    if (ready < 0 && errno == EINTR) continue;
    if (redisBufferRead(context_.get()) != REDIS_OK) return Broken("does not answer");
  }
}

absl::Status RedisConnection::Settle() {
  absl::Status status;
  for (; posted_ > 0; --posted_) {
    const absl::StatusOr<std::optional<RedisReply>> reply = Receive(timeouts_.reply);
    if (reply.ok() && !reply->has_value()) return Broken("does not answer");
    status.Update(reply.status());
    if (context_ == nullptr) return status;
  }
  return status;
}

absl::StatusOr<RedisReply> RedisConnection::Exchange(std::span<const std::string> command) {
  RETURN_IF_ERROR(Write(command));
  const absl::Status posted = Settle();
  if (context_ == nullptr) return posted;
  ASSIGN_OR_RETURN(std::optional<RedisReply> reply, Receive(timeouts_.reply));
  if (!reply) return Broken("does not answer");
  RETURN_IF_ERROR(posted);
  return *std::move(reply);
}

}  // namespace specom::events
