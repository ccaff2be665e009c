#include "lab/sim/arrivals.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "lab/world/duration_range.h"

namespace scaler::sim {
namespace {

using Seconds = std::chrono::duration<double>;

Duration milliseconds(double seconds) {
  constexpr double kLongest = 1e12;  // Longer than any simulation.
  return Duration(std::llround(std::min(seconds * 1000, kLongest)));
}

/// The share of the messages' fraction becomes one more message that often.
std::int64_t round_by_chance(double messages, Random& random) {
  const double whole = std::floor(messages);
  return static_cast<std::int64_t>(whole) + (random.uniform() < messages - whole ? 1 : 0);
}

class ConstantStream final : public ArrivalStream {
 public:
  ConstantStream(Constant constant, Instant begin) : constant_(constant), begin_(begin) {}

  std::optional<Batch> next() override {
    if (constant_.per_second <= 0) {
      return std::nullopt;
    }
    const double seconds = static_cast<double>(count_++) / constant_.per_second;
    return Batch{.at = begin_ + milliseconds(seconds), .messages = 1};
  }

 private:
  Constant constant_;
  Instant begin_;
  std::int64_t count_ = 0;
};

/// Poisson arrivals of a rate that changes: those of the highest rate, thinned.
class WaveStream final : public ArrivalStream {
 public:
  WaveStream(Wave wave, Instant begin, std::uint64_t seed)
      : wave_(wave), begin_(begin), random_(seed) {
    highest_ = wave.per_second * (1 + std::abs(wave.daily)) * std::max(1.0, wave.weekend);
  }

  std::optional<Batch> next() override {
    if (highest_ <= 0) {
      return std::nullopt;
    }
    while (true) {
      seconds_ += world::draw_exponential(random_) / highest_;
      const Instant at = begin_ + milliseconds(seconds_);
      if (steady() || random_.uniform() * highest_ < rate(at)) {
        return Batch{.at = at, .messages = 1};
      }
    }
  }

 private:
  bool steady() const { return wave_.daily == 0 && wave_.weekend == 1; }

  double rate(Instant at) const {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const double hours = std::chrono::duration<double, std::ratio<3600>>(at - day).count();
    const unsigned weekday = std::chrono::weekday(day).iso_encoding();
    const double swing = 1 - (wave_.daily * std::cos(2 * std::numbers::pi * hours / 24));
    return std::max(0.0, wave_.per_second * swing * (weekday >= 6 ? wave_.weekend : 1));
  }

  Wave wave_;
  Instant begin_;
  Random random_;
  double highest_ = 0;
  double seconds_ = 0;
};

class BurstStream final : public ArrivalStream {
 public:
  BurstStream(Bursts bursts, Instant begin, std::uint64_t seed)
      : bursts_(bursts), at_(begin), random_(seed) {}

  std::optional<Batch> next() override {
    if (bursts_.size <= 0 || bursts_.every <= Duration(0)) {
      return std::nullopt;
    }
    at_ += bursts_.random ? draw(world::exponential(bursts_.every), random_) : bursts_.every;
    return Batch{.at = at_, .messages = bursts_.size};
  }

 private:
  Bursts bursts_;
  Instant at_;
  Random random_;
};

/// Each interval's instants are order statistics of uniform ones, drawn one after the other: the
/// earliest of `left_` on the rest of the interval, and so on.
class TraceStream final : public ArrivalStream {
 public:
  TraceStream(const ArrivalTrace& trace, Instant begin, std::uint64_t seed)
      : source_(trace.open()), scale_(trace.scale), begin_(begin), random_(seed) {}

  std::optional<Batch> next() override {
    while (left_ == 0) {
      if (!open_interval()) {
        return std::nullopt;
      }
    }
    const double rest = static_cast<double>(interval_end_ms_) - position_ms_;
    position_ms_ += rest * (1 - std::pow(1 - random_.uniform(), 1 / static_cast<double>(left_)));
    --left_;
    return Batch{.at = Instant(Duration(static_cast<std::int64_t>(position_ms_))), .messages = 1};
  }

 private:
  /// Intervals before `begin` are left out.
  bool open_interval() {
    const auto interval = source_->next();
    if (!interval) {
      return false;
    }
    if (interval->begin >= begin_ && interval->messages > 0) {
      left_ = round_by_chance(interval->messages * scale_, random_);
      position_ms_ = static_cast<double>(interval->begin.time_since_epoch().count());
      interval_end_ms_ = (interval->begin + interval->length).time_since_epoch().count();
    }
    return true;
  }

