#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "emulator/md5.h"
#include "emulator/message_attributes.h"
#include "emulator/sqs_api.h"

// The part of SqsApi that deals with messages.

namespace scaler::emulator {
namespace {

using world::HandleOutcome;
using world::Queue;
using world::ReceivedMessage;

constexpr std::int64_t kBatchMax = 10;
constexpr std::size_t kBatchBytesMax = 1024 * 1024;
constexpr std::size_t kEntryIdMax = 80;
constexpr std::int64_t kInFlightMax = 120'000;
constexpr std::int64_t kDelayMax = 900;
constexpr std::int64_t kVisibilityMax = 43'200;
constexpr std::int64_t kWaitMax = 20;

constexpr std::array<std::string_view, 9> kSystemNames{"All",
                                                       "ApproximateFirstReceiveTimestamp",
                                                       "ApproximateReceiveCount",
                                                       "AWSTraceHeader",
                                                       "MessageDeduplicationId",
                                                       "MessageGroupId",
                                                       "SenderId",
                                                       "SentTimestamp",
                                                       "SequenceNumber"};

std::unexpected<ApiError> out_of_range(std::string_view name, std::int64_t value, std::int64_t min,
                                       std::int64_t max) {
  return refuse("InvalidParameterValue",
                fmt::format("Value {} for parameter {} is invalid. Reason: Must be between {} and "
                            "{}, if provided.",
                            value, name, min, max));
}

ApiResult<std::optional<std::int64_t>> ranged(const Input& input, std::string_view name,
                                              std::int64_t min, std::int64_t max) {
  const auto value = input.integer(name);
  if (value && (*value < min || *value > max)) {
    return out_of_range(name, *value, min, max);
  }
  return value;
}

/// Takes one UTF-8 character off the front. The JSON parser has checked the encoding.
std::uint32_t take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  std::uint32_t character = length == 1 ? lead : lead & (0x7fU >> length);
  for (const char c : text.substr(1, length - 1)) {
    character = (character << 6U) | (static_cast<unsigned char>(c) & 0x3fU);
  }
  text.remove_prefix(std::min(length, text.size()));
  return character;
}

/// XML 1.0's characters, which are all that SQS takes.
bool allowed_characters(std::string_view text) {
  while (!text.empty()) {
    const std::uint32_t c = take_character(text);
    const bool allowed = c == 0x9 || c == 0xa || c == 0xd || (c >= 0x20 && c <= 0xd7ff) ||
                         (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
    if (!allowed) {
      return false;
    }
  }
  return true;
}

bool valid_entry_id(std::string_view id) {
  return !id.empty() && id.size() <= kEntryIdMax && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

/// The entries of a batch with their ids checked.
ApiResult<std::vector<Input>> read_entries(const Input& input, std::span<const Field> fields) {
  const json::Array& entries = input.objects("Entries");
  if (entries.empty()) {
    return refuse("EmptyBatchRequest", "There should be at least one entry in the request.");
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

ApiResult<void> outcome_of(HandleOutcome outcome, std::string_view handle) {
  switch (outcome) {
    case HandleOutcome::Done:
      return {};
    case HandleOutcome::Stale:
      return refuse("MessageNotInflight",
                    fmt::format("Value {} for parameter ReceiptHandle is invalid. Reason: Message "
                                "does not exist or is not available for visibility timeout change.",
                                handle));
    case HandleOutcome::Invalid:
      return refuse(
          "ReceiptHandleIsInvalid",
          fmt::format("The input receipt handle \"{}\" is not a valid receipt handle.", handle));
    case HandleOutcome::TooLong:
      return refuse("InvalidParameterValue",
                    "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]");
  }
  std::unreachable();
}

std::vector<std::string> copied(const std::vector<std::string_view>& names) {
  return {names.begin(), names.end()};
}

std::int64_t milliseconds(Instant instant) {
  return instant.time_since_epoch().count();
}

/// Writes one received message, with what was asked for of its attributes.
class MessageWriter {
 public:
  MessageWriter(json::Writer& writer, std::vector<std::string_view> system_names,
                std::vector<std::string_view> attribute_names)
      : writer_(&writer),
        system_names_(std::move(system_names)),
        attribute_names_(std::move(attribute_names)) {}

  void write(const ReceivedMessage& message) const {
    writer_->begin_object()
        .field("MessageId", message.id)
        .field("ReceiptHandle", message.receipt_handle)
        .field("MD5OfBody", md5_hex(message.body))
        .field("Body", message.body);
    if (!system_names_.empty() || !attribute_names_.empty()) {
      const Result<json::Value> carried = json::parse(message.attributes);
      // Our own text, or that of a sender inside the process, who may attach nothing.
      const json::Value none{json::Object{}};
      write_system(message, carried ? *carried : none);
      write_attributes(carried ? *carried : none);
    }
    writer_->end_object();
  }

 private:
  bool wants(std::string_view name) const {
    return listed(system_names_, "All") || listed(system_names_, name);
  }

  void write_carried(std::string_view name, const json::Value* value) const {
    const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(&value->data());
    if (text != nullptr && wants(name)) {
      writer_->field(name, *text);
    }
  }

  void write_number(std::string_view name, std::int64_t value) const {
    if (wants(name)) {
      writer_->field(name, std::to_string(value));
    }
  }

  void write_system(const ReceivedMessage& message, const json::Value& carried) const {
    if (system_names_.empty()) {
      return;
    }
    writer_->name("Attributes").begin_object();
    write_carried("SenderId", carried.find("sender"));
    write_carried("AWSTraceHeader", carried.find("trace"));
    write_carried("MessageGroupId", carried.find("group"));
    write_number("SentTimestamp", milliseconds(message.sent_at));
    write_number("ApproximateReceiveCount", message.receive_count);
    write_number("ApproximateFirstReceiveTimestamp", milliseconds(message.first_received_at));
    writer_->end_object();
  }

  void write_attributes(const json::Value& carried) const {
    const json::Value* const attributes = carried.find("attributes");
    const auto* all =
        attributes == nullptr ? nullptr : std::get_if<json::Object>(&attributes->data());
    json::Object wanted;
    if (all != nullptr) {
      std::ranges::copy_if(*all, std::back_inserter(wanted), [&](const auto& attribute) {
        return asked_for(attribute.first, attribute_names_);
      });
    }
    if (!wanted.empty()) {
      writer_->field("MD5OfMessageAttributes", attributes_md5(wanted));
      writer_->name("MessageAttributes").value(json::Value(std::move(wanted)));
    }
  }

  json::Writer* writer_;
  std::vector<std::string_view> system_names_;
  std::vector<std::string_view> attribute_names_;
};

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
  if (delay) {
    checked.message.delay = std::chrono::seconds(*delay);
  }
  return checked;
}

void SqsApi::send(Queue& queue, CheckedMessage message, json::Writer& writer) {
  writer.field("MessageId", world_.send(queue, std::move(message.message)))
      .field("MD5OfMessageBody", message.body_md5);
  if (!message.attributes_md5.empty()) {
    writer.field("MD5OfMessageAttributes", message.attributes_md5);
  }
  if (!message.system_md5.empty()) {
    writer.field("MD5OfMessageSystemAttributes", message.system_md5);
  }
}

ApiAnswer SqsApi::send_message(const Input& input, const Caller& caller) {
  Queue* const queue = TRY(find_queue(input));
  CheckedMessage message = TRY(check_message(input, *queue, caller));
  json::Writer writer;
  writer.begin_object();
  send(*queue, std::move(message), writer);
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer SqsApi::send_message_batch(const Input& input, const Caller& caller) {
  static constexpr std::array<Field, 7> kFields{
      {kId,
       {"MessageBody", FieldKind::Text, Presence::Required},
       {"DelaySeconds", FieldKind::Integer},
       {"MessageAttributes", FieldKind::Any},
       {"MessageSystemAttributes", FieldKind::Any},
       {"MessageDeduplicationId"},
       {"MessageGroupId"}}};
  Queue* const queue = TRY(find_queue(input));
  const std::vector<Input> entries = TRY(read_entries(input, kFields));
  std::size_t bytes = 0;
  for (const Input& entry : entries) {
    bytes += entry.text("MessageBody").size();
  }
  if (bytes > kBatchBytesMax) {
    return refuse("BatchRequestTooLong",
                  fmt::format("Batch requests cannot be longer than {} bytes. You have sent {} "
                              "bytes.",
                              kBatchBytesMax, bytes));
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
  return outcome == HandleOutcome::Stale ? ApiResult<void>() : outcome_of(outcome, handle);
}

ApiAnswer SqsApi::delete_message(const Input& input, const Caller&) {
  Queue* const queue = TRY(find_queue(input));
  TRY(delete_one(*queue, input));
  return "";
}

ApiAnswer SqsApi::delete_message_batch(const Input& input, const Caller&) {
  static constexpr std::array<Field, 2> kFields{kId, kHandle};
  Queue* const queue = TRY(find_queue(input));
  BatchAnswer answer;
  for (const Input& entry : TRY(read_entries(input, kFields))) {
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
  return outcome_of(world_.change_visibility(queue, handle, std::chrono::seconds(*timeout)),
                    handle);
}

ApiAnswer SqsApi::change_message_visibility(const Input& input, const Caller&) {
  Queue* const queue = TRY(find_queue(input));
  TRY(change_visibility_one(*queue, input));
  return "";
}

ApiAnswer SqsApi::change_message_visibility_batch(const Input& input, const Caller&) {
  static constexpr std::array<Field, 3> kFields{kId, kHandle,
                                                Field{"VisibilityTimeout", FieldKind::Integer}};
  Queue* const queue = TRY(find_queue(input));
  BatchAnswer answer;
  for (const Input& entry : TRY(read_entries(input, kFields))) {
    if (const auto changed = change_visibility_one(*queue, entry); changed) {
      answer.succeed(entry.text("Id")).end_object();
    } else {
      answer.fail(entry.text("Id"), changed.error());
    }
  }
  return answer.text();
}

ApiResult<SqsApi::Receive> SqsApi::read_receive(const Input& input) {
  const Queue* const queue = TRY(find_queue(input));
  if (input.has("ReceiveRequestAttemptId")) {
    return refuse("InvalidParameterValue",
                  "The request includes a parameter that is not valid for this queue type: "
                  "ReceiveRequestAttemptId.");
  }
  Receive receive{.queue = queue->name()};
  receive.request.messages_max =
      TRY(ranged(input, "MaxNumberOfMessages", 1, kBatchMax)).value_or(1);
  if (const auto timeout = TRY(ranged(input, "VisibilityTimeout", 0, kVisibilityMax))) {
    receive.request.visibility_timeout = std::chrono::seconds(*timeout);
  }
  const auto wait = TRY(ranged(input, "WaitTimeSeconds", 0, kWaitMax));
  receive.deadline =
      world_.now() + (wait ? std::chrono::seconds(*wait) : queue->settings().receive_wait);
  receive.system_names = copied(input.texts("MessageSystemAttributeNames"));
  for (const std::string_view name : input.texts("AttributeNames")) {
    receive.system_names.emplace_back(name);
  }
  for (const std::string& name : receive.system_names) {
    if (!listed(kSystemNames, name)) {
      return refuse("InvalidAttributeName", fmt::format("Unknown Attribute {}.", name));
    }
  }
  receive.attribute_names = copied(input.texts("MessageAttributeNames"));
  return receive;
}

void SqsApi::receive_message(const Input& input, const ApiReply& reply) {
  auto receive = read_receive(input);
  if (!receive) {
    return reply(std::unexpected(std::move(receive).error()));
  }
  if (auto answer = try_receive(*receive)) {
    return reply(std::move(*answer));
  }
  receive->reply = reply;
  waiting_.push_back(std::move(*receive));
}

std::optional<ApiAnswer> SqsApi::try_receive(const Receive& receive) {
  Queue* const queue = world_.find_queue(receive.queue);
  if (queue == nullptr) {
    return refuse("QueueDoesNotExist", "The specified queue does not exist.");
  }
  if (queue->depth().in_flight >= kInFlightMax) {
    return refuse("OverLimit", "Too many messages in flight.", 403);
  }
  const auto messages = world_.receive(*queue, receive.request);
  if (messages.empty()) {
    return world_.now() < receive.deadline ? std::nullopt : std::optional(ApiAnswer("{}"));
  }
  json::Writer writer;
  const MessageWriter message_writer(
      writer, {receive.system_names.begin(), receive.system_names.end()},
      {receive.attribute_names.begin(), receive.attribute_names.end()});
  writer.begin_object().name("Messages").begin_array();
  for (const ReceivedMessage& message : messages) {
    message_writer.write(message);
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

void SqsApi::serve_waiting() {
  for (auto receive = waiting_.begin(); receive != waiting_.end();) {
    auto answer = try_receive(*receive);
    if (!answer) {
      ++receive;
      continue;
    }
    const ApiReply reply = std::move(receive->reply);
    receive = waiting_.erase(receive);
    reply(std::move(*answer));
  }
}

std::optional<Instant> SqsApi::next_deadline() const {
  const auto first = std::ranges::min_element(waiting_, {}, &Receive::deadline);
  return first == waiting_.end() ? std::nullopt : std::optional(first->deadline);
}

}  // namespace scaler::emulator
