#pragma once
// What the emulator's own pages take and answer: small JSON requests and one shape of error.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/front/aws_front.h"
#include "ground/base/clock.h"
#include "ground/base/result.h"
#include "ground/net/http.h"
#include "ground/net/http_server.h"
#include "lab/world/world.h"

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

/// The pages below /_emulator/: status, events, faults, groups, queues and reset.
struct OwnPages {
  world::World& world;
  AwsFront& front;
  std::function<std::string()> status;
  std::function<Result<void>(const ResetWish&)> reset;

  static bool handles(std::string_view target);
  net::HttpResponse answer(const net::ServerRequest& request) const;

 private:
  net::HttpResponse faults(const net::ServerRequest& request) const;
  net::HttpResponse rates(const net::ServerRequest& request) const;
  net::HttpResponse changed(const std::string& text,
                            Result<void> (OwnPages::*change)(const std::string&) const) const;
  Result<void> start_anew(const std::string& text) const;
  Result<void> change_group(const std::string& text) const;
  Result<void> change_queue(const std::string& text) const;
};

}  // namespace scaler::emulator
