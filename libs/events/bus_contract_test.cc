// The contract of both buses: order, groups, competing consumers, redelivery, dead letters,
// takeover, publishing twice, positions and trimming.
#include <map>
#include <set>

#include "absl/synchronization/notification.h"
#include "libs/events/bus_fixture.h"

namespace specom::events {
namespace {

using specom::testing::IsOk;
using specom::testing::IsOkAndHolds;
using specom::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class BusContractTest : public BusTest {};
INSTANTIATE_TEST_SUITE_P(Buses, BusContractTest, ::testing::Values(BusKind::kInProcess, BusKind::kRedis),
                         [](const auto& bus) { return BusName(bus.param); });

TEST_P(BusContractTest, AnEventArrivesWhole) {
  const Event sent = MakeEvent(7, "runs/1f3a");
  ASSERT_THAT(bus_->Publish(topic_, std::vector{sent}), IsOk());
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  ASSERT_TRUE(seen.AwaitCount(1));
  const Event got = seen.Events()[0];
  EXPECT_EQ(got.id, sent.id);
  EXPECT_EQ(got.source, sent.source);
  EXPECT_EQ(got.type, sent.type);
  EXPECT_EQ(got.subject, sent.subject);
  EXPECT_EQ(got.time, sent.time);
  EXPECT_EQ(got.dataschema, sent.dataschema);
  EXPECT_EQ(got.data, sent.data);
  EXPECT_EQ(got.aggregate_seq, sent.aggregate_seq);
  EXPECT_EQ(got.traceparent, sent.traceparent);
  EXPECT_EQ(got.sequence, sent.sequence);
  EXPECT_EQ(got.deliveries, 1);
}

TEST_P(BusContractTest, OneConsumerSeesTheTopicInOrderFromItsBeginning) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 100)), IsOk());
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(101, 200)), IsOk());
  ASSERT_TRUE(seen.AwaitCount(200));
  subscription->Stop();
  EXPECT_EQ(seen.Ids(), IdsOf(1, 200));
}

TEST_P(BusContractTest, EachGroupGetsEveryEvent) {
  Seen early;
  const auto first = Subscribe("early", QuickOptions("c"), early.AsHandler());
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 5)), IsOk());
  ASSERT_TRUE(early.AwaitCount(5));
  Seen late;
  const auto second = Subscribe("late", QuickOptions("c"), late.AsHandler());
  ASSERT_TRUE(late.AwaitCount(5));
  EXPECT_EQ(early.Ids(), IdsOf(1, 5));
  EXPECT_EQ(late.Ids(), IdsOf(1, 5));
}

TEST_P(BusContractTest, ConsumersOfOneGroupShareTheEvents) {
  SubscribeOptions options = QuickOptions("");
  options.claim_after = absl::Minutes(5);
  Seen all;
  std::map<std::string, Seen> each;
  // Nobody finishes until both have one, so that neither can take everything.
  absl::Mutex mutex;
  std::set<std::string> busy;
  std::vector<std::unique_ptr<Subscription>> subscriptions;
  for (const std::string consumer : {"a", "b"}) {
    options.consumer = consumer;
    Seen& own = each[consumer];
    subscriptions.push_back(Subscribe("g", options, [&, consumer](const Event& event) {
      {
        absl::MutexLock lock(&mutex);
        busy.insert(consumer);
        const auto both = [&] { return busy.size() == 2; };
        mutex.AwaitWithTimeout(absl::Condition(&both), kPatience);
      }
      RETURN_IF_ERROR(own.Add(event));
      return all.Add(event);
    }));
  }
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 60)), IsOk());
  ASSERT_TRUE(all.AwaitCount(60));
  for (const auto& subscription : subscriptions) subscription->Stop();
  std::vector<std::string> ids = all.Ids();
  EXPECT_THAT(ids, SizeIs(60));
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 60u);
  for (const auto& [consumer, seen] : each) {
    EXPECT_GE(seen.Events().size(), 1u) << consumer;
    EXPECT_TRUE(std::ranges::is_sorted(seen.Events(), {}, &Event::sequence)) << consumer;
  }
}

