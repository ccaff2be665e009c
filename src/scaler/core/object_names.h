#pragma once
// Objects of S3 by their URLs.

#include <string>
#include <string_view>

#include "ground/base/result.h"

namespace scaler {

inline constexpr std::string_view kObjectScheme = "s3://";

/// An object of S3. Its key is taken as it is written: nothing of it is decoded.
struct ObjectAddress {
  std::string bucket = {};
  std::string key = {};
};

/// Takes "s3://bucket/key". Errors: Malformed, quoting the text, with what would be right.
Result<ObjectAddress> parse_object(std::string_view url);
std::string url_of(const ObjectAddress& object);

}  // namespace scaler
