#include "lambda/event.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "json/reader.h"

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
  std::int64_t count = 1;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return std::max<std::int64_t>(count, 1);
}

Result<Event> sqs_event(const json::Reader& root) {
  const json::Reader list = TRY(root.field("Records"));
  SqsEvent event;
  for (const json::Reader& item : TRY(list.items())) {
    const std::string source = TRY(text_of(item, "eventSource"));
    if (source != "aws:sqs") {
      return fail(ErrorKind::Malformed,
                  fmt::format("{}.eventSource: '{}' is not aws:sqs", item.path(), source));
    }
    SqsRecord record{.receive_count = receive_count(item)};
    record.message_id = TRY(text_of(item, "messageId"));
    record.receipt_handle = TRY(text_of(item, "receiptHandle"));
    record.queue_arn = TRY(text_of(item, "eventSourceARN"));
    event.records.push_back(std::move(record));
  }
  if (event.records.empty()) {
    return fail(ErrorKind::Malformed, "$.Records: an SQS event has at least one record");
  }
  return event;
}

}  // namespace

Result<Event> parse_event(std::string_view text) {
  const json::Value value = TRY(json::parse(text));
  const json::Reader root(value, "$");
  if (!std::holds_alternative<json::Object>(value.data())) {
    return fail(ErrorKind::Malformed,
                fmt::format("$: an event is an object, not {}", kind_name(value)));
  }
  if (value.find("Records") != nullptr) {
    return sqs_event(root);
  }
  if (value.find("source") != nullptr) {
    const std::string source = TRY(text_of(root, "source"));
    if (source == "aws.events" || source == "aws.scheduler") {
      return ScheduleEvent{.source = source};
    }
    return fail(ErrorKind::Malformed,
                fmt::format("$.source: '{}' is not one of aws.events|aws.scheduler", source));
  }
  const Result<void> known = root.only_fields({"dry_run"});
  if (!known) {
    return fail(ErrorKind::Malformed,
                fmt::format("not an event of a schedule, of SQS, or a manual call ({{}} or "
                            "{{\"dry_run\":true}}): {}",
                            known.error().message));
  }
  const auto dry_run = root.optional_field("dry_run");
  return ManualEvent{.dry_run = dry_run ? TRY(dry_run->boolean()) : false};
}

std::string queue_path_of_arn(std::string_view arn) {
  const std::size_t name = arn.rfind(':');
  const bool sqs = arn.starts_with("arn:") && arn.find(":sqs:") != std::string_view::npos;
  if (!sqs || std::ranges::count(arn, ':') != 5) {
    return {};
  }
  const std::size_t account = arn.rfind(':', name - 1);
  return fmt::format("{}/{}", arn.substr(account + 1, name - account - 1), arn.substr(name + 1));
}

}  // namespace scaler::lambda
