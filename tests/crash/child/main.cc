// The process that dies: both services on their databases and a bus, told what to do line by line on
// standard input. SPECOM_CRASH_AT says where it ends.
//
//   move REQUEST_ID FROM TO PENCE   ->  REQUEST_ID ok MOVEMENT | REQUEST_ID refused|error CODE REASON
//   settle                          ->  settled LAST_SEQUENCE DEAD_LETTERS | stuck WHY
#include <unistd.h>

#include <deque>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/check.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "libs/events/bus.h"
#include "libs/events/relay.h"
#include "tests/crash/child/ledger.h"
#include "tests/crash/child/statements.h"

namespace specom::crash {
namespace {

// Only reached when something is lost.
constexpr absl::Duration kPatience = absl::Seconds(15);
constexpr absl::Duration kLimit = absl::Seconds(10);

const store::Statement kLastEvent{
    .name = "crash.last_event",
    .sql = "SELECT COALESCE(MAX(sequence), 0), COALESCE(SUM(1 - published), 0) FROM outbox",
    .columns = {store::ColumnType::kInteger, store::ColumnType::kInteger}};

void Say(const std::string& line) {
  static absl::Mutex mutex;
  absl::MutexLock lock(&mutex);
  const std::string text = line + "\n";
  if (write(STDOUT_FILENO, text.data(), text.size()) < 0) _exit(1);
}

// Requests that wait for a handler, in their order.
class Queue {
 public:
  void Push(std::string line) {
    absl::MutexLock lock(&mutex_);
    lines_.push_back(std::move(line));
  }
  void Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  // False when there will be none.
  bool Pop(std::string& line) {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](Queue* queue) { return queue->closed_ || !queue->lines_.empty(); }, this));
    if (lines_.empty()) return false;
    line = std::move(lines_.front());
    lines_.pop_front();
    return true;
  }

 private:
  absl::Mutex mutex_;
  std::deque<std::string> lines_;
  bool closed_ = false;
};

struct Arguments {
  store::DatabaseConfig ledger, statements;
  Secret redis_url;
  std::string topic;
  int handlers = 1;
};

// ledger-url ledger-schema statements-url statements-schema redis-url topic handlers; "-" for none.
Arguments Parse(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  SPECOM_CHECK(words.size() == 7);
  for (std::string& word : words) {
    if (word == "-") word.clear();
  }
  Arguments arguments;
  arguments.ledger = {.url = Secret(words[0]), .schema = words[1]};
  arguments.statements = {.url = Secret(words[2]), .schema = words[3], .connections = 2};
  arguments.redis_url = Secret(words[4]);
  arguments.topic = words[5];
  SPECOM_CHECK(absl::SimpleAtoi(words[6], &arguments.handlers));
  return arguments;
}

absl::StatusOr<std::unique_ptr<store::Store>> Open(const store::DatabaseConfig& config, const Clock& clock,
                                                   std::span<const EmbeddedFile> migrations) {
  ASSIGN_OR_RETURN(std::unique_ptr<store::Store> store, store::OpenStore(config, clock));
  RETURN_IF_ERROR(store->Migrate(migrations).status());
  return store;
}

class Child {
 public:
  Child(std::unique_ptr<store::Store> ledger_store, std::unique_ptr<store::Store> statements_store,
        std::unique_ptr<events::Bus> bus, const Arguments& arguments, const Clock& clock)
      : clock_(clock),
        topic_(arguments.topic),
        ledger_store_(std::move(ledger_store)),
        statements_store_(std::move(statements_store)),
        bus_(std::move(bus)),
        ledger_(*ledger_store_, clock, topic_),
        statements_(*statements_store_, clock),
        relay_(*ledger_store_, *bus_,
               {.source = "specom/" + topic_,
                .topics = {topic_},
                .poll_interval = absl::Milliseconds(20),
                .takeover_interval = absl::Milliseconds(20)}) {}

