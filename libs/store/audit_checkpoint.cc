#include "libs/store/audit_checkpoint.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"

namespace specom::store {
namespace {

std::string SignedText(const std::string& service, std::int64_t sequence, const std::string& hash,
                       const std::string& time) {
  return absl::StrCat("specom.audit.checkpoint.v1\n", service, "\n", sequence, "\n", hash, "\n", time, "\n");
}

absl::Status FileError(const std::string& path) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "CHECKPOINTS_FILE",
                   absl::StrCat("the checkpoints of the audit record cannot be written to ", path, ": ",
                                std::strerror(errno), "; make room, or let this user write there"),
                   {{"path", path}});
}

class Descriptor {
 public:
  explicit Descriptor(const std::string& path)
      : number_(open(path.c_str(), O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0640)) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

// True when the file ends in the middle of a line.
bool EndsTorn(int file) {
  const off_t size = lseek(file, 0, SEEK_END);
  char last = '\n';
  return size > 0 && pread(file, &last, 1, size - 1) == 1 && last != '\n';
}

enum class Line { kCheckpoint, kNotSigned, kFragment };

Line Read(absl::string_view line, const PublicKey& key, AuditCheckpoint& checkpoint) {
  const auto json = nlohmann::json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
  const auto is = [&](const char* name, bool number) {
    return json.contains(name) && (number ? json[name].is_number_integer() : json[name].is_string());
  };
  if (!json.is_object() || !is("service", false) || !is("sequence", true) || !is("hash", false) ||
      !is("time", false) || !is("signature", false)) {
    return Line::kFragment;
  }
  checkpoint = {
      .service = json["service"], .head = {.sequence = json["sequence"], .hash = json["hash"]}, .time = {}};
  const std::string time = json["time"];
  std::string error;
  std::string signature;
  if (!Base64Decode(json["signature"].get<std::string>(), signature) ||
      !key.Verifies(SignedText(checkpoint.service, checkpoint.head.sequence, checkpoint.head.hash, time),
                    signature)) {
    return Line::kNotSigned;
  }
  return absl::ParseTime(absl::RFC3339_full, time, &checkpoint.time, &error) ? Line::kCheckpoint
                                                                             : Line::kFragment;
}

}  // namespace

std::string SignedLine(const AuditCheckpoint& checkpoint, const SigningKey& key) {
  const std::string time = absl::FormatTime(absl::RFC3339_full, checkpoint.time, absl::UTCTimeZone());
  nlohmann::ordered_json json;
  json["service"] = checkpoint.service;
  json["sequence"] = checkpoint.head.sequence;
  json["hash"] = checkpoint.head.hash;
  json["time"] = time;
  json["signature"] = Base64Encode(
      key.Sign(SignedText(checkpoint.service, checkpoint.head.sequence, checkpoint.head.hash, time)));
  return json.dump();
}

CheckpointFile ReadCheckpoints(std::string_view text, const PublicKey& key) {
  CheckpointFile file;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    ++number;
    if (line.empty()) continue;
    AuditCheckpoint checkpoint;
    switch (Read(line, key, checkpoint)) {
      case Line::kCheckpoint:
        file.checkpoints.push_back(std::move(checkpoint));
        break;
      case Line::kNotSigned:
        file.problems.push_back(
            absl::StrCat("line ", number, " is not signed by the holder of this key, or was altered"));
        break;
      case Line::kFragment:
        file.fragments.push_back(absl::StrCat("line ", number, " is no checkpoint"));
        break;
    }
  }
  return file;
}

absl::Status AppendCheckpoints(const std::string& path, const std::vector<std::string>& lines) {
  const Descriptor file(path);
  if (file.number() < 0) return FileError(path);
  std::string text = EndsTorn(file.number()) ? "\n" : "";
  for (const std::string& line : lines) absl::StrAppend(&text, line, "\n");
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t count = write(file.number(), text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError(path);
    written += static_cast<std::size_t>(count);
  }
  return fsync(file.number()) == 0 ? absl::OkStatus() : FileError(path);
}

}  // namespace specom::store
