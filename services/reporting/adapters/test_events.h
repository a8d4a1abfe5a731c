// Events as portfolio and finance publish them, for the tests of this service.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/date.h"
#include "libs/events/bus.h"
#include "services/reporting/adapters/date_proto.h"
#include "specom/events/v1/events.pb.h"

namespace specom::reporting {

// One source's events in the order of its outbox.
class TestEvents {
 public:
  TestEvents(std::string source, std::string topic) : source_(std::move(source)), topic_(std::move(topic)) {}

  const std::string& topic() const { return topic_; }
  const std::vector<events::Event>& all() const { return all_; }

  const events::Event& Add(const std::string& subject, const google::protobuf::Message& payload) {
    const auto sequence = static_cast<std::int64_t>(all_.size()) + 1;
    events::Event& event = all_.emplace_back();
    event.id = absl::StrCat(source_, "#", sequence);
    event.source = source_;
    event.type = payload.GetDescriptor()->full_name();
    event.subject = subject;
    event.time = absl::FromUnixMicros(1'750'000'000'000'000 + sequence);
    event.data = payload.SerializeAsString();
    event.aggregate_seq = sequence;
    event.sequence = sequence;
    return event;
  }

 private:
  const std::string source_;
  const std::string topic_;
  std::vector<events::Event> all_;
};

struct FinanceEvents : TestEvents {
  FinanceEvents() : TestEvents("specom/finance", "specom.finance") {}

  static finance::v1::Run RunOf(const std::string& run, const std::string& year, std::int64_t published_at) {
    finance::v1::Run proto;
    proto.set_name("runs/" + run);
    proto.set_stream("specialised");
    proto.set_financial_year(year);
    proto.mutable_publish_time()->set_seconds(published_at);
    return proto;
  }

  // Two regions with two ICBs and one ICB, and England.
  static events::v1::AllocationPublished PublicationOf(const std::string& run, const std::string& year,
                                                       std::int64_t published_at) {
    events::v1::AllocationPublished payload;
    *payload.mutable_run() = RunOf(run, year, published_at);
    finance::v1::Allocation midlands = RegionOf("Y60", "Midlands");
    finance::v1::Allocation london = RegionOf("Y56", "London");
    AddIcb(payload, midlands, "QWU", 100'010);
    AddIcb(payload, midlands, "QGH", 70'000);
    AddIcb(payload, london, "QMF", 90'000);
    *payload.add_allocations() = midlands;
    *payload.add_allocations() = london;
    finance::v1::Allocation england;
    england.set_code("England");
    england.set_name("England");
    england.set_baseline_pence(midlands.baseline_pence() + london.baseline_pence());
    *payload.add_allocations() = england;
    return payload;
  }

  const events::Event& Publish(const std::string& run, const std::string& year, std::int64_t published_at) {
    return Add("runs/" + run, PublicationOf(run, year, published_at));
  }

  const events::Event& Supersede(const std::string& run) {
    events::v1::RunSuperseded payload;
    payload.mutable_run()->set_name("runs/" + run);
    return Add("runs/" + run, payload);
  }

 private:
  static finance::v1::Allocation RegionOf(const std::string& code, const std::string& name) {
    finance::v1::Allocation region;
    region.set_code(code);
    region.set_name(name);
    region.set_region(name);
    region.set_region_code(code);
    region.set_base_growth(0.05);
    region.set_opening_target_pence(0);
    region.set_taken_out_pence(0);
    return region;
  }

  static void AddIcb(events::v1::AllocationPublished& payload, finance::v1::Allocation& region,
                     const std::string& code, std::int64_t baseline) {
    finance::v1::Allocation& icb = *payload.add_allocations();
    icb.set_code(code);
    icb.set_name("NHS " + code);
    icb.set_region(region.region());
    icb.set_region_code(region.region_code());
    icb.set_baseline_pence(baseline);
    icb.set_opening_target_pence(baseline + 1'000);
    icb.set_opening_distance(-0.009'876'543'210'123);
    icb.set_base_growth(0.05);
    icb.set_convergence(0.001);
    icb.set_closing_distance(-0.1);
    icb.set_allocation_pence(baseline + 6'000);
    icb.set_taken_out_pence(400);
    icb.set_pass_through_pence(30);
    icb.set_adjustments_pence(2);
    icb.set_resource_allocation_pence(baseline + 6'000 - 400 + 32);
    region.set_baseline_pence(region.baseline_pence() + icb.baseline_pence());
    region.set_opening_target_pence(region.opening_target_pence() + icb.opening_target_pence());
    region.set_allocation_pence(region.allocation_pence() + icb.allocation_pence());
    region.set_taken_out_pence(region.taken_out_pence() + icb.taken_out_pence());
    region.set_pass_through_pence(region.pass_through_pence() + icb.pass_through_pence());
    region.set_adjustments_pence(region.adjustments_pence() + icb.adjustments_pence());
    region.set_resource_allocation_pence(region.resource_allocation_pence() +
                                         icb.resource_allocation_pence());
  }
};

struct PortfolioEvents : TestEvents {
  PortfolioEvents() : TestEvents("specom/portfolio", "specom.portfolio") {}

  static portfolio::v1::Decision DecisionOf(const std::string& id, portfolio::v1::DelegationForm form,
                                            const std::string& from, const std::vector<std::string>& icbs,
                                            const std::vector<std::string>& services) {
    portfolio::v1::Decision decision;
    decision.set_name("decisions/" + id);
    decision.set_decision_id(id);
    decision.set_form(form);
    *decision.mutable_decided_on() = DateMessage(Date::Parse("2024-12-05").value());
    *decision.mutable_effective_from() = DateMessage(Date::Parse(from).value());
    decision.mutable_validity()->mutable_recorded_at()->set_seconds(1'740'000'000);
    for (const std::string& icb : icbs) decision.add_icbs(icb);
    for (const std::string& service : services) decision.add_services(service);
    return decision;
  }

  const events::Event& Decide(const portfolio::v1::Decision& decision, const std::string& corrects = "") {
    events::v1::DecisionRecorded payload;
    *payload.mutable_decision() = decision;
    if (!corrects.empty()) payload.set_corrects("decisions/" + corrects);
    return Add(decision.name(), payload);
  }

  // successors: of the first ICB, from 2026-04-01.
  const events::Event& Organise(const std::vector<std::string>& icbs,
                                const std::vector<std::string>& successors = {}) {
    events::v1::OrganisationsChanged payload;
    for (const std::string& code : icbs) {
      portfolio::v1::Organisation& icb = *payload.add_organisations();
      icb.set_code(code);
      icb.set_kind(portfolio::v1::ORGANISATION_KIND_ICB);
    }
    for (const std::string& code : successors) {
      portfolio::v1::Succession& succession = *payload.mutable_organisations(0)->add_successions();
      succession.set_successor("organisations/" + code);
      *succession.mutable_date() = DateMessage(Date::Parse("2026-04-01").value());
    }
    payload.add_organisations()->set_code("Y60");
    payload.mutable_organisations(payload.organisations_size() - 1)
        ->set_kind(portfolio::v1::ORGANISATION_KIND_REGION);
    return Add("organisations", payload);
  }
};

}  // namespace specom::reporting
