// Every order in which things can happen around the protocol, within bounds, and many walks at
// random beyond them. What must hold has a letter:
//   a  no message is in the worker's hand while ECS may take the task, but those that were handed
//      over knowingly because the agent failed, and for 10 s after an Unprotect that got lost
//   b  each message that SQS gave is deleted, given back, or with the worker until it is visible
//   c  each receive is answered once, in time
//   d  one call of the agent is under way at most
//   e  protection changes at most twice in a minute
//   f  nothing is received while the task is blocked, not valid, or stopping
//   g  the child is told to end at half of the stop timeout, and everything ends within it
//   h  nothing is given back that the worker works on, until 2 s before the stop timeout
//   i  the protocol does not want to be called again at once
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/random.h"
#include "guard/protocol/world_test_support.h"

namespace scaler::guard::testing {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of tests

struct Walked {
  std::size_t states = 0;
  std::map<char, std::string> broken;  ///< by letter, and how it came to it
};

class Explorer {
 public:
  explicit Explorer(std::size_t limit = 1'000'000) : limit_(limit) {}

  /// Every state that can be reached; until `letter` is broken, if one is given.
  Walked explore(const World& start, char letter = '\0') {
    push(start, {.kind = Event::Kind::Advance});
    while (!path_.empty() && !walked_.broken.contains(letter) && walked_.states < limit_) {
      Step& step = path_.back();
      if (step.next == step.events.size()) {
        path_.pop_back();
        continue;
      }
      const Event event = step.events[step.next++];
      World world = *step.world;
      world.apply(event);
      push(std::move(world), event);
    }
    return walked_;
  }

 private:
  struct Step {
    const World* world;
    std::vector<Event> events;
    Event event;
    std::size_t next = 0;
  };

  void push(World world, const Event& event) {
    const auto [at, fresh] = seen_.insert(std::move(world));
    if (!fresh) {
      return;
    }
    ++walked_.states;
    path_.push_back({.world = &*at, .events = at->events(), .event = event});
    if (!at->broken().empty()) {
      std::string how = at->broken();
      for (const Step& step : path_) {
        how += "\n  " + text_of(step.event);
      }
      walked_.broken.emplace(at->broken().front(), how);
    }
  }

  struct Hash {
    std::size_t operator()(const World& world) const { return world.hash(); }
  };

