// Writes lines to a file in a thread of its own: no call ever waits for a disk. What waits is bounded;
// what finds no room is lost, counted, and told of in the log itself.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace specom::observe {

class LogWriter {
 public:
  struct Limits {
    // Bytes that may wait to be written.
    std::size_t waiting = 8 << 20;
    // As many more for urgent lines alone.
    std::size_t urgent = 1 << 20;
  };
  // The line that tells how many were lost.
  using LossLine = std::function<std::string(std::int64_t lost)>;

  // descriptor: open for writing; outlives the writer.
  LogWriter(int descriptor, const Limits& limits, LossLine loss_line);
  // Writes what waits.
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // Takes the line, which has no line feed. urgent: it is written at once, else within 50 ms.
  void Write(std::string_view line, bool urgent);
  // Returns when all that was taken before has been written or lost.
  void Flush();
  // Lines that found no room or could not be written, so far.
  std::int64_t lost() const;

 private:
  void Run();
  // Writes the lines; how many of them could not be written.
  std::int64_t WriteOut(std::string_view lines);

  const int descriptor_;
  const Limits limits_;
  const LossLine loss_line_;
  // Used by the thread alone: the file ends in the middle of a line.
  bool torn_ = false;

  mutable std::mutex mutex_;
  std::condition_variable something_to_do_;
  std::condition_variable written_;
  std::string waiting_;
  bool at_once_ = false;
  bool stopping_ = false;
  // Batches that were begun and ended.
  std::int64_t begun_ = 0, ended_ = 0;
  std::int64_t lost_ = 0, untold_ = 0;
  std::thread thread_;
};

}  // namespace specom::observe
