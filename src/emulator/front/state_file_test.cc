#include "emulator/front/state_file.h"

#include <cstdlib>
#include <memory>
#include <tuple>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/test_support.h"

namespace scaler::emulator {
namespace {

using std::chrono::minutes;
using ::testing::HasSubstr;

using scaler::testing::kNoon;

struct Place {
  explicit Place(std::uint64_t seed, Instant at = kNoon) : random(seed), world({}, at, random) {}
  Random random;
  world::World world;
};

/// A world with one message of every kind.
std::unique_ptr<Place> busy_place() {
  auto place = std::make_unique<Place>(1);
  world::Queue& queue = place->world.create_queue(
      "jobs", {.redrive = world::Redrive{.dead_letter_queue = "dead", .max_receive_count = 3}});
  place->world.create_queue("dead", {});
  queue.set_tag("k\"ey", "välue");
  place->world.send(queue, {.body = "in flight \"quoted\"\n", .attributes = "{}"});
  place->world.receive(queue, {.visibility_timeout = minutes(5)});
  place->world.send(queue, {.body = "visible"});
  place->world.send(queue, {.body = "delayed", .delay = minutes(10)});
  return place;
}

TEST(StateFile, BringsTheQueuesBackAsTheyWere) {
  const auto before = busy_place();
  const std::string text = write_state(before->world, 7);

  Place after(2, kNoon + minutes(1));
  const auto processed = read_state(text, after.world);

  ASSERT_TRUE(processed.has_value()) << processed.error().message;
  EXPECT_EQ(*processed, 7);
  EXPECT_EQ(write_state(after.world, 7), text);
  const world::Queue& queue = *after.world.find_queue("jobs");
  EXPECT_EQ(queue.depth(), (QueueDepth{.visible = 1, .in_flight = 1, .delayed = 1}));
  EXPECT_EQ(queue.settings(), before->world.find_queue("jobs")->settings());
  EXPECT_EQ(queue.totals(), before->world.find_queue("jobs")->totals());
}

TEST(StateFile, BringsAFifoQueueBackWithItsOrderAndWhatItRecognises) {
  Place before(1);
  world::Queue& queue = before.world.create_queue(
      "jobs.fifo", {.fifo = world::FifoSettings{.content_based_deduplication = true,
                                                .deduplicates_by_group = true},
                    .kept = {{"Policy", "{\"Statement\":[]}"}}});
  const auto mark = [](std::string group, std::string id) {
    return std::make_shared<const world::FifoMark>(
        world::FifoMark{.group = std::move(group), .deduplication_id = std::move(id)});
  };
  for (const char* body : {"a1", "a2", "b1"}) {
    before.world.send(queue, {.body = body, .fifo = mark(std::string(body, 1), body)});
  }
  before.world.receive(queue, {.visibility_timeout = minutes(5)});
  const std::string text = write_state(before.world, 0);

  Place after(2);
  ASSERT_TRUE(read_state(text, after.world).has_value());

  EXPECT_EQ(write_state(after.world, 0), text);
  world::Queue& restored = *after.world.find_queue("jobs.fifo");
  EXPECT_EQ(restored.settings(), queue.settings());
  EXPECT_EQ(restored.repeated_send(*mark("a", "a1"), kNoon), 1U);
  EXPECT_EQ(restored.repeated_send(*mark("b", "a1"), kNoon), std::nullopt);
  const auto next = after.world.receive(restored, {.messages_max = 10});
  ASSERT_EQ(next.size(), 1U) << "the group of what is in flight gives nothing";
  EXPECT_EQ(next[0].body, "b1");
  EXPECT_EQ(next[0].fifo->deduplication_id, "b1");
}

TEST(StateFile, RefusesEveryTruncation) {
  const std::string text = write_state(busy_place()->world, 0);
  for (std::size_t length = 0; length < text.size(); length += 7) {
    Place place(1);
    EXPECT_FALSE(read_state(text.substr(0, length), place.world).has_value()) << length;
  }
}

TEST(StateFile, NamesWhatIsWrong) {
  const std::string text = write_state(busy_place()->world, 0);
  for (const auto& [from, to, message] :
       {std::tuple("\"version\":1", "\"version\":2", "$.version"),
        std::tuple("\"sent_at\":", "\"sent\":", "$.queues[1].messages[0]"),
        std::tuple("\"sent_at\":", "\"sent_at\":9999", "messages[0].sent_at"),
        std::tuple("\"retention\":", "\"retention\":9999999", "settings.retention"),
        std::tuple("\"next_sequence\":", "\"next_sequence\":9999999999999999", "next_sequence"),
        std::tuple("\"name\":\"jobs\"", "\"name\":\"dead\"", "stands twice"),
        std::tuple("\"handle_key\":\"", "\"handle_key\":\"x", "hexadecimal"),
        std::tuple("\"sequence\":2", "\"sequence\":1", "sequence is not higher")}) {
    std::string changed = text;
    const std::size_t at = changed.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    changed.replace(at, std::string_view(from).size(), to);
    Place place(1);
    const auto result = read_state(changed, place.world);
    ASSERT_FALSE(result.has_value()) << from;
    EXPECT_THAT(result.error().message, HasSubstr(message));
  }
}

TEST(StateFile, NoticesEveryChange) {
  const auto place = busy_place();
  world::Queue& queue = *place->world.find_queue("jobs");
  std::uint64_t revision = queues_revision(place->world);
  const auto changed = [&] {
    const std::uint64_t before = std::exchange(revision, queues_revision(place->world));
    return before != revision;
  };

  EXPECT_FALSE(changed());
  place->world.send(queue, {});
  EXPECT_TRUE(changed());
  queue.set_tag("a", "b");
  EXPECT_TRUE(changed());
  place->world.create_queue("other", {});
  EXPECT_TRUE(changed());
  place->world.delete_queue("other");
  EXPECT_TRUE(changed());
  place->world.advance(kNoon + minutes(10));
  EXPECT_TRUE(changed());
}

}  // namespace
}  // namespace scaler::emulator
