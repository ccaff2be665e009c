#include "edge/aws/settings.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/net/url.h"
#include "scaler/core/names.h"

namespace scaler::aws {
namespace {

constexpr int kAttemptsLimit = 100;

std::optional<std::string> setting(const ProfileSettings& settings, std::string_view name) {
  const auto found = settings.find(name);
  return found == settings.end() || found->second.empty() ? std::nullopt
                                                          : std::optional(found->second);
}

std::string by_profile(std::string_view key, const Profile& profile) {
  return std::string(key) + " of profile '" + profile.name + "'";
}

Result<std::string> read_region(const Environment& environment, const Profile& profile) {
  std::optional<NamedSetting> region = find_setting(environment, profile, "AWS_REGION", "");
  if (!region) {
    region = find_setting(environment, profile, "AWS_DEFAULT_REGION", "region");
  }
  if (!region) {
    return "";
  }
  const std::string_view text = region->text;
  const bool plain = std::ranges::all_of(
      text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  if (!plain) {
    return fail(ErrorKind::Malformed,
                region->by + ": '" + shortened(text) + "' is not a region such as eu-central-1");
  }
  // Any other word may be the region of a server that is not AWS's. The name of a zone would be
  // looked for as a host that does not exist.
  if (const std::string_view of_zone = text.substr(0, text.size() - 1);
      !is_region(text) && is_region(of_zone)) {
    return fail(ErrorKind::Malformed, region->by + ": '" + region->text +
                                          "' is an availability zone: its region is " +
                                          std::string(of_zone));
  }
  return std::move(region->text);
}

/// Who has endpoints ignored that are configured; empty when nobody does.
Result<std::string> who_ignores(const Environment& environment, const Profile& profile) {
  return who_demands(environment, profile, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                     "ignore_configured_endpoint_urls");
}

/// The endpoint that was configured for what has this variable and section, and where.
Result<std::optional<NamedSetting>> configured_url(std::string_view service_variable,
                                                   std::string_view section,
                                                   const Environment& environment,
                                                   const Profile& profile) {
  if (!TRY(who_ignores(environment, profile)).empty()) {
    return std::nullopt;
  }
  for (const std::string_view name : {service_variable, std::string_view("AWS_ENDPOINT_URL")}) {
    if (auto found = find_setting(environment, profile, name, "")) {
      return found;
    }
  }
  const std::string key = std::string(section) + ".endpoint_url";
  if (const auto url = setting(profile.service_settings, key)) {
    return NamedSetting{.by = by_profile("endpoint_url", profile), .text = *url};
  }
  return find_setting(environment, profile, "", "endpoint_url");
}

Result<Endpoint> read_endpoint(std::string_view text) {
  net::Url url = TRY(net::parse_url(text));
  if (!url.query.empty()) {
    return fail(ErrorKind::Malformed, "an endpoint has no query");
  }
  while (url.path.ends_with('/')) {
    url.path.pop_back();
  }
  return Endpoint{.origin = std::move(url.origin), .path = std::move(url.path)};
}

Result<Endpoint> read_endpoint(const NamedSetting& configured) {
  Result<Endpoint> endpoint = read_endpoint(configured.text);
  if (!endpoint) {
    return fail(std::move(endpoint).error(), configured.by);
  }
  return endpoint;
}

Result<std::optional<ClientSettings::Configured>> read_configured(AwsService service,
                                                                  const Environment& environment,
                                                                  const Profile& profile) {
  std::optional<NamedSetting> url = TRY(
      configured_url(endpoint_variable(service), profile_section(service), environment, profile));
  if (!url) {
    return std::nullopt;
  }
  Endpoint endpoint = TRY(read_endpoint(*url));
  const std::optional<AwsHost> host = parse_aws_host(endpoint.origin.host);
  return ClientSettings::Configured{.by = std::move(url->by),
                                    .endpoint = std::move(endpoint),
                                    .region = host ? host->region : ""};
}

Result<void> read_kind(const Environment& environment, const Profile& profile,
                       ClientSettings& settings) {
  const std::string fips =
      TRY(who_demands(environment, profile, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"));
  const std::string dual_stack = TRY(
      who_demands(environment, profile, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"));
  if (!fips.empty() && !dual_stack.empty()) {
    return fail(ErrorKind::Malformed,
                fips + " and " + dual_stack +
                    " are both true, and no endpoint is known that is FIPS and dual-stack: switch "
                    "one off, or name endpoints with AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL_ECS "
                    "and AWS_ENDPOINT_URL_LAMBDA");
  }
  settings.kind = !fips.empty()         ? EndpointKind::Fips
                  : !dual_stack.empty() ? EndpointKind::DualStack
                                        : EndpointKind::Plain;
  settings.kind_by = fips + dual_stack;
  return {};
}

Result<int> read_attempts(const Environment& environment, const Profile& profile) {
  const auto given = find_setting(environment, profile, "AWS_MAX_ATTEMPTS", "max_attempts");
  if (!given) {
    return ClientSettings{}.attempts_max;
  }
  const auto attempts = number_of<int>(given->text);
  if (!attempts || *attempts < 1 || *attempts > kAttemptsLimit) {
    return fail(ErrorKind::Malformed, given->by + ": '" + shortened(given->text) +
                                          "' is not a whole number from 1 to 100");
  }
  return *attempts;
}

/// Refuses what lies behind a proxy that cannot be used.
Result<Destination> reachable(Destination destination, const net::Proxies& proxies) {
  static_cast<void>(TRY(proxies.of(destination.endpoint.origin)));
  return destination;
}

}  // namespace

std::optional<NamedSetting> find_setting(const Environment& environment, const Profile& profile,
                                         std::string_view name, std::string_view key) {
  if (auto text = variable(environment, name)) {
    return NamedSetting{.by = std::string(name), .text = *std::move(text)};
  }
  if (auto text = setting(profile.settings, key)) {
    return NamedSetting{.by = by_profile(key, profile), .text = *std::move(text)};
  }
  return std::nullopt;
}

Result<std::string> who_demands(const Environment& environment, const Profile& profile,
                                std::string_view name, std::string_view key) {
  std::optional<NamedSetting> given = find_setting(environment, profile, name, key);
  const std::string word = lower_case(given ? given->text : "false");
  if (word != "true" && word != "false") {
    return fail(ErrorKind::Malformed,
                given->by + ": '" + shortened(given->text) + "' is neither true nor false");
  }
  return word == "true" ? std::move(given->by) : "";
}

Result<IgnoredEndpoints> ignored_endpoints(const Environment& environment) {
  const Profile profile = TRY(read_profile(environment));
  return IgnoredEndpoints{
      .by = TRY(who_ignores(environment, profile)),
      .in_profile = setting(profile.settings, "endpoint_url").has_value() ||
                    std::ranges::any_of(profile.service_settings, [](const auto& entry) {
                      return entry.first.ends_with(".endpoint_url") && !entry.second.empty() &&
                             entry.first != "sqs.endpoint_url";
                    })};
}

Result<Destination> ClientSettings::destination(AwsService service,
                                                std::string_view of_region) const {
  Destination destination{.region = std::string(of_region.empty() ? region : of_region)};
  if (destination.region.empty()) {
    return fail(ErrorKind::Malformed, no_region);
  }
  const std::optional<Configured>& given = configured.at(static_cast<std::size_t>(service));
  if (!given) {
    Result<std::string> host = endpoint_host(service, destination.region, kind);
    if (!host) {
      return fail(std::move(host).error(), kind_by);
    }
    destination.endpoint.origin.host = *std::move(host);
    return reachable(std::move(destination), proxies);
  }
  if (!may_be_same(std::string_view(given->region), destination.region)) {
    return fail(ErrorKind::Malformed, given->by + ": " + given->endpoint.origin.host +
                                          " is the endpoint of " + given->region + ", but " +
                                          std::string(display_name(service)) +
                                          " is to be asked in " + destination.region);
  }
  destination.endpoint = given->endpoint;
  return reachable(std::move(destination), proxies);
}

Result<Destination> ClientSettings::destination(const QueueAddress& queue,
                                                std::string_view otherwise) const {
  const std::string_view said = queue.region.empty() ? otherwise : std::string_view(queue.region);
  const bool given = configured.at(static_cast<std::size_t>(AwsService::Sqs)).has_value();
  if (given || queue.origin.empty()) {
    return destination(AwsService::Sqs, said);
  }
  if (kind == EndpointKind::Fips && !queue.fips) {
    return fail(ErrorKind::Malformed,
                kind_by + ": " + queue.origin +
                    " is no FIPS endpoint that is known: name the right one with "
                    "AWS_ENDPOINT_URL_SQS");
  }
  if (said.empty() && region.empty()) {
    return fail(ErrorKind::Malformed, no_region);
  }
  Destination destination{.region = std::string(said.empty() ? std::string_view(region) : said)};
  destination.endpoint = TRY(read_endpoint(queue.origin));
  return reachable(std::move(destination), proxies);
}

Result<Endpoint> other_endpoint(const OtherService& service, const OtherHosts& hosts,
                                const Environment& environment, const Profile& profile) {
  const std::optional<NamedSetting> configured =
      TRY(configured_url(service.variable, service.section, environment, profile));
  if (configured) {
    return read_endpoint(*configured);
  }
  ClientSettings settings;
  TRY(read_kind(environment, profile, settings));
  if (settings.kind == EndpointKind::Fips) {
    return fail(ErrorKind::Malformed, settings.kind_by +
                                          ": no FIPS endpoint is known in place of " + hosts.plain +
                                          ": name one with " + std::string(service.variable));
  }
  const bool dual_stack = settings.kind == EndpointKind::DualStack;
  return Endpoint{.origin = {.host = dual_stack ? hosts.dual_stack : hosts.plain}};
}

Result<ClientSettings> read_settings(const Environment& environment) {
  const Profile profile = TRY(read_profile(environment));
  ClientSettings settings{
      .region = TRY(read_region(environment, profile)),
      .no_region = "AWS_REGION is not set, and profile '" + profile.name + "' has no region"};
  for (std::size_t i = 0; i < kServiceCount; ++i) {
    settings.configured.at(i) =
        TRY(read_configured(static_cast<AwsService>(i), environment, profile));
  }
  TRY(read_kind(environment, profile, settings));
  settings.ca_bundle = find_setting(environment, profile, "AWS_CA_BUNDLE", "ca_bundle")
                           .value_or(NamedSetting{})
                           .text;
  settings.attempts_max = TRY(read_attempts(environment, profile));
  settings.proxies = net::Proxies(environment);
  return settings;
}

}  // namespace scaler::aws
