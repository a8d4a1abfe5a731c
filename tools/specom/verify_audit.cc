// specom verify audit: whether any record of the audit chains was altered, removed or moved.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/store/audit_checkpoint.h"
#include "specom/common/v1/audit_service.grpc.pb.h"
#include "tools/specom/audit_files.h"
#include "tools/specom/commands.h"
#include "tools/specom/data_options.h"
#include "tools/specom/progress.h"
#include "tools/specom/session.h"

namespace specom::cli {
namespace {

namespace v1 = common::v1;

struct Options {
  DataFlags data;
  ClientOptions client;
  std::vector<std::string> services;
  std::string checkpoints;
  std::string public_key;
};

// What was found of one chain.
struct Outcome {
  std::string service;
  std::int64_t record_count = 0;
  std::string head_hash = {};
  std::int64_t checkpoints = 0;
  std::int64_t checkpoints_matched = 0;
  std::vector<std::string> findings = {};
  std::int64_t finding_count = 0;
};

using Known = std::map<std::string, std::vector<store::AuditHead>>;

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat(path, " cannot be read; check the path"));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The checkpoints by service. problems: lines that are not signed by the key's holder.
absl::StatusOr<Known> ReadKnown(const Options& options, std::vector<std::string>& problems) {
  std::string checkpoints = options.checkpoints;
  std::string public_key = options.public_key;
  const std::string& folder = options.data.data_dir;
  if (checkpoints.empty() && !folder.empty() && std::filesystem::exists(CheckpointsFile(folder)))
    checkpoints = CheckpointsFile(folder);
  if (public_key.empty() && !folder.empty()) public_key = PublicKeyFile(folder);
  Known known;
  if (checkpoints.empty()) return known;
  if (public_key.empty()) return absl::InvalidArgumentError("--checkpoints: give their --public-key too");
  ASSIGN_OR_RETURN(const std::string pem, ReadWhole(public_key));
  ASSIGN_OR_RETURN(const PublicKey key, PublicKey::FromPem(pem));
  ASSIGN_OR_RETURN(const std::string text, ReadWhole(checkpoints));
  store::CheckpointFile file = store::ReadCheckpoints(text, key);
  for (store::AuditCheckpoint& checkpoint : file.checkpoints)
    known[checkpoint.service].push_back(std::move(checkpoint.head));
  for (const std::string& problem : file.problems) problems.push_back(checkpoints + ": " + problem);
  for (const std::string& fragment : file.fragments) {
    std::cerr << checkpoints << ": " << fragment << "; a crash may have left it\n";
  }
  return known;
}

int Percent(std::int64_t part, std::int64_t whole) {
  return whole <= 0 ? 100 : static_cast<int>(std::min<std::int64_t>(100, part * 100 / whole));
}

// Straight from the database: the platform need not run.
absl::StatusOr<Outcome> VerifyStored(const DataOptions& data, const std::string& service,
                                     const std::vector<store::AuditHead>& known) {
  const std::string path = data.data_dir + "/" + service + ".db";
  if (data.database_url.empty() && !std::filesystem::exists(path)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "there is no ", path, "; give the folder of specom dev, or say with --service what it holds"));
  }
  SystemClock clock;
  ASSIGN_OR_RETURN(auto store, store::OpenStore(data.Database(service), clock));
  std::int64_t length = 0;
  const auto measure = [&](store::UnitOfWork& work) -> absl::Status {
    const absl::StatusOr<store::AuditHead> head = store::FindAuditHead(work);
    // A head that is gone is a finding.
    if (absl::IsDataLoss(head.status())) return absl::OkStatus();
    if (!head.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat(service,
                       " has no audit record in this database; run specom migrate, or say with --service "
                       "which service's database it is"));
    }
    length = head->sequence;
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(store->Read(RequestContext(), measure));
  ProgressBar progress("Verifying " + service);
  ASSIGN_OR_RETURN(
      store::AuditVerification verification,
      store::VerifyAudit(*store, RequestContext(), {.known = known, .progress = [&](std::int64_t count) {
                                                      progress.Show(Percent(count, length),
                                                                    absl::StrCat(count, " records"));
                                                    }}));
  Outcome outcome{.service = service,
                  .record_count = verification.record_count,
                  .head_hash = verification.head.hash,
                  .checkpoints = static_cast<std::int64_t>(known.size()),
                  .checkpoints_matched = verification.known_matched,
                  .finding_count = verification.finding_count};
  for (store::AuditFinding& finding : verification.findings)
    outcome.findings.push_back(std::move(finding.text));
  return outcome;
}

