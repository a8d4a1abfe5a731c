// Measures what knowing a caller costs: a token that is remembered, beside one whose signature must be
// checked (an altered one, which never is remembered).
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "libs/auth/local_authority.h"
#include "libs/auth/token_verifier.h"
#include "libs/base/digest.h"
#include "libs/observe/metrics.h"

namespace specom {
namespace {

class Subject {
 public:
  Subject() {
    auto authority = LocalAuthority::Make();
    if (!authority.ok() || !(*authority)->Save(folder_).ok()) std::abort();
    auto issued =
        (*authority)
            ->IssueToken({.user = "ada@example.nhs.uk", .roles = {Role::kIcb}, .organisation = "QOQ"},
                         clock_.Now(), absl::Hours(1));
    auto made = NewTokenVerifier({.issuer = LocalAuthority::kIssuer,
                                  .audience = LocalAuthority::kAudience,
                                  .jwks = folder_ / "jwks.json"},
                                 clock_, nullptr, &metrics_);
    if (!issued.ok() || !made.ok() || !(*made)->Verify(issued->Reveal()).ok()) std::abort();
    good_ = altered_ = issued->Reveal();
    char& middle = altered_[altered_.size() - 40];
    middle = middle == 'A' ? 'B' : 'A';
    verifier_ = *std::move(made);
  }
  ~Subject() { std::filesystem::remove_all(folder_); }

  static Subject& Get() {
    static Subject subject;
    return subject;
  }
  TokenVerifier& verifier() { return *verifier_; }
  const std::string& good() const { return good_; }
  const std::string& altered() const { return altered_; }

 private:
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("specom-bench-" + NewUuid());
  const SystemClock clock_;
  observe::Metrics metrics_;
  std::unique_ptr<TokenVerifier> verifier_;
  std::string good_;
  std::string altered_;
};

void RememberedToken(benchmark::State& state) {
  Subject& subject = Subject::Get();
  for (auto _ : state) benchmark::DoNotOptimize(subject.verifier().Verify(subject.good()));
}
BENCHMARK(RememberedToken)->Threads(1)->Threads(2);

void CheckedSignature(benchmark::State& state) {
  Subject& subject = Subject::Get();
  for (auto _ : state) benchmark::DoNotOptimize(subject.verifier().Verify(subject.altered()));
}
BENCHMARK(CheckedSignature);

}  // namespace
}  // namespace specom

BENCHMARK_MAIN();
