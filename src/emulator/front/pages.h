#pragma once
// What the emulator's own pages take and answer: small JSON requests and one shape of error.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ground/base/clock.h"
#include "ground/base/result.h"
#include "ground/net/http.h"

namespace scaler::emulator {

net::HttpResponse page(int status, std::string body);
/// {"message":..}
net::HttpResponse page_error(int status, std::string_view message);

/// What SQS itself has no setting for.
struct QueueChange {
  std::string queue = {};
  Duration count_lag = Duration(0);
};

/// Reads {"queue":"jobs","count_lag":seconds}. Errors: Malformed.
Result<QueueChange> read_queue_change(const std::string& text);

struct ResetWish {
  bool empty = false;  ///< without the cluster, the service, the queues and the function of a start
};

/// Reads {"empty":true}, {} or nothing. Errors: Malformed.
Result<ResetWish> read_reset(const std::string& text);

/// The number in "/_emulator/events?after=N"; nothing for any other query.
std::optional<std::uint64_t> parse_after(std::string_view query);

}  // namespace scaler::emulator
