// What is slow: learned from how long the answers of recent looks took, and no longer waited for.

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <numeric>
#include <utility>

#include "edge/aws/looking.h"

namespace scaler::aws {
namespace {

/// Slow is what takes twice what recent looks needed, but not less than the first of these.
constexpr Duration kSlowLeast = std::chrono::milliseconds(50);
constexpr Duration kSlowMost = std::chrono::seconds(2);
/// While nothing is known of how long answers take. With what the next wave of connections then
/// needs, a first look is no more than 2 s late.
constexpr Duration kSlowUnknown = std::chrono::milliseconds(1500);
/// The quickest of a first look tell little of the others: connections are still being made.
constexpr Duration kSlowFirst = std::chrono::milliseconds(250);

/// What nine in ten of the answers needed.
Duration nine_in_ten(std::vector<Duration>& took) {
  const auto place = took.begin() + static_cast<std::ptrdiff_t>((took.size() - 1) * 9 / 10);
  std::ranges::nth_element(took, place);
  return *place;
}

}  // namespace

void Looker::begin_paces() {
  for (Pace& pace : paces_) {
    pace = {.usual = pace.usual,
            .slow_after =
                pace.usual ? std::clamp(2 * *pace.usual, kSlowLeast, kSlowMost) : kSlowUnknown};
  }
  current_.check = current_.begun + std::ranges::min(paces_, {}, &Pace::slow_after).slow_after;
}

Looker::Kind Looker::kind_of(const Question& question) {
  return question.queue != nullptr           ? Kind::Queue
         : question.protection_of != nullptr ? Kind::Protection
                                             : Kind::Service;
}

Looker::Pace& Looker::pace_of(const Question& question) {
  return paces_.at(static_cast<std::size_t>(kind_of(question)));
}

/// Waits no longer for what is slow, and says when to look for it again. Where half of what was
/// asked is slow, or most of what was asked of one kind, it is not a member but the way to it: then
/// all of that kind get more time. Who waits for all frees the neighbours of a slow member alone.
Deadline Looker::set_slow_aside() {
  struct Seen {
    std::size_t begun = 0;
    std::vector<CallId> slow = {};
  };
  std::array<Seen, kKinds> seen;
  const Deadline moment = now();
  Deadline next = Deadline::max();
  std::size_t begun = answered();
  std::size_t slow = 0;
  std::size_t slow_batches = 0;
  for (auto& [id, question] : questions_) {
    const CallProgress* progress = client_->progress(id);
    if (question.wait != Wait::ForIt || progress == nullptr || !progress->begun) {
      continue;  // One that waits for its turn has time.
    }
    Seen& alike = seen.at(static_cast<std::size_t>(kind_of(question)));
    ++begun;
    ++alike.begun;
    const Duration slow_after = pace_of(question).slow_after;
    if (moment - *progress->begun >= slow_after) {
      ++slow;
      slow_batches += question.services.size() > 1 ? 1U : 0U;
      alike.slow.push_back(id);
    } else {
      next = std::min(next, *progress->begun + slow_after);
    }
  }
  bool extended = false;
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    Pace& pace = paces_.at(kind);
    const std::size_t alike = seen.at(kind).slow.size();
    const std::size_t all = seen.at(kind).begun + pace.took.size();
    const bool way = 2 * slow >= begun || (all > 1 && 2 * alike > all);
    const Duration most = pace.usual ? kSlowMost : kSlowUnknown;
    if (alike > 0 && way && pace.slow_after < most) {
      pace.slow_after = std::min(2 * pace.slow_after, most);
      extended = true;
    }
  }
  if (extended) {
    return moment;
  }
  const bool by_members = current_.batches == 1 || 2 * slow_batches < current_.batches;
  for (const Seen& alike : seen) {
    for (const CallId id : alike.slow) {
      wait_no_longer(questions_.find(id), by_members);
    }
  }
  cancel_surplus();
  return std::min(next, moment + std::ranges::min(paces_, {}, &Pace::slow_after).slow_after);
}

/// A batch is slow by one of its members: each is asked alone, and that one alone stays slow. Where
/// most batches are it is no member.
void Looker::wait_no_longer(std::map<CallId, Question>::iterator asked, bool by_members) {
  Question& question = asked->second;
  const bool several = question.services.size() > 1;
  if (current_.patience == Patience::All && !(several && by_members)) {
    return;
  }
  if (several) {
    if (!by_members) {
      set_aside(question);
      return;
    }
    const std::vector<LookedAtService*> members = question.services;
    const Question pattern{.with_tags = question.with_tags, .split_off = question.split_off};
    Pace& pace = pace_of(question);
    give_up(asked);
    // A first look has waited long enough by now. Where no other of its kind has told the pace,
    // those of other kinds have to: if that is too soon, most of the members are slow, and get more
    // time.
    std::vector<Duration> took = pace.took.empty() ? all_took() : pace.took;
    if (!pace.usual && !took.empty()) {
      pace.slow_after = std::min(pace.slow_after, std::max(2 * nine_in_ten(took), kSlowLeast));
    }
    for (LookedAtService* member : members) {
      ask_services({member}, pattern);
    }
    return;
  }
  set_aside(question);
  ++current_.slow_calls;
  if (question.queue != nullptr) {
    current_.slow.push_back(question.queue);
  }
  std::ranges::copy(question.services, std::back_inserter(current_.slow));
  if (question.protection_of != nullptr) {
    current_.slow.push_back(&question.protection_of->protection);
  }
}

std::vector<Duration> Looker::all_took() const {
  std::vector<Duration> all;
  for (const Pace& pace : paces_) {
    all.insert(all.end(), pace.took.begin(), pace.took.end());
  }
  return all;
}

std::size_t Looker::answered() const {
  return std::transform_reduce(paces_.begin(), paces_.end(), std::size_t{0}, std::plus<>(),
                               [](const Pace& pace) { return pace.took.size(); });
}

/// By what nine in ten needed: one that is slow sets no pace. Known as slow is what took longer
/// than most; where most took long the way was slow.
void Looker::learn_pace() {
  if (current_.slow_calls < answered()) {
    for (LookedAt* part : current_.slow) {
      part->slow = true;
    }
  }
  for (Pace& pace : paces_) {
    if (!pace.took.empty()) {
      pace.usual = std::max(nine_in_ten(pace.took),
                            pace.usual ? *pace.usual - *pace.usual / 8 : Duration::zero());
    }
  }
}

/// A first look knows no pace. Once there are enough answers they tell what is slow: with a hundred
/// silent queues in a fleet each wave of connections would else be waited for in full. Whether that
/// is so now.
bool Looker::learn_pace_early(Pace& pace) {
  constexpr std::size_t kEnough = 16;
  if (pace.usual || pace.paced || pace.took.size() < kEnough) {
    return false;
  }
  pace.paced = true;
  pace.slow_after = std::clamp(2 * nine_in_ten(pace.took), kSlowFirst, kSlowUnknown);
  return true;
}

}  // namespace scaler::aws
