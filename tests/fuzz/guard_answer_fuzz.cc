// What SQS and the ECS agent answer to ecs-guard: a line with the status, then the body.

#include <charconv>

#include "fuzz.h"
#include "guard/front/agent.h"
#include "guard/messages/guarded_url.h"
#include "guard/messages/queue_call.h"

namespace scaler::fuzz {

FUZZ(guard_answer) {
  const std::string_view line = take_until(bytes, "\n");
  net::HttpResponse response{.status = 200};
  std::from_chars(line.data(), line.data() + line.size(), response.status);
  response.headers = {{.name = "Content-Type", .value = "application/x-amz-json-1.0"}};
  response.body = bytes;
  using Kind = guard::QueueCall::Kind;
  for (const auto protocol : {guard::WireProtocol::Json, guard::WireProtocol::Query}) {
    for (const Kind kind : {Kind::Receive, Kind::Delete, Kind::ChangeVisibility}) {
      const guard::QueueCall call{.protocol = protocol,
                                  .kind = kind,
                                  .operation = "ReceiveMessage",
                                  .queue_url = "https://sqs.us-east-1.amazonaws.com/1/jobs",
                                  .batch = true,
                                  .entries = {{.id = "a", .handle = "h"}, {.id = "b"}}};
      const auto messages = guard::read_messages(call, response);
      check_short(messages);
      // A message without its handle could never be given back.
      CHECK(!messages || std::ranges::all_of(*messages, [](const guard::AnsweredMessage& message) {
        return !message.handle.empty();
      }));
      CHECK(guard::done_entries(call, response).size() <= call.entries.size());
      guard::passed_on(call, response, {.port = 9324});
    }
  }
  guard::read_agent_reply(response,
                          {.what = guard::AskAgent::What::Protect,
                           .protect_for = std::chrono::minutes(10),
                           .at = after(Duration::zero())},
                          Instant(std::chrono::days(20'000)));
}

}  // namespace scaler::fuzz
