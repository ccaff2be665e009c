#include "ground/net/http_client.h"

#include <array>
#include <future>
#include <poll.h>

#include <gtest/gtest.h>

#include "ground/net/raw_server.h"

namespace scaler::net {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello";

Result<HttpResponse> get(HttpClient& client, const RawServer& server, Duration time = 5s) {
  return client.send({.origin = server.origin()}, after(time));
}

TEST(HttpClient, BringsStatusHeadersAndBody) {
  const RawServer server(answering(std::string(kHello)));
  HttpClient client;
  const auto response = get(client, server);
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(find_header(response->headers, "x-a"), "b");
}

TEST(HttpClient, KeepsItsConnection) {
  const RawServer server(answering(std::string(kHello)));
  HttpClient client;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(get(client, server).has_value());
  }
  EXPECT_EQ(server.accepted(), 1);
}

TEST(HttpClient, SendsABatchSideBySideWithinTheConnectionLimit) {
  const RawServer server(answering(std::string(kHello)));
  HttpClient client({.connections_per_origin = 8});
  const std::vector<HttpRequest> requests(64, HttpRequest{.origin = server.origin()});
  for (const auto& response : client.send(requests, after(10s))) {
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "hello");
  }
  EXPECT_LE(server.accepted(), 8);
}

TEST(HttpClient, ReadsChunkedAndSplitReplies) {
  const RawServer server([](int socket, int) {
    read_request(socket);
    const std::string_view reply =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\n";
    for (const char byte : reply) {
      write_text(socket, {&byte, 1});
    }
  });
  HttpClient client;
  const auto response = get(client, server);
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(response->body, "hello");
}

TEST(HttpClient, ReadsABodyThatEndsWithTheConnection) {
  const RawServer server([](int socket, int) {
    read_request(socket);
    write_text(socket, "HTTP/1.1 200 OK\r\n\r\nhello");
    ::shutdown(socket, SHUT_WR);
  });
  HttpClient client;
  EXPECT_EQ(get(client, server)->body, "hello");
  EXPECT_EQ(get(client, server)->body, "hello");
  EXPECT_EQ(server.accepted(), 2);
}

