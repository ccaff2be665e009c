#include "edge/aws/tagged_services.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "edge/aws/ecs.h"
#include "edge/aws/error_table.h"
#include "edge/aws/reply_fields.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/names.h"

namespace scaler::aws {
namespace {

constexpr std::int64_t kPageSize = 100;
/// More pages than any account's services fill: a server that repeats its token must not hold us.
constexpr std::size_t kTagPagesMax = 1000;

ApiCall page_call(const WantedTag& tag, const std::string& token, const SearchedPlace& place) {
  json::Writer body;
  body.begin_object();
  if (!token.empty()) {
    body.field("PaginationToken", token);
  }
  body.name("TagFilters").begin_array().begin_object().field("Key", tag.key);
  if (!tag.values.empty()) {
    body.name("Values").begin_array();
    for (const std::string& value : tag.values) {
      body.value(value);
    }
    body.end_array();
  }
  body.end_object().end_array();
  body.field("ResourcesPerPage", kPageSize);
  body.name("ResourceTypeFilters").begin_array().value("ecs:service").end_array().end_object();
  return {.service = AwsService::Tagging,
          .region = place.region,
          .operation = "GetResources",
          .subject = std::string(tag.key),
          .body = std::move(body).text(),
          .role = place.role};
}

constexpr std::string_view kGetResources = "Resource Groups Tagging GetResources: ";

Result<void> read_resource(const json::Reader& resource,
                           std::map<std::string, ServiceTags>& services) {
  const json::Reader arn = TRY(resource.field("ResourceARN"));
  ServiceTags& tags = services[TRY(arn.string())];
  if (const auto list = resource.optional_field("Tags")) {
    for (const json::Reader& tag : TRY(list->items())) {
      tags.insert_or_assign(TRY(text_or(tag, "Key")), TRY(text_or(tag, "Value")));
    }
  }
  return {};
}

/// Adds the services of a page; the token of the next one, empty after the last. A page may be
/// short, or empty, and not be the last. One that cannot be read hides none of its neighbours, but
/// as long as it stands there the search has an error: nobody is taken for gone.
Result<std::string> read_page(const json::Value& reply, ServiceDirectory::Found& found) {
  const json::Reader root(reply);
  const json::Reader list = TRY(root.field("ResourceTagMappingList"));
  for (const json::Reader& resource : TRY(list.items())) {
    if (const Result<void> read = read_resource(resource, found.services); !read) {
      found.error = Error{read.error().kind, std::string(kGetResources) + read.error().message};
    }
  }
  return text_or(root, "PaginationToken");
}

Result<ServiceTags> read_tags_of(const json::Reader& service) {
  const std::string status = TRY(text_or(service, "status"));
  if (status == "INACTIVE") {
    return fail(ErrorKind::NotFound, "INACTIVE");
  }
  ServiceTags tags;
  if (const auto list = service.optional_field("tags")) {
    for (const json::Reader& tag : TRY(list->items())) {
      tags.insert_or_assign(TRY(text_or(tag, "key")), TRY(text_or(tag, "value")));
    }
  }
  return tags;
}

/// The tags of one service in a reply about several.
Result<ServiceTags> find_tags(const json::Value& reply, const std::string& arn) {
  const json::Reader root(reply);
  for (const std::string_view list : {"services", "failures"}) {
    const auto field = root.optional_field(list);
    if (!field) {
      continue;
    }
    for (const json::Reader& item : TRY(field->items())) {
      const bool failure = list == "failures";
      if (text_or(item, failure ? "arn" : "serviceArn").value_or("") != arn) {
        continue;  // Also one that does not say who it is.
      }
      if (!failure) {
        return read_tags_of(item);
      }
      const std::string reason = harmless(TRY(text_or(item, "reason")));
      return fail(reason == "MISSING" ? ErrorKind::NotFound : ErrorKind::Rejected, reason);
    }
  }
  return fail(ErrorKind::Malformed, "the reply does not mention the service");
}

Result<ServiceTags> tags_in(const Result<ApiReply>& reply, const std::string& arn) {
  if (!reply) {
    return std::unexpected(reply.error());
  }
  Result<ServiceTags> tags = find_tags(reply->value, arn);
  if (!tags) {
    return fail(std::move(tags).error(), "ECS DescribeServices " + arn);
  }
  return tags;
}

/// Whether the reason for which a batch was refused may lie in one of its members.
bool may_be_of_a_member(ErrorKind kind) {
  return kind == ErrorKind::Denied || kind == ErrorKind::Rejected || kind == ErrorKind::NotFound;
}

/// Services that are asked for in one call, and where they stand in the list.
struct Batch {
  std::vector<ServiceId> ids = {};
  std::vector<std::size_t> at = {};
};

/// By place and cluster, ten a call, and those alone that are slow; what is no ARN is told to be
/// none.
std::vector<Batch> batches_of(std::span<const ServiceId> services,
                              const std::function<bool(const ServiceId&)>& is_slow,
                              std::vector<Result<ServiceTags>>& tags) {
  std::vector<Batch> all;
  std::map<std::pair<Place, std::string_view>, std::vector<Batch>> by_key;
  for (std::size_t i = 0; i < services.size(); ++i) {
    const ServiceId& id = services[i];
    if (id.cluster.empty() || !is_service(id.service)) {
      tags[i] = fail(ErrorKind::Malformed, "'" + shortened(id.service) +
                                               "' is no ARN of an ECS service with its cluster");
      continue;
    }
    if (is_slow(id)) {
      all.push_back({.ids = {id}, .at = {i}});
      continue;
    }
    std::vector<Batch>& batches = by_key[call_key(id)];
    if (batches.empty() || batches.back().ids.size() == kServicesPerDescription) {
      batches.emplace_back();
    }
    batches.back().ids.push_back(id);
    batches.back().at.push_back(i);
  }
  for (auto& [key, batches] : by_key) {
    std::ranges::move(batches, std::back_inserter(all));
  }
  return all;
}

/// The pages of one place.
struct Search {
  const SearchedPlace* place = nullptr;
  ServiceDirectory::Found* found = nullptr;
  std::string token = {};
  std::set<std::string> tokens = {};

