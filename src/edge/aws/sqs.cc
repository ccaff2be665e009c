#include "edge/aws/sqs.h"

#include <algorithm>
#include <array>
#include <utility>

#include "edge/aws/error_table.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"

namespace scaler::aws {
namespace {

constexpr std::size_t kEntriesPerRequest = 10;

ApiCall sqs_call(std::string operation, const std::string& queue_url, std::string body) {
  return {.service = AwsService::Sqs,
          .queue_url = queue_url,
          .operation = std::move(operation),
          .subject = queue_url,
          .body = std::move(body)};
}

/// SQS sends its numbers as strings.
Result<std::int64_t> read_number(const json::Reader& attributes, std::string_view name) {
  const json::Reader field = TRY(attributes.field(name));
  if (const auto* number = std::get_if<std::int64_t>(&field.value().data());
      number && *number >= 0) {
    return *number;
  }
  const std::string text = TRY(field.string());
  const auto number = number_of<std::int64_t>(text);
  if (!number || *number < 0) {
    return fail(ErrorKind::Malformed, field.path() + ": '" + shortened(text) + "' is not a count");
  }
  return *number;
}

/// The body of a batch request: `write_entry(writer, i)` writes what follows the entry's id.
template <typename WriteEntry>
std::string batch_body(const std::string& queue_url, std::size_t first, std::size_t end,
                       const WriteEntry& write_entry) {
  json::Writer body;
  body.begin_object().field("QueueUrl", queue_url).name("Entries").begin_array();
  for (std::size_t i = first; i < end; ++i) {
    body.begin_object().field("Id", std::to_string(i));
    write_entry(body, i);
    body.end_object();
  }
  body.end_array().end_object();
  return std::move(body).text();
}

/// "17" for an entry of this chunk.
Result<std::size_t> read_index(const json::Reader& entry, std::size_t first, std::size_t end) {
  const json::Reader id = TRY(entry.field("Id"));
  const std::string text = TRY(id.string());
  for (std::size_t i = first; i < end; ++i) {
    if (text == std::to_string(i)) {
      return i;
    }
  }
  return fail(ErrorKind::Malformed, id.path() + ": '" + shortened(text) + "' was not asked for");
}

struct Chunk {
  std::size_t first = 0;
  std::size_t end = 0;
};

/// Puts the error that an entry of "Failed" tells of into its result.
Result<void> read_failure(const json::Reader& entry, const std::string& what,
                          Result<std::string>& result) {
  const json::Reader code_field = TRY(entry.field("Code"));
  const std::string code = harmless(TRY(code_field.string()));
  const auto message = entry.optional_field("Message");
  const auto sender = entry.optional_field("SenderFault");
  const bool ours = !sender || sender->boolean().value_or(true);
  result = fail(classify(code, ours ? 400 : 500),
                what + ": " + code + (message ? ": " + harmless(TRY(message->string())) : ""));
  return {};
}

/// The reply to a batch request: results[i] for each entry of the chunk. HTTP status 200 says
/// nothing about the entries. An entry that the reply does not mention stays as it is.
Result<void> read_batch_reply(const json::Value& reply, const Chunk& chunk, const std::string& what,
                              std::vector<Result<std::string>>& results) {
  const json::Reader root(reply);
  if (const auto successful = root.optional_field("Successful")) {
    for (const json::Reader& entry : TRY(successful->items())) {
      const std::size_t index = TRY(read_index(entry, chunk.first, chunk.end));
      const auto message_id = entry.optional_field("MessageId");
      results[index] = message_id ? TRY(message_id->string()) : std::string();
    }
  }
  if (const auto failed = root.optional_field("Failed")) {
    for (const json::Reader& entry : TRY(failed->items())) {
      const std::size_t index = TRY(read_index(entry, chunk.first, chunk.end));
      TRY(read_failure(entry, what, results[index]));
    }
  }
  return {};
}

/// Sends `count` entries in chunks, side by side.
template <typename WriteEntry>
std::vector<Result<std::string>> run_batches(Client& client, const ApiCall& pattern,
                                             std::size_t count, Deadline deadline,
                                             const WriteEntry& write_entry) {
  const std::string what = "SQS " + pattern.operation + " " + pattern.subject;
  std::vector<Result<std::string>> results(
      count, fail(ErrorKind::Malformed, what + ": the reply does not mention this entry"));
  std::vector<Chunk> chunks;
  std::vector<ApiCall> calls;
  for (std::size_t first = 0; first < count; first += kEntriesPerRequest) {
    chunks.push_back({.first = first, .end = std::min(count, first + kEntriesPerRequest)});
    ApiCall call = pattern;
    call.body = batch_body(pattern.subject, first, chunks.back().end, write_entry);
    calls.push_back(std::move(call));
  }
  const std::vector<Result<ApiReply>> replies = client.call(calls, deadline);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    Result<void> read = {};
    if (replies[i].has_value()) {
      read = read_batch_reply(replies[i]->value, chunks[i], what, results);
    }
    for (std::size_t entry = chunks[i].first; entry < chunks[i].end; ++entry) {
      if (!replies[i].has_value()) {
        results[entry] = std::unexpected(replies[i].error());
      } else if (!read.has_value()) {
        results[entry] = fail(read.error(), what);
      }
    }
  }
  return results;
}

std::int64_t seconds_of(Duration duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration).count();
}

