#include "edge/lambda/event.h"

#include <algorithm>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"

namespace scaler::lambda {
namespace {

Result<std::string> text_of(const json::Reader& object, std::string_view name) {
  const json::Reader field = TRY(object.field(name));
  return field.string();
}

/// A record's receive count; 1 when it is missing or no number, for it only lengthens a pause.
std::int64_t receive_count(const json::Reader& record) {
  const auto attributes = record.optional_field("attributes");
  const auto field =
      attributes ? attributes->optional_field("ApproximateReceiveCount") : std::nullopt;
  const std::string text = field ? field->string().value_or("") : "";
  return std::max<std::int64_t>(number_of<std::int64_t>(text).value_or(1), 1);
}

Result<SqsRecord> sqs_record(const json::Reader& item) {
  SqsRecord record{.receive_count = receive_count(item)};
  record.message_id = TRY(text_of(item, "messageId"));
  record.receipt_handle = TRY(text_of(item, "receiptHandle"));
  record.queue_arn = TRY(text_of(item, "eventSourceARN"));
  if (const auto body = item.optional_field("body")) {
    record.body = body->string().value_or("");
  }
  return record;
}

/// SQS writes "eventSource", SNS "EventSource".
Result<std::string> source_of(const json::Reader& item) {
  return text_of(item, item.optional_field("EventSource") ? "EventSource" : "eventSource");
}

Result<Event> records_event(const json::Reader& root) {
  const json::Reader list = TRY(root.field("Records"));
  const std::vector<json::Reader> items = TRY(list.items());
  if (items.empty()) {
    return fail(ErrorKind::Malformed, "$.Records: an event of SQS or SNS has at least one record");
  }
  const std::string first = TRY(source_of(items.front()));
  SqsEvent queue;
  for (const json::Reader& item : items) {
    const std::string source = TRY(source_of(item));
    if (source != "aws:sqs" && source != "aws:sns") {
      return fail(ErrorKind::Malformed,
                  fmt::format("{}.eventSource: '{}' is neither aws:sqs nor aws:sns", item.path(),
                              shortened(source)));
    }
    if (source != first) {
      return fail(ErrorKind::Malformed,
                  fmt::format("{}.eventSource: '{}' after records of {} in the same event",
                              item.path(), shortened(source), shortened(first)));
    }
    if (source == "aws:sqs") {
      queue.records.push_back(TRY(sqs_record(item)));
    }
  }
  if (queue.records.empty()) {
    return SnsEvent{.subscription_arn = TRY(text_of(items.front(), "EventSubscriptionArn")),
                    .notifications = items.size()};
  }
  return queue;
}

}  // namespace

Result<Event> parse_event(std::string_view text) {
  const json::Value value = TRY(json::parse(text));
  const json::Reader root(value, "$");
  if (!std::holds_alternative<json::Object>(value.data())) {
    return fail(ErrorKind::Malformed,
                fmt::format("$: an event is an object, not {}", kind_name(value)));
  }
  const bool has_records = value.find("Records") != nullptr;
  // Whoever rehearses a schedule with it must not get the real one.
  if (value.find("dry_run") != nullptr && (has_records || value.find("source") != nullptr)) {
    return fail(
        ErrorKind::Malformed,
        "$.dry_run: only a manual call is a dry run, {\"dry_run\":true} with nothing beside");
  }
  if (has_records) {
    return records_event(root);
  }
  if (value.find("source") != nullptr) {
    const std::string source = TRY(text_of(root, "source"));
    if (source == "aws.events" || source == "aws.scheduler") {
      return ScheduleEvent{.source = source};
    }
    if (source == "aws.ecs") {
      return EcsEvent{};
    }
    return fail(ErrorKind::Malformed,
                fmt::format("$.source: '{}' is not one of aws.events|aws.scheduler|aws.ecs",
                            shortened(source)));
  }
  const Result<void> known = root.only_fields({"dry_run"});
  if (!known) {
    return fail(
        ErrorKind::Malformed,
        fmt::format("not an event of a schedule, ECS, SQS or SNS, or a manual call ({{}} or "
                    "{{\"dry_run\":true}}): {}",
                    known.error().message));
  }
  const auto dry_run = root.optional_field("dry_run");
  return ManualEvent{.dry_run = dry_run ? TRY(dry_run->boolean()) : false};
}

}  // namespace scaler::lambda