  /// Takes a page in; whether there is another.
  bool take(const Result<ApiReply>& reply) {
    Result<std::string> next = reply ? read_page(reply->value, *found)
                                     : Result<std::string>(std::unexpected(reply.error()));
    if (!next) {
      found->error =
          reply ? Error{next.error().kind, std::string(kGetResources) + next.error().message}
                : reply.error();
      return false;
    }
    token = *std::move(next);
    if (token.empty()) {
      return false;
    }
    const bool known = !tokens.insert(token).second;
    if (known || tokens.size() >= kTagPagesMax) {
      found->error =
          Error{ErrorKind::Malformed, std::string(kGetResources) + "the pages have no end"};
      return false;
    }
    return true;
  }
};

Error not_yet(const ApiCall& call) {
  return {ErrorKind::Unavailable, describe(call) + ": no answer yet; still asked"};
}

}  // namespace

TaggedServices::~TaggedServices() {
  for (const auto& [key, id] : under_way_) {
    client_->cancel(id);
  }
}

std::string TaggedServices::key_of(const ApiCall& call) {
  return call.operation + "\n" + call.region + "\n" + call.role.arn + "\n" + call.role.external_id +
         "\n" + call.body;
}

/// All side by side. Where they are several nobody waits for one that is much slower than it should
/// be; where most are it is not one of them but the way to them all.
std::vector<Result<ApiReply>> TaggedServices::ask(const std::vector<Question>& questions,
                                                  Deadline deadline) {
  std::vector<Result<ApiReply>> replies;
  for (const Question& question : questions) {
    replies.emplace_back(std::unexpected(not_yet(question.call)));
  }
  const auto is_usual = [](const auto& one) { return !one.second.slow; };
  const Deadline begun = client_->clock().steady();
  AllAsked asked = start(questions, deadline);
  const auto usual = std::ranges::count_if(asked, is_usual);
  while (true) {
    take_answers(asked, replies);
    const auto open = std::ranges::count_if(asked, is_usual);
    const Deadline next = give_up_slow(asked, 2 * (usual - open) >= usual, begun, deadline);
    if (asked.empty()) {
      return replies;
    }
    client_->run(next);
  }
}

/// What is asked for since an earlier time is not asked for again.
TaggedServices::AllAsked TaggedServices::start(const std::vector<Question>& questions,
                                               Deadline deadline) {
  group_->renewal_tried = false;
  group_->clock_corrected = false;
  AllAsked asked;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const Question& question = questions[i];
    Asked one{.index = i,
              .key = key_of(question.call),
              .patience = question.patience,
              .about_several = question.about_several,
              .slow = is_slow(question.call)};
    const auto known = under_way_.extract(one.key);
    const CallId id = known.empty() ? client_->start(question.call, group_, {.start_by = deadline})
                                    : known.mapped();
    asked.emplace(id, std::move(one));
  }
  return asked;
}

/// An answer of long ago is none, and does not say that the question is slow by now.
void TaggedServices::take_answers(AllAsked& asked, std::vector<Result<ApiReply>>& replies) {
  for (FinishedCall& finished : std::exchange(group_->finished, {})) {
    const CallId id = finished.id;
    late_answers_.insert_or_assign(id, std::move(finished));
  }
  const Deadline now = client_->clock().steady();
  std::erase_if(asked, [&](const auto& one) {
    auto answer = late_answers_.extract(one.first);
    if (answer.empty()) {
      return false;
    }
    Result<ApiReply>& reply = answer.mapped().reply;
    const bool old = reply && now - answer.mapped().left >= kLateFor;
    const bool silent = !reply && reply.error().kind == ErrorKind::Unavailable;
    if (!silent) {
      slow_.erase(one.second.key);
    }
    if (!old) {
      replies[one.second.index] = std::move(reply);
    }
    return true;
  });
}

