#include "wire/fleet.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/names.h"
#include "scaler/core/queue_names.h"
#include "wire/fleet_accounts.h"
#include "wire/policy.h"

namespace scaler {
namespace {

constexpr std::string_view kFleetMeaning =
    "a fleet file: YAML or JSON with services, each with its cluster, service and queues";

/// A text that is valid, or what it must be.
Result<std::string> read_name(const json::Reader& value, bool (*valid)(std::string_view),
                              std::string_view meaning) {
  std::string text = TRY(value.string());
  if (!valid(text)) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: '{}' is not {}", value.path(), shortened(text), meaning));
  }
  return text;
}

Result<std::string> read_name(const json::Reader& object, std::string_view name,
                              bool (*valid)(std::string_view), std::string_view meaning) {
  const json::Reader value = TRY(object.field(name));
  return read_name(value, valid, meaning);
}

struct NamedQueue {
  QueueAddress address = {};
  std::string region = {};  ///< as it stands beside the URL; may be empty
  Millionths weight = JobQueue{}.weight;
};

Result<QueueAddress> read_address(const json::Reader& value) {
  const std::string text = TRY(value.string());
  Result<QueueAddress> address = parse_queue(text);
  if (!address) {
    return fail(std::move(address).error(), value.path());
  }
  return address;
}

/// Whether a queue lies where it is said to lie: where its own member says, else in the region that
/// the service is given.
Result<void> check_region(const NamedQueue& queue, const std::string& path,
                          const std::string& of_service) {
  const std::string& there = queue.address.region;
  const std::string& said = queue.region.empty() ? of_service : queue.region;
  if (!may_be_same(std::string_view(there), said)) {
    return fail(
        ErrorKind::Malformed,
        fmt::format("{}: '{}' lies in {}, but {} region is {}: make it {}{}", path,
                    shortened(queue.address.url), there,
                    queue.region.empty() ? "the service's" : "its", said, there,
                    queue.region.empty() ? ", or name the queue as {url: .., region: " + there +
                                               "} if it really lies elsewhere than the service"
                                         : ""));
  }
  if (there.empty() && !queue.region.empty() && queue.region != of_service) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: '{}' does not say its region, so that it is asked in that of its "
                            "service: region {} must stand there, too",
                            path, shortened(queue.address.url), queue.region));
  }
  return {};
}

/// "https://..." or {"url": "https://...", "weight": 2, "region": "eu-west-1"}
Result<NamedQueue> read_queue(const json::Reader& value) {
  if (std::holds_alternative<std::string>(value.value().data())) {
    return NamedQueue{.address = TRY(read_address(value))};
  }
  TRY(value.only_fields({"url", "weight", "region"}));
  const json::Reader url = TRY(value.field("url"));
  NamedQueue queue{.address = TRY(read_address(url))};
  if (const auto weight = value.optional_field("weight")) {
    queue.weight = {TRY(weight->millionths(kWeightMin, kWeightMax))};
  }
  if (const auto region = value.optional_field("region")) {
    queue.region = TRY(read_region(*region));
  }
  return queue;
}

/// `region`: as the service's own member says; may be empty.
std::vector<JobQueue> read_queues(const json::Reader& service, const std::string& region,
                                  Problems& problems) {
  std::vector<JobQueue> queues;
  std::vector<QueueAddress> known;
  const Result<json::Reader> field = service.field("queues");
  const Result<std::vector<json::Reader>> items =
      field ? field->items() : std::unexpected(field.error());
  problems.add_if_failed(items);
  for (const json::Reader& item : items.value_or(std::vector<json::Reader>())) {
    const Result<NamedQueue> queue = read_queue(item);
    problems.add_if_failed(queue);
    if (!queue) {
      continue;
    }
    if (std::ranges::any_of(known, [&queue](const QueueAddress& other) {
          return may_be_same(queue->address, other);
        })) {
      problems.add(
          fmt::format("{}: '{}' stands twice", item.path(), shortened(queue->address.url)));
    }
    problems.add_if_failed(check_region(*queue, item.path(), region));
    queues.push_back({.url = queue->address.url, .weight = queue->weight});
    known.push_back(queue->address);
  }
  if (items && items->empty()) {
    problems.add(fmt::format("{} is empty, but at least one queue is needed", field->path()));
  }
  return queues;
}

