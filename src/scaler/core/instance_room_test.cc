// What fits on an instance, and what it leaves.
#include "scaler/core/instance_room.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

TEST(InstanceRoom, ATaskTakesItsPartOfEverything) {
  InstanceSpace place{.room = {.cpu = 4096, .memory = 9'000, .gpus = 8, .taken = {{.port = 22}}},
                      .tasks_left = 5};
  place.take({.cpu = 1024, .memory = 3'000, .gpus = 2, .ports = {{.port = 80}}}, 2);
  EXPECT_EQ(place.room,
            (Room{.cpu = 2048, .memory = 3'000, .gpus = 4, .taken = {{.port = 22}, {.port = 80}}}));
  EXPECT_EQ(place.tasks_left, 3);
}

TEST(InstanceRoom, TheWorstOfTwoIsTheMostOfEach) {
  const TaskNeed worst =
      worst_of({.cpu = 1, .memory = 8, .gpus = 1, .ports = {{.port = 80}}},
               {.cpu = 4, .memory = 2, .gpus = 0, .ports = {{.port = 90, .udp = true}}});
  EXPECT_EQ(worst.cpu, 4);
  EXPECT_EQ(worst.memory, 8);
  EXPECT_EQ(worst.gpus, 1);
  EXPECT_EQ(worst.ports, (std::vector<HostPort>{{.port = 80}, {.port = 90, .udp = true}}));
  EXPECT_EQ(worst_of({}, worst).memory, 8);
}

TEST(InstanceRoom, WhatDoesNotFitTakesNothing) {
  const Room room{.cpu = 1024, .memory = 1'000};
  InstanceSpace place{.room = room, .tasks_left = 9};
  std::vector<Unplaced> large{{.need = {.cpu = 2048, .ports = {{.port = 80}}}, .tasks = 1}};
  EXPECT_EQ(put(large, place), 0);
  EXPECT_EQ(place.room, room);
  EXPECT_EQ(large.at(0).tasks, 1);
}

TEST(InstanceRoom, OnlyAnEmptyOneThatIsActiveShowsWhatDaemonsLeave) {
  const Room whole{.cpu = 4096, .memory = 15'000};
  const Room left{.cpu = 4096, .memory = 14'000};
  InstanceSeen empty{.id = "i-1", .type = "a", .registered = whole, .remaining = left};
  InstanceSeen other = empty;
  other.remaining.memory = 13'000;
  EXPECT_EQ(shapes_of(std::vector{empty, other}), std::vector{left});
  empty.registration = Registration::Draining;  // Its daemons may have left it.
  EXPECT_EQ(shapes_of(std::vector{empty}), std::vector{whole});
}

}  // namespace
}  // namespace scaler
