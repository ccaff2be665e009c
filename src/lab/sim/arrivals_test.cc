#include "lab/sim/arrivals.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace scaler::sim {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Instant kMonday = std::chrono::sys_days(std::chrono::year(2026) / 1 / 5);

std::vector<ArrivalStream::Batch> all(const Arrivals& specification, Duration length,
                                      std::uint64_t seed = 1) {
  const auto stream = arrivals(specification, kMonday, kMonday + length, seed);
  std::vector<ArrivalStream::Batch> batches;
  while (const auto batch = stream->next()) {
    EXPECT_GE(batch->at, batches.empty() ? kMonday : batches.back().at);
    EXPECT_LT(batch->at, kMonday + length);
    batches.push_back(*batch);
  }
  return batches;
}

std::int64_t messages(const std::vector<ArrivalStream::Batch>& batches, Instant from, Instant to) {
  std::int64_t sum = 0;
  for (const auto& batch : batches) {
    sum += batch.at >= from && batch.at < to ? batch.messages : 0;
  }
  return sum;
}

TEST(Arrivals, ComeEvenlyAtAConstantRate) {
  const auto batches = all(Constant{.per_second = 0.5}, minutes(1));
  ASSERT_EQ(batches.size(), 30U);
  EXPECT_EQ(batches[1].at, kMonday + seconds(2));
  EXPECT_EQ(batches[29].at, kMonday + seconds(58));
}

TEST(Arrivals, NoneAtARateOfZero) {
  EXPECT_TRUE(all(Constant{}, hours(1)).empty());
  EXPECT_TRUE(all(Poisson{}, hours(1)).empty());
  EXPECT_TRUE(all(Wave{}, hours(1)).empty());
  EXPECT_TRUE(all(Bursts{.size = 0}, hours(1)).empty());
  EXPECT_TRUE(all(trace_of({}), hours(1)).empty());
}

// The number in each minute has the mean and the variance of a Poisson variable.
TEST(Arrivals, OfAPoissonProcessHaveItsMeanAndVariance) {
  const auto batches = all(Poisson{.per_second = 0.2}, hours(100));
  std::vector<double> counts(6000, 0);
  for (const auto& batch : batches) {
    counts[static_cast<std::size_t>((batch.at - kMonday) / minutes(1))] += 1;
  }
  double sum = 0;
  double squares = 0;
  for (const double count : counts) {
    sum += count;
    squares += count * count;
  }
  const double mean = sum / 6000;
  EXPECT_NEAR(mean, 12, 4 * std::sqrt(12.0 / 6000));
  EXPECT_NEAR(squares / 6000 - mean * mean, 12, 4 * 12 * std::sqrt(2.0 / 6000) * 1.1);
}

TEST(Arrivals, OfAWavePeakAtNoonAndRestAtWeekends) {
  const auto batches = all(Wave{.per_second = 0.1, .daily = 0.8, .weekend = 0.25}, days(7));
  const auto in = [&](int day, int hour) {
    const Instant from = kMonday + days(day) + hours(hour);
    return static_cast<double>(messages(batches, from, from + hours(2)));
  };
  EXPECT_NEAR(in(2, 11), 720 * 1.8, 4 * std::sqrt(720 * 1.8) + 20);
  EXPECT_NEAR(in(2, 23), 720 * 0.2, 4 * std::sqrt(720 * 0.2) + 20);
  EXPECT_NEAR(in(5, 11), 720 * 1.8 * 0.25, 4 * std::sqrt(720 * 0.45) + 10);
}

TEST(Arrivals, OfBurstsComeTogether) {
  const auto even = all(Bursts{.every = minutes(10), .size = 7, .random = false}, hours(1));
  ASSERT_EQ(even.size(), 5U);
  EXPECT_EQ(even[0].at, kMonday + minutes(10));
  EXPECT_EQ(even[0].messages, 7);
  const auto random = all(Bursts{.every = minutes(10), .size = 7}, hours(1000));
  EXPECT_NEAR(static_cast<double>(random.size()), 6000, 4 * std::sqrt(6000.0));
}

