#include "scaler/pass/pass.h"

#include <algorithm>
#include <iterator>

#include <fmt/core.h>

#include "ground/base/check.h"
#include "scaler/pass/change.h"
#include "scaler/pass/groups.h"
#include "scaler/pass/item.h"
#include "scaler/pass/place_budget.h"

namespace scaler {
namespace {

/// One that hangs is waited for no more often.
constexpr Duration kSeldom = std::chrono::seconds(30);

class Pass {
 public:
  Pass(std::span<ManagedService> fleet, const Ports& ports, const PassOptions& options)
      : ports_(ports), options_(options), records_(fleet.size()), items_(fleet.size()) {
    for (std::size_t i = 0; i < fleet.size(); ++i) {
      records_[i].id = fleet[i].id;
      items_[i].service = &fleet[i];
      items_[i].record = &records_[i];
      queue_of(fleet[i]).push_back(&items_[i]);
    }
    for (std::vector<Item*>* queue : {&unseen_, &resting_}) {
      if (queue->size() > 1) {
        std::ranges::stable_sort(*queue, {},
                                 [](const Item* item) { return item->service->looked_at; });
      }
    }
    groups_reserve_ = groups_.reserve();
  }

  std::vector<PassRecord> run() {
    look_at_resting();
    for (std::vector<Item*> chunk = next_chunk(); !chunk.empty(); chunk = next_chunk()) {
      round(chunk);
    }
    if (options_.patience == Patience::All) {
      wait_for_slow();
    }
    try_again(failed_, surroundings_);
    conclude(failed_);
    groups_.act();
    remember();
    return std::move(records_);
  }

 private:
  std::vector<Item*>& queue_of(const ManagedService& service) {
    return service.waits                                     ? waiting_
           : may_rest(service, ports_.clock.now(), options_) ? resting_
                                                             : unseen_;
  }

  /// By their queues alone, some hundreds at a time. Who has messages comes before all others, who
  /// could not be looked at so after them.
  void look_at_resting() {
    constexpr std::size_t kChunk = 1000;
    std::vector<Item*> awake;
    for (bool first = true; !resting_.empty() && !over(!first); first = false) {
      const auto end =
          resting_.begin() + static_cast<std::ptrdiff_t>(std::min(kChunk, resting_.size()));
      const std::vector<Item*> chunk(resting_.begin(), end);
      resting_.erase(resting_.begin(), end);
      look_at_queues(chunk, surroundings_);
      std::vector<Item*> at_rest;
      for (Item* item : chunk) {
        (look_rests(*item) ? at_rest : has_messages(*item) ? awake : unseen_).push_back(item);
      }
      conclude(at_rest);
    }
    unseen_.insert(unseen_.begin(), awake.begin(), awake.end());
  }

  /// Decides on its queues and what was read of it earlier; whether nothing else is to be done.
  bool look_rests(Item& item) {
    if (item.look.under_way) {
      return false;
    }
    tell(item, ports_.clock);
    decide_first(item, surroundings_);
    if (!still_rests(item)) {
      *item.record = {.id = item.service->id};  // The whole look that follows tells it.
      return false;
    }
    item.record->described_at = item.service->rest->described_at;
    item.service->looked_at = ports_.clock.steady();
    return true;
  }

  /// Whether there is no time for another chunk, whose last calls leave a second after its first.
  /// The first one is tried in any case.
  bool over(bool begun) const {
    constexpr Duration kChunk = std::chrono::milliseconds(1500);
    const Deadline now = ports_.clock.steady();
    return now >= options_.deadline ||
           (begun && now + kChunk + groups_reserve_ >= options_.deadline);
  }

  /// As many services of each place as one second's calls can look at: those that wait for a change
  /// and have a slot now, and then those that were not looked at for longest. Who waits is asked
  /// last, so that its look is the freshest.
  std::vector<Item*> next_chunk() {
    while (!over(begun_) && !(unseen_.empty() && waiting_.empty())) {
      PlaceBudget rooms([this](const ServiceId& id) {
        return std::max<std::size_t>(ports_.reader.looks_allowed(id), 1);
      });
      PlaceBudget slots([this](const ServiceId& id) { return ports_.scaler.changes_allowed(id); });
      const std::vector<Item*> urgent = take_fitting(waiting_, [&](const Item& item) {
        const ServiceId& id = item.service->id;
        return rooms.left(id) > 0 && slots.take(id) && rooms.take(id);
      });
      std::vector<Item*> chunk =
          take_fitting(unseen_, [&](const Item& item) { return rooms.take(item.service->id); });
      std::ranges::copy(urgent, std::back_inserter(chunk));
      if (!chunk.empty()) {
        return chunk;
      }
      if (!wait_for_slot()) {
        break;
      }
    }
    return {};
  }

