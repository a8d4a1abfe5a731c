// A service at its smallest, on the real store: moves money between the funds of ICBs, each request
// once, and tells of both funds.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/base/embedded_file.h"
#include "libs/base/money.h"
#include "libs/store/store.h"

namespace specom::crash {

// The funds' tables, and the funds with their opening balance: 1,000 pounds each.
std::span<const EmbeddedFile> LedgerMigrations();
inline constexpr Pence kOpeningBalance{100'000};
inline constexpr std::array<std::string_view, 5> kFunds = {"QHM", "QOP", "QRV", "QWO", "QYG"};

// The fund has less than is to be moved.
inline constexpr std::string_view kInsufficientFunds = "INSUFFICIENT_FUNDS";

struct Movement {
  std::string from;
  std::string to;
  Pence amount;
};

// What the event of a fund says.
struct FundMoved {
  // "movements/{uuid}"
  std::string movement;
  // Positive where the fund received.
  Pence change;
  // After the movement.
  Pence balance;
};
std::string Serialise(const FundMoved& moved);
// Nothing for bytes that Serialise did not make.
std::optional<FundMoved> ParseFundMoved(std::string_view data);

class Ledger {
 public:
  // topic: where its events go. The store outlives the ledger.
  Ledger(store::Store& store, const Clock& clock, std::string topic)
      : store_(store), clock_(clock), topic_(std::move(topic)) {}

  // The name of the movement; of the first one for a request that was made before.
  // FAILED_PRECONDITION/INSUFFICIENT_FUNDS, remembered with its request.
  absl::StatusOr<std::string> Move(const RequestContext& context, const Movement& movement);

 private:
  absl::Status Change(store::UnitOfWork& work, const std::string& name, const std::string& fund,
                      Pence change);

  store::Store& store_;
  const Clock& clock_;
  const std::string topic_;
};

}  // namespace specom::crash
