#pragma once
// FleetSource: where the services of a fleet come from, for whoever asks it again and again.

#include <optional>
#include <string>
#include <vector>

#include "scaler/fleet/service_spec.h"
#include "scaler/fleet/shard.h"

namespace scaler {

/// A fleet that is known does not wait longer than this for news of it.
inline constexpr Duration kPatienceForNews = std::chrono::seconds(2);

/// What is wrong with one service's settings, or is to be said of them. It harms nobody else.
struct SpecProblem {
  std::string service = {};  ///< its ARN, or place in a file
  std::string message = {};
  bool operator==(const SpecProblem&) const = default;
};

/// What a source says when it is asked.
struct FleetNews {
  /// The whole fleet as it is from now on; nothing: as it was.
  std::optional<std::vector<ServiceSpec>> services = {};
  bool asked = false;  ///< then the problems are all that there are; else none are told
  std::vector<SpecProblem> problems = {};  ///< that somebody has to mend
  std::vector<SpecProblem> notes = {};     ///< that somebody should know, told once
  /// What could not be asked at all. The fleet stays as it was.
  std::vector<std::string> errors = {};
};

class FleetSource {
 public:
  virtual ~FleetSource() = default;
  /// Cheap while there is nothing to ask for: it is called before every pass.
  virtual FleetNews ask(Deadline deadline) = 0;
  /// The same, for whoever needs to know of a shard's services only; nullptr: of none.
  virtual FleetNews ask_for(const Shard* /*shard*/, Deadline deadline) { return ask(deadline); }
  /// The same, for whoever needs to know whose a queue is, and nothing of others: no more is asked
  /// for than finds its services.
  virtual FleetNews ask_about(const QueueAddress& /*queue*/, Deadline deadline) {
    return ask(deadline);
  }
  /// All that are known by name, to be cut; none where a fleet is not to be cut.
  virtual std::vector<FleetMember> members() const { return {}; }
  /// Has the shard's services keep the settings that are right, for a process that starts while
  /// they are wrong; a few of those that do not yet. What could not be written.
  virtual std::vector<std::string> keep(StateWriter& /*writer*/, const Shard& /*shard*/,
                                        Deadline /*deadline*/) {
    return {};
  }
  /// The next ask() asks, whenever the last one was: somebody says that there is news.
  virtual void hurry() = 0;
};

}  // namespace scaler
