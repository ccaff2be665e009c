#pragma once
// HttpCaller: the HttpClient on an EventLoop: requests that go out between everything else that the
// loop does, and a function called when one has finished.

#include <functional>
#include <memory>

#include "ground/net/event_loop.h"
#include "ground/net/http_client.h"

namespace scaler::net {

/// For use on the loop's thread, or before the loop runs.
class HttpCaller {
 public:
  using Answered = std::function<void(Finished)>;

  HttpCaller(EventLoop& loop, HttpClientOptions options);
  /// Forgets what is under way.
  ~HttpCaller();
  HttpCaller(const HttpCaller&) = delete;
  HttpCaller& operator=(const HttpCaller&) = delete;

  /// As HttpClient::begin(). `answered` is called once, from the loop, unless it is cancelled.
  Ticket send(const HttpRequest& request, const RequestLimits& limits, Answered answered);
  void cancel(Ticket ticket);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace scaler::net
