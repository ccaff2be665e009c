#include "emulator/sqs/sqs_api.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "emulator/sqs/sqs_attributes.h"
#include "ground/base/text.h"

namespace scaler::emulator {
namespace {

using world::Queue;

constexpr std::size_t kQueueNameMax = 80;
constexpr std::size_t kListDefault = 1000;
constexpr std::int64_t kTagsMax = 50;
constexpr std::size_t kTagKeyMax = 128;
constexpr std::size_t kTagValueMax = 256;
constexpr Duration kPurgePause = std::chrono::seconds(60);
constexpr Duration kRecreatePause = std::chrono::seconds(60);

/// The answer of an operation without output: no body at all.
ApiAnswer nothing() {
  return "";
}

constexpr std::string_view kFifoSuffix = ".fifo";

bool valid_queue_name(std::string_view name) {
  const bool short_enough = name.size() <= kQueueNameMax;
  if (name.ends_with(kFifoSuffix)) {
    name.remove_suffix(kFifoSuffix.size());
  }
  return short_enough && !name.empty() && std::ranges::all_of(name, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '-' || c == '_';
         });
}

ApiResult<void> check_queue_name(std::string_view name, bool fifo) {
  if (valid_queue_name(name) && name.ends_with(kFifoSuffix) == fifo) {
    return {};
  }
  return refuse("InvalidParameterValue",
                fifo ? "The name of a FIFO queue can only include alphanumeric characters, "
                       "hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in "
                       "length."
                     : "Can only include alphanumeric characters, hyphens, or underscores. 1 to "
                       "80 in length");
}

/// Whether a CreateQueue is for a FIFO queue.
bool wants_fifo(const Input& input) {
  return std::ranges::any_of(input.text_map("Attributes"), [](const auto& attribute) {
    return attribute.first == "FifoQueue" && lower_case(attribute.second) == "true";
  });
}

using TagList = std::vector<std::pair<std::string_view, std::string_view>>;

ApiResult<void> check_tags(const TagList& tags) {
  for (const auto& [key, value] : tags) {
    if (key.empty() || key.size() > kTagKeyMax || value.size() > kTagValueMax ||
        key.starts_with("aws:")) {
      return refuse("InvalidParameterValue",
                    fmt::format("The tag '{}' is invalid: keys have 1 to 128 characters and do "
                                "not begin with 'aws:', values have up to 256.",
                                key));
    }
  }
  return {};
}

constexpr std::string_view kNoQueue = "The specified queue does not exist.";

/// A queue within a region.
struct AddressedQueue {
  std::string_view account = {};
  std::string_view name = {};
};

/// Account and name in "http://host/000000000000/name". Any host will do, as with AWS; so does the
/// name alone, of a queue of the caller.
ApiResult<AddressedQueue> read_url(std::string_view url, const Caller& caller) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos && valid_queue_name(url)) {
    return AddressedQueue{.account = caller.account, .name = url};
  }
  if (scheme == std::string_view::npos) {
    return refuse("InvalidAddress",
                  fmt::format("The address {} is not valid for this endpoint.", url), 404);
  }
  const std::vector<std::string_view> parts = split(url.substr(scheme + 3), "/");
  if (parts.size() != 3) {
    return refuse("QueueDoesNotExist", std::string(kNoQueue));
  }
  return AddressedQueue{.account = parts[1], .name = parts[2]};
}

}  // namespace

SqsApi::SqsApi(world::World& world, std::string endpoint, std::string home_region)
    : world_(world),
      endpoint_(std::move(endpoint)),
      places_(std::move(home_region)),
      moves_(world) {}

std::string SqsApi::queue_url(std::string_view world_name) const {
  return fmt::format("{}/{}/{}", endpoint_, places_.place_of(world_name).account,
                     own_name(world_name));
}

std::string SqsApi::queue_url(std::string_view world_name, const Caller& caller) const {
  return caller.host.empty()
             ? queue_url(world_name)
             : fmt::format("http://{}/{}/{}", caller.host, places_.place_of(world_name).account,
                           own_name(world_name));
}

std::string_view SqsApi::query_code(std::string_view code) {
  using Codes = std::pair<std::string_view, std::string_view>;
  static constexpr std::array<Codes, 11> kCodes{{
      {"BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"},
      {"BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"},
      {"EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"},
      {"InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"},
      {"MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"},
      {"PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress"},
      {"QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"},
      {"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"},
      {"QueueNameExists", "QueueAlreadyExists"},
      {"TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"},
      {"UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"},
  }};
  const auto* const found = std::ranges::find(kCodes, code, &Codes::first);
  return found == kCodes.end() ? code : found->second;
}

