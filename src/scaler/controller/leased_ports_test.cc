#include "scaler/controller/leased_ports.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

using namespace std::chrono_literals;

/// Notes by when what it is given has to leave.
class Notes final : public ServiceScaler, public StateWriter, public InstanceScaler {
 public:
  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes, Deadline) override {
    for (const DesiredCount& change : changes) {
      leave_by.push_back(change.leave_by);
    }
    return std::vector<Result<void>>(changes.size());
  }
  std::vector<Result<void>> save(std::span<const SavedState> states, Deadline until) override {
    deadline = until;
    return std::vector<Result<void>>(states.size());
  }
  Result<void> carry_out(const GroupRequest& /*request*/, const InstanceAction& /*action*/,
                         Deadline by, Deadline until) override {
    leave_by.push_back(by);
    deadline = until;
    return {};
  }
  std::size_t changes_allowed(const ServiceId&) override { return 7; }
  std::size_t saves_allowed(const ServiceId&) override { return 8; }

  std::vector<Deadline> leave_by = {};
  Deadline deadline = {};
};

TEST(LeasedPorts, NothingLeavesAfterTheLease) {
  Notes notes;
  const Deadline lease_end(10s);
  LeasedScaler scaler(notes, [&] { return lease_end; });
  LeasedStates states(notes, [&] { return lease_end; });
  const std::vector<DesiredCount> changes{
      {.leave_by = Deadline(9s)}, {.leave_by = Deadline(11s)}, {}};

  EXPECT_EQ(scaler.set_desired(changes, Deadline::max()).size(), 3U);
  EXPECT_EQ(states.save(std::vector<SavedState>(2), Deadline(30s)).size(), 2U);

  EXPECT_EQ(notes.leave_by, (std::vector{Deadline(9s), lease_end, lease_end}));
  EXPECT_EQ(notes.deadline, lease_end);
  states.save(std::vector<SavedState>(1), Deadline(5s));
  EXPECT_EQ(notes.deadline, Deadline(5s));
  notes.leave_by.clear();
  LeasedInstances instances(notes, [&] { return lease_end; });
  EXPECT_TRUE(instances.carry_out({}, {}, Deadline(11s), Deadline(30s)));
  EXPECT_EQ(notes.leave_by, (std::vector{lease_end}));
  EXPECT_EQ(notes.deadline, lease_end);
  EXPECT_EQ(scaler.changes_allowed({}), 7U);
  EXPECT_EQ(states.saves_allowed({}), 8U);
}

}  // namespace
}  // namespace scaler
