// A child that is spoken to line by line and may die at any moment.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace specom::crash {

class ChildProcess {
 public:
  // crash_at: "after_commit:3", or empty for a life without a planned end. The program stands
  // in the build's bin folder.
  ChildProcess(const std::string& program, const std::vector<std::string>& arguments,
               const std::string& crash_at);
  // Kills what still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // What is sent to a child that has died is lost.
  void Send(const std::string& line);
  // The next line; nothing when the child has ended, or said nothing for so long.
  std::optional<std::string> ReadLine(absl::Duration patience = absl::Seconds(30));
  // True when it ended by SIGKILL of its own.
  bool DiedAsPlanned();
  // Ends it here and now, as a loss of power would.
  void Kill();
  // "exit code 1", "signal 9", "runs"
  std::string State();

 private:
  void Reap(bool wait);

  pid_t pid_ = -1;
  int socket_ = -1;
  bool reaped_ = false;
  bool killed_ = false;
  int status_ = 0;
  std::string buffer_;
};

}  // namespace specom::crash
