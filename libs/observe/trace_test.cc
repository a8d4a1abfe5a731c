// Proves that traces go on where the standard's text is valid and begin anew where it is not.
#include "libs/observe/trace.h"

#include <gmock/gmock.h>

namespace specom::observe {
namespace {

constexpr char kValid[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Traceparent, ReadsAndWritesTheExampleOfTheStandard) {
  auto context = ParseTraceparent(kValid);
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(context->span_id, "00f067aa0ba902b7");
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(context->Traceparent(), kValid);
  EXPECT_FALSE(ParseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")->sampled);
}

TEST(Traceparent, RefusesWhatTheStandardRefuses) {
  for (const char* text : {
           "",
           "00",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
           "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
           "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01extra",
       }) {
    EXPECT_FALSE(ParseTraceparent(text).has_value()) << text;
  }
}

TEST(Traceparent, ReadsALaterVersionByItsFirstFields) {
  auto context = ParseTraceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later");
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->Traceparent(), kValid);
}

TEST(Trace, AChildKeepsTheTraceAndHasItsOwnSpan) {
  TraceContext child = ContinueTrace(kValid);
  EXPECT_EQ(child.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_NE(child.span_id, "00f067aa0ba902b7");
  EXPECT_EQ(ParseTraceparent(child.Traceparent()), child);
}

TEST(Trace, BeginsAnewWithoutAValidParent) {
  TraceContext first = ContinueTrace("nonsense");
  TraceContext second = ContinueTrace("");
  EXPECT_TRUE(ParseTraceparent(first.Traceparent()).has_value());
  EXPECT_NE(first.trace_id, second.trace_id);
}

}  // namespace
}  // namespace specom::observe
