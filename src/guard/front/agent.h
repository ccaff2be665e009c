#pragma once
// Agent: the ECS agent's endpoint for task scale-in protection.
// Source: the Amazon ECS Developer Guide, "Amazon ECS task scale-in protection endpoint".

#include <functional>
#include <string>

#include "ground/base/clock.h"
#include "ground/net/http_caller.h"
#include "guard/protocol/protocol.h"

namespace scaler::guard {

/// What an answer means. `asked` is when and for how long protection was asked for: it lasts no
/// longer, whatever the clocks say. Refusals come as HTTP 200, too.
struct AgentAnswer {
  AskAgent::What what = AskAgent::What::Inspect;
  Duration protect_for = {};
  Deadline at = {};
};
AgentReply read_agent_reply(const Result<net::HttpResponse>& response, const AgentAnswer& asked,
                            Instant now);

class Agent {
 public:
  /// `aws_now` is AWS's time, by which an expiry is judged; `clock` gives the steady one.
  /// Errors: Malformed for a URI that is none.
  static Result<Agent> create(net::HttpCaller& http, std::string_view uri, const Clock& clock,
                              std::function<Instant()> aws_now);

  /// `answered` is called once.
  void ask(AskAgent::What what, Duration protect_for, std::function<void(AgentReply)> answered);

 private:
  Agent(net::HttpCaller& http, net::HttpRequest request, const Clock& clock,
        std::function<Instant()> aws_now)
      : http_(&http), request_(std::move(request)), clock_(&clock), aws_now_(std::move(aws_now)) {}

  net::HttpCaller* http_;
  net::HttpRequest request_;
  const Clock* clock_;
  std::function<Instant()> aws_now_;
};

}  // namespace scaler::guard
