#include "emulator/others/register_api.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "emulator/others/kept_members.h"
#include "emulator/sqs/digests.h"
#include "ground/base/text.h"
#include "ground/json/members.h"
#include "ground/json/writer.h"
#include "ground/net/url.h"

namespace scaler::emulator {
namespace {

constexpr std::size_t kKeptMax = 10'000;
constexpr std::size_t kOwner = 2;  ///< parts of a key before the names: whose, and the kind

const KeptOperation* find_operation(std::string_view service, std::string_view name) {
  const auto found = std::ranges::find_if(kept_operations(), [&](const KeptOperation& operation) {
    return operation.service == service && operation.name == name;
  });
  return found == kept_operations().end() ? nullptr : &*found;
}

/// How the service calls a wrong parameter.
std::string_view wrong_code(std::string_view service) {
  if (service == "logs") {
    return "InvalidParameterException";
  }
  return service == "events" ? "ValidationException" : "ValidationError";
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

/// IAM is the same in all regions.
std::string owner_of(const Caller& caller, std::string_view service) {
  return service == "iam" ? caller.account : fmt::format("{}/{}", caller.account, caller.region);
}

/// Those of the table, those that name what is meant, and those that choose of several.
std::vector<Field> fields_of(const KeptOperation& operation) {
  std::vector<Field> fields = operation.fields;
  const auto keys =
      operation.kind == nullptr ? std::vector<std::string_view>() : operation.kind->keys;
  const auto needed = operation.deed == Deed::List ? Presence::Optional : Presence::Required;
  for (const std::string_view key : keys) {
    if (operation.several.empty() || key != keys.back()) {
      fields.push_back({key, FieldKind::Text, needed});
    }
  }
  if (!operation.prefix.empty()) {
    fields.push_back({operation.prefix, FieldKind::Text});
  }
  if (!operation.several.empty()) {
    const bool things = operation.deed == Deed::Put;
    fields.push_back({operation.several, things ? FieldKind::Objects : FieldKind::Texts});
  }
  return fields;
}

bool begins_with(const std::vector<std::string>& key, const std::vector<std::string>& first) {
  return std::ranges::mismatch(key, first).in2 == first.end();
}

std::unexpected<ApiError> missing(const KeptOperation& operation, const KeptKind& kind,
                                  std::string_view name) {
  return refuse(std::string(kind.missing), fmt::format("There is no {} '{}'.", kind.title, name),
                operation.service == "iam" ? 404 : 400);
}

/// Without what the operation leaves out; of IAM with the tags.
void write_kept(json::Writer& writer, const KeptOperation& operation, const json::Object& members,
                const KeptTags& tags) {
  writer.begin_object();
  for (const auto& [name, value] : members) {
    const std::string* const text = std::get_if<std::string>(&value.data());
    if (name == operation.drops) {
      continue;
    }
    writer.name(name);
    if (text != nullptr && name == operation.kind->encoded) {
      writer.value(net::percent_encode(*text));
    } else if (text != nullptr && name == operation.kind->boundary) {
      writer.begin_object()
          .field("PermissionsBoundaryType", "Policy")
          .field("PermissionsBoundaryArn", *text)
          .end_object();
    } else {
      writer.value(value);
    }
  }
  if (!tags.empty() && operation.service == "iam") {
    write_tags(writer, "Tags", tags);
  }
  writer.end_object();
}

}  // namespace

struct RegisterApi::Call {
  const KeptOperation& operation;
  const Input& input;
  const Caller& caller;

