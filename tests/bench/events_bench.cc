// From the outbox to a consumer: the real relay and the Redis bus over either database, beside raw XADD,
// XREADGROUP and XACK with the same payload in the same run.
#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/base/digest.h"
#include "libs/events/bus.h"
#include "libs/events/redis_connection.h"
#include "libs/events/redis_stream.h"
#include "libs/events/relay.h"
#include "libs/store/store.h"
#include "tests/bench/figures.h"
#include "tests/bench/histogram.h"
#include "tests/bench/server_process.h"

namespace specom::bench {
namespace {

struct Options {
  int events = 20'000;
  int payload = 200;
  double rate = 100;
  double seconds = 5;
};

constexpr char kGroup[] = "bench";
constexpr int kInTransaction = 100;

struct Figures {
  double events_per_second = 0;
  absl::Duration p50, p99;
};

void Print(const std::string& who, const Figures& figures) {
  std::printf("  %-44s %10.0f %10.2f %10.2f\n", who.c_str(), figures.events_per_second,
              absl::ToDoubleMilliseconds(figures.p50), absl::ToDoubleMilliseconds(figures.p99));
  std::fflush(stdout);
}

// How long each event of a steady stream took from its beginning, by its id.
class Journeys {
 public:
  void Began(const std::string& id, absl::Time time) {
    absl::MutexLock lock(&mutex_);
    began_[id] = time;
    Arrive(id);
  }
  void Handled(const std::string& id) {
    absl::MutexLock lock(&mutex_);
    handled_[id] = absl::Now();
    Arrive(id);
  }
  void Wait(std::int64_t events) {
    absl::MutexLock lock(&mutex_);
    auto all = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return took_.Count() >= events; };
    mutex_.Await(absl::Condition(&all));
  }
  void Fill(Figures& figures) const {
    figures.p50 = took_.Quantile(0.5);
    figures.p99 = took_.Quantile(0.99);
  }

 private:
  // A consumer may be quicker than the thread that committed.
  void Arrive(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto began = began_.find(id), handled = handled_.find(id);
    if (began == began_.end() || handled == handled_.end()) return;
    took_.Add(handled->second - began->second);
    began_.erase(began);
    handled_.erase(handled);
  }

  absl::Mutex mutex_;
  std::map<std::string, absl::Time> began_ ABSL_GUARDED_BY(mutex_), handled_ ABSL_GUARDED_BY(mutex_);
  Histogram took_;
};

store::OutboxEvent NewEvent(const std::string& topic, int number, int payload) {
  return {.topic = topic,
          .id = NewUuid(),
          .type = "specom.events.v1.RunPublished",
          .subject = "runs/" + std::to_string(number % 42),
          .data = std::string(static_cast<std::size_t>(payload), 'x'),
          .traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
          .time = absl::Now()};
}

RequestContext Context() {
  RequestContext context;
  context.principal = {.user = "bench", .roles = {Role::kService}, .organisation = ""};
  return context;
}

// Sends `work` at even times.
template <class Work>
void AtRate(double rate, int times, Work work) {
  const absl::Time began = absl::Now();
  for (int i = 0; i < times; ++i) {
    absl::SleepFor(began + absl::Seconds(i / rate) - absl::Now());
    work(i);
  }
}

// One service's outbox, its relay, and one consumer; all keys of the topic go with the object.
class Chain {
 public:
  Chain(const store::DatabaseConfig& database, const Secret& redis)
      : redis_(redis),
        store_(OrExit(store::OpenStore(database, clock_))),
        bus_(OrExit(events::NewRedisBus(redis))) {
    OrExit(store_->Migrate({}).status());
    relay_ = std::make_unique<events::OutboxRelay>(
        *store_, *bus_, events::RelayOptions{.source = "specom/bench", .topics = {topic_}});
  }
  ~Chain() {
    relay_->Stop();
    events::RedisConnection connection(OrExit(events::ParseRedisUrl(redis_)));
    const events::TopicKeys keys(topic_);
    OrExit(connection.Call({"DEL", keys.stream, keys.mark, keys.dead}).status());
  }

