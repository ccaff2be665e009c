#include "edge/aws/tagged_services.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "edge/aws/ecs.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/names.h"

namespace scaler::aws {
namespace {

constexpr std::int64_t kPageSize = 100;
/// More pages than any account's services fill: a server that repeats its token must not hold us.
constexpr std::size_t kPagesMax = 1000;

ApiCall page_call(std::string_view key, const std::string& token, const SearchedPlace& place) {
  json::Writer body;
  body.begin_object();
  if (!token.empty()) {
    body.field("PaginationToken", token);
  }
  body.name("TagFilters").begin_array().begin_object().field("Key", key).end_object().end_array();
  body.field("ResourcesPerPage", kPageSize);
  body.name("ResourceTypeFilters").begin_array().value("ecs:service").end_array().end_object();
  return {.service = AwsService::Tagging,
          .region = place.region,
          .operation = "GetResources",
          .subject = std::string(key),
          .body = std::move(body).text(),
          .role = place.role};
}

Result<std::string> optional_text(const json::Reader& object, std::string_view name) {
  const auto field = object.optional_field(name);
  return field ? field->string() : Result<std::string>("");
}

/// Adds the services of a page; the token of the next one, empty after the last. A page may be
/// short, or empty, and not be the last.
Result<std::string> read_page(const json::Value& reply,
                              std::map<std::string, ServiceTags>& services) {
  const json::Reader root(reply);
  const json::Reader list = TRY(root.field("ResourceTagMappingList"));
  for (const json::Reader& resource : TRY(list.items())) {
    const json::Reader arn = TRY(resource.field("ResourceARN"));
    ServiceTags& tags = services[TRY(arn.string())];
    if (const auto list_of_tags = resource.optional_field("Tags")) {
      for (const json::Reader& tag : TRY(list_of_tags->items())) {
        tags.insert_or_assign(TRY(optional_text(tag, "Key")), TRY(optional_text(tag, "Value")));
      }
    }
  }
  return optional_text(root, "PaginationToken");
}

Result<ServiceTags> read_tags_of(const json::Reader& service) {
  const std::string status = TRY(optional_text(service, "status"));
  if (status == "INACTIVE") {
    return fail(ErrorKind::NotFound, "INACTIVE");
  }
  ServiceTags tags;
  if (const auto list = service.optional_field("tags")) {
    for (const json::Reader& tag : TRY(list->items())) {
      tags.insert_or_assign(TRY(optional_text(tag, "key")), TRY(optional_text(tag, "value")));
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
      if (TRY(optional_text(item, failure ? "arn" : "serviceArn")) != arn) {
        continue;
      }
      if (!failure) {
        return read_tags_of(item);
      }
      const std::string reason = TRY(optional_text(item, "reason"));
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

/// By place and cluster, ten a call; what is no ARN is told to be none.
std::vector<Batch> batches_of(std::span<const ServiceId> services,
                              std::vector<Result<ServiceTags>>& tags) {
  std::map<std::pair<Place, std::string_view>, std::vector<Batch>> by_key;
  for (std::size_t i = 0; i < services.size(); ++i) {
    const ServiceId& id = services[i];
    if (id.cluster.empty() || !is_service(id.service)) {
      tags[i] = fail(ErrorKind::Malformed, "'" + shortened(id.service) +
                                               "' is no ARN of an ECS service with its cluster");
      continue;
    }
    std::vector<Batch>& batches = by_key[call_key(id)];
    if (batches.empty() || batches.back().ids.size() == kServicesPerDescription) {
      batches.emplace_back();
    }
    batches.back().ids.push_back(id);
    batches.back().at.push_back(i);
  }
  std::vector<Batch> all;
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
    Result<std::string> next = reply ? read_page(reply->value, found->services)
                                     : Result<std::string>(std::unexpected(reply.error()));
    if (!next) {
      found->error = reply ? Error{next.error().kind,
                                   "Resource Groups Tagging GetResources: " + next.error().message}
                           : reply.error();
      return false;
    }
    token = *std::move(next);
    if (token.empty()) {
      return false;
    }
    const bool known = !tokens.insert(token).second;
    if (known || tokens.size() >= kPagesMax) {
      found->error = Error{ErrorKind::Malformed,
                           "Resource Groups Tagging GetResources: the pages have no end"};
      return false;
    }
    return true;
  }
};

SearchedPlace place_of(const ApiCall& call) {
  return {.region = call.region, .role = call.role};
}

bool of_one_place(const std::vector<ApiCall>& calls) {
  return std::ranges::all_of(
      calls, [&](const ApiCall& call) { return place_of(call) == place_of(calls.front()); });
}

}  // namespace

Deadline TaggedServices::give_up_at(const ApiCall& call, Deadline begun) const {
  return begun + (slow_.contains(place_of(call)) ? kPatienceWithSlow : kPatience);
}

/// All calls side by side. Where they are of several places nobody waits for one that is much
/// slower than it should be; where most are it is not a place but the way to them all.
std::vector<Result<ApiReply>> TaggedServices::ask(const std::vector<ApiCall>& calls,
                                                  Deadline deadline) {
  if (of_one_place(calls)) {
    return client_->call(calls, deadline);
  }
  const auto group = std::make_shared<CallGroup>();
  std::map<CallId, std::size_t> asked;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    asked.emplace(client_->start(calls[i], group, {.start_by = deadline, .answer_by = deadline}),
                  i);
  }
  std::vector<Result<ApiReply>> replies(calls.size());
  while (!asked.empty()) {
    for (FinishedCall& finished : std::exchange(group->finished, {})) {
      const auto one = asked.extract(finished.id);
      slow_.erase(place_of(calls[one.mapped()]));
      replies[one.mapped()] = std::move(finished.reply);
    }
    Deadline next = deadline;
    const bool others_came = 2 * (calls.size() - asked.size()) >= calls.size();
    const Deadline now = client_->clock().steady();
    std::erase_if(asked, [&](const auto& one) {
      const auto& [id, index] = one;
      const CallProgress* progress = client_->progress(id);
      if (!others_came || progress == nullptr || !progress->begun) {
        return false;  // Its turn may be still to come, or it has just ended.
      }
      const Deadline end = give_up_at(calls[index], *progress->begun);
      next = std::min(next, end);
      if (now < end) {
        return false;
      }
      client_->cancel(id);
      replies[index] = fail(ErrorKind::Unavailable,
                            describe(calls[index]) + ": no answer yet; it is asked again later");
      slow_.insert(place_of(calls[index]));
      return true;
    });
    if (!asked.empty() && group->finished.empty()) {
      client_->run(next);
    }
  }
  return replies;
}

std::vector<ServiceDirectory::Found> TaggedServices::tagged(std::string_view key,
                                                            std::span<const SearchedPlace> places,
                                                            Deadline deadline) {
  std::vector<Found> found(places.size());
  std::vector<Search> searches;
  for (std::size_t i = 0; i < places.size(); ++i) {
    searches.push_back({.place = &places[i], .found = &found[i]});
  }
  while (!searches.empty()) {
    std::vector<ApiCall> calls;
    for (const Search& search : searches) {
      calls.push_back(page_call(key, search.token, *search.place));
    }
    const std::vector<Result<ApiReply>> replies = ask(calls, deadline);
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
  std::vector<Batch> batches = batches_of(services, tags);
  while (!batches.empty()) {
    std::vector<ApiCall> calls;
    for (const Batch& batch : batches) {
      calls.push_back(describe_call(batch.ids, WithTags::Yes));
    }
    const std::vector<Result<ApiReply>> replies = ask(calls, deadline);
    std::vector<Batch> alone;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const Batch& batch = batches[i];
      const bool split =
          batch.ids.size() > 1 && !replies[i] && may_be_of_a_member(replies[i].error().kind);
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