Result<Duration> read_visibility(const json::Reader& attributes) {
  constexpr std::int64_t kSecondsMax = 12 * 3600;
  constexpr std::string_view kName = "VisibilityTimeout";
  const std::int64_t seconds = TRY(read_number(attributes, kName));
  if (seconds > kSecondsMax) {
    return fail(ErrorKind::Malformed, attributes.path() + "." + std::string(kName) + ": " +
                                          std::to_string(seconds) + " s are more than 12 hours");
  }
  return std::chrono::seconds(seconds);
}

/// RedrivePolicy is JSON in a string; maxReceiveCount in it is a number or a string.
Result<void> read_redrive(const std::string& text, QueueSettings& settings) {
  const json::Value policy = TRY(json::parse(text));
  const json::Reader root(policy, "$.RedrivePolicy");
  const json::Reader target = TRY(root.field("deadLetterTargetArn"));
  settings.dead_letter_arn = TRY(target.string());
  settings.receives_max = TRY(read_number(root, "maxReceiveCount"));
  return {};
}

Result<QueueDepth> read_counts(const json::Reader& attributes) {
  QueueDepth depth;
  depth.visible = TRY(read_number(attributes, "ApproximateNumberOfMessages"));
  depth.in_flight = TRY(read_number(attributes, "ApproximateNumberOfMessagesNotVisible"));
  depth.delayed = TRY(read_number(attributes, "ApproximateNumberOfMessagesDelayed"));
  return depth;
}

Result<QueueDepth> read_depth_reply(const json::Value& reply) {
  const json::Reader attributes = TRY(json::Reader(reply).field("Attributes"));
  return read_counts(attributes);
}

Result<QueueSettings> read_settings_reply(const json::Value& reply) {
  const json::Reader attributes = TRY(json::Reader(reply).field("Attributes"));
  QueueSettings settings;
  const json::Reader arn = TRY(attributes.field("QueueArn"));
  settings.arn = TRY(arn.string());
  settings.visibility_timeout = TRY(read_visibility(attributes));
  if (const auto fifo = attributes.optional_field("FifoQueue")) {
    const Result<std::string> word = fifo->string();
    if (!word) {
      return std::unexpected(word.error());
    }
    settings.fifo = *word == "true";
  }
  if (const auto redrive = attributes.optional_field("RedrivePolicy")) {
    const std::string text = TRY(redrive->string());
    if (!text.empty()) {
      TRY(read_redrive(text, settings));
    }
  }
  if (attributes.optional_field("ApproximateNumberOfMessages")) {
    settings.depth = TRY(read_counts(attributes));
  }
  return settings;
}

}  // namespace

