#include "scaler/core/names.h"

#include <algorithm>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"

namespace scaler {
namespace {

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

/// One field of an ARN without taking all of it apart; empty when the text is none.
std::string_view arn_field(std::string_view text, int field) {
  if (!text.starts_with("arn:")) {
    return {};
  }
  for (; field > 0; --field) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
      return {};
    }
    text.remove_prefix(colon + 1);
  }
  return text.substr(0, text.find(':'));
}

constexpr int kRegionField = 3;
constexpr std::size_t kEcsNameMax = 255;

bool is_ecs_name(std::string_view name) {
  return !name.empty() && name.size() <= kEcsNameMax &&
         std::ranges::all_of(name, is_name_character);
}

/// The cluster, or the service, that a text names by itself.
struct EcsName {
  Arn arn = {};  ///< empty for a plain name
  std::string_view cluster = {};
  std::string_view service = {};
};

std::unexpected<Error> no_ecs_name(std::string_view text, std::string_view meaning) {
  return fail(ErrorKind::Malformed, fmt::format("'{}' is not {}", shortened(text), meaning));
}

Result<EcsName> read_ecs_name(std::string_view text, std::string_view type,
                              std::string_view meaning) {
  EcsName read;
  std::string_view name = text;
  if (text.starts_with("arn:")) {
    std::optional<Arn> arn = parse_arn(text);
    if (!arn || arn->service != "ecs" || !is_region(arn->region) || !is_account(arn->account) ||
        arn->partition != partition_of(arn->region).name) {
      return no_ecs_name(text, meaning);
    }
    const std::vector<std::string_view> parts =
        split(text.substr(text.size() - arn->resource.size()), "/");
    const bool with_cluster = parts.size() == 3 && type == "service";
    if (parts[0] != type || (parts.size() != 2 && !with_cluster) || !is_ecs_name(parts[1])) {
      return no_ecs_name(text, meaning);
    }
    read.arn = *std::move(arn);
    read.cluster = with_cluster ? parts[1] : std::string_view();
    name = parts.back();
  }
  if (!is_ecs_name(name)) {
    return no_ecs_name(text, meaning);
  }
  (type == "service" ? read.service : read.cluster) = name;
  return read;
}

/// Where two texts that name a service contradict each other; empty when they do not.
std::string_view contradiction(const EcsName& cluster, const EcsName& service) {
  const bool both = !cluster.arn.service.empty() && !service.arn.service.empty();
  if (both && cluster.arn.region != service.arn.region) {
    return "another region";
  }
  if (both && cluster.arn.account != service.arn.account) {
    return "another account";
  }
  if (!service.cluster.empty() && service.cluster != cluster.cluster) {
    return "another cluster";
  }
  return {};
}

}  // namespace

bool is_name_character(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '-' || c == '_';
}

const Partition& partition_of(std::string_view region) {
  return *std::ranges::find_if(kPartitions, [region](const Partition& partition) {
    return region.starts_with(partition.region_prefix);
  });
}

bool is_region(std::string_view text) {
  const std::size_t dash = text.rfind('-');
  if (dash == std::string_view::npos || dash == 0 || dash + 1 == text.size()) {
    return false;
  }
  const std::string_view words = text.substr(0, dash);
  return is_lower(words.front()) && words.find('-') != std::string_view::npos &&
         std::ranges::all_of(words, [](char c) { return is_lower(c) || c == '-'; }) &&
         std::ranges::all_of(text.substr(dash + 1), is_digit);
}

bool is_account(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, is_digit);
}

std::optional<Arn> parse_arn(std::string_view text) {
  constexpr std::size_t kResource = 5;
  const std::vector<std::string_view> parts = split(text, ":");
  if (parts.size() <= kResource || parts[0] != "arn" || parts[1].empty() || parts[2].empty() ||
      parts[kResource].empty()) {
    return std::nullopt;
  }
  const auto resource = static_cast<std::size_t>(parts[kResource].data() - text.data());
  return Arn{.partition = std::string(parts[1]),
             .service = std::string(parts[2]),
             .region = std::string(parts[3]),
             .account = std::string(parts[4]),
             .resource = std::string(text.substr(resource))};
}