/// The fields that an object sets, over those that are set already.
Result<void> read_over(PolicyBase& base, const json::Reader& object, std::string_view who) {
  TRY(read_fields(object, base.options));
  for (const PolicyField& field : policy_fields()) {
    if (object.optional_field(field.name)) {
      set_origin(base.origins, field.name, who);
    }
  }
  return {};
}

/// What another run of this program wrote of where its settings came from.
Result<void> read_origins(const json::Reader& object, std::vector<SettingOrigin>& origins) {
  const auto* const members = std::get_if<json::Object>(&object.value().data());
  if (members == nullptr) {
    return object.expected("an object of texts");
  }
  for (const auto& [name, member] : *members) {
    const json::Reader by(member, fmt::format("{}.{}", object.path(), name));
    set_origin(origins, name, TRY(by.string()));
  }
  return {};
}

Result<Policy> read_policy_over(PolicyBase& base, const json::Reader& service) {
  const auto own = service.optional_field("policy");
  if (own) {
    TRY(read_over(base, *own, "policy"));
  }
  if (const auto origins = service.optional_field("origins")) {
    TRY(read_origins(*origins, base.origins));
  }
  Result<Policy> policy = Policy::create(base.options);
  if (!policy) {
    return fail(std::move(policy).error(), own ? own->path() : service.path());
  }
  return policy;
}

/// A member without a value is most likely a line that was not finished: it must not pass for the
/// default.
void refuse_nulls(const json::Reader& value, Problems& problems) {
  if (const auto* object = std::get_if<json::Object>(&value.value().data())) {
    const std::string_view dot = value.path().ends_with(": ") ? "" : ".";
    for (const auto& [name, member] : *object) {
      refuse_nulls(json::Reader(member, fmt::format("{}{}{}", value.path(), dot, name)), problems);
    }
  } else if (const auto items = value.items()) {
    std::ranges::for_each(*items, [&](const json::Reader& item) { refuse_nulls(item, problems); });
  } else if (value.value().is_null()) {
    problems.add(value.path() + " has no value");
  }
}

/// What the document says of all services.
struct Frame {
  PolicyBase defaults = {};
  std::vector<FleetAccount> accounts = {};
  std::string_view default_region = {};
};

/// Where a service is, and as whom it is reached.
Result<void> complete(const json::Reader& object, const Frame& frame, ServiceId& id) {
  const ServiceAddress said = TRY(parse_service(id.cluster, id.service));
  if (!may_be_same(std::string_view(said.region), id.region)) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}.region: '{}' is not where the service {} lies: its ARN says {}",
                            object.path(), id.region,
                            said.account.empty() || id.service.starts_with("arn:") ? id.service
                                                                                   : id.cluster,
                            said.region));
  }
  const std::string_view region = !said.region.empty() ? std::string_view(said.region)
                                  : !id.region.empty() ? std::string_view(id.region)
                                                       : frame.default_region;
  if (!id.role.arn.empty()) {
    TRY(check_reach(id.role, object.path() + ".role", region, said.account));
  } else if (!said.account.empty()) {
    id.role = role_for(said.account, frame.accounts);
  }
  if (!said.region.empty()) {
    id.region.clear();
  }
  return {};
}

