#include "edge/aws/redaction.h"

#include <algorithm>
#include <array>

#include "ground/base/text.h"
#include "ground/net/url.h"

namespace scaler::aws {
namespace {

constexpr std::string_view kHidden = "[hidden]";
/// Shorter ones could be part of any word.
constexpr std::size_t kSecretMin = 4;
constexpr std::array<std::string_view, 3> kCarriers{
    "x-amz-security-token", "x-amz-sso_bearer_token", "x-aws-ec2-metadata-token"};

void hide(std::string& text, std::string_view secret) {
  if (secret.size() < kSecretMin) {
    return;
  }
  for (std::size_t at = text.find(secret); at != std::string::npos;
       at = text.find(secret, at + kHidden.size())) {
    text.replace(at, secret.size(), kHidden);
  }
}

/// "name:value" and "name=value", in any case.
void hide_value(std::string& text, std::string_view name) {
  std::string lowered = lower_case(text);
  std::size_t at = lowered.find(name);
  while (at != std::string::npos) {
    std::size_t begin = at + name.size();
    if (begin < text.size() && (text[begin] == ':' || text[begin] == '=')) {
      begin = std::min(lowered.find_first_not_of(' ', begin + 1), text.size());
      const std::size_t end = std::min(text.find_first_of(" \t\r\n'\"&,;", begin), text.size());
      text.replace(begin, end - begin, kHidden);
      lowered.replace(begin, end - begin, kHidden);
      begin += kHidden.size();
    }
    at = lowered.find(name, begin);
  }
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
