#include "scaler/pass/change.h"

#include <algorithm>
#include <iterator>

#include <fmt/core.h>

#include "ground/base/check.h"
#include "scaler/pass/place_budget.h"

namespace scaler {
namespace {

constexpr std::size_t kScaleInsPerLook = 10;  ///< as many as one DescribeServices tells
/// Between two attempts at a scale-out, doubled each time: five more within about three seconds.
constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr Duration kLastPause = std::chrono::milliseconds(1600);
/// Of a count that ECS refuses: the whole step, smaller ones, and in the end a single task.
constexpr int kTriesPerPass = 4;
/// So many withheld scale-ins in a row are worth a word.
constexpr std::int64_t kLateLooksTold = 3;

/// Of those that scale out, the one that lacks most of what it has first.
bool more_urgent(const Item* a, const Item* b) {
  return a->decision().desired * b->decision().before >
         b->decision().desired * a->decision().before;
}

/// What one attempt came to.
struct Attempt {
  Item* item = nullptr;
  Result<void> result = {};
};

/// A scale-in leaves while its look is fresh, or not at all. A scale-out, whose count was read
/// again if that was needed, only must not wait for long for its slot.
Deadline leave_by(const Item& item, const Surroundings& surroundings) {
  const Duration bound = freshness_bound(item, surroundings);
  return item.action() == Action::ScaleOut ? surroundings.ports.clock.steady() + bound
                                           : item.look.asked + bound;
}

/// Tells the counts before they are set, where a person's are respected. This process may end
/// before it can tell them afterwards, and one beside it may look in between: its own count was
/// taken for a person's then, and held for an hour while hundreds of messages waited. Of a service
/// that this program has never changed no count is another's.
void announce(Items items, const Surroundings& surroundings) {
  StateWriter* const states = surroundings.ports.states;
  if (states == nullptr) {
    return;
  }
  PlaceBudget allowed([states](const ServiceId& id) { return states->saves_allowed(id); });
  std::vector<Item*> telling;
  std::vector<SavedState> texts;
  Duration most{};  // A tag that hangs holds up no scale-out for longer, and no scale-in is late.
  for (Item* item : items) {
    const ManagedService& service = *item->service;
    if (service.policy->manual_hold == Duration::zero() || !item->past.last_set) {
      continue;
    }
    const Instant at = item->record->at;
    item->past.announced = {.at = at, .tasks = item->decision().desired};
    auto text = service.memory.text_of(item->past, service.policy,
                                       {.at = at, .desired = item->decision().before});
    if (text && allowed.take(service.id)) {
      telling.push_back(item);
      texts.push_back({.service_arn = item->look.service->arn,
                       .text = *std::move(text),
                       .role = service.id.role});
      most = std::max(most, freshness_bound(*item, surroundings));
    }
  }
  if (texts.empty()) {
    return;
  }
  const Deadline until =
      std::min(surroundings.options.deadline, surroundings.ports.clock.steady() + most);
  // What is refused is told when the state is saved.
  const std::vector<Result<void>> results = states->save(texts, until);
  CHECK(results.size() == texts.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i]) {
      telling[i]->service->memory.saved(std::move(texts[i].text), telling[i]->record->at);
    }
  }
}

/// Sends the decided counts of these items. Nothing leaves that follows from a look which is too
/// old by then.
std::vector<Attempt> send(Items items, const Surroundings& surroundings) {
  const Ports& ports = surroundings.ports;
  announce(items, surroundings);
  std::vector<DesiredCount> changes;
  for (const Item* item : items) {
    item->record->look_age = age_of(*item, surroundings);
    item->record->look_bound = freshness_bound(*item, surroundings);
    changes.push_back({.service = item->service->id,
                       .desired = item->decision().desired,
                       .leave_by = leave_by(*item, surroundings)});
  }
  std::vector<Attempt> attempts;
  if (changes.empty()) {
    return attempts;
  }
  std::vector<Result<void>> results =
      ports.scaler.set_desired(changes, surroundings.options.deadline);
  CHECK(results.size() == changes.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    items[i]->record->outcome = results[i] ? Outcome::Applied : Outcome::Failed;
    attempts.push_back({.item = items[i], .result = std::move(results[i])});
  }
  return attempts;
}

bool fresh(const Item& item, const Surroundings& surroundings) {
  return age_of(item, surroundings) <= freshness_bound(item, surroundings);
}

