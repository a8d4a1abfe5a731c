// For tests: proof that every method whose contract says that its changes are audited does so, once for
// each change and never else.
#pragma once

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "libs/base/digest.h"
#include "libs/rpc/method_traits.h"
#include "libs/store/audit_trail.h"

namespace specom::rpc {

// How a test calls one audited method.
struct AuditedCall {
  // Calls it with this request_id, in the way that makes the change; validate_only: or only checks it.
  std::function<absl::Status(const std::string& request_id, bool validate_only)> change;
  // Calls it in a way that is refused after the caller's right was granted.
  std::function<absl::Status()> refused;
  // "approved runs/7" for each record that the change leaves.
  std::vector<std::string> records;
};

// Calls every audited method of the service by its entry: a dry run, a refusal and a repeat leave no
// record, a change leaves those that it says. `calls` is asked in the order of the contract, when the
// method is reached.
inline void ExpectChangesAudited(const google::protobuf::ServiceDescriptor& service, store::Store& store,
                                 const std::map<std::string, std::function<AuditedCall()>>& calls) {
  std::size_t audited = 0;
  for (int i = 0; i < service.method_count(); ++i) {
    const google::protobuf::MethodDescriptor& method = *service.method(i);
    const absl::StatusOr<MethodTraits> traits = TraitsOf(FullMethodName(method));
    ASSERT_TRUE(traits.ok()) << traits.status();
    if (traits->audit != common::v1::AUDIT_CHANGES) continue;
    SCOPED_TRACE(method.name());
    const auto found = calls.find(method.name());
    ASSERT_NE(found, calls.end()) << "this test does not say how to call it";
    ++audited;
    const AuditedCall call = found->second();
    const std::size_t before = store::AuditTrail(store).size();
    EXPECT_TRUE(call.change("", /*validate_only=*/true).ok()) << call.change("", true);
    EXPECT_FALSE(call.refused().ok());
    EXPECT_EQ(store::AuditTrail(store).size(), before) << "nothing was changed, and a record was left";

    const std::string request_id = NewUuid();
    const absl::Status changed = call.change(request_id, false);
    EXPECT_TRUE(changed.ok()) << changed;
    std::vector<std::string> records;
    for (const store::AuditRecord& record : store::AuditTrail(store)) {
      if (static_cast<std::size_t>(record.sequence) <= before || record.method != FullMethodName(method))
        continue;
      records.push_back(record.entry.action + " " + record.entry.resource);
      EXPECT_NE(record.user, "");
      EXPECT_NE(record.roles, "");
      EXPECT_NE(record.request_id, "");
      EXPECT_EQ(record.traceparent.size(), 55U);
      EXPECT_EQ(record.entry.after_digest.size(), 64U);
      EXPECT_NE(record.entry.before_digest, record.entry.after_digest);
    }
    EXPECT_EQ(records, call.records);

    const absl::Status repeated = call.change(request_id, false);
    EXPECT_TRUE(repeated.ok()) << repeated;
    std::size_t after_repeat = 0;
    for (const store::AuditRecord& record : store::AuditTrail(store)) {
      if (static_cast<std::size_t>(record.sequence) > before && record.method == FullMethodName(method))
        ++after_repeat;
    }
    EXPECT_EQ(after_repeat, call.records.size()) << "a repeat changes nothing, and left a record";
  }
  EXPECT_EQ(audited, calls.size()) << "an entry is for no audited method";
  EXPECT_EQ(store::AuditFaults(store), std::vector<std::string>());
}

}  // namespace specom::rpc