ApiCall queue_depth_call(const std::string& queue_url) {
  json::Writer body;
  body.begin_object().field("QueueUrl", queue_url).name("AttributeNames").begin_array();
  body.value("ApproximateNumberOfMessages");
  body.value("ApproximateNumberOfMessagesNotVisible");
  body.value("ApproximateNumberOfMessagesDelayed");
  body.end_array().end_object();
  return sqs_call("GetQueueAttributes", queue_url, std::move(body).text());
}

Result<QueueDepth> read_queue_depth(const Result<ApiReply>& reply, const std::string& queue_url) {
  if (!reply.has_value()) {
    return std::unexpected(reply.error());
  }
  Result<QueueDepth> depth = read_depth_reply(reply->value);
  if (!depth.has_value()) {
    return fail(std::move(depth).error(), "SQS GetQueueAttributes " + queue_url);
  }
  return depth;
}

ApiCall Sqs::call(std::string operation, const std::string& queue_url, std::string body) const {
  ApiCall call = sqs_call(std::move(operation), queue_url, std::move(body));
  call.role = role_;
  call.region = region_;
  return call;
}

std::vector<Result<QueueDepth>> Sqs::depths(std::span<const std::string> queue_urls,
                                            Deadline deadline) {
  std::vector<ApiCall> calls;
  calls.reserve(queue_urls.size());
  for (const std::string& url : queue_urls) {
    calls.push_back(queue_depth_call(url));
    calls.back().role = role_;
    calls.back().region = region_;
  }
  std::vector<Result<QueueDepth>> depths;
  depths.reserve(queue_urls.size());
  const std::vector<Result<ApiReply>> replies = client_->call(calls, deadline);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    depths.push_back(read_queue_depth(replies[i], queue_urls[i]));
  }
  return depths;
}

Result<QueueSettings> Sqs::settings(const std::string& queue_url, Deadline deadline) {
  // FifoQueue may only be asked of a FIFO queue; "All" is right for both kinds.
  json::Writer body;
  body.begin_object().field("QueueUrl", queue_url).name("AttributeNames").begin_array();
  body.value("All").end_array().end_object();
  const ApiReply reply =
      TRY(client_->call(call("GetQueueAttributes", queue_url, std::move(body).text()), deadline));
  Result<QueueSettings> settings = read_settings_reply(reply.value);
  if (!settings.has_value()) {
    return fail(std::move(settings).error(), "SQS GetQueueAttributes " + queue_url);
  }
  return settings;
}

std::vector<Result<std::string>> Sqs::send(const std::string& queue_url,
                                           std::span<const OutgoingMessage> messages,
                                           Deadline deadline) {
  ApiCall pattern = call("SendMessageBatch", queue_url, "");
  pattern.repeatable = false;
  return run_batches(*client_, pattern, messages.size(), deadline,
                     [messages](json::Writer& body, std::size_t i) {
                       body.field("MessageBody", messages[i].body);
                       if (messages[i].delay > Duration::zero()) {
                         body.field("DelaySeconds", seconds_of(messages[i].delay));
                       }
                     });
}

std::vector<Result<void>> Sqs::change_visibility(const std::string& queue_url,
                                                 std::span<const VisibilityChange> changes,
                                                 Deadline deadline) {
  std::vector<Result<void>> results;
  for (Result<std::string>&result :
       run_batches(*client_, call("ChangeMessageVisibilityBatch", queue_url, ""), changes.size(),
                   deadline, [changes](json::Writer& body, std::size_t i) {
                     body.field("ReceiptHandle", changes[i].receipt_handle);
                     body.field("VisibilityTimeout", seconds_of(changes[i].visibility));
                   })) {
    if (result.has_value()) {
      results.emplace_back();
    } else {
      results.emplace_back(std::unexpected(std::move(result).error()));
    }
  }
  return results;
}

}  // namespace scaler::aws
