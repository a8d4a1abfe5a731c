// One connection to Redis over hiredis, with timeouts on everything and replies as values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"

struct redisContext;

namespace specom::events {

struct RedisEndpoint {
  std::string host = "127.0.0.1";
  int port = 6379;
  std::string user;
  Secret password;
  int database = 0;

  // "redis.example:6379", for messages.
  std::string Address() const;
};

// Parses "redis://[[user]:password@]host[:port][/database]"; user and password percent-encoded, an
// IPv6 host in brackets. INVALID_ARGUMENT says what is wrong, without the password.
absl::StatusOr<RedisEndpoint> ParseRedisUrl(const Secret& url);

struct RedisTimeouts {
  absl::Duration connect = absl::Seconds(2);
  // From a command to the last byte of its reply; above the longest time that a command of the bus
  // blocks on the server.
  absl::Duration reply = absl::Seconds(5);
};

// A reply; a nil reply and a nil list are both nil.
class RedisReply {
 public:
  RedisReply() = default;
  explicit RedisReply(std::int64_t integer) : value_(integer) {}
  explicit RedisReply(std::string text) : value_(std::move(text)) {}
  explicit RedisReply(std::vector<RedisReply> list) : value_(std::move(list)) {}

  bool IsNil() const { return std::holds_alternative<std::monostate>(value_); }
  // 0, "" and empty where the reply is of another kind.
  std::int64_t Integer() const;
  const std::string& Text() const;
  std::span<const RedisReply> List() const;
  // The value that follows `key` in a list of keys and values; nil where there is none.
  const RedisReply& Named(std::string_view key) const;

 private:
  std::variant<std::monostate, std::int64_t, std::string, std::vector<RedisReply>> value_;
};

// Not for two threads at once. Connects on the first call, and again after an error of the
// connection.
class RedisConnection {
 public:
  explicit RedisConnection(RedisEndpoint endpoint, RedisTimeouts timeouts = {});
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  // Sends one command and reads its reply. UNAVAILABLE when the server cannot be reached, does not
  // answer in time or is not ready to serve; the connection is then closed. An error reply becomes
  // NOT_FOUND (the stream or group is gone), ALREADY_EXISTS (BUSYGROUP), PERMISSION_DENIED (credentials),
  // else FAILED_PRECONDITION, with its text.
  absl::StatusOr<RedisReply> Call(std::span<const std::string> command);
  absl::StatusOr<RedisReply> Call(std::initializer_list<std::string> command) {
    return Call(std::span<const std::string>(command.begin(), command.size()));
  }

  // Sends a command that is asked for nothing but to be done, and does not wait. The next Call reads its
  // reply first, and gives the error, if it is one, instead of a reply of its own.
  absl::Status Post(std::span<const std::string> command);
  absl::Status Post(std::initializer_list<std::string> command) {
    return Post(std::span<const std::string>(command.begin(), command.size()));
  }

  // Returns when every posted command was done; the first error among them.
  absl::Status Settle();

  // For a connection that is subscribed, where messages come unasked. Send does not wait for an answer;
  // Receive gives the next message, nothing when none has come within `patience`. Errors as Call's.
  absl::Status Send(std::span<const std::string> command);
  absl::Status Send(std::initializer_list<std::string> command) {
    return Send(std::span<const std::string>(command.begin(), command.size()));
  }
  absl::StatusOr<std::optional<RedisReply>> Receive(absl::Duration patience);

 private:
  absl::Status Connect();
  absl::Status Write(std::span<const std::string> command);
  absl::StatusOr<RedisReply> Exchange(std::span<const std::string> command);
  absl::Status Broken(const char* what);

  struct Close {
    void operator()(redisContext* context) const;
  };
  const RedisEndpoint endpoint_;
  const RedisTimeouts timeouts_;
  std::unique_ptr<redisContext, Close> context_;
  // Commands of this connection whose replies have not been read.
  int posted_ = 0;
};

}  // namespace specom::events