TEST_P(BusContractTest, AnEventThatFailsIsDeliveredAgainBeforeAnyLaterOne) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 3)), IsOk());
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), [&](const Event& event) {
    EXPECT_THAT(seen.Add(event), IsOk());
    return event.sequence == 2 && event.deliveries < 3 ? absl::InternalError("not yet") : absl::OkStatus();
  });
  ASSERT_TRUE(seen.AwaitCount(5));
  EXPECT_THAT(seen.Ids(), ElementsAre("event-1", "event-2", "event-2", "event-2", "event-3"));
  EXPECT_EQ(seen.Events()[3].deliveries, 3);
  EXPECT_THAT(bus_->DeadLetters(topic_), IsOkAndHolds(IsEmpty()));
}

TEST_P(BusContractTest, ADeliveryThatFailsForAnotherReasonThanTheEventDoesNotCount) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 2)), IsOk());
  SubscribeOptions options = QuickOptions("c");
  options.max_deliveries = 2;
  Seen seen;
  int away = 6;
  const auto subscription = Subscribe("g", options, [&](const Event& event) -> absl::Status {
    if (event.sequence == 1 && away-- > 0) {
      EXPECT_EQ(event.deliveries, 1);
      return absl::UnavailableError("the database is away");
    }
    return seen.Add(event);
  });
  ASSERT_TRUE(seen.AwaitCount(2));
  subscription->Stop();
  EXPECT_EQ(away, -1);
  EXPECT_THAT(seen.Ids(), ElementsAre("event-1", "event-2"));
  EXPECT_EQ(seen.Events()[0].deliveries, 1);
  EXPECT_THAT(bus_->DeadLetters(topic_), IsOkAndHolds(IsEmpty()));
}

TEST_P(BusContractTest, AHandlerThatThrowsHasFailed) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 1)), IsOk());
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), [&](const Event& event) -> absl::Status {
    EXPECT_THAT(seen.Add(event), IsOk());
    if (event.deliveries == 1) throw std::runtime_error("boom");
    return absl::OkStatus();
  });
  ASSERT_TRUE(seen.AwaitCount(2));
}

TEST_P(BusContractTest, AnEventThatKeepsFailingIsParkedWithItsReason) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 2)), IsOk());
  SubscribeOptions options = QuickOptions("c");
  options.max_deliveries = 3;
  Seen seen;
  const auto subscription = Subscribe("g", options, [&](const Event& event) {
    EXPECT_THAT(seen.Add(event), IsOk());
    return event.sequence == 1 ? absl::DataLossError("cannot be parsed") : absl::OkStatus();
  });
  ASSERT_TRUE(seen.AwaitCount(4));
  subscription->Stop();
  EXPECT_THAT(seen.Ids(), ElementsAre("event-1", "event-1", "event-1", "event-2"));
  const auto letters = bus_->DeadLetters(topic_);
  ASSERT_THAT(letters, IsOkAndHolds(SizeIs(1)));
  const DeadLetter& letter = letters->front();
  EXPECT_EQ(letter.group, "g");
  EXPECT_THAT(letter.reason, HasSubstr("cannot be parsed"));
  EXPECT_EQ(letter.event.id, "event-1");
  EXPECT_EQ(letter.event.data, MakeEvent(1).data);
  EXPECT_EQ(letter.event.sequence, 1);
  EXPECT_EQ(letter.event.deliveries, 3);
  // It is done for the group: whoever comes next is not troubled by it.
  Seen next;
  const auto again = Subscribe("g", QuickOptions("d"), next.AsHandler());
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(3, 3)), IsOk());
  ASSERT_TRUE(next.AwaitCount(1));
  EXPECT_THAT(next.Ids(), ElementsAre("event-3"));
}

TEST_P(BusContractTest, AnAbandonedEventIsTakenOver) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 1)), IsOk());
  absl::Notification taken;
  absl::Notification let_go;
  const auto stuck = Subscribe("g", QuickOptions("stuck"), [&](const Event&) {
    taken.Notify();
    let_go.WaitForNotificationWithTimeout(kPatience);
    return absl::OkStatus();
  });
  ASSERT_TRUE(taken.WaitForNotificationWithTimeout(kPatience));
  Seen seen;
  const auto other = Subscribe("g", QuickOptions("other"), seen.AsHandler());
  ASSERT_TRUE(seen.AwaitCount(1));
  EXPECT_EQ(seen.Events()[0].id, "event-1");
  EXPECT_EQ(seen.Events()[0].deliveries, 2);
  let_go.Notify();
  stuck->Stop();
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(2, 2)), IsOk());
  ASSERT_TRUE(seen.AwaitCount(2));
  EXPECT_THAT(seen.Ids(), ElementsAre("event-1", "event-2"));
}