/// The latest look's word on a scale-out that was decided before it. By now somebody may have set a
/// higher count, which the old one must not lower; or it was made, and only its answer was lost.
void reconsider(Item& item, const Surroundings& surroundings) {
  PassRecord& record = *item.record;
  const std::int64_t desired = item.look.service->service.desired;
  if (desired == record.decision->desired) {
    record.outcome = Outcome::Applied;
    return;
  }
  tell(item, surroundings.ports.clock);
  record.decision = decide_on(item, item.past, record.at, surroundings.options);
  if (record.decision->action == Action::ScaleIn) {
    record.decision = held(*record.decision, desired, Reason::ChangedMeanwhile);
  }
  record.outcome = record.decision->action == Action::Hold ? Outcome::Held : Outcome::Failed;
}

/// What the service says now of a step that an older look of it led to. The need is what that
/// look's queues say; slowness alone withholds nothing. But a count that is as high by now is not
/// lowered, and neither a pause nor a count that a person has set meanwhile is passed over.
void reread(Item& item, Result<ServiceReading> reading, const Surroundings& surroundings) {
  PassRecord& record = *item.record;
  item.look.service = std::move(reading);
  record.reading = item.look.service;
  const std::int64_t desired = item.look.service->service.desired;
  const Decision again = decide_on(item, item.past, record.at, surroundings.options);
  if (desired >= record.decision->desired || again.action == Action::ScaleIn) {
    record.decision = held(*record.decision, desired, Reason::ChangedMeanwhile);
  } else if (again.desired < record.decision->desired) {
    record.decision = again;
  }
  if (record.decision->action == Action::Hold) {
    record.outcome = Outcome::Held;
  }
}

/// Reads the services of scale-outs anew whose look is not fresh any more; one that cannot be read
/// is left to a later try. Returns those that still scale out.
std::vector<Item*> with_counts_read_again(std::vector<Item*> items,
                                          const Surroundings& surroundings,
                                          std::vector<Item*>& failed) {
  std::vector<Item*> old;
  std::ranges::copy_if(items, std::back_inserter(old),
                       [&](const Item* item) { return !fresh(*item, surroundings); });
  if (old.empty()) {
    return items;
  }
  std::vector<LookRequest> requests;
  for (const Item* item : old) {
    requests.push_back({.service = item->service->id, .urgent = true});
  }
  std::vector<Look> looks = surroundings.ports.reader.look(requests, surroundings.options.patience,
                                                           surroundings.options.deadline);
  CHECK(looks.size() == old.size());
  for (std::size_t i = 0; i < old.size(); ++i) {
    PassRecord& record = *old[i]->record;
    old[i]->look.asked = looks[i].asked;
    if (!looks[i].service) {
      record.outcome = Outcome::Failed;
      record.errors.push_back(looks[i].service.error().message);
      failed.push_back(old[i]);
    } else {
      // Should this step be refused, the smaller one begins at what is there by now: once one that
      // began at the old count lowered what a person had raised, and stopped a task at work.
      reread(*old[i], std::move(looks[i].service), surroundings);
    }
  }
  std::erase_if(items, [&](const Item* item) {
    return item->action() == Action::Hold || std::ranges::find(failed, item) != failed.end();
  });
  return items;
}

/// The next smaller count of an item whose count was refused; false when none is left to try.
bool make_smaller(Item& item, int tries, const Surroundings& surroundings) {
  PassRecord& record = *item.record;
  const std::int64_t refused = record.decision->desired;
  item.past.refused = {.at = record.at, .tasks = refused};
  const bool single = refused <= record.decision->before + 1;  // As the last try is.
  if (single || (item.searching && record.decision->before > 0)) {
    return false;
  }
  record.decision = decide_on(item, item.past, record.at, surroundings.options);
  if (record.decision->action == Action::ScaleOut &&
      (tries + 1 == kTriesPerPass || item.searching)) {
    record.decision = last_try(*record.decision);
  }
  return record.decision->action == Action::ScaleOut;
}

bool passes_by(const Error& error) {
  return error.kind == ErrorKind::Throttled || error.kind == ErrorKind::Unavailable ||
         error.kind == ErrorKind::Conflict;
}

void complain_of_refusal(Item& item, const Error& error) {
  item.record->complaint = fmt::format("{}; a smaller step is tried: set tasks_max", error.message);
}

