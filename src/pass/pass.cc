#include "pass/pass.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace scaler {
namespace {

constexpr std::size_t kScaleInsPerLook = 10;  ///< as many as one DescribeServices tells
/// A look that took longer is not one just before a scale-in: a task starts, and works, in a
/// second.
constexpr Duration kFresh = std::chrono::milliseconds(500);
/// Between two attempts at a scale-out, doubled each time: five more within about three seconds.
constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr Duration kLastPause = std::chrono::milliseconds(1600);

std::vector<Look> look_at_chosen(std::span<ManagedService> fleet,
                                 std::span<const std::size_t> chosen, const Ports& ports,
                                 Deadline deadline) {
  std::vector<LookRequest> requests;
  for (const std::size_t i : chosen) {
    requests.push_back({.service = fleet[i].id,
                        .protection = fleet[i].policy->scale_in_when == ScaleInWhen::Protected});
    for (const JobQueue& queue : fleet[i].queues) {
      requests.back().queue_urls.push_back(queue.url);
    }
  }
  std::vector<Look> looks = ports.reader.look(requests, Patience::All, deadline);
  CHECK(looks.size() == requests.size());
  return looks;
}

std::vector<PassRecord> observe_all(std::span<ManagedService> fleet, const Ports& ports,
                                    Deadline deadline) {
  std::vector<std::size_t> all(fleet.size());
  std::ranges::generate(all, [i = std::size_t{0}]() mutable { return i++; });
  std::vector<Look> looks = look_at_chosen(fleet, all, ports, deadline);
  std::vector<PassRecord> records(fleet.size());
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    PassRecord& record = records[i];
    record.id = fleet[i].id;
    record.at = ports.clock.now();
    record.reading = std::move(looks[i].service);
    record.queues = looks[i].queues;
    for (const Result<QueueDepth>& queue : record.queues) {
      if (!queue) {
        record.errors.push_back(queue.error().message);
      }
    }
    if (!record.reading) {
      record.errors.push_back(record.reading.error().message);
    } else if (record.reading->protection_error) {
      record.errors.push_back(record.reading->protection_error->message);
    }
  }
  return records;
}

std::vector<Millionths> weights_of(const ManagedService& service) {
  std::vector<Millionths> weights;
  weights.reserve(service.queues.size());
  for (const JobQueue& queue : service.queues) {
    weights.push_back(queue.weight);
  }
  return weights;
}

Decision decide_on(const ManagedService& service, const ServiceState& state, Instant at,
                   const std::vector<Result<QueueDepth>>& queues, const ServiceReading& reading) {
  return decide(
      service.policy, state,
      {.at = at, .queues = queues, .weights = weights_of(service), .service = reading.service});
}

void decide_all(std::span<ManagedService> fleet, std::span<PassRecord> records,
                Permission permission) {
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    PassRecord& record = records[i];
    if (!record.reading) {
      continue;
    }
    Memory::Recalled recalled = fleet[i].memory.recall(record.reading->saved_state, record.at);
    record.state = recalled.state;
    record.complaint = std::move(recalled.complaint);
    Decision decision =
        decide_on(fleet[i], record.state, record.at, record.queues, *record.reading);
    if (permission == Permission::ScaleOutOnly && decision.action == Action::ScaleIn) {
      decision = held(decision, record.reading->service.desired, Reason::ScaleOutOnly);
    }
    record.decision = decision;
  }
}

/// The second look's word on a scale-in: the same decision, or a hold.
Decision confirmed(const ManagedService& service, const PassRecord& record, const Look& look) {
  const std::int64_t desired = record.reading->service.desired;
  const Result<ServiceReading>& reading = look.service;
  if (reading && reading->service.desired == desired) {
    const Decision again = decide_on(service, record.state, record.at, look.queues, *reading);
    if (again.action == Action::ScaleIn && again.desired <= record.decision->desired) {
      return *record.decision;
    }
  }
  return held(*record.decision, desired, Reason::ChangedMeanwhile);
}

