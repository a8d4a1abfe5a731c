#include "tests/bench/server_process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string_view>
#include <thread>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

namespace specom::bench {
namespace {

constexpr absl::Duration kStartTime = absl::Seconds(30);

// What the process says on standard output and standard error goes to `output`; empty: to this
// process's own.
pid_t Spawn(const std::vector<std::string>& command, const std::string& output, int on_processor = -1) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  if (!output.empty()) {
    const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
  }
  if (on_processor >= 0) KeepToProcessor(on_processor);
  execv(arguments[0], arguments.data());
  _exit(127);
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The address in "specom-portfolio serves on 127.0.0.1:4711"; "" while there is none.
std::string ServingAddress(const std::string& output) {
  constexpr std::string_view kBefore = " serves on ";
  const std::size_t at = output.find(kBefore);
  const std::size_t end = output.find('\n', at);
  if (at == std::string::npos || end == std::string::npos) return "";
  return output.substr(at + kBefore.size(), end - at - kBefore.size());
}

}  // namespace

WorkFolder::WorkFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "specom-bench.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ProgramFolder() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
}

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(const std::vector<std::string>& command,
                                                                    const std::string& output,
                                                                    int on_processor) {
  std::unique_ptr<ServerProcess> server(new ServerProcess(Spawn(command, output, on_processor)));
  const absl::Time limit = absl::Now() + kStartTime;
  while (server->address_.empty()) {
    if (absl::Now() > limit || waitpid(server->pid_, nullptr, WNOHANG) != 0) {
      return absl::DeadlineExceededError(absl::StrJoin(command, " ") + " does not serve:\n" +
                                         ReadText(output));
    }
    absl::SleepFor(absl::Milliseconds(20));
    server->address_ = ServingAddress(ReadText(output));
  }
  return server;
}

ServerProcess::~ServerProcess() {
  if (kill(pid_, SIGTERM) == 0) waitpid(pid_, nullptr, 0);
}

absl::Duration ServerProcess::ProcessorTime() const {
  const std::string stat = ReadText("/proc/" + std::to_string(pid_) + "/stat");
  // Behind the name in brackets: state is field 3, user and system time are fields 14 and 15.
  std::istringstream fields(stat.substr(std::min(stat.size(), stat.rfind(')') + 1)));
  std::vector<std::string> values(std::istream_iterator<std::string>(fields), {});
  if (values.size() < 13) return absl::ZeroDuration();
  const auto ticks = static_cast<double>(std::atoll(values[11].c_str()) + std::atoll(values[12].c_str()));
  return absl::Seconds(ticks / static_cast<double>(sysconf(_SC_CLK_TCK)));
}

std::int64_t ServerProcess::ResidentKib() const {
  std::istringstream fields(ReadText("/proc/" + std::to_string(pid_) + "/statm"));
  std::int64_t total = 0, resident = 0;
  fields >> total >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

bool KeepToProcessor(int processor) {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  CPU_SET(processor, &processors);
  return std::thread::hardware_concurrency() > 1 &&
         sched_setaffinity(0, sizeof(processors), &processors) == 0;
}

absl::Status RunToEnd(const std::vector<std::string>& command) {
  const pid_t pid = Spawn(command, "");
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrJoin(command, " ") + " failed");
}

}  // namespace specom::bench