/// Sends, and tries smaller what is refused. Returns what failed for the moment; what failed for
/// good is among the errors.
std::vector<Item*> send_until_accepted(std::vector<Item*> items, const Surroundings& surroundings) {
  std::vector<Item*> failed;
  for (int tries = 1; !items.empty(); ++tries) {
    items = with_counts_read_again(std::move(items), surroundings, failed);
    std::vector<Item*> smaller;
    for (Attempt& attempt : send(items, surroundings)) {
      Item& item = *attempt.item;
      if (attempt.result) {
        continue;
      }
      const Error& error = attempt.result.error();
      if (error.kind == ErrorKind::Overdue) {
        item.record->outcome = Outcome::Waiting;
      } else if (passes_by(error)) {
        item.record->errors.push_back(error.message);
        failed.push_back(&item);
      } else if (error.kind == ErrorKind::TooMany && make_smaller(item, tries, surroundings)) {
        complain_of_refusal(item, error);
        smaller.push_back(&item);
      } else {
        item.denied = true;
        item.record->errors.push_back(error.message);
      }
    }
    items = std::move(smaller);
  }
  return failed;
}

/// Looks once more at what was set: an overlapping pass, whose look was older, may have lowered it,
/// or this one has lowered what an overlapping pass had set a moment before.
void look_back(Items items, const Surroundings& surroundings) {
  std::vector<Item*> set;
  std::ranges::copy_if(items, std::back_inserter(set),
                       [](const Item* item) { return item->record->outcome == Outcome::Applied; });
  if (set.empty()) {
    return;
  }
  look(set, surroundings, Patience::AllButSlow);
  std::vector<Item*> lowered;
  for (Item* item : set) {
    PassRecord& record = *item->record;
    if (!decidable(*item)) {
      continue;
    }
    const bool as_set = item->look.service->service.desired >= record.decision->desired;
    if (as_set && item->past.refused) {
      continue;  // What ECS accepts is searched for by later passes.
    }
    const ServiceState then =
        as_set ? advance(item->past, item->service->policy, *record.decision, Outcome::Applied)
               : item->past;
    const Instant at = surroundings.ports.clock.now();
    const Decision again = decide_on(*item, then, at, surroundings.options);
    if (again.action == Action::ScaleOut) {
      tell(*item, surroundings.ports.clock);
      item->past = then;
      record.decision = again;
      lowered.push_back(item);
    }
  }
  send_until_accepted(std::move(lowered), surroundings);
}

/// How many changes can be made at once now.
PlaceBudget slots_of(const Surroundings& surroundings) {
  return PlaceBudget([&surroundings](const ServiceId& id) {
    return surroundings.ports.scaler.changes_allowed(id);
  });
}

/// Protected tasks are counted by up to three calls, one after another, so that the look which
/// brought their number may never be fresh where each call takes its time: nothing ever scaled in.
/// Service and queues are asked once more then, without them. ECS itself spares protected tasks,
/// whatever the number was.
void look_past_protection(Items items, const Surroundings& surroundings) {
  std::vector<Item*> late;
  std::vector<std::int64_t> counts;
  for (Item* item : items) {
    const bool counted = item->service->policy->scale_in_when == ScaleInWhen::Protected &&
                         item->look.service && !item->look.service->protection_error;
    if (counted && !fresh(*item, surroundings)) {
      late.push_back(item);
      counts.push_back(item->look.service->service.protected_tasks);
    }
  }
  if (late.empty()) {
    return;
  }
  look_unprotected(late, surroundings);
  for (std::size_t i = 0; i < late.size(); ++i) {
    if (late[i]->look.service) {
      late[i]->look.service->service.protected_tasks = counts[i];
    }
  }
}

/// The second look's word on a scale-in: the same decision, or a hold.
void confirm(Item& item, const Surroundings& surroundings) {
  PassRecord& record = *item.record;
  const std::int64_t desired = record.decision->before;
  if (item.look.service && item.look.service->service.desired == desired) {
    const Decision again = decide_on(item, item.past, record.at, surroundings.options);
    if (again.desired <= record.decision->desired) {
      return;
    }
  }
  record.decision = held(*record.decision, desired, Reason::ChangedMeanwhile);
}

