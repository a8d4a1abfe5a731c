// Signed statements, kept outside the database, of how far an audit chain went at a time: what only they
// can prove is that its end was not removed and that it was not made anew.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/signature.h"
#include "libs/store/audit.h"

namespace specom::store {

struct AuditCheckpoint {
  // Whose chain, e.g. "finance".
  std::string service;
  AuditHead head;
  absl::Time time;
};

// One line of JSON, without its end: service, sequence, hash, time (RFC 3339, UTC) and signature (base64,
// Ed25519), which is over "specom.audit.checkpoint.v1" and these four, each on a line of its own.
std::string SignedLine(const AuditCheckpoint& checkpoint, const SigningKey& key);

struct CheckpointFile {
  std::vector<AuditCheckpoint> checkpoints;
  // Lines that say they are and are not this key's holder's, each with its number.
  std::vector<std::string> problems;
  // Lines that are no checkpoints at all, each with its number: a crash leaves part of one.
  std::vector<std::string> fragments;
};

// Reads a file's lines.
CheckpointFile ReadCheckpoints(std::string_view text, const PublicKey& key);

// Appends the lines to the file, which is made when missing, and returns when they are on disk. What a
// crash left of a line before is ended first. FAILED_PRECONDITION/CHECKPOINTS_FILE with what to do.
absl::Status AppendCheckpoints(const std::string& path, const std::vector<std::string>& lines);

}  // namespace specom::store
