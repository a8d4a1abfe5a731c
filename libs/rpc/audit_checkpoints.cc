#include "libs/rpc/audit_checkpoints.h"

#include <fstream>
#include <iterator>
#include <utility>

#include "libs/base/status.h"
#include "libs/store/audit_checkpoint.h"

namespace specom::rpc {
namespace {

// For one look at one chain's end.
constexpr absl::Duration kTimeLimit = absl::Seconds(10);

}  // namespace

std::vector<std::string> AuditSettings::Verify() const {
  std::vector<std::string> problems;
  if (enabled() && signing_key.empty()) {
    problems.push_back(
        "audit_signing_key: must be set with audit_checkpoints; make a key with: openssl genpkey -algorithm "
        "ed25519 -out audit.key");
  }
  if (!enabled() && !signing_key.empty())
    problems.push_back("audit_checkpoints: must be set with audit_signing_key, to the file to be written");
  if (interval < absl::Seconds(1))
    problems.push_back("audit_checkpoint_interval_seconds: must be at least 1");
  return problems;
}

absl::StatusOr<std::unique_ptr<AuditCheckpoints>> AuditCheckpoints::Open(const AuditSettings& settings,
                                                                         const Clock& clock,
                                                                         observe::Logger& logger,
                                                                         observe::Metrics& metrics) {
  std::ifstream file(settings.signing_key, std::ios::binary);
  if (!file) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "SIGNING_KEY_FILE",
                     "the file of audit_signing_key, " + settings.signing_key +
                         ", cannot be read; check that it is there and that this user may read it",
                     {{"path", settings.signing_key}});
  }
  const std::string pem{std::istreambuf_iterator<char>(file), {}};
  ASSIGN_OR_RETURN(SigningKey key, SigningKey::FromPem(Secret(pem)));
  return std::unique_ptr<AuditCheckpoints>(
      new AuditCheckpoints(settings, std::move(key), clock, logger, metrics));
}

AuditCheckpoints::AuditCheckpoints(AuditSettings settings, SigningKey key, const Clock& clock,
                                   observe::Logger& logger, observe::Metrics& metrics)
    : settings_(std::move(settings)),
      key_(std::move(key)),
      clock_(clock),
      logger_(logger),
      metrics_(metrics) {}

AuditCheckpoints::~AuditCheckpoints() {
  Stop();
}

void AuditCheckpoints::AddChain(const std::string& service, store::Store& store) {
  absl::MutexLock lock(&mutex_);
  for (const Chain& chain : chains_) {
    if (chain.service == service) return;
  }
  const observe::Labels labels = {{"service", service}};
  chains_.push_back(
      {service,
       &store,
       metrics_.GetGauge("specom_audit_checkpoint_sequence",
                         "How far the last checkpoint of the audit chain goes.", labels),
       metrics_.GetGauge("specom_audit_checkpoint_timestamp_seconds",
                         "When the audit chain last ended where its last checkpoint says.", labels),
       {}});
}

void AuditCheckpoints::Start() {
  if (thread_.joinable()) return;
  stop_.Restart();
  thread_ = std::thread([this] {
    do {
      WriteOrLog();
    } while (!stop_.WaitOrStop(settings_.interval));
  });
}

void AuditCheckpoints::Stop() {
  if (!thread_.joinable()) return;
  stop_.Stop();
  thread_.join();
  WriteOrLog();
}

absl::Status AuditCheckpoints::WriteNow() {
  absl::MutexLock lock(&mutex_);
  absl::Status first;
  for (Chain& chain : chains_) first.Update(Write(chain));
  return first;
}

absl::Status AuditCheckpoints::Write(Chain& chain) {
  RequestContext context;
  const absl::Time now = clock_.Now();
  context.deadline = now + kTimeLimit;
  store::AuditHead head;
  RETURN_IF_ERROR(chain.store->Read(context, [&](store::UnitOfWork& work) -> absl::Status {
    ASSIGN_OR_RETURN(head, store::FindAuditHead(work));
    return absl::OkStatus();
  }));
  if (head.sequence > 0 && head != chain.last) {
    RETURN_IF_ERROR(store::AppendCheckpoints(
        settings_.checkpoints,
        {store::SignedLine({.service = chain.service, .head = head, .time = now}, key_)}));
    chain.last = head;
  }
  chain.sequence.Set(static_cast<double>(head.sequence));
  chain.timestamp.Set(absl::ToDoubleSeconds(now - absl::UnixEpoch()));
  return absl::OkStatus();
}

void AuditCheckpoints::WriteOrLog() {
  const absl::Status written = WriteNow();
  if (!written.ok())
    logger_.Error("audit checkpoint is not written", {{"error", std::string(written.message())}});
}

}  // namespace specom::rpc