/// Looks again at what is to be scaled in. A busy service must not be stopped on a look whose parts
/// are old by the time it is complete, as after a call that was repeated: then nothing is
/// confirmed.
void confirm(std::span<ManagedService> fleet, std::span<PassRecord> records,
             std::span<const std::size_t> chosen, const Ports& ports, Deadline deadline) {
  const Instant begin = ports.clock.now();
  const std::vector<Look> looks = look_at_chosen(fleet, chosen, ports, deadline);
  const Duration took = ports.clock.now() - begin;
  const bool fresh = took >= Duration::zero() && took <= kFresh;
  for (std::size_t position = 0; position < chosen.size(); ++position) {
    const ManagedService& service = fleet[chosen[position]];
    PassRecord& record = records[chosen[position]];
    record.decision = fresh || service.policy->scale_in_when != ScaleInWhen::Idle
                          ? confirmed(service, record, looks[position])
                          : held(*record.decision, record.reading->service.desired,
                                 Reason::LookedTooLong, took.count());
  }
}

/// Of those that scale out, the one that lacks most of what it has first: where a rate limits how
/// many go at once, the others wait.
bool more_urgent(const PassRecord& a, const PassRecord& b) {
  return a.decision->desired * b.reading->service.desired >
         b.decision->desired * a.reading->service.desired;
}

/// The places in the fleet whose decision is this.
std::vector<std::size_t> deciding(std::span<const PassRecord> records, Action action) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].decision && records[i].decision->action == action) {
      places.push_back(i);
    }
  }
  return places;
}

/// What a change came to that did not succeed.
struct FailedChange {
  std::size_t place = 0;  ///< in the fleet
  Error error = {};
};

/// Sets what was decided for the chosen services and was not withdrawn since.
std::vector<FailedChange> apply(std::span<PassRecord> records, std::span<const std::size_t> chosen,
                                const Ports& ports, Deadline deadline) {
  std::vector<std::size_t> acting;
  std::vector<DesiredCount> changes;
  for (const std::size_t i : chosen) {
    const PassRecord& record = records[i];
    if (record.decision->action != Action::Hold) {
      acting.push_back(i);
      changes.push_back({.service = record.id, .desired = record.decision->desired});
    }
  }
  if (changes.empty()) {
    return {};
  }
  std::vector<Result<void>> results = ports.scaler.set_desired(changes, deadline);
  CHECK(results.size() == changes.size());
  std::vector<FailedChange> failed;
  for (std::size_t i = 0; i < results.size(); ++i) {
    records[acting[i]].outcome = results[i] ? Outcome::Applied : Outcome::Failed;
    if (!results[i]) {
      failed.push_back({.place = acting[i], .error = std::move(results[i]).error()});
    }
  }
  return failed;
}

void report(std::span<PassRecord> records, std::span<const FailedChange> failed) {
  for (const FailedChange& change : failed) {
    records[change.place].errors.push_back(change.error.message);
  }
}

/// Decides a scale-out anew that failed for the moment, of a service that the look could read. By
/// now another pass may have set a higher count, which the old one must not lower; or the change
/// was made and only its answer was lost.
void decide_again(const ManagedService& service, PassRecord& record, const Look& look, Instant at) {
  const Result<ServiceReading>& reading = look.service;
  const std::int64_t desired = reading->service.desired;
  if (desired == record.decision->desired) {
    record.outcome = Outcome::Applied;
    return;
  }
  record.at = at;
  record.reading = reading;
  record.queues = look.queues;
  record.decision = decide_on(service, record.state, at, record.queues, *reading);
  if (record.decision->action == Action::ScaleIn) {
    record.decision = held(*record.decision, desired, Reason::ChangedMeanwhile);
  }
  record.outcome = record.decision->action == Action::Hold ? Outcome::Held : Outcome::Failed;
}