  absl::Status Serve(int handlers) {
    ASSIGN_OR_RETURN(
        auto subscription,
        bus_->Subscribe(topic_, kStatementsGroup,
                        {.consumer = "statements-1", .retry_delay = absl::Milliseconds(5)},
                        [this](const events::Event& event) { return statements_.Handle(event); }));
    relay_.Start();
    Say("ready");
    std::vector<std::thread> threads;
    for (int i = 0; i < handlers; ++i) {
      threads.emplace_back([this] {
        for (std::string line; queue_.Pop(line);) Handle(line);
      });
    }
    for (std::string line; std::getline(std::cin, line);) {
      if (line == "settle") {
        Settle();
      } else {
        queue_.Push(line);
      }
    }
    queue_.Close();
    for (std::thread& thread : threads) thread.join();
    relay_.Stop();
    subscription->Stop();
    return absl::OkStatus();
  }

 private:
  void Handle(const std::string& line) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    std::int64_t pence = 0;
    SPECOM_CHECK(words.size() == 5 && words[0] == "move" && absl::SimpleAtoi(words[4], &pence));
    RequestContext context;
    context.principal.user = "treasurer";
    context.method = "specom.crash.Ledger/Move";
    context.request_id = words[1];
    context.deadline = clock_.Now() + kLimit;
    context.idempotency = {.request_id = words[1],
                           .fingerprint = Sha256().Part(words[2]).Part(words[3]).Part(words[4]).HexDigest()};
    const absl::StatusOr<std::string> movement = ledger_.Move(context, {words[2], words[3], Pence(pence)});
    relay_.Wake();
    if (movement.ok()) return Say(absl::StrCat(words[1], " ok ", *movement));
    const bool refused = absl::IsFailedPrecondition(movement.status());
    Say(absl::StrCat(words[1], refused ? " refused " : " error ",
                     absl::StatusCodeToString(movement.status().code()), " ",
                     ErrorReason(movement.status())));
  }

  // Until the last event of the outbox was published and handled by this process.
  void Settle() {
    const absl::Time end = clock_.Now() + kPatience;
    std::string waits;
    while (clock_.Now() < end) {
      const absl::Status read = ledger_store_->Read(RequestContext(), [&](store::UnitOfWork& work) {
        absl::StatusOr<std::vector<store::Row>> rows = work.Query(kLastEvent);
        if (rows.ok()) {
          last_ = rows->at(0).Integer(0);
          unpublished_ = rows->at(0).Integer(1);
        }
        return rows.status();
      });
      waits = absl::StrCat(read.ToString(), ", ", unpublished_, " unpublished, handled up to ",
                           statements_.last_handled(), " of ", last_);
      if (read.ok() && unpublished_ == 0 && statements_.last_handled() == last_) {
        const auto letters = bus_->DeadLetters(topic_);
        return Say(absl::StrCat("settled ", last_, " ", letters.ok() ? std::ssize(*letters) : -1));
      }
      absl::SleepFor(absl::Milliseconds(1));
    }
    Say(absl::StrCat("stuck: ", waits));
  }

  const Clock& clock_;
  const std::string topic_;
  const std::unique_ptr<store::Store> ledger_store_, statements_store_;
  const std::unique_ptr<events::Bus> bus_;
  Ledger ledger_;
  Statements statements_;
  events::OutboxRelay relay_;
  Queue queue_;
  std::int64_t last_ = 0, unpublished_ = 0;
};

absl::Status Run(const Arguments& arguments) {
  SystemClock clock;
  ASSIGN_OR_RETURN(auto ledger, Open(arguments.ledger, clock, LedgerMigrations()));
  ASSIGN_OR_RETURN(auto statements, Open(arguments.statements, clock, StatementMigrations()));
  std::unique_ptr<events::Bus> bus;
  if (arguments.redis_url.empty()) {
    bus = events::NewInProcessBus();
  } else {
    ASSIGN_OR_RETURN(bus, events::NewRedisBus(arguments.redis_url));
  }
  return Child(std::move(ledger), std::move(statements), std::move(bus), arguments, clock)
      .Serve(arguments.handlers);
}

}  // namespace
}  // namespace specom::crash

int main(int argc, char** argv) {
  const absl::Status status = specom::crash::Run(specom::crash::Parse(argc, argv));
  if (status.ok()) return 0;
  std::cerr << status << "\n";
  return 1;
}
