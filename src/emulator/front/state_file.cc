#include "emulator/front/state_file.h"

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

using json::Reader;
using world::Queue;
using world::QueueSettings;
using world::QueueTotals;
using world::StoredMessage;

constexpr std::int64_t kVersion = 1;
/// What a file may hold is added to and multiplied by a thousand later: numbers up to 2^53, times
/// up to the year 9999, durations up to a century.
constexpr std::int64_t kCountMax = std::int64_t{1} << 53U;
constexpr Instant kInstantMax = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);
constexpr Duration kDurationMax = std::chrono::days(36'525);

/// The numbers of QueueTotals by name.
constexpr std::array<std::pair<std::string_view, std::int64_t QueueTotals::*>, 9> kTotals{
    {{"sent", &QueueTotals::sent},
     {"received", &QueueTotals::received},
     {"deleted", &QueueTotals::deleted},
     {"redriven", &QueueTotals::redriven},
     {"expired", &QueueTotals::expired},
     {"purged", &QueueTotals::purged},
     {"dead_letters_in", &QueueTotals::dead_letters_in},
     {"moved_out", &QueueTotals::moved_out},
     {"receive_count_max", &QueueTotals::receive_count_max}}};

constexpr std::array<std::pair<std::string_view, Duration QueueSettings::*>, 5> kDurations{
    {{"visibility_timeout", &QueueSettings::visibility_timeout},
     {"delay", &QueueSettings::delay},
     {"retention", &QueueSettings::retention},
     {"receive_wait", &QueueSettings::receive_wait},
     {"count_lag", &QueueSettings::count_lag}}};

void write_instant(json::Writer& writer, std::string_view name, const std::optional<Instant>& at) {
  if (at) {
    writer.field(name, at->time_since_epoch().count());
  }
}

Result<Instant> read_instant(const Reader& reader) {
  return Instant(
      Duration(TRY(reader.integer({.min = 0, .max = kInstantMax.time_since_epoch().count()}))));
}

Result<std::optional<Instant>> read_optional_instant(const Reader& object, std::string_view name) {
  const auto field = object.optional_field(name);
  if (!field) {
    return std::optional<Instant>();
  }
  return std::optional(TRY(read_instant(*field)));
}

/// 64 bits do not fit a JSON number, hence text.
Result<std::uint64_t> read_bits(const Reader& reader) {
  const std::string text = TRY(reader.string());
  const auto bits = number_of<std::uint64_t>(text, 16);
  if (!bits) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: '{}' is no hexadecimal number", reader.path(), shortened(text)));
  }
  return *bits;
}

Result<std::int64_t> read_count(const Reader& object, std::string_view name,
                                std::int64_t max = kCountMax) {
  const Reader field = TRY(object.field(name));
  return field.integer({.min = 0, .max = max});
}

Result<std::string> read_text(const Reader& object, std::string_view name) {
  const Reader field = TRY(object.field(name));
  return field.string();
}

Result<bool> read_flag(const Reader& object, std::string_view name) {
  const Reader field = TRY(object.field(name));
  return field.boolean();
}

/// The members of an object of texts.
Result<std::vector<std::pair<std::string, std::string>>> read_texts(const Reader& reader) {
  const auto* members = std::get_if<json::Object>(&reader.value().data());
  if (members == nullptr) {
    return fail(ErrorKind::Malformed, fmt::format("{}: expected an object", reader.path()));
  }
  std::vector<std::pair<std::string, std::string>> texts;
  for (const auto& [key, value] : *members) {
    texts.emplace_back(key, TRY(Reader(value, reader.path() + "." + key).string()));
  }
  return texts;
}

void write_settings(json::Writer& writer, const QueueSettings& settings) {
  writer.name("settings").begin_object();
  for (const auto& [name, member] : kDurations) {
    writer.field(name, (settings.*member).count());
  }
  writer.field("message_size_max", settings.message_size_max);
  if (settings.redrive) {
    writer.field("dead_letter_queue", settings.redrive->dead_letter_queue)
        .field("max_receive_count", settings.redrive->max_receive_count);
  }
  if (settings.fifo) {
    writer.name("fifo")
        .begin_object()
        .field("content_based_deduplication", settings.fifo->content_based_deduplication)
        .field("deduplicates_by_group", settings.fifo->deduplicates_by_group)
        .end_object();
  }
  if (!settings.kept.empty()) {
    writer.name("kept").begin_object();
    for (const auto& [name, value] : settings.kept) {
      writer.field(name, value);
    }
    writer.end_object();
  }
  writer.end_object();
}

