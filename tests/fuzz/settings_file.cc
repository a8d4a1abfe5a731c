// Configuration files: either every problem with its line, or values that are the same after they were
// written and read again.
#include <sys/mman.h>
#include <unistd.h>

#include "libs/base/status.h"
#include "libs/rpc/settings.h"
#include "tests/fuzz/fuzz.h"

namespace specom::fuzz {
namespace {

rpc::Settings Known() {
  return rpc::Settings({
      {.name = "listen", .standard = "127.0.0.1:0", .problem = rpc::NotAnAddress},
      {.name = "workers",
       .standard = "1",
       .problem = [](const std::string& value) { return rpc::NotANumber(value, 1, 64); }},
      {.name = "role",
       .standard = "both",
       .problem =
           [](const std::string& value) {
             return rpc::NotOneOf(value, {"api", "worker", "both"});
           }},
      {.name = "database_url", .secret = true},
  });
}

// A file in memory.
class File {
 public:
  explicit File(std::string_view text) : descriptor_(memfd_create("settings", 0)) {
    Require(write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size()),
            "the file can be written");
  }
  ~File() { close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  const int descriptor_;
};

}  // namespace

void Examine(std::string_view input) {
  rpc::Settings settings = Known();
  const absl::Status read = settings.ReadFile(File(input).path());
  settings.Verify();
  const std::string shown = settings.Print();
  const std::string& secret = settings.Get("database_url");
  // Long enough not to stand in the other settings' names and values by chance.
  Require(secret.size() < 40 || shown.find(secret) == shown.npos || input.find(secret) != input.rfind(secret),
          "a secret is not shown");
  if (!read.ok()) {
    Require(!FieldViolationsOf(read).empty(), "every bad line is named");
    return;
  }
  std::string written;
  for (const rpc::Setting& setting : settings.known()) {
    written += setting.name + " = " + settings.Get(setting.name) + "\n";
  }
  rpc::Settings again = Known();
  Require(again.ReadFile(File(written).path()).ok(), "what was written can be read");
  Require(again.Verify().size() == settings.Verify().size(), "the same values have the same problems");
  for (const rpc::Setting& setting : settings.known()) {
    Require(again.Get(setting.name) == settings.Get(setting.name), "a value is read as it was written");
  }
}

}  // namespace specom::fuzz
