#include "pass/pass.h"

#include <algorithm>

#include "base/check.h"

namespace scaler {
namespace {

/// The readings of a subset of the fleet, taken apart by service.
class Look {
 public:
  Look(std::span<ManagedService> fleet, std::span<const std::size_t> chosen, const Ports& ports,
       Deadline deadline) {
    ReadRequest request;
    for (const std::size_t i : chosen) {
      first_queue_.push_back(request.queue_urls.size());
      if (fleet[i].policy->scale_in_when == ScaleInWhen::Protected) {
        request.protection_of.push_back(request.services.size());
      }
      request.services.push_back(fleet[i].id);
      for (const JobQueue& queue : fleet[i].queues) {
        request.queue_urls.push_back(queue.url);
      }
    }
    first_queue_.push_back(request.queue_urls.size());
    response_ = ports.reader.read(request, deadline);
    CHECK(response_.queues.size() == request.queue_urls.size());
    CHECK(response_.services.size() == request.services.size());
  }

  /// `position` counts within the chosen services.
  Result<ServiceReading>& service(std::size_t position) { return response_.services[position]; }

  std::vector<Result<QueueDepth>> queues(std::size_t position) const {
    const auto begin = response_.queues.begin();
    return {begin + static_cast<std::ptrdiff_t>(first_queue_[position]),
            begin + static_cast<std::ptrdiff_t>(first_queue_[position + 1])};
  }

 private:
  ReadResponse response_;
  std::vector<std::size_t> first_queue_;
};

std::vector<PassRecord> observe_all(std::span<ManagedService> fleet, const Ports& ports,
                                    Deadline deadline) {
  std::vector<std::size_t> all(fleet.size());
  std::ranges::generate(all, [i = std::size_t{0}]() mutable { return i++; });
  Look look(fleet, all, ports, deadline);
  std::vector<PassRecord> records(fleet.size());
  for (std::size_t i = 0; i < fleet.size(); ++i) {
    PassRecord& record = records[i];
    record.id = fleet[i].id;
    record.at = ports.clock.now();
    record.reading = std::move(look.service(i));
    record.queues = look.queues(i);
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
    Decision decision = decide(fleet[i].policy, record.state,
                               {.at = record.at,
                                .queues = record.queues,
                                .weights = weights_of(fleet[i]),
                                .service = record.reading->service});
    if (permission == Permission::ScaleOutOnly && decision.action == Action::ScaleIn) {
      decision = held(decision, record.reading->service.desired, Reason::ScaleOutOnly);
    }
    record.decision = decision;
  }
}

/// The second look's word on a scale-in: the same decision, or a hold.
Decision confirmed(const ManagedService& service, const PassRecord& record, Look& look,
                   std::size_t position) {
  const std::int64_t desired = record.reading->service.desired;
  const Result<ServiceReading>& reading = look.service(position);
  if (reading && reading->service.desired == desired) {
    const Decision again = decide(service.policy, record.state,
                                  {.at = record.at,
                                   .queues = look.queues(position),
                                   .weights = weights_of(service),
                                   .service = reading->service});
    if (again.action == Action::ScaleIn && again.desired <= record.decision->desired) {
      return *record.decision;
    }
  }
  return held(*record.decision, desired, Reason::ChangedMeanwhile);
}

void confirm_scale_ins(std::span<ManagedService> fleet, std::span<PassRecord> records,
                       const Ports& ports, Deadline deadline) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].decision && records[i].decision->action == Action::ScaleIn) {
      chosen.push_back(i);
    }
  }
  if (chosen.empty()) {
    return;
  }
  Look look(fleet, chosen, ports, deadline);
  for (std::size_t position = 0; position < chosen.size(); ++position) {
    const std::size_t i = chosen[position];
    records[i].decision = confirmed(fleet[i], records[i], look, position);
  }
}

/// Out before in, and of those that scale out the one that lacks most of what it has first: where a
/// rate limits how many go at once, the others wait.
bool more_urgent(const PassRecord* a, const PassRecord* b) {
  const bool a_out = a->decision->action == Action::ScaleOut;
  const bool b_out = b->decision->action == Action::ScaleOut;
  if (!a_out || !b_out) {
    return a_out && !b_out;
  }
  return a->decision->desired * b->reading->service.desired >
         b->decision->desired * a->reading->service.desired;
}

void apply_all(std::span<PassRecord> records, const Ports& ports, Deadline deadline) {
  std::vector<PassRecord*> acting;
  for (PassRecord& record : records) {
    if (record.decision && record.decision->action != Action::Hold) {
      acting.push_back(&record);
    }
  }
  std::ranges::stable_sort(acting, more_urgent);
  std::vector<DesiredCount> changes;
  changes.reserve(acting.size());
  for (const PassRecord* record : acting) {
    // A scale-in that is repeated after a pause was confirmed too long ago: work may have come.
    changes.push_back({.service = record->id,
                       .desired = record->decision->desired,
                       .once = record->decision->action == Action::ScaleIn});
  }
  if (changes.empty()) {
    return;
  }
  const std::vector<Result<void>> results = ports.scaler.set_desired(changes, deadline);
  CHECK(results.size() == changes.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    acting[i]->outcome = results[i] ? Outcome::Applied : Outcome::Failed;
    if (!results[i]) {
      acting[i]->errors.push_back(results[i].error().message);
    }
  }
}

std::int64_t desired_after(const PassRecord& record) {
  return record.outcome == Outcome::Applied ? record.decision->desired
                                            : record.reading->service.desired;
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
    record.state = advance(record.state, fleet[i].policy, *record.decision, record.outcome);
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

std::vector<PassRecord> run_pass(std::span<ManagedService> fleet, const Ports& ports,
                                 const PassOptions& options) {
  std::vector<PassRecord> records = observe_all(fleet, ports, options.deadline);
  decide_all(fleet, records, options.permission);
  confirm_scale_ins(fleet, records, ports, options.deadline);
  apply_all(records, ports, options.deadline);
  remember_all(fleet, records, ports, options.deadline);
  return records;
}

}  // namespace scaler