Result<QueueSettings> read_settings(const Reader& reader) {
  QueueSettings settings;
  for (const auto& [name, member] : kDurations) {
    settings.*member = Duration(TRY(read_count(reader, name, kDurationMax.count())));
  }
  settings.message_size_max = TRY(read_count(reader, "message_size_max"));
  if (reader.optional_field("dead_letter_queue")) {
    world::Redrive redrive;
    redrive.dead_letter_queue = TRY(read_text(reader, "dead_letter_queue"));
    redrive.max_receive_count = TRY(read_count(reader, "max_receive_count"));
    settings.redrive = std::move(redrive);
  }
  if (const auto fifo = reader.optional_field("fifo")) {
    settings.fifo.emplace();
    settings.fifo->content_based_deduplication =
        TRY(read_flag(*fifo, "content_based_deduplication"));
    settings.fifo->deduplicates_by_group = TRY(read_flag(*fifo, "deduplicates_by_group"));
  }
  if (const auto kept = reader.optional_field("kept")) {
    for (auto& [name, value] : TRY(read_texts(*kept))) {
      settings.kept[name] = value;
    }
  }
  return settings;
}

void write_message(json::Writer& writer, const StoredMessage& message) {
  writer.begin_object()
      .field("sequence", static_cast<std::int64_t>(message.sequence))
      .field("id", message.id)
      .field("body", message.body)
      .field("attributes", message.attributes)
      .field("receive_count", message.receive_count)
      .field("receives_elsewhere", message.receives_elsewhere);
  write_instant(writer, "sent_at", message.sent_at);
  write_instant(writer, "visible_at", message.visible_at);
  write_instant(writer, "received_at", message.received_at);
  write_instant(writer, "first_received_at", message.first_received_at);
  if (message.from) {
    writer.field("from", *message.from);
  }
  if (message.fifo) {
    writer.field("group", message.fifo->group)
        .field("deduplication_id", message.fifo->deduplication_id);
  }
  writer.end_object();
}

Result<StoredMessage> read_message(const Reader& reader) {
  StoredMessage message;
  message.sequence = static_cast<std::uint64_t>(TRY(read_count(reader, "sequence")));
  message.id = TRY(read_text(reader, "id"));
  message.body = TRY(read_text(reader, "body"));
  message.attributes = TRY(read_text(reader, "attributes"));
  message.receive_count = TRY(read_count(reader, "receive_count"));
  message.receives_elsewhere = TRY(read_count(reader, "receives_elsewhere"));
  const Reader sent_at = TRY(reader.field("sent_at"));
  message.sent_at = TRY(read_instant(sent_at));
  const Reader visible_at = TRY(reader.field("visible_at"));
  message.visible_at = TRY(read_instant(visible_at));
  message.received_at = TRY(read_optional_instant(reader, "received_at"));
  message.first_received_at = TRY(read_optional_instant(reader, "first_received_at"));
  if (reader.optional_field("from")) {
    message.from = std::make_shared<const std::string>(TRY(read_text(reader, "from")));
  }
  if (reader.optional_field("group")) {
    world::FifoMark mark;
    mark.group = TRY(read_text(reader, "group"));
    mark.deduplication_id = TRY(read_text(reader, "deduplication_id"));
    message.fifo = std::make_shared<const world::FifoMark>(std::move(mark));
  }
  return message;
}

/// What a FIFO queue recognises, should it be sent again.
void write_sends(json::Writer& writer, const world::FifoOrder& order) {
  writer.name("sends").begin_array();
  for (const auto& send : order.sends().items()) {
    writer.begin_object()
        .field("id", send.key)
        .field("sequence", static_cast<std::int64_t>(send.value));
    write_instant(writer, "at", send.at);
    writer.end_object();
  }
  writer.end_array();
}

Result<void> read_sends(const Reader& reader, world::FifoOrder& order) {
  for (const Reader& item : TRY(reader.items())) {
    std::string id = TRY(read_text(item, "id"));
    const std::int64_t sequence = TRY(read_count(item, "sequence"));
    const Reader at_reader = TRY(item.field("at"));
    const Instant at = TRY(read_instant(at_reader));
    order.sends().put(
        {.key = std::move(id), .value = static_cast<std::uint64_t>(sequence), .at = at});
  }
  return {};
}

