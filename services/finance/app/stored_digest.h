// What the audit record says of a resource's state: the SHA-256 of its stored form.
#pragma once

#include <string>

#include "services/finance/domain/run.h"

namespace specom::finance {

// Over every stored field of the run, each with its length, in hex; its allocations are covered by their
// own digest. Two states of a run never have the same: its version rises.
std::string StoredDigest(const Run& run);

// An input set is named by the digest of its content, which is immutable.
inline std::string StoredDigest(const InputSetId& id) {
  return id.value();
}

}  // namespace specom::finance
