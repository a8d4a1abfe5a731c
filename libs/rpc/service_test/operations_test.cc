// Proves the long-running operations service over a source of a test's own: reading, paging, waiting,
// and that waiting neither takes every thread nor holds up the end of the process.
#include "libs/rpc/operations.h"

#include <atomic>
#include <map>
#include <thread>

#include "absl/synchronization/notification.h"
#include "libs/base/status.h"
#include "libs/rpc/service_test/served.h"
#include "libs/testing/status_matchers.h"

namespace specom::rpc {
namespace {

namespace lro = google::longrunning;
using ::specom::testing::IsOk;
using ::specom::testing::StatusIs;
using Operations = lro::Operations;

class TestSource final : public OperationSource {
 public:
  absl::StatusOr<lro::Operation> Get(const RequestContext&, const std::string& name) override {
    absl::MutexLock lock(&mutex);
    return Find(name);
  }

  absl::StatusOr<OperationPage> List(const RequestContext&, const std::string&, const std::string& after,
                                     int limit) override {
    absl::MutexLock lock(&mutex);
    OperationPage page;
    for (auto it = operations.upper_bound(after); it != operations.end(); ++it) {
      if (static_cast<int>(page.operations.size()) == limit) {
        page.next_after = page.operations.back().name();
        break;
      }
      page.operations.push_back(it->second);
    }
    return page;
  }

  absl::StatusOr<lro::Operation> Wait(const RequestContext&, const std::string& name,
                                      absl::Time until) override {
    absl::MutexLock lock(&mutex);
    ++waits;
    auto done = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
      auto found = operations.find(name);
      return found == operations.end() || found->second.done();
    };
    // The service's clock stands still in this test; a slice of real time is what it asks for.
    (void)until;
    mutex.AwaitWithTimeout(absl::Condition(&done), absl::Milliseconds(5));
    return Find(name);
  }

  absl::StatusOr<lro::Operation> Find(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    auto found = operations.find(name);
    if (found != operations.end()) return found->second;
    return MakeError(absl::StatusCode::kNotFound, "OPERATION_NOT_FOUND", "There is no " + name + ".");
  }

  void Put(const std::string& name, bool done) {
    absl::MutexLock lock(&mutex);
    operations[name].set_name(name);
    operations[name].set_done(done);
  }

  absl::Mutex mutex;
  std::map<std::string, lro::Operation> operations ABSL_GUARDED_BY(mutex);
  std::atomic<int> waits = 0;
};

class OperationCalls : public ::testing::Test {
 protected:
  void SetUp() override {
    served_.Start({&service_});
    client_.reset(new Client(served_.As(Role::kNational)));
  }

  absl::StatusOr<lro::Operation> Wait(const std::string& name) {
    lro::WaitOperationRequest request;
    request.set_name(name);
    return client_->Call(&Operations::Stub::WaitOperation, request);
  }

  // Until somebody waits on the source.
  void AwaitAWait() {
    absl::Time limit = absl::Now() + absl::Seconds(20);
    while (source_.waits == 0 && absl::Now() < limit) std::this_thread::yield();
    ASSERT_GT(source_.waits, 0);
  }

  Served served_;
  TestSource source_;
  OperationsService service_{served_.pipeline, source_, served_.clock, 1};
  std::unique_ptr<Client> client_;
};

TEST_F(OperationCalls, AreReadByName) {
  source_.Put("operations/1", true);
  lro::GetOperationRequest request;
  request.set_name("operations/1");
  auto operation = client_->Call(&Operations::Stub::GetOperation, request);
  ASSERT_THAT(operation, IsOk());
  EXPECT_TRUE(operation->done());
  request.set_name("operations/2");
  EXPECT_THAT(client_->Call(&Operations::Stub::GetOperation, request),
              StatusIs(absl::StatusCode::kNotFound, "OPERATION_NOT_FOUND"));
}

TEST_F(OperationCalls, PagesMakeTheWholeList) {
  for (int i = 100; i < 125; ++i) source_.Put("operations/" + std::to_string(i), true);
  std::vector<std::string> names;
  lro::ListOperationsRequest request;
  request.set_page_size(10);
  do {
    auto page = client_->Call(&Operations::Stub::ListOperations, request);
    ASSERT_THAT(page, IsOk());
    for (const auto& operation : page->operations()) names.push_back(operation.name());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  ASSERT_EQ(names.size(), 25u);
  EXPECT_EQ(names.front(), "operations/100");
  EXPECT_EQ(names.back(), "operations/124");
}

TEST_F(OperationCalls, WaitingEndsWhenTheOperationDoes) {
  source_.Put("operations/1", false);
  absl::StatusOr<lro::Operation> waited;
  std::thread waiter([&] { waited = Wait("operations/1"); });
  AwaitAWait();
  source_.Put("operations/1", true);
  waiter.join();
  ASSERT_THAT(waited, IsOk());
  EXPECT_TRUE(waited->done());
}

TEST_F(OperationCalls, OneWaiterTooManyGetsTheStateAtOnce) {
  source_.Put("operations/1", false);
  std::thread waiter([&] { EXPECT_THAT(Wait("operations/1"), IsOk()); });
  AwaitAWait();
  auto state = Wait("operations/1");
  ASSERT_THAT(state, IsOk());
  EXPECT_FALSE(state->done());
  source_.Put("operations/1", true);
  waiter.join();
}

TEST_F(OperationCalls, TheEndOfTheProcessEndsWaits) {
  source_.Put("operations/1", false);
  absl::StatusOr<lro::Operation> waited;
  std::thread waiter([&] { waited = Wait("operations/1"); });
  AwaitAWait();
  service_.EndWaits();
  waiter.join();
  ASSERT_THAT(waited, IsOk());
  EXPECT_FALSE(waited->done());
}

TEST_F(OperationCalls, StayOnRecord) {
  lro::DeleteOperationRequest remove;
  remove.set_name("operations/1");
  EXPECT_THAT(client_->Call(&Operations::Stub::DeleteOperation, remove),
              StatusIs(absl::StatusCode::kUnimplemented, "CANNOT_DELETE"));
  lro::CancelOperationRequest cancel;
  cancel.set_name("operations/1");
  EXPECT_THAT(client_->Call(&Operations::Stub::CancelOperation, cancel),
              StatusIs(absl::StatusCode::kUnimplemented, "CANNOT_CANCEL"));
}

}  // namespace
}  // namespace specom::rpc
