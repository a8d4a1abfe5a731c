// Portfolio's answers are passed on, also its refusals; everything else means that it is away.
#include "services/finance/adapters/portfolio_footprints.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/cache/message.h"
#include "libs/rpc/request_digest.h"
#include "services/finance/domain/reasons.h"
#include "specom/portfolio/v1/portfolio_service.grpc.pb.h"

namespace specom::finance {
namespace {

constexpr char kService[] = "portfolio";
constexpr absl::Duration kLongestCall = absl::Seconds(5);
constexpr int kAttempts = 3;
// The cache's space whose version is the number of the registry's last change: portfolio advances it.
constexpr char kRegistrySpace[] = "portfolio.registry";
// Also bounds how old a footprint may be where portfolio cannot tell of its changes.
constexpr absl::Duration kLongestKept = absl::Minutes(1);

using Response = portfolio::v1::RestateFootprintResponse;

bool IsAnswer(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status);
}

FootprintPart FromProto(const portfolio::v1::FootprintPart& part) {
  return {IcbCode(part.from_icb()), IcbCode(part.to_icb()), part.share(), part.to_name(),
          RegionCode(part.to_region())};
}

absl::StatusOr<Response> Ask(rpc::Outbound& outbound, const Clock& clock, const RequestContext& context,
                             const std::string& endpoint,
                             const portfolio::v1::RestateFootprintRequest& request) {
  rpc::CallOptions options;
  // Half of the time left, so that there is some to say that portfolio did not answer.
  options.timeout = std::min(kLongestCall, context.Remaining(clock.Now()) / 2);
  options.traceparent = context.traceparent;
  options.request_id = context.request_id;
  auto response = outbound.To(endpoint, kService, {.max_attempts = kAttempts})
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
  return response;
}

}  // namespace

PortfolioFootprints::PortfolioFootprints(std::function<std::string()> endpoint, rpc::Outbound& outbound,
                                         cache::Cache& cache, const Clock& clock)
    : endpoint_(std::move(endpoint)), outbound_(outbound), cache_(cache), clock_(clock) {}

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
  const std::string digest =
      rpc::RequestDigest("specom.portfolio.v1.PortfolioService/RestateFootprint", request, {});
  const cache::Query query{.space = kRegistrySpace,
                           .key = absl::StrCat(endpoint, " ", digest),
                           .timeout = context.Remaining(clock_.Now()),
                           .lifetime = kLongestKept};
  ASSIGN_OR_RETURN(
      const Response response,
      cache::GetMessage<Response>(cache_, query, [&]() -> absl::StatusOr<cache::Versioned<Response>> {
        ASSIGN_OR_RETURN(Response answer, Ask(outbound_, clock_, context, endpoint, request));
        const std::int64_t change = answer.registry_change();
        return cache::Versioned<Response>{change, std::move(answer)};
      }));
  std::vector<FootprintPart> parts;
  for (const portfolio::v1::FootprintPart& part : response.parts()) parts.push_back(FromProto(part));
  return parts;
}

}  // namespace specom::finance
