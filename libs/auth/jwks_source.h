// Where an issuer's keys are read: a file, or an address.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace specom {

// The text of the key set. UNAVAILABLE with why it could not be read, soon after `cancelled` becomes true.
using JwksReader = std::function<absl::StatusOr<std::string>(const std::atomic<bool>& cancelled)>;

// What is wrong with it as an address of a key set, with the remedy; "" when it is a file's path, an
// https:// address, or an http:// address on loopback.
std::string NotAJwksAddress(const std::string& address);

// Reads at most 1 MiB, in at most 5 s. Servers must present a certificate for their name by an authority
// of the system, or of the PEM file `authority` when it is not empty. Redirects are not followed.
JwksReader NewJwksReader(const std::string& address, const std::string& authority);

}  // namespace specom
