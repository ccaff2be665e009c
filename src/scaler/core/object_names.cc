#include "scaler/core/object_names.h"

#include <algorithm>

#include "ground/base/problems.h"

namespace scaler {
namespace {

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// As S3 allows it for buckets that are made today.
bool is_bucket(std::string_view name) {
  constexpr std::size_t kLeast = 3;
  constexpr std::size_t kMost = 63;
  return name.size() >= kLeast && name.size() <= kMost && !name.contains("..") &&
         is_label_character(name.front()) && is_label_character(name.back()) &&
         std::ranges::all_of(name,
                             [](char c) { return is_label_character(c) || c == '.' || c == '-'; });
}

/// A line break or the like in a key is most likely a slip, and would break the request.
bool is_key(std::string_view key) {
  constexpr std::size_t kMost = 1024;
  return !key.empty() && key.size() <= kMost && std::ranges::none_of(key, [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
  });
}

}  // namespace

Result<ObjectAddress> parse_object(std::string_view url) {
  std::string_view rest = url;
  if (rest.starts_with(kObjectScheme)) {
    rest.remove_prefix(kObjectScheme.size());
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view key = rest.substr(std::min(slash + 1, rest.size()));
    if (is_bucket(rest.substr(0, slash)) && is_key(key)) {
      return ObjectAddress{.bucket = std::string(rest.substr(0, slash)), .key = std::string(key)};
    }
  }
  return fail(ErrorKind::Malformed, "'" + shortened(url) +
                                        "' is no object of S3: it must be s3://BUCKET/KEY, such as "
                                        "s3://my-company-scaling/fleet.json");
}

std::string url_of(const ObjectAddress& object) {
  return std::string(kObjectScheme) + object.bucket + "/" + object.key;
}

}  // namespace scaler
