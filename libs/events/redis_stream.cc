// How a topic lies in Redis: its keys, and an event as the fields of a stream entry.
#include "libs/events/redis_stream.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace specom::events {
namespace {

std::int64_t ParseInteger(std::string_view text) {
  std::int64_t value = 0;
  return absl::SimpleAtoi(std::string(text), &value) ? value : 0;
}

}  // namespace

TopicKeys::TopicKeys(std::string_view topic)
    : stream(topic), mark(absl::StrCat(stream, ":mark")), dead(absl::StrCat(stream, ":dead")) {}

std::string EntryId(std::int64_t sequence) {
  return absl::StrCat(sequence, "-0");
}

std::int64_t SequenceOf(std::string_view entry_id) {
  return ParseInteger(entry_id.substr(0, entry_id.find('-')));
}

std::vector<std::string> ToFields(const Event& event) {
  return {"id",           event.id,
          "source",       event.source,
          "type",         event.type,
          "subject",      event.subject,
          "time",         absl::FormatTime(absl::RFC3339_full, event.time, absl::UTCTimeZone()),
          "dataschema",   event.dataschema,
          "data",         event.data,
          "aggregateseq", absl::StrCat(event.aggregate_seq),
          "traceparent",  event.traceparent};
}

std::optional<Event> FromEntry(const RedisReply& entry) {
  if (entry.List().size() != 2 || entry.List()[1].List().empty()) return std::nullopt;
  const RedisReply& fields = entry.List()[1];
  Event event;
  event.id = fields.Named("id").Text();
  event.source = fields.Named("source").Text();
  event.type = fields.Named("type").Text();
  event.subject = fields.Named("subject").Text();
  // An entry that is not ours keeps the epoch; its handler refuses it by its type.
  absl::ParseTime(absl::RFC3339_full, fields.Named("time").Text(), &event.time, nullptr);
  event.dataschema = fields.Named("dataschema").Text();
  event.data = fields.Named("data").Text();
  event.aggregate_seq = ParseInteger(fields.Named("aggregateseq").Text());
  event.traceparent = fields.Named("traceparent").Text();
  event.sequence = SequenceOf(entry.List()[0].Text());
  return event;
}

}  // namespace specom::events
