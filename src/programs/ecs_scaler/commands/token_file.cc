#include "programs/ecs_scaler/commands/token_file.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "ground/base/file.h"
#include "ground/base/text.h"

namespace scaler::cli {
namespace {

constexpr std::size_t kTokenMax = 4096;
constexpr std::string_view kBearer = "bearer ";
constexpr std::string_view kBasic = "basic ";

bool begins_with(std::string_view text, std::string_view scheme) {
  return equal_in_any_case(text.substr(0, scheme.size()), scheme);
}

/// What base64 holds; nothing when it is none. Source: RFC 4648 section 4.
std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) {
      return std::nullopt;
    }
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xffU);
    }
  }
  return bytes;
}

/// The token that a header brings: a program as it is, a browser as the password of any user.
std::string token_in(std::string_view authorization) {
  if (begins_with(authorization, kBearer)) {
    return std::string(authorization.substr(kBearer.size()));
  }
  const auto pair = begins_with(authorization, kBasic)
                        ? decode_base64(authorization.substr(kBasic.size()))
                        : std::nullopt;
  const std::size_t colon = pair ? pair->find(':') : std::string::npos;
  return colon == std::string::npos ? "" : pair->substr(colon + 1);
}

}  // namespace

Result<Secret> read_token(const std::string& path) {
  std::string text = TRY(read_file(path, kTokenMax + 2));
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  text = text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
  const bool visible = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
  if (text.empty() || text.size() > kTokenMax || !visible) {
    return fail(ErrorKind::Malformed,
                path + ": a token is one word of visible ASCII characters, at most " +
                    std::to_string(kTokenMax));
  }
  return Secret(std::move(text));
}

bool brings_token(std::string_view authorization, const Secret& token) {
  const std::string& wanted = token.reveal();
  const std::string given = token_in(authorization);
  int difference = given.size() == wanted.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |= given[i] ^ wanted[i % wanted.size()];
  }
  return difference == 0;
}

}  // namespace scaler::cli
