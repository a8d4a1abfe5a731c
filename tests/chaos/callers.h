// Callers of every service who note what they see, know what was accepted, and ask again for what
// got no answer.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/rpc/client.h"
#include "specom/finance/v1/finance_service.pb.h"
#include "specom/portfolio/v1/portfolio_service.pb.h"

namespace specom::chaos {

// What each caller saw: "OK", or code and reason, e.g. "UNAVAILABLE/DATABASE_UNAVAILABLE".
using Outcomes = std::map<std::string, std::string>;

inline constexpr char kPortfolioRead[] = "portfolio read";
inline constexpr char kPortfolioWrite[] = "portfolio write";
inline constexpr char kFinanceRead[] = "finance read";
inline constexpr char kFinanceWrite[] = "finance write";
// Allocations on the ICBs of a later date: finance asks portfolio.
inline constexpr char kFootprintRead[] = "footprint read";
inline constexpr char kReportRead[] = "report read";

struct Endpoints {
  std::string portfolio, finance, reporting;
};

class Callers {
 public:
  // How many decisions are recorded and how many input sets are imported in all.
  static constexpr int kWrites = 6;

  explicit Callers(const Endpoints& endpoints);
  // The services are elsewhere now.
  void MoveTo(const Endpoints& endpoints);

  // Computes and publishes the specialised allocations of 2025/26 and waits for the report of them.
  void Publish();
  // One call of each kind, all at the same time, each tried once. The writes are new ones for the
  // first kWrites rounds.
  Outcomes CallEach(absl::Duration timeout = absl::Seconds(4));
  // One call by its name.
  std::string Call(const std::string& kind, absl::Duration timeout = absl::Seconds(4));
  // Asks again, under its request_id, for each write that was not accepted, and for those that were:
  // these give what they gave. Returns what is still refused; empty: every write is accepted.
  std::string FinishWrites();
  // Asks for the run of an input set of these callers' own, by its number.
  void StartRunOfImport(int number);
  // Asks for the core run of 2025/26.
  void StartAnotherRun();
  // The same, and waits until a worker has computed it.
  void ComputeAnotherRun();
  // "6 decisions, 6 input sets": how many of these writes the platform holds.
  std::string CountWrites();
  // The codes of ten ICBs of the published run, behind the token, which becomes the next page's.
  std::vector<std::string> PageOfAllocations(std::string& token);
  // The reports of all regions, but for their times and event ids; "" while one cannot be had.
  std::string Reports();

 private:
  struct Write {
    // The name of what it made; empty: not accepted so far.
    std::string accepted;
    std::string last_seen;
  };

  std::string Send(rpc::Client& client, const portfolio::v1::RecordDecisionRequest& request, Write& write,
                   absl::Duration timeout);
  std::string Send(rpc::Client& client, const finance::v1::ImportInputsRequest& request, Write& write,
                   absl::Duration timeout);

  // Try once, and as a careful client does.
  std::unique_ptr<rpc::Client> portfolio_once_, finance_once_, reporting_once_;
  std::unique_ptr<rpc::Client> portfolio_, finance_, director_, reporting_;
  std::string published_run_, another_run_;
  std::vector<portfolio::v1::RecordDecisionRequest> decisions_;
  std::vector<finance::v1::ImportInputsRequest> imports_;
  std::vector<Write> decision_writes_, import_writes_;
  int rounds_ = 0;
};

}  // namespace specom::chaos
