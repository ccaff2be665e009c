#include "guard/front/credential_keeper.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <stop_token>

#include <gtest/gtest.h>

namespace scaler::guard {
namespace {

using namespace std::chrono_literals;

/// What a place of credentials brings, one after the other; a fetch hangs until there is something.
class Keys {
 public:
  using Brought = Result<std::optional<aws::Credentials>>;

  void put(Brought brought) {
    const std::scoped_lock lock(mutex_);
    brought_.push_back(std::move(brought));
    changed_.notify_all();
  }
  void bring(const std::string& id) { put(aws::Credentials{.access_key_id = id}); }
  Brought take() {
    std::unique_lock lock(mutex_);
    ++asked_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !brought_.empty(); });
    Brought first = std::move(brought_.front());
    brought_.pop_front();
    return first;
  }
  bool wait_until_asked(int times) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, after(1min), [&] { return asked_ >= times; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Brought> brought_;
  int asked_ = 0;
};

class KeysSource final : public aws::CredentialSource {
 public:
  explicit KeysSource(std::shared_ptr<Keys> keys) : keys_(std::move(keys)) {}
  std::string_view name() const override { return "keys"; }
  Result<std::optional<aws::Credentials>> fetch(Deadline) override { return keys_->take(); }

 private:
  std::shared_ptr<Keys> keys_;
};

/// A thread that hangs keeps all of it beyond the test.
struct KeysPlace {
  explicit KeysPlace(const std::shared_ptr<Keys>& keys) : provider(sources(keys), clock, log) {}
  static aws::CredentialSources sources(const std::shared_ptr<Keys>& keys) {
    aws::CredentialSources sources;
    sources.push_back(std::make_unique<KeysSource>(keys));
    return sources;
  }
  static std::shared_ptr<aws::CredentialProvider> provider_of(const std::shared_ptr<Keys>& keys) {
    const auto place = std::make_shared<KeysPlace>(keys);
    return {place, &place->provider};
  }

  const Clock& clock = system_clock();
  Log log{-1, LogLevel::Fatal, clock};
  aws::CredentialProvider provider;
};

class CredentialKeeping : public ::testing::Test {
 protected:
  ~CredentialKeeping() override {
    for (int i = 0; i < 9; ++i) {
      keys_->bring("end");  // Whatever thread still waits ends.
    }
  }

  void start(Deadline deadline = after(1min)) {
    keeper_->start(deadline, [this](const Result<void>& found) {
      ++told_;
      first_ = found;
    });
  }
  /// Runs the loop until then; false when it does not come about.
  bool run_until(const std::function<bool()>& reached) {
    std::stop_source stop;
    const Deadline end = after(1min);
    std::function<void()> look = [&] {
      if (reached() || after({}) >= end) {
        stop.request_stop();
      } else {
        loop_.run_after(1ms, look);
      }
    };
    loop_.post(look);
    loop_.run(stop.get_token());
    return reached();
  }
  std::string id() const {
    return keeper_->latest() == nullptr ? "" : keeper_->latest()->access_key_id;
  }
  std::shared_ptr<Keys> keys_ = std::make_shared<Keys>();
  net::EventLoop loop_;
  std::optional<CredentialKeeper> keeper_{std::in_place, loop_, KeysPlace::provider_of(keys_),
                                          Log(-1, LogLevel::Fatal, system_clock())};
  int told_ = 0;
  Result<void> first_ = {};
};

TEST_F(CredentialKeeping, FetchesTheFirstOnesWhileTheLoopRuns) {
  start();
  ASSERT_TRUE(keys_->wait_until_asked(1));
  int rounds = 0;
  EXPECT_TRUE(run_until([&] { return ++rounds >= 3; }));
  EXPECT_EQ(told_, 0);
  keys_->bring("A");
  EXPECT_TRUE(run_until([this] { return told_ > 0; }));
  EXPECT_TRUE(first_.has_value());
  EXPECT_EQ(id(), "A");
}

TEST_F(CredentialKeeping, AsksAPlaceAgainThatFailsAndNoneThatHasNothing) {
  keys_->put(fail(ErrorKind::Unavailable, "busy"));
  keys_->put(fail(ErrorKind::Unauthorized, "no"));
  start();
  EXPECT_TRUE(run_until([this] { return told_ > 0; }));
  EXPECT_EQ(first_.error().message, "no");
  EXPECT_EQ(keeper_->latest(), nullptr);
}

TEST_F(CredentialKeeping, GivesUpAtTheDeadline) {
  keys_->put(fail(ErrorKind::Unavailable, "busy"));
  start(after({}));
  EXPECT_TRUE(run_until([this] { return told_ > 0; }));
  EXPECT_EQ(first_.error().message, "busy");
}

TEST_F(CredentialKeeping, EndsThoughAFetchHangs) {
  start();
  ASSERT_TRUE(keys_->wait_until_asked(1));
  keeper_.reset();  // It hung here for as long as the place did.
  EXPECT_EQ(told_, 0);
}

TEST_F(CredentialKeeping, EndsThoughAFetchOfOthersHangs) {
  keys_->bring("A");
  start();
  ASSERT_TRUE(run_until([this] { return told_ > 0; }));
  keeper_->renew([] { FAIL() << "nobody has brought others"; });
  ASSERT_TRUE(keys_->wait_until_asked(2));
  keeper_.reset();
  keys_->bring("B");
  int rounds = 0;
  EXPECT_TRUE(run_until([&] { return ++rounds >= 3; }));
}

TEST_F(CredentialKeeping, FetchesOthersForEachWhoWasRefused) {
  keys_->bring("A");
  start();
  ASSERT_TRUE(run_until([this] { return told_ > 0; }));
  std::string seen;
  keeper_->renew([&] { seen += "1" + id(); });
  ASSERT_TRUE(keys_->wait_until_asked(2));
  keeper_->renew([&] { seen += " 2" + id(); });  // What is on its way may be refused as well.
  keys_->bring("B");
  EXPECT_TRUE(run_until([&] { return !seen.empty(); }));
  EXPECT_EQ(seen, "1B");
  keys_->bring("C");
  EXPECT_TRUE(run_until([&] { return seen.size() > 2; }));
  EXPECT_EQ(seen, "1B 2C");
  EXPECT_EQ(told_, 1);
}

TEST_F(CredentialKeeping, AnswersAlsoWhereThereAreNoOthers) {
  keys_->bring("A");
  start();
  ASSERT_TRUE(run_until([this] { return told_ > 0; }));
  bool answered = false;
  keys_->bring("A");
  keeper_->renew([&] { answered = true; });
  EXPECT_TRUE(run_until([&] { return answered; }));
  EXPECT_EQ(id(), "A");
}

}  // namespace
}  // namespace scaler::guard
