#include "tests/crash/platform/processes.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "libs/base/digest.h"

namespace specom::crash {
namespace {

using journeys::Eventually;
using journeys::Process;
using journeys::ReadFile;

constexpr int kKilled = 128 + SIGKILL;

class EmbeddedProcesses final : public Processes {
 public:
  EmbeddedProcesses(const std::string& begun, std::vector<ProcessDeath> deaths)
      : Processes(std::move(deaths)) {
    if (!begun.empty()) std::filesystem::copy(begun, Data(), std::filesystem::copy_options::recursive);
  }
  ~EmbeddedProcesses() override { Kill(); }

  std::string Data() const { return folder_.Path("data"); }
  std::string Endpoint(const std::string&) const override {
    const std::vector<std::string> lines = journeys::Lines(ReadFile(EndpointFile()));
    return lines.empty() ? "" : lines[0];
  }
  store::DatabaseConfig Database(const std::string& service) const override {
    return {.url = Secret("sqlite:" + Data() + "/" + service + ".db"), .schema = {}};
  }

 protected:
  std::vector<std::string> Names() const override { return {"specom dev"}; }
  std::string NameFor(const std::string&) const override { return "specom dev"; }
  std::unique_ptr<Process> Start(const std::string&,
                                 const std::map<std::string, std::string>& environment) override {
    std::filesystem::remove(EndpointFile());
    return std::make_unique<Process>(
        "specom",
        std::vector<std::string>{"dev", "--data-dir", Data(), "--grpc-port", "0", "--endpoint-file",
                                 EndpointFile(), "--log-level", "error"},
        environment);
  }
  bool Serves(const std::string&, const Process&) const override { return !Endpoint("").empty(); }

 private:
  std::string EndpointFile() const { return folder_.Path("endpoint"); }

  const journeys::TemporaryFolder folder_;
};

class EmbeddedFromOne final : public Beginnings {
 public:
  EmbeddedFromOne() : first_("", {}) {
    for (const std::string& problem : first_.Revive()) ADD_FAILURE() << problem;
    first_.Kill();
  }
  std::unique_ptr<Processes> Begin(std::vector<ProcessDeath> deaths) override {
    return std::make_unique<EmbeddedProcesses>(first_.Data(), std::move(deaths));
  }

 private:
  EmbeddedProcesses first_;
};

// A database of its own for a round, copied from one that nobody is connected to.
class DatabaseCopy {
 public:
  explicit DatabaseCopy(const journeys::Production& begun)
      : begun_(begun), name_("crash_" + Sha256Hex(NewUuid()).substr(0, 12)) {
    const std::string& url = begun_.database_url();
    const std::size_t slash = url.rfind('/');
    begun_.Sql("CREATE DATABASE " + name_ + " TEMPLATE " + url.substr(slash + 1));
    url_ = url.substr(0, slash + 1) + name_;
  }
  ~DatabaseCopy() { begun_.Sql("DROP DATABASE " + name_ + " WITH (FORCE)"); }
  DatabaseCopy(const DatabaseCopy&) = delete;
  DatabaseCopy& operator=(const DatabaseCopy&) = delete;

  const std::string& url() const { return url_; }

 private:
  const journeys::Production& begun_;
  const std::string name_;
  std::string url_;
};

class ProductionProcesses final : public Processes {
 public:
  // copy: null where the database itself is to be begun.
  ProductionProcesses(const journeys::Production& begun, std::unique_ptr<DatabaseCopy> copy,
                      std::vector<ProcessDeath> deaths)
      : Processes(std::move(deaths)), begun_(begun), copy_(std::move(copy)) {
    EXPECT_EQ(journeys::RunProgram("/usr/bin/redis-cli", {"-u", begun_.redis_url(), "FLUSHDB"}).code, 0);
  }
  ~ProductionProcesses() override { Kill(); }

  std::string Endpoint(const std::string& service) const override {
    const Running* running = Find(service);
    return running == nullptr ? "" : journeys::Production::Endpoint(*running->process);
  }
  store::DatabaseConfig Database(const std::string& service) const override {
    return {.url = Secret(Url()), .schema = service};
  }

