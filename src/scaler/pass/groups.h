#pragma once
// Groups: the instances under the services of one pass. They come after the tasks, and whatever
// goes wrong with them is told and changes nothing about tasks or about other groups.

#include <span>
#include <string>
#include <vector>

#include "scaler/pass/group_driver.h"

namespace scaler {

/// Whether nothing is to be done at this moment for the group that somebody owns under a service;
/// true where there is none. Until it is, what is known of its services has to be new.
bool group_rests(const ManagedService& service, Instant at);

class Groups {
 public:
  /// Of all items of a pass; they outlive this.
  Groups(std::span<Item> items, const Surroundings& surroundings);

  /// Kept of the pass's time for what act() has to do.
  Duration reserve() const;
  /// Before anything is sent: of these items, whoever is to have instances first scales out no
  /// further than instances have room.
  void hold_back(Items decided) const;
  /// Once all that is to be set is set: drives the groups of services that own theirs, and asks for
  /// the first instances where a service was woken from none. No group is driven twice a pass.
  void act() const;

 private:
  bool enabled() const { return surroundings_.ports.instances != nullptr; }
  Group group_of(const Item& item) const;
  std::vector<Group> groups() const;
  bool concerned(const Item& item) const;
  void note_owned() const;
  void drive(const Group& group) const;

  std::span<Item> items_;
  const Surroundings& surroundings_;
};

}  // namespace scaler