  bool wait_for_slot() {
    constexpr Duration kPause = std::chrono::milliseconds(100);
    return ports_.clock.steady() + kPause < std::min(options_.deadline, options_.slots_until) &&
           ports_.clock.wait_until(ports_.clock.now() + kPause, {});
  }

  /// Where others wait for the end of this pass, one that hangs would be waited for in each.
  void wait_for_slow() {
    std::vector<Item*> slow = std::exchange(slow_, {});
    const Deadline now = ports_.clock.steady();
    PassOptions options = options_;
    if (options_.slow_most) {
      options.deadline = std::min(options_.deadline, now + *options_.slow_most);
      std::erase_if(slow, [now](const Item* item) {
        const std::optional<Deadline> last = item->service->waited_for;
        return last && now < *last + kSeldom;
      });
    }
    if (slow.empty()) {
      return;
    }
    for (Item* item : slow) {
      item->service->waited_for = now;
    }
    look(slow, {.ports = ports_, .options = options}, Patience::All);
    decide_and_act(slow);
  }

  void round(const std::vector<Item*>& chunk) {
    begun_ = true;
    look(chunk, surroundings_, Patience::AllButSlow);
    decide_and_act(chunk);
  }

  void decide_and_act(const std::vector<Item*>& chunk) {
    std::vector<Item*> decided;
    std::vector<std::pair<Item*, PassRecord>> applied;  // in an earlier round of this pass
    for (Item* item : chunk) {
      if (item->record->outcome == Outcome::Applied) {
        applied.emplace_back(item, *item->record);
      }
      item->service->rest.reset();
      tell(*item, ports_.clock);
      if (item->look.service || item->look.service.error().kind != ErrorKind::Throttled) {
        item->service->looked_at =
            ports_.clock.steady();  // Else it is first in the next pass, too.
      }
      if (item->look.under_way) {
        slow_.push_back(item);
      }
      if (decidable(*item)) {
        std::erase(failed_, item);  // Who was slow comes again, and decides anew.
        decide_first(*item, surroundings_);
        decided.push_back(item);
      }
    }
    groups_.hold_back(decided);
    if (options_.permission != Permission::Nothing) {
      act(decided);
    }
    std::erase_if(decided,
                  [this](Item* item) { return std::ranges::find(failed_, item) != failed_.end(); });
    conclude(decided);
    for (const auto& [item, earlier] : applied) {
      keep_applied(*item->record, earlier);
    }
  }

  /// What was carried out is told as carried out, whatever a later round found.
  static void keep_applied(PassRecord& record, const PassRecord& earlier) {
    record.from_zero = record.from_zero || earlier.from_zero;
    if (record.outcome == Outcome::Held) {
      record.decision = earlier.decision;
      record.outcome = earlier.outcome;
      record.look_age = earlier.look_age;
      record.look_bound = earlier.look_bound;
    }
  }

  void act(Items decided) {
    std::vector<Item*> out;
    std::vector<Item*> in;
    for (Item* item : decided) {
      if (item->action() == Action::ScaleOut) {
        out.push_back(item);
      } else if (item->action() == Action::ScaleIn) {
        in.push_back(item);
      }
    }
    std::ranges::copy(scale_out(std::move(out), surroundings_), std::back_inserter(failed_));
    scale_in(std::move(in), surroundings_);
  }

  /// What these items come to, once each; who waits for a slot comes again, and decides anew.
  void conclude(Items items) {
    for (Item* item : items) {
      PassRecord& record = *item->record;
      record.state =
          advance(std::move(item->past), item->service->policy, *record.decision, record.outcome);
      item->service->waits = record.outcome == Outcome::Waiting;
      if (!record.described_at) {
        note_rest(*item);
      }
      if (options_.permission == Permission::Nothing) {
        continue;
      }
      item->service->memory.remember(record.state);
      if (item->service->waits) {
        waiting_.push_back(item);
      }
      saving_.push_back(item);
    }
    save();
  }

