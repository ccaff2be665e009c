#include "lab/study/excerpts.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>
#include <variant>

namespace scaler::study {
namespace {

using std::chrono::days;
using std::chrono::hours;

/// A part this large tells which settings are worth a trial on the whole.
constexpr std::int64_t kPartOf = 8;
constexpr Duration kPartMin = hours(2);
constexpr double kPartMessages = 1500;
/// Of three days one in six is in order by chance.
constexpr std::ptrdiff_t kDaysMin = 4;
/// What is left of a load at least, and at most: another season may bring a tenth less.
constexpr double kDeclineMost = 0.25;
constexpr double kAsBusyAtMost = 0.9;
/// The stream of chance of the second time: nobody else's seed.
constexpr std::uint64_t kOtherChance = 0x9e3779b97f4a7c15U;

/// What comes may have so much of the load of the later half: where each day had less than the one
/// before, it goes on like that; so it does where each had more. Few messages wait longer than
/// many: for others, or for a start.
double less_of(const Load& load) {
  constexpr std::ptrdiff_t kDay = days(1) / Load::kPiece;
  const std::ptrdiff_t count = std::ssize(load.pieces()) / kDay;
  std::vector<double> each(static_cast<std::size_t>(count));
  for (std::ptrdiff_t i = 0; i < count * kDay; ++i) {
    each.at(static_cast<std::size_t>(i / kDay)) += load.pieces().at(static_cast<std::size_t>(i));
  }
  const auto always = [&each](const auto& differs) {
    return std::ranges::adjacent_find(each, std::not_fn(differs)) == each.end();
  };
  if (count >= kDaysMin && always(std::less())) {
    return 1;
  }
  if (count < kDaysMin || !always(std::greater())) {
    return kAsBusyAtMost;
  }
  const auto half = count / 2;
  const double before = std::accumulate(each.begin(), each.begin() + half, 0.0);
  const double after = std::accumulate(each.end() - half, each.end(), 0.0);
  return std::clamp(after / before, kDeclineMost, kAsBusyAtMost);
}

}  // namespace

double messages_of(const Load& load, const Question& question) {
  return load.mean() * static_cast<double>(question.scenario.length.count()) /
         static_cast<double>(std::max<std::int64_t>(question.work_mean.count(), 1));
}

Question part_of(const Question& question, const Load& load) {
  const double wanted = kPartMessages / std::max(messages_of(load, question), 1.0);
  const auto share = static_cast<Duration>(
      std::llround(static_cast<double>(question.scenario.length.count()) * wanted));
  const Duration length =
      std::max({question.scenario.length / kPartOf, kPartMin, share}) / Load::kPiece * Load::kPiece;
  Question part = question;
  const std::vector<double>& pieces = load.pieces();
  const auto size = length / Load::kPiece;
  if (2 * size > std::ssize(pieces)) {
    return part;
  }
  const auto describe = [](std::vector<double> busy) {
    double sum = 0;
    for (const double one : busy) {
      sum += one;
    }
    const auto high = busy.begin() + static_cast<std::ptrdiff_t>(busy.size() * 95 / 100);
    std::ranges::nth_element(busy, high);
    return std::pair(sum / static_cast<double>(busy.size()), *high);
  };
  const auto [mean, high] = describe(pieces);
  double nearest = std::numeric_limits<double>::max();
  for (std::ptrdiff_t first = 0; first + size < std::ssize(pieces);
       first += std::max<std::ptrdiff_t>(size / 8, 1)) {
    const auto [here, high_here] =
        describe({pieces.begin() + first, pieces.begin() + first + size});
    const double far = std::abs(here - mean) / std::max(mean, 1e-9) +
                       std::abs(high_here - high) / std::max(high, 1e-9);
    if (far < nearest) {
      nearest = far;
      part.scenario.begin = question.scenario.begin + first * Load::kPiece;
    }
  }
  part.scenario.length = size * Load::kPiece;
  return part;
}

Question again_of(const Question& question, const Load& load) {
  Question again = question;
  for (sim::Arrivals& arrivals : again.scenario.arrivals) {
    if (auto* const trace = std::get_if<sim::ArrivalTrace>(&arrivals)) {
      trace->scale *= less_of(load);
    }
  }
  const Duration half = question.scenario.length / 2 / Load::kPiece * Load::kPiece;
  again.scenario.begin += half;
  again.scenario.length -= half;
  again.seed ^= kOtherChance;
  return again;
}

}  // namespace scaler::study
