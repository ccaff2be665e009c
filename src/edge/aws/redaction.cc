#include "edge/aws/redaction.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ground/base/text.h"
#include "ground/net/url.h"

namespace scaler::aws {
namespace {

constexpr std::string_view kHidden = "[hidden]";
/// Shorter ones could be part of any word.
constexpr std::size_t kSecretMin = 4;
constexpr std::array<std::string_view, 3> kCarriers{
    "x-amz-security-token", "x-amz-sso_bearer_token", "x-aws-ec2-metadata-token"};

// Each in one go from the beginning to the end: to replace them where they stand moves all that
// follows each time, and a reply may hold a million of them.

void hide(std::string& text, std::string_view secret) {
  if (secret.size() < kSecretMin) {
    return;
  }
  std::string shown;
  std::size_t from = 0;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, from)) {
    shown.append(text, from, at - from).append(kHidden);
    from = at + secret.size();
  }
  text = std::move(shown.append(text, from));
}

/// "name:value" and "name=value", in any case.
void hide_value(std::string& text, std::string_view name) {
  const std::string lowered = lower_case(text);
  std::string shown;
  std::size_t from = 0;
  for (std::size_t at = lowered.find(name); at != std::string::npos; at = lowered.find(name, at)) {
    at += name.size();
    if (at < text.size() && (text[at] == ':' || text[at] == '=')) {
      at = std::min(text.find_first_not_of(' ', at + 1), text.size());
      shown.append(text, from, at - from).append(kHidden);
      from = at = std::min(text.find_first_of(" \t\r\n'\"&,;", at), text.size());
    }
  }
  text = std::move(shown.append(text, from));
}

}  // namespace

std::string without_secrets(std::string text, std::initializer_list<std::string_view> secrets) {
  for (const std::string_view secret : secrets) {
    hide(text, secret);
    hide(text, net::percent_encode(secret));
  }
  for (const std::string_view name : kCarriers) {
    hide_value(text, name);
  }
  return text;
}

}  // namespace scaler::aws
