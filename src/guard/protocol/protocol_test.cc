// When a worker may have its messages, and what becomes of those that it may not have: each rule by
// itself.
#include "guard/protocol/protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/protocol/test_support.h"

namespace scaler::guard::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- the gate
// -----------------------------------------------------------------------------------

TEST(ProtocolGate, AReceiveIsForwardedAtOnce) {
  Play play = Play::ready();

  EXPECT_EQ(play.receive(2), "forward 2");
  EXPECT_EQ(play.receive(3), "forward 3");
}

TEST(ProtocolGate, TheFirstReceiveWaitsUntilTheAgentIsKnown) {
  Play play;

  EXPECT_EQ(play.first(), "inspect");
  EXPECT_EQ(play.receive(1), "");
  EXPECT_EQ(play.off(), "protect");
  EXPECT_EQ(play.on(), "forward 1");
}

TEST(ProtocolGate, TheFirstReceiveIsForwardedWhenTheAgentFails) {
  Play play;
  play.receive(1);
  play.off();

  EXPECT_EQ(play.failed(), "forward 1");
}

TEST(ProtocolGate, TheFirstReceiveIsForwardedWhenTheAgentDoesNotAnswer) {
  Play play;
  play.receive(1);

  EXPECT_EQ(play.wait(1999ms), "");
  EXPECT_EQ(play.wait(1ms), "forward 1");
}

TEST(ProtocolGate, AReceiveThatStoodLongIsAnsweredEmptyWhenTheGateOpens) {
  Play play;
  play.receive(1);
  play.off();
  play.blocked();
  EXPECT_EQ(play.wait(5s), "protect");

  EXPECT_EQ(play.on(), "empty 1");
  EXPECT_EQ(play.receive(2), "forward 2");
}

TEST(ProtocolGate, PatienceIsTheWorkersOwnWaitWithinBounds) {
  const std::vector<std::pair<Duration, Duration>> cases{
      {0s, 1s}, {500ms, 1s}, {7s, 7s}, {20s, 20s}, {300s, 20s}};
  for (const auto& [wait, patience] : cases) {
    Play play = Play::ready({.stop_timeout = 2min});
    play.terminate();
    EXPECT_EQ(play.receive(2, wait), "");
    EXPECT_EQ(play.wait(patience - 1ms), "") << wait.count();
    EXPECT_EQ(play.wait(1ms), "empty 2") << wait.count();
  }
}

TEST(ProtocolGate, WithoutAnAgentNothingWaits) {
  Play play({.agent = false});

  EXPECT_EQ(play.first(), "");
  EXPECT_EQ(play.careful(1), "forward 1");
  EXPECT_EQ(play.gets(1, {"a"}), "hand 1");
  EXPECT_EQ(play.wait(2h), "");
  EXPECT_THAT(play.told(), IsEmpty());
}

// --- hand-over
// ----------------------------------------------------------------------------------

TEST(ProtocolHandOver, WhileProtectedAtOnce) {
  Play play = Play::started();

  EXPECT_EQ(play.gets(1, {"a", "b"}), "hand 1");
  EXPECT_EQ(play.status().held, 2U);
  EXPECT_EQ(play.status().handed_over, 2U);
  EXPECT_EQ(play.status().handed_over_unprotected, 0U);
}

TEST(ProtocolHandOver, AnAnswerWithoutMessagesAtOnce) {
  Play play = Play::unprotected();
  play.receive(2);

  EXPECT_EQ(play.gets(2, {}), "hand 2");
}

TEST(ProtocolHandOver, UnprotectedOnlyAfterTheAgentsOn) {
  Play play = Play::unprotected();
  play.receive(2);

  EXPECT_EQ(play.gets(2, {"a"}), "protect");
  EXPECT_EQ(play.status().waiting, 1U);
  EXPECT_EQ(play.on(), "hand 2");
}

TEST(ProtocolHandOver, OneCallServesAllThatWait) {
  Play play = Play::unprotected();
  play.receive(2);
  play.receive(3);

  EXPECT_EQ(play.gets(2, {"a"}), "protect");
  EXPECT_EQ(play.gets(3, {"b"}), "");
  EXPECT_EQ(play.on(), "hand 2, hand 3");
}

