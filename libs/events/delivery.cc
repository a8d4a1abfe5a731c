// What both buses share about delivering one event: calling a handler, and when to give up.
#include "libs/events/delivery.h"

#include <exception>

#include "absl/strings/str_cat.h"
#include "libs/base/crash_point.h"

namespace specom::events {

std::vector<std::string> SubscribeOptions::Verify() const {
  std::vector<std::string> problems;
  if (consumer.empty()) problems.push_back("consumer is empty: name it uniquely within the group");
  if (claim_after <= absl::ZeroDuration()) problems.push_back("claim_after is not positive");
  if (max_deliveries < 1) problems.push_back("max_deliveries is below 1");
  if (retry_delay < absl::ZeroDuration()) problems.push_back("retry_delay is negative");
  return problems;
}

absl::Status CallHandler(const Handler& handler, const Event& event) {
  try {
    absl::Status outcome = handler(event);
    if (outcome.ok()) PassCrashPoint(CrashPoint::kAfterHandle);
    return outcome;
  } catch (const std::exception& e) {
    return absl::InternalError(absl::StrCat("the handler threw: ", e.what()));
  } catch (...) {
    return absl::InternalError("the handler threw something that is no std::exception");
  }
}

bool IsTemporary(const absl::Status& outcome) {
  switch (outcome.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kCancelled:
      return true;
    default:
      return false;
  }
}

bool IsLastDelivery(int deliveries, const SubscribeOptions& options) {
  return deliveries >= options.max_deliveries;
}

std::string NoOutcomeReason(int deliveries) {
  return absl::StrCat("delivered ", deliveries,
                      " times without an outcome: its consumers ended while handling it");
}

void ReportFailure(observe::Logger* logger, std::string_view topic, std::string_view group,
                   const Event& event, const absl::Status& outcome) {
  if (logger == nullptr) return;
  logger->Warning("event will be delivered again", {{"topic", topic},
                                                    {"group", group},
                                                    {"event_id", event.id},
                                                    {"deliveries", event.deliveries},
                                                    {"outcome", outcome.ToString()}});
}

void ReportDeadLetter(observe::Logger* logger, std::string_view topic, std::string_view group,
                      const Event& event, std::string_view reason) {
  if (logger == nullptr) return;
  logger->Error("event parked among the dead letters", {{"topic", topic},
                                                        {"group", group},
                                                        {"event_id", event.id},
                                                        {"deliveries", event.deliveries},
                                                        {"reason", reason}});
}

}  // namespace specom::events