/// One service, if it is whole; what is wrong goes to the problems.
std::optional<ServiceSpec> read_service(const json::Reader& object, const Frame& frame,
                                        Problems& problems) {
  PolicyBase base = frame.defaults;
  problems.add_if_failed(object.only_fields({"cluster", "service", "queues", "policy", "origins",
                                             "region", "role", "external_id", "wake"}));
  const auto cluster = read_name(object, "cluster", is_cluster, kClusterMeaning);
  const auto service = read_name(object, "service", is_service, kServiceMeaning);
  problems.add_if_failed(cluster);
  problems.add_if_failed(service);
  const auto said = object.optional_field("region");
  const Result<std::string> region = said ? read_region(*said) : Result<std::string>("");
  problems.add_if_failed(region);
  Result<AccountRole> role = read_role(object);
  problems.add_if_failed(role);
  const auto wake = object.optional_field("wake");
  const Result<bool> wakes = wake ? wake->boolean() : Result<bool>(false);
  problems.add_if_failed(wakes);
  std::vector<JobQueue> queues = read_queues(object, region.value_or(""), problems);
  Result<Policy> policy = read_policy_over(base, object);
  problems.add_if_failed(policy);
  if (!cluster || !service || !policy || !region || !role || !wakes) {
    return std::nullopt;
  }
  ServiceId id{
      .cluster = *cluster, .service = *service, .region = *region, .role = *std::move(role)};
  if (const Result<void> completed = complete(object, frame, id); !completed) {
    problems.add(completed.error().message.starts_with(object.path())
                     ? completed.error().message
                     : object.path() + ": " + completed.error().message);
    return std::nullopt;
  }
  return ServiceSpec{.id = std::move(id),
                     .queues = std::move(queues),
                     .policy = *std::move(policy),
                     .origins = std::move(base.origins),
                     .wake = wake ? std::optional(*wakes) : std::nullopt};
}

/// The services of a file so far, by what their texts say of where they are.
class KnownServices {
 public:
  explicit KnownServices(std::string_view default_region) : default_region_(default_region) {}

  /// Errors: Malformed for one that contradicts itself, and for one that is known already.
  Result<void> add(const ServiceId& id) {
    ServiceAddress address = TRY(address_of(id));
    if (address.region.empty()) {
      address.region = default_region_;
    }
    std::vector<ServiceAddress>& namesakes = by_name_[{address.cluster, address.service}];
    if (std::ranges::any_of(namesakes, [&address](const ServiceAddress& other) {
          return may_be_same(address, other);
        })) {
      return fail(ErrorKind::Malformed,
                  fmt::format("the service {}/{} stands twice", id.cluster, id.service));
    }
    namesakes.push_back(std::move(address));
    return {};
  }

 private:
  std::string default_region_;
  std::map<std::pair<std::string, std::string>, std::vector<ServiceAddress>> by_name_;
};

}  // namespace

Result<Profiles> read_profiles(const json::Reader& object, const PolicyBase& defaults,
                               std::string_view who) {
  const auto* const members = std::get_if<json::Object>(&object.value().data());
  if (members == nullptr) {
    return object.expected("an object of policies");
  }
  Problems problems;
  Profiles profiles;
  for (const auto& [name, fields] : *members) {
    const json::Reader profile(fields, fmt::format("{}.{}", object.path(), name));
    PolicyBase& base = profiles.emplace(std::string(name), defaults).first->second;
    problems.add_if_failed(read_over(base, profile, fmt::format("{}.{}", who, name)));
  }
  TRY(problems.result());
  return profiles;
}