TEST(ProtocolHandOver, AnExpiryWithinTheMarginIsRenewedBefore) {
  Play play = Play::started({.linger = 20min});
  EXPECT_EQ(play.wait(9min + 30s), "");

  EXPECT_EQ(play.gets(1, {"a"}), "inspect");
  EXPECT_EQ(play.same(), "protect");
  EXPECT_EQ(play.on(), "hand 1");
}

TEST(ProtocolHandOver, NotProtectedIsNoOn) {
  Play play = Play::unprotected();
  play.receive(2);
  play.gets(2, {"a"});

  EXPECT_EQ(play.off(), "hand 2");
  EXPECT_EQ(play.status().handed_over_unprotected, 1U);
}

TEST(ProtocolHandOver, AnOnThatIsOverIsNone) {
  Play play = Play::unprotected();
  play.receive(2);
  play.gets(2, {"a"});

  EXPECT_EQ(play.on(0s), "hand 2");
  EXPECT_FALSE(play.status().is_protected);
  EXPECT_EQ(play.status().handed_over_unprotected, 1U);
}

TEST(ProtocolHandOver, AnOnThatEndsAtOnceIsNotAskedForInABusyLoop) {
  Play play = Play::unprotected();
  play.receive(2);
  play.gets(2, {"a"});

  EXPECT_EQ(play.on(10s), "hand 2");
  EXPECT_EQ(play.status().handed_over_unprotected, 1U);
  EXPECT_EQ(play.wait(4999ms), "");
}

TEST(ProtocolHandOver, NotValidGivesBackAndEndsReceiving) {
  Play play = Play::unprotected();
  play.receive(2);
  play.receive(3);
  play.gets(2, {"a"});

  EXPECT_EQ(play.not_valid(), "back a, empty 2");
  EXPECT_EQ(play.gets(3, {"b"}), "back b, empty 3");
  EXPECT_EQ(play.receive(4, 5s), "");
  EXPECT_EQ(play.wait(5s), "empty 4");
  EXPECT_EQ(play.wait(1h), "");
}

TEST(ProtocolHandOver, ATaskThatDoesNotRunYetIsAskedForAgain) {
  Play play;
  play.receive(1);
  play.off();

  EXPECT_EQ(play.not_valid(), "");
  EXPECT_EQ(play.wait(5s), "protect");
  EXPECT_EQ(play.on(), "empty 1");
  EXPECT_EQ(play.receive(2), "forward 2");
}

TEST(ProtocolHandOver, ATaskOfNoServiceWorksWithoutProtection) {
  Play play;
  play.off();
  for (int i = 0; i < 12; ++i) {
    const std::string id = std::to_string(i + 1);
    EXPECT_EQ(play.receive(static_cast<ReceiveId>(i + 1), 1s), "protect");
    EXPECT_EQ(play.not_valid(), "");
    EXPECT_EQ(play.wait(5s), "empty " + id);
  }

  EXPECT_EQ(play.receive(20), "protect");
  EXPECT_EQ(play.not_valid(), "forward 20");
  EXPECT_EQ(play.gets(20, {"a"}), "hand 20");
}

TEST(ProtocolHandOver, ARoleThatMayNotLeavesTheWorkerAtWork) {
  Play play = Play::unprotected();
  play.receive(2);
  play.receive(3);
  play.receive(4);
  play.gets(2, {"a"});

  EXPECT_EQ(play.denied(), "hand 2");
  EXPECT_EQ(play.wait(59s), "");
  EXPECT_EQ(play.gets(3, {"b"}), "hand 3");
  EXPECT_EQ(play.wait(1s), "protect");
  EXPECT_EQ(play.gets(4, {"c"}), "");
  EXPECT_EQ(play.status().handed_over_unprotected, 2U);
}

TEST(ProtocolHandOver, AnAgentThatFailsLeavesTheWorkerAtWork) {
  Play play = Play::unprotected();
  play.receive(2);
  play.receive(3);
  play.gets(2, {"a"});

  EXPECT_EQ(play.failed(), "hand 2");
  EXPECT_TRUE(play.status().unguarded);
  EXPECT_EQ(play.gets(3, {"b"}), "hand 3");
  EXPECT_EQ(play.wait(4999ms), "");
  EXPECT_EQ(play.wait(1ms), "protect");  // protection comes when the agent does
  play.on();
  EXPECT_TRUE(play.status().is_protected);
  EXPECT_FALSE(play.status().unguarded);
}

