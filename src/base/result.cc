#include "base/result.h"

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

}  // namespace scaler
