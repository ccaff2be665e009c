#pragma once
// A queue's URL, and the same as it is said to the worker, with the guard in front: some SDKs send
// a call where the queue's URL points, whatever endpoint they were told.

#include <optional>
#include <string>
#include <string_view>

#include "ground/base/environment.h"
#include "ground/net/http.h"

namespace scaler::guard {

/// The guard's own place, and whose queues are behind it.
struct Door {
  int port = 0;
  /// Of the queues' endpoint, where a setting gives one that is not AWS's own.
  std::optional<net::Origin> endpoint = {};

  std::string origin() const { return "http://127.0.0.1:" + std::to_string(port); }
};

/// "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs" as
/// "http://127.0.0.1:9324/https/sqs.eu-central-1.amazonaws.com/123456789012/jobs"; what is no URL,
/// or the guard's already, as it is.
std::string guarded(std::string_view url, const Door& door);

/// The queue's own URL of a guarded one, or of its path alone; nothing for anything else.
std::optional<std::string> unguarded(std::string_view guarded_url_or_path);

/// The text with each URL of a queue in it replaced by the guarded one: of AWS's own hosts, and of
/// the door's endpoint; also where its slashes are escaped or percent-encoded. So is a queue's URL
/// without the name, which code puts behind it.
std::string guard_urls(std::string_view text, const Door& door);

/// What the worker's SDK does, without the guard, with endpoints that variables or profile give.
enum class ConfiguredEndpoints { Heeded, Ignored };

/// The worker's environment: the guard is SQS's endpoint, which no profile makes the SDK ignore;
/// values that are or hold the URL of a queue hold the guarded one, and no proxy stands in between.
/// What other variables say of endpoints means what it meant before.
Environment guarded_environment(Environment environment, const Door& door,
                                ConfiguredEndpoints endpoints);

}  // namespace scaler::guard
