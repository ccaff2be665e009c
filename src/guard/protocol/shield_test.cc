// When the task is protected: renewal, linger, breath, what others have set, what got lost.
#include "guard/protocol/shield.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "guard/protocol/test_support.h"

namespace scaler::guard::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- renewal
// -----------------------------------------------------------------------------------

TEST(ShieldRenewal, AtHalfWhileSomethingIsHeld) {
  Play play = Play::holding();

  EXPECT_EQ(play.wait(5min - 1ms), "");
  EXPECT_EQ(play.wait(1ms), "inspect");
  EXPECT_EQ(play.same(), "protect");
  EXPECT_EQ(play.on(), "");
  EXPECT_EQ(play.wait(5min - 1ms), "");
  EXPECT_EQ(play.wait(1ms), "inspect");
}

TEST(ShieldRenewal, NotForAnIdleTask) {
  Play play = Play::ready({.linger = 9min});

  EXPECT_EQ(play.wait(9min - 1ms), "");
}

TEST(ShieldRenewal, AMessageAfterHalfRenews) {
  Play play = Play::started({.linger = 20min});
  EXPECT_EQ(play.wait(6min), "");

  EXPECT_EQ(play.gets(1, {"a"}), "hand 1, inspect");
}

TEST(ShieldRenewal, IsRepeatedWhenItFails) {
  Play play = Play::holding();
  play.wait(5min);
  play.same();

  EXPECT_EQ(play.failed(), "");
  EXPECT_EQ(play.wait(5s), "inspect");
  EXPECT_EQ(play.failed(), "protect");  // a look that fails does not keep from protecting
  EXPECT_EQ(play.failed(), "");
  EXPECT_EQ(play.wait(5s), "inspect");
  play.same();
  play.on();
  EXPECT_EQ(play.wait(4min), "");
}

TEST(ShieldRenewal, AMessageIsHandedOverWhileARenewalFails) {
  Play play = Play::holding();
  play.receive(2);
  play.wait(5min);
  play.same();
  play.failed();

  EXPECT_EQ(play.gets(2, {"b"}), "hand 2");
  EXPECT_EQ(play.status().handed_over_unprotected, 0U);
}

TEST(ShieldRenewal, AnEndWithWorkInHandIsTold) {
  Play play = Play::holding();
  play.wait(5min);
  play.told();
  play.wait(5min);

  EXPECT_FALSE(play.status().is_protected);
  const std::vector<Tell> told = play.told();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told[0].text, HasSubstr("has ended while the worker has messages"));
}

TEST(ShieldRenewal, WhatWasTakenAwayIsAskedForAtOnce) {
  Play play = Play::holding();
  play.wait(5min);

  EXPECT_EQ(play.off(), "protect");
}

// --- linger
// -----------------------------------------------------------------------------------

TEST(ShieldLinger, ProtectionStaysForAWhileAfterTheLast) {
  Play play = Play::holding();
  play.wait(2min);
  play.deletes("a");

  EXPECT_EQ(play.wait(30s - 1ms), "");
  EXPECT_EQ(play.wait(1ms), "inspect");
  EXPECT_EQ(play.same(), "unprotect");
  EXPECT_EQ(play.off(), "");
  EXPECT_FALSE(play.status().is_protected);
  EXPECT_EQ(play.status().protected_for, 150s);
}

TEST(ShieldLinger, ItChangesNoSoonerThanAMinuteAfterTheLastChange) {
  Play play = Play::holding();
  play.wait(2s);
  play.deletes("a");

  EXPECT_EQ(play.wait(58s - 1ms), "");
  EXPECT_EQ(play.wait(1ms), "inspect");
}

TEST(ShieldLinger, AMessageThatComesDuringTheLookKeepsProtection) {
  Play play = Play::ready();
  play.receive(2);
  EXPECT_EQ(play.wait(1min), "inspect");

  EXPECT_EQ(play.gets(2, {"a"}), "hand 2");
  EXPECT_EQ(play.deletes("a"), "worked 0s");
  EXPECT_EQ(play.same(), "");
}

