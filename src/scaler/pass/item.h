#pragma once
// Item: a service of the fleet with what this pass knows of it. They travel together through all
// steps of a pass, so that no list of one thing has to be matched with a list of another.

#include <span>
#include <vector>

#include "scaler/pass/pass.h"

namespace scaler {

struct Item {
  ManagedService* service = nullptr;
  PassRecord* record = nullptr;
  Look look = {};                         ///< the latest
  ServiceState past = {};                 ///< what was remembered before this pass
  std::optional<std::int64_t> room = {};  ///< tasks, at most, until instances have more
  bool denied = false;                    ///< ECS refused its scale-out, and will again
  bool searching = false;  ///< an earlier pass was refused a count: this one tries one other

  const Decision& decision() const { return *record->decision; }
  Action action() const { return decision().action; }
};

using Items = std::span<Item* const>;

/// Who observes, and with what.
struct Surroundings {
  const Ports& ports;
  const PassOptions& options;
  Instant begun_at = ports.clock.now();  ///< the same moment on both clocks
  Deadline begun = ports.clock.steady();
};

/// How old a look may be when a change leaves that follows from it: three of the fastest round
/// trips of the place, but no less than 500 ms (a task starts, and works, in a second) and no more
/// than 2 s.
Duration freshness_bound(const Item& item, const Surroundings& surroundings);

/// The age of the item's look at this moment, by the clock that tells more: steady time stands
/// still while a machine is suspended.
Duration age_of(const Item& item, const Surroundings& surroundings);

/// Looks at the items' services and puts what came into their looks.
void look(Items items, const Surroundings& surroundings, Patience patience);

/// The same without the number of protected tasks.
void look_unprotected(Items items, const Surroundings& surroundings);

/// The same of the queues alone, of services that rest: what is known of the service stands in the
/// place of what would be read.
void look_at_queues(Items items, const Surroundings& surroundings);

/// Puts the look into the record, and what could not be read into its errors.
void tell(Item& item, const Clock& clock);

/// Whether the look says enough to decide on; what is still under way may come with a later one.
bool decidable(const Item& item);

/// Decides anew on the latest look, after `state`.
Decision decide_on(const Item& item, const ServiceState& state, Instant at,
                   const PassOptions& options);

/// Whether a pass now may look at the service by its queues alone.
bool may_rest(const ManagedService& service, Instant at, const PassOptions& options);

/// Whether the look at its queues and the decision that followed leave it at rest.
bool still_rests(const Item& item);

/// Whether any queue that could be read holds messages.
bool has_messages(const Item& item);

/// After a whole look and what came of it: whether it rests from now on.
void note_rest(Item& item);

/// Recalls what is known and decides.
void decide_first(Item& item, const Surroundings& surroundings);

}  // namespace scaler
