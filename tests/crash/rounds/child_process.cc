#include "tests/crash/rounds/child_process.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "libs/base/check.h"

extern char** environ;

namespace specom::crash {

ChildProcess::ChildProcess(const std::string& program, const std::vector<std::string>& arguments,
                           const std::string& crash_at) {
  const std::string path =
      std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "bin" / program;
  std::vector<std::string> words = {path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::string plan = "SPECOM_CRASH_AT=" + crash_at;
  std::vector<char*> envp;
  for (char** at = environ; *at != nullptr; ++at) {
    if (std::strncmp(*at, "SPECOM_CRASH_AT=", 16) != 0) envp.push_back(*at);
  }
  if (!crash_at.empty()) envp.push_back(plan.data());
  envp.push_back(nullptr);

  int ends[2];
  SPECOM_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const int error = posix_spawn(&pid_, path.c_str(), &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  socket_ = ends[0];
  if (error != 0) {
    constexpr int kNotFound = 127;
    reaped_ = true;
    status_ = W_EXITCODE(kNotFound, 0);
  }
}

ChildProcess::~ChildProcess() {
  Kill();
  close(socket_);
}

void ChildProcess::Send(const std::string& line) {
  const std::string text = line + "\n";
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t count = send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;
    sent += static_cast<std::size_t>(count);
  }
}

std::optional<std::string> ChildProcess::ReadLine(absl::Duration patience) {
  const absl::Time end = absl::Now() + patience;
  for (;;) {
    if (const std::size_t at = buffer_.find('\n'); at != std::string::npos) {
      std::string line = buffer_.substr(0, at);
      buffer_.erase(0, at + 1);
      return line;
    }
    pollfd waiting = {.fd = socket_, .events = POLLIN, .revents = 0};
    const std::int64_t left = absl::ToInt64Milliseconds(end - absl::Now());
    if (left <= 0 || poll(&waiting, 1, static_cast<int>(left)) <= 0) return std::nullopt;
    char bytes[4096];
    const ssize_t count = read(socket_, bytes, sizeof bytes);
    if (count <= 0) {
      Reap(/*wait=*/true);
      return std::nullopt;
    }
    buffer_.append(bytes, static_cast<std::size_t>(count));
  }
}

bool ChildProcess::DiedAsPlanned() {
  Reap(/*wait=*/false);
  return reaped_ && !killed_ && WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL;
}

void ChildProcess::Kill() {
  Reap(/*wait=*/false);
  if (reaped_) return;
  kill(pid_, SIGKILL);
  killed_ = true;
  Reap(/*wait=*/true);
}

std::string ChildProcess::State() {
  Reap(/*wait=*/false);
  if (!reaped_) return "runs";
  return WIFEXITED(status_) ? absl::StrCat("exit code ", WEXITSTATUS(status_))
                            : absl::StrCat("signal ", WTERMSIG(status_));
}

void ChildProcess::Reap(bool wait) {
  if (!reaped_ && waitpid(pid_, &status_, wait ? 0 : WNOHANG) == pid_) reaped_ = true;
}

}  // namespace specom::crash
