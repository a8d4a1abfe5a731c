#include "libs/rpc/certificate_watch.h"

#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "libs/base/status.h"
#include "libs/base/waker.h"

namespace specom::rpc {
namespace {

class Watch final : public CertificateWatch {
 public:
  Watch(CertificateFiles files, Certificates first, const Clock& clock, observe::Logger& logger,
        observe::Metrics& metrics, absl::Duration interval)
      : files_(std::move(files)),
        clock_(clock),
        logger_(logger),
        process_expiry_(Expiry(metrics, "process")),
        authority_expiry_(Expiry(metrics, "authority")),
        taken_(Reloads(metrics, "taken")),
        refused_(Reloads(metrics, "refused")) {
    Take(std::move(first), "certificates");
    thread_ = std::thread([this, interval] {
      while (!stopped_.WaitOrStop(interval)) Look();
    });
  }

  ~Watch() override {
    stopped_.Stop();
    thread_.join();
  }

  std::shared_ptr<const Certificates> current() const override {
    absl::MutexLock lock(&mutex_);
    return current_;
  }

 private:
  static observe::Gauge Expiry(observe::Metrics& metrics, const std::string& role) {
    return metrics.GetGauge("specom_tls_certificate_expiry_seconds",
                            "When the certificate in use ends, in Unix time.", {{"role", role}});
  }
  static observe::Counter Reloads(observe::Metrics& metrics, const std::string& outcome) {
    return metrics.GetCounter("specom_tls_reloads_total", "Changes of the certificate files.",
                              {{"outcome", outcome}});
  }

  void Take(Certificates certificates, const char* event) {
    if (certificates.not_after != absl::InfiniteFuture())
      process_expiry_.Set(static_cast<double>(absl::ToUnixSeconds(certificates.not_after)));
    authority_expiry_.Set(static_cast<double>(absl::ToUnixSeconds(certificates.authority_not_after)));
    logger_.Info(event, {{"spiffe_id", certificates.spiffe_id},
                         {"expires", absl::FormatTime(certificates.not_after, absl::UTCTimeZone())},
                         {"authority_expires",
                          absl::FormatTime(certificates.authority_not_after, absl::UTCTimeZone())}});
    auto taken = std::make_shared<const Certificates>(std::move(certificates));
    absl::MutexLock lock(&mutex_);
    current_ = std::move(taken);
  }

  void Look() {
    if (absl::Status looked = TakeNew(); !looked.ok()) return Refuse(std::string(looked.message()));
    problem_.clear();
    told_ = false;
  }

  absl::Status TakeNew() {
    CertificateTexts texts;
    ASSIGN_OR_RETURN(texts, ReadCertificateFiles(files_));
    if (texts == current()->texts) return absl::OkStatus();
    Certificates checked;
    ASSIGN_OR_RETURN(checked, CheckCertificates(files_, std::move(texts), clock_.Now()));
    Take(std::move(checked), "certificates were renewed");
    taken_.Increment();
    return absl::OkStatus();
  }

  // Files are written one after the other: what is wrong for one look only is being mended.
  void Refuse(std::string problem) {
    if (problem != problem_) {
      problem_ = std::move(problem);
      told_ = false;
    } else if (!std::exchange(told_, true)) {
      refused_.Increment();
      logger_.Error(
          "new certificates are not sound; the last good ones stay in use",
          {{"error", problem_}, {"expires", absl::FormatTime(current()->not_after, absl::UTCTimeZone())}});
    }
  }

  const CertificateFiles files_;
  const Clock& clock_;
  observe::Logger& logger_;
  observe::Gauge process_expiry_, authority_expiry_;
  observe::Counter taken_, refused_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const Certificates> current_ ABSL_GUARDED_BY(mutex_);
  // Of the watching thread only: what was wrong at the last look, and whether it was told.
  std::string problem_;
  bool told_ = false;
  Waker stopped_;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const CertificateWatch>> CertificateWatch::Start(const CertificateFiles& files,
                                                                                const Clock& clock,
                                                                                observe::Logger& logger,
                                                                                observe::Metrics& metrics,
                                                                                absl::Duration interval) {
  CertificateTexts texts;
  ASSIGN_OR_RETURN(texts, ReadCertificateFiles(files));
  Certificates first;
  ASSIGN_OR_RETURN(first, CheckCertificates(files, std::move(texts), clock.Now()));
  return std::make_shared<const Watch>(files, std::move(first), clock, logger, metrics, interval);
}

}  // namespace specom::rpc
