#pragma once
// QueueCall: what the guard understands of the worker's calls to SQS and of SQS's answers, in both
// of SQS's protocols. What it need not understand passes through as it is.
// Source: the Amazon SQS API Reference; wire formats as tests/vectors holds them.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/clock.h"
#include "ground/net/http.h"
#include "ground/net/request_parser.h"
#include "guard/messages/guarded_url.h"

namespace scaler::guard {

enum class WireProtocol { Json, Query };

/// One message that a call is about.
struct CallEntry {
  std::string id = {};  ///< in its batch; empty where there is one message
  std::string handle = {};
  std::optional<Duration> visibility = {};  ///< of ChangeMessageVisibility
};

struct QueueCall {
  enum class Kind { Receive, Delete, ChangeVisibility, NamesQueues, Other };

  WireProtocol protocol = WireProtocol::Json;
  Kind kind = Kind::Other;
  std::string operation = {};  ///< "ReceiveMessage"; empty when the request does not say one
  /// The queue's own, as the worker said it; may be just a name, or the path of the request.
  std::string queue_url = {};
  std::string region = {};  ///< that the worker signed for; empty when it did not sign
  bool batch = false;
  std::optional<Duration> wait = {};        ///< of Receive
  std::optional<Duration> visibility = {};  ///< of Receive
  std::vector<CallEntry> entries = {};      ///< of Delete and ChangeVisibility
};

/// As many seconds as somebody says, within what SQS takes for any time: it refuses more and less.
inline Duration sqs_seconds(std::int64_t seconds) {
  constexpr std::int64_t kMost = 12 * 3600;
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kMost));
}

/// The target of a request without the host, which a client may name there as it would to a proxy.
std::string origin_form(std::string_view target);

/// Of a request whose target is in origin form. Never fails: what cannot be understood is Other.
QueueCall read_call(const net::ServerRequest& request);

/// The same request as SQS is to get it: with the queue's own URL, without what only concerned the
/// connection or the worker's signature, and without leave to compress the answer.
net::HttpRequest forwardable(const net::ServerRequest& request);

/// One message of an answer to ReceiveMessage.
struct AnsweredMessage {
  std::string handle = {};
};

/// Errors: Malformed for a body that is no answer to ReceiveMessage.
Result<std::vector<AnsweredMessage>> read_messages(const QueueCall& call,
                                                   const net::HttpResponse& response);

/// Of a call that SQS answered with 200: the entries that were done.
std::vector<CallEntry> done_entries(const QueueCall& call, const net::HttpResponse& response);

/// SQS's answer without any message.
net::HttpResponse empty_answer(const QueueCall& call);

/// SQS's answer as the worker is to get it: with the guarded URLs of queues, and without what only
/// concerned the connection.
net::HttpResponse passed_on(const QueueCall& call, net::HttpResponse response, const Door& door);

}  // namespace scaler::guard
