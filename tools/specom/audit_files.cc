#include "tools/specom/audit_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>

#include "libs/base/signature.h"
#include "libs/base/status.h"

namespace specom::cli {
namespace {

// In one step, so that a process that ends meanwhile leaves no half a key.
absl::Status WriteOnce(const std::string& path, std::string_view content, mode_t mode) {
  const std::string temporary = path + ".new";
  const int file = open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, mode);
  const bool written = file >= 0 &&
                       write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
                       fsync(file) == 0;
  if (file >= 0) close(file);
  std::error_code error;
  if (written) std::filesystem::rename(temporary, path, error);
  if (!written || error)
    return absl::FailedPreconditionError(path + " cannot be written; choose another --data-dir");
  return absl::OkStatus();
}

}  // namespace

std::string CheckpointsFile(const std::string& folder) {
  return folder + "/audit-checkpoints.jsonl";
}
std::string PublicKeyFile(const std::string& folder) {
  return folder + "/audit.pub";
}

absl::StatusOr<rpc::AuditSettings> AuditSettingsIn(const std::string& folder) {
  rpc::AuditSettings settings{.checkpoints = CheckpointsFile(folder), .signing_key = folder + "/audit.key"};
  if (!std::filesystem::exists(settings.signing_key)) {
    const SigningKey key = SigningKey::Make();
    RETURN_IF_ERROR(WriteOnce(PublicKeyFile(folder), key.PublicPem(), 0644));
    RETURN_IF_ERROR(WriteOnce(settings.signing_key, key.Pem().Reveal(), 0600));
  }
  return settings;
}

}  // namespace specom::cli
