// specom portfolio: services, and who commissions them for whom.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "google/protobuf/util/json_util.h"
#include "libs/base/date.h"
#include "libs/base/digest.h"
#include "libs/base/status.h"
#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"
#include "tools/specom/commands.h"
#include "tools/specom/session.h"

namespace specom::cli {
namespace {

namespace v1 = portfolio::v1;
using Portfolio = v1::PortfolioService;

struct Options {
  ClientOptions client;
  std::string as_of;
  std::string as_known_at;
  std::string icb;
  std::string region;
  std::string service;
  std::string service_line;
  std::string form;
  std::string status;
  std::string kind;
  std::string file;
  std::string etag;
  std::string reason;
  std::vector<std::string> files;
  bool validate_only = false;
};

const std::vector<std::pair<std::string, v1::DelegationForm>> kForms = {
    {"nhs_england", v1::DELEGATION_FORM_NHS_ENGLAND},
    {"joint", v1::DELEGATION_FORM_JOINT},
    {"delegated", v1::DELEGATION_FORM_DELEGATED},
    {"delegated_with_conditions", v1::DELEGATION_FORM_DELEGATED_WITH_CONDITIONS}};
const std::vector<std::pair<std::string, v1::ServiceCommissioning>> kStatuses = {
    {"retained", v1::SERVICE_COMMISSIONING_RETAINED},
    {"joint", v1::SERVICE_COMMISSIONING_JOINT},
    {"delegated", v1::SERVICE_COMMISSIONING_DELEGATED}};
const std::vector<std::pair<std::string, v1::OrganisationKind>> kKinds = {
    {"region", v1::ORGANISATION_KIND_REGION},
    {"icb", v1::ORGANISATION_KIND_ICB},
    {"sub_icb", v1::ORGANISATION_KIND_SUB_ICB},
    {"hub", v1::ORGANISATION_KIND_HUB},
    {"joint_committee", v1::ORGANISATION_KIND_JOINT_COMMITTEE},
    {"trust", v1::ORGANISATION_KIND_TRUST}};

template <class E>
std::string WordOf(const std::vector<std::pair<std::string, E>>& words, E value) {
  for (const auto& [word, candidate] : words) {
    if (candidate == value) return word;
  }
  return "";
}

template <class E>
E ValueOf(const std::vector<std::pair<std::string, E>>& words, const std::string& word) {
  for (const auto& [candidate, value] : words) {
    if (candidate == word) return value;
  }
  return E{};
}

template <class E>
std::vector<std::string> Words(const std::vector<std::pair<std::string, E>>& words) {
  std::vector<std::string> result;
  for (const auto& [word, value] : words) result.push_back(word);
  return result;
}

absl::Status SetDate(const std::string& text, common::v1::Date* into) {
  ASSIGN_OR_RETURN(Date date, Date::Parse(text));
  into->set_year(date.year());
  into->set_month(date.month());
  into->set_day(date.day());
  return absl::OkStatus();
}

// A date (its end in UTC: what was known on that day) or an RFC 3339 time.
absl::Status SetTime(const std::string& text, google::protobuf::Timestamp* into) {
  absl::Time time;
  std::string error;
  if (auto date = Date::Parse(text); date.ok()) {
    time = date->Plus(1).StartOfDayUtc() - absl::Nanoseconds(1);
  } else if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", text, "\" is neither a date nor a time; write 2025-04-01 or 2025-04-01T12:00:00Z"));
  }
  into->set_seconds(absl::ToUnixSeconds(time));
  into->set_nanos(
      static_cast<std::int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(into->seconds()))));
  return absl::OkStatus();
}

template <class Request>
absl::Status SetDates(const Options& options, Request& request) {
  if (!options.as_of.empty()) RETURN_IF_ERROR(SetDate(options.as_of, request.mutable_as_of()));
  if (!options.as_known_at.empty())
    RETURN_IF_ERROR(SetTime(options.as_known_at, request.mutable_as_known_at()));
  return absl::OkStatus();
}

Cell DateCell(bool present, const common::v1::Date& date) {
  if (!present) return {};
  auto made = Date::Make(date.year(), date.month(), date.day());
  return made.ok() ? Cell(made->ToString()) : Cell();
}