TEST(Arrivals, OfATraceKeepEachIntervalsNumber) {
  const ArrivalTrace trace =
      trace_of({{.begin = kMonday - minutes(5), .length = minutes(5), .messages = 9},
                {.begin = kMonday, .length = minutes(5), .messages = 40},
                {.begin = kMonday + minutes(5), .length = minutes(5)},
                {.begin = kMonday + minutes(10), .length = minutes(5), .messages = 20}},
               0.5);
  const auto batches = all(trace, hours(1));
  EXPECT_EQ(messages(batches, kMonday, kMonday + minutes(5)), 20);
  EXPECT_EQ(messages(batches, kMonday + minutes(5), kMonday + minutes(10)), 0);
  EXPECT_EQ(messages(batches, kMonday + minutes(10), kMonday + minutes(15)), 10);
  EXPECT_EQ(batches.size(), 30U) << "what lies before the begin is left out";
}

TEST(Arrivals, OfATraceAreSpreadEvenly) {
  const auto batches =
      all(trace_of({{.begin = kMonday, .length = hours(1), .messages = 60'000}}), hours(1));
  for (int i = 0; i < 6; ++i) {
    const Instant from = kMonday + i * minutes(10);
    EXPECT_NEAR(static_cast<double>(messages(batches, from, from + minutes(10))), 10'000, 400);
  }
}

TEST(Arrivals, FractionsOfATraceComeByChance) {
  std::vector<TraceInterval> intervals;
  intervals.reserve(4000);
  for (int i = 0; i < 4000; ++i) {
    intervals.push_back({.begin = kMonday + i * minutes(1), .length = minutes(1), .messages = 0.3});
  }
  const auto batches = all(trace_of(std::move(intervals)), hours(100));
  EXPECT_NEAR(static_cast<double>(batches.size()), 1200, 4 * std::sqrt(840.0));
}

/// Intervals without end; counts how many were read.
class Endless final : public TraceSource {
 public:
  explicit Endless(std::int64_t& read) : read_(&read) {}
  std::optional<TraceInterval> next() override {
    const Instant begin = kMonday + (*read_)++ * minutes(1);
    return TraceInterval{.begin = begin, .length = minutes(1), .messages = 10};
  }

 private:
  std::int64_t* read_;
};

TEST(Arrivals, OfATraceAreReadOnlyAsFarAsNeeded) {
  std::int64_t read = 0;
  const ArrivalTrace trace{.open = [&read] { return std::make_unique<Endless>(read); }};
  const auto stream = arrivals(Arrivals(trace), kMonday, kMonday + days(10'000), 1);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(stream->next().has_value());
  }
  EXPECT_EQ(read, 100);
}

TEST(Arrivals, OfTheSameSeedAreTheSameAndOthersAreNot) {
  const auto instants = [](std::uint64_t seed) {
    std::vector<Instant> at;
    for (const auto& batch : all(Wave{.per_second = 0.1}, hours(5), seed)) {
      at.push_back(batch.at);
    }
    return at;
  };
  EXPECT_EQ(instants(5), instants(5));
  EXPECT_NE(instants(5), instants(6));
}

TEST(Arrivals, OfSeveralSpecificationsComeInOrder) {
  const auto stream =
      arrivals(std::vector<Arrivals>{Constant{.per_second = 0.5},
                                     Bursts{.every = seconds(5), .size = 2, .random = false}},
               kMonday, kMonday + minutes(1), 1);
  Instant last = kMonday;
  std::int64_t sum = 0;
  while (const auto batch = stream->next()) {
    EXPECT_GE(batch->at, last);
    last = batch->at;
    sum += batch->messages;
  }
  EXPECT_EQ(sum, 30 + 11 * 2);
}

}  // namespace
}  // namespace scaler::sim