TEST(HttpClient, HonoursConnectionClose) {
  const RawServer server(
      answering("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
  HttpClient client;
  EXPECT_TRUE(get(client, server).has_value());
  EXPECT_TRUE(get(client, server).has_value());
  EXPECT_EQ(server.accepted(), 2);
}

TEST(HttpClient, ReplacesAKeptConnectionThatThePeerClosed) {
  const RawServer server([](int socket, int) {
    read_request(socket);
    write_text(socket, kHello);
    ::shutdown(socket, SHUT_RDWR);
  });
  HttpClient client;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(get(client, server).has_value());
  }
  EXPECT_EQ(server.accepted(), 3);
}

TEST(HttpClient, ReplacesAKeptConnectionThatDiesOnTheNextRequest) {
  const RawServer server([](int socket, int number) {
    read_request(socket);
    write_text(socket, kHello);
    if (number == 0) {
      read_request(socket);  // Takes the second request and dies without a word.
      ::shutdown(socket, SHUT_RDWR);
    }
  });
  HttpClient client;
  EXPECT_TRUE(get(client, server).has_value());
  EXPECT_TRUE(get(client, server).has_value());
  EXPECT_EQ(server.accepted(), 2);
}

/// Counts the requests that arrive; the second of each connection is read and never answered: the
/// connection ends after it.
RawServer::Serve dying_on_the_second_request(std::atomic<int>& arrived) {
  return [&arrived](int socket, int) {
    if (read_request(socket)) {
      ++arrived;
      write_text(socket, kHello);
    }
    if (read_request(socket)) {
      ++arrived;
    }
    ::shutdown(socket, SHUT_RDWR);
  };
}

TEST(HttpClient, NeverSendsWhatIsNotRepeatableTwice) {
  std::atomic<int> arrived = 0;
  const RawServer server(dying_on_the_second_request(arrived));
  HttpClient client;
  const HttpRequest once{.origin = server.origin(), .method = "POST", .repeatable = false};
  EXPECT_TRUE(client.send(once, after(5s)).has_value());
  const auto unclear = client.send(once, after(5s));
  EXPECT_EQ(unclear.error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(arrived, 2);
  const HttpRequest again{.origin = server.origin(), .method = "POST"};
  EXPECT_TRUE(client.send(again, after(5s)).has_value());
  EXPECT_TRUE(client.send(again, after(5s)).has_value());
  EXPECT_EQ(arrived, 5);  // The fourth was in vain, and went again on a new connection.
}

TEST(HttpClient, SendsWhatIsNotRepeatableOverANewConnectionWhenTheKeptOneWasClosed) {
  const RawServer server([](int socket, int) {
    read_request(socket);
    write_text(socket, kHello);
    ::shutdown(socket, SHUT_RDWR);
  });
  HttpClient client;
  const HttpRequest once{.origin = server.origin(), .method = "POST", .repeatable = false};
  for (int i = 0; i < 3; ++i) {
    pollfd nothing{.fd = -1, .events = 0, .revents = 0};
    ::poll(&nothing, 1, 20);  // For the end of the connection to arrive.
    EXPECT_TRUE(client.send(once, after(5s)).has_value()) << i;
  }
  EXPECT_EQ(server.accepted(), 3);
}

TEST(HttpClient, NeverSendsAgainOnceAReplyBegan) {
  const RawServer server([](int socket, int) {
    read_request(socket);
    write_text(socket, kHello);
    read_request(socket);
    write_text(socket, "HTTP/1.1 200");
    ::shutdown(socket, SHUT_RDWR);
  });
  HttpClient client;
  EXPECT_TRUE(get(client, server).has_value());
  const auto broken = get(client, server);
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(server.accepted(), 1);
}

TEST(HttpClient, RefusesGarbage) {
  const RawServer server(answering("\x16\x03\x01 nonsense\r\n\r\n"));
  HttpClient client;
  EXPECT_EQ(get(client, server).error().kind, ErrorKind::Malformed);
}

TEST(HttpClient, LimitsTheBody) {
  const RawServer server(
      answering("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + std::string(99, 'x')));
  HttpClient client({.body_max = 98});
  EXPECT_EQ(get(client, server).error().kind, ErrorKind::Malformed);
}

TEST(HttpClient, GivesUpAtTheDeadline) {
  const RawServer server([](int socket, int) {
    read_request(socket);
    read_request(socket);
  });
  HttpClient client;
  const auto response = get(client, server, 50ms);
  EXPECT_EQ(response.error().kind, ErrorKind::Unavailable);
  EXPECT_TRUE(response.error().message.ends_with("no reply before the deadline"));
}

TEST(HttpClient, ReportsARefusedConnectionAndAnUnknownHost) {
  Origin nobody;
  {
    const RawServer server(answering(std::string(kHello)));
    nobody = server.origin();
  }
  HttpClient client;
  EXPECT_EQ(client.send({.origin = nobody}, after(5s)).error().kind, ErrorKind::Unavailable);
  const auto unknown = client.send({.origin = {"http", "no-such-host.invalid", 80}}, after(5s));
  EXPECT_EQ(unknown.error().kind, ErrorKind::Unavailable);
}

TEST(HttpClient, ReportsAResetWithinAReply) {
  const RawServer server([](int socket, int) {
    read_request(socket);
    write_text(socket, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhal");
    reset(socket);
  });
  HttpClient client;
  EXPECT_EQ(get(client, server).error().kind, ErrorKind::Unavailable);
}

TEST(HttpClient, RefusesLineBreaksInHeaders) {
  HttpClient client;
  const auto response =
      client.send({.origin = {"http", "127.0.0.1", 1}, .headers = {{"A", "b\r\nC: d"}}}, after(1s));
  EXPECT_EQ(response.error().kind, ErrorKind::Malformed);
}

TEST(HttpClient, OpensConnectionsAheadOfTheFirstRequest) {
  const RawServer server(answering(std::string(kHello)));
  HttpClient client;
  const std::vector<Origin> origins{server.origin(), {"http", "no-such-host.invalid", 80}};
  client.connect(origins, after(5s));
  EXPECT_TRUE(get(client, server).has_value());
  EXPECT_EQ(server.accepted(), 1);
}

/// Answers connection number zero never, and the others at once.
RawServer::Serve silent_on_the_first() {
  return [](int socket, int number) {
    while (read_request(socket)) {
      if (number > 0) {
        write_text(socket, kHello);
      }
    }
  };
}

/// Runs until this request has finished.
Finished finish(HttpClient& client, Ticket ticket) {
  while (true) {
    for (Finished& one : client.run(after(5s))) {
      if (one.ticket == ticket) {
        return one;
      }
    }
  }
}

TEST(HttpClientUnderWay, TellsEachRequestWhenItHasFinished) {
  const RawServer server(silent_on_the_first());
  HttpClient client;
  const Deadline begun = after(0s);
  const Ticket silent = client.begin({.origin = server.origin()}, {.deadline = after(10s)});
  EXPECT_TRUE(client.run(after(30ms)).empty());
  const Ticket other = client.begin({.origin = server.origin()}, {.deadline = after(10s)});
  const std::vector<Finished> finished = client.run(after(5s));
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(finished[0].ticket, other);
  EXPECT_NE(other, silent);
  EXPECT_EQ(finished[0].response->body, "hello");
  EXPECT_GE(finished[0].left, begun);
  EXPECT_LE(finished[0].left, after(0s));
}

TEST(HttpClientUnderWay, KeepsRequestsBetweenTwoRunsAndDuringOtherSends) {
  const RawServer server([](int socket, int) {
    read_request(socket);
    write_text(socket, kHello);
    read_request(socket);
    write_text(socket, kHello);
  });
  HttpClient client;
  const Ticket ticket = client.begin({.origin = server.origin()}, {.deadline = after(10s)});
  EXPECT_TRUE(get(client, server).has_value());  // Two connections: both are polled.
  pollfd nothing{.fd = -1, .events = 0, .revents = 0};
  ::poll(&nothing, 1, 20);
  const std::vector<Finished> finished = client.run(after(5s));
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(finished[0].ticket, ticket);
  EXPECT_TRUE(finished[0].response.has_value());
}

TEST(HttpClientUnderWay, EndsARequestAtItsOwnDeadline) {
  const RawServer server(silent_on_the_first());
  HttpClient client;
  const Ticket ticket = client.begin({.origin = server.origin()}, {.deadline = after(20ms)});
  const std::vector<Finished> finished = client.run(after(5s));
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(finished[0].ticket, ticket);
  EXPECT_EQ(finished[0].response.error().kind, ErrorKind::Unavailable);
  EXPECT_TRUE(client.run(Deadline::max()).empty());  // Nothing is left to wait for.
}

TEST(HttpClientUnderWay, FreesTheConnectionOfACancelledRequest) {
  const RawServer server(silent_on_the_first());
  HttpClient client({.connections_per_origin = 1});
  const Ticket silent = client.begin({.origin = server.origin()}, {.deadline = after(10s)});
  EXPECT_TRUE(client.run(after(20ms)).empty());
  const Ticket waiting = client.begin({.origin = server.origin()}, {.deadline = after(10s)});
  const Ticket next = client.begin({.origin = server.origin()}, {.deadline = after(10s)});
  EXPECT_TRUE(client.run(after(20ms)).empty());
  client.cancel(silent);
  client.cancel(waiting);
  client.cancel(999);
  EXPECT_EQ(finish(client, next).response->body, "hello");
  EXPECT_EQ(server.accepted(), 2);
}

TEST(HttpClientUnderWay, SendsNothingThatCannotLeaveInTime) {
  std::atomic<int> arrived = 0;
  const RawServer server([&arrived](int socket, int) {
    while (read_request(socket)) {
      ++arrived;
    }
  });
  HttpClient client({.connections_per_origin = 1});
  client.begin({.origin = server.origin()}, {.deadline = after(10s)});
  EXPECT_TRUE(client.run(after(20ms)).empty());
  const Ticket behind =
      client.begin({.origin = server.origin()}, {.deadline = after(10s), .leave_by = after(30ms)});
  const Finished overdue = finish(client, behind);
  EXPECT_EQ(overdue.response.error().kind, ErrorKind::Overdue);
  EXPECT_EQ(overdue.left, Deadline{});
  const Ticket late = client.begin({.origin = server.origin()}, {.deadline = after(-1ms)});
  EXPECT_EQ(finish(client, late).response.error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(arrived, 1);
}

TEST(HttpClientUnderWay, RefusesLineBreaksInHeaders) {
  HttpClient client;
  const HttpRequest request{.origin = {"http", "127.0.0.1", 1}, .headers = {{"A", "b\r\nC: d"}}};
  const Ticket ticket = client.begin(request, {});
  EXPECT_EQ(finish(client, ticket).response.error().kind, ErrorKind::Malformed);
}

std::vector<Address> addresses_at(std::initializer_list<int> ports) {
  std::vector<Address> list;
  for (const int port : ports) {
    list.push_back(fixed_addresses("127.0.0.1", port).front());
  }
  return list;
}

/// Answers for all names but "silent.example", until it is opened or goes.
class Gate {
 public:
  ~Gate() { open(); }
  void open() {
    if (!std::exchange(opened_, true)) {
      promise_.set_value();
    }
  }
  Lookup lookup(std::vector<Address> addresses) {
    return [future = future_, addresses = std::move(addresses)](
               const std::string& host, int) -> Result<std::vector<Address>> {
      if (host == "silent.example") {
        future.wait();
      }
      return addresses;
    };
  }

 private:
  bool opened_ = false;
  std::promise<void> promise_;
  std::shared_future<void> future_ = promise_.get_future().share();
};

HttpRequest request_to(const std::string& host) {
  return {.origin = {.scheme = "http", .host = host, .port = 80}};
}

TEST(HttpClientNames, ANameThatIsNotAnsweredDelaysNothingElse) {
  const RawServer server(answering(std::string(kHello)));
  Gate gate;
  HttpClient client({.lookup = gate.lookup(addresses_at({server.origin().port}))});
  const Ticket silent = client.begin(request_to("silent.example"), {.deadline = after(300ms)});
  const Ticket other = client.begin(request_to("fast.example"), {.deadline = after(5s)});
  const std::vector<Finished> first = client.run(after(5s));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].ticket, other);
  EXPECT_TRUE(first[0].response.has_value());
  const std::vector<Finished> second = client.run(after(5s));
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].ticket, silent);
  EXPECT_EQ(second[0].response.error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(second[0].response.error().message,
            "GET http://silent.example/: no address from the name server before the deadline");
}

TEST(HttpClientNames, AnAnswerThatCameLateServesTheNextRequest) {
  const RawServer server(answering(std::string(kHello)));
  Gate gate;
  HttpClient client({.lookup = gate.lookup(addresses_at({server.origin().port}))});
  EXPECT_FALSE(client.send(request_to("silent.example"), after(20ms)).has_value());
  client.connect(std::array{request_to("silent.example").origin}, after(20ms));
  gate.open();
  const auto response = client.send(request_to("silent.example"), after(5s));
  EXPECT_TRUE(response.has_value()) << response.error().message;
}

TEST(HttpClientNames, AnAttemptThatWaitsForANameEndsSoThatTheReasonIsKnown) {
  const RawServer server(answering(std::string(kHello)));
  Gate gate;
  HttpClient client(
      {.connect_timeout = 20ms, .lookup = gate.lookup(addresses_at({server.origin().port}))});
  const std::vector<HttpRequest> requests(2, request_to("silent.example"));
  for (int i = 0; i < 2; ++i) {
    for (const auto& response : client.send(requests, after(10s))) {
      ASSERT_FALSE(response.has_value());
      EXPECT_EQ(response.error().kind, ErrorKind::Unavailable);
      EXPECT_EQ(response.error().message,
                "GET http://silent.example/: no address of silent.example from the name server "
                "within 30 ms");
    }
  }
  gate.open();
  EXPECT_TRUE(client.send(request_to("silent.example"), after(10s)).has_value());
}

TEST(HttpClientNames, ACancelledRequestMayWaitForAName) {
  Gate gate;
  HttpClient client({.lookup = gate.lookup({})});
  const Ticket silent = client.begin(request_to("silent.example"), {});
  EXPECT_TRUE(client.run(after(20ms)).empty());
  client.cancel(silent);
  EXPECT_TRUE(client.run(Deadline::max()).empty());
}

TEST(HttpClientNames, AFailureIsToldToAllThatWaitAndTheNextRequestAsksAgain) {
  const RawServer server(answering(std::string(kHello)));
  std::atomic<int> asked = 0;
  HttpClient client({.lookup = [&](const std::string&, int) -> Result<std::vector<Address>> {
    return asked++ == 0 ? Result<std::vector<Address>>(fail(ErrorKind::Unavailable, "not known"))
                        : addresses_at({server.origin().port});
  }});
  const std::vector<HttpRequest> requests(3, request_to("a.example"));
  for (const auto& response : client.send(requests, after(5s))) {
    ASSERT_FALSE(response.has_value());
    EXPECT_EQ(response.error().message, "GET http://a.example/: not known");
  }
  EXPECT_TRUE(client.send(request_to("a.example"), after(5s)).has_value());
  EXPECT_EQ(asked, 2);
}

TEST(HttpClientNames, AllAddressesAreTriedAndTheGoodOneIsTriedFirstFromThenOn) {
  const RawServer server(
      answering("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
  HttpClient client({.lookup = [&](const std::string&, int) -> Result<std::vector<Address>> {
    return addresses_at({1, 2, server.origin().port});
  }});
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(client.send(request_to("a.example"), after(5s)).has_value());
  }
  EXPECT_EQ(server.accepted(), 3);
}

TEST(HttpClientNames, AddressesThatNobodyAnswersAtAreLookedUpAgain) {
  const RawServer server(answering(std::string(kHello)));
  std::atomic<bool> moved = false;
  HttpClient client({.lookup = [&](const std::string&, int) -> Result<std::vector<Address>> {
    return addresses_at({moved.exchange(true) ? server.origin().port : 1});
  }});
  EXPECT_FALSE(client.send(request_to("a.example"), after(5s)).has_value());
  // Known addresses are looked up again after a second at the earliest.
  const Deadline end = after(10s);
  bool answered = false;
  while (!answered && after(0s) < end) {
    answered = client.send(request_to("a.example"), after(5s)).has_value();
    client.run(after(100ms));
  }
  EXPECT_TRUE(answered);
}

}  // namespace
}  // namespace scaler::net
