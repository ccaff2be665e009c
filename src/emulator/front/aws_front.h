#pragma once
// AwsFront: the one endpoint of all services. It checks what every request must have, lets faults
// strike, counts, and has answers written in the protocol of the request.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/ecs/ecs_places.h"
#include "emulator/front/sts_api.h"
#include "emulator/lambda/lambda_host.h"
#include "emulator/others/other_services.h"
#include "emulator/request/faults.h"
#include "emulator/request/rates.h"
#include "emulator/sqs/sqs_api.h"
#include "ground/base/random.h"
#include "ground/net/event_loop.h"
#include "ground/net/http_server.h"
#include "ground/net/timer.h"
#include "lab/world/world.h"

namespace scaler::emulator {

/// Calls by operation and caller (access key id).
using CallCounts =
    std::map<std::string, std::map<std::string, std::int64_t, std::less<>>, std::less<>>;

class AwsFront {
 public:
  AwsFront(net::EventLoop& loop, world::World& world, SqsApi& sqs, EcsPlaces& ecs,
           OtherServices& others, const Clock& machine, std::uint64_t seed);

  /// Without a host, Lambda's API is not there.
  void set_lambda(LambdaHost* lambda) { lambda_ = lambda; }
  /// The world must be at the present.
  void handle(net::ServerRequest request, const net::Respond& respond);

  Faults& faults() { return faults_; }
  Rates& rates() { return rates_; }
  /// Ends the calls that hang, without an answer.
  void release_hanging() { hanging_.clear(); }
  const CallCounts& calls() const { return calls_; }

 private:
  struct Exchange;
  ApiResult<Caller> check_caller(const Exchange& exchange) const;
  void check_and_dispatch(const std::shared_ptr<Exchange>& exchange);
  bool struck(const std::shared_ptr<Exchange>& exchange);
  void dispatch(const Exchange& exchange);
  void dispatch_unanswered(Exchange exchange);
  void dispatch_query(const Exchange& exchange);
  void dispatch_json(const Exchange& exchange, std::string_view text, const ApiReply& reply);
  void count(const Exchange& exchange);
  std::string request_id();
  const std::string& date();

  net::EventLoop& loop_;
  world::World& world_;
  SqsApi& sqs_;
  EcsPlaces& ecs_;
  OtherServices& others_;
  const Clock& machine_;  ///< that clients sign by, too
  StsApi sts_;
  LambdaHost* lambda_ = nullptr;
  Random random_;
  Faults faults_;
  Rates rates_ = {};
  CallCounts calls_ = {};
  std::vector<net::Respond> hanging_ = {};
  std::chrono::sys_seconds date_second_ = {};
  std::string date_ = {};              ///< of that second
  std::vector<net::Timer> slow_ = {};  ///< calls, those that are over among them
};

}  // namespace scaler::emulator