/// Tries again what failed for the moment; returns what failed for good.
std::vector<FailedChange> try_again(std::span<ManagedService> fleet, std::span<PassRecord> records,
                                    std::vector<FailedChange> failed, const Ports& ports,
                                    Deadline deadline) {
  std::vector<FailedChange> hopeless;
  for (Duration pause = kFirstPause; pause <= kLastPause && !failed.empty(); pause *= 2) {
    const auto lost = std::ranges::stable_partition(failed, [](const FailedChange& change) {
      return change.error.kind == ErrorKind::Throttled ||
             change.error.kind == ErrorKind::Unavailable;
    });
    std::ranges::move(lost, std::back_inserter(hopeless));
    failed.erase(lost.begin(), lost.end());
    std::vector<std::size_t> places;
    std::ranges::transform(failed, std::back_inserter(places), &FailedChange::place);
    if (places.empty() || !ports.clock.wait_until(ports.clock.now() + pause, {})) {
      break;
    }
    const std::vector<Look> looks = look_at_chosen(fleet, places, ports, deadline);
    std::vector<std::size_t> chosen;
    for (std::size_t position = 0; position < places.size(); ++position) {
      if (!looks[position].service) {
        hopeless.push_back(std::move(failed[position]));
        continue;
      }
      const std::size_t i = places[position];
      decide_again(fleet[i], records[i], looks[position], ports.clock.now());
      if (records[i].outcome == Outcome::Failed) {
        chosen.push_back(i);
      }
    }
    failed = apply(records, chosen, ports, deadline);
  }
  std::ranges::move(failed, std::back_inserter(hopeless));
  return hopeless;
}

void scale_out(std::span<ManagedService> fleet, std::span<PassRecord> records, const Ports& ports,
               Deadline deadline) {
  std::vector<std::size_t> chosen = deciding(records, Action::ScaleOut);
  std::ranges::stable_sort(chosen, [records](std::size_t a, std::size_t b) {
    return more_urgent(records[a], records[b]);
  });
  report(records,
         try_again(fleet, records, apply(records, chosen, ports, deadline), ports, deadline));
}

/// A few at a time, so that no scale-in is far from its second look. What fails is left to the next
/// pass.
void scale_in(std::span<ManagedService> fleet, std::span<PassRecord> records, const Ports& ports,
              Deadline deadline) {
  const std::vector<std::size_t> all = deciding(records, Action::ScaleIn);
  for (std::span<const std::size_t> rest = all; !rest.empty();) {
    const auto chosen = rest.first(std::min(rest.size(), kScaleInsPerLook));
    confirm(fleet, records, chosen, ports, deadline);
    report(records, apply(records, chosen, ports, deadline));
    rest = rest.subspan(chosen.size());
  }
}

std::int64_t desired_after(const PassRecord& record) {
  return record.outcome == Outcome::Applied ? record.decision->desired
                                            : record.reading->service.desired;
}

void advance_all(std::span<const ManagedService> fleet, std::span<PassRecord> records) {
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    PassRecord& record = records[i];
    if (record.decision) {
      record.state = advance(record.state, fleet[i].policy, *record.decision, record.outcome);
    }
  }
}

void remember_all(std::span<ManagedService> fleet, std::span<PassRecord> records,
                  const Ports& ports, Deadline deadline) {
  std::vector<std::size_t> saving;
  std::vector<SavedState> texts;
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    PassRecord& record = records[i];
    if (!record.decision) {
      continue;
    }
    fleet[i].memory.remember(record.state);
    auto text = fleet[i].memory.text_to_save(fleet[i].policy, desired_after(record), record.at);
    if (text && ports.states != nullptr) {
      saving.push_back(i);
      texts.push_back({.service_arn = record.reading->arn, .text = *std::move(text)});
    }
  }
  if (texts.empty()) {
    return;
  }
  const std::vector<Result<void>> results = ports.states->save(texts, deadline);
  CHECK(results.size() == texts.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i]) {
      fleet[saving[i]].memory.saved(std::move(texts[i].text), records[saving[i]].at);
    } else {
      records[saving[i]].errors.push_back(results[i].error().message);
    }
  }
}

}  // namespace

Look look_at(CloudReader& reader, const LookRequest& request, Deadline deadline) {
  return std::move(reader.look({&request, 1}, Patience::All, deadline).front());
}

std::vector<PassRecord> run_pass(std::span<ManagedService> fleet, const Ports& ports,
                                 const PassOptions& options) {
  std::vector<PassRecord> records = observe_all(fleet, ports, options.deadline);
  decide_all(fleet, records, options.permission);
  if (options.permission == Permission::Nothing) {
    advance_all(fleet, records);
    return records;
  }
  scale_out(fleet, records, ports, options.deadline);
  scale_in(fleet, records, ports, options.deadline);
  advance_all(fleet, records);
  remember_all(fleet, records, ports, options.deadline);
  return records;
}

}  // namespace scaler