  std::string_view wrong() const { return wrong_code(operation.service); }
  /// The key that the request names; without its own name when that is not one field.
  Key key(std::optional<std::string_view> own_name = {}) const {
    const KeptKind& kind = *operation.kind;
    Key key{owner_of(caller, operation.service), std::string(kind.title)};
    for (const std::string_view name : kind.keys) {
      const bool own = own_name && name == kind.keys.back();
      key.emplace_back(own ? *own_name : input.text(name));
    }
    return key;
  }
  std::string done() const {
    if (operation.adds.empty()) {
      return "";
    }
    json::Writer writer;
    writer.begin_object();
    write_members(writer, operation.adds);
    writer.end_object();
    return std::move(writer).text();
  }
};

bool RegisterApi::is_asked_for(const Call& call, const Key& key) {
  const std::vector<std::string_view>& fields = call.operation.kind->keys;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (call.input.has(fields[i]) && call.input.text(fields[i]) != key[kOwner + i]) {
      return false;
    }
  }
  const auto names = call.input.texts(call.operation.several);
  return key.back().starts_with(call.input.text(call.operation.prefix)) &&
         (names.empty() || listed(names, key.back()));
}

bool RegisterApi::offers(std::string_view service, std::string_view operation) {
  return find_operation(service, operation) != nullptr;
}

std::vector<std::string_view> RegisterApi::operation_names() {
  std::vector<std::string_view> names;
  for (const KeptOperation& operation : kept_operations()) {
    names.push_back(operation.name);
  }
  return names;
}

ApiAnswer RegisterApi::handle(std::string_view service, const JsonCall& json) {
  const KeptOperation* const operation = find_operation(service, json.operation);
  if (operation == nullptr) {
    return refuse("UnknownOperationException",
                  fmt::format("{} has no operation {} here.", service, json.operation));
  }
  const Input input = TRY(Input::read(json.body, fields_of(*operation), wrong_code(service)));
  if (operation->check != nullptr) {
    TRY(operation->check(input));
  }
  const Call call{.operation = *operation, .input = input, .caller = json.caller};
  switch (operation->deed) {
    case Deed::Make:
    case Deed::Put:
      return put(call);
    case Deed::Change:
    case Deed::Drop:
      return change(call);
    case Deed::Remove:
      return remove(call);
    case Deed::Tell:
      return tell(call);
    case Deed::List:
      return list(call);
    case Deed::Tag:
    case Deed::Untag:
    case Deed::ListTags:
      return tag(call);
  }
  std::unreachable();
}

ApiResult<RegisterApi::Kept*> RegisterApi::find(const Call& call, const Key& key) {
  const auto found = kept_.find(key);
  if (found == kept_.end()) {
    return missing(call.operation, *call.operation.kind, key.back());
  }
  return &found->second;
}

/// What is new of its kind, without what the request says of it.
RegisterApi::Kept RegisterApi::fresh(const Call& call, const Key& key) const {
  const KeptKind& kind = *call.operation.kind;
  const std::int64_t now = world_.now().time_since_epoch().count();
  Kept kept;
  set_members(kept.members, kind.at_first);
  for (std::size_t i = 0; i < kind.keys.size(); ++i) {
    set_member(kept.members, kind.keys[i], json::Value(key[kOwner + i]));
  }
  for (const std::string_view name : kind.times) {
    constexpr std::int64_t kMilliseconds = 1000;
    set_member(kept.members, name, json::Value(now / kMilliseconds));
  }
  if (!kind.milliseconds.empty()) {
    set_member(kept.members, kind.milliseconds, json::Value(now));
  }
  if (!kind.id_member.empty()) {
    constexpr std::size_t kDigits = 17;
    const std::string digest = upper_case(md5_hex(key.front() + " " + key.back()));
    set_member(kept.members, kind.id_member, json::Value("AROA" + digest.substr(0, kDigits)));
  }
  if (!kind.short_name.empty()) {
    const std::string& name = key.back();
    set_member(kept.members, kind.short_name, json::Value(name.substr(name.rfind('/') + 1)));
  }
  return kept;
}

ApiResult<const RegisterApi::Kept*> RegisterApi::put_one(const Call& call,
                                                         const json::Object& fields,
                                                         std::string_view own_name) {
  const KeptKind& kind = *call.operation.kind;
  if (own_name.empty() || own_name.size() > kind.name_max) {
    return refuse(std::string(call.wrong()),
                  fmt::format("{} must have 1 to {} characters.", kind.keys.back(), kind.name_max));
  }
  const Key key = call.key(own_name);
  const bool there = kept_.contains(key);
  if (there && call.operation.deed == Deed::Make) {
    return refuse(std::string(kind.exists),
                  fmt::format("There is a {} '{}' already.", kind.title, own_name),
                  call.operation.service == "iam" ? 409 : 400);
  }
  if (!there && kept_.size() >= kKeptMax) {
    return refuse("LimitExceededException",
                  fmt::format("The embedded AWS keeps at most {} of these.", kKeptMax));
  }
  Kept kept = fresh(call, key);
  TRY(read_tags(call.input, call.wrong(), kept.tags));
  for (const auto& [name, value] : fields) {
    if (name != "tags" && name != "Tags" && !value.is_null()) {
      set_member(kept.members, name, value);
    }
  }
  const json::Value whole(kept.members);
  std::string arn = replaced(std::string(kind.arn), "REGION", call.caller.region);
  arn = replaced(std::move(arn), "ACCOUNT", call.caller.account);
  arn = replaced(std::move(arn), "PATH", json::text_in(whole, "Path"));
  arn = replaced(std::move(arn), "*", own_name);
  for (const std::string_view name : kind.arn_members) {
    set_member(kept.members, name, json::Value(arn));
  }
  if (!kind.whole_arn.empty()) {
    set_member(kept.members, kind.whole_arn, json::Value(arn + ":*"));
  }
  Kept& place = kept_[key];
  if (kept.tags.empty()) {
    kept.tags = std::move(place.tags);
  }
  place = std::move(kept);
  return &place;
}

ApiResult<void> RegisterApi::check_parent(const Call& call) const {
  const KeptKind* const parent = call.operation.kind->parent;
  if (parent == nullptr) {
    return {};
  }
  Key key = call.key("");
  key.pop_back();
  key[1] = parent->title;
  return kept_.contains(key) ? ApiResult<void>() : missing(call.operation, *parent, key.back());
}

ApiAnswer RegisterApi::put(const Call& call) {
  const KeptOperation& operation = call.operation;
  const KeptKind& kind = *operation.kind;
  TRY(check_parent(call));
  if (!operation.several.empty()) {
    for (const json::Value& thing : call.input.objects(operation.several)) {
      const auto put = put_one(call, std::get<json::Object>(thing.data()),
                               json::text_in(thing, kind.keys.back()));
      if (!put) {
        return std::unexpected(put.error());
      }
    }
    return call.done();
  }
  const Kept* const kept = TRY(put_one(call, std::get<json::Object>(call.input.value().data()),
                                       call.input.text(kind.keys.back())));
  if (operation.answer.empty()) {
    return call.done();
  }
  json::Writer writer;
  writer.begin_object().name(operation.answer);
  const json::Value whole(kept->members);
  if (operation.answer.ends_with("Arn")) {
    writer.value(json::text_in(whole, kind.arn_members.front()));
  } else {
    write_kept(writer, operation, kept->members, {});
  }
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer RegisterApi::change(const Call& call) {
  const KeptOperation& operation = call.operation;
  Kept* const kept = TRY(find(call, call.key()));
  for (const Field& field : operation.fields) {
    if (const json::Value* const value = call.input.member(field.name)) {
      set_member(kept->members, operation.stored_as.empty() ? field.name : operation.stored_as,
                 *value);
    }
  }
  set_members(kept->members, operation.sets);
  std::erase_if(kept->members, [&](const auto& member) { return member.first == operation.drops; });
  return call.done();
}

std::vector<RegisterApi::Key> RegisterApi::children_of(const KeptKind& kind, const Key& key) const {
  std::vector<Key> children;
  for (const KeptOperation& operation : kept_operations()) {
    if (operation.kind == nullptr || operation.kind->parent != &kind) {
      continue;
    }
    Key first = key;
    first[1] = operation.kind->title;
    for (auto child = kept_.lower_bound(first); child != kept_.end(); ++child) {
      if (!begins_with(child->first, first)) {
        break;
      }
      children.push_back(child->first);
    }
  }
  return children;
}

ApiAnswer RegisterApi::remove(const Call& call) {
  const KeptOperation& operation = call.operation;
  const KeptKind& kind = *operation.kind;
  std::vector<Key> keys;
  for (const std::string_view name : call.input.texts(operation.several)) {
    keys.push_back(call.key(name));
  }
  if (operation.several.empty()) {
    keys.push_back(call.key());
  }
  for (const Key& key : keys) {
    if (const auto found = find(call, key); !found) {
      return std::unexpected(found.error());
    }
    const std::vector<Key> children = children_of(kind, key);
    if (!children.empty() && !kind.in_use.empty()) {
      return refuse(
          std::string(kind.in_use),
          fmt::format("The {} '{}' still has a {}.", kind.title, key.back(), children.front()[1]),
          operation.service == "iam" ? 409 : 400);
    }
    for (const Key& child : children) {
      kept_.erase(child);
    }
  }
  for (const Key& key : keys) {
    kept_.erase(key);
  }
  return call.done();
}

ApiAnswer RegisterApi::tell(const Call& call) {
  const KeptOperation& operation = call.operation;
  const Kept* const kept = TRY(find(call, call.key()));
  json::Writer writer;
  if (operation.answer.empty()) {
    write_kept(writer, operation, kept->members, kept->tags);
  } else {
    writer.begin_object().name(operation.answer);
    write_kept(writer, operation, kept->members, kept->tags);
    writer.end_object();
  }
  return std::move(writer).text();
}

ApiAnswer RegisterApi::list(const Call& call) {
  const KeptOperation& operation = call.operation;
  const KeptKind& kind = *operation.kind;
  json::Writer writer;
  writer.begin_object().name(operation.answer).begin_array();
  const Key first{owner_of(call.caller, operation.service), std::string(kind.title)};
  for (auto one = kept_.lower_bound(first); one != kept_.end() && begins_with(one->first, first);
       ++one) {
    if (!is_asked_for(call, one->first)) {
      continue;
    }
    if (operation.only.empty()) {
      write_kept(writer, operation, one->second.members, {});
    } else {
      writer.value(json::text_in(json::Value(one->second.members), operation.only));
    }
  }
  writer.end_array();
  write_members(writer, operation.adds);
  writer.end_object();
  return std::move(writer).text();
}

/// By its key, or by the ARN that the first field holds.
ApiResult<RegisterApi::Kept*> RegisterApi::find_tagged(const Call& call) {
  if (call.operation.kind != nullptr) {
    return find(call, call.key());
  }
  std::string_view arn = call.input.text(call.operation.fields.front().name);
  arn.remove_suffix(arn.ends_with(":*") ? 2 : 0);
  const std::string owner = owner_of(call.caller, call.operation.service);
  for (auto& [key, kept] : kept_) {
    const json::Value whole(kept.members);
    const bool named = std::ranges::any_of(
        std::array{"logGroupArn", "Arn", "AlarmArn", "DashboardArn"},
        [&](std::string_view member) { return json::text_in(whole, member) == arn; });
    if (key.front() == owner && !arn.empty() && named) {
      return &kept;
    }
  }
  return refuse("ResourceNotFoundException", fmt::format("Nothing here has the ARN '{}'.", arn));
}

ApiAnswer RegisterApi::tag(const Call& call) {
  const KeptOperation& operation = call.operation;
  Kept* const kept = TRY(find_tagged(call));
  if (operation.deed == Deed::Tag) {
    TRY(read_tags(call.input, call.wrong(), kept->tags));
  }
  for (const std::string_view field : {"tagKeys", "TagKeys"}) {
    for (const std::string_view key : call.input.texts(field)) {
      kept->tags.erase(std::string(key));
    }
  }
  if (operation.deed != Deed::ListTags) {
    return call.done();
  }
  json::Writer writer;
  writer.begin_object();
  write_tags(writer, operation.answer, kept->tags);
  write_members(writer, operation.adds);
  writer.end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
