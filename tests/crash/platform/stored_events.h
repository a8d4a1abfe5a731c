// What the services have stored of events and audit, read from their databases.
#pragma once

#include <string>
#include <vector>

#include "tests/crash/platform/processes.h"

namespace specom::crash {

// What is still on its way: events that are not published, or that reporting has yet to handle. Empty:
// nothing.
std::string WhatWaits(const Processes& processes);

// At rest: gaps in outboxes, events that are not published or were handled without being there, broken
// audit chains. Empty: nothing.
std::vector<std::string> FaultsOf(const Processes& processes);

// What was audited, as "user action resource" in order, but for what only counts attempts.
std::vector<std::string> AuditedBy(const Processes& processes, const std::string& service);

}  // namespace specom::crash
