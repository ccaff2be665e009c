#include "ground/net/resolver.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <poll.h>

#include <gtest/gtest.h>

namespace scaler::net {
namespace {

using namespace std::chrono_literals;

/// A name server whose answers a test gives, or keeps back.
class NameServer {
 public:
  ~NameServer() { answer(fail(ErrorKind::Unavailable, "gone")); }

  Lookup lookup() {
    return [state = state_](const std::string&, int) {
      std::unique_lock lock(state->mutex);
      ++state->asked;
      state->changed.notify_all();
      state->changed.wait(lock, [&state] { return state->answer.has_value(); });
      return *state->answer;
    };
  }
  /// To all that was asked and will be.
  void answer(Result<std::vector<Address>> addresses) {
    const std::lock_guard lock(state_->mutex);
    state_->answer = std::move(addresses);
    state_->changed.notify_all();
  }
  void fall_silent() {
    const std::lock_guard lock(state_->mutex);
    state_->answer.reset();
  }
  int asked() const {
    const std::lock_guard lock(state_->mutex);
    return state_->asked;
  }

 private:
  struct State {
    std::mutex mutex = {};
    std::condition_variable changed = {};
    std::optional<Result<std::vector<Address>>> answer = {};
    int asked = 0;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

const Deadline kStart = Deadline(100h);

std::vector<Address> addresses(std::initializer_list<const char*> literals) {
  std::vector<Address> list;
  for (const char* literal : literals) {
    list.push_back(fixed_addresses(literal, 443).front());
  }
  return list;
}

bool equal(const std::vector<Address>& a, const std::vector<Address>& b) {
  return std::ranges::equal(a, b, [](const Address& x, const Address& y) {
    return x.length == y.length && std::memcmp(&x.storage, &y.storage, x.length) == 0;
  });
}

class ResolverTest : public ::testing::Test {
 protected:
  /// Waits for a look-up to end, in real time.
  void collect(Deadline now) {
    pollfd descriptor{.fd = resolver_.socket(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&descriptor, 1, 10'000), 1);
    ASSERT_TRUE(resolver_.collect(now));
  }
  /// As if they had been looked up at the start.
  void know(std::initializer_list<const char*> literals) {
    server_.answer(addresses(literals));
    EXPECT_FALSE(resolver_.ready(host_, kStart));
    collect(kStart);
    ASSERT_TRUE(resolver_.ready(host_, kStart));
    server_.fall_silent();
  }

  NameServer server_;
  Resolver resolver_{server_.lookup()};
  Host& host_ = resolver_.host("sqs.example", 443);
};

TEST_F(ResolverTest, LooksUpNothingForAddressesAndLocalhost) {
  for (const char* name : {"127.0.0.1", "::1", "localhost"}) {
    Host& host = resolver_.host(name, 80);
    EXPECT_TRUE(resolver_.ready(host, kStart)) << name;
    resolver_.doubt(host, kStart);
    EXPECT_TRUE(resolver_.ready(host, kStart + 24h)) << name;
  }
  EXPECT_EQ(server_.asked(), 0);
  EXPECT_EQ(resolver_.socket(), -1);
}

TEST_F(ResolverTest, KeepsOneHostPerNameAndPort) {
  EXPECT_EQ(&resolver_.host("sqs.example", 443), &host_);
  EXPECT_NE(&resolver_.host("sqs.example", 80), &host_);
  EXPECT_NE(&resolver_.host("ecs.example", 443), &host_);
}

TEST_F(ResolverTest, LooksANameUpOnceAndTellsWhenItIsThere) {
  EXPECT_FALSE(resolver_.ready(host_, kStart));
  EXPECT_FALSE(resolver_.ready(host_, kStart + 1h));
  server_.answer(addresses({"10.0.0.1", "10.0.0.2"}));
  collect(kStart);
  EXPECT_TRUE(resolver_.ready(host_, kStart));
  EXPECT_TRUE(equal(host_.addresses, addresses({"10.0.0.1", "10.0.0.2"})));
  EXPECT_EQ(server_.asked(), 1);
  EXPECT_EQ(resolver_.socket(), -1);
}

TEST_F(ResolverTest, TellsAFailureAndAsksAgain) {
  server_.answer(fail(ErrorKind::Unavailable, "resolve sqs.example: not known"));
  EXPECT_FALSE(resolver_.ready(host_, kStart));
  collect(kStart);
  ASSERT_TRUE(host_.failure);
  EXPECT_EQ(host_.failure->message, "resolve sqs.example: not known");
  resolver_.forget_failures();
  server_.answer(addresses({"10.0.0.1"}));
  EXPECT_FALSE(resolver_.ready(host_, kStart));
  collect(kStart);
  EXPECT_TRUE(resolver_.ready(host_, kStart));
}

TEST_F(ResolverTest, LooksUpOldAddressesBesideTheirUse) {
  know({"10.0.0.1"});
  EXPECT_TRUE(resolver_.ready(host_, kStart + 4min));
  EXPECT_EQ(resolver_.socket(), -1);
  EXPECT_TRUE(resolver_.ready(host_, kStart + 5min));
  EXPECT_NE(resolver_.socket(), -1);
  server_.answer(addresses({"10.0.0.9"}));
  collect(kStart + 6min);
  EXPECT_TRUE(equal(host_.addresses, addresses({"10.0.0.9"})));
  EXPECT_TRUE(resolver_.ready(host_, kStart + 10min));
  EXPECT_EQ(resolver_.socket(), -1);
}

TEST_F(ResolverTest, WaitsASecondForBetterAddressesThanThoseInDoubt) {
  know({"10.0.0.1"});
  const Deadline later = kStart + 1min;
  resolver_.doubt(host_, later);
  EXPECT_FALSE(resolver_.ready(host_, later));
  EXPECT_EQ(resolver_.next_limit(), later + 1s);
  EXPECT_TRUE(resolver_.ready(host_, later + 1s)) << "the last good ones, when the answer is late";
  server_.answer(addresses({"10.0.0.9"}));
  collect(later + 2s);
  EXPECT_TRUE(equal(host_.addresses, addresses({"10.0.0.9"})));
}

TEST_F(ResolverTest, KeepsTheLastGoodAddressesWhenALookUpFails) {
  know({"10.0.0.1"});
  const Deadline later = kStart + 1min;
  resolver_.doubt(host_, later);
  server_.answer(fail(ErrorKind::Unavailable, "resolve sqs.example: server failure"));
  collect(later);
  EXPECT_FALSE(host_.failure);
  EXPECT_TRUE(resolver_.ready(host_, later));
  EXPECT_TRUE(equal(host_.addresses, addresses({"10.0.0.1"})));
}

TEST_F(ResolverTest, DoesNotAskForKnownAddressesAgainAndAgain) {
  know({"10.0.0.1"});
  server_.answer(fail(ErrorKind::Unavailable, "resolve sqs.example: server failure"));
  resolver_.doubt(host_, kStart + 1min);
  collect(kStart + 1min);
  for (int i = 0; i < 5; ++i) {
    resolver_.doubt(host_, kStart + 1min + i * 100ms);
    EXPECT_TRUE(resolver_.ready(host_, kStart + 1min + i * 100ms));
  }
  EXPECT_EQ(server_.asked(), 2);
}

TEST_F(ResolverTest, TriesDemotedAddressesLast) {
  know({"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  const Address first = host_.addresses.front();
  Resolver::demote(host_, first);
  Resolver::demote(host_, first);
  EXPECT_TRUE(equal(host_.addresses, addresses({"10.0.0.2", "10.0.0.3", "10.0.0.1"})));
  Resolver::demote(host_, addresses({"10.0.0.9"}).front());
  EXPECT_EQ(host_.addresses.size(), 3);
}

TEST(Resolver, MayGoWhileALookUpHangs) {
  NameServer server;
  {
    Resolver resolver(server.lookup());
    EXPECT_FALSE(resolver.ready(resolver.host("sqs.example", 443), kStart));
  }
  server.answer(addresses({"10.0.0.1"}));
}

}  // namespace
}  // namespace scaler::net
