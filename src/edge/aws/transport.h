#pragma once
// Transport: the way of signed requests to the network, as an interface, so that faults can be
// scripted without sockets.

#include <span>
#include <utility>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/result.h"
#include "ground/net/http.h"
#include "ground/net/http_client.h"

namespace scaler::aws {

/// Each as the method of that name of net::HttpClient.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual net::Ticket begin(const net::HttpRequest& request, const net::RequestLimits& limits) = 0;
  virtual std::vector<net::Finished> run(Deadline until) = 0;
  virtual void cancel(net::Ticket ticket) = 0;
  virtual std::vector<Result<net::HttpResponse>> send(std::span<const net::HttpRequest> requests,
                                                      Deadline deadline) = 0;
  virtual void connect(std::span<const net::Origin> origins, Deadline deadline) = 0;
};

/// The real one.
class HttpTransport final : public Transport {
 public:
  explicit HttpTransport(net::HttpClientOptions options) : client_(std::move(options)) {}

  net::Ticket begin(const net::HttpRequest& request, const net::RequestLimits& limits) override {
    return client_.begin(request, limits);
  }
  std::vector<net::Finished> run(Deadline until) override { return client_.run(until); }
  void cancel(net::Ticket ticket) override { client_.cancel(ticket); }
  std::vector<Result<net::HttpResponse>> send(std::span<const net::HttpRequest> requests,
                                              Deadline deadline) override {
    return client_.send(requests, deadline);
  }
  void connect(std::span<const net::Origin> origins, Deadline deadline) override {
    client_.connect(origins, deadline);
  }

 private:
  net::HttpClient client_;
};

}  // namespace scaler::aws