  // marks: the handler records the event in the database, as consumers do whose effect is there.
  Figures Measure(const Options& options, bool marks) {
    Figures figures;
    figures.events_per_second = Drain(options, marks);
    Flow(options, marks, figures);
    return figures;
  }

 private:
  std::unique_ptr<events::Subscription> Subscribe(bool marks,
                                                  std::function<void(const events::Event&)> seen) {
    return OrExit(bus_->Subscribe(topic_, kGroup, {.consumer = "one"},
                                  [this, marks, seen = std::move(seen)](const events::Event& event) {
                                    absl::Status status;
                                    if (marks) {
                                      status = store_->Write(Context(), [&](store::UnitOfWork& work) {
                                        return work.MarkHandled(kGroup, event.id).status();
                                      });
                                    }
                                    if (status.ok()) seen(event);
                                    return status;
                                  }));
  }

  // The outbox is full, the relay starts: events a second until the consumer has had them all.
  double Drain(const Options& options, bool marks) {
    const int events = marks ? options.events / 10 : options.events;
    for (int i = 0; i < events; i += kInTransaction) {
      OrExit(store_->Write(Context(), [&](store::UnitOfWork& work) -> absl::Status {
        for (int k = 0; k < kInTransaction; ++k) {
          if (auto status = work.Publish(NewEvent(topic_, i + k, options.payload)); !status.ok())
            return status;
        }
        return absl::OkStatus();
      }));
    }
    absl::BlockingCounter all(events);
    std::atomic<int> left = events;
    auto subscription = Subscribe(marks, [&](const events::Event&) {
      if (left.fetch_sub(1) > 0) all.DecrementCount();
    });
    const absl::Time began = absl::Now();
    relay_->Start();
    all.Wait();
    const absl::Duration took = absl::Now() - began;
    subscription->Stop();
    relay_->Stop();
    return events / absl::ToDoubleSeconds(took);
  }

  // One event in each transaction, so many a second; from the commit to the handler.
  void Flow(const Options& options, bool marks, Figures& figures) {
    Journeys journeys;
    auto subscription = Subscribe(marks, [&](const events::Event& event) { journeys.Handled(event.id); });
    relay_->Start();
    const int events = static_cast<int>(options.rate * options.seconds);
    AtRate(options.rate, events, [&](int i) {
      const store::OutboxEvent event = NewEvent(topic_, i, options.payload);
      OrExit(store_->Write(Context(), [&](store::UnitOfWork& work) { return work.Publish(event); }));
      journeys.Began(event.id, absl::Now());
      relay_->Wake();
    });
    journeys.Wait(events);
    subscription->Stop();
    relay_->Stop();
    journeys.Fill(figures);
  }

  const SystemClock clock_;
  const Secret redis_;
  const std::string topic_ = "specom.bench." + NewUuid();
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<events::Bus> bus_;
  std::unique_ptr<events::OutboxRelay> relay_;
};

// The peer: one connection appends, another reads in its group and acknowledges, as plain clients do.
class Raw {
 public:
  explicit Raw(const Secret& redis) : endpoint_(OrExit(events::ParseRedisUrl(redis))) {
    events::RedisConnection connection(endpoint_);
    OrExit(connection.Call({"XGROUP", "CREATE", stream_, kGroup, "0", "MKSTREAM"}).status());
  }
  ~Raw() {
    events::RedisConnection connection(endpoint_);
    OrExit(connection.Call({"DEL", stream_}).status());
  }

  Figures Measure(const Options& options) {
    Figures figures;
    absl::Time began = absl::Now();
    std::thread producer([&] {
      for (int i = 0; i < options.events; ++i) Append(i, options.payload);
    });
    Consume(options.events, [](const std::string&) {});
    producer.join();
    figures.events_per_second = options.events / absl::ToDoubleSeconds(absl::Now() - began);

    Journeys journeys;
    const int events = static_cast<int>(options.rate * options.seconds);
    std::thread consumer([&] { Consume(events, [&](const std::string& id) { journeys.Handled(id); }); });
    AtRate(options.rate, events, [&](int i) {
      const absl::Time sent = absl::Now();
      journeys.Began(Append(i, options.payload), sent);
    });
    consumer.join();
    journeys.Wait(events);
    journeys.Fill(figures);
    return figures;
  }