Result<FleetDocument> read_fleet(const json::Value& document, std::string_view file,
                                 std::string_view default_region, const PolicyBase& base) {
  const json::Reader root = json::Reader::of_file(document, file);
  if (!std::holds_alternative<json::Object>(document.data())) {
    return root.expected(kFleetMeaning);
  }
  Problems problems;
  refuse_nulls(root, problems);
  problems.add_if_failed(root.only_fields({"defaults", "profiles", "accounts", "services"}));
  Frame frame{.defaults = base, .default_region = default_region};
  if (const auto object = root.optional_field("defaults")) {
    problems.add_if_failed(read_over(frame.defaults, *object, "defaults"));
  }
  Profiles profiles;
  if (const auto object = root.optional_field("profiles")) {
    Result<Profiles> read = read_profiles(*object, frame.defaults, "profiles");
    problems.add_if_failed(read);
    profiles = std::move(read).value_or(Profiles());
  }
  if (const auto list = root.optional_field("accounts")) {
    Result<std::vector<FleetAccount>> accounts = read_accounts(*list, false, default_region);
    problems.add_if_failed(accounts);
    frame.accounts = std::move(accounts).value_or(std::vector<FleetAccount>());
  }
  const bool by_tags = !searched_places(frame.accounts).empty();
  const auto said = root.optional_field("services");
  if (!said && !by_tags) {
    TRY(problems.result());
    TRY(root.field("services"));
  }
  const std::vector<json::Reader> items = said ? TRY(said->items()) : std::vector<json::Reader>();
  if ((items.empty() && !by_tags) || items.size() > kFleetMax) {
    problems.add(fmt::format("{} has {} services, but must have from 1 to {}", said->path(),
                             items.size(), kFleetMax));
  }
  std::vector<ServiceSpec> fleet;
  KnownServices known(default_region);
  for (const json::Reader& item : items) {
    std::optional<ServiceSpec> service = read_service(item, frame, problems);
    if (!service) {
      continue;
    }
    if (const Result<void> added = known.add(service->id); !added) {
      problems.add(fmt::format("{}: {}", item.path(), added.error().message));
    }
    fleet.push_back(*std::move(service));
  }
  TRY(problems.result());
  return FleetDocument{.services = std::move(fleet),
                       .accounts = std::move(frame.accounts),
                       .defaults = std::move(frame.defaults),
                       .profiles = std::move(profiles)};
}

namespace {

void write_role(json::Writer& writer, const AccountRole& role) {
  for (const auto& [name, value] :
       {std::pair("role", role.arn), std::pair("external_id", role.external_id)}) {
    if (!value.empty()) {
      writer.field(name, value);
    }
  }
}

/// What somebody set: the rest is the program's.
void write_base(json::Writer& writer, std::string_view name, const PolicyBase& base) {
  writer.name(name).begin_object();
  for (const PolicyField& field : policy_fields()) {
    if (std::ranges::find(base.origins, field.name, &SettingOrigin::field) != base.origins.end()) {
      writer.name(field.name).raw(field_json(field, base.options));
    }
  }
  writer.end_object();
}

void write_accounts(json::Writer& writer, const std::vector<FleetAccount>& accounts) {
  if (accounts.empty()) {
    return;
  }
  writer.name("accounts").begin_array();
  for (const FleetAccount& account : accounts) {
    writer.begin_object();
    write_role(writer, account.role);
    if (!account.regions.empty()) {
      writer.name("regions").begin_array();
      for (const std::string& region : account.regions) {
        writer.value(region);
      }
      writer.end_array();
    }
    writer.field("tags", account.tags).end_object();
  }
  writer.end_array();
}

}  // namespace

std::string fleet_json(const FleetDocument& document) {
  json::Writer writer;
  writer.begin_object();
  if (!searched_places(document.accounts).empty()) {
    write_base(writer, "defaults", document.defaults);
    writer.name("profiles").begin_object();
    for (const auto& [name, base] : document.profiles) {
      write_base(writer, name, base);
    }
    writer.end_object();
  }
  write_accounts(writer, document.accounts);
  writer.name("services").begin_array();
  for (const ServiceSpec& service : document.services) {
    writer.begin_object().field("cluster", service.id.cluster).field("service", service.id.service);
    if (!service.id.region.empty()) {
      writer.field("region", service.id.region);
    }
    write_role(writer, service.id.role);
    writer.name("queues").begin_array();
    for (const JobQueue& queue : service.queues) {
      writer.begin_object().field("url", queue.url).name("weight");
      writer.raw(format_millionths(queue.weight)).end_object();
    }
    writer.end_array();
    if (service.wake) {
      writer.field("wake", *service.wake);
    }
    writer.name("policy").begin_object();
    for (const PolicyField& field : policy_fields()) {
      // A member without a value would pass for a line that was not finished.
      if (const std::string value = field_json(field, *service.policy.operator->());
          value != "null") {
        writer.name(field.name).raw(value);
      }
    }
    writer.end_object().name("origins").begin_object();
    for (const SettingOrigin& origin : service.origins) {
      writer.field(origin.field, origin.by);
    }
    writer.end_object().end_object();
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

}  // namespace scaler
