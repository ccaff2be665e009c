// smithy-rs' cases of the whole chain: environment, files and what the network answered, replayed.

#include <gtest/gtest.h>

#include "edge/identity/profile_source.h"
#include "edge/identity/test_support.h"

namespace scaler::identity {
namespace {

using aws::text_in;
using aws::texts_in;
using json::Reader;

/// "a=1&b=2" in the order of the names.
std::string sorted_query(std::string_view target) {
  const std::size_t mark = target.find('?');
  std::vector<std::string> parts;
  std::string_view rest = mark == std::string_view::npos ? "" : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    parts.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::ranges::sort(parts);
  std::string result(target.substr(0, mark));
  for (const std::string& part : parts) {
    result += "|" + part;
  }
  return result;
}

std::string url_of(const net::HttpRequest& request) {
  return sorted_query(request.origin.scheme + "://" + net::host_header(request.origin) +
                      request.target);
}

/// With a path, as it goes over the wire.
std::string expected_url(std::string url) {
  if (url.find('/', url.find("://") + 3) == std::string::npos) {
    url += '/';
  }
  return sorted_query(url);
}

class ChainCase : public Workstation {
 public:
  explicit ChainCase(const Reader& test) : test_(test) {
    clock.advance(*parse_instant(text_in(test, "at")) - clock.now());
    environment = {{"PATH", "/usr/bin:/bin"}};
    for (const auto& [name, value] : texts_in(test, "environment")) {
      environment[name] = rooted(value);
    }
    for (const auto& [name, text] : texts_in(test, "files")) {
      folder.write(name, rooted(text));
    }
    transport.answer = [this](const net::HttpRequest& request) { return answer(request); };
  }

  /// Empty, or what is not as the case has it.
  std::string problem(bool whole_chain) {
    const Result<aws::Credentials> credentials = fetch(whole_chain);
    const auto keys = test_.optional_field("keys");
    if (!wrong_.empty()) {
      return wrong_;
    }
    if (credentials.has_value() != keys.has_value()) {
      return credentials.has_value() ? "it has keys" : credentials.error().message;
    }
    if (!keys) {
      return "";
    }
    const std::string expires =
        credentials->expires ? format_instant(*credentials->expires) : std::string();
    const bool same =
        credentials->access_key_id == text_in(*keys, "access_key_id") &&
        credentials->secret_access_key.reveal() == text_in(*keys, "secret_access_key") &&
        credentials->session_token.reveal() == text_in(*keys, "session_token") &&
        expires == text_in(*keys, "expires");
    return same ? "" : "other keys: " + credentials->access_key_id + ", " + expires;
  }

 private:
  Result<aws::Credentials> fetch(bool whole_chain) {
    // As Session does it. A case without a region is about credentials alone.
    Environment with_region = environment;
    with_region.emplace("AWS_REGION", "us-east-1");
    TRY(aws::read_settings(with_region));
    if (whole_chain) {
      return current();
    }
    const auto source = profile_source(surroundings(), log, {});
    auto credentials = TRY(source->fetch(aws::soon()));
    if (!credentials) {
      return fail(ErrorKind::Unauthorized, "the profile has no credentials");
    }
    return *std::move(credentials);
  }

  std::string rooted(std::string text) const {
    constexpr std::string_view kMark = "@ROOT";
    for (std::size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at)) {
      text.replace(at, kMark.size(), folder.path());
    }
    return text;
  }

  Result<net::HttpResponse> answer(const net::HttpRequest& request) {
    const std::vector<Reader> traffic = *test_.field("traffic")->items();
    if (traffic.empty() || sent_ >= traffic.size()) {
      // A recording of 5xx without end is one of 5xx; beyond any other one there is nobody.
      const bool busy = !traffic.empty() && status_of(traffic.back()) >= 500;
      return busy
                 ? Result<net::HttpResponse>(net::HttpResponse{.status = status_of(traffic.back())})
                 : fail(ErrorKind::Unavailable, "nobody answers");
    }
    const Reader& exchange = traffic[sent_++];
    check(exchange, request);
    return net::HttpResponse{.status = status_of(exchange),
                             .body = text_in(*exchange.field("answer"), "body")};
  }

  static int status_of(const Reader& exchange) {
    return static_cast<int>(*exchange.field("answer")->field("status")->integer());
  }

  void check(const Reader& exchange, const net::HttpRequest& request) {
    const std::string url = expected_url(text_in(exchange, "url"));
    if (request.method != text_in(exchange, "method") || url_of(request) != url) {
      wrong_ = "asked " + url_of(request) + ", not " + url;
    }
    for (const auto& [name, value] : texts_in(exchange, "headers")) {
      if (net::find_header(request.headers, name) != value) {
        wrong_ = "header " + name;
      }
    }
    const std::string action = text_in(exchange, "action");
    if (!action.empty() && !request.body.starts_with("Action=" + action + "&")) {
      wrong_ = "sent " + request.body + ", not " + action;
    }
  }

  Reader test_;
  std::size_t sent_ = 0;
  std::string wrong_;
};

/// Runs all cases of a file; how many differ for a stated reason.
std::size_t replay(const std::string& name, bool whole_chain, std::size_t count) {
  const json::Value document = aws::read_vectors(SCALER_VECTORS_DIR "/credentials/" + name);
  const std::vector<Reader> cases = *Reader(document).field("cases")->items();
  std::size_t differing = 0;
  for (const Reader& test : cases) {
    const std::string reason = text_in(test, "differs");
    const std::string problem = ChainCase(test).problem(whole_chain);
    // A reason that holds no longer must go.
    EXPECT_EQ(problem.empty(), reason.empty()) << text_in(test, "name") << ": " << problem;
    differing += reason.empty() ? 0U : 1U;
  }
  EXPECT_EQ(cases.size(), count);
  return differing;
}

TEST(CredentialVectors, OfTheDefaultChainAreFollowed) {
  EXPECT_EQ(replay("default_chain.json", true, 29), 1U);
}

TEST(CredentialVectors, OfProfilesAreFollowed) {
  EXPECT_EQ(replay("profile_provider.json", false, 18), 3U);
}

TEST(CredentialVectors, OfContainersAskTheRightPlace) {
  const json::Value document =
      aws::read_vectors(SCALER_VECTORS_DIR "/credentials/container_urls.json");
  const std::vector<Reader> cases = *Reader(document).field("cases")->items();
  for (const Reader& test : cases) {
    Workstation place;
    for (const auto& [name, value] : texts_in(test, "environment")) {
      place.environment[name] = value;
    }
    place.transport.reply_with({aws::ok(R"({"AccessKeyId":"K","SecretAccessKey":"s"})")});
    const bool found = place.current().has_value();
    const std::string url = text_in(test, "url");
    EXPECT_EQ(found, !url.empty()) << text_in(test, "name");
    if (found) {
      EXPECT_EQ(url_of(place.transport.requests.at(0)), expected_url(url));
    }
  }
  EXPECT_EQ(cases.size(), 11U);
}

}  // namespace
}  // namespace scaler::identity