// Calls `list` until the last page and gives every item to `add`.
template <class Request, class List, class Add>
absl::Status ForEachPage(Session& session, Request request, List list, Add add) {
  do {
    ASSIGN_OR_RETURN(auto page, session.client().Call(list, request));
    add(page);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

absl::Status PrintJson(const google::protobuf::Message& message) {
  std::string json;
  google::protobuf::util::JsonPrintOptions pretty;
  pretty.add_whitespace = true;
  pretty.preserve_proto_field_names = true;
  if (!google::protobuf::util::MessageToJsonString(message, &json, pretty).ok()) {
    return absl::InternalError("the answer could not be written as JSON");
  }
  std::cout << json;
  return absl::OkStatus();
}

absl::Status Delegations(Session& session, const Options& options) {
  v1::ListDelegationsRequest request;
  RETURN_IF_ERROR(SetDates(options, request));
  request.set_icb(options.icb);
  request.set_region(options.region);
  request.set_service(options.service);
  request.set_form(ValueOf(kForms, options.form));
  request.set_page_size(5000);
  Table table({{"icb", "ICB"},
               {"service", "Service", 1},
               {"service_line", "Service line"},
               {"form", "Form"},
               {"agreement", "Agreement", 2},
               {"effective_from", "From", 3},
               {"effective_to", "To", 3}});
  RETURN_IF_ERROR(ForEachPage(session, request, &Portfolio::Stub::ListDelegations, [&](const auto& page) {
    for (const auto& d : page.delegations()) {
      table.AddRow({d.icb(), d.service(), d.service_line(), WordOf(kForms, d.form()), d.agreement(),
                    DateCell(d.has_effective_from(), d.effective_from()),
                    DateCell(d.has_effective_to(), d.effective_to())});
    }
  }));
  table.Print(std::cout, options.client.OutputFormat(), TerminalWidth());
  return absl::OkStatus();
}

absl::Status Services(Session& session, const Options& options) {
  v1::ListServiceStatusesRequest request;
  RETURN_IF_ERROR(SetDates(options, request));
  request.set_commissioning(ValueOf(kStatuses, options.status));
  request.set_page_size(1000);
  Table table({{"service", "Service"},
               {"name", "Name"},
               {"programme", "Programme of care", 2},
               {"highly_specialised", "Highly specialised", 3},
               {"status", "Status", 1}});
  RETURN_IF_ERROR(ForEachPage(session, request, &Portfolio::Stub::ListServiceStatuses, [&](const auto& page) {
    for (const auto& s : page.statuses()) {
      table.AddRow({s.service().service_id(), s.service().display_name(), s.service().programme(),
                    s.service().highly_specialised(), WordOf(kStatuses, s.commissioning())});
    }
  }));
  table.Print(std::cout, options.client.OutputFormat(), TerminalWidth());
  return absl::OkStatus();
}

absl::Status Resolve(Session& session, const Options& options) {
  v1::ResolveDelegationRequest request;
  RETURN_IF_ERROR(SetDates(options, request));
  request.set_icb(options.icb);
  request.set_service_line(options.service_line);
  ASSIGN_OR_RETURN(auto d, session.client().Call(&Portfolio::Stub::ResolveDelegation, request));
  if (options.client.OutputFormat() == Format::kJson) return PrintJson(d);
  Table table({{"icb", "ICB"},
               {"service", "Service"},
               {"service_line", "Service line"},
               {"form", "Form"},
               {"commissioner", "Commissioner"},
               {"decision", "Decision", 2},
               {"agreement", "Agreement", 1},
               {"effective_from", "From", 1},
               {"effective_to", "To", 1}});
  table.AddRow({d.icb(), d.service(), d.service_line(), WordOf(kForms, d.form()), d.commissioner(),
                d.decision(), d.agreement(), DateCell(d.has_effective_from(), d.effective_from()),
                DateCell(d.has_effective_to(), d.effective_to())});
  table.Print(std::cout, options.client.OutputFormat(), TerminalWidth());
  if (options.client.OutputFormat() == Format::kTable) std::cout << "\n" << d.explanation() << "\n";
  return absl::OkStatus();
}

absl::Status Organisations(Session& session, const Options& options) {
  v1::ListOrganisationsRequest request;
  RETURN_IF_ERROR(SetDates(options, request));
  request.set_kind(ValueOf(kKinds, options.kind));
  request.set_region(options.region);
  request.set_page_size(1000);
  Table table({{"code", "Code"},
               {"kind", "Kind", 2},
               {"name", "Name"},
               {"region", "Region", 1},
               {"icb", "ICB", 3},
               {"population", "Population", 3},
               {"effective_from", "From", 4},
               {"effective_to", "To", 4},
               {"provenance", "Provenance", 6},
               {"inferred", "Inferred", 5}});
  RETURN_IF_ERROR(ForEachPage(session, request, &Portfolio::Stub::ListOrganisations, [&](const auto& page) {
    for (const auto& o : page.organisations()) {
      table.AddRow({o.code(), WordOf(kKinds, o.kind()), o.display_name(), o.region(), o.icb(),
                    o.population() > 0 ? Cell(std::int64_t{o.population()}) : Cell(),
                    DateCell(o.validity().has_effective_from(), o.validity().effective_from()),
                    DateCell(o.validity().has_effective_to(), o.validity().effective_to()),
                    o.validity().provenance(), o.validity().inferred()});
    }
  }));
  table.Print(std::cout, options.client.OutputFormat(), TerminalWidth());
  return absl::OkStatus();
}

absl::Status Decisions(Session& session, const Options& options) {
  v1::ListDecisionsRequest request;
  RETURN_IF_ERROR(SetDates(options, request));
  request.set_icb(options.icb);
  request.set_service(options.service);
  request.set_include_history(options.as_of.empty());
  request.set_page_size(1000);
  Table table({{"decision", "Decision"},
               {"title", "Title"},
               {"decided_on", "Decided on", 1},
               {"form", "Form", 1},
               {"icbs", "ICBs", 2},
               {"services", "Services", 2},
               {"effective_from", "From", 3},
               {"effective_to", "To", 3},
               {"etag", "Etag", 4}});
  RETURN_IF_ERROR(ForEachPage(session, request, &Portfolio::Stub::ListDecisions, [&](const auto& page) {
    for (const auto& d : page.decisions()) {
      table.AddRow({d.decision_id(), d.title(), DateCell(d.has_decided_on(), d.decided_on()),
                    WordOf(kForms, d.form()), std::int64_t{d.icbs_size()}, std::int64_t{d.services_size()},
                    DateCell(d.has_effective_from(), d.effective_from()),
                    DateCell(d.has_effective_to(), d.effective_to()), d.etag()});
    }
  }));
  table.Print(std::cout, options.client.OutputFormat(), TerminalWidth());
  return absl::OkStatus();
}

absl::StatusOr<std::string> Content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return absl::NotFoundError(path + " cannot be read");
  return text.str();
}

absl::StatusOr<v1::Decision> DecisionFromFile(const std::string& path) {
  ASSIGN_OR_RETURN(std::string json, Content(path));
  v1::Decision decision;
  auto parsed = google::protobuf::util::JsonStringToMessage(json, &decision);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " is not a decision in JSON: ", std::string(parsed.message()),
                     ". specom portfolio record --help shows an example."));
  }
  return decision;
}

