#include "programs/ecs_scaler/commands/token_file.h"

#include <algorithm>

#include "ground/base/file.h"
#include "ground/base/text.h"

namespace scaler::cli {
namespace {

constexpr std::size_t kTokenMax = 4096;
constexpr std::string_view kScheme = "bearer ";

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
  if (!equal_in_any_case(authorization.substr(0, kScheme.size()), kScheme)) {
    return false;
  }
  const std::string_view given = authorization.substr(kScheme.size());
  int difference = given.size() == wanted.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    difference |= given[i] ^ wanted[i % wanted.size()];
  }
  return difference == 0;
}

}  // namespace scaler::cli
