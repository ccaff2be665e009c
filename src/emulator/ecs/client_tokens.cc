#include "emulator/ecs/client_tokens.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/ecs_input.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

constexpr std::string_view kField = "clientToken";
constexpr std::size_t kLengthMax = 64;
constexpr std::size_t kServiceLengthMax = 36;
constexpr Duration kHolds = std::chrono::hours(24);

std::string key_of(std::string_view operation, std::string_view cluster, const Input& input) {
  return fmt::format("{} {} {}", operation, cluster, input.text(kField));
}

std::string text_of(const Input& input) {
  json::Writer writer;
  writer.value(input.value());
  return std::move(writer).text();
}

}  // namespace

ApiResult<const ClientTokens::Made*> ClientTokens::find(std::string_view operation,
                                                        std::string_view cluster,
                                                        const Input& input, Instant now) {
  if (!input.has(kField)) {
    return nullptr;
  }
  const std::string_view token = input.text(kField);
  const std::size_t longest = operation == "RunTask" ? kLengthMax : kServiceLengthMax;
  const bool plain = std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; });
  if (token.size() > longest || !plain) {
    return bad_parameter(
        fmt::format("clientToken must have at most {} ASCII characters without blanks.", longest));
  }
  std::erase_if(requests_, [&](const auto& entry) { return now - entry.second.at >= kHolds; });
  const auto found = requests_.find(key_of(operation, cluster, input));
  if (found == requests_.end()) {
    return nullptr;
  }
  if (found->second.text != text_of(input)) {
    return refuse("ConflictException",
                  "The provided clientToken is already in use with a different request.");
  }
  return &found->second.made;
}

void ClientTokens::keep(std::string_view operation, std::string_view cluster, const Input& input,
                        Made made, Instant now) {
  if (input.has(kField)) {
    requests_.insert_or_assign(key_of(operation, cluster, input),
                               Request{.text = text_of(input), .made = std::move(made), .at = now});
  }
}

}  // namespace scaler::emulator
