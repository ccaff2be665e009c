// Credentials that are fetched again on a thread of their own, and clocks that jump meanwhile.

#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "edge/aws/credentials.h"
#include "edge/aws/test_support.h"

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;

/// What a place brings, one after the other; each as soon as it is there.
class Supply {
 public:
  using Brought = Result<std::optional<Credentials>>;

  std::promise<Brought>& next() {
    const std::lock_guard lock(mutex_);
    return promises_.emplace_back();
  }
  void bring(const std::string& id, std::optional<Instant> expires) {
    next().set_value(Credentials{.access_key_id = id, .expires = expires});
  }
  Brought take() {
    std::unique_lock lock(mutex_);
    if (taken_ == promises_.size()) {
      promises_.emplace_back().set_value(fail(ErrorKind::Unavailable, "nothing more"));
    }
    std::future<Brought> brought = promises_[taken_++].get_future();
    lock.unlock();
    return brought.get();
  }
  std::size_t taken() const {
    const std::lock_guard lock(mutex_);
    return taken_;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<std::promise<Brought>> promises_;
  std::size_t taken_ = 0;
};

class SupplySource final : public CredentialSource {
 public:
  explicit SupplySource(std::shared_ptr<Supply> supply) : supply_(std::move(supply)) {}
  std::string_view name() const override { return "supply"; }
  Result<std::optional<Credentials>> fetch(Deadline) override { return supply_->take(); }

 private:
  std::shared_ptr<Supply> supply_;
};

class CredentialsBeside : public ::testing::Test {
 protected:
  CredentialProvider provider() {
    CredentialSources sources;
    sources.push_back(std::make_unique<SupplySource>(supply_));
    return {std::move(sources), clock_, log_, std::make_shared<int>()};
  }
  Instant in(Duration time) const { return clock_.now() + time; }

  /// Of what is in use once a fetch under way has ended.
  static std::string id_after(CredentialProvider& provider, const std::string& before) {
    std::string id = before;
    for (const Deadline end = soon(); id == before && Deadline::clock::now() < end;) {
      id = provider.current(soon())->access_key_id;
      std::this_thread::yield();
    }
    return id;
  }

  std::shared_ptr<Supply> supply_ = std::make_shared<Supply>();
  VirtualClock clock_{*parse_instant("2026-11-23T12:00:00Z")};
  Log log_{-1, LogLevel::Fatal, clock_};
};

TEST_F(CredentialsBeside, AreUsedWhileTheyLiveThoughTheirPlaceHangs) {
  supply_->bring("A", in(1h));
  std::promise<Supply::Brought>& hanging = supply_->next();
  CredentialProvider kept = provider();
  EXPECT_EQ(kept.current(soon())->access_key_id, "A");
  clock_.advance(46min);
  for (const Duration pause : {Duration(0), Duration(1min), Duration(12min), Duration(45s)}) {
    clock_.advance(pause);
    EXPECT_EQ(kept.current(soon())->access_key_id, "A") << pause.count();
  }
  clock_.advance(13s);  // Two seconds are left: it is waited for, and only once.
  EXPECT_EQ(kept.current(after(20ms)).error().message,
            "the credentials are too old, and there is no answer yet from: supply");
  hanging.set_value(Credentials{.access_key_id = "B", .expires = in(1h)});
  EXPECT_EQ(kept.current(soon())->access_key_id, "B");
  EXPECT_EQ(supply_->taken(), 2U) << "no second fetch beside the one that hangs";
}

TEST_F(CredentialsBeside, AreTakenFromAFetchThatEndsLater) {
  supply_->bring("A", in(1h));
  CredentialProvider kept = provider();
  EXPECT_EQ(kept.current(soon())->access_key_id, "A");
  clock_.advance(46min);
  supply_->bring("B", in(1h));
  EXPECT_EQ(kept.current(soon())->access_key_id, "A");
  EXPECT_EQ(id_after(kept, "A"), "B");
  EXPECT_EQ(supply_->taken(), 2U);
}

TEST_F(CredentialsBeside, AreRenewedOnDemandFromAFetchThatIsWaitedFor) {
  supply_->bring("A", in(1h));
  supply_->bring("B", in(1h));
  supply_->bring("B", in(1h));
  CredentialProvider kept = provider();
  EXPECT_EQ(kept.current(soon())->access_key_id, "A");
  EXPECT_EQ(kept.renew(soon())->access_key_id, "B");
  EXPECT_EQ(kept.renew(soon()).error().message, "the supply has no other credentials");
  EXPECT_EQ(kept.renew(soon()).error().message, "nothing more");
}

TEST_F(CredentialsBeside, MayBeFetchedByAThreadThatOutlivesThem) {
  supply_->bring("A", in(1h));
  std::promise<Supply::Brought>& hanging = supply_->next();
  {
    CredentialProvider kept = provider();
    EXPECT_TRUE(kept.current(soon()).has_value());
    clock_.advance(46min);
    EXPECT_TRUE(kept.current(soon()).has_value());
  }
  hanging.set_value(std::nullopt);
}

TEST_F(CredentialsBeside, DoNotLiveLongerForAClockThatIsSetBack) {
  supply_->bring("A", in(1h));
  supply_->bring("B", in(1h));
  CredentialProvider kept = provider();
  EXPECT_EQ(kept.current(soon())->access_key_id, "A");
  clock_.advance(55min);
  clock_.set(clock_.now() - 24h);
  EXPECT_EQ(kept.current(soon())->access_key_id, "A");
  EXPECT_EQ(id_after(kept, "A"), "B");
}

TEST_F(CredentialsBeside, AreFetchedOnceForAClockThatIsSetForward) {
  supply_->bring("A", in(1h));
  CredentialProvider kept = provider();
  EXPECT_EQ(kept.current(soon())->access_key_id, "A");
  supply_->bring("B", in(2h));
  clock_.set(clock_.now() + 24h);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(kept.current(soon())->access_key_id, "B") << "they look dead and are not";
  }
  clock_.set(clock_.now() - 24h);
  clock_.advance(30min);
  EXPECT_EQ(kept.current(soon())->access_key_id, "B");
  EXPECT_EQ(supply_->taken(), 2U);
}

}  // namespace
}  // namespace scaler::aws