TEST(ShieldLinger, AMessageThatComesDuringTheUnprotectWaitsForANewOn) {
  Play play = Play::ready();
  play.receive(2);
  play.wait(1min);
  EXPECT_EQ(play.same(), "unprotect");

  EXPECT_EQ(play.gets(2, {"a"}), "");
  EXPECT_EQ(play.off(), "protect");
  EXPECT_EQ(play.on(), "hand 2");
}

TEST(ShieldLinger, AnUnprotectThatHangsKeepsNoMessageForLong) {
  Play play = Play::ready();
  play.receive(2);
  play.wait(1min);
  play.same();
  play.gets(2, {"a"});

  EXPECT_EQ(play.wait(2s), "hand 2");
  EXPECT_EQ(play.status().handed_over_unprotected, 1U);
}

TEST(ShieldLinger, CountsFromTheOnThatACarefulReceiveAskedFor) {
  Play play = Play::unprotected({.linger = 2min});
  play.wait(1h);
  play.careful(2);
  play.on();
  play.gets(2, {});

  EXPECT_EQ(play.wait(2min - 1ms), "");
  EXPECT_EQ(play.wait(1ms), "inspect");
}

TEST(ShieldLinger, DoublesWhileThrottled) {
  Play play = Play::holding();
  play.wait(5min);
  play.same();
  play.throttled();
  play.wait(5s);
  play.same();
  play.on();
  play.deletes("a");

  EXPECT_EQ(play.wait(1min - 1ms), "");
  EXPECT_EQ(play.wait(1ms), "inspect");
}

TEST(ShieldLinger, IsAtMostFiveMinutesAndAsItWasAfterAQuietWhile) {
  for (const bool quiet : {false, true}) {
    Play play = Play::holding({.breathe = 0s}, 12h);
    play.wait(5min);
    for (int i = 0; i < 9; ++i) {
      play.same();
      play.throttled();
      play.wait(5s);
    }
    play.same();
    play.on(1h);
    if (quiet) {
      play.wait(10min);
    }
    play.deletes("a");
    const Duration linger = quiet ? 30s : 5min;
    EXPECT_EQ(play.wait(linger - 1ms), "");
    EXPECT_EQ(play.wait(1ms), "inspect");
  }
}

TEST(ShieldLinger, ALookThatFailsEndsNothing) {
  Play play = Play::ready();
  play.wait(1min);

  EXPECT_EQ(play.failed(), "");
  EXPECT_EQ(play.wait(1min - 1ms), "");
  EXPECT_EQ(play.wait(1ms), "inspect");
}

// --- an Unprotect that got lost
// -----------------------------------------------------------------

Play lost_unprotect() {
  Play play = Play::ready();
  play.wait(1min);
  play.same();
  play.failed();
  return play;
}

TEST(ShieldLost, CountsAsNotProtected) {
  Play play = lost_unprotect();
  play.receive(2);

  EXPECT_FALSE(play.status().is_protected);
  EXPECT_EQ(play.gets(2, {"a"}), "protect");
}

TEST(ShieldLost, ForAMinuteEachOnIsFollowedByAnother) {
  Play play = lost_unprotect();
  play.receive(2);
  play.wait(20s);
  play.gets(2, {"a"});
  play.on();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(play.wait(10s - 1ms), "");
    EXPECT_EQ(play.wait(1ms), "inspect");
    EXPECT_EQ(play.same(), "protect");
    EXPECT_EQ(play.on(), "");
  }
  EXPECT_EQ(play.wait(4min), "");
}

TEST(ShieldLost, IsTriedAgainAfterAMinute) {
  Play play = lost_unprotect();

  EXPECT_EQ(play.wait(1min - 1ms), "");
  EXPECT_EQ(play.wait(1ms), "inspect");
  EXPECT_EQ(play.same(), "unprotect");
  EXPECT_EQ(play.off(), "");
  EXPECT_EQ(play.wait(1h), "");
}

