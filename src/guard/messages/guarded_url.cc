#include "guard/messages/guarded_url.h"

#include <algorithm>
#include <array>

#include "ground/base/text.h"
#include "ground/net/no_proxy.h"
#include "ground/net/url.h"
#include "scaler/core/queue_names.h"

namespace scaler::guard {
namespace {

constexpr std::array<std::string_view, 2> kSchemes = {"https", "http"};

/// What ends a URL within a text that holds one: blanks, quotes, and what separates values.
constexpr std::string_view kEndsUrl = " \t\r\n\"'`,;|<>()[]{}\\";

bool is_account(std::string_view text) {
  return text.size() == 12 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Whether the path is a queue's, /ACCOUNT/NAME, or what code puts a queue's name behind, /ACCOUNT.
bool is_queue_path(std::string_view path) {
  if (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  const auto parts = split(path, "/");
  return is_account(parts.back()) ||
         (parts.size() >= 3 && is_account(parts[parts.size() - 2]) && !parts.back().empty());
}

bool is_queue(std::string_view text, const Door& door) {
  const Result<net::Url> url = net::parse_url(text);
  if (!url.has_value() || !is_queue_path(url->path)) {
    return false;
  }
  const std::optional<AwsHost> host = parse_aws_host(url->origin.host);
  return (host && host->service == "sqs") || (door.endpoint && url->origin == *door.endpoint);
}

}  // namespace

std::string guarded(std::string_view url, const Door& door) {
  for (const std::string_view scheme : kSchemes) {
    const std::string begin = std::string(scheme) + "://";
    if (url.starts_with(begin) && !url.starts_with(door.origin() + "/")) {
      return door.origin() + "/" + std::string(scheme) + "/" +
             std::string(url.substr(begin.size()));
    }
  }
  return std::string(url);
}

std::optional<std::string> unguarded(std::string_view url) {
  std::string_view path = url;
  if (!path.starts_with('/')) {
    constexpr std::string_view kBegin = "http://";
    const std::size_t slash =
        path.starts_with(kBegin) ? path.find('/', kBegin.size()) : std::string_view::npos;
    if (slash == std::string_view::npos) {
      return std::nullopt;
    }
    path.remove_prefix(slash);
  }
  for (const std::string_view scheme : kSchemes) {
    const std::string begin = "/" + std::string(scheme) + "/";
    if (path.starts_with(begin)) {
      return std::string(scheme) + "://" + std::string(path.substr(begin.size()));
    }
  }
  return std::nullopt;
}

std::string guard_urls(std::string_view text, const Door& door) {
  std::string result;
  while (true) {
    std::size_t begin = std::min(text.find("https://"), text.find("http://"));
    if (begin == std::string_view::npos) {
      return result.append(text);
    }
    result.append(text.substr(0, begin));
    text.remove_prefix(begin);
    const std::string_view url = text.substr(0, text.find_first_of(kEndsUrl));
    result += is_queue(url, door) ? guarded(url, door) : std::string(url);
    text.remove_prefix(url.size());
  }
}

Environment guarded_environment(Environment environment, const Door& door) {
  if (equal_in_any_case(variable(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").value_or(""),
                        "true")) {
    // It would make the SDK ignore the guard, too. What it made the SDK ignore goes with it.
    environment.erase("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    std::erase_if(environment,
                  [](const auto& entry) { return entry.first.starts_with("AWS_ENDPOINT_URL"); });
  }
  for (auto& [name, value] : environment) {
    if (!name.starts_with("AWS_ENDPOINT_URL")) {
      value = guard_urls(value, door);
    }
  }
  environment["AWS_ENDPOINT_URL_SQS"] = door.origin();
  net::reach_directly(environment, "127.0.0.1");
  return environment;
}

}  // namespace scaler::guard
