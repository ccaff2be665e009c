#include "emulator/sqs/sqs_event.h"

#include <utility>

#include "emulator/sqs/digests.h"
#include "emulator/sqs/fifo.h"
#include "ground/json/members.h"
#include "ground/json/value.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

std::string milliseconds_text(Instant instant) {
  return std::to_string(instant.time_since_epoch().count());
}

/// The event's names begin small where SQS's begin large.
void write_message_attributes(json::Writer& writer, const json::Value& carried) {
  writer.name("messageAttributes").begin_object();
  const json::Value* attributes = carried.find("attributes");
  const auto* members =
      attributes == nullptr ? nullptr : std::get_if<json::Object>(&attributes->data());
  const json::Object none;
  for (const auto& [name, attribute] : members != nullptr ? *members : none) {
    writer.name(name).begin_object();
    for (const auto& [from, to] : {std::pair{"StringValue", "stringValue"},
                                   {"BinaryValue", "binaryValue"},
                                   {"DataType", "dataType"}}) {
      if (const json::Value* value = attribute.find(from)) {
        writer.field(to, *value);
      }
    }
    writer.name("stringListValues").begin_array().end_array();
    writer.name("binaryListValues").begin_array().end_array();
    writer.end_object();
  }
  writer.end_object();
}

void write_record(json::Writer& writer, const SqsEventSource& source,
                  const world::ReceivedMessage& message) {
  const json::Value carried = json::parse(message.attributes).value_or(json::Value());
  writer.begin_object()
      .field("messageId", message.id)
      .field("receiptHandle", message.receipt_handle)
      .field("body", message.body);
  writer.name("attributes")
      .begin_object()
      .field("ApproximateReceiveCount", std::to_string(message.receive_count))
      .field("SentTimestamp", milliseconds_text(message.sent_at))
      .field("SenderId", json::text_in(carried, "sender"))
      .field("ApproximateFirstReceiveTimestamp", milliseconds_text(message.first_received_at));
  for (const auto& [from, to] :
       {std::pair{"trace", "AWSTraceHeader"}, {"group", "MessageGroupId"}}) {
    if (const std::string_view text = json::text_in(carried, from); !text.empty()) {
      writer.field(to, text);
    }
  }
  if (message.fifo) {
    writer.field("MessageDeduplicationId", message.fifo->deduplication_id)
        .field("SequenceNumber", sequence_number(message.sequence));
  }
  writer.end_object();
  write_message_attributes(writer, carried);
  writer.field("md5OfBody", md5_hex(message.body))
      .field("eventSource", "aws:sqs")
      .field("eventSourceARN", source.queue_arn)
      .field("awsRegion", source.region)
      .end_object();
}

}  // namespace

std::string sqs_event(const SqsEventSource& source,
                      std::span<const world::ReceivedMessage> messages) {
  json::Writer writer;
  writer.begin_object().name("Records").begin_array();
  for (const world::ReceivedMessage& message : messages) {
    write_record(writer, source, message);
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
