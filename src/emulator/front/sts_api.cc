#include "emulator/front/sts_api.h"

#include <map>
#include <optional>
#include <ranges>
#include <utility>

#include <fmt/core.h>

#include "ground/base/text.h"

namespace scaler::emulator {
namespace {

constexpr std::string_view kNamespace = "https://sts.amazonaws.com/doc/2011-06-15/";
constexpr std::string_view kVersion = "2011-06-15";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return std::nullopt;
    }
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

using Form = std::map<std::string, std::string, std::less<>>;

std::optional<Form> parse_form(std::string_view body) {
  Form form;
  for (const auto part : std::views::split(body, '&')) {
    const std::string_view pair(part.begin(), part.end());
    const std::size_t equals = pair.find('=');
    const auto name = decode(pair.substr(0, equals));
    const auto value =
        decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
    if (!name || !value || !form.emplace(*name, *value).second) {
      return std::nullopt;
    }
  }
  return form;
}

std::string_view form_value(const Form& form, std::string_view name) {
  const auto found = form.find(name);
  return found == form.end() ? std::string_view() : found->second;
}

}  // namespace

std::string form_action(std::string_view body) {
  const auto form = parse_form(body);
  return form ? std::string(form_value(*form, "Action")) : std::string();
}

ApiResult<std::string> handle_sts(std::string_view body, const Caller& caller,
                                  std::string_view request_id) {
  const auto form = parse_form(body);
  if (!form) {
    return refuse("MalformedQueryString", "The form is not well encoded.");
  }
  const std::string_view action = form_value(*form, "Action");
  if (action.empty()) {
    return refuse("MissingAction", "The request must contain the parameter Action.");
  }
  if (action != "GetCallerIdentity" || form_value(*form, "Version") != kVersion) {
    return refuse("InvalidAction", fmt::format("Could not find operation {} for version {}", action,
                                               form_value(*form, "Version")));
  }
  for (const auto& [name, value] : *form) {
    if (name != "Action" && name != "Version") {
      return refuse("InvalidParameterValue",
                    fmt::format("'{}' is no parameter of this request.", name));
    }
  }
  return fmt::format(
      "<GetCallerIdentityResponse xmlns=\"{}\"><GetCallerIdentityResult>"
      "<Arn>arn:aws:iam::{}:user/emulated</Arn><UserId>{}</UserId><Account>{}</Account>"
      "</GetCallerIdentityResult><ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata>"
      "</GetCallerIdentityResponse>",
      kNamespace, kAccount, markup_text(caller.access_key_id), kAccount, request_id);
}

std::string sts_error(const ApiError& error, std::string_view request_id) {
  return fmt::format(
      "<ErrorResponse xmlns=\"{}\"><Error><Type>{}</Type><Code>{}</Code><Message>{}</Message>"
      "</Error><RequestId>{}</RequestId></ErrorResponse>",
      kNamespace, error.status >= 500 ? "Receiver" : "Sender", markup_text(error.code),
      markup_text(error.message), request_id);
}

}  // namespace scaler::emulator
