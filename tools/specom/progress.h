// Progress of long work on the terminal: one line that is written over, nothing elsewhere.
#pragma once

#include <string>

namespace specom::cli {

class ProgressBar {
 public:
  // Draws on standard error when it is a terminal.
  explicit ProgressBar(std::string what);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // percent: 0 to 100.
  void Show(int percent, const std::string& step);

 private:
  std::string what_;
  bool terminal_;
};

}  // namespace specom::cli