absl::Status Record(Session& session, const Options& options) {
  v1::RecordDecisionRequest request;
  ASSIGN_OR_RETURN(*request.mutable_decision(), DecisionFromFile(options.file));
  request.set_request_id(NewUuid());
  request.set_validate_only(options.validate_only);
  ASSIGN_OR_RETURN(auto decision, session.client().Call(&Portfolio::Stub::RecordDecision, request));
  return PrintJson(decision);
}

absl::Status Correct(Session& session, const Options& options) {
  v1::CorrectDecisionRequest request;
  ASSIGN_OR_RETURN(*request.mutable_decision(), DecisionFromFile(options.file));
  request.set_etag(options.etag);
  request.set_reason(options.reason);
  request.set_request_id(NewUuid());
  request.set_validate_only(options.validate_only);
  ASSIGN_OR_RETURN(auto decision, session.client().Call(&Portfolio::Stub::CorrectDecision, request));
  return PrintJson(decision);
}

absl::Status Import(Session& session, const Options& options) {
  v1::ImportRecordsRequest request;
  for (const auto& path : options.files) {
    auto* file = request.add_files();
    file->set_file_name(path.substr(path.rfind('/') + 1));
    ASSIGN_OR_RETURN(*file->mutable_content(), Content(path));
  }
  request.set_request_id(NewUuid());
  request.set_validate_only(options.validate_only);
  ASSIGN_OR_RETURN(auto imported, session.client().Call(&Portfolio::Stub::ImportRecords, request));
  std::cout << imported.added() << " added, " << imported.superseded() << " superseded, "
            << imported.unchanged() << " unchanged"
            << (options.validate_only ? " (checked only, nothing imported)" : "") << "\n";
  return absl::OkStatus();
}

using Action = absl::Status (*)(Session&, const Options&);

CLI::App* AddCommand(CLI::App& group, int& exit_code, const std::shared_ptr<Options>& options,
                     const char* name, const char* description, Action action, const char* example) {
  auto* command = group.add_subcommand(name, description);
  AddClientOptions(*command, options->client);
  command->footer(absl::StrCat("Example:\n  ", example));
  command->callback([options, action, &exit_code] {
    auto session = Session::Open(options->client);
    absl::Status status = session.ok() ? action(**session, *options) : session.status();
    if (status.ok() && !std::cout.flush())
      status = absl::DataLossError("the output could not be written in full");
    exit_code = status.ok() ? 0 : Fail(status);
  });
  return command;
}

