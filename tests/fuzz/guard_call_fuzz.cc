// What a worker sends through ecs-guard: a line of headers' values (content type, target,
// authorization, separated by tabs), a line with the path, then the body.

#include "fuzz.h"
#include "guard/messages/guarded_url.h"
#include "guard/messages/queue_call.h"

namespace scaler::fuzz {

FUZZ(guard_call) {
  std::string_view values = take_until(bytes, "\n");
  const std::string type(take_until(values, "\t"));
  const std::string operation(take_until(values, "\t"));
  const std::string authorization(values);
  const std::string path(take_until(bytes, "\n"));
  const net::ServerRequest request{.method = "POST",
                                   .target = path,
                                   .headers = {{.name = "Content-Type", .value = type},
                                               {.name = "X-Amz-Target", .value = operation},
                                               {.name = "Authorization", .value = authorization}},
                                   .body = std::string(bytes)};
  const guard::QueueCall call = guard::read_call(request);
  // Who may not be understood may not be taken for somebody who holds a message.
  CHECK(call.kind != guard::QueueCall::Kind::Other || call.entries.empty());
  guard::forwardable(request);
  guard::empty_answer(call);
  const guard::Door door{.port = 9324};
  const std::string once = guard::guard_urls(bytes, door);
  CHECK(once.size() >= bytes.size());
  const std::string url = guard::guarded(path, door);
  CHECK(guard::guarded(url, door) == url);
}

}  // namespace scaler::fuzz