TEST(ProtocolHandOver, AnAgentThatDoesNotAnswerIsNotWaitedFor) {
  const std::vector<std::pair<Duration, Duration>> cases{
      {1h, 2s}, {8s, 2s}, {6s, 1500ms}, {2s, 500ms}};
  for (const auto& [visibility, patience] : cases) {
    Play play = Play::unprotected();
    play.receive(2);
    play.gets(2, {"a"}, visibility);
    EXPECT_EQ(play.wait(patience - 1ms), "") << visibility.count();
    EXPECT_EQ(play.wait(1ms), "hand 2") << visibility.count();
    EXPECT_EQ(play.status().handed_over_unprotected, 1U);
  }
}

TEST(ProtocolHandOver, AnAgentThatIsLateIsNotWaitedForTwice) {
  Play play = Play::unprotected();
  play.receive(2);
  play.receive(3);
  play.gets(2, {"a"});
  play.wait(2s);

  EXPECT_EQ(play.gets(3, {"b"}), "hand 3");
  EXPECT_EQ(play.on(), "");
  EXPECT_TRUE(play.status().is_protected);
}

TEST(ProtocolHandOver, WarningsOfAKindAreToldOnceAMinuteWithTheirNumber) {
  Play play = Play::unprotected();
  play.told();
  for (ReceiveId id = 2; id < 6; ++id) {
    play.receive(id);
    play.gets(id, {"a"}, 4s);
    play.wait(1s);  // late
  }
  EXPECT_THAT(play.told(), SizeIs(1));

  play.failed();
  play.wait(1min);
  play.receive(9);
  play.gets(9, {"z"}, 4s);
  play.wait(1s);
  const std::vector<Tell> told = play.told();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_TRUE(told[0].warning);
  EXPECT_THAT(told[0].text, HasSubstr("3 more"));
}

// --- a deployment that refuses
// -------------------------------------------------------------------

TEST(ProtocolBlocked, GivesBackOnceAndAsksWithNothingInHand) {
  Play play = Play::unprotected();
  play.receive(2);
  play.receive(3);
  play.gets(2, {"a"});

  EXPECT_EQ(play.blocked(), "back a, empty 2");
  EXPECT_TRUE(play.status().blocked);
  EXPECT_EQ(play.gets(3, {"b"}), "back b, empty 3");
  EXPECT_EQ(play.receive(4), "");
  EXPECT_EQ(play.wait(5s), "protect");
  EXPECT_EQ(play.blocked(), "");
  EXPECT_EQ(play.wait(5s), "protect");
  EXPECT_EQ(play.on(), "empty 4");
  EXPECT_EQ(play.receive(5), "forward 5");
}

TEST(ProtocolBlocked, IsNotAskedForWhileNobodyReceives) {
  Play play = Play::unprotected();
  play.receive(2);
  play.gets(2, {"a"});
  play.blocked();

  EXPECT_EQ(play.wait(1h), "");
  EXPECT_EQ(play.receive(3), "protect");
}

/// Blocked at once, On with the next try, and protection has ended since.
Play blocked_before() {
  Play play = Play::unprotected();
  play.receive(2);
  play.gets(2, {"a"});
  play.blocked();
  play.wait(5s);
  play.receive(3);
  play.on();
  play.gets(3, {});
  play.wait(1min);
  play.same();
  play.off();
  play.wait(10s);
  return play;
}

TEST(ProtocolBlocked, ForAQuarterOfAnHourEveryReceiveIsCareful) {
  Play soon = blocked_before();
  EXPECT_EQ(soon.receive(4), "protect");
  EXPECT_EQ(soon.on(), "forward 4");

  Play later = blocked_before();
  later.wait(15min - 75s);
  EXPECT_EQ(later.receive(4), "forward 4");
}

TEST(ProtocolBlocked, AtARenewalTheHeldStaysAndTheGateCloses) {
  Play play = Play::holding();
  play.wait(5min);
  play.same();

  EXPECT_EQ(play.blocked(), "");
  EXPECT_EQ(play.status().held, 1U);
  EXPECT_EQ(play.receive(2, 20s), "");
  EXPECT_EQ(play.wait(5s), "inspect");
  EXPECT_EQ(play.same(), "protect");
  EXPECT_EQ(play.on(), "empty 2");
}

TEST(ProtocolBlocked, AnAgentThatFailsForAMinuteOpensTheGate) {
  Play play = Play::unprotected();
  play.receive(2);
  play.gets(2, {"a"});
  play.blocked();
  play.wait(5s);

  EXPECT_EQ(play.receive(3, 1s), "protect");
  EXPECT_EQ(play.failed(), "");
  EXPECT_EQ(play.wait(55s), "empty 3");
  EXPECT_EQ(play.receive(4), "protect");
  EXPECT_EQ(play.failed(), "forward 4");
}