void write_queue(json::Writer& writer, const Queue& queue) {
  writer.begin_object().field("name", queue.name());
  write_instant(writer, "created_at", queue.created_at());
  write_instant(writer, "modified_at", queue.modified_at());
  writer.field("handle_key", fmt::format("{:x}", queue.handle_key()))
      .field("next_sequence", static_cast<std::int64_t>(queue.next_sequence()));
  write_settings(writer, queue.settings());
  writer.name("totals").begin_object();
  for (const auto& [name, member] : kTotals) {
    writer.field(name, queue.totals().*member);
  }
  writer.end_object().name("tags").begin_object();
  for (const auto& [key, value] : queue.tags()) {
    writer.field(key, value);
  }
  writer.end_object().name("messages").begin_array();
  for (const StoredMessage& message : queue.stored_messages()) {
    write_message(writer, message);
  }
  writer.end_array();
  if (queue.fifo() != nullptr) {
    write_sends(writer, *queue.fifo());
  }
  writer.end_object();
}

Result<void> read_tags(const Reader& reader, Queue& queue) {
  for (const auto& [key, value] : TRY(read_texts(reader))) {
    queue.set_tag(key, value);
  }
  return {};
}

Result<void> read_messages(const Reader& reader, Queue& queue, Instant now) {
  std::uint64_t last = 0;
  for (const Reader& item : TRY(reader.items())) {
    StoredMessage message = TRY(read_message(item));
    if (message.sequence <= last) {
      return fail(
          ErrorKind::Malformed,
          fmt::format("{}: the message's sequence is not higher than the one before", item.path()));
    }
    last = message.sequence;
    queue.restore(std::move(message), now);
  }
  return {};
}

Result<void> read_queue(const Reader& reader, world::World& world) {
  std::string name = TRY(read_text(reader, "name"));
  if (world.find_queue(name) != nullptr) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: the queue '{}' stands twice", reader.path(), shortened(name)));
  }
  const Reader settings = TRY(reader.field("settings"));
  Queue& queue = world.create_queue(std::move(name), TRY(read_settings(settings)));
  // Older files tell neither.
  const auto created_at = TRY(read_optional_instant(reader, "created_at"));
  const auto modified_at = TRY(read_optional_instant(reader, "modified_at"));
  queue.restore_times(created_at.value_or(queue.created_at()),
                      modified_at.value_or(queue.modified_at()));
  const Reader handle_key = TRY(reader.field("handle_key"));
  const std::int64_t next_sequence = TRY(read_count(reader, "next_sequence"));
  queue.restore_handle_key(TRY(read_bits(handle_key)), static_cast<std::uint64_t>(next_sequence));
  QueueTotals totals;
  const Reader totals_reader = TRY(reader.field("totals"));
  for (const auto& [total, member] : kTotals) {
    // Older files do not have all of them.
    if (totals_reader.optional_field(total)) {
      totals.*member = TRY(read_count(totals_reader, total));
    }
  }
  queue.restore_totals(totals);
  const Reader tags = TRY(reader.field("tags"));
  TRY(read_tags(tags, queue));
  if (const auto sends = reader.optional_field("sends"); sends && queue.fifo() != nullptr) {
    TRY(read_sends(*sends, *queue.fifo()));
  }
  const Reader messages = TRY(reader.field("messages"));
  return read_messages(messages, queue, world.now());
}

}  // namespace

Result<FileLock> take_state_folder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return fail(ErrorKind::Unavailable,
                fmt::format("cannot make the folder {}: {}", folder, error.message()));
  }
  auto lock = FileLock::take(folder + "/lock");
  if (!lock) {
    return fail(lock.error(), fmt::format("the state folder {}", folder));
  }
  return lock;
}

std::uint64_t queues_revision(const world::World& world) {
  std::uint64_t revision = 0;
  for (const auto& [name, queue] : world.queues()) {
    // Each queue counts for itself, so that one deleted and one made do not cancel out.
    revision += queue->revision() + queue->handle_key();
  }
  return revision;
}

std::string write_state(const world::World& world, std::int64_t processed) {
  json::Writer writer;
  writer.begin_object().field("version", kVersion).field("processed", processed);
  writer.name("queues").begin_array();
  for (const auto& [name, queue] : world.queues()) {
    write_queue(writer, *queue);
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

Result<std::int64_t> read_state(std::string_view text, world::World& world) {
  const json::Value document = TRY(json::parse(text));
  const Reader reader(document);
  const Reader version = TRY(reader.field("version"));
  TRY(version.integer({.min = kVersion, .max = kVersion}));
  const std::int64_t processed = TRY(read_count(reader, "processed"));
  const Reader queues = TRY(reader.field("queues"));
  for (const Reader& item : TRY(queues.items())) {
    TRY(read_queue(item, world));
  }
  return processed;
}

}  // namespace scaler::emulator
