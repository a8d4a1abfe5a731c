// Child processes as a user starts them, for journeys: output captured, always ended by their id.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace specom::journeys {

struct Finished {
  // The exit code, or 128 + the signal that ended it.
  int code = -1;
  std::string out;
  std::string err;
};

class Process {
 public:
  // Starts the program of SPECOM_BIN_DIR with these arguments; environment variables are added to
  // those of the test.
  Process(const std::string& program, const std::vector<std::string>& arguments,
          const std::map<std::string, std::string>& environment = {});
  // Kills what still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal);
  bool Running();
  // Waits for the end; after the timeout it is killed and the code is -1.
  Finished Wait(absl::Duration timeout = absl::Seconds(120));
  // What it has written to standard output and to standard error so far.
  std::string Output() const;
  std::string Errors() const;

 private:
  pid_t pid_ = -1;
  bool reaped_ = false;
  int status_ = 0;
  std::string out_path_, err_path_;
};

// Runs to the end.
Finished RunProgram(const std::string& program, const std::vector<std::string>& arguments,
                    const std::map<std::string, std::string>& environment = {});

// Asks again and again until the condition holds; false after the timeout.
bool Eventually(const std::function<bool()>& condition, absl::Duration timeout = absl::Seconds(60));

// A folder of this test's own, removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string ReadFile(const std::string& path);
void WriteFile(const std::string& path, const std::string& content);
// The environment variable, or a failed test that says how to run it.
std::string RequiredEnvironment(const char* name);
// The lines of a text, without line ends.
std::vector<std::string> Lines(const std::string& text);

}  // namespace specom::journeys
