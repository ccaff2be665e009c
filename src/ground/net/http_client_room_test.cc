#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <iterator>
#include <numeric>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "ground/net/http_client.h"
#include "ground/net/raw_server.h"

namespace scaler::net {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kRoomReply = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// Answers, and knows how many of its connections are open.
struct CountingServer {
  std::atomic<int> open = 0;
  RawServer server{[this](int socket, int) {
    ++open;
    answering(std::string(kRoomReply))(socket, 0);
    --open;
  }};
};

TEST(HttpClientRoom, WhatOneOriginKeepsMakesRoomForTheOthers) {
  std::array<CountingServer, 4> servers;
  HttpClient client({.connections = 3});
  std::vector<HttpRequest> requests;
  for (int i = 0; i < 20; ++i) {
    for (const CountingServer& one : servers) {
      requests.push_back({.origin = one.server.origin()});
    }
  }
  for (const auto& response : client.send(requests, after(20s))) {
    EXPECT_TRUE(response.has_value()) << response.error().message;
  }
  const auto open = [&servers] {
    return std::transform_reduce(servers.begin(), servers.end(), 0, std::plus<>(),
                                 [](const CountingServer& one) { return one.open.load(); });
  };
  for (const Deadline bound = after(5s); open() > 3 && std::chrono::steady_clock::now() < bound;) {
    std::this_thread::yield();  // A server hears of the end of a connection a little later.
  }
  EXPECT_LE(open(), 3);
  EXPECT_GE(open(), 1);
}

TEST(HttpClientRoom, WaitsForAConnectionWhereAllAreInUse) {
  std::promise<void> go;
  const RawServer slow([gone = go.get_future().share()](int socket, int) {
    while (read_request(socket)) {
      gone.wait_for(20s);
      write_text(socket, kRoomReply);
    }
  });
  const RawServer other(answering(std::string(kRoomReply)));
  HttpClient client({.connections = 1});
  const RequestLimits limits{.deadline = after(20s)};
  client.begin({.origin = slow.origin()}, limits);
  const Ticket waits = client.begin({.origin = other.origin()}, limits);
  EXPECT_TRUE(client.run(after(50ms)).empty());
  EXPECT_EQ(other.accepted(), 0);
  go.set_value();
  std::vector<Finished> finished;
  while (finished.size() < 2) {
    std::ranges::move(client.run(limits.deadline), std::back_inserter(finished));
  }
  EXPECT_EQ(finished.at(1).ticket, waits);
  EXPECT_TRUE(finished.at(1).response.has_value());
}

}  // namespace
}  // namespace scaler::net
