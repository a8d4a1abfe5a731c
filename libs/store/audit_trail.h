// For tests: the whole audit record of a store, and whether its chain verifies.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "libs/store/audit.h"

namespace specom::store {

// Every record that the filter lets through, in the order of the chain.
inline std::vector<AuditRecord> AuditTrail(Store& store, const AuditFilter& filter = {}) {
  std::vector<AuditRecord> records;
  const absl::Status read = store.Read(RequestContext(), [&](UnitOfWork& work) -> absl::Status {
    absl::StatusOr<std::vector<AuditRecord>> listed =
        ListAudit(work, filter, 0, std::numeric_limits<int>::max());
    if (listed.ok()) records = *std::move(listed);
    return listed.status();
  });
  EXPECT_TRUE(read.ok()) << read;
  std::reverse(records.begin(), records.end());
  return records;
}

// "approved runs/7", in the order of the chain.
inline std::vector<std::string> AuditedActions(Store& store, const AuditFilter& filter = {}) {
  std::vector<std::string> actions;
  for (const AuditRecord& record : AuditTrail(store, filter)) {
    actions.push_back(record.entry.action + " " + record.entry.resource);
  }
  return actions;
}

// What is wrong with the chain; empty: nothing.
inline std::vector<std::string> AuditFaults(Store& store) {
  const absl::StatusOr<AuditVerification> verification = VerifyAudit(store, RequestContext());
  EXPECT_TRUE(verification.ok()) << verification.status();
  std::vector<std::string> faults;
  if (verification.ok()) {
    for (const AuditFinding& finding : verification->findings) faults.push_back(finding.text);
  }
  return faults;
}

}  // namespace specom::store
