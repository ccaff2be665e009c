#pragma once
// The files in which the AWS CLI keeps its tokens, and which all of AWS's tools share: one JSON
// object each. What is written back keeps the members that this program does not know.

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ground/base/clock.h"
#include "ground/json/value.h"

namespace scaler::identity {

/// The member's text; empty when it is missing or no text.
std::string text_of(const json::Value& object, std::string_view name);

/// The member's instant, also in the older form "2020-06-17T10:02:08UTC"; nothing when it is none.
std::optional<Instant> instant_of(const json::Value& object, std::string_view name);

/// Sets a member of an object, at the end when it is new.
void set_member(json::Value& object, std::string_view name, json::Value value);

/// A token that is refreshed and written back. A home that is mounted read-only, or a full disk,
/// takes no new token, and a refresh token may be good for one use: so what could not be written
/// is kept here, and holds until somebody else has changed the file.
class TokenFile {
 public:
  /// Errors: Unauthorized when there is no such file or it is no JSON object; the message names the
  ///         path and holds nothing of the file.
  Result<json::Value> read(const std::string& path);

  /// Replaces the file at once, readable for its owner only. Errors: Unavailable, naming the path.
  Result<void> write(const std::string& path, const json::Value& object);

 private:
  std::optional<json::Value> unwritten_ = {};
  std::string passed_ = {};  ///< the file when unwritten_ was to replace it; empty: there was none
};

}  // namespace scaler::identity
