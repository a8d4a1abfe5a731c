#include "tools/specom/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace specom::cli {

ProgressBar::ProgressBar(std::string what) : what_(std::move(what)), terminal_(isatty(STDERR_FILENO) == 1) {
  Show(0, "");
}

ProgressBar::~ProgressBar() {
  if (terminal_) std::fprintf(stderr, "\r\033[K");
}

void ProgressBar::Show(int percent, const std::string& step) {
  if (!terminal_) return;
  constexpr int kCells = 24;
  int filled = std::clamp(percent, 0, 100) * kCells / 100;
  std::string bar(static_cast<std::size_t>(filled), '#');
  std::fprintf(stderr, "\r\033[K%s [%-*s] %3d%% %s", what_.c_str(), kCells, bar.c_str(), percent,
               step.c_str());
  std::fflush(stderr);
}

}  // namespace specom::cli
