// What the worker holds, and how everything ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/protocol/test_support.h"

namespace scaler::guard::testing {
namespace {

// --- holding
// -----------------------------------------------------------------------------------

TEST(ProtocolHolding, UntilItIsDeleted) {
  Play play = Play::holding();
  play.wait(5s);

  EXPECT_EQ(play.deletes("a"), "worked 5s");
  EXPECT_EQ(play.status().held, 0U);
  EXPECT_EQ(play.deletes("a"), "");
}

TEST(ProtocolHolding, UntilItsVisibilityEnds) {
  Play play = Play::holding({}, 30s);

  play.wait(29999ms);
  EXPECT_EQ(play.status().held, 1U);
  play.wait(1ms);
  EXPECT_EQ(play.status().held, 0U);
  EXPECT_EQ(play.status().given_back, 0U);
}

TEST(ProtocolHolding, VisibilityCountsFromSqssAnswer) {
  Play play = Play::unprotected();
  play.receive(2);
  play.gets(2, {"a"}, 40s);
  play.wait(1s);
  play.on();

  play.wait(39s - 1ms);
  EXPECT_EQ(play.status().held, 1U);
  play.wait(1ms);
  EXPECT_EQ(play.status().held, 0U);
}

TEST(ProtocolHolding, TheWorkerMovesItsEnd) {
  Play play = Play::holding({}, 30s);
  play.wait(10s);
  play.changes("a", 2min);

  play.wait(2min - 1ms);
  EXPECT_EQ(play.status().held, 1U);
  play.wait(1ms);
  EXPECT_EQ(play.status().held, 0U);
}

TEST(ProtocolHolding, MoreTimeThatIsToldLateIsGivenAllTheSame) {
  Play play = Play::holding({}, 30s);
  play.wait(30s + 34s);
  EXPECT_EQ(play.status().held, 0U);
  play.changes("a", 2min);
  EXPECT_EQ(play.status().held, 1U);
  EXPECT_TRUE(play.status().is_protected);
  play.wait(2min);
  EXPECT_EQ(play.status().held, 0U);

  play.wait(35s);
  play.changes("a", 2min);
  EXPECT_EQ(play.status().held, 0U) << "no call is under way for so long";
}

TEST(ProtocolHolding, WhatIsDoneIsNotHeldAgainByACallThatIsToldLater) {
  for (const bool lapsed : {false, true}) {
    Play play = Play::holding({}, 30s);
    play.wait(lapsed ? 31s : 29s);
    play.deletes("a");
    play.changes("a", 2min);
    EXPECT_EQ(play.status().held, 0U) << lapsed;
  }
}

TEST(ProtocolHolding, WhatHasLapsedIsNotGivenBack) {
  Play play = Play::holding({}, 30s);
  play.wait(31s);
  EXPECT_EQ(play.child_ends(), "finish");
}

TEST(ProtocolHolding, TheWorkerGivesItBack) {
  Play play = Play::holding();

  EXPECT_EQ(play.changes("a", 0s), "");
  EXPECT_EQ(play.status().held, 0U);
}

TEST(ProtocolHolding, RenewsAtHalfUntilTheNextReceiveOnTheConnection) {
  Play play = Play::holding({.renew = true}, 40s);

  EXPECT_EQ(play.wait(19999ms), "");
  EXPECT_EQ(play.wait(1ms), "renew a 40s");
  EXPECT_EQ(play.changes("a", 40s, false), "");
  EXPECT_EQ(play.receive(2, 20s, 8), "forward 2");  // another connection
  EXPECT_EQ(play.wait(20s), "renew a 40s");
  play.changes("a", 40s, false);
  EXPECT_EQ(play.receive(3, 20s, 7), "forward 3");
  EXPECT_EQ(play.wait(39999ms), "");
  EXPECT_EQ(play.status().held, 1U);
  play.wait(1ms);
  EXPECT_EQ(play.status().held, 0U);
}

TEST(ProtocolHolding, WhatTheWorkerRenewsItselfIsLeftToIt) {
  Play play = Play::holding({.renew = true}, 40s);
  play.changes("a", 40s);

  EXPECT_EQ(play.wait(39s), "");
}

TEST(ProtocolHolding, ARenewalThatFailedIsRepeatedBeforeItIsTooLate) {
  Play play = Play::holding({.renew = true}, 40s);

  EXPECT_EQ(play.wait(20s), "renew a 40s");
  EXPECT_EQ(play.wait(5s), "renew a 40s");
}

TEST(ProtocolHolding, IsNotRenewedPastSqssTwelveHours) {
  Play play = Play::holding({.linger = 0s, .breathe = 0s, .renew = true}, 10h);
  EXPECT_EQ(play.wait(5min), "inspect");
  play.denied();  // and now nobody looks at protection any more
  play.reply({.kind = AgentReply::Kind::NotValid});

  EXPECT_EQ(play.wait(5h - 5min), "renew a 25200s");  // 7 h: received 5 h ago
  play.changes("a", 7h, false);
  EXPECT_EQ(play.wait(7h - 1ms), "");
  EXPECT_EQ(play.status().held, 1U);
  play.wait(1ms);
  EXPECT_EQ(play.status().held, 0U);
}

TEST(ProtocolHolding, WithoutRenewNothingIsRenewed) {
  Play play = Play::holding({}, 40s);

  EXPECT_EQ(play.wait(39s), "");
}

TEST(ProtocolHolding, UntilNextReceiveHoldsWhatIsDeleted) {
  Play play = Play::holding({.until_next_receive = true}, 30s);

  EXPECT_EQ(play.deletes("a"), "");
  play.wait(40s);  // the visibility of what is deleted does not matter
  EXPECT_EQ(play.status().held, 1U);
  EXPECT_EQ(play.receive(2, 20s, 8), "forward 2");
  EXPECT_EQ(play.status().held, 1U);
  EXPECT_EQ(play.receive(3, 20s, 7), "worked 40s, forward 3");
  EXPECT_EQ(play.status().held, 0U);
}

TEST(ProtocolHolding, UntilNextReceiveHoldsWhatIsKnownToBeDeletedTooLate) {
  Play play = Play::holding({.until_next_receive = true}, 30s);
  play.wait(31s);

  play.deletes("a");
  EXPECT_EQ(play.status().held, 1U);
  play.wait(1h);
  EXPECT_EQ(play.status().held, 1U);
}

TEST(ProtocolHolding, WhatIsDeletedIsNotGivenBack) {
  Play play = Play::holding({.until_next_receive = true});
  play.deletes("a");

  EXPECT_EQ(play.child_ends(), "finish");
}

// --- SIGTERM
// -----------------------------------------------------------------------------------

TEST(ProtocolStopping, WithNothingHeldTheChildIsTerminatedAtOnce) {
  Play play = Play::ready();

  EXPECT_EQ(play.terminate(), "terminate");
  EXPECT_EQ(play.child_ends(), "finish");
}

TEST(ProtocolStopping, WhatWaitsForProtectionGoesBackAtOnce) {
  Play play = Play::unprotected();
  play.receive(2);
  play.gets(2, {"a"});

  EXPECT_EQ(play.terminate(), "back a, empty 2, terminate");
}

TEST(ProtocolStopping, OpenPollsAreAwaitedAndGivenBack) {
  Play play = Play::started();
  play.terminate();

  EXPECT_EQ(play.gets(1, {"a"}), "back a, empty 1");
  EXPECT_EQ(play.receive(2, 3s), "");
  EXPECT_EQ(play.wait(3s), "empty 2");
}

TEST(ProtocolStopping, AnEmptyAnswerGoesToTheWorkerAsItIs) {
  Play play = Play::started();
  play.terminate();

  EXPECT_EQ(play.gets(1, {}), "hand 1");
}

TEST(ProtocolStopping, TheChildIsTerminatedWhenTheLastIsDeleted) {
  Play play = Play::holding();

  EXPECT_EQ(play.terminate(), "");
  EXPECT_EQ(play.wait(14s), "");
  EXPECT_EQ(play.deletes("a"), "worked 14s, terminate");
}

TEST(ProtocolStopping, TheChildIsTerminatedAtHalfOfTheTime) {
  Play play = Play::holding();
  play.terminate();

  EXPECT_EQ(play.wait(14999ms), "");
  EXPECT_EQ(play.wait(1ms), "terminate");
  EXPECT_EQ(play.status().held, 1U);
}

TEST(ProtocolStopping, ASecondSigtermHurries) {
  Play play = Play::holding();
  play.terminate();

  EXPECT_EQ(play.terminate(), "terminate");
  EXPECT_EQ(play.terminate(), "");
}

TEST(ProtocolStopping, WhatIsHeldGoesBackTwoSecondsBeforeTheEnd) {
  Play play = Play::holding();
  play.terminate();
  play.wait(15s);

  EXPECT_EQ(play.wait(12999ms), "");
  EXPECT_EQ(play.wait(1ms), "back a");
  EXPECT_EQ(play.status().held, 0U);
}

TEST(ProtocolStopping, AShortTimeoutLeavesTheChildItsTime) {
  Play play = Play::holding({.stop_timeout = 2s});
  play.terminate();

  EXPECT_EQ(play.wait(1s), "terminate");
  EXPECT_EQ(play.wait(499ms), "");
  EXPECT_EQ(play.wait(1ms), "back a");
}

TEST(ProtocolStopping, ProtectionIsRenewedWhileSomethingIsHeld) {
  Play play = Play::holding({.stop_timeout = 2h});
  play.terminate();

  EXPECT_EQ(play.wait(5min), "inspect");
  EXPECT_EQ(play.same(), "protect");
}

TEST(ProtocolStopping, ProtectionIsLeftToEnd) {
  Play play = Play::ready({.stop_timeout = 2h});
  play.terminate();

  EXPECT_EQ(play.wait(30min), "");
}

TEST(ProtocolStopping, ASidecarEndsWhenNothingIsLeft) {
  Play play = Play::holding({.child = false});
  play.receive(2);

  EXPECT_EQ(play.terminate(), "");
  EXPECT_EQ(play.gets(2, {}), "hand 2");
  EXPECT_EQ(play.receive(3), "");
  EXPECT_EQ(play.deletes("a"), "worked 0s, empty 3, finish");
}

TEST(ProtocolStopping, ASidecarEndsAfterItHasGivenBack) {
  Play play = Play::holding({.child = false});
  play.receive(2);
  play.terminate();

  EXPECT_EQ(play.wait(28s), "back a, empty 2, finish");
  EXPECT_EQ(play.wait(1h), "");
}

// --- the child's end
// ---------------------------------------------------------------------------

TEST(ProtocolChildEnds, EverythingGoesBackAtOnce) {
  Play play = Play::holding();

  EXPECT_EQ(play.child_ends(), "back a, finish");
}

TEST(ProtocolChildEnds, WhatOthersMayHaveByNowIsNotGivenBack) {
  Play play = Play::holding({}, 30s);
  play.jump(30s);

  EXPECT_EQ(play.child_ends(), "finish");
}

TEST(ProtocolChildEnds, WhatWaitsGoesBackToo) {
  Play play = Play::unprotected();
  play.receive(2);
  play.gets(2, {"a"});

  EXPECT_EQ(play.child_ends(), "back a, empty 2, finish");
}

TEST(ProtocolChildEnds, OpenPollsAreAwaited) {
  Play play = Play::holding();
  play.receive(2);
  play.gone(2);

  EXPECT_EQ(play.child_ends(), "back a");
  EXPECT_EQ(play.wait(19s), "");
  EXPECT_EQ(play.gets(2, {"b"}), "back b, empty 2, finish");
}

TEST(ProtocolChildEnds, OpenPollsAreNotAwaitedForEver) {
  Play play = Play::started();
  play.child_ends();

  EXPECT_EQ(play.wait(19999ms), "");
  EXPECT_EQ(play.wait(1ms), "finish");
  EXPECT_EQ(play.next(), -1);
}

TEST(ProtocolChildEnds, NorPastTheStopTimeout) {
  Play play = Play::started();
  play.terminate();
  play.wait(20s);
  play.child_ends();

  EXPECT_EQ(play.wait(7999ms), "");
  EXPECT_EQ(play.wait(1ms), "finish");
}

TEST(ProtocolChildEnds, WhatItLeavesBehindWorksOnInAStop) {
  Play play = Play::holding();
  play.receive(2);
  play.terminate();
  EXPECT_EQ(play.wait(15s), "terminate");

  EXPECT_EQ(play.child_ends(true), "");
  EXPECT_EQ(play.child_ends(true), "");
  EXPECT_EQ(play.gets(2, {}), "hand 2");
  EXPECT_EQ(play.receive(3, 5s), "");
  EXPECT_EQ(play.wait(5s), "empty 3");
  EXPECT_EQ(play.deletes("a"), "worked 20s, finish");
}

TEST(ProtocolChildEnds, ButNotPastTheStopTimeoutNorItsEnd) {
  Play play = Play::holding();
  play.terminate();
  play.child_ends(true);
  EXPECT_EQ(play.wait(28s - 1ms), "");
  EXPECT_EQ(play.wait(1ms), "back a, finish");

  Play dies = Play::holding();
  dies.terminate();
  dies.child_ends(true);
  EXPECT_EQ(dies.child_ends(), "back a, finish");

  Play crashes = Play::holding();
  EXPECT_EQ(crashes.child_ends(true), "back a, finish") << "nobody stops the task";
}

TEST(ProtocolChildEnds, NothingFollowsTheFinish) {
  Play play = Play::holding();
  play.child_ends();

  EXPECT_EQ(play.receive(5), "");
  EXPECT_EQ(play.gets(5, {"x"}), "");
  EXPECT_EQ(play.child_ends(), "");
  EXPECT_EQ(play.terminate(), "");
}

}  // namespace
}  // namespace scaler::guard::testing