  std::unique_ptr<TraceSource> source_;
  double scale_;
  Instant begin_;
  Random random_;
  std::int64_t left_ = 0;
  double position_ms_ = 0;
  std::int64_t interval_end_ms_ = 0;
};

/// Until the end; in order even if a source is not.
class BoundedStream final : public ArrivalStream {
 public:
  BoundedStream(std::unique_ptr<ArrivalStream> stream, Instant begin, Instant end)
      : stream_(std::move(stream)), latest_(begin), end_(end) {}

  std::optional<Batch> next() override {
    auto batch = stream_->next();
    if (!batch || batch->at >= end_) {
      return std::nullopt;
    }
    latest_ = std::max(latest_, batch->at);
    batch->at = latest_;
    return batch;
  }

 private:
  std::unique_ptr<ArrivalStream> stream_;
  Instant latest_;
  Instant end_;
};

class MergedStream final : public ArrivalStream {
 public:
  explicit MergedStream(std::vector<std::unique_ptr<ArrivalStream>> streams)
      : streams_(std::move(streams)) {
    for (const auto& stream : streams_) {
      heads_.push_back(stream->next());
    }
  }

  std::optional<Batch> next() override {
    std::size_t first = heads_.size();
    for (std::size_t i = 0; i < heads_.size(); ++i) {
      if (heads_[i] && (first == heads_.size() || heads_[i]->at < heads_[first]->at)) {
        first = i;
      }
    }
    if (first == heads_.size()) {
      return std::nullopt;
    }
    return std::exchange(heads_[first], streams_[first]->next());
  }

 private:
  std::vector<std::unique_ptr<ArrivalStream>> streams_;
  std::vector<std::optional<Batch>> heads_ = {};
};

class VectorSource final : public TraceSource {
 public:
  explicit VectorSource(std::shared_ptr<const std::vector<TraceInterval>> intervals)
      : intervals_(std::move(intervals)) {}

  std::optional<TraceInterval> next() override {
    return next_ < intervals_->size() ? std::optional((*intervals_)[next_++]) : std::nullopt;
  }

 private:
  std::shared_ptr<const std::vector<TraceInterval>> intervals_;
  std::size_t next_ = 0;
};

struct ArrivalMaker {
  Instant begin;
  std::uint64_t seed;

  std::unique_ptr<ArrivalStream> operator()(const Constant& constant) const {
    return std::make_unique<ConstantStream>(constant, begin);
  }
  std::unique_ptr<ArrivalStream> operator()(const Poisson& poisson) const {
    const Wave steady{.per_second = poisson.per_second, .daily = 0};
    return std::make_unique<WaveStream>(steady, begin, seed);
  }
  std::unique_ptr<ArrivalStream> operator()(const Wave& wave) const {
    return std::make_unique<WaveStream>(wave, begin, seed);
  }
  std::unique_ptr<ArrivalStream> operator()(const Bursts& bursts) const {
    return std::make_unique<BurstStream>(bursts, begin, seed);
  }
  std::unique_ptr<ArrivalStream> operator()(const ArrivalTrace& trace) const {
    return std::make_unique<TraceStream>(trace, begin, seed);
  }
};

}  // namespace

ArrivalTrace trace_of(std::vector<TraceInterval> intervals, double scale) {
  auto shared = std::make_shared<const std::vector<TraceInterval>>(std::move(intervals));
  return {.open = [shared] { return std::make_unique<VectorSource>(shared); }, .scale = scale};
}

std::unique_ptr<ArrivalStream> arrivals(const Arrivals& specification, Instant begin, Instant end,
                                        std::uint64_t seed) {
  return std::make_unique<BoundedStream>(
      std::visit(ArrivalMaker{.begin = begin, .seed = seed}, specification), begin, end);
}

std::unique_ptr<ArrivalStream> arrivals(const std::vector<Arrivals>& specifications, Instant begin,
                                        Instant end, std::uint64_t seed) {
  if (specifications.size() == 1) {
    return arrivals(specifications.front(), begin, end, seed);
  }
  Random seeds(seed);
  std::vector<std::unique_ptr<ArrivalStream>> streams;
  streams.reserve(specifications.size());
  for (const Arrivals& specification : specifications) {
    streams.push_back(arrivals(specification, begin, end, seeds.next()));
  }
  return std::make_unique<MergedStream>(std::move(streams));
}

}  // namespace scaler::sim