// --- a queue whose messages cannot be given back
// --------------------------------------------------

TEST(ProtocolCareful, ReceivesOnlyWhileProtected) {
  Play play = Play::unprotected();

  EXPECT_EQ(play.careful(2), "protect");
  EXPECT_EQ(play.on(), "forward 2");
  EXPECT_EQ(play.gets(2, {"a"}), "hand 2");
}

TEST(ProtocolCareful, ReceivesWhenTheAgentFails) {
  Play play = Play::unprotected();
  play.careful(2);

  EXPECT_EQ(play.failed(), "forward 2");
  EXPECT_EQ(play.careful(3), "forward 3");
}

TEST(ProtocolCareful, ProtectionEndsOnlyWhenNoReceiveCountsOnIt) {
  Play play = Play::ready();
  play.careful(2);
  EXPECT_EQ(play.wait(1min), "");

  EXPECT_EQ(play.careful(3), "");
  EXPECT_EQ(play.gets(2, {}), "hand 2, inspect");
  EXPECT_EQ(play.same(), "unprotect");
}

TEST(ProtocolCareful, AMessageThatComesWhileTheGateClosesKeepsProtection) {
  Play play = Play::ready();
  play.careful(2);
  play.wait(1min);
  play.careful(3);

  EXPECT_EQ(play.gets(2, {"a"}), "hand 2, forward 3");
}

TEST(ProtocolCareful, RestsAfterProtectionHasEnded) {
  Play play = Play::ready();
  play.careful(2);
  play.wait(1min);
  play.careful(3, 20s);
  play.gets(2, {});
  play.same();

  EXPECT_EQ(play.off(), "");
  EXPECT_TRUE(play.status().resting);
  EXPECT_EQ(play.wait(9999ms), "");
  EXPECT_EQ(play.wait(1ms), "protect");
  EXPECT_EQ(play.on(), "empty 3");
}

TEST(ProtocolCareful, AWorkerThatSeldomAsksIsServed) {
  Play play = Play::unprotected();
  int forwarded = 0;
  for (ReceiveId id = 2; id < 12; ++id) {
    if (play.careful(id, 0s) == "protect" && play.on() == "forward " + std::to_string(id)) {
      ++forwarded;
      play.gets(id, {});
    }
    play.wait(1min);
    play.same();
    play.off();
    play.wait(1min);
  }
  EXPECT_EQ(forwarded, 10);
}

// --- a worker that goes away
// ----------------------------------------------------------------------

TEST(ProtocolGone, AtTheGateItIsForgotten) {
  Play play;
  play.receive(1);

  EXPECT_EQ(play.gone(1), "empty 1");
  EXPECT_EQ(play.off(), "");
  EXPECT_EQ(play.wait(1h), "");
}

TEST(ProtocolGone, WhatComesForItIsGivenBack) {
  Play play = Play::started();
  EXPECT_EQ(play.gone(1), "");

  EXPECT_EQ(play.gets(1, {"a"}), "back a, empty 1");
  EXPECT_EQ(play.status().held, 0U);
}

TEST(ProtocolGone, AnEmptyAnswerForItIsDropped) {
  Play play = Play::started();
  play.gone(1);

  EXPECT_EQ(play.gets(1, {}), "empty 1");
}

TEST(ProtocolGone, WhatARepeatedReceiveHasHandedOverIsNotGivenBack) {
  Play play = Play::started();
  play.gone(1);
  play.receive(2);
  play.gets(2, {"a"});

  EXPECT_EQ(play.gets(1, {"a", "b"}), "back b, empty 1");
  EXPECT_EQ(play.status().held, 1U);
}

TEST(ProtocolGone, WhatWaitsIsGivenBack) {
  Play play = Play::unprotected();
  play.receive(2);
  play.gets(2, {"a"});

  EXPECT_EQ(play.gone(2), "back a, empty 2");
  EXPECT_EQ(play.on(), "");
}

TEST(ProtocolGone, AnAnswerThatNobodyAskedForIsGivenBack) {
  Play play = Play::ready();

  EXPECT_EQ(play.gets(99, {"a"}), "back a");
}

}  // namespace
}  // namespace scaler::guard::testing