void AddFinding(Outcome& outcome, std::string text) {
  if (++outcome.finding_count <= store::kMaxAuditFindings) outcome.findings.push_back(std::move(text));
}

// Looks for the checkpoints' records, from the latest back to the earliest of them.
absl::Status CompareServed(Session& session, const std::vector<store::AuditHead>& known, Outcome& outcome) {
  std::map<std::int64_t, std::string> wanted;
  for (const store::AuditHead& head : known) {
    const auto [first, fresh] = wanted.emplace(head.sequence, head.hash);
    if (!fresh && first->second != head.hash)
      AddFinding(outcome, absl::StrCat("two checkpoints give record ", head.sequence, " different hashes"));
  }
  outcome.checkpoints = static_cast<std::int64_t>(known.size());
  v1::ListAuditRecordsRequest request;
  request.set_service(outcome.service);
  request.set_page_size(1000);
  ProgressBar progress("Comparing " + outcome.service);
  while (!wanted.empty()) {
    ASSIGN_OR_RETURN(auto page, session.client().Call(&v1::AuditService::Stub::ListAuditRecords, request));
    for (const v1::AuditRecord& record : page.records()) {
      const auto found = wanted.find(record.sequence());
      if (found == wanted.end()) continue;
      if (found->second == record.hash()) {
        outcome.checkpoints_matched += std::count_if(known.begin(), known.end(), [&](const auto& head) {
          return head.sequence == record.sequence() && head.hash == record.hash();
        });
      } else {
        AddFinding(outcome, absl::StrCat("record ", record.sequence(),
                                         " has another hash than when a checkpoint was made: it or a record "
                                         "before it was made anew"));
      }
      wanted.erase(found);
    }
    const bool passed = page.records_size() > 0 && !wanted.empty() &&
                        page.records().rbegin()->sequence() <= wanted.begin()->first;
    if (page.records_size() > 0) {
      const std::int64_t at = page.records().rbegin()->sequence();
      progress.Show(Percent(outcome.record_count - at, outcome.record_count), absl::StrCat("record ", at));
    }
    if (passed || page.next_page_token().empty()) break;
    request.set_page_token(page.next_page_token());
  }
  for (const auto& [sequence, hash] : wanted)
    AddFinding(outcome,
               absl::StrCat("record ", sequence, " was there when a checkpoint was made and is gone"));
  return absl::OkStatus();
}

absl::StatusOr<Outcome> VerifyServed(Session& session, const std::string& service,
                                     const std::vector<store::AuditHead>& known) {
  v1::VerifyAuditRequest request;
  request.set_service(service);
  ASSIGN_OR_RETURN(auto verification, session.client().Call(&v1::AuditService::Stub::VerifyAudit, request));
  Outcome outcome{.service = service,
                  .record_count = verification.record_count(),
                  .head_hash = verification.head_hash(),
                  .findings = {verification.findings().begin(), verification.findings().end()},
                  .finding_count = verification.findings_size()};
  RETURN_IF_ERROR(CompareServed(session, known, outcome));
  return outcome;
}

absl::StatusOr<std::vector<Outcome>> VerifyAll(const Options& options, Known known) {
  const bool stored = !options.data.data_dir.empty() || !options.data.database.empty();
  if (stored == !options.client.endpoint.empty()) {
    return absl::InvalidArgumentError(
        "say what to verify: --data-dir FOLDER, --database postgresql://…, or the --endpoint of a running "
        "platform");
  }
  const bool all = options.services.empty();
  std::unique_ptr<Session> session;
  if (!stored) {
    ASSIGN_OR_RETURN(session, Session::Open(options.client));
  }
  std::vector<Outcome> outcomes;
  absl::Status first;
  for (const std::string& service : all ? ServiceNames() : options.services) {
    absl::StatusOr<Outcome> outcome = stored ? VerifyStored(options.data.Options(), service, known[service])
                                             : VerifyServed(*session, service, known[service]);
    // Of all services, those that this endpoint has.
    const bool elsewhere = !stored && all && absl::IsInvalidArgument(outcome.status());
    if (!outcome.ok() && !elsewhere) return outcome.status();
    first.Update(outcome.status());
    if (outcome.ok()) outcomes.push_back(*std::move(outcome));
  }
  if (outcomes.empty()) return first;
  return outcomes;
}

