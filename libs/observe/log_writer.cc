#include "libs/observe/log_writer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace specom::observe {
namespace {

// Lines are gathered for so long, or until there are so many bytes of them.
constexpr std::chrono::milliseconds kGatherFor(50);
constexpr std::size_t kGatherBytes = 256 << 10;

}  // namespace

LogWriter::LogWriter(int descriptor, const Limits& limits, LossLine loss_line)
    : descriptor_(descriptor),
      limits_(limits),
      loss_line_(std::move(loss_line)),
      thread_([this] { Run(); }) {}

LogWriter::~LogWriter() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  something_to_do_.notify_one();
  thread_.join();
}

void LogWriter::Write(std::string_view line, bool urgent) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    const std::size_t room = limits_.waiting + (urgent ? limits_.urgent : 0);
    if (waiting_.size() + line.size() + 1 > room) {
      ++lost_;
      ++untold_;
      return;
    }
    const std::size_t before = waiting_.size();
    waiting_.append(line).push_back('\n');
    wake = before == 0 || (before < kGatherBytes && waiting_.size() >= kGatherBytes) || (urgent && !at_once_);
    at_once_ = at_once_ || urgent || waiting_.size() >= kGatherBytes;
  }
  if (wake) something_to_do_.notify_one();
}

void LogWriter::Flush() {
  std::unique_lock lock(mutex_);
  // The batch that is being written, and the one that waits.
  const std::int64_t last = begun_ + (waiting_.empty() ? 0 : 1);
  at_once_ = true;
  something_to_do_.notify_one();
  written_.wait(lock, [&] { return ended_ >= last; });
}

std::int64_t LogWriter::lost() const {
  std::lock_guard lock(mutex_);
  return lost_;
}

void LogWriter::Run() {
  std::string batch;
  std::unique_lock lock(mutex_);
  while (true) {
    something_to_do_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    something_to_do_.wait_for(lock, kGatherFor, [this] { return stopping_ || at_once_; });
    if (waiting_.empty()) return;
    batch.swap(waiting_);
    at_once_ = false;
    ++begun_;
    if (const std::int64_t untold = std::exchange(untold_, 0); untold > 0) batch += loss_line_(untold) + "\n";
    lock.unlock();
    const std::int64_t lost = WriteOut(batch);
    batch.clear();
    lock.lock();
    ++ended_;
    lost_ += lost;
    untold_ += lost;
    written_.notify_all();
  }
}

std::int64_t LogWriter::WriteOut(std::string_view lines) {
  if (torn_ && write(descriptor_, "\n", 1) == 1) torn_ = false;
  while (!lines.empty()) {
    const ssize_t wrote = write(descriptor_, lines.data(), lines.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return std::count(lines.begin(), lines.end(), '\n');
    torn_ = lines[static_cast<std::size_t>(wrote) - 1] != '\n';
    lines.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return 0;
}

}  // namespace specom::observe