TEST(ShieldLost, AndNotWhenItWasCarriedOut) {
  Play play = lost_unprotect();
  play.wait(1min);

  EXPECT_EQ(play.off(), "");
  EXPECT_EQ(play.wait(1h), "");
}

// --- a protection that somebody else has set
// ------------------------------------------------------

Play foreign(Duration lasts) {
  Play play;
  play.foreign(lasts);
  return play;
}

TEST(ShieldForeign, HandsOverWithoutAsking) {
  Play play = foreign(10min);

  EXPECT_TRUE(play.status().foreign);
  EXPECT_EQ(play.receive(1), "forward 1");
  EXPECT_EQ(play.gets(1, {"a"}), "hand 1");
}

TEST(ShieldForeign, IsToldOnceAndLeftAlone) {
  Play play = foreign(2h);

  EXPECT_THAT(play.told(), SizeIs(1));
  EXPECT_EQ(play.wait(1h), "");
  play.receive(1);
  EXPECT_EQ(play.gets(1, {}), "hand 1");
  EXPECT_EQ(play.wait(59min), "");
  EXPECT_THAT(play.told(), IsEmpty());
}

TEST(ShieldForeign, IsFoundBeforeADrop) {
  Play play = Play::ready();
  play.wait(1min);

  EXPECT_EQ(play.foreign(1h), "");
  EXPECT_TRUE(play.status().foreign);
  EXPECT_EQ(play.wait(1h), "");
}

TEST(ShieldForeign, IsFoundBeforeARenewal) {
  Play play = Play::holding();
  play.wait(5min);

  EXPECT_EQ(play.foreign(2h), "");
}

TEST(ShieldForeign, IsLookedAtInsteadOfRenewedAndReplacedNearItsEnd) {
  Play play = foreign(10min);
  play.receive(1);
  play.gets(1, {"a"}, 12h);

  EXPECT_EQ(play.wait(5min), "inspect");
  EXPECT_EQ(play.foreign(5min), "");
  EXPECT_EQ(play.wait(4min), "inspect");
  EXPECT_EQ(play.foreign(1min), "protect");
  EXPECT_EQ(play.on(), "");
  EXPECT_FALSE(play.status().foreign);
}

TEST(ShieldForeign, IsReplacedWhenItIsGone) {
  Play play = foreign(10min);
  play.receive(1);
  play.gets(1, {"a"});
  play.wait(5min);

  EXPECT_EQ(play.off(), "protect");
}

TEST(ShieldForeign, OnceSeenItIsLookedForBeforeEveryProtect) {
  Play play = foreign(1min);
  play.receive(1);
  play.wait(2min);

  EXPECT_EQ(play.gets(1, {"a"}), "inspect");
  EXPECT_EQ(play.off(), "protect");
  EXPECT_EQ(play.on(), "hand 1");
}

TEST(ShieldForeign, ThatMayBeThereIsNotOverwritten) {
  Play play = foreign(1min);
  play.receive(1);
  play.wait(2min);
  play.gets(1, {"a"});

  EXPECT_EQ(play.failed(), "hand 1");
  EXPECT_EQ(play.wait(5s), "inspect");
}

TEST(ShieldForeign, DoesNotBreathe) {
  Play play = foreign(12h);
  play.wait(1h);

  EXPECT_EQ(play.receive(1), "forward 1");
}

// --- breath
// ------------------------------------------------------------------------------------

/// Protected for almost a quarter of an hour; the worker has a, and receive 2 is at SQS.
Play almost_breathing(const Rules& rules = {}) {
  Play play = Play::holding(rules, 6h);
  for (int i = 0; i < 2; ++i) {
    play.wait(5min);
    play.same();
    play.on();
  }
  play.wait(5min - 1ms);
  play.receive(2);
  return play;
}

