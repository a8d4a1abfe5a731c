#include "tests/crash/platform/stored_events.h"

#include <limits>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/store/audit.h"

namespace specom::crash {
namespace {

using store::ColumnType;
using store::Row;
using store::Statement;

const Statement kOutbox{
    .name = "judge.outbox",
    .sql =
        "SELECT COALESCE(sequence, 0), event_id, topic, subject, aggregate_seq, published, type FROM "
        "outbox ORDER BY 1",
    .columns = {ColumnType::kInteger, ColumnType::kText, ColumnType::kText, ColumnType::kText,
                ColumnType::kInteger, ColumnType::kInteger, ColumnType::kText}};
const Statement kHandled{
    .name = "judge.handled", .sql = "SELECT event_id FROM handled_event", .columns = {ColumnType::kText}};

// The events that shape reports.
const std::set<std::string> kReported = {
    "specom.events.v1.OrganisationsChanged", "specom.events.v1.DecisionRecorded",
    "specom.events.v1.AllocationPublished", "specom.events.v1.RunSuperseded"};

struct Stored {
  std::vector<Row> outbox, handled;
};

absl::StatusOr<Stored> Read(const Processes& processes, const std::string& service) {
  static const SystemClock clock;
  ASSIGN_OR_RETURN(auto store, store::OpenStore(processes.Database(service), clock));
  Stored stored;
  const absl::Status read = store->Read(RequestContext(), [&](store::UnitOfWork& work) -> absl::Status {
    ASSIGN_OR_RETURN(stored.outbox, work.Query(kOutbox));
    ASSIGN_OR_RETURN(stored.handled, work.Query(kHandled));
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  return stored;
}

}  // namespace

std::string WhatWaits(const Processes& processes) {
  std::set<std::string> waiting;
  for (const char* service : {"portfolio", "finance"}) {
    const absl::StatusOr<Stored> stored = Read(processes, service);
    if (!stored.ok()) return stored.status().ToString();
    for (const Row& row : stored->outbox) {
      if (row.Integer(5) == 0)
        return absl::StrCat("event ", row.Text(1), " of ", service, " is not published");
      if (kReported.contains(row.Text(6))) waiting.insert(row.Text(1));
    }
  }
  const absl::StatusOr<Stored> reporting = Read(processes, "reporting");
  if (!reporting.ok()) return reporting.status().ToString();
  for (const Row& row : reporting->handled) waiting.erase(row.Text(0));
  return waiting.empty() ? "" : absl::StrCat(waiting.size(), " events are not in the reports");
}

std::vector<std::string> FaultsOf(const Processes& processes) {
  std::vector<std::string> faults;
  for (const char* service : kServices) {
    static const SystemClock clock;
    const absl::StatusOr<Stored> stored = Read(processes, service);
    if (!stored.ok()) {
      faults.push_back(stored.status().ToString());
      continue;
    }
    std::int64_t sequence = 0;
    std::map<std::string, std::int64_t> of_subject;
    for (const Row& row : stored->outbox) {
      if (row.Integer(0) != ++sequence) {
        faults.push_back(absl::StrCat(service, "'s event ", sequence, " has sequence ", row.Integer(0)));
      }
      if (row.Integer(4) != ++of_subject[row.Text(2) + " " + row.Text(3)]) {
        faults.push_back(absl::StrCat("event ", row.Integer(4), " of ", row.Text(3), " is out of order"));
      }
    }
    auto store = store::OpenStore(processes.Database(service), clock);
    const auto chain = store.ok() ? store::VerifyAudit(**store, RequestContext())
                                  : absl::StatusOr<store::AuditVerification>(store.status());
    if (!chain.ok()) faults.push_back(chain.status().ToString());
    if (!chain.ok()) continue;
    for (const store::AuditFinding& finding : chain->findings) {
      faults.push_back(absl::StrCat(service, "'s audit chain: ", finding.text));
    }
  }
  return faults;
}

std::vector<std::string> AuditedBy(const Processes& processes, const std::string& service) {
  static const SystemClock clock;
  std::vector<std::string> audited;
  auto store = store::OpenStore(processes.Database(service), clock);
  if (!store.ok()) return {store.status().ToString()};
  const absl::Status read = (*store)->Read(RequestContext(), [&](store::UnitOfWork& work) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<store::AuditRecord> records,
                     store::ListAudit(work, {}, 0, std::numeric_limits<int>::max()));
    for (auto it = records.rbegin(); it != records.rend(); ++it) {
      // A run is taken up again after its worker died; who works is another name in each setting.
      if (it->entry.action == "taken up") continue;
      audited.push_back(absl::StrCat(it->method.ends_with("ComputeRun") ? "a worker" : it->user, " ",
                                     it->entry.action, " ", it->entry.resource));
    }
    return absl::OkStatus();
  });
  return read.ok() ? audited : std::vector<std::string>{read.ToString()};
}

}  // namespace specom::crash