  static std::int64_t desired_after(const PassRecord& record) {
    return record.outcome == Outcome::Applied ? record.decision->desired
                                              : record.reading->service.desired;
  }

  /// Another process must not go on with a wait that has ended: what tells of that goes before what
  /// only says that one goes on.
  static bool may_end_waits(const Item* item) {
    return !item->decision().empty || item->record->outcome == Outcome::Applied;
  }

  /// Saves as many states as the rates allow now; the others come with a later chunk or pass.
  void save() {
    if (ports_.states == nullptr) {
      saving_.clear();
      return;
    }
    if (saving_.size() > 1) {
      std::ranges::stable_partition(saving_, may_end_waits);
    }
    PlaceBudget allowed([this](const ServiceId& id) { return ports_.states->saves_allowed(id); });
    std::vector<Item*> chosen;
    std::vector<SavedState> texts;
    std::vector<Item*> later;
    for (Item* item : std::exchange(saving_, {})) {
      auto text = item->service->memory.text_to_save(item->service->policy,
                                                     {.at = item->record->at,
                                                      .desired = desired_after(*item->record),
                                                      .needed = item->decision().occupied});
      const ServiceId& id = item->service->id;
      if (text && !allowed.take(id)) {
        later.push_back(item);
      } else if (text) {
        chosen.push_back(item);
        texts.push_back(
            {.service_arn = item->record->reading->arn, .text = *std::move(text), .role = id.role});
      }
    }
    saving_ = std::move(later);
    if (texts.empty()) {
      return;
    }
    std::vector<Result<void>> results = ports_.states->save(texts, options_.deadline);
    CHECK(results.size() == texts.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
      saved(*chosen[i], std::move(texts[i].text), results[i]);
    }
  }

  static void saved(Item& item, std::string text, const Result<void>& result) {
    PassRecord& record = *item.record;
    Memory& memory = item.service->memory;
    if (result) {
      if (item.service->rest) {
        item.service->rest->reading.saved_state = text;
      }
      memory.saved(std::move(text), record.at);
      return;
    }
    const ErrorKind kind = result.error().kind;
    if (kind == ErrorKind::Throttled || kind == ErrorKind::Unavailable) {
      record.errors.push_back(result.error().message);
    } else if (memory.refused(record.at)) {
      record.complaint = fmt::format(
          "the state tag cannot be written, so that nothing is remembered when this process ends, "
          "and one that starts anew waits a whole threshold or window before it scales in{}: {}",
          item.service->policy->manual_hold > Duration::zero()
              ? ", and takes counts that this one set for a person's (manual_hold)"
              : "",
          result.error().message);
    }
  }

  /// The states that had to wait for a slot, while there is time.
  void remember() {
    constexpr Duration kPause = std::chrono::milliseconds(100);
    const Deadline until = std::min(options_.deadline, options_.slots_until);
    while (!saving_.empty() && ports_.clock.steady() + kPause < until &&
           ports_.clock.wait_until(ports_.clock.now() + kPause, {})) {
      save();
    }
  }

  const Ports& ports_;
  const PassOptions& options_;
  Surroundings surroundings_{.ports = ports_, .options = options_};
  std::vector<PassRecord> records_;
  std::vector<Item> items_;
  Groups groups_{items_, surroundings_};
  Duration groups_reserve_ = {};
  bool begun_ = false;
  std::vector<Item*> resting_ = {};  ///< to be looked at by their queues alone
  std::vector<Item*> unseen_ = {};   ///< with messages, then the longest unseen first
  std::vector<Item*> waiting_ = {};  ///< for a slot
  std::vector<Item*> slow_ = {};
  std::vector<Item*> failed_ = {};  ///< for the moment
  std::vector<Item*> saving_ = {};
};

}  // namespace

std::vector<PassRecord> run_pass(std::span<ManagedService> fleet, const Ports& ports,
                                 const PassOptions& options) {
  return Pass(fleet, ports, options).run();
}

}  // namespace scaler
