// What the pipeline costs: specom-portfolio with everything on, beside a bare callback gRPC server that
// gives the same answers ready-made, under the same load driver, round by round in one run.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "specom/portfolio/v1/portfolio_service.pb.h"
#include "tests/bench/bare_server.h"
#include "tests/bench/credentials.h"
#include "tests/bench/figures.h"
#include "tests/bench/load_driver.h"
#include "tests/bench/server_process.h"

namespace specom::bench {
namespace {

struct Options {
  int rounds = 5;
  int channels = 4;
  int in_flight = 64;
  double seconds = 1.5;
  double warm_up = 0.5;
  bool tls = false;
};

// One round of one server under one method.
struct Round {
  double rate = 0;
  double p50_us = 0;
  double p99_us = 0;
  // Processor time of the server for one call.
  double processor_us = 0;
};

Round Measure(LoadDriver& driver, const ServerProcess& server, const Call& call, const Options& options) {
  driver.ClosedLoop(call, options.in_flight, absl::Seconds(options.warm_up), absl::ZeroDuration());
  const absl::Duration before = server.ProcessorTime();
  const auto load =
      driver.ClosedLoop(call, options.in_flight, absl::ZeroDuration(), absl::Seconds(options.seconds));
  const absl::Duration spent = server.ProcessorTime() - before;
  if (load->failed > 0 || load->refused.Count() > 0) {
    std::fprintf(stderr, "%s failed: %s\n", call.method.c_str(), load->failure.c_str());
    std::exit(1);
  }
  return {.rate = load->Rate(),
          .p50_us = absl::ToDoubleMicroseconds(load->accepted.Quantile(0.5)),
          .p99_us = absl::ToDoubleMicroseconds(load->accepted.Quantile(0.99)),
          .processor_us = absl::ToDoubleMicroseconds(spent) / static_cast<double>(load->accepted.Count())};
}

double MedianOf(const std::vector<Round>& rounds, double Round::*figure) {
  std::vector<double> values;
  for (const Round& round : rounds) values.push_back(round.*figure);
  return Median(std::move(values));
}

// Of the ratios round by round: the machine's speed drifts between rounds, less within one.
double MedianRatio(const std::vector<Round>& ours, const std::vector<Round>& peers, double Round::*figure) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i].*figure / (peers[i].*figure));
  return Median(std::move(ratios));
}

void Print(const char* method, const std::vector<Round>& ours, const std::vector<Round>& peers) {
  const auto line = [](const char* who, const std::vector<Round>& rounds) {
    std::printf("  %-18s %9.0f %10.0f %10.0f %14.1f\n", who, MedianOf(rounds, &Round::rate),
                MedianOf(rounds, &Round::p50_us), MedianOf(rounds, &Round::p99_us),
                MedianOf(rounds, &Round::processor_us));
  };
  std::printf("\n%s\n  %-18s %9s %10s %10s %14s\n", method, "", "calls/s", "p50 us", "p99 us",
              "server us/call");
  line("bare gRPC server", peers);
  line("specom-portfolio", ours);
  std::printf("  %-18s %9.2f %10.2f %10.2f %14.2f   median of %zu rounds\n", "ratio",
              MedianRatio(ours, peers, &Round::rate), MedianRatio(ours, peers, &Round::p50_us),
              MedianRatio(ours, peers, &Round::p99_us), MedianRatio(ours, peers, &Round::processor_us),
              ours.size());
}

std::vector<Call> Calls(const std::vector<std::pair<std::string, std::string>>& identity) {
  portfolio::v1::ResolveDelegationRequest delegation;
  delegation.set_icb("QOQ");
  delegation.set_service_line("NCBPS01J");
  portfolio::v1::GetServiceRequest service;
  service.set_name("services/PSS-7");
  const std::string prefix = "specom.portfolio.v1.PortfolioService/";
  return {{prefix + "ResolveDelegation", delegation.SerializeAsString(), identity},
          {prefix + "GetService", service.SerializeAsString(), identity}};
}

