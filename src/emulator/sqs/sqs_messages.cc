#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <utility>

#include <fmt/core.h>

#include "emulator/sqs/digests.h"
#include "emulator/sqs/fifo.h"
#include "emulator/sqs/message_attributes.h"
#include "emulator/sqs/sqs_api.h"
#include "emulator/sqs/sqs_input.h"

// The part of SqsApi that sends, deletes and changes messages.

namespace scaler::emulator {
namespace {

using world::HandleOutcome;
using world::Queue;

constexpr std::int64_t kBatchMax = 10;
constexpr std::size_t kBatchBytesMax = 1'048'576;
constexpr std::size_t kEntryIdMax = 80;
constexpr std::int64_t kDelayMax = 900;

bool valid_entry_id(std::string_view id) {
  return !id.empty() && id.size() <= kEntryIdMax && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

/// The entries of a batch with their ids checked.
ApiResult<std::vector<Input>> read_entries(const Input& input, std::string_view operation,
                                           std::span<const Field> fields) {
  const json::Array& entries = input.objects("Entries");
  if (entries.empty()) {
    return refuse(
        "EmptyBatchRequest",
        fmt::format("There should be at least one {}RequestEntry in the request.", operation));
  }
  if (std::ssize(entries) > kBatchMax) {
    return refuse("TooManyEntriesInBatchRequest",
                  fmt::format("Maximum number of entries per request are {}. You have sent {}.",
                              kBatchMax, entries.size()));
  }
  std::vector<Input> inputs;
  std::set<std::string_view> ids;
  for (const json::Value& entry : entries) {
    const Input read = TRY(Input::read(entry, fields, "MissingParameter"));
    const std::string_view id = read.text("Id");
    if (!valid_entry_id(id)) {
      return refuse("InvalidBatchEntryId",
                    "A batch entry id can only contain alphanumeric characters, hyphens and "
                    "underscores. It can be at most 80 letters long.");
    }
    if (!ids.insert(id).second) {
      return refuse("BatchEntryIdsNotDistinct", fmt::format("Id {} repeated.", id));
    }
    inputs.push_back(read);
  }
  return inputs;
}

/// Collects the answer of a batch: Successful as it goes, Failed at the end.
class BatchAnswer {
 public:
  json::Writer& succeed(std::string_view id) { return successful_.begin_object().field("Id", id); }
  void fail(std::string_view id, const ApiError& error) {
    failed_.begin_object()
        .field("Id", id)
        .field("SenderFault", true)
        .field("Code", error.code)
        .field("Message", error.message)
        .end_object();
  }
  json::Writer& successful() { return successful_; }

  std::string text() {
    successful_.end_array();
    failed_.end_array();
    json::Writer writer;
    writer.begin_object();
    if (successful_.text() != "[]") {
      writer.name("Successful").raw(successful_.text());
    }
    if (failed_.text() != "[]") {
      writer.name("Failed").raw(failed_.text());
    }
    writer.end_object();
    return std::move(writer).text();
  }

  BatchAnswer() {
    successful_.begin_array();
    failed_.begin_array();
  }

 private:
  json::Writer successful_;
  json::Writer failed_;
};

/// `entry` is a whole request or one of a batch, which has an Id.
ApiResult<void> outcome_of(HandleOutcome outcome, const Input& entry) {
  const std::string_view handle = entry.text("ReceiptHandle");
  switch (outcome) {
    case HandleOutcome::Done:
      return {};
    case HandleOutcome::Stale:
      return refuse("MessageNotInflight",
                    fmt::format("Value {} for parameter ReceiptHandle is invalid. Reason: Message "
                                "does not exist or is not available for visibility timeout change.",
                                handle));
    case HandleOutcome::Expired:
      return refuse("InvalidParameterValue",
                    fmt::format("Value {} for parameter ReceiptHandle is invalid. Reason: The "
                                "receipt handle has expired.",
                                handle));
    case HandleOutcome::Invalid:
      return refuse(
          "ReceiptHandleIsInvalid",
          entry.has("Id")
              ? fmt::format("The input receipt handle \"{}\" is not a valid receipt handle.",
                            handle)
              : "The input receipt handle is invalid.");
    case HandleOutcome::TooLong:
      return refuse("InvalidParameterValue",
                    "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]");
  }
  std::unreachable();
}

constexpr Field kId{"Id", FieldKind::Text, Presence::Required};
constexpr Field kHandle{"ReceiptHandle", FieldKind::Text, Presence::Required};

}  // namespace

struct SqsApi::CheckedMessage {
  world::NewMessage message = {};
  std::string body_md5 = {};
  std::string attributes_md5 = {};
  std::string system_md5 = {};
  std::size_t bytes = 0;
};

ApiResult<SqsApi::CheckedMessage> SqsApi::check_message(const Input& entry, const Queue& queue,
                                                        const Caller& caller) {
  const std::string_view body = entry.text("MessageBody");
  if (body.empty()) {
    return refuse("MissingParameter", "The request must contain the parameter MessageBody.");
  }
  if (!allowed_characters(body)) {
    return refuse("InvalidMessageContents",
                  "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 "
                  "to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF");
  }
  const auto delay = TRY(ranged(entry, "DelaySeconds", 0, kDelayMax));
  auto mark = TRY(check_fifo(entry, queue.settings().fifo));
  CheckedAttributes attributes = TRY(check_attributes(entry, caller.access_key_id));
  const std::size_t bytes = body.size() + attributes.bytes;
  if (static_cast<std::int64_t>(bytes) > queue.settings().message_size_max) {
    return refuse("InvalidParameterValue",
                  fmt::format("One or more parameters are invalid. Reason: Message must be shorter "
                              "than {} bytes.",
                              queue.settings().message_size_max));
  }
  CheckedMessage checked{.body_md5 = md5_hex(body),
                         .attributes_md5 = std::move(attributes.md5),
                         .system_md5 = std::move(attributes.system_md5),
                         .bytes = bytes};
  checked.message.body = body;
  checked.message.attributes = std::move(attributes.text);
  checked.message.fifo = std::move(mark);
  if (delay && !queue.fifo()) {
    checked.message.delay = std::chrono::seconds(*delay);
  }
  return checked;
}

void SqsApi::send(Queue& queue, CheckedMessage message, json::Writer& writer) {
  const std::shared_ptr<const world::FifoMark> mark = message.message.fifo;
  const std::uint64_t next = queue.next_sequence();
  const auto repeated = mark ? queue.repeated_send(*mark, world_.now()) : std::nullopt;
  writer
      .field("MessageId", repeated ? queue.message_id(*repeated)
                                   : world_.send(queue, std::move(message.message)))
      .field("MD5OfMessageBody", message.body_md5);
  if (mark) {
    writer.field("SequenceNumber", sequence_number(repeated.value_or(next)));
  }
  if (!message.attributes_md5.empty()) {
    writer.field("MD5OfMessageAttributes", message.attributes_md5);
  }
  if (!message.system_md5.empty()) {
    writer.field("MD5OfMessageSystemAttributes", message.system_md5);
  }
}

ApiAnswer SqsApi::send_message(const Input& input, const Caller& caller) {
  Queue* const queue = TRY(find_queue(input, caller));
  CheckedMessage message = TRY(check_message(input, *queue, caller));
  json::Writer writer;
  writer.begin_object();
  send(*queue, std::move(message), writer);
  writer.end_object();
  return std::move(writer).text();
}

namespace {

/// With its attributes, as AWS counts; those that are wrong are refused with their entry.
std::size_t size_of(const Input& entry) {
  const auto attributes = check_attributes(entry, "");
  return entry.text("MessageBody").size() + (attributes ? attributes->bytes : 0);
}

/// What one entry for a FIFO queue lacks refuses the whole batch.
ApiResult<void> check_all_fifo(const std::vector<Input>& entries,
                               const std::optional<world::FifoSettings>& settings) {
  for (const Input& entry : entries) {
    TRY(check_fifo(entry, settings));
  }
  return {};
}

}  // namespace

ApiAnswer SqsApi::send_message_batch(const Input& input, const Caller& caller) {
  static constexpr std::array<Field, 7> kFields{
      {kId,
       {"MessageBody", FieldKind::Text, Presence::Required},
       {"DelaySeconds", FieldKind::Integer},
       {"MessageAttributes", FieldKind::Any},
       {"MessageSystemAttributes", FieldKind::Any},
       {"MessageDeduplicationId"},
       {"MessageGroupId"}}};
  Queue* const queue = TRY(find_queue(input, caller));
  const std::vector<Input> entries = TRY(read_entries(input, "SendMessageBatch", kFields));
  std::size_t bytes = 0;
  for (const Input& entry : entries) {
    bytes += size_of(entry);
  }
  if (bytes > kBatchBytesMax) {
    return refuse("BatchRequestTooLong",
                  fmt::format("Batch requests cannot be longer than {} bytes. You have sent {} "
                              "bytes.",
                              kBatchBytesMax, bytes));
  }
  if (queue->fifo() != nullptr) {
    TRY(check_all_fifo(entries, queue->settings().fifo));
  }
  BatchAnswer answer;
  for (const Input& entry : entries) {
    auto message = check_message(entry, *queue, caller);
    if (message) {
      answer.succeed(entry.text("Id"));
      send(*queue, std::move(*message), answer.successful());
      answer.successful().end_object();
    } else {
      answer.fail(entry.text("Id"), message.error());
    }
  }
  return answer.text();
}

ApiResult<void> SqsApi::delete_one(Queue& queue, const Input& entry) {
  const std::string_view handle = entry.text("ReceiptHandle");
  const HandleOutcome outcome = world_.delete_message(queue, handle);
  // SQS answers success to a handle that is of no use any more.
  return outcome == HandleOutcome::Stale ? ApiResult<void>() : outcome_of(outcome, entry);
}

ApiAnswer SqsApi::delete_message(const Input& input, const Caller& caller) {
  Queue* const queue = TRY(find_queue(input, caller));
  TRY(delete_one(*queue, input));
  return "";
}

ApiAnswer SqsApi::delete_message_batch(const Input& input, const Caller& caller) {
  static constexpr std::array<Field, 2> kFields{kId, kHandle};
  Queue* const queue = TRY(find_queue(input, caller));
  BatchAnswer answer;
  for (const Input& entry : TRY(read_entries(input, "DeleteMessageBatch", kFields))) {
    if (const auto deleted = delete_one(*queue, entry); deleted) {
      answer.succeed(entry.text("Id")).end_object();
    } else {
      answer.fail(entry.text("Id"), deleted.error());
    }
  }
  return answer.text();
}

ApiResult<void> SqsApi::change_visibility_one(Queue& queue, const Input& entry) {
  const auto timeout = TRY(ranged(entry, "VisibilityTimeout", 0, kVisibilityMax));
  if (!timeout) {
    return refuse("MissingParameter", "The request must contain the parameter VisibilityTimeout.");
  }
  const std::string_view handle = entry.text("ReceiptHandle");
  return outcome_of(world_.change_visibility(queue, handle, std::chrono::seconds(*timeout)), entry);
}

ApiAnswer SqsApi::change_message_visibility(const Input& input, const Caller& caller) {
  Queue* const queue = TRY(find_queue(input, caller));
  TRY(change_visibility_one(*queue, input));
  return "";
}

ApiAnswer SqsApi::change_message_visibility_batch(const Input& input, const Caller& caller) {
  static constexpr std::array<Field, 3> kFields{kId, kHandle,
                                                Field{"VisibilityTimeout", FieldKind::Integer}};
  Queue* const queue = TRY(find_queue(input, caller));
  BatchAnswer answer;
  for (const Input& entry : TRY(read_entries(input, "ChangeMessageVisibilityBatch", kFields))) {
    if (const auto changed = change_visibility_one(*queue, entry); changed) {
      answer.succeed(entry.text("Id")).end_object();
    } else {
      answer.fail(entry.text("Id"), changed.error());
    }
  }
  return answer.text();
}

}  // namespace scaler::emulator
