#pragma once
// Transport: the way of signed requests to the network, as an interface, so that faults can be
// scripted without sockets.

#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/http.h"
#include "net/http_client.h"

namespace scaler::aws {

class Transport {
 public:
  virtual ~Transport() = default;
  /// As net::HttpClient::send.
  virtual std::vector<Result<net::HttpResponse>> send(std::span<const net::HttpRequest> requests,
                                                      Deadline deadline) = 0;
  /// As net::HttpClient::connect.
  virtual void connect(std::span<const net::Origin> origins, Deadline deadline) = 0;
};

/// The real one.
class HttpTransport final : public Transport {
 public:
  explicit HttpTransport(net::HttpClientOptions options) : client_(std::move(options)) {}

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