TEST_P(BusContractTest, AnEventThatKeepsItsConsumersBusyIsParkedInTheEnd) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 1)), IsOk());
  SubscribeOptions options = QuickOptions("");
  options.max_deliveries = 2;
  absl::Notification let_go;
  Seen seen;
  std::vector<std::unique_ptr<Subscription>> subscriptions;
  for (const std::string consumer : {"a", "b", "c"}) {
    options.consumer = consumer;
    subscriptions.push_back(Subscribe("g", options, [&](const Event& event) {
      EXPECT_THAT(seen.Add(event), IsOk());
      let_go.WaitForNotificationWithTimeout(kPatience);
      return absl::OkStatus();
    }));
  }
  ASSERT_TRUE(Eventually([&] {
    const auto letters = bus_->DeadLetters(topic_);
    return letters.ok() && letters->size() == 1;
  }));
  let_go.Notify();
  for (const auto& subscription : subscriptions) subscription->Stop();
  EXPECT_THAT(seen.Ids(), SizeIs(2));
  const auto letters = bus_->DeadLetters(topic_);
  ASSERT_THAT(letters, IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(letters->front().reason, HasSubstr("2 times without an outcome"));
}

TEST_P(BusContractTest, AConsumerThatComesBackGoesOnWithWhatItLeft) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 2)), IsOk());
  SubscribeOptions options = QuickOptions("c");
  options.claim_after = absl::Minutes(5);
  Seen first;
  auto subscription = Subscribe("g", options, [&](const Event& event) {
    EXPECT_THAT(first.Add(event), IsOk());
    return absl::InternalError("not yet");
  });
  ASSERT_TRUE(first.AwaitCount(1));
  subscription->Stop();
  Seen second;
  subscription = Subscribe("g", options, second.AsHandler());
  ASSERT_TRUE(second.AwaitCount(2));
  EXPECT_THAT(second.Ids(), ElementsAre("event-1", "event-2"));
  EXPECT_GE(second.Events()[0].deliveries, 2);
}

TEST_P(BusContractTest, ThePositionOutlivesTheSubscription) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 3)), IsOk());
  Seen first;
  auto subscription = Subscribe("g", QuickOptions("c"), first.AsHandler());
  ASSERT_TRUE(first.AwaitCount(3));
  subscription->Stop();
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(4, 5)), IsOk());
  Seen second;
  subscription = Subscribe("g", QuickOptions("another"), second.AsHandler());
  ASSERT_TRUE(second.AwaitCount(2));
  subscription->Stop();
  EXPECT_EQ(second.Ids(), IdsOf(4, 5));
}

TEST_P(BusContractTest, StopWaitsForTheEventInHand) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 2)), IsOk());
  absl::Notification taken;
  Seen seen;
  Subscription* running = nullptr;
  absl::Notification subscribed;
  const auto subscription = Subscribe("g", QuickOptions("c"), [&](const Event& event) {
    if (!taken.HasBeenNotified()) taken.Notify();
    subscribed.WaitForNotificationWithTimeout(kPatience);
    return seen.Add(event);
  });
  running = subscription.get();
  ASSERT_TRUE(taken.WaitForNotificationWithTimeout(kPatience));
  std::thread stopper([&] { running->Stop(); });
  subscribed.Notify();
  stopper.join();
  EXPECT_FALSE(seen.Ids().empty());
  const std::vector<std::string> handled = seen.Ids();
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(3, 3)), IsOk());
  EXPECT_EQ(seen.Ids(), handled);
}

TEST_P(BusContractTest, PublishingTwiceIsPublishingOnce) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 3)), IsOk());
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 4)), IsOk());
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(2, 2)), IsOk());
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  ASSERT_TRUE(seen.AwaitCount(4));
  subscription->Stop();
  EXPECT_EQ(seen.Ids(), IdsOf(1, 4));
}

TEST_P(BusContractTest, ManyEventsAtOnceKeepTheirOrder) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 500)), IsOk());
  EXPECT_THAT(bus_->HighWaterMark(topic_), IsOkAndHolds(500));
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  ASSERT_TRUE(seen.AwaitCount(500));
  EXPECT_EQ(seen.Ids(), IdsOf(1, 500));
}