std::unique_ptr<ServerProcess> StartPortfolio(const WorkFolder& folder, const Credentials& credentials) {
  std::vector<std::string> command = {ProgramFolder() + "/../bin/specom-portfolio", "--listen=127.0.0.1:0",
                                      "--log-level=info", "--log-file=" + folder.Path("portfolio.log"),
                                      "--database-url=sqlite:" + folder.Path("portfolio.db")};
  for (std::string& flag : credentials.ServerFlags()) command.push_back(std::move(flag));
  std::vector<std::string> migrate = command;
  migrate.push_back("migrate");
  OrExit(RunToEnd(migrate));
  return OrExit(ServerProcess::Start(command, folder.Path("portfolio.out")));
}

int Run(const Options& options) {
  const WorkFolder folder;
  const Credentials credentials(folder, options.tls);
  const auto portfolio = StartPortfolio(folder, credentials);
  LoadDriver to_portfolio(portfolio->address(), options.channels, credentials.OfDriver());
  const std::vector<Call> calls =
      Calls(credentials.Bearer({.user = "ada@example.nhs.uk", .roles = {Role::kIcb}, .organisation = "QOQ"}));
  std::vector<std::string> answers;
  for (const Call& call : calls) {
    answers.push_back(folder.Path("answer" + std::to_string(answers.size())));
    const std::string answer = OrExit(to_portfolio.Once(call));
    WriteBytes(answers.back(), answer);
    std::printf("%s: request %zu bytes, response %zu bytes\n", call.method.c_str(), call.request.size(),
                answer.size());
  }
  const TlsFiles& tls = credentials.of_server();
  const auto bare = OrExit(ServerProcess::Start(
      {"/proc/self/exe", "--bare-server", answers[0], answers[1], tls.certificate, tls.key, tls.authority},
      folder.Path("bare.out")));
  LoadDriver to_bare(bare->address(), options.channels, credentials.OfDriver());
  std::printf("%d calls in flight on %d connections, %.1f s a round, %s\n", options.in_flight,
              options.channels, options.seconds, options.tls ? "mutual TLS" : "plain text");

  for (const Call& call : calls) {
    std::vector<Round> ours, peers;
    for (int i = 0; i < options.rounds; ++i) {
      peers.push_back(Measure(to_bare, *bare, call, options));
      ours.push_back(Measure(to_portfolio, *portfolio, call, options));
    }
    Print(call.method.c_str(), ours, peers);
  }
  return 0;
}

}  // namespace
}  // namespace specom::bench

int main(int argc, char** argv) {
  // As in specom's servers; also for the bare server, which is this program.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  specom::bench::Options options;
  std::vector<std::string> bare;
  CLI::App app("specom-portfolio beside a bare gRPC server with the same answers", "specom_bench_rpc");
  app.add_option("--rounds", options.rounds, "Rounds of each server and method")->check(CLI::Range(1, 1000));
  app.add_option("--channels", options.channels, "Connections")->check(CLI::Range(1, 64));
  app.add_option("--in-flight", options.in_flight, "Calls in flight")->check(CLI::Range(1, 10000));
  app.add_option("--seconds", options.seconds, "Measured time of a round")->check(CLI::Range(0.1, 60.0));
  app.add_option("--warm-up", options.warm_up, "Seconds before it")->check(CLI::Range(0.0, 60.0));
  app.add_flag("--tls", options.tls, "Mutual TLS on both servers");
  app.add_option("--bare-server", bare, "")->expected(5)->group("");
  CLI11_PARSE(app, argc, argv);
  if (!bare.empty()) {
    return specom::bench::RunBareServer(specom::bench::ReadBytes(bare[0]), specom::bench::ReadBytes(bare[1]),
                                        {bare[2], bare[3], bare[4]});
  }
  return specom::bench::Run(options);
}
