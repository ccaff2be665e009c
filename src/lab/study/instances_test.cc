#include "lab/study/instances.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/study/advice.h"
#include "lab/study/answers.h"

namespace scaler::study {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

Terms gpu_terms() {
  return {.length = hours(24),
          .work = minutes(5),
          .start = "gpu",
          .workers_protect = true,
          .tasks_max = 10,
          .instance_start = world::DurationRange{.min = minutes(3), .max = minutes(4)}};
}

Asked ask_gpu(const Terms& terms = gpu_terms()) {
  Asked asked = ask_about_arrivals(terms, "bursts:1").value();
  asked.question.scenario.arrivals = {sim::Bursts{.every = hours(2), .size = 1, .random = false}};
  return asked;
}

Answer answer_of(const Question& question, const Candidate& candidate) {
  return answer(question, candidate, {.moments = false}).value();
}

TEST(Instances, AreDrivenByThisProgramForLessThanAnybodyElse) {
  const Asked asked = ask_gpu();
  const Candidate plain = plain_candidate(asked.question, gpu_terms());
  const Answer own = answer_of(asked.question, plain);
  ASSERT_GE(own.sent, 11);
  ASSERT_TRUE(own.instances);
  EXPECT_EQ(own.instances->launched, own.sent);
  EXPECT_LT(own.instances->idle.quantile(0.95), minutes(2) + seconds(30));
  for (const InstanceDriver& driver : instance_drivers()) {
    const Candidate rival = driver_candidate(driver, std::get<Settings>(plain.scaler));
    const Answer other = answer_of(asked.question, rival);
    EXPECT_EQ(other.sent - other.unfinished, own.sent) << driver.name;
    EXPECT_LT(own.cost(), other.cost()) << driver.name;
    EXPECT_LT(own.run.figures.month, other.run.figures.month) << driver.name;
    if (driver.name == "managed-scaling") {
      EXPECT_LE(*own.run.figures.instance_hours, 0.45 * *other.run.figures.instance_hours);
    }
  }
}

TEST(Instances, CostTheirHoursTheFeeAndTheVolumesOfTheStopped) {
  sim::Score score;
  score.instance_time = hours(10);
  score.instances.stopped_time = hours(730);
  const Price price{.per_hour = 2};
  EXPECT_DOUBLE_EQ(cost_of(score, {}, price), 20 + 6.4);
  score.instances.stopped_time = hours(0);
  EXPECT_DOUBLE_EQ(cost_of(score, {.driver = sim::GroupModel::Driver::ManagedInstances}, price),
                   20 * 1.12);
}

TEST(Instances, ArePricedByTheirOwnPrice) {
  Terms terms = gpu_terms();
  EXPECT_EQ(ask_gpu(terms).question.price.per_hour, 1.006);
  terms.price = "g4dn.xlarge";
  EXPECT_EQ(ask_gpu(terms).question.price.per_hour, 0.526);
  terms.instance_price = "2.5";
  EXPECT_EQ(ask_gpu(terms).question.price.per_hour, 2.5);
  EXPECT_THAT(facts_of(ask_gpu(terms), terms),
              Contains(HasSubstr("Price of an instance and hour")));
  terms.instance_price = "a lot";
  EXPECT_THAT(ask_about_arrivals(terms, "bursts:1").error().message, HasSubstr("'a lot'"));
}

TEST(Instances, MayBeDrivenByAnotherFromTheStart) {
  Terms terms = gpu_terms();
  terms.instances = "managed-instances-60s";
  const Asked asked = ask_gpu(terms);
  const Candidate plain = plain_candidate(asked.question, terms);
  EXPECT_EQ(std::get<Settings>(plain.scaler).policy.capacity, Capacity::Follow);
  EXPECT_EQ(asked.question.scenario.group->scale_in_after, seconds(60));
  terms.instances = "nobody";
  EXPECT_THAT(ask_about_arrivals(terms, "bursts:1").error().message, HasSubstr("'nobody'"));
  terms.instance_start.reset();
  terms.start = "fargate";
  EXPECT_THAT(ask_about_arrivals(terms, "bursts:1").error().message, HasSubstr("--instance-start"));
}

TEST(Instances, OfGpuTasksAreDrivenByManagedScalingWhereNothingIsSaid) {
  Terms terms = gpu_terms();
  terms.instance_start.reset();
  const Asked asked = ask_gpu(terms);
  ASSERT_TRUE(asked.question.scenario.group.has_value());
  EXPECT_EQ(asked.question.scenario.group->driver, sim::GroupModel::Driver::ManagedScaling);
  EXPECT_EQ(asked.question.scenario.group->start, sim::kGpuInstanceStart);
  EXPECT_EQ(asked.question.price.per_hour, 1.006) << "of an instance, not of a task on Fargate";
  const Candidate plain = plain_candidate(asked.question, terms);
  EXPECT_EQ(std::get<Settings>(plain.scaler).policy.capacity, Capacity::Follow);
}

TEST(Instances, AreToldWhereThereAreSome) {
  const Asked asked = ask_gpu();
  const Answer own = answer_of(asked.question, plain_candidate(asked.question, gpu_terms()));
  EXPECT_THAT(answers_text({own}, asked.question, 80), HasSubstr("instance-hours"));
  EXPECT_THAT(answers_csv({own}), HasSubstr(",instance_hours\n"));
  json::Writer writer;
  write_answers(writer, {own});
  EXPECT_THAT(writer.text(), HasSubstr("\"instance_hours\":"));

  const Terms terms{.length = hours(1)};
  const Asked tasks = ask_about_arrivals(terms, "poisson:0.1").value();
  const Answer plain = answer_of(tasks.question, plain_candidate(tasks.question, terms));
  EXPECT_THAT(answers_text({plain}, tasks.question, 80), Not(HasSubstr("instance")));
  EXPECT_THAT(answers_csv({plain}), Not(HasSubstr("instance")));
}

}  // namespace
}  // namespace scaler::study