const std::unordered_map<std::string_view, SqsApi::Operation>& SqsApi::operations() {
  using enum FieldKind;
  constexpr auto kNeeded = Presence::Required;
  constexpr Field kUrl{"QueueUrl", Text, kNeeded};
  constexpr Field kEntries{"Entries", Objects, kNeeded};
  static const std::unordered_map<std::string_view, Operation> table{
      {"CreateQueue",
       {{{"QueueName", Text, kNeeded}, {"Attributes", TextMap}, {"tags", TextMap}},
        &SqsApi::create_queue}},
      {"DeleteQueue", {{kUrl}, &SqsApi::delete_queue}},
      {"GetQueueUrl",
       {{{"QueueName", Text, kNeeded}, {"QueueOwnerAWSAccountId"}}, &SqsApi::get_queue_url}},
      {"ListQueues",
       {{{"QueueNamePrefix"}, {"NextToken"}, {"MaxResults", Integer}}, &SqsApi::list_queues}},
      {"ListDeadLetterSourceQueues",
       {{kUrl, {"NextToken"}, {"MaxResults", Integer}}, &SqsApi::list_dead_letter_sources}},
      {"GetQueueAttributes", {{kUrl, {"AttributeNames", Texts}}, &SqsApi::get_queue_attributes}},
      {"SetQueueAttributes",
       {{kUrl, {"Attributes", TextMap, kNeeded}}, &SqsApi::set_queue_attributes}},
      {"AddPermission",
       {{kUrl,
         {"Label", Text, kNeeded},
         {"AWSAccountIds", Texts, kNeeded},
         {"Actions", Texts, kNeeded}},
        &SqsApi::add_permission}},
      {"RemovePermission", {{kUrl, {"Label", Text, kNeeded}}, &SqsApi::remove_permission}},
      {"PurgeQueue", {{kUrl}, &SqsApi::purge_queue}},
      {"TagQueue", {{kUrl, {"Tags", TextMap, kNeeded}}, &SqsApi::tag_queue}},
      {"UntagQueue", {{kUrl, {"TagKeys", Texts, kNeeded}}, &SqsApi::untag_queue}},
      {"ListQueueTags", {{kUrl}, &SqsApi::list_queue_tags}},
      {"SendMessage",
       {{kUrl,
         {"MessageBody", Text, kNeeded},
         {"DelaySeconds", Integer},
         {"MessageAttributes", Any},
         {"MessageSystemAttributes", Any},
         {"MessageDeduplicationId"},
         {"MessageGroupId"}},
        &SqsApi::send_message}},
      {"SendMessageBatch", {{kUrl, kEntries}, &SqsApi::send_message_batch}},
      {"ReceiveMessage",
       {{kUrl,
         {"AttributeNames", Texts},
         {"MessageSystemAttributeNames", Texts},
         {"MessageAttributeNames", Texts},
         {"MaxNumberOfMessages", Integer},
         {"VisibilityTimeout", Integer},
         {"WaitTimeSeconds", Integer},
         {"ReceiveRequestAttemptId"}},
        nullptr}},
      {"DeleteMessage", {{kUrl, {"ReceiptHandle", Text, kNeeded}}, &SqsApi::delete_message}},
      {"DeleteMessageBatch", {{kUrl, kEntries}, &SqsApi::delete_message_batch}},
      {"ChangeMessageVisibility",
       {{kUrl, {"ReceiptHandle", Text, kNeeded}, {"VisibilityTimeout", Integer, kNeeded}},
        &SqsApi::change_message_visibility}},
      {"ChangeMessageVisibilityBatch",
       {{kUrl, kEntries}, &SqsApi::change_message_visibility_batch}},
      {"StartMessageMoveTask",
       {{{"SourceArn", Text, kNeeded},
         {"DestinationArn"},
         {"MaxNumberOfMessagesPerSecond", Integer}},
        &SqsApi::start_message_move}},
      {"ListMessageMoveTasks",
       {{{"SourceArn", Text, kNeeded}, {"MaxResults", Integer}}, &SqsApi::list_message_moves}},
      {"CancelMessageMoveTask", {{{"TaskHandle", Text, kNeeded}}, &SqsApi::cancel_message_move}},
  };
  return table;
}

void SqsApi::handle(const JsonCall& call, const ApiReply& reply) {
  const auto operation = operations().find(call.operation);
  if (operation == operations().end()) {
    return reply(refuse("UnknownOperationException",
                        fmt::format("SQS has no operation {}.", call.operation)));
  }
  const auto input = Input::read(call.body, operation->second.fields, "MissingParameter");
  if (!input) {
    return reply(std::unexpected(input.error()));
  }
  if (operation->second.method == nullptr) {
    return receive_message(*input, call, reply);
  }
  reply((this->*operation->second.method)(*input, call.caller));
}