void AddDates(CLI::App* command, Options& options) {
  command->add_option("--as-of", options.as_of,
                      "The date that is asked about, e.g. 2024-06-01; default: today");
  command->add_option("--as-known-at", options.as_known_at,
                      "What was known then: a date or a time, e.g. 2024-01-31; default: now");
}

}  // namespace

void AddPortfolio(CLI::App& app, int& exit_code) {
  auto* group = app.add_subcommand("portfolio", "The registry: services, and who commissions them for whom");
  group->require_subcommand(1);
  auto options = std::make_shared<Options>();

  auto* delegations = AddCommand(
      *group, exit_code, options, "delegations", "Who commissions what for whom on a date", Delegations,
      "specom portfolio delegations --as-of 2024-06-01 --form delegated --format csv");
  AddDates(delegations, *options);
  delegations->add_option("--icb", options->icb, "Only this ICB, e.g. QOQ");
  delegations->add_option("--region", options->region, "Only this region, e.g. Y60");
  delegations->add_option("--service", options->service, "Only this service, e.g. PSS-29");
  delegations->add_option("--form", options->form, "Only this form")->check(CLI::IsMember(Words(kForms)));

  auto* services =
      AddCommand(*group, exit_code, options, "services", "Services and how far each is delegated on a date",
                 Services, "specom portfolio services --as-of 2025-06-01 --status delegated --format csv");
  AddDates(services, *options);
  services->add_option("--status", options->status, "Only this status")
      ->check(CLI::IsMember(Words(kStatuses)));

  auto* resolve =
      AddCommand(*group, exit_code, options, "resolve", "Who commissions one service line for one ICB",
                 Resolve, "specom portfolio resolve --icb QOQ --service-line NCBPS01C --as-of 2025-06-01");
  AddDates(resolve, *options);
  resolve->add_option("--icb", options->icb, "ODS code of the ICB")->required();
  resolve->add_option("--service-line", options->service_line, "Code of the service line")->required();

  auto* organisations =
      AddCommand(*group, exit_code, options, "organisations", "Regions, ICBs, committees and trusts",
                 Organisations, "specom portfolio organisations --kind icb --region Y60");
  AddDates(organisations, *options);
  organisations->add_option("--kind", options->kind, "Only this kind")->check(CLI::IsMember(Words(kKinds)));
  organisations->add_option("--region", options->region, "Only this region, e.g. Y60");

  auto* decisions = AddCommand(*group, exit_code, options, "decisions", "Decisions on who commissions what",
                               Decisions, "specom portfolio decisions --icb QOQ");
  AddDates(decisions, *options);
  decisions->add_option("--icb", options->icb, "Only decisions that cover this ICB");
  decisions->add_option("--service", options->service, "Only decisions that cover this service");

  auto* record = AddCommand(
      *group, exit_code, options, "record", "Record a decision", Record,
      "specom portfolio record --endpoint 127.0.0.1:7400 --file decision.json\nwith decision.json:\n"
      "  {\"title\": \"Delegation of one more service\", \"decidedBy\": \"NHS England Board\",\n"
      "   \"decidedOn\": {\"year\": 2026, \"month\": 11, \"day\": 20}, \"form\": "
      "\"DELEGATION_FORM_DELEGATED\",\n"
      "   \"icbs\": [\"QOQ\"], \"services\": [\"PSS-12\"],\n"
      "   \"effectiveFrom\": {\"year\": 2026, \"month\": 4, \"day\": 1}}");
  record->add_option("--file", options->file, "The decision as JSON")->required();
  record->add_flag("--validate-only", options->validate_only, "Check it and record nothing");

  auto* correct =
      AddCommand(*group, exit_code, options, "correct", "Correct a recorded decision", Correct,
                 "specom portfolio correct --endpoint 127.0.0.1:7400 --file decision.json --etag 1c2f "
                 "--reason 'the end date was left out'");
  correct->add_option("--file", options->file, "The decision as it should have been, as JSON")->required();
  correct->add_option("--etag", options->etag, "The etag of the decision that is corrected")->required();
  correct->add_option("--reason", options->reason, "Why it is corrected")->required();
  correct->add_flag("--validate-only", options->validate_only, "Check it and record nothing");

  auto* import =
      AddCommand(*group, exit_code, options, "import", "Import registry records from CSV files", Import,
                 "specom portfolio import --endpoint 127.0.0.1:7400 organisations.csv services.csv");
  import->add_option("files", options->files, "CSV files as in services/portfolio/README.md")->required();
  import->add_flag("--validate-only", options->validate_only, "Check them and import nothing");
}

}  // namespace specom::cli
