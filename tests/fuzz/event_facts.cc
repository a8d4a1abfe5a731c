// Payloads of other services' events: a fact, nothing, or EVENT_MALFORMED.
#include "services/reporting/adapters/event_facts.h"

#include "libs/base/status.h"
#include "specom/events/v1/events.pb.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/messages.h"

namespace specom::fuzz {

void Examine(std::string_view input) {
  events::v1::AllocationPublished::descriptor();
  TypedBytes read = ReadTyped(input);
  events::Event event;
  event.id = "specom/finance#1";
  event.source = "specom/finance";
  event.subject = "runs/1f3a";
  event.type = read.type;
  event.data = std::move(read.bytes);
  event.time = absl::FromUnixSeconds(1'774'000'000);
  event.sequence = 1;
  reporting::StampOf(event);
  const auto fact = reporting::FactOf(event);
  Require(fact.ok() || ErrorReason(fact.status()) == "EVENT_MALFORMED",
          "a bad payload is said to be malformed");
}

}  // namespace specom::fuzz