/// When to look again for whom nobody waits any longer.
Deadline TaggedServices::give_up_slow(AllAsked& asked, bool others_came, Deadline begun,
                                      Deadline deadline) {
  const Deadline now = client_->clock().steady();
  Deadline next = deadline;
  std::erase_if(asked, [&](const auto& one) {
    const auto& [id, call] = one;
    const CallProgress* const progress = client_->progress(id);
    const bool begun_now = progress != nullptr && progress->begun;
    Deadline end = deadline;
    if (call.slow) {
      end = std::min(end, begun + kPatienceWithSlow);
    } else if ((others_came || call.about_several) && begun_now) {
      end = std::min(end, *progress->begun + call.patience);
    } else {
      next = std::min(next, now + call.patience);  // Its turn is still to come, or the others'.
    }
    next = std::min(next, end);
    if (now < end) {
      return false;
    }
    set_aside(id, call);
    return true;
  });
  return next;
}

void TaggedServices::set_aside(CallId id, const Asked& one) {
  slow_.insert(one.key);
  const CallProgress* const progress = client_->progress(id);
  if (progress == nullptr || !progress->begun || !has_room()) {
    client_->cancel(id);
  } else {
    under_way_.emplace(one.key, id);
  }
}

// What was answered and not asked for again since goes, the oldest first: of a search's second page
// nobody asks again, for its token is another each time. Such answers filled the room one by one,
// until nothing slow stayed asked any more, and so was never answered.
bool TaggedServices::has_room() {
  if (under_way_.size() < kSlowMax) {
    return true;
  }
  auto oldest = under_way_.end();
  for (auto one = under_way_.begin(); one != under_way_.end(); ++one) {
    if (late_answers_.contains(one->second) &&
        (oldest == under_way_.end() || one->second < oldest->second)) {
      oldest = one;
    }
  }
  if (oldest == under_way_.end()) {
    return false;
  }
  slow_.erase(oldest->first);
  late_answers_.erase(oldest->second);
  under_way_.erase(oldest);
  return true;
}

void TaggedServices::forget(const ApiCall& call) {
  const std::string key = key_of(call);
  slow_.erase(key);
  if (const auto known = under_way_.extract(key); !known.empty()) {
    client_->cancel(known.mapped());
    late_answers_.erase(known.mapped());
  }
}

std::vector<ServiceDirectory::Found> TaggedServices::tagged(const WantedTag& tag,
                                                            std::span<const SearchedPlace> places,
                                                            Deadline deadline) {
  std::vector<Found> found(places.size());
  std::vector<Search> searches;
  for (std::size_t i = 0; i < places.size(); ++i) {
    searches.push_back({.place = &places[i], .found = &found[i]});
  }
  while (!searches.empty()) {
    std::vector<Question> questions;
    for (const Search& search : searches) {
      questions.push_back(
          {.call = page_call(tag, search.token, *search.place), .patience = kPatience});
    }
    const std::vector<Result<ApiReply>> replies = ask(questions, deadline);
    std::vector<Search> further;
    for (std::size_t i = 0; i < searches.size(); ++i) {
      if (searches[i].take(replies[i])) {
        further.push_back(std::move(searches[i]));
      }
    }
    searches = std::move(further);
  }
  return found;
}

std::vector<Result<ServiceTags>> TaggedServices::tags_of(std::span<const ServiceId> services,
                                                         Deadline deadline) {
  std::vector<Result<ServiceTags>> tags(services.size());
  const auto slow = [this](const ServiceId& id) {
    return is_slow(describe_call(std::span(&id, 1), WithTags::Yes));
  };
  std::vector<Batch> batches = batches_of(services, slow, tags);
  while (!batches.empty()) {
    std::vector<Question> questions;
    for (const Batch& batch : batches) {
      questions.push_back({.call = describe_call(batch.ids, WithTags::Yes),
                           .patience = kPatienceWithServices,
                           .about_several = batch.ids.size() > 1});
    }
    const std::vector<Result<ApiReply>> replies = ask(questions, deadline);
    // Where most batches are silent it is no member but the way to them all.
    const bool late = client_->clock().steady() >= deadline;
    const auto silent = [&](const Question& question) {
      return question.about_several && is_slow(question.call);
    };
    const bool most_silent =
        batches.size() > 1 && 2 * std::ranges::count_if(questions, silent) > std::ssize(questions);
    std::vector<Batch> alone;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const Batch& batch = batches[i];
      const bool refused = !replies[i] && may_be_of_a_member(replies[i].error().kind);
      const bool no_answer = silent(questions[i]) && !most_silent && !late;
      const bool split = batch.ids.size() > 1 && (refused || no_answer);
      if (split) {
        forget(questions[i].call);
      }
      for (std::size_t j = 0; j < batch.ids.size(); ++j) {
        if (split) {
          alone.push_back({.ids = {batch.ids[j]}, .at = {batch.at[j]}});
        } else {
          tags[batch.at[j]] = tags_in(replies[i], services[batch.at[j]].service);
        }
      }
    }
    batches = std::move(alone);
  }
  return tags;
}

}  // namespace scaler::aws
