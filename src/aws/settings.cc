#include "aws/settings.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "aws/profile_file.h"
#include "net/url.h"

namespace scaler::aws {
namespace {

constexpr int kAttemptsLimit = 100;

struct ServiceNames {
  std::string_view signing = {};
  std::string_view display = {};
  std::string_view variable = {};
};

constexpr std::array<ServiceNames, kServiceCount> kServices{{
    {.signing = "sqs", .display = "SQS", .variable = "AWS_ENDPOINT_URL_SQS"},
    {.signing = "ecs", .display = "ECS", .variable = "AWS_ENDPOINT_URL_ECS"},
    {.signing = "lambda", .display = "Lambda", .variable = "AWS_ENDPOINT_URL_LAMBDA"},
    {.signing = "sts", .display = "STS", .variable = "AWS_ENDPOINT_URL_STS"},
    {.signing = "application-autoscaling",
     .display = "Application Auto Scaling",
     .variable = "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING"},
}};

struct Partition {
  std::string_view region_prefix = {};
  std::string_view suffix = {};
};

constexpr std::array<Partition, 8> kPartitions{{
    {.region_prefix = "cn-", .suffix = "amazonaws.com.cn"},
    {.region_prefix = "eusc-", .suffix = "amazonaws.eu"},
    {.region_prefix = "us-iso-", .suffix = "c2s.ic.gov"},
    {.region_prefix = "us-isob-", .suffix = "sc2s.sgov.gov"},
    {.region_prefix = "eu-isoe-", .suffix = "cloud.adc-e.uk"},
    {.region_prefix = "us-isof-", .suffix = "csp.hci.ic.gov"},
    {.region_prefix = "eu-isof-", .suffix = "csp.hci.ic.gov"},
    {.region_prefix = "", .suffix = "amazonaws.com"},
}};

const ServiceNames& names_of(Service service) {
  return kServices.at(static_cast<std::size_t>(service));
}

std::optional<std::string> setting(const ProfileSettings& settings, std::string_view name) {
  const auto found = settings.find(name);
  return found == settings.end() || found->second.empty() ? std::nullopt
                                                          : std::optional(found->second);
}

bool is_true(const Environment& environment, std::string_view name) {
  const std::string text = variable(environment, name).value_or("");
  return std::ranges::equal(text, std::string_view("true"), {}, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
}

Result<std::string> read_region(const Environment& environment, const Profile& profile) {
  std::optional<std::string> region = variable(environment, "AWS_REGION");
  if (!region) {
    region = variable(environment, "AWS_DEFAULT_REGION");
  }
  if (!region) {
    region = setting(profile.settings, "region");
  }
  if (!region) {
    return fail(ErrorKind::Malformed,
                "AWS_REGION is not set, and profile '" + profile.name + "' has no region");
  }
  const bool plain = std::ranges::all_of(
      *region, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  if (!plain) {
    return fail(ErrorKind::Malformed,
                "AWS_REGION: '" + *region + "' is not a region such as eu-central-1");
  }
  return *region;
}

struct NamedUrl {
  std::string name = {};
  std::string url = {};
};

/// The endpoint that was configured for the service, and where.
std::optional<NamedUrl> configured_url(Service service, const Environment& environment,
                                       const Profile& profile) {
  if (is_true(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) {
    return std::nullopt;
  }
  for (const std::string_view name :
       {names_of(service).variable, std::string_view("AWS_ENDPOINT_URL")}) {
    if (const auto url = variable(environment, name)) {
      return NamedUrl{.name = std::string(name), .url = *url};
    }
  }
  const std::string in_profile = "endpoint_url of profile '" + profile.name + "'";
  const std::string key = std::string(signing_name(service)) + ".endpoint_url";
  if (const auto url = setting(profile.service_settings, key)) {
    return NamedUrl{.name = in_profile, .url = *url};
  }
  if (const auto url = setting(profile.settings, "endpoint_url")) {
    return NamedUrl{.name = in_profile, .url = *url};
  }
  return std::nullopt;
}

Result<Endpoint> read_endpoint(Service service, const std::string& region,
                               const std::optional<NamedUrl>& configured) {
  if (!configured) {
    return Endpoint{.origin = {.host = std::string(signing_name(service)) + "." + region + "." +
                                       std::string(dns_suffix(region))}};
  }
  Result<net::Url> url = net::parse_url(configured->url);
  if (!url.has_value()) {
    return fail(std::move(url).error(), configured->name);
  }
  if (!url->query.empty()) {
    return fail(ErrorKind::Malformed, configured->name + ": an endpoint has no query");
  }
  while (url->path.ends_with('/')) {
    url->path.pop_back();
  }
  return Endpoint{.origin = std::move(url->origin), .path = std::move(url->path)};
}

Result<int> read_attempts(const Environment& environment, const Profile& profile) {
  std::optional<std::string> text = variable(environment, "AWS_MAX_ATTEMPTS");
  if (!text) {
    text = setting(profile.settings, "max_attempts");
  }
  if (!text) {
    return Settings{}.attempts_max;
  }
  int attempts = 0;
  const char* end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, attempts);
  if (parsed.ec != std::errc{} || parsed.ptr != end || attempts < 1 || attempts > kAttemptsLimit) {
    return fail(ErrorKind::Malformed,
                "AWS_MAX_ATTEMPTS: '" + *text + "' is not a whole number from 1 to 100");
  }
  return attempts;
}

}  // namespace

std::string_view signing_name(Service service) {
  return names_of(service).signing;
}

std::string_view display_name(Service service) {
  return names_of(service).display;
}

std::string_view dns_suffix(std::string_view region) {
  const auto* const found = std::ranges::find_if(kPartitions, [region](const Partition& partition) {
    return region.starts_with(partition.region_prefix);
  });
  return found->suffix;
}

Result<Settings> read_settings(const Environment& environment) {
  const Profile profile = TRY(read_profile(environment));
  for (const std::string_view name : {"AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"}) {
    if (is_true(environment, name)) {
      return fail(ErrorKind::Malformed,
                  std::string(name) +
                      " is not supported; set AWS_ENDPOINT_URL_SQS, "
                      "AWS_ENDPOINT_URL_ECS and AWS_ENDPOINT_URL_LAMBDA instead");
    }
  }
  Settings settings{.region = TRY(read_region(environment, profile))};
  for (std::size_t i = 0; i < kServiceCount; ++i) {
    const auto service = static_cast<Service>(i);
    settings.endpoints.at(i) =
        TRY(read_endpoint(service, settings.region, configured_url(service, environment, profile)));
  }
  const std::optional<std::string> bundle = variable(environment, "AWS_CA_BUNDLE");
  settings.ca_bundle = bundle ? *bundle : setting(profile.settings, "ca_bundle").value_or("");
  settings.attempts_max = TRY(read_attempts(environment, profile));
  return settings;
}

}  // namespace scaler::aws
