#include "lab/study/study.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/json/value.h"
#include "lab/study/backtest.h"
#include "lab/study/test_support.h"

namespace scaler::study {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using testing::two_hours;

TEST(Objective, IsReadAsPeopleWriteIt) {
  for (const char* text : {"p95 wait < 60s", "p95<60s", "p95 wait <= 1m", " p95  wait < 60 "}) {
    const auto objective = parse_objective(text);
    ASSERT_TRUE(objective) << text << ": " << objective.error().message;
    EXPECT_EQ(objective->share, 0.95) << text;
    EXPECT_EQ(objective->limit, seconds(60)) << text;
  }
  EXPECT_EQ(parse_objective("max wait < 2m")->share, 1);
  EXPECT_DOUBLE_EQ(parse_objective("p99.9 < 1h")->share, 0.999);
  for (const char* text : {"", "fast", "p95", "p95 wait < ", "p95 wait > 60s", "p0 < 1s",
                           "p101 < 1s", "p95 < -1s", "p95 < 0s", "p95 < 60x", "p95 < nan"}) {
    EXPECT_FALSE(parse_objective(text)) << text;
  }
}

TEST(Objective, SaysWhichLimitsAreNone) {
  for (const char* text : {"p95 wait < 0s", "p95 wait < -5s", "max < 400d", "p50 wait <= -0"}) {
    const auto objective = parse_objective(text);
    ASSERT_FALSE(objective) << text;
    EXPECT_EQ(objective.error().message,
              std::string("'") + text +
                  "': what a message may wait must be longer than 0 and at most 336 h");
  }
}

TEST(Prices, AreFoundWithSourceAndDate) {
  const auto fargate = find_price("fargate-x86:0.5,1");
  ASSERT_TRUE(fargate) << fargate.error().message;
  EXPECT_NEAR(fargate->per_hour, 0.5 * 0.04048 + 0.004445, 1e-9);
  EXPECT_THAT(fargate->told, HasSubstr("2026-06"));
  EXPECT_NEAR(find_price("g5.xlarge")->per_hour, 1.006, 1e-9);
  EXPECT_EQ(find_price("0.25")->per_hour, 0.25);
}

TEST(Prices, RefuseWhatIsNotKnown) {
  for (const char* what : {"", "fargate", "fargate-x86:1", "fargate-x86:a,b", "-1", "nan"}) {
    EXPECT_FALSE(find_price(what)) << what;
  }
  EXPECT_THAT(find_price("m5.large").error().message, HasSubstr("g5.xlarge"));
  EXPECT_FALSE(find_price("g5.xlarge", "{}"));
  EXPECT_FALSE(find_price("g5.xlarge", "not json"));
}

TEST(Prices, KnowTheSizesOfFargate) {
  for (const char* size : {"0.25,0.5", "0.25,2", "0.5,4", "1,2", "1,8", "2,16", "4,30", "8,16",
                           "8,60", "16,32", "16,120", "32,60", "32,244"}) {
    EXPECT_TRUE(find_price(std::string("fargate-arm:") + size)) << size;
  }
  for (const char* size :
       {"0.25,1.5", "0.5,0.5", "1,1", "1,2.5", "2,17", "8,18", "16,36", "32,64", "0,0", "1,0"}) {
    EXPECT_FALSE(find_price(std::string("fargate-x86:") + size)) << size;
  }
  EXPECT_EQ(find_price("fargate-arm:64,1").error().message,
            "'fargate-arm:64,1': Fargate has no tasks of 64 vCPU, but of 0.25, 0.5, 1, 2, 4, 8, 16 "
            "and 32");
  EXPECT_EQ(find_price("fargate-x86:8,18").error().message,
            "'fargate-x86:8,18': with 8 vCPU a task on Fargate has 16 to 60 GB by 4, not 18");
}

Settings some_settings() {
  Settings settings;
  settings.policy.mode = Mode::Backlog;
  settings.policy.backlog_per_task = 2;
  settings.policy.tasks_max = 20;
  settings.policy.scale_down_threshold = seconds(90);
  settings.triggers.tick = seconds(10);
  return settings;
}

TEST(Settings, AreToldAndReadable) {
  EXPECT_EQ(tell(some_settings()),
            "mode=backlog backlog_per_task=2 tasks_max=20 scale_down_threshold=90 tick_seconds=10");
  EXPECT_EQ(to_json(some_settings()),
            R"({"policy":{"mode":"backlog","backlog_per_task":2,"tasks_max":20,)"
            R"("scale_down_threshold":90},"tick_seconds":10,"wake":false})");
}

TEST(Study, AnswersWithFiguresPriceAndMoments) {
  const auto answered = answer(two_hours(), {.name = "a", .scaler = some_settings()}, {});
  ASSERT_TRUE(answered) << answered.error().message;
  EXPECT_GT(answered->sent, 1200);
  EXPECT_EQ(answered->run.figures.lost, 0);
  EXPECT_GT(answered->run.figures.task_hours, 4);
  EXPECT_NEAR(*answered->run.figures.price, 0.05 * answered->run.figures.task_hours, 1e-9);
  EXPECT_GT(answered->run.moments.size(), 100U);
  std::int64_t arrived = 0;
  for (const report::Moment& moment : answered->run.moments) {
    arrived += moment.arrived;
  }
  EXPECT_EQ(arrived, answered->sent);
}

TEST(Study, NamesTheCandidateWhosePolicyIsRefused) {
  Settings bad;
  bad.policy.mode = Mode::Backlog;
  const auto answered = answer(two_hours(), {.name = "the bad one", .scaler = bad}, {});
  ASSERT_FALSE(answered);
  EXPECT_THAT(answered.error().message, HasSubstr("the bad one: "));
}

TEST(Study, RivalsFaceTheSameMessages) {
  const auto own = answer(two_hours(), {.name = "a", .scaler = some_settings()}, {});
  for (const rivals::Rival& rival : rivals::all()) {
    const auto answered = answer(two_hours(), rival_candidate(rival), {.moments = false});
    ASSERT_TRUE(answered);
    EXPECT_EQ(answered->sent, own->sent) << rival.name;
  }
}

TEST(Load, IsArrivalsTimesWork) {
  const Load load(two_hours());
  EXPECT_NEAR(load.mean(), 4, 0.5);
  EXPECT_LE(load.tasks(0.1), load.tasks(0.9));
}

TEST(Backtest, TellsWhereAnotherPolicyDiffers) {
  std::vector<trace::JournalPass> passes;
  for (int i = 0; i < 4; ++i) {
    trace::JournalPass pass;
    pass.observation.at = Instant(seconds(1'800'000'000 + 60 * i));
    pass.observation.queues = {QueueDepth{.visible = i == 0 ? 0 : 30}};
    pass.observation.service = {.desired = i < 2 ? 0 : 3, .running = i < 2 ? 0 : 3};
    pass.desired = i == 0 ? 0 : 3;
    passes.push_back(pass);
  }
  PolicyOptions options;
  options.mode = Mode::Backlog;
  options.backlog_per_task = 5;

  const report::Replay result = backtest(*Policy::create(options), passes);

  EXPECT_EQ(result.passes, 4);
  EXPECT_EQ(result.more, 3);
  EXPECT_EQ(result.fewer, 0);
  EXPECT_EQ(result.differences.front().really, 3);
  EXPECT_EQ(result.differences.front().would, 6);
  EXPECT_THAT(result.differences.front().because, HasSubstr("6"));
}

}  // namespace
}  // namespace scaler::study