 protected:
  std::vector<std::string> Names() const override { return {std::begin(kServices), std::end(kServices)}; }
  std::string NameFor(const std::string& service) const override { return service; }
  std::unique_ptr<Process> Start(const std::string& name,
                                 const std::map<std::string, std::string>& environment) override {
    std::map<std::string, std::string> all = environment;
    all["SPECOM_DATABASE_URL"] = Url();
    all["SPECOM_REDIS_URL"] = begun_.redis_url();
    all["SPECOM_IDENTITY"] = "development";
    all["SPECOM_LOG_LEVEL"] = "error";
    // Names that stay: a process that comes back goes on with what it left unfinished.
    std::vector<std::string> flags;
    if (name == "finance") flags = {"--worker-name", "round"};
    if (name == "reporting") flags = {"--consumer-name", "round"};
    return std::make_unique<Process>("specom-" + name, flags, all);
  }
  bool Serves(const std::string&, const Process& process) const override {
    const std::string output = process.Output();
    return output.find(" serves on ") != std::string::npos && output.ends_with('\n');
  }

 private:
  const std::string& Url() const { return copy_ == nullptr ? begun_.database_url() : copy_->url(); }

  const journeys::Production& begun_;
  const std::unique_ptr<DatabaseCopy> copy_;
};

class ProductionFromOne final : public Beginnings {
 public:
  explicit ProductionFromOne(int redis_database) : begun_(redis_database) {
    begun_.Migrate();
    ProductionProcesses first(begun_, nullptr, {});
    for (const std::string& problem : first.Revive()) ADD_FAILURE() << problem;
  }
  std::unique_ptr<Processes> Begin(std::vector<ProcessDeath> deaths) override {
    return std::make_unique<ProductionProcesses>(begun_, std::make_unique<DatabaseCopy>(begun_),
                                                 std::move(deaths));
  }

 private:
  journeys::Production begun_;
};

}  // namespace

const Processes::Running* Processes::Find(const std::string& name) const {
  auto found = running_.find(name);
  return found == running_.end() ? nullptr : &found->second;
}

std::vector<std::string> Processes::Revive() {
  std::vector<std::string> problems;
  for (const std::string& name : Names()) {
    // A process may die at its start, too.
    for (;;) {
      Running& running = running_[name];
      if (running.process != nullptr && !running.process->Running()) {
        const journeys::Finished finished = running.process->Wait();
        if (running.death && finished.code == kKilled) {
          died_.push_back(*running.death);
        } else {
          problems.push_back(absl::StrCat(name, " ended with ", finished.code, ": ", finished.err));
          return problems;
        }
        running = {};
      }
      if (running.process == nullptr) {
        std::map<std::string, std::string> environment;
        const auto plan = std::find_if(planned_.begin(), planned_.end(), [&](const ProcessDeath& death) {
          return NameFor(death.service) == name;
        });
        if (plan != planned_.end()) {
          running.death = *plan;
          environment["SPECOM_CRASH_AT"] = plan->crash_at;
          planned_.erase(plan);
        }
        running.process = Start(name, environment);
      }
      Eventually([&] { return Serves(name, *running.process) || !running.process->Running(); });
      if (!running.process->Running()) continue;
      if (!Serves(name, *running.process)) problems.push_back(name + " does not serve");
      break;
    }
  }
  return problems;
}

void Processes::Kill() {
  for (auto& [_, running] : running_) {
    if (running.process == nullptr) continue;
    running.process->Signal(SIGKILL);
    running.process->Wait();
  }
  running_.clear();
}

std::unique_ptr<Beginnings> EmbeddedBeginnings() {
  return std::make_unique<EmbeddedFromOne>();
}

std::unique_ptr<Beginnings> ProductionBeginnings(int redis_database) {
  return std::make_unique<ProductionFromOne>(redis_database);
}

}  // namespace specom::crash