TEST_P(BusContractTest, TheHighWaterMarkIsTheHighestSequenceEverTaken) {
  EXPECT_THAT(bus_->HighWaterMark(topic_), IsOkAndHolds(0));
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(3, 9)), IsOk());
  EXPECT_THAT(bus_->HighWaterMark(topic_), IsOkAndHolds(9));
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(4, 5)), IsOk());
  EXPECT_THAT(bus_->HighWaterMark(topic_), IsOkAndHolds(9));
  Seen seen;
  const auto subscription = Subscribe("g", QuickOptions("c"), seen.AsHandler());
  ASSERT_TRUE(seen.AwaitCount(7));
  subscription->Stop();
  ASSERT_THAT(bus_->Trim(topic_, 0), IsOkAndHolds(7));
  EXPECT_THAT(bus_->HighWaterMark(topic_), IsOkAndHolds(9));
}

TEST_P(BusContractTest, APublisherThatIsAheadOfTheBusIsToldToFillItAgain) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 3)), IsOk());
  EXPECT_THAT(bus_->Publish(topic_, MakeEvents(5, 5), 4), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(bus_->HighWaterMark(topic_), IsOkAndHolds(3));
  EXPECT_THAT(bus_->Publish(topic_, MakeEvents(5, 5), 3), IsOk());
}

TEST_P(BusContractTest, AnotherOutboxCannotHideBehindTheSameSequences) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 3)), IsOk());
  Event other = MakeEvent(2);
  other.id = "from another outbox";
  EXPECT_THAT(bus_->Publish(topic_, std::vector{other}), StatusIs(absl::StatusCode::kFailedPrecondition));
  // One that was passed over can no longer be delivered in order, and is not dropped in silence.
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(7, 7)), IsOk());
  EXPECT_THAT(bus_->Publish(topic_, MakeEvents(5, 5)), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_P(BusContractTest, TrimKeepsWhatTheSlowestGroupNeeds) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 10)), IsOk());
  EXPECT_THAT(bus_->Trim(topic_, 0), IsOkAndHolds(0)) << "nobody has read it yet";
  Seen fast;
  const auto quick = Subscribe("fast", QuickOptions("c"), fast.AsHandler());
  // The slow group has finished 1 to 3, holds 4 unfinished, and has 5 to 10 before it.
  Seen slow;
  absl::Notification at_four;
  auto slow_options = QuickOptions("c");
  slow_options.claim_after = absl::Minutes(5);
  slow_options.retry_delay = absl::Minutes(5);
  const auto held = Subscribe("slow", slow_options, [&](const Event& event) {
    if (event.sequence < 4) return slow.Add(event);
    if (!at_four.HasBeenNotified()) at_four.Notify();
    return absl::UnavailableError("not yet");
  });
  ASSERT_TRUE(fast.AwaitCount(10));
  ASSERT_TRUE(at_four.WaitForNotificationWithTimeout(kPatience));
  quick->Stop();
  held->Stop();
  EXPECT_THAT(bus_->Trim(topic_, 8), IsOkAndHolds(2));
  EXPECT_THAT(bus_->Trim(topic_, 0), IsOkAndHolds(1));
  EXPECT_THAT(bus_->Trim(topic_, 0), IsOkAndHolds(0));
  Seen rest;
  const auto again = Subscribe("slow", QuickOptions("c"), rest.AsHandler());
  ASSERT_TRUE(rest.AwaitCount(7));
  again->Stop();
  EXPECT_EQ(rest.Ids(), IdsOf(4, 10));
  EXPECT_THAT(bus_->Trim(topic_, 2), IsOkAndHolds(5));
  // What was trimmed is not published a second time.
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 10)), IsOk());
  EXPECT_THAT(bus_->Trim(topic_, 0), IsOkAndHolds(2));
}

TEST_P(BusContractTest, TopicsAreApart) {
  ASSERT_THAT(bus_->Publish(topic_, MakeEvents(1, 2)), IsOk());
  EXPECT_THAT(bus_->HighWaterMark(topic_ + ".other"), IsOkAndHolds(0));
}

TEST_P(BusContractTest, OptionsThatMakeNoSenseAreRefused) {
  SubscribeOptions options;
  options.max_deliveries = 0;
  const auto subscription =
      bus_->Subscribe(topic_, "g", options, [](const Event&) { return absl::OkStatus(); });
  EXPECT_THAT(subscription, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(subscription.status().message()), HasSubstr("consumer is empty"));
  EXPECT_THAT(std::string(subscription.status().message()), HasSubstr("max_deliveries is below 1"));
}

TEST_P(BusContractTest, Answers) {
  EXPECT_THAT(bus_->Ping(), IsOk());
}

}  // namespace
}  // namespace specom::events