ApiResult<Queue*> SqsApi::find_queue(const Input& input, const Caller& caller) {
  const AddressedQueue wanted = TRY(read_url(input.text("QueueUrl"), caller));
  Queue* const queue =
      world_.find_queue(places_.world_name(wanted.account, caller.region, wanted.name));
  if (queue == nullptr) {
    return no_such_queue(wanted.name, wanted.account, caller);
  }
  return queue;
}

Queue* SqsApi::find_by_arn(std::string_view arn, const Caller& caller) {
  const auto place = WorldPlaces::of_queue_arn(arn);
  return place && place->is_of(caller)
             ? world_.find_queue(places_.world_name(place->account, place->region, place->name))
             : nullptr;
}

/// A wrong region is the usual reason.
std::unexpected<ApiError> SqsApi::no_such_queue(std::string_view name, std::string_view account,
                                                const Caller& caller) const {
  const auto elsewhere = std::ranges::find_if(
      world_.queues(), [&](const auto& queue) { return own_name(queue.first) == name; });
  if (elsewhere == world_.queues().end()) {
    return refuse("QueueDoesNotExist", std::string(kNoQueue));
  }
  return refuse("QueueDoesNotExist",
                std::string(kNoQueue) + places_.note(elsewhere->first, account, caller.region));
}

ApiAnswer SqsApi::create_queue(const Input& input, const Caller& caller) {
  const std::string_view name = input.text("QueueName");
  const bool fifo = wants_fifo(input);
  TRY(check_queue_name(name, fifo));
  const auto tags = input.text_map("tags");
  if (std::ssize(tags) > kTagsMax) {
    return refuse("InvalidParameterValue", "Too many tags added for queue.");
  }
  TRY(check_tags(tags));
  const std::string world_name = places_.world_name(caller.account, caller.region, name);
  Queue* queue = world_.find_queue(world_name);
  // Attributes that a repeated call does not name may differ.
  world::QueueSettings base = queue == nullptr ? world::QueueSettings{} : queue->settings();
  if (queue == nullptr && fifo) {
    base.fifo.emplace();
  }
  world::QueueSettings settings = TRY(change_settings(
      base, input, queue, [&](std::string_view arn) { return find_by_arn(arn, caller); }));
  if (queue == nullptr) {
    const auto deleted = deleted_at_.find(world_name);
    if (deleted != deleted_at_.end() && world_.now() < deleted->second + kRecreatePause) {
      return refuse("QueueDeletedRecently",
                    "You must wait 60 seconds after deleting a queue before you can create "
                    "another with the same name.");
    }
    queue = &world_.create_queue(world_name, std::move(settings));
    for (const auto& [key, value] : tags) {
      queue->set_tag(key, value);
    }
  } else if (const auto attribute = different_attribute(settings, base); !attribute.empty()) {
    return refuse("QueueNameExists",
                  fmt::format("A queue already exists with the same name and a different value "
                              "for attribute {}",
                              attribute));
  }
  json::Writer writer;
  writer.begin_object().field("QueueUrl", queue_url(world_name, caller)).end_object();
  return std::move(writer).text();
}

ApiAnswer SqsApi::delete_queue(const Input& input, const Caller& caller) {
  const Queue* const queue = TRY(find_queue(input, caller));
  const std::string name = queue->name();
  world_.delete_queue(name);
  deleted_at_[name] = world_.now();
  purged_at_.erase(name);
  return nothing();
}

ApiAnswer SqsApi::get_queue_url(const Input& input, const Caller& caller) {
  const std::string_view owner = input.text("QueueOwnerAWSAccountId");
  const std::string_view name = input.text("QueueName");
  const std::string_view account = owner.empty() ? std::string_view(caller.account) : owner;
  const std::string world_name = places_.world_name(account, caller.region, name);
  if (world_.find_queue(world_name) == nullptr) {
    return no_such_queue(name, account, caller);
  }
  json::Writer writer;
  writer.begin_object().field("QueueUrl", queue_url(world_name, caller)).end_object();
  return std::move(writer).text();
}

ApiAnswer SqsApi::list_queues(const Input& input, const Caller& caller) {
  const std::string_view prefix = input.text("QueueNamePrefix");
  return list_page(input, caller, "QueueUrls",
                   [&](const Queue& queue) { return own_name(queue.name()).starts_with(prefix); });
}

ApiAnswer SqsApi::list_dead_letter_sources(const Input& input, const Caller& caller) {
  const Queue* const target = TRY(find_queue(input, caller));
  return list_page(input, caller, "queueUrls", [&](const Queue& queue) {
    const auto& redrive = queue.settings().redrive;
    return redrive && redrive->dead_letter_queue == target->name();
  });
}

