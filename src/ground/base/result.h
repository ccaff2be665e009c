#pragma once
// Result<T>: a value or an Error, and TRY to pass an Error on. Nothing in src/ throws; what a
// library throws becomes an Error at the call.

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace scaler {

/// What went wrong, by who reacts to it. A kind exists only if some code reacts to it differently.
enum class ErrorKind {
  Throttled,     ///< the service asks for less: the retry loop backs off for longer
  Unavailable,   ///< no connection, deadline, 5xx: retried until the call's deadline
  Unauthorized,  ///< missing or expired credentials: refreshed once, then reported
  NotFound,      ///< no such queue or service: reported, polled slowly
  Conflict,      ///< the thing is in transition (ResourceInUse): left to the next pass
  Denied,        ///< these credentials may not do it: never retried, told with what is missing
  Rejected,      ///< the service calls the request wrong: never retried
  TooMany,       ///< so high a count is not accepted: a smaller one is tried
  Overdue,       ///< not sent, because by then it would have been decided on old knowledge
  Malformed,     ///< a reply, document or setting of the wrong shape
};

/// The kind's name as it stands in logs: "Throttled", ...
std::string_view to_string(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::Malformed;
  std::string message = {};  ///< for people: what was attempted on which thing, and what came of it
};

/// A value or an Error; dropping one is a compiler warning.
template <typename T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

/// A message is cut off here: what it quotes may come from anybody, and it goes into logs
/// and answers. Whoever quotes cuts the quotation first (problems.h).
inline constexpr std::size_t kMessageMax = 4096;

/// Makes the failing Result of any type: `return fail(ErrorKind::Malformed, "...")`.
std::unexpected<Error> fail(ErrorKind kind, std::string message);

/// The same error with `context` and a colon in front of each line of its message.
std::unexpected<Error> fail(Error error, std::string_view context);

}  // namespace scaler

/// The value of a Result, or return its Error from the calling function. Never inside another, nor
/// behind the first element of a braced list, of which g++ 12 then does not destroy the others.
#define TRY(...)                                                    \
  __extension__({                                                   \
    auto&& scaler_try_result = (__VA_ARGS__);                       \
    if (!scaler_try_result.has_value()) {                           \
      return std::unexpected(std::move(scaler_try_result).error()); \
    }                                                               \
    *std::move(scaler_try_result);                                  \
  })
