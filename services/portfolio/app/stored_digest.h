// What the audit record says of a record's state: the SHA-256 of its stored form.
#pragma once

#include <string>

#include "services/portfolio/domain/records.h"

namespace specom::portfolio {

// Over every column of the version, with its number, what it replaces and when it was recorded, each with
// its length, in hex.
std::string StoredDigest(const Record<Decision>& record);
// Over all records that one change taught the registry, kind by kind.
std::string StoredDigest(const Records& records);

}  // namespace specom::portfolio