 private:
  std::string Append(int number, int payload) {
    const store::OutboxEvent made = NewEvent(stream_, number, payload);
    events::Event event{.id = made.id,
                        .source = "specom/bench",
                        .type = made.type,
                        .subject = made.subject,
                        .time = made.time,
                        .dataschema = "type.googleapis.com/" + made.type,
                        .data = made.data,
                        .aggregate_seq = number,
                        .traceparent = made.traceparent};
    std::vector<std::string> command = {"XADD", stream_, "*"};
    for (std::string& field : events::ToFields(event)) command.push_back(std::move(field));
    OrExit(producer_.Call(command).status());
    return made.id;
  }

  template <class Seen>
  void Consume(int events, Seen seen) {
    while (events > 0) {
      const events::RedisReply reply = OrExit(consumer_.Call(
          {"XREADGROUP", "GROUP", kGroup, "one", "COUNT", "64", "BLOCK", "100", "STREAMS", stream_, ">"}));
      if (reply.IsNil()) continue;
      for (const events::RedisReply& entry : reply.List()[0].List()[1].List()) {
        const std::optional<events::Event> event = events::FromEntry(entry);
        seen(event->id);
        OrExit(consumer_.Call({"XACK", stream_, kGroup, entry.List()[0].Text()}).status());
        --events;
      }
    }
  }

  const events::RedisEndpoint endpoint_;
  const std::string stream_ = "specom.bench." + NewUuid();
  events::RedisConnection producer_{endpoint_}, consumer_{endpoint_};
};

std::string Required(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr)
    OrExit(absl::FailedPreconditionError(std::string(name) + " is not set; use ./tools/bench events"));
  return value;
}

int Run(const Options& options) {
  const Secret redis(Required("SPECOM_TEST_REDIS"));
  const WorkFolder folder;
  const std::string schema = "bench_" + Sha256Hex(NewUuid()).substr(0, 12);
  std::printf(
      "%d events of %d bytes, written %d to a transaction before the relay starts; then %.0f a second for "
      "%.0f s, one to a transaction\n\n",
      options.events, options.payload, kInTransaction, options.rate, options.seconds);
  std::printf("  %-44s %10s %10s %10s\n", "", "events/s", "p50 ms", "p99 ms");
  const Figures raw = Raw(redis).Measure(options);
  Print("raw XADD, XREADGROUP, XACK", raw);
  const std::vector<std::pair<std::string, store::DatabaseConfig>> databases = {
      {"SQLite", {.url = Secret("sqlite:" + folder.Path("bench.db")), .schema = ""}},
      {"PostgreSQL", {.url = Secret(Required("SPECOM_TEST_POSTGRESQL")), .schema = schema}}};
  std::vector<std::pair<std::string, double>> ratios;
  for (const auto& [name, database] : databases) {
    for (const bool marks : {false, true}) {
      const Figures figures = Chain(database, redis).Measure(options, marks);
      Print("outbox to consumer, " + name + (marks ? ", handler marks it" : ""), figures);
      if (!marks) ratios.emplace_back(name, figures.events_per_second / raw.events_per_second);
    }
  }
  std::printf("\nratio of throughput to raw Redis:");
  for (const auto& [name, ratio] : ratios) std::printf("  %s %.2f", name.c_str(), ratio);
  std::printf(
      "\n\"handler marks it\": each event is recorded in a transaction of its own, as consumers do whose "
      "effect is in the database\n");
  return 0;
}

}  // namespace
}  // namespace specom::bench

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  specom::bench::Options options;
  CLI::App app("Events from the outbox to a consumer, beside raw Redis", "specom_bench_events");
  app.add_option("--events", options.events, "Events of the throughput")->check(CLI::Range(1000, 1'000'000));
  app.add_option("--payload", options.payload, "Bytes of an event's data")->check(CLI::Range(0, 100'000));
  app.add_option("--rate", options.rate, "Events a second of the latency")->check(CLI::Range(1.0, 100'000.0));
  app.add_option("--seconds", options.seconds, "Time of the latency")->check(CLI::Range(1.0, 60.0));
  CLI11_PARSE(app, argc, argv);
  return specom::bench::Run(options);
}