TEST(ShieldBreath, LetsTheWorkEndRestsAndGoesOn) {
  Play play = almost_breathing();
  play.wait(1ms);
  play.same();
  play.on();

  EXPECT_EQ(play.receive(3, 20s), "");
  EXPECT_EQ(play.gets(2, {"b"}), "hand 2");
  play.deletes("a");
  EXPECT_EQ(play.deletes("b"), "worked 0s, inspect");
  EXPECT_EQ(play.same(), "unprotect");
  EXPECT_EQ(play.off(), "");
  EXPECT_TRUE(play.status().resting);
  EXPECT_EQ(play.wait(9999ms), "");
  EXPECT_EQ(play.wait(1ms), "empty 3");
  EXPECT_EQ(play.receive(4), "forward 4");
}

TEST(ShieldBreath, AwaitsTheReceivesThatAreAtSqs) {
  Play play = almost_breathing();
  play.wait(1ms);
  play.same();
  play.on();
  EXPECT_EQ(play.deletes("a"), "worked 900s");

  EXPECT_EQ(play.gets(2, {}), "hand 2, inspect");
}

TEST(ShieldBreath, NeverWithoutTheRule) {
  Play play = almost_breathing({.breathe = 0s});
  play.wait(1min);

  EXPECT_EQ(play.receive(3), "forward 3");
}

TEST(ShieldBreath, GoesOnWhenProtectionCannotBeEnded) {
  Play play = almost_breathing();
  play.wait(1ms);
  play.same();
  play.on();
  play.deletes("a");
  play.gets(2, {});
  play.same();

  EXPECT_EQ(play.failed(), "");
  EXPECT_EQ(play.receive(3), "");
  EXPECT_EQ(play.wait(10s), "empty 3");
  EXPECT_EQ(play.receive(4), "forward 4");
  EXPECT_EQ(play.gets(4, {"c"}), "protect");
  play.on();
  play.wait(50s);
  play.same();
  play.on();
  EXPECT_EQ(play.receive(5), "");  // the next try, a minute later
}

TEST(ShieldBreath, OpensAgainWhenALookFails) {
  Play play = almost_breathing();
  play.wait(1ms);
  play.same();
  play.on();
  play.deletes("a");
  play.gets(2, {});

  EXPECT_EQ(play.failed(), "");
  EXPECT_EQ(play.receive(3), "forward 3");
  play.gets(3, {"c"});
  play.wait(1min);
  EXPECT_EQ(play.receive(4), "");
}

TEST(ShieldBreath, AnUnprotectThatHangsDoesNotKeepTheGateClosed) {
  Play play = almost_breathing();
  play.wait(1ms);
  play.same();
  play.on();
  play.deletes("a");
  play.gets(2, {});
  play.same();
  play.wait(10s);

  EXPECT_EQ(play.receive(3), "forward 3");
}

TEST(ShieldBreath, AForgottenMessageDoesNotStarveAWorkerThatAsks) {
  Play play = almost_breathing();
  play.wait(1ms);
  play.same();
  play.on();
  play.receive(3, 20s);
  for (int i = 0; i < 3; ++i) {
    play.wait(5min);
    play.same();
    play.on();
  }

  EXPECT_EQ(play.receive(4), "forward 4");
}

// --- one call at a time
// ---------------------------------------------------------------------------

TEST(ShieldCalls, AReplyThatNobodyWaitsForIsNone) {
  Play play = Play::unprotected();

  EXPECT_EQ(play.on(), "");
  EXPECT_FALSE(play.status().is_protected);
}

TEST(ShieldCalls, ProtectionAskedForByAReceiveThatIsGoneIsDroppedLater) {
  Play play = Play::unprotected();
  play.careful(2);
  play.gone(2);
  play.on();

  EXPECT_EQ(play.wait(1min), "inspect");
  EXPECT_EQ(play.same(), "unprotect");
}

}  // namespace
}  // namespace scaler::guard::testing
