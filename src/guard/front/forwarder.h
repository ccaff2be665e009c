#pragma once
// Forwarder: requests on to SQS, in the queue's own region and at its own endpoint, signed with the
// task's credentials. One request, one answer: the worker's SDK repeats what it wants repeated.

#include <functional>
#include <map>
#include <string>

#include "edge/aws/settings.h"
#include "edge/aws/sigv4.h"
#include "ground/net/http_caller.h"
#include "guard/front/credential_keeper.h"

namespace scaler::guard {

/// Which SQS is meant.
struct Whereto {
  std::string queue_url = {};  ///< may be just a name, or empty
  std::string region = {};     ///< where the URL does not say one
};

/// Whether the same call may succeed in a moment: no answer, an error of SQS's own, too many calls.
bool fails_for_now(const Result<net::HttpResponse>& answer);

class Forwarder {
 public:
  using Answered = std::function<void(Result<net::HttpResponse>)>;

  /// All of it outlives the forwarder.
  Forwarder(aws::ClientSettings settings, net::EventLoop& loop, net::HttpCaller& http,
            CredentialKeeper& credentials, const Clock& clock);
  ~Forwarder() { *alive_ = false; }
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  /// Sends it, signed anew, and once more when SQS says that the clock or the credentials are
  /// wrong. `answered` is called once, later. Every status is an answer. A request that is not
  /// repeatable does not go again when its connection breaks. Errors: Malformed for a place that
  /// cannot be; Unauthorized without credentials; else as HttpClient.
  void send(net::HttpRequest request, const Whereto& whereto, Duration patience, Answered answered);
  /// What AWS's clock says, as far as its latest answer told: the container's may be wrong.
  Instant aws_now() const { return clock_.now() + clock_difference_; }
  /// The URL of a queue of which the worker said only the path.
  std::string whole_url(const std::string& path, const std::string& region) const;
  /// A call of the guard's own, in the JSON protocol.
  void call(std::string_view operation, std::string body, const Whereto& whereto, Duration patience,
            Answered answered);

 private:
  struct Attempt;

  Result<aws::Destination> destination(const Whereto& whereto) const;
  /// Not from within: whoever sends does not expect its answer yet.
  void fail_later(const std::shared_ptr<Attempt>& attempt, Error error);
  void begin(const std::shared_ptr<Attempt>& attempt);
  void settle(const std::shared_ptr<Attempt>& attempt, Result<net::HttpResponse> response);
  void note_clock(const net::HttpResponse& response);
  /// Whether it goes once more.
  bool goes_again(const std::shared_ptr<Attempt>& attempt, const net::HttpResponse& response);

  aws::ClientSettings settings_;
  net::EventLoop& loop_;
  net::HttpCaller& http_;
  CredentialKeeper& credentials_;
  const Clock& clock_;
  std::map<std::string, aws::Signer> signers_ = {};  ///< by region
  Duration clock_difference_{0};  ///< what SQS's clock is ahead of ours, to the second
  Duration clock_offset_{0};      ///< the same, as far as we sign with it
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace scaler::guard