std::string text_of(const Arn& arn) {
  return fmt::format("arn:{}:{}:{}:{}:{}", arn.partition, arn.service, arn.region, arn.account,
                     arn.resource);
}

Result<Arn> parse_role(const AccountRole& role) {
  constexpr std::string_view kPath = "role/";
  constexpr std::size_t kExternalMin = 2;
  constexpr std::size_t kExternalMax = 1224;
  std::optional<Arn> arn = parse_arn(role.arn);
  const auto all_of = [](std::string_view text, std::string_view others) {
    return std::ranges::all_of(text,
                               [&](char c) { return is_name_character(c) || others.contains(c); });
  };
  const bool known =
      arn && arn->service == "iam" && arn->region.empty() && is_account(arn->account) &&
      std::ranges::find(kPartitions, arn->partition, &Partition::name) != kPartitions.end();
  if (!known || !arn->resource.starts_with(kPath) || arn->resource.ends_with('/') ||
      !all_of(arn->resource, "/+=,.@")) {
    return fail(ErrorKind::Malformed, fmt::format("'{}' is not the ARN of an IAM role, such as "
                                                  "arn:aws:iam::123456789012:role/ecs-scaler",
                                                  shortened(role.arn)));
  }
  const std::string& external = role.external_id;
  if (!external.empty() && (external.size() < kExternalMin || external.size() > kExternalMax ||
                            !all_of(external, "+=,.@:/"))) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is no external id: STS takes {} to {} letters, digits and "
                            "_+=,.@:/-",
                            shortened(external), kExternalMin, kExternalMax));
  }
  return *std::move(arn);
}

std::string_view plain_name(std::string_view name_or_arn) {
  return name_or_arn.substr(name_or_arn.rfind('/') + 1);
}

bool is_cluster(std::string_view text) {
  return read_ecs_name(text, "cluster", kClusterMeaning).has_value();
}

bool is_service(std::string_view text) {
  return read_ecs_name(text, "service", kServiceMeaning).has_value();
}

Result<ServiceAddress> parse_service(std::string_view cluster, std::string_view service) {
  const EcsName group = TRY(read_ecs_name(cluster, "cluster", kClusterMeaning));
  const EcsName member = TRY(read_ecs_name(service, "service", kServiceMeaning));
  if (const std::string_view other = contradiction(group, member); !other.empty()) {
    return fail(ErrorKind::Malformed, fmt::format("the service '{}' is one of {} than the cluster "
                                                  "'{}' that was given with it",
                                                  service, other, cluster));
  }
  const Arn& arn = member.arn.service.empty() ? group.arn : member.arn;
  return ServiceAddress{.region = arn.region,
                        .account = arn.account,
                        .cluster = std::string(group.cluster),
                        .service = std::string(member.service)};
}

bool may_be_same(const ServiceAddress& a, const ServiceAddress& b) {
  return a.cluster == b.cluster && a.service == b.service &&
         may_be_same(std::string_view(a.region), b.region) &&
         may_be_same(std::string_view(a.account), b.account);
}

std::string_view region_of_service(std::string_view cluster, std::string_view service) {
  const std::string_view region = arn_field(service, kRegionField);
  return region.empty() ? arn_field(cluster, kRegionField) : region;
}

std::optional<FunctionArn> parse_function_arn(std::string_view text) {
  const std::optional<Arn> arn = parse_arn(text);
  const std::vector<std::string_view> parts =
      arn ? split(arn->resource, ":") : std::vector<std::string_view>();
  if (!arn || arn->service != "lambda" || (parts.size() != 2 && parts.size() != 3) ||
      parts[0] != "function" || parts[1].empty()) {
    return std::nullopt;
  }
  FunctionArn read{.plain = std::string(text),
                   .region = arn->region,
                   .account = arn->account,
                   .name = std::string(parts[1])};
  if (parts.size() == 3) {
    read.plain.resize(text.size() - parts[2].size() - 1);
    read.qualifier = parts[2] == "$LATEST" ? "" : parts[2];
  }
  return read;
}

}  // namespace scaler