ApiAnswer SqsApi::list_page(const Input& input, const Caller& caller, std::string_view list_name,
                            const std::function<bool(const Queue&)>& belongs) {
  const auto limit = input.integer("MaxResults");
  if (limit && (*limit < 1 || *limit > 1000)) {
    return refuse("InvalidParameterValue",
                  fmt::format("Value {} for parameter MaxResults is invalid. Reason: Must be "
                              "between 1 and 1000, if provided.",
                              *limit));
  }
  const std::size_t size = limit ? static_cast<std::size_t>(*limit) : kListDefault;
  const std::string_view token = input.text("NextToken");
  if (!token.empty() && !valid_queue_name(token)) {
    return refuse("InvalidParameterValue", "Invalid or expired next token.");
  }
  // The token is the name of the last queue of the page before.
  std::vector<std::string_view> names;
  const auto is_next = [&](const auto& queue) {
    return places_.place_of(queue.first).is_of(caller) && belongs(*queue.second);
  };
  auto at = world_.queues().upper_bound(
      token.empty() ? "" : places_.world_name(caller.account, caller.region, token));
  for (; at != world_.queues().end() && names.size() < size; ++at) {
    if (is_next(*at)) {
      names.push_back(at->first);
    }
  }
  const bool more = std::any_of(at, world_.queues().end(), is_next);
  json::Writer writer;
  writer.begin_object();
  // AWS leaves an empty QueueUrls out, but not the dead-letter queue's list.
  if (!names.empty() || list_name == "queueUrls") {
    writer.name(list_name).begin_array();
    for (const std::string_view name : names) {
      writer.value(queue_url(name, caller));
    }
    writer.end_array();
  }
  if (more && limit) {
    writer.field("NextToken", own_name(names.back()));
  }
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer SqsApi::get_queue_attributes(const Input& input, const Caller& caller) {
  Queue* const queue = TRY(find_queue(input, caller));
  const auto names = input.texts("AttributeNames");
  if (names.empty()) {
    return "{}";
  }
  json::Writer writer;
  writer.begin_object().name("Attributes");
  TRY(write_attributes(writer, *queue, names, places_, world_.now()));
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer SqsApi::set_queue_attributes(const Input& input, const Caller& caller) {
  Queue* const queue = TRY(find_queue(input, caller));
  if (input.text_map("Attributes").empty()) {
    return refuse("MissingParameter", "The request must contain the parameter Attribute.Name.");
  }
  queue->change_settings(
      TRY(change_settings(queue->settings(), input, queue,
                          [&](std::string_view arn) { return find_by_arn(arn, caller); })),
      world_.now());
  return nothing();
}

ApiAnswer SqsApi::purge_queue(const Input& input, const Caller& caller) {
  Queue* const queue = TRY(find_queue(input, caller));
  const auto purged = purged_at_.find(queue->name());
  if (purged != purged_at_.end() && world_.now() < purged->second + kPurgePause) {
    return refuse("PurgeQueueInProgress",
                  fmt::format("Only one PurgeQueue operation on {} is allowed every 60 seconds.",
                              own_name(queue->name())),
                  403);
  }
  purged_at_[queue->name()] = world_.now();
  world_.purge(*queue);
  return nothing();
}

ApiAnswer SqsApi::tag_queue(const Input& input, const Caller& caller) {
  Queue* const queue = TRY(find_queue(input, caller));
  if (input.text_map("Tags").empty()) {
    return refuse("MissingParameter", "The request must contain the parameter Tags.");
  }
  auto tags = queue->tags();
  TRY(check_tags(input.text_map("Tags")));
  for (const auto& [key, value] : input.text_map("Tags")) {
    tags[std::string(key)] = value;
  }
  if (std::ssize(tags) > kTagsMax) {
    return refuse("InvalidParameterValue",
                  fmt::format("Too many tags added for queue {}.", own_name(queue->name())));
  }
  for (const auto& [key, value] : input.text_map("Tags")) {
    queue->set_tag(key, value);
  }
  return nothing();
}

ApiAnswer SqsApi::untag_queue(const Input& input, const Caller& caller) {
  Queue* const queue = TRY(find_queue(input, caller));
  const auto keys = input.texts("TagKeys");
  if (keys.empty() || std::ranges::any_of(keys, [](std::string_view key) {
        return key.empty() || key.size() > kTagKeyMax;
      })) {
    return refuse("InvalidParameterValue",
                  "Tag keys must be between 1 and 128 characters in length.");
  }
  for (const std::string_view key : keys) {
    queue->remove_tag(key);
  }
  return nothing();
}

ApiAnswer SqsApi::list_queue_tags(const Input& input, const Caller& caller) {
  const Queue* const queue = TRY(find_queue(input, caller));
  json::Writer writer;
  writer.begin_object();
  if (!queue->tags().empty()) {
    writer.name("Tags").begin_object();
    for (const auto& [key, value] : queue->tags()) {
      writer.field(key, value);
    }
    writer.end_object();
  }
  writer.end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