void withhold(Item& item, const Surroundings& surroundings) {
  PassRecord& record = *item.record;
  const Duration bound = freshness_bound(item, surroundings);
  record.outcome = Outcome::Held;
  record.decision = held(*record.decision, record.decision->before, Reason::LookedTooLong,
                         {age_of(item, surroundings).count(), bound.count()});
  if (item.past.late_looks + 1 >= kLateLooksTold) {
    record.complaint = fmt::format(
        "{} scale-ins in a row were withheld, because queue and service took longer than {} to be "
        "looked at: tasks stay that are not needed",
        item.past.late_looks + 1, format_duration(bound));
  }
}

/// Scale-ins that nobody answered may have been made. Not to know of one had its count taken for a
/// person's (manual_hold), and neither budget nor cooldown counted it.
void find_made(Items unanswered, const Surroundings& surroundings) {
  if (unanswered.empty()) {
    return;
  }
  look(unanswered, surroundings, Patience::AllButSlow);
  for (Item* item : unanswered) {
    const Look& look = item->look;
    if (look.service && look.service->service.desired == item->decision().desired) {
      item->record->outcome = Outcome::Applied;
      item->record->errors.clear();
    }
  }
}

}  // namespace

std::vector<Item*> scale_out(std::vector<Item*> items, const Surroundings& surroundings) {
  std::ranges::stable_sort(items, more_urgent);
  PlaceBudget slots = slots_of(surroundings);
  std::vector<Item*> waiting = std::move(items);
  items = take_fitting(waiting, [&](const Item& item) { return slots.take(item.service->id); });
  for (Item* item : waiting) {
    item->record->outcome = Outcome::Waiting;
  }
  std::vector<Item*> failed = send_until_accepted(items, surroundings);
  look_back(items, surroundings);
  return failed;
}

// A few at a time, so that no scale-in is far from its second look. What fails is left to the next
// pass.
void scale_in(std::vector<Item*> items, const Surroundings& surroundings) {
  while (!items.empty()) {
    PlaceBudget slots = slots_of(surroundings);
    const std::vector<Item*> chosen = take_fitting(
        items, [&](const Item& item) { return slots.take(item.service->id); }, kScaleInsPerLook);
    if (chosen.empty()) {
      break;
    }
    look(chosen, surroundings, Patience::AllButSlow);
    look_past_protection(chosen, surroundings);
    std::vector<Item*> acting;
    for (Item* item : chosen) {
      confirm(*item, surroundings);
      if (item->action() == Action::ScaleIn && !fresh(*item, surroundings)) {
        withhold(*item, surroundings);
      }
      if (item->action() == Action::ScaleIn) {
        acting.push_back(item);
      }
    }
    std::vector<Item*> unanswered;
    for (const Attempt& attempt : send(acting, surroundings)) {
      if (attempt.result) {
        continue;
      }
      if (attempt.result.error().kind == ErrorKind::Overdue) {
        withhold(*attempt.item, surroundings);
        continue;
      }
      attempt.item->record->errors.push_back(attempt.result.error().message);
      if (attempt.result.error().kind == ErrorKind::Unavailable) {
        unanswered.push_back(attempt.item);
      }
    }
    find_made(unanswered, surroundings);
  }
  for (Item* item : items) {
    item->record->outcome = Outcome::Waiting;
  }
}

// The client once repeated a throttled UpdateService by itself. If another pass had set more by
// then, the old count took those tasks away again: it is absolute. So each try begins with a look
// and a decision of its own, which also finds a change that was made though its answer was lost.
// The next invocation would do the same, but a minute later (docs/adr/0017).
void try_again(std::vector<Item*> failed, const Surroundings& surroundings) {
  Clock& clock = surroundings.ports.clock;
  for (Duration pause = kFirstPause; pause <= kLastPause && !failed.empty(); pause *= 2) {
    const bool late = clock.steady() + pause >= surroundings.options.deadline;
    if (late || !clock.wait_until(clock.now() + pause, {})) {
      return;
    }
    look(failed, surroundings, Patience::AllButSlow);
    std::vector<Item*> acting;
    std::vector<Item*> unread;
    for (Item* item : failed) {
      if (!decidable(*item)) {
        unread.push_back(item);
        continue;
      }
      item->record->errors.clear();
      reconsider(*item, surroundings);
      if (item->record->outcome == Outcome::Failed) {
        acting.push_back(item);
      }
    }
    failed = send_until_accepted(acting, surroundings);
    look_back(acting, surroundings);
    std::ranges::copy(unread, std::back_inserter(failed));
  }
}

}  // namespace scaler
