#include "programs/ecs_scaler/commands/fleet_reload.h"

#include <cstdio>
#include <filesystem>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "ground/base/file.h"
#include "ground/yaml/yaml.h"
#include "scaler/controller/controller.h"
#include "scaler/pass/test_support.h"
#include "wire/fleet.h"

namespace scaler::cli {
namespace {

using namespace std::chrono_literals;

const std::string kStays = R"(
  - {cluster: c, service: stays, queues: ["https://sqs.us-east-1.amazonaws.com/123456789012/stays"],
     policy: {mode: fixed, scale_up_target: 3, scale_down_threshold: 900}})";
const std::string kGuest = R"(
  - {cluster: c, service: guest, queues: ["https://sqs.us-east-1.amazonaws.com/123456789012/guest"]})";

std::string fleet_of(const std::string& services) {
  return "services:" + services + "\n";
}

/// A controller over a fleet file, in virtual time, with nothing but its own memory.
class FleetReloadTest : public ::testing::Test {
 protected:
  FleetReloadTest() { write(fleet_of(kStays)); }
  ~FleetReloadTest() override { std::remove(path_.c_str()); }

  void write(const std::string& text) { ASSERT_TRUE(write_file(path_, text).has_value()); }

  Result<std::vector<ManagedService>> read() const {
    const Result<std::string> text = read_file(path_);
    if (!text) {
      return std::unexpected(text.error());
    }
    const json::Value document = TRY(yaml::parse(*text));
    return adopted({}, TRY(read_fleet(document, path_)).services);
  }

  /// When each count was set, and which, through so many passes; `writes` is called before each.
  std::vector<std::pair<Instant, std::int64_t>> run(int passes,
                                                    const std::function<void(int)>& writes) {
    testing::FakeClock clock;
    testing::FakeCloud cloud(clock);
    cloud.queue(kQueue) = QueueDepth{.visible = 5};
    FleetReload reload(path_, FileWatch(path_), clock, log_);
    Invoker invoker(*read(), {.look_every = 10s},
                    {.reader = cloud, .scaler = cloud, .clock = clock});
    std::stop_source stop;
    std::vector<std::pair<Instant, std::int64_t>> changes;
    looked_at_.clear();
    const ControllerHooks hooks{
        .on_effect =
            [&](const Effect& effect) {
              looked_at_.push_back(clock.at);
              for (; changes.size() < cloud.set_of("stays").size();) {
                changes.emplace_back(clock.at, cloud.set_of("stays")[changes.size()]);
              }
              sizes_.insert(effect.records.size());
              EXPECT_TRUE(effect.errors.empty());
              const int number = static_cast<int>(looked_at_.size());
              if (number == 3) {
                cloud.queue(kQueue) = QueueDepth{};
              }
              writes(number);
              if (number == passes) {
                stop.request_stop();
              }
            },
        .between =
            [&] {
              tries_ += reload.look(false, invoker, [this] { return read(); }) ? 1 : 0;
              good_ += reload.status().success ? 1 : 0;
              return false;
            }};
    run_controller(invoker, clock, {.interval = 10s}, hooks, stop.get_token());
    return changes;
  }

  const std::string kQueue = "https://sqs.us-east-1.amazonaws.com/123456789012/stays";
  std::string path_ =
      (std::filesystem::temp_directory_path() / ("fleet-" + std::to_string(::getpid()))).string();
  Log log_{STDERR_FILENO, LogLevel::Fatal, system_clock()};
  std::vector<Instant> looked_at_ = {};
  std::set<std::size_t> sizes_ = {};
  int tries_ = 0;
  int good_ = 0;
};

// The scale-in is a matter of what 90 looks saw one after another: a pass or a memory that a reload
// cost would move it.
TEST_F(FleetReloadTest, AHundredReloadsOfGoodAndBadFilesLoseNoPassAndNoState) {
  const auto undisturbed = run(110, [](int) {});
  ASSERT_EQ(undisturbed.size(), 2U);
  const std::vector<Instant> beats = looked_at_;
  ASSERT_EQ(tries_, 0);
  const std::vector<std::string> files{
      fleet_of(kGuest + kStays), "services: [", fleet_of(kStays), fleet_of(""), "",
      fleet_of(kStays + kGuest)};

  const auto disturbed = run(110, [&](int number) {
    if (number <= 100) {
      write(files[static_cast<std::size_t>(number) % files.size()]);
    }
  });

  EXPECT_EQ(disturbed, undisturbed);
  EXPECT_EQ(looked_at_, beats);
  EXPECT_EQ(tries_, 100);
  EXPECT_EQ(sizes_, (std::set<std::size_t>{1, 2}));
}

TEST_F(FleetReloadTest, TellsABadFileOnceAndKeepsTheTimeOfTheLastGoodOne) {
  testing::FakeClock clock;
  testing::FakeCloud cloud(clock);
  FleetReload reload(path_, FileWatch(path_), clock, log_);
  Invoker invoker(*read(), {}, {.reader = cloud, .scaler = cloud, .clock = clock});
  const ReadFleet read_now = [this] { return read(); };
  const Instant began = clock.at;
  EXPECT_TRUE(reload.status().success);
  write("services: nonsense");
  reload.look(false, invoker, read_now);
  clock.pass(2s);

  EXPECT_TRUE(reload.look(false, invoker, read_now));
  EXPECT_FALSE(reload.look(false, invoker, read_now));

  EXPECT_FALSE(reload.status().success);
  EXPECT_EQ(reload.status().last_success, began);
  EXPECT_NE(reload.status().error.find(path_), std::string::npos);
  EXPECT_EQ(invoker.fleet().size(), 1U);
  write(fleet_of(kStays + kGuest));
  EXPECT_TRUE(reload.look(true, invoker, read_now));  // SIGHUP waits for nothing.
  EXPECT_TRUE(reload.status().success);
  EXPECT_EQ(reload.status().last_success, clock.at);
  EXPECT_EQ(invoker.fleet().size(), 2U);
  clock.pass(5s);
  EXPECT_FALSE(reload.look(false, invoker, read_now));  // It is known.
}

TEST_F(FleetReloadTest, APipeInThePlaceOfTheFileIsNotWaitedFor) {
  testing::FakeClock clock;
  testing::FakeCloud cloud(clock);
  FleetReload reload(path_, FileWatch(path_), clock, log_);
  Invoker invoker(*read(), {}, {.reader = cloud, .scaler = cloud, .clock = clock});
  std::remove(path_.c_str());
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_TRUE(reload.look(true, invoker, [this] { return read(); }));
  EXPECT_FALSE(reload.status().success);
  EXPECT_EQ(invoker.fleet().size(), 1U);
}

TEST_F(FleetReloadTest, WithoutAFileThereIsNothingToReadAgain) {
  testing::FakeClock clock;
  testing::FakeCloud cloud(clock);
  FleetReload reload("", FileWatch(""), clock, log_);
  Invoker invoker(*read(), {}, {.reader = cloud, .scaler = cloud, .clock = clock});
  EXPECT_FALSE(reload.look(true, invoker, [this] { return read(); }));
  EXPECT_TRUE(reload.status().success);
}

}  // namespace
}  // namespace scaler::cli
