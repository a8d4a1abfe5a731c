// A server in a process of its own for the time of a bench, with what the kernel says it spends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace specom::bench {

// A folder for one bench, removed with the object.
class WorkFolder {
 public:
  WorkFolder();
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// The folder of this program: those of the build stand in "../bin".
std::string ProgramFolder();

class ServerProcess {
 public:
  // Starts the program, whose standard output and error go to the file `output`, and waits until it says
  // "... serves on <address>". DEADLINE_EXCEEDED with what it said instead. on_processor: the only one that
  // it may use; negative: any.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(const std::vector<std::string>& command,
                                                              const std::string& output,
                                                              int on_processor = -1);
  // Asks the process to stop and waits for its end.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // "127.0.0.1:4711"
  const std::string& address() const { return address_; }
  // Processor time of all its threads so far, with a resolution of 10 ms.
  absl::Duration ProcessorTime() const;
  // Memory in use now, in KiB.
  std::int64_t ResidentKib() const;

 private:
  explicit ServerProcess(pid_t pid) : pid_(pid) {}

  const pid_t pid_;
  std::string address_;
};

// Keeps this process, with all its threads to come, to one processor, so that it takes none from a server on
// another. False when there is only one.
bool KeepToProcessor(int processor);

// Runs the command to its end; FAILED_PRECONDITION when it fails.
absl::Status RunToEnd(const std::vector<std::string>& command);

}  // namespace specom::bench