  std::size_t limit_;
  std::unordered_set<World, Hash> seen_;
  std::vector<Step> path_;
  Walked walked_;
};

struct Start {
  const char* name;
  Bounds bounds;
  Duration later;  ///< than the first receive, which got nothing
  std::size_t at_least;
};

/// The agent is known, the first receive got nothing, and time has passed.
World started(Bounds bounds, Duration later) {
  const Duration horizon = bounds.horizon;
  ++bounds.receives;
  World world(bounds);
  world.serve();
  world.apply_first(bounds.careful ? Event::Kind::CarefulReceive : Event::Kind::Receive);
  world.serve();
  world.apply_first(Event::Kind::SqsAnswers);
  world.end_at(later + 1h);
  world.pass(later);
  world.end_at(horizon);
  return world;
}

std::vector<Start> starts() {
  return {
      {"before the end of the linger", {.receives = 2, .messages = 1}, 59s, 50000},
      {"a lost Unprotect", {.receives = 1, .messages = 1, .faults = 1, .horizon = 3min}, 59s, 8000},
      {"unprotected", {.receives = 2, .messages = 2, .gone = 1}, 2min, 30000},
      {"a deployment that refuses",
       {.receives = 4, .messages = 2, .faults = 0, .refusals = 2, .horizon = 1min},
       2min,
       10000},
      {"a renewal", {.receives = 1, .messages = 1, .horizon = 12min}, 30s, 12000},
      {"careful", {.receives = 2, .messages = 1, .faults = 1, .careful = true}, 59s, 6000},
      {"taken by ECS",
       {.receives = 2, .messages = 2, .faults = 0, .gone = 1, .stops = 1, .horizon = 1min},
       2min,
       6000},
      {"SIGTERM at work",
       {.receives = 2,
        .messages = 2,
        .faults = 0,
        .stops = 2,
        .stops_protected = true,
        .horizon = 1min},
       10s,
       20000},
      {"SIGTERM and an agent that fails",
       {.receives = 1,
        .messages = 1,
        .faults = 1,
        .stops = 1,
        .stops_protected = true,
        .horizon = 1min},
       2min,
       4000},
      {"a sidecar",
       {.rules = {.child = false},
        .receives = 2,
        .messages = 2,
        .faults = 0,
        .stops = 1,
        .stops_protected = true,
        .horizon = 1min},
       10s,
       7000},
      {"a child that dies",
       {.receives = 2,
        .messages = 2,
        .faults = 0,
        .gone = 1,
        .stops = 1,
        .crashes = 1,
        .horizon = 40s},
       10s,
       1500},
      {"a breath",
       {.rules = {.breathe = 70s}, .receives = 2, .messages = 2, .faults = 0},
       59s,
       4000},
      {"visibility ends",
       {.receives = 2, .messages = 2, .faults = 0, .visibility = 20s, .horizon = 3min},
       59s,
       3500},
  };
}

std::vector<Start> renewing_starts() {
  return {
      {"renewed",
       {.rules = {.renew = true},
        .receives = 3,
        .messages = 1,
        .faults = 0,
        .visibility = 20s,
        .horizon = 45s},
       2min,
       2000},
      {"renewed until SIGTERM",
       {.rules = {.renew = true},
        .receives = 2,
        .messages = 1,
        .faults = 0,
        .stops = 1,
        .stops_protected = true,
        .visibility = 20s,
        .horizon = 45s},
       10s,
       6000},
  };
}

TEST(ProtocolModel, HoldsInEveryOrder) {
  std::vector<Start> all = starts();
  std::ranges::move(renewing_starts(), std::back_inserter(all));
  for (const Start& start : all) {
    const Walked walked = Explorer().explore(started(start.bounds, start.later));
    std::printf("%s: %zu states\n", start.name, walked.states);
    std::fflush(stdout);
    EXPECT_GE(walked.states, start.at_least) << start.name;
    for (const auto& [letter, how] : walked.broken) {
      ADD_FAILURE() << start.name << ": " << how;
    }
  }
}

// --- what watches is seen to bite
// -----------------------------------------------------------------

struct Bite {
  const char* name;
  char letter;
  Bounds bounds;
  Duration later;
};

TEST(ProtocolModel, EachThingThatMustHoldIsSeenNotToHold) {
  const std::vector<Bite> bites{
      {"a failure is taken for On", 'a', {.wrong = Wrong::TakesFailureForOn}, 2min},
      {"messages are handed over before the reply",
       'a',
       {.faults = 0, .wrong = Wrong::HandsOverBeforeReply},
       2min},
      {"Unprotect is carried out after its answer",
       'a',
       {.faults = 0, .wrong = Wrong::AnswersUnprotectEarly},
       59s},
      {"a message is not given back",
       'b',
       {.faults = 0, .gone = 1, .wrong = Wrong::SwallowsGiveBack},
       2min},
      {"an empty answer is not given",
       'c',
       {.faults = 0, .refusals = 1, .wrong = Wrong::SwallowsEmptyAnswer},
       2min},
      {"a call is given up while it goes on", 'd', {.wrong = Wrong::GivesUpCallsUnderWay}, 2min},
      {"protection is changed for each receive",
       'e',
       {.rules = {.breathe = 0s}, .faults = 0, .wrong = Wrong::ProtectsForEachReceive},
       59s},
      {"a receive is forwarded at the closed gate",
       'f',
       {.faults = 0, .refusals = 1, .wrong = Wrong::ForwardsAtClosedGate},
       2min},
      {"a receive is forwarded while stopping",
       'f',
       {.faults = 0, .stops = 1, .wrong = Wrong::ForwardsAtClosedGate},
       2min},
      {"the child is not told to end",
       'g',
       {.faults = 0, .stops = 1, .wrong = Wrong::SwallowsTerminate},
       2min},
      {"all is given back at SIGTERM",
       'h',
       {.faults = 0, .stops = 1, .stops_protected = true, .wrong = Wrong::GivesBackAtSigterm},
       2min},
      {"what nobody works on is renewed",
       'j',
       {.rules = {.renew = true},
        .receives = 3,
        .messages = 1,
        .faults = 0,
        .visibility = 20s,
        .wrong = Wrong::AsksElsewhere},
       59s},
      {"a visibility is not renewed",
       'k',
       {.rules = {.renew = true}, .faults = 0, .visibility = 20s, .wrong = Wrong::SwallowsRenew},
       59s}};
  for (const Bite& bite : bites) {
    const World world = started(bite.bounds, bite.later);
    const Walked walked = Explorer(60'000).explore(world, bite.letter);
    EXPECT_TRUE(walked.broken.contains(bite.letter))
        << bite.letter << ": " << bite.name << ", " << walked.states << " states";
  }
}

// --- walks at random, over hours
// -----------------------------------------------------------------

/// What can happen at random: everything, over hours, with an agent that fails now and then.
Bounds anything(Random& random) {
  Bounds bounds{.receives = 1'000,
                .messages = 1'000,
                .faults = static_cast<int>(random.between(0, 6)),
                .refusals = static_cast<int>(random.between(0, 4)),
                .gone = 5,
                .stops = static_cast<int>(random.between(0, 2)),
                .crashes = static_cast<int>(random.between(0, 1)),
                .careful = random.between(0, 1) == 0,
                .stops_protected = random.between(0, 1) == 0,
                .visibility = std::chrono::seconds(random.between(1, 3'000)),
                .horizon = 12h};
  bounds.rules.child = random.between(0, 3) != 0;
  bounds.rules.breathe = random.between(0, 1) == 0 ? Duration::zero() : Duration(3min);
  bounds.rules.linger = std::chrono::seconds(random.between(0, 90));
  bounds.rules.renew = random.between(0, 2) == 0;
  bounds.rules.until_next_receive = random.between(0, 3) == 0;
  return bounds;
}

/// One in so many is taken: else each walk ends at once, or all faults happen at its beginning.
std::int64_t rarity(Event::Kind kind) {
  using Kind = Event::Kind;
  switch (kind) {
    case Kind::EcsStops:
    case Kind::ChildEnds:
      return 40;
    case Kind::AgentFails:
    case Kind::AgentLoses:
    case Kind::AgentIsLate:
    case Kind::Gone:
      return 10;
    default:
      return 1;
  }
}

const Event& choose(const std::vector<Event>& events, Random& random) {
  for (;;) {
    const auto at =
        static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(events.size()) - 1));
    if (events.size() == 1 || random.between(1, rarity(events[at].kind)) == 1) {
      return events[at];
    }
  }
}

std::string text_of(const std::vector<std::pair<Deadline, Event>>& walk) {
  std::string text;
  for (const auto& [at, event] : walk) {
    const auto since = std::chrono::floor<Duration>(at - walk.front().first);
    text += "\n  " + std::to_string(since.count()) + " ms: " + testing::text_of(event);
  }
  return text;
}

TEST(ProtocolModel, HoldsInWalksAtRandom) {
  std::map<Event::Kind, int> happened;
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    Random random(seed);
    World world(anything(random));
    std::vector<std::pair<Deadline, Event>> walk;
    for (int step = 0; step < 200; ++step) {
      const std::vector<Event> events = world.events();
      if (events.empty()) {
        break;
      }
      const Event& event = choose(events, random);
      ++happened[event.kind];
      walk.emplace_back(world.now(), event);
      world.apply(event);
    }
    ASSERT_EQ(world.broken(), "") << "seed " << seed << text_of(walk);
  }
  for (int kind = 0; kind <= static_cast<int>(Event::Kind::TimePasses); ++kind) {
    EXPECT_GT(happened[static_cast<Event::Kind>(kind)], 200)
        << testing::text_of(Event{.kind = static_cast<Event::Kind>(kind)});
  }
}

}  // namespace
}  // namespace scaler::guard::testing
