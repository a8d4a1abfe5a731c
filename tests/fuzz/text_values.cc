// Values of one word: money, dates, financial years, trace contexts, roles, base64, resource names. What is
// read and written is read alike again.
#include "libs/auth/principal.h"
#include "libs/base/date.h"
#include "libs/base/digest.h"
#include "libs/base/financial_year.h"
#include "libs/base/money.h"
#include "libs/observe/trace.h"
#include "services/finance/adapters/resource_names.h"
#include "tests/fuzz/fuzz.h"

namespace specom::fuzz {
namespace {

void Money(std::string_view text) {
  const auto pence = Pence::ParsePounds(text);
  if (!pence.ok()) return;
  const auto again = Pence::ParsePounds(pence->ToPounds());
  Require(again.ok() && *again == *pence, "money is read as it was written");
}

void Dates(std::string_view text) {
  if (const auto date = Date::Parse(text); date.ok()) {
    Require(date->ToString() == text, "a date has one form");
    const auto made = Date::Make(date->year(), date->month(), date->day());
    Require(made.ok() && *made == *date, "a date is its year, month and day");
    // Before 1848 London was behind Greenwich by a minute and a quarter.
    Require(date->year() < 1848 || Date::InLondon(date->StartOfDayUtc()) == *date,
            "a day begins in itself, in London");
    const FinancialYear year = FinancialYear::Of(*date);
    const auto again = FinancialYear::Parse(year.ToString());
    const bool of_the_nhs = year.start_year() >= 1948 && year.start_year() < 9999;
    Require(again.ok() ? *again == year : !of_the_nhs, "a date's financial year can be read");
  }
  if (const auto year = FinancialYear::Parse(text); year.ok()) {
    Require(year->ToString() == text, "a financial year has one form");
    Require(FinancialYear::Of(year->FirstDay()) == *year && FinancialYear::Of(year->LastDay()) == *year,
            "a financial year holds its first and its last day");
    Require(year->Plus(1).FirstDay() == year->LastDay().Plus(1), "one year ends where the next begins");
  }
}

// Numbers as they come in a message: three of 32 bits, big endian.
void DateOfNumbers(std::string_view text) {
  if (text.size() != 12) return;
  int numbers[3] = {};
  for (int i = 0; i < 12; ++i) {
    numbers[i / 4] = static_cast<int>(static_cast<unsigned>(numbers[i / 4]) << 8 |
                                      static_cast<unsigned char>(text[static_cast<std::size_t>(i)]));
  }
  const auto date = Date::Make(numbers[0], numbers[1], numbers[2]);
  if (!date.ok()) return;
  Require(date->year() == numbers[0] && date->month() == numbers[1] && date->day() == numbers[2],
          "a date is the day that was asked for");
  Require(Date::Parse(date->ToString()).value() == *date, "a date is read as it was written");
}

void Trace(std::string_view text) {
  observe::TraceIdOf(text);
  if (const auto trace = observe::ParseTraceparent(text)) {
    const auto again = observe::ParseTraceparent(trace->Traceparent());
    Require(again && *again == *trace, "a traceparent is read as it was written");
    Require(observe::ContinueTrace(text).trace_id == trace->trace_id, "a trace goes on");
  }
  Require(observe::ParseTraceparent(observe::ContinueTrace(text).Traceparent()).has_value(),
          "what is sent on is a traceparent, whatever came");
}

void Words(std::string_view text) {
  if (const auto role = ParseRole(text)) Require(ToString(*role) == text, "a role is one word");
  std::string bytes;
  Require(Base64Decode(Base64Encode(text), bytes) && bytes == text, "base64 keeps every byte");
  Base64Decode(text, bytes);
  IsUuid(text);
}

void Names(std::string_view text) {
  if (const auto id = finance::ParseRunName("name", text); id.ok()) {
    Require(finance::ResourceName(*id) == text, "a run has one name");
  }
  if (const auto id = finance::ParseInputSetName("name", text); id.ok()) {
    Require(finance::ResourceName(*id) == text, "an input set has one name");
  }
  if (const auto id = finance::ParseOperationName("name", text); id.ok()) {
    Require(finance::OperationName(*id) == text, "an operation has one name");
  }
  if (const auto slug = finance::ParsePolicyName("name", text); slug.ok()) {
    Require("policies/" + *slug == text, "a policy has one name");
  }
}

}  // namespace

void Examine(std::string_view input) {
  Money(input);
  Dates(input);
  DateOfNumbers(input);
  Trace(input);
  Words(input);
  Names(input);
}

}  // namespace specom::fuzz