void Print(const Options& options, const std::vector<Outcome>& outcomes) {
  if (options.client.OutputFormat() != Format::kTable) {
    Table table({{"service", ""},
                 {"intact", ""},
                 {"records", ""},
                 {"head_hash", ""},
                 {"checkpoints", ""},
                 {"checkpoints_matched", ""},
                 {"finding_count", ""},
                 {"findings", ""}});
    for (const Outcome& outcome : outcomes) {
      table.AddRow({outcome.service, outcome.finding_count == 0, outcome.record_count, outcome.head_hash,
                    outcome.checkpoints, outcome.checkpoints_matched, outcome.finding_count,
                    absl::StrJoin(outcome.findings, "; ")});
    }
    table.Print(std::cout, options.client.OutputFormat(), TerminalWidth());
    return;
  }
  for (const Outcome& outcome : outcomes) {
    std::cout << outcome.service << ": " << (outcome.finding_count == 0 ? "intact" : "NOT INTACT") << ", "
              << outcome.record_count << (outcome.record_count == 1 ? " record" : " records");
    if (!outcome.head_hash.empty()) std::cout << ", head " << outcome.head_hash;
    if (outcome.checkpoints > 0)
      std::cout << ", " << outcome.checkpoints_matched << " of " << outcome.checkpoints
                << " checkpoints matched";
    std::cout << "\n";
    for (const std::string& finding : outcome.findings) std::cout << "  " << finding << "\n";
    const std::int64_t more = outcome.finding_count - static_cast<std::int64_t>(outcome.findings.size());
    if (more > 0) std::cout << "  and " << more << " more\n";
  }
}

int VerifyAudit(const Options& options) {
  std::vector<std::string> problems;
  absl::StatusOr<Known> known = ReadKnown(options, problems);
  if (!known.ok()) return Fail(known.status());
  const absl::StatusOr<std::vector<Outcome>> outcomes = VerifyAll(options, *std::move(known));
  if (!outcomes.ok()) return Fail(outcomes.status());
  Print(options, *outcomes);
  for (const std::string& problem : problems) std::cerr << problem << "\n";
  const bool intact = std::all_of(outcomes->begin(), outcomes->end(),
                                  [](const Outcome& outcome) { return outcome.finding_count == 0; });
  return intact && problems.empty() ? 0 : 1;
}

}  // namespace

void AddVerify(CLI::App& app, int& exit_code) {
  auto* group = app.add_subcommand("verify", "Whether what is kept is what was written");
  group->require_subcommand(1);
  auto options = std::make_shared<Options>();
  options->client.user = "auditor";
  options->client.roles = "auditor";
  auto* audit = group->add_subcommand("audit", "Recompute the audit record and name what was tampered with");
  audit->add_option("--data-dir", options->data.data_dir, "Folder of the SQLite files");
  audit->add_option("--database", options->data.database, "postgresql://user@host:port/database")
      ->envname("SPECOM_DATABASE_URL");
  audit->add_option("--service", options->services, "Only this service; may be repeated")
      ->check(CLI::IsMember(ServiceNames()));
  audit->add_option("--checkpoints", options->checkpoints,
                    "File of signed checkpoints; default: the one in the data folder");
  audit->add_option("--public-key", options->public_key,
                    "PEM file of the key they were signed with; default: audit.pub in the data folder");
  AddConnectionOptions(*audit, options->client);
  audit->footer(
      "Ends with 0 when every record is as it was written, with 1 when not. Without checkpoints nobody can\n"
      "tell that records were removed from the end; keep the public key and a copy of the checkpoints where\n"
      "the database's administrators cannot write.\n\n"
      "Examples:\n"
      "  specom verify audit --data-dir ./specom-data\n"
      "  specom verify audit --database postgresql://auditor@db.internal/specom \\\n"
      "      --checkpoints /var/log/specom/checkpoints.jsonl --public-key audit.pub\n"
      "  specom verify audit --endpoint 127.0.0.1:7400 --service finance");
  audit->callback([options, &exit_code] { exit_code = VerifyAudit(*options); });
}

}  // namespace specom::cli
