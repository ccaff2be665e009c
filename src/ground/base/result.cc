#include "ground/base/result.h"

#include "ground/base/problems.h"

namespace scaler {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Throttled:
      return "Throttled";
    case ErrorKind::Unavailable:
      return "Unavailable";
    case ErrorKind::Unauthorized:
      return "Unauthorized";
    case ErrorKind::NotFound:
      return "NotFound";
    case ErrorKind::Conflict:
      return "Conflict";
    case ErrorKind::Denied:
      return "Denied";
    case ErrorKind::Rejected:
      return "Rejected";
    case ErrorKind::TooMany:
      return "TooMany";
    case ErrorKind::Overdue:
      return "Overdue";
    case ErrorKind::Malformed:
      return "Malformed";
  }
  std::unreachable();
}

std::unexpected<Error> fail(ErrorKind kind, std::string message) {
  if (message.size() > kMessageMax) {
    message = shortened(message, kMessageMax);
  }
  return std::unexpected(Error{.kind = kind, .message = std::move(message)});
}

std::unexpected<Error> fail(Error error, std::string_view context) {
  std::string message;
  for (const std::string_view line : split(error.message, "\n")) {
    message.append(message.empty() ? "" : "\n").append(context).append(": ").append(line);
  }
  return fail(error.kind, std::move(message));
}

}  // namespace scaler
