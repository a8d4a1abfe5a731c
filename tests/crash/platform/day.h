// A day's work at the platform: decisions are recorded and corrected, inputs imported, runs created,
// approved, published and superseded. Whatever dies, everybody asks again until he is answered.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/auth/principal.h"
#include "libs/rpc/client.h"
#include "specom/finance/v1/finance_service.grpc.pb.h"
#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"
#include "specom/reporting/v1/reporting_service.grpc.pb.h"
#include "tests/crash/platform/processes.h"

namespace specom::crash {

class Day {
 public:
  // What came of it: every figure, run, decision and report, without the times and ids that differ
  // between any two days.
  struct Record {
    std::string results;
    std::vector<std::string> findings;
  };
  explicit Day(Processes& processes) : processes_(processes) {}
  Record Live();

 private:
  // Calls until there is an answer that is not about a process being away; starts what has died.
  template <class Stub, class Request, class Response>
  Response Ask(const std::string& service, const Principal& caller,
               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
               const Request& request);

  // Creates, awaits, approves and publishes a run, under three request ids from this one.
  finance::v1::Run Allocate(finance::v1::CreateRunRequest create, int first_request);
  std::string Import(int variant);
  void ComeToRest();
  void Describe(const std::vector<finance::v1::Run>& runs);
  void Add(const google::protobuf::Message& message);

  Processes& processes_;
  Record record_;
};

}  // namespace specom::crash
