#include "lab/study/advice.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/study/blocks.h"
#include "lab/study/own_cost.h"

namespace scaler::study {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr Duration kLimit = seconds(60);

Answer answered(double month, Duration wait, const std::string& name = "trial") {
  Answer answer{.run = {.name = name, .figures = {.price = month, .month = month}},
                .objective_wait = wait,
                .meets = wait < kLimit};
  answer.run.meets = answer.meets;
  return answer;
}

Settings latency(Duration target) {
  Settings settings;
  settings.policy.mode = Mode::Latency;
  settings.policy.target_latency = target;
  settings.policy.seconds_per_message = Millionths{20'000'000};
  settings.policy.tasks_max = 50;
  settings.triggers.tick = seconds(10);
  settings.triggers.wake = true;
  return settings;
}

std::string block(const Settings& settings, const std::string& name) {
  for (const report::Block& each : blocks_of(settings)) {
    if (each.name == name) {
      return each.text;
    }
  }
  return "";
}

TEST(OwnCost, IsThatOfTheCostPage) {
  sim::Triggers triggers{.tick = seconds(10), .wake = true};
  EXPECT_NEAR(own_month(triggers, 2), 0.67, 0.005);
  EXPECT_NEAR(own_month(triggers, 5), 0.99, 0.005);
  triggers.doorbell = true;
  EXPECT_NEAR(own_month(triggers, 5), 1.25, 0.005);
}

// A month is 30 days of 1440 minutes: 43,200. A pass is 30 ms of 128 MB, one request of Lambda, one
// of SQS, and a line of 1 kB. The products were made by hand from AWS's prices in us-east-1.
TEST(OwnCost, OfAScheduleAloneByHand) {
  const double requests = 0.00864;  // 43,200 of $0.20 a million
  const double duration = 0.0027;   // 162 GB-seconds of $0.0000166667
  const double polls = 0.01728;     // 43,200 GetQueueAttributes of $0.40 a million
  const double logs = 0.0216;       // 0.0432 GB of $0.50
  EXPECT_NEAR(own_month({}), requests + duration + polls + logs, 1e-6);
}

TEST(OwnCost, OfPollersByHand) {
  // Five pollers ask every 20 s: 15 a minute, 648,000 a month of $0.40 a million.
  EXPECT_NEAR(own_month({.wake = true}) - own_month({}), 0.2592, 1e-6);
  EXPECT_NEAR(own_month({.doorbell = true}) - own_month({}), 0.2592, 1e-6);
  // Two of them: 259,200.
  EXPECT_NEAR(own_month({.wake = true}, 2) - own_month({}, 2), 0.10368, 1e-6);
}

TEST(OwnCost, OfTicksOfSixSecondsByHand) {
  const double lambda = 0.0864 + 0.027;  // 432,000 requests, 1,620 GB-seconds
  const double polls = 0.1728;           // 432,000 GetQueueAttributes
  const double logs = 0.216;             // 0.432 GB
  // 43,200 batches sent, 388,800 ticks deleted, and what the pollers ask: between the 20 s of an
  // empty poll (15 a minute of five) and one more for each tick (24).
  const double sent_and_deleted = 0.1728;
  const double least = 0.2592;
  const double most = 0.41472;
  const double month = own_month({.tick = seconds(6)}, 5);
  EXPECT_GT(month, lambda + polls + logs + sent_and_deleted + least);
  EXPECT_LT(month, lambda + polls + logs + sent_and_deleted + most);
  EXPECT_NEAR(month, lambda + polls + logs + 0.512, 0.005);  // 1,281,000 requests for the ticks
}

TEST(OwnCost, OfALongerSchedule) {
  // A fifth of the passes.
  const std::chrono::minutes five(5);
  EXPECT_NEAR(own_month({.schedule = five}), own_month({}) / 5, 1e-6);
  // Its ticks fill all of the time: 29 every five minutes, in three batches, so 30 looks where
  // schedules of a minute make 30, too, and send five batches.
  const double batches = 2 * 8640 * 0.4e-6;
  EXPECT_NEAR(own_month({.schedule = five, .tick = seconds(10)}) + batches,
              own_month({.tick = seconds(10)}), 0.04);
  EXPECT_GT(own_month({.schedule = five, .tick = seconds(120)}), own_month({.schedule = five}));
}

TEST(Blocks, CountTheThresholdInMinutesWhereDeploymentsDo) {
  Settings settings = latency(seconds(30));
  settings.policy.scale_down_threshold = seconds(20);

  EXPECT_THAT(block(settings, "Environment"), HasSubstr("SCALE_DOWN_THRESHOLD=0.333333\n"));
  EXPECT_THAT(block(settings, "SAM"), HasSubstr("- ScaleDownThreshold=0.333333\n"));
  EXPECT_THAT(block(settings, "Fleet file"), HasSubstr("scale_down_threshold: 20\n"));
  EXPECT_THAT(block(settings, "Service tag"), HasSubstr("scale_down_threshold=20"));
}

TEST(Blocks, SayWhatDeploymentsHaveAnotherDefaultFor) {
  Settings settings = latency(seconds(30));
  settings.triggers = {.schedule = std::chrono::minutes(5), .doorbell = true};

  EXPECT_THAT(block(settings, "Environment"),
              HasSubstr("TICK_SECONDS=0\nSCHEDULE_SECONDS=300\nWAKE=false\nDOORBELL_QUEUE_URL="));
  EXPECT_THAT(block(settings, "Terraform"), HasSubstr("monitoring_rate     = \"rate(5 minutes)\""));
  EXPECT_THAT(block(settings, "SAM"), HasSubstr("- 'MonitoringRate=\"rate(5 minutes)\"'"));
  EXPECT_THAT(block(settings, "SAM"), HasSubstr("- Doorbell=true\n"));
  EXPECT_THAT(block(settings, "osls"), HasSubstr("    tick-seconds: '0'\n"));
}

TEST(Blocks, NameAProfileWhereATagCannotHoldThePolicy) {
  Settings settings = latency(seconds(30));
  settings.policy.schedules = {{.cron = "0 8 * * 1-5", .duration = seconds(3600), .tasks_min = 2}};

  EXPECT_EQ(block(settings, "Service tag"), "advised\n");
  EXPECT_THAT(block(settings, "Environment"), HasSubstr("SCHEDULES='[{\"cron\":\"0 8 * * 1-5\""));
  EXPECT_THAT(block(settings, "SAM"), HasSubstr(R"(- 'Schedules="[{\"cron\":\"0 8 * * 1-5\")"));
  EXPECT_THAT(block(settings, "osls"), HasSubstr("schedules: '[{\"cron\":\"0 8 * * 1-5\""));
}

TEST(Different, LeavesOutWhatNobodyCouldTellApart) {
  const std::vector<TriedSettings> ranked{{.answer = answered(100, seconds(50))},
                                          {.answer = answered(101, seconds(51))},
                                          {.answer = answered(103, seconds(30))},
                                          {.answer = answered(130, seconds(50))},
                                          {.answer = answered(131, seconds(49))}};

  EXPECT_THAT(different(ranked, 3), ElementsAre(0, 2, 3));
  EXPECT_THAT(different(ranked, 1), ElementsAre(0, 2));
}

class AdviceTest : public ::testing::Test {
 protected:
  const Advice& made(const Answer& runner_up) {
    advice_.ranked = &ranked_;
    advice_.tried = 2;
    advice_.currency = "USD";
    advice_.finals = {{.trial = &ranked_.at(0), .answer = answered(110, seconds(50), "advised")},
                      {.trial = &ranked_.at(1), .answer = runner_up}};
    advice_.present = answered(412.5, std::chrono::minutes(3), "present: old");
    return advice_;
  }

  std::vector<TriedSettings> ranked_{{latency(seconds(30)), answered(100, seconds(45))},
                                     {latency(seconds(20)), answered(120, seconds(40))}};
  Advice advice_ = {};
};

TEST_F(AdviceTest, BeginsWithWhatItIsAndWhatItWillBe) {
  EXPECT_EQ(sentence_of(made(answered(130, seconds(40)))),
            "With the advised settings in place of old, the p95 wait goes from 3 min to 50 s and "
            "the cost from $412.50 to $110.00 a month, $0.00 of it for the scaler itself.");
}

TEST_F(AdviceTest, WarnsOfMessagesThatAreTooFewToStartTheService) {
  EXPECT_THAT(reasons_of(made(answered(130, seconds(40)))),
              Not(Contains(StartsWith("activation_backlog"))));
  ranked_.front().settings.policy.activation_backlog = 8;
  EXPECT_THAT(reasons_of(made(answered(130, seconds(40)))),
              Contains(StartsWith("activation_backlog=8 saves starts")));
}

TEST_F(AdviceTest, SaysSoWhenTheLimitOfTasksIsWhatNothingCanMeetTheObjectiveWith) {
  made(answered(130, seconds(90), "runner-up 1"));
  for (TriedSettings& trial : ranked_) {
    trial.answer.meets = false;
    trial.settings.policy.tasks_max = 100;
  }
  EXPECT_THAT(reasons_of(advice_), Not(Contains(HasSubstr("--tasks-max"))));
  ranked_.front().answer.run.figures.tasks_peak = 100;
  EXPECT_THAT(reasons_of(advice_), Contains(StartsWith("At its busiest it had all of the 100")));
  ranked_.back().answer.meets = true;
  EXPECT_THAT(reasons_of(advice_), Not(Contains(HasSubstr("--tasks-max"))));
}

TEST_F(AdviceTest, WarnsOfACountThatCannotGrow) {
  EXPECT_THAT(reasons_of(made(answered(130, seconds(40)))),
              Not(Contains(StartsWith("mode=fixed"))));
  ranked_.front().settings.policy.mode = Mode::Fixed;
  EXPECT_THAT(reasons_of(advice_), Contains(StartsWith("mode=fixed never runs more than 1 task,")));
}

TEST_F(AdviceTest, SaysSoWhenItLosesMessages) {
  made(answered(130, seconds(30), "runner-up 1"));
  ranked_.back().answer.run.figures.lost = 1;
  EXPECT_THAT(reasons_of(advice_), Not(Contains(HasSubstr("It lost"))));
  ranked_.front().answer.run.figures.lost = 2;
  EXPECT_THAT(reasons_of(advice_), Contains(StartsWith("It lost 2 messages where")));
}

TEST_F(AdviceTest, SaysWhatMayMissTheObjectiveAtAnotherTime) {
  made(answered(130, seconds(40)));
  EXPECT_THAT(reasons_of(advice_), Not(Contains(HasSubstr("another time"))));
  ranked_.push_back({latency(seconds(35)), answered(90, seconds(59))});
  ranked_.back().answer.doubtful = true;
  advice_.finals.at(0).trial = &ranked_.at(0);
  advice_.finals.at(1).trial = &ranked_.at(1);
  EXPECT_THAT(reasons_of(advice_), Contains(StartsWith("1 that cost less met it there by less")));
  EXPECT_THAT(reasons_of(advice_), Not(Contains(StartsWith("It may miss"))));
  ranked_.front().answer.doubtful = true;
  EXPECT_THAT(reasons_of(advice_), Contains(StartsWith("It may miss the objective")));
}

TEST_F(AdviceTest, SaysSoWhenARunnerUpLooksBetterWhereItHadNotBeenSeen) {
  EXPECT_THAT(reasons_of(made(answered(105, seconds(48), "runner-up 1"))),
              Contains(StartsWith("runner-up 1 looks better on the last third: $105.00")));
  EXPECT_THAT(reasons_of(made(answered(130, seconds(40), "runner-up 1"))),
              Contains("No runner-up does better on the last third."));
}

// It was called the cheapest beside a runner-up that had cost less, and waited less, everywhere.
TEST_F(AdviceTest, SaysOfAFixedCountThatItMustCostATwentiethLess) {
  made(answered(105, seconds(48), "runner-up 1"));
  EXPECT_THAT(verdict_of(advice_), StartsWith("The cheapest of 2 policies that meets 'p95 wait < "
                                              "60s': "));
  ranked_.back().settings.policy.mode = Mode::Fixed;
  ranked_.back().settings.policy.scale_up_target = 2;
  ranked_.back().answer = answered(97, seconds(40));
  EXPECT_THAT(verdict_of(advice_), StartsWith("The cheapest of 2 policies that meets 'p95 wait < "
                                              "60s' and can grow: "));
  const std::string why = "a fixed count cannot grow with the load: it must cost a twentieth less";
  EXPECT_THAT(
      reasons_of(advice_),
      AllOf(Contains("mode=fixed with 2 tasks cost less where the choice was made, $97.00 a "
                     "month with p95 wait of 40 s against $100.00 a month with p95 wait of "
                     "45 s; it is not advised, for " +
                     why + "."),
            Contains(AllOf(StartsWith("runner-up 1 looks better on the last third: "),
                           HasSubstr("It is not advised, for " + why))),
            Not(Contains(HasSubstr("known before")))));
  ranked_.back().answer.doubtful = true;
  EXPECT_THAT(verdict_of(advice_), Not(HasSubstr("can grow")));
}

TEST_F(AdviceTest, SaysSoWhenTheObjectiveIsMissedWhereItHadNotBeenSeen) {
  made(answered(130, seconds(40), "runner-up 1"));
  advice_.finals.front().answer = answered(110, seconds(70), "advised");

  EXPECT_THAT(sentence_of(advice_), HasSubstr("on the last third that misses 'p95 wait < 60s'"));
  EXPECT_THAT(reasons_of(advice_), Contains(StartsWith("runner-up 1 meets the objective")));
  EXPECT_THAT(reasons_of(advice_), Not(Contains(HasSubstr("No runner-up"))));
}

TEST_F(AdviceTest, SaysSoWhenSomethingElseIsCheaperAndGoodEnough) {
  made(answered(130, seconds(40), "runner-up 1"));
  advice_.others = {answered(90, seconds(55), "KEDA"), answered(80, seconds(70), "steps")};

  EXPECT_THAT(reasons_of(advice_), Contains(StartsWith("KEDA costs less on the last third")));
  EXPECT_THAT(reasons_of(advice_), Not(Contains(HasSubstr("steps"))));
  advice_.present = answered(90, seconds(50), "present: old");
  EXPECT_THAT(reasons_of(advice_), Contains(StartsWith("present: old costs less")));
}

TEST_F(AdviceTest, TellsEachSettingBesideWhatItReplaces) {
  made(answered(130, seconds(40)));
  advice_.present_settings = latency(seconds(90));
  advice_.present_settings->policy.tasks_min = 3;

  std::string told;
  for (const report::Setting& row : settings_of(advice_)) {
    told += row.name + "=" + row.advised + "<" + row.present + " ";
    EXPECT_NE(row.meaning, "") << row.name;
  }

  EXPECT_THAT(told, HasSubstr("target_latency=30<90 "));
  EXPECT_THAT(told, HasSubstr("tasks_min=default<3 "));
  EXPECT_EQ(differences_of(latency(seconds(20)), latency(seconds(30))), "target_latency=20 (30)");
}

TEST(History, OfLessThanAWeekIsToldWithWhatItLacks) {
  EXPECT_THAT(short_history(std::chrono::hours(48), 909).value(),
              AllOf(HasSubstr("only 48 h long"), HasSubstr("that of 909 messages, drawn out")));
  EXPECT_EQ(short_history(std::chrono::hours(7 * 24) - std::chrono::minutes(5), 909), std::nullopt);
}

TEST(Sentence, NamesTheCheapestThatMeetsAndTheQuickest) {
  const Question question{.objective = {.limit = kLimit}};
  EXPECT_EQ(sentence_of({answered(50, seconds(70), "a"), answered(80, seconds(50), "b"),
                         answered(90, seconds(20), "c")},
                        question),
            "Of 3 policies 2 meet 'p95 wait < 60s'; the cheapest is b (p95 wait 50 s, $80.00 a "
            "month), the quickest is c (p95 wait 20 s, $90.00 a month).");
  EXPECT_THAT(sentence_of({answered(50, seconds(70), "a")}, question),
              "a misses 'p95 wait < 60s': p95 wait 1 min 10 s, $50.00 a month.");
  EXPECT_EQ(sentence_of({answered(50, seconds(50), "a")}, question),
            "a meets 'p95 wait < 60s': p95 wait 50 s, $50.00 a month.");
}

}  // namespace
}  // namespace scaler::study
