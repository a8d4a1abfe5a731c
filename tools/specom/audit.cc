// specom audit: who changed what, and who was refused, as auditors list it.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "libs/base/status.h"
#include "specom/common/v1/audit_service.grpc.pb.h"
#include "tools/specom/commands.h"
#include "tools/specom/platform.h"
#include "tools/specom/session.h"

namespace specom::cli {
namespace {

namespace v1 = common::v1;

struct Options {
  ClientOptions client;
  std::vector<std::string> services;
  std::string user;
  std::string resource;
  std::string from;
  std::string to;
  bool denials = false;
  int limit = 100;
};

// A day of London, its beginning or its end, or a time to the second.
absl::StatusOr<absl::Time> ParseBound(const std::string& option, const std::string& text, bool end) {
  absl::TimeZone london;
  absl::LoadTimeZone("Europe/London", &london);
  absl::Time time;
  std::string error;
  absl::CivilDay day;
  if (absl::ParseCivilTime(text, &day)) return absl::FromCivil(end ? day + 1 : day, london);
  if (absl::ParseTime(absl::RFC3339_full, text, london, &time, &error)) return time;
  return absl::InvalidArgumentError(absl::StrCat(option, ": \"", text,
                                                 "\" is no day such as 2026-04-01 and no time such as "
                                                 "2026-04-01T09:30:00Z"));
}

void SetTimestamp(absl::Time time, google::protobuf::Timestamp& timestamp) {
  const std::int64_t micros = absl::ToUnixMicros(time);
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<std::int32_t>((micros - seconds * 1'000'000) * 1000));
}

absl::StatusOr<v1::ListAuditRecordsRequest> RequestFrom(const Options& options) {
  v1::ListAuditRecordsRequest request;
  request.set_user(options.user);
  request.set_resource(options.resource);
  request.set_denials_only(options.denials);
  if (!options.from.empty()) {
    ASSIGN_OR_RETURN(const absl::Time from, ParseBound("--from", options.from, /*end=*/false));
    SetTimestamp(from, *request.mutable_start_time());
  }
  if (!options.to.empty()) {
    ASSIGN_OR_RETURN(const absl::Time to, ParseBound("--to", options.to, /*end=*/true));
    SetTimestamp(to, *request.mutable_end_time());
  }
  return request;
}

// "joint-committee"
std::string RoleWords(const v1::AuditRecord& record) {
  std::string words;
  for (int role : record.roles()) {
    std::string word = absl::AsciiStrToLower(v1::Role_Name(static_cast<v1::Role>(role)).substr(5));
    absl::StrAppend(&words, words.empty() ? "" : ",", absl::StrReplaceAll(word, {{"_", "-"}}));
  }
  return words;
}

void AddRecord(const v1::AuditRecord& record, Table& table) {
  const absl::Time time =
      absl::FromUnixSeconds(record.time().seconds()) + absl::Nanoseconds(record.time().nanos());
  table.AddRow({record.service(), record.sequence(),
                absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone()), record.user(),
                record.action(), record.resource(), record.reason(), record.organisation(), RoleWords(record),
                record.method(), record.workload(), record.request_id(), record.traceparent(),
                record.before_digest(), record.after_digest(), record.previous_hash(), record.hash()});
}

// OK also for a service that is not at this endpoint, unless it was asked for.
absl::Status ListService(Session& session, const Options& options, v1::ListAuditRecordsRequest request,
                         Table& table) {
  int left = options.limit;
  do {
    request.set_page_size(options.limit == 0 ? 1000 : std::min(left, 1000));
    ASSIGN_OR_RETURN(auto page, session.client().Call(&v1::AuditService::Stub::ListAuditRecords, request));
    for (const v1::AuditRecord& record : page.records()) AddRecord(record, table);
    left -= page.records_size();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty() && (options.limit == 0 || left > 0));
  return absl::OkStatus();
}

absl::Status List(const Options& options) {
  ASSIGN_OR_RETURN(v1::ListAuditRecordsRequest request, RequestFrom(options));
  ASSIGN_OR_RETURN(auto session, Session::Open(options.client));
  Table table({{"service", "Service", 1},
               {"sequence", "No", 1},
               {"time", "Time"},
               {"user", "User"},
               {"action", "Action"},
               {"resource", "Resource", 2},
               {"reason", "Reason", 3},
               {"organisation", "For", 4},
               {"roles", "Roles", 5},
               {"method", "Method", 6},
               {"workload", "Workload", 7},
               {"request_id", "Request", -1},
               {"traceparent", "Trace", -1},
               {"before_digest", "Before", -1},
               {"after_digest", "After", -1},
               {"previous_hash", "Previous hash", -1},
               {"hash", "Hash", -1}});
  int answered = 0;
  absl::Status first;
  for (const std::string& service : options.services.empty() ? ServiceNames() : options.services) {
    request.set_service(service);
    const absl::Status listed = ListService(*session, options, request, table);
    // Of all services, those that this endpoint has.
    if (!listed.ok() && (!options.services.empty() || !absl::IsInvalidArgument(listed))) return listed;
    first.Update(listed);
    if (listed.ok()) ++answered;
  }
  if (answered == 0) return first;
  table.Print(std::cout, options.client.OutputFormat(), TerminalWidth());
  return absl::OkStatus();
}

}  // namespace

void AddAudit(CLI::App& app, int& exit_code) {
  auto* group = app.add_subcommand("audit", "The audit record: who changed what, and who was refused");
  group->require_subcommand(1);
  auto options = std::make_shared<Options>();
  options->client.user = "auditor";
  options->client.roles = "auditor";
  auto* list = group->add_subcommand("list", "Records, latest first");
  list->add_option("--service", options->services, "Of this service; may be repeated; default: all")
      ->check(CLI::IsMember(ServiceNames()));
  list->add_option("--user", options->user, "Only what this person or system did, or was refused");
  list->add_option("--resource", options->resource, "Only what was done to it, e.g. runs/3f2a…");
  list->add_option("--from", options->from, "From this day or time on");
  list->add_option("--to", options->to, "To the end of this day, or before this time");
  list->add_flag("--denials", options->denials, "Only refusals");
  list->add_option("--limit", options->limit, "At most so many of each service; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  AddConnectionOptions(*list, options->client);
  list->footer(
      "Asked as an auditor, of the platform at the endpoint. CSV and JSON hold every field.\n\n"
      "Examples:\n"
      "  specom audit list --endpoint 127.0.0.1:7400 --service finance --resource runs/3f2a…\n"
      "  specom audit list --denials --from 2026-04-01 --to 2026-04-30 --format csv");
  list->callback([options, &exit_code] {
    const absl::Status status = List(*options);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace specom::cli
