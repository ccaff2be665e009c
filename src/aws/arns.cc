#include "aws/arns.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace scaler::aws {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

bool is_region(std::string_view text) {
  return text.find('-') != std::string_view::npos && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

}  // namespace

std::optional<FunctionArn> parse_function_arn(std::string_view arn) {
  constexpr std::size_t kPlain = 7;
  const std::vector<std::string_view> parts = split(arn, ':');
  const bool sized = parts.size() == kPlain || parts.size() == kPlain + 1;
  if (!sized || parts[0] != "arn" || parts[2] != "lambda" || parts[5] != "function" ||
      parts[6].empty()) {
    return std::nullopt;
  }
  FunctionArn read{.plain = std::string(arn),
                   .partition = std::string(parts[1]),
                   .region = std::string(parts[3])};
  if (parts.size() > kPlain) {
    read.plain.resize(arn.size() - parts.back().size() - 1);
    read.qualifier = parts.back() == "$LATEST" ? "" : parts.back();
  }
  return read;
}

// sqs.REGION.amazonaws.com, sqs-fips.REGION..., ENDPOINT.sqs.REGION.vpce.amazonaws.com,
// REGION.queue.amazonaws.com
std::string region_of_queue_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  url.remove_prefix(scheme == std::string_view::npos ? 0 : scheme + 3);
  const std::vector<std::string_view> labels = split(url.substr(0, url.find_first_of("/:")), '.');
  for (std::size_t i = 0; i + 1 < labels.size(); ++i) {
    const bool before = labels[i] == "sqs" || labels[i] == "sqs-fips";
    if (before && is_region(labels[i + 1])) {
      return std::string(labels[i + 1]);
    }
    if (labels[i + 1] == "queue" && is_region(labels[i])) {
      return std::string(labels[i]);
    }
  }
  return {};
}

std::string queue_arn_of_url(std::string_view url, const FunctionArn& function) {
  const std::vector<std::string_view> parts = split(url, '/');
  const std::string region = region_of_queue_url(url);
  return fmt::format("arn:{}:sqs:{}:{}:{}", function.partition,
                     region.empty() ? function.region : region,
                     parts.size() < 2 ? "" : parts[parts.size() - 2], parts.back());
}

}  // namespace scaler::aws
