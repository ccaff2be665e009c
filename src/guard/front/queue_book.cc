#include "guard/front/queue_book.h"

#include <algorithm>
#include <utility>

#include "edge/aws/error_table.h"
#include "ground/base/text.h"
#include "ground/json/members.h"
#include "ground/json/value.h"
#include "ground/json/writer.h"
#include "scaler/core/queue_names.h"

namespace scaler::guard {
namespace {

/// A change of the queue's settings is in force at SQS within a minute.
constexpr Duration kAskAgain = std::chrono::minutes(1);
/// A passing failure must not have messages held for hours.
constexpr Duration kAskAgainSoon = std::chrono::seconds(5);
constexpr Duration kSettingsPatience = std::chrono::seconds(2);

/// What is the same for each way to say the same queue.
std::string key_of(std::string_view queue_url, std::string_view region) {
  const Result<QueueAddress> queue = parse_queue_or_name(queue_url);
  if (!queue.has_value()) {
    return std::string(queue_url);
  }
  const std::string_view where = queue->region.empty() ? region : std::string_view(queue->region);
  return queue->account + "/" + queue->name + "@" + std::string(where);
}

/// The maxReceiveCount of a queue's RedrivePolicy, which is JSON within JSON.
int receives_max_in(const json::Value& attributes) {
  const Result<json::Value> value = json::parse(json::text_in(attributes, "RedrivePolicy"));
  return value.has_value() ? static_cast<int>(json::whole_in(*value, "maxReceiveCount").value_or(0))
                           : 0;
}

}  // namespace

bool QueueBook::is_guarded(const QueueCall& call) const {
  return only_.empty() || std::ranges::any_of(only_, [&call](const std::string& one) {
           const Result<QueueAddress> meant = parse_queue_or_name(one);
           const Result<QueueAddress> called = parse_queue_or_name(call.queue_url);
           if (!meant.has_value() || !called.has_value()) {
             return one == call.queue_url;
           }
           return meant->url.contains("://") && called->url.contains("://")
                      ? may_be_same(*meant, *called)
                      : meant->name == called->name;
         });
}

QueueBook::Entry& QueueBook::entry(const QueueCall& call) {
  const auto [found, is_new] =
      numbers_.try_emplace(key_of(call.queue_url, call.region), queues_.size());
  if (is_new) {
    auto entry = std::make_unique<Entry>();
    entry->number = found->second;
    entry->whereto = {.queue_url = call.queue_url, .region = call.region};
    entry->guarded = is_guarded(call);
    queues_.push_back(std::move(entry));
  }
  return *queues_[found->second];
}

const KnownQueue& QueueBook::find(const QueueCall& call) {
  return entry(call);
}

void QueueBook::with(const QueueCall& call, std::function<void(const KnownQueue&)> then) {
  Entry& entry = this->entry(call);
  const Deadline now = clock_.steady();
  const bool due = !entry.asked || now >= *entry.asked + (entry.failed ? kAskAgainSoon : kAskAgain);
  if (entry.guarded && due) {
    entry.asked = now;
    ask(entry);
  }
  if (entry.guarded && !entry.answered) {
    entry.waiting.push_back(std::move(then));
  } else {
    then(entry);
  }
}

void QueueBook::ask(Entry& entry) {
  json::Writer body;
  body.begin_object().field("QueueUrl", entry.whereto.queue_url);
  body.name("AttributeNames").begin_array();
  body.value("VisibilityTimeout").value("ReceiveMessageWaitTimeSeconds").value("RedrivePolicy");
  forwarder_.call("GetQueueAttributes", std::move(body.end_array().end_object()).text(),
                  entry.whereto, kSettingsPatience,
                  [this, alive = alive_, &entry](const Result<net::HttpResponse>& response) {
                    if (*alive) {
                      take(entry, response);
                    }
                  });
}

void QueueBook::take(Entry& entry, const Result<net::HttpResponse>& response) {
  const Result<json::Value> body =
      response.has_value() && response->status == 200
          ? json::parse(response->body)
          : Result<json::Value>(std::unexpected(
                response.has_value() ? Error{.message = aws::read_error(*response).code}
                                     : response.error()));
  entry.failed = fails_for_now(response);
  const json::Value* attributes = body.has_value() ? body->find("Attributes") : nullptr;
  if (attributes != nullptr) {
    entry.visibility =
        sqs_seconds(json::whole_in(*attributes, "VisibilityTimeout").value_or(12 * 3600));
    entry.wait =
        sqs_seconds(json::whole_in(*attributes, "ReceiveMessageWaitTimeSeconds").value_or(0));
    entry.receives_max = receives_max_in(*attributes);
  } else if (!std::exchange(entry.told, true)) {
    log_.write(LogLevel::Warn,
               "the queue's visibility timeout is not known: its messages are held for 12 hours, "
               "unless they are deleted or given back",
               {{"queue", entry.whereto.queue_url},
                {"reason", body.has_value() ? "no attributes" : body.error().message}});
  }
  if (entry.careful() && !std::exchange(entry.told, true)) {
    log_.write(LogLevel::Warn,
               "the queue gives up on a message after so few receives that it is unfit for "
               "workers that can be stopped: let maxReceiveCount be 3 at least; until then "
               "messages are only received while the task is protected",
               {{"queue", entry.whereto.queue_url}, {"maxReceiveCount", entry.receives_max}});
  }
  entry.answered = true;
  for (const auto& then : std::exchange(entry.waiting, {})) {
    then(entry);
  }
}

}  // namespace scaler::guard
