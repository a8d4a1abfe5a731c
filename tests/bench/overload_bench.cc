// What twice the load does to a server: specom-finance reading from its database, at four fifths of its
// capacity and at twice its capacity, open loop. Calls that are taken must stay quick, the others must know
// at once, and memory must not grow.
#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "libs/auth/authenticator.h"
#include "specom/finance/v1/finance_service.pb.h"
#include "tests/bench/figures.h"
#include "tests/bench/load_driver.h"
#include "tests/bench/server_process.h"

namespace specom::bench {
namespace {

namespace v1 = finance::v1;

struct Options {
  int rounds = 3;
  double seconds = 5;
  int threads = 8;
  int lines = 100;
  int channels = 4;
};

constexpr char kService[] = "specom.finance.v1.FinanceService/";
constexpr absl::Duration kWarmUp = absl::Seconds(2);

std::vector<std::pair<std::string, std::string>> Identity() {
  return {{kUserHeader, "ada@example.nhs.uk"}, {kRolesHeader, "national"}};
}

absl::StatusOr<std::unique_ptr<ServerProcess>> StartFinance(const WorkFolder& folder,
                                                            const Options& options) {
  const std::vector<std::string> command = {ProgramFolder() + "/../bin/specom-finance",
                                            "--identity=development",
                                            "--listen=127.0.0.1:0",
                                            "--log-file=" + folder.Path("finance.log"),
                                            "--executor-threads=" + std::to_string(options.threads),
                                            "--database-connections=" + std::to_string(options.threads),
                                            "--database-url=sqlite:" + folder.Path("finance.db")};
  std::vector<std::string> migrate = command;
  migrate.push_back("migrate");
  if (absl::Status status = RunToEnd(migrate); !status.ok()) return status;
  return ServerProcess::Start(command, folder.Path("finance.out"), 0);
}

// Reads lines of the baseline of an input set that ships with the service.
Call ReadingCall(LoadDriver& driver, int lines) {
  v1::ListInputSetsRequest list;
  v1::ListInputSetsResponse sets;
  const std::string answer =
      OrExit(driver.Once({std::string(kService) + "ListInputSets", list.SerializeAsString(), Identity()}));
  if (!sets.ParseFromString(answer) || sets.input_sets().empty()) {
    OrExit(absl::FailedPreconditionError("the service holds no input set"));
  }
  v1::ListBaselineLinesRequest request;
  request.set_parent(sets.input_sets(0).name());
  request.set_page_size(lines);
  return {std::string(kService) + "ListBaselineLines", request.SerializeAsString(), Identity()};
}

// The most memory of a server while this object lives.
class PeakMemory {
 public:
  explicit PeakMemory(const ServerProcess& server)
      : thread_([this, &server] {
          while (!ended_) {
            peak_ = std::max(peak_, server.ResidentKib());
            absl::SleepFor(absl::Milliseconds(50));
          }
        }) {}
  std::int64_t End() {
    ended_ = true;
    thread_.join();
    return peak_;
  }

 private:
  std::atomic<bool> ended_ = false;
  std::int64_t peak_ = 0;
  std::thread thread_;
};

double Milliseconds(absl::Duration duration) {
  return absl::ToDoubleMilliseconds(duration);
}

struct Round {
  double p99_ms = 0;
  double accepted_rate = 0;
};

Round RunOpen(LoadDriver& driver, const ServerProcess& server, const Call& call, const char* name,
              double rate, double seconds) {
  const auto load = driver.OpenLoop(call, rate, kWarmUp, absl::Seconds(seconds));
  const auto refused = static_cast<double>(load->refused.Count());
  const auto accepted = static_cast<double>(load->accepted.Count());
  std::printf("  %-5s %8.0f %10.0f %8.1f %8.1f %9.1f%% %13.1f %9lld %10lld\n", name, rate, load->Rate(),
              Milliseconds(load->accepted.Quantile(0.5)), Milliseconds(load->accepted.Quantile(0.99)),
              100 * refused / std::max(1.0, refused + accepted), Milliseconds(load->refused.Quantile(0.99)),
              static_cast<long long>(load->failed + load->refused_without_retry + load->unsent),
              static_cast<long long>(server.ResidentKib()));
  if (load->failed > 0) std::printf("        failed: %s\n", load->failure.c_str());
  std::fflush(stdout);
  return {Milliseconds(load->accepted.Quantile(0.99)), load->Rate()};
}

// The most calls a second in closed loops of ever more calls in flight. Refusals only take time from others.
double Capacity(LoadDriver& driver, const Call& call, const Options& options) {
  double most = 0;
  for (int in_flight = 2; in_flight <= 2 * options.threads; in_flight *= 2) {
    const auto load = driver.ClosedLoop(call, in_flight, absl::Milliseconds(300), absl::Seconds(1));
    most = std::max(most, load->Rate());
  }
  return most;
}

int Run(const Options& options) {
  const WorkFolder folder;
  const auto server = OrExit(StartFinance(folder, options));
  if (KeepToProcessor(1)) std::printf("the server has one processor, the load driver another\n");
  LoadDriver driver(server->address(), options.channels);
  const Call call = ReadingCall(driver, options.lines);
  std::printf("%s, %d lines of %zu bytes in all, on %d threads\n", call.method.c_str(), options.lines,
              OrExit(driver.Once(call)).size(), options.threads);

  std::vector<double> ratios, served;
  std::printf("\n  %-5s %8s %10s %8s %8s %10s %13s %9s %10s\n", "load", "sent/s", "accepted/s", "p50 ms",
              "p99 ms", "refused", "to refuse p99", "otherwise", "memory KiB");
  std::int64_t peak = 0;
  for (int i = 0; i < options.rounds; ++i) {
    const double capacity = Capacity(driver, call, options);
    std::printf("  capacity: %.0f calls/s\n", capacity);
    const Round normal = RunOpen(driver, *server, call, "80%", 0.8 * capacity, options.seconds);
    PeakMemory memory(*server);
    const Round twice = RunOpen(driver, *server, call, "200%", 2 * capacity, options.seconds);
    peak = std::max(peak, memory.End());
    ratios.push_back(twice.p99_ms / normal.p99_ms);
    served.push_back(twice.accepted_rate / capacity);
  }
  std::printf(
      "\nlatency counts from when a call was to be sent; \"otherwise\": failed, refused without a time "
      "to retry, or not sent\n");
  std::printf(
      "p99 of accepted calls, 200%% over 80%%: %.2f (median of %zu); served of the capacity at 200%%: "
      "%.2f\n",
      Median(ratios), ratios.size(), Median(served));
  std::printf("most memory of the server at 200%%: %lld KiB\n", static_cast<long long>(peak));
  return 0;
}

}  // namespace
}  // namespace specom::bench

int main(int argc, char** argv) {
  // As in specom's servers.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  specom::bench::Options options;
  CLI::App app("specom-finance at 80% and at 200% of its capacity", "specom_bench_overload");
  app.add_option("--rounds", options.rounds, "Rounds of both loads")->check(CLI::Range(1, 100));
  app.add_option("--seconds", options.seconds, "Measured time of each load")->check(CLI::Range(1.0, 60.0));
  app.add_option("--threads", options.threads, "Threads of the server's executor")->check(CLI::Range(1, 64));
  app.add_option("--lines", options.lines, "Lines that a call reads")->check(CLI::Range(1, 5000));
  CLI11_PARSE(app, argc, argv);
  return specom::bench::Run(options);
}
