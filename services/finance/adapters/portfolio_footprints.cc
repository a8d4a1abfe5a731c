// Portfolio's answers are passed on, also its refusals; everything else means that it is away.
#include "services/finance/adapters/portfolio_footprints.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/finance/domain/reasons.h"
#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"

namespace specom::finance {
namespace {

constexpr char kService[] = "portfolio";
constexpr absl::Duration kLongestCall = absl::Seconds(5);
constexpr int kAttempts = 3;

bool IsAnswer(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status);
}

FootprintPart FromProto(const portfolio::v1::FootprintPart& part) {
  return {IcbCode(part.from_icb()), IcbCode(part.to_icb()), part.share(), part.to_name(),
          RegionCode(part.to_region())};
}

}  // namespace

PortfolioFootprints::PortfolioFootprints(std::function<std::string()> endpoint, rpc::Outbound& outbound,
                                         const Clock& clock)
    : endpoint_(std::move(endpoint)), outbound_(outbound), clock_(clock) {}

absl::StatusOr<std::vector<FootprintPart>> PortfolioFootprints::On(const RequestContext& context,
                                                                   const std::vector<IcbCode>& icbs,
                                                                   Date date) {
  const std::string endpoint = endpoint_ ? endpoint_() : "";
  if (endpoint.empty()) {
    return MakeError(absl::StatusCode::kFailedPrecondition, kNoPortfolioEndpoint,
                     "figures on the ICBs of another date need the registry, and this service was not told "
                     "where it is; set portfolio_endpoint to the host:port of specom-portfolio, or leave "
                     "footprint_date out",
                     {{"setting", "portfolio_endpoint"}});
  }
  portfolio::v1::RestateFootprintRequest request;
  for (const IcbCode& icb : icbs) request.add_icbs(icb.value());
  request.mutable_as_of()->set_year(date.year());
  request.mutable_as_of()->set_month(date.month());
  request.mutable_as_of()->set_day(date.day());
  rpc::CallOptions options;
  // Half of the time left, so that there is some to say that portfolio did not answer.
  options.timeout = std::min(kLongestCall, context.Remaining(clock_.Now()) / 2);
  options.traceparent = context.traceparent;
  options.request_id = context.request_id;
  auto response = outbound_.To(endpoint, kService, {.max_attempts = kAttempts})
                      ->Call(&portfolio::v1::PortfolioService::Stub::RestateFootprint, request, options);
  if (!response.ok()) {
    if (IsAnswer(response.status())) return response.status();
    const std::string cause(response.status().message());
    return MakeError(absl::StatusCode::kUnavailable, kPortfolioUnavailable,
                     absl::StrCat("the registry at ", endpoint, " gave no answer (", cause,
                                  "); ask again later, see that specom-portfolio runs there and that "
                                  "portfolio_endpoint names it, or leave footprint_date out"),
                     {{"endpoint", endpoint}, {"cause", cause}});
  }
  std::vector<FootprintPart> parts;
  for (const portfolio::v1::FootprintPart& part : response->parts()) parts.push_back(FromProto(part));
  return parts;
}

}  // namespace specom::finance
