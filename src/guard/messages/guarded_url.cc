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

/// What ends the path of a queue within a text that holds its URL: blanks, quotes, and what
/// separates values or has been encoded.
constexpr std::string_view kEndsUrl = " \t\r\n\"'`,;|<>()[]{}\\&?#%";

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

/// How a value may spell a URL.
struct Spelling {
  std::string_view colon;
  std::string_view slash;
};
constexpr std::array kSpellings = {Spelling{":", "/"},      // As it is, in JSON, too,
                                   Spelling{":", R"(\/)"},  // JSON as PHP writes it,
                                   Spelling{"%3A", "%2F"},  // within another URL.
                                   Spelling{"%3a", "%2f"}};

std::string spelt(std::string_view plain, const Spelling& spelling) {
  std::string text;
  for (const char c : plain) {
    text += c == ':' ? spelling.colon : c == '/' ? spelling.slash : std::string_view(&c, 1);
  }
  return text;
}

std::string unspelt(std::string_view text, const Spelling& spelling) {
  std::string plain;
  while (!text.empty()) {
    const bool colon = text.starts_with(spelling.colon);
    const bool slash = text.starts_with(spelling.slash);
    plain += colon ? ':' : slash ? '/' : text.front();
    text.remove_prefix(colon ? spelling.colon.size() : slash ? spelling.slash.size() : 1);
  }
  return plain;
}

struct Found {
  std::size_t at = std::string_view::npos;
  std::string begin = {};              ///< "https://", as it is spelt
  const Spelling* spelling = nullptr;  ///< null: there is none
};

Found first_url(std::string_view text) {
  Found first;
  for (const Spelling& spelling : kSpellings) {
    for (const std::string_view scheme : kSchemes) {
      std::string begin = spelt(std::string(scheme) + "://", spelling);
      if (const std::size_t at = text.find(begin); at < first.at) {
        first = {.at = at, .begin = std::move(begin), .spelling = &spelling};
      }
    }
  }
  return first;
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
    const Found found = first_url(text);
    result.append(text.substr(0, found.at));
    if (found.spelling == nullptr) {
      return result;
    }
    text.remove_prefix(found.at);
    // Of a guarded URL only the beginning is another one, so the rest stays as it is spelt.
    const std::string_view begin = text.substr(0, found.begin.size());
    const std::string plain = unspelt(text, *found.spelling);
    const std::string_view url = std::string_view(plain).substr(0, plain.find_first_of(kEndsUrl));
    if (is_queue(url, door)) {
      const std::string_view scheme = url.substr(0, url.find(':'));
      result += spelt(door.origin() + "/" + std::string(scheme) + "/", *found.spelling);
    } else {
      result.append(begin);
    }
    text.remove_prefix(begin.size());
  }
}

Environment guarded_environment(Environment environment, const Door& door,
                                ConfiguredEndpoints endpoints) {
  if (endpoints == ConfiguredEndpoints::Ignored) {
    std::erase_if(environment,
                  [](const auto& entry) { return entry.first.starts_with("AWS_ENDPOINT_URL"); });
  }
  for (auto& [name, value] : environment) {
    if (!name.starts_with("AWS_ENDPOINT_URL")) {
      value = guard_urls(value, door);
    }
  }
  environment["AWS_ENDPOINT_URL_SQS"] = door.origin();
  // Left out, it is the profile's: one that said "true" had workers go past the guard, unprotected.
  environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "false";
  net::reach_directly(environment, "127.0.0.1");
  return environment;
}

}  // namespace scaler::guard
