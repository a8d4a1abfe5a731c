// Proves that no line is lost in silence: what finds no room, and what cannot be written, is counted and
// told of in the log.
#include "libs/observe/log_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace specom::observe {
namespace {

std::string LossLine(std::int64_t lost) {
  return "lost " + std::to_string(lost);
}

// A pipe that takes no byte until it is drained.
class FullPipe {
 public:
  FullPipe() {
    if (pipe(ends_.data()) != 0) std::abort();
    fcntl(ends_[1], F_SETFL, O_NONBLOCK);
    const std::string filling(4096, '.');
    while (write(ends_[1], filling.data(), filling.size()) > 0) filled_ += filling.size();
    fcntl(ends_[1], F_SETFL, 0);
  }
  ~FullPipe() { close(ends_[0]); }

  int writing_end() const { return ends_[1]; }
  // Takes everything from now on.
  void Drain() {
    reader_ = std::thread([this] {
      std::array<char, 4096> taken;
      for (ssize_t size; (size = read(ends_[0], taken.data(), taken.size())) > 0;) {
        drained_.append(taken.data(), static_cast<std::size_t>(size));
      }
    });
  }
  // What came after that which made it full. No more may be written.
  std::string Drained() {
    close(ends_[1]);
    reader_.join();
    return drained_.substr(filled_);
  }

 private:
  std::array<int, 2> ends_{};
  std::size_t filled_ = 0;
  std::thread reader_;
  std::string drained_;
};

TEST(LogWriter, WritesEveryLineOfEveryThreadWhole) {
  constexpr int kThreads = 4, kLines = 500;
  char path[] = "/tmp/specom_log_writer.XXXXXX";
  const int file = mkstemp(path);
  ASSERT_GE(file, 0);
  {
    LogWriter writer(file, {}, LossLine);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < kLines; ++i) writer.Write("0123456789", i % 100 == 0);
      });
    }
    for (std::thread& thread : threads) thread.join();
    writer.Flush();
    EXPECT_EQ(lseek(file, 0, SEEK_END), kThreads * kLines * 11);
    EXPECT_EQ(writer.lost(), 0);
  }
  close(file);
  unlink(path);
}

TEST(LogWriter, WritesOrTellsOfEveryLine) {
  constexpr int kLines = 1000;
  FullPipe pipe;
  std::int64_t lost = 0;
  {
    LogWriter writer(pipe.writing_end(), {.waiting = 100, .urgent = 10}, LossLine);
    for (int i = 0; i < kLines; ++i) writer.Write("12345678", i % 10 == 0);
    lost = writer.lost();
    EXPECT_GE(lost, kLines - 30) << "the thread takes one batch and hangs in the pipe";
    pipe.Drain();
  }
  std::int64_t written = 0, told = 0;
  for (absl::string_view line : absl::StrSplit(pipe.Drained(), '\n', absl::SkipEmpty())) {
    std::int64_t lines = 0;
    if (absl::ConsumePrefix(&line, "lost ") && absl::SimpleAtoi(line, &lines)) {
      told += lines;
    } else {
      ++written;
    }
  }
  EXPECT_EQ(told, lost);
  EXPECT_EQ(written + told, kLines);
}

TEST(LogWriter, KeepsRoomForUrgentLines) {
  const int null = open("/dev/null", O_WRONLY);
  ASSERT_GE(null, 0);
  {
    LogWriter writer(null, {.waiting = 0, .urgent = 9}, LossLine);
    writer.Write("12345678", false);
    EXPECT_EQ(writer.lost(), 1);
    writer.Write("12345678", true);
    EXPECT_EQ(writer.lost(), 1);
  }
  close(null);
}

TEST(LogWriter, CountsWhatCannotBeWritten) {
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  {
    LogWriter writer(full, {}, LossLine);
    writer.Write("a", false);
    writer.Write("b", false);
    writer.Flush();
    EXPECT_EQ(writer.lost(), 2);
  }
  close(full);
}

}  // namespace
}  // namespace specom::observe
