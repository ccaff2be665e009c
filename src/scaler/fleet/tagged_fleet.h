#pragma once
// TaggedFleet: the services that carry the tag ecs-scaler:queue. Looks for them once a minute, and
// lets none go because somebody could not be asked: what a service's own tags say is the truth.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scaler/fleet/fleet_source.h"
#include "scaler/fleet/service_tags.h"

namespace scaler {

/// The outside as TaggedFleet sees it.
class ServiceDirectory {
 public:
  virtual ~ServiceDirectory() = default;
  struct Found {
    std::vector<std::string> arns = {};  ///< as far as they came
    std::optional<Error> error = {};     ///< why not all of them did
  };
  /// The services that carry the tag by an index that may be late.
  virtual Found tagged(std::string_view key, Deadline deadline) = 0;
  /// The tags of each service by its own account of itself, in order. No member harms another.
  /// Errors: NotFound for a service that is none any more, and as CloudReader::look().
  virtual std::vector<Result<ServiceTags>> tags_of(std::span<const std::string> arns,
                                                   Deadline deadline) = 0;
};

class TaggedFleet final : public FleetSource {
 public:
  /// Between two times that the directory is asked, and after one that failed.
  static constexpr Duration kEvery = std::chrono::minutes(1);
  static constexpr Duration kAgain = std::chrono::seconds(10);

  TaggedFleet(ServiceDirectory& directory, const Clock& clock, TagRules rules)
      : directory_(&directory), clock_(&clock), rules_(std::move(rules)) {}

  /// The problems are told each time that the directory was asked, until they are mended.
  FleetNews ask(Deadline deadline) override;

 private:
  struct Known {
    ServiceTags tags = {};                 ///< as last read, without the state's
    std::optional<ServiceSpec> good = {};  ///< the last that was whole
    std::string problem = {};
    bool changed = true;  ///< since it was last told
  };

  bool due() const;
  void hear(const std::string& arn, const Result<ServiceTags>& tags, FleetNews& news);
  void read(const std::string& arn, const ServiceTags& tags);
  void tell(FleetNews& news);

  ServiceDirectory* directory_;
  const Clock* clock_;
  TagRules rules_;
  std::map<std::string, Known> known_ = {};  ///< by ARN
  std::optional<Instant> asked_at_ = {};
  bool whole_ = false;    ///< then the directory answered in full
  bool changed_ = false;  ///< the fleet has, since it was last told
};

}  // namespace scaler
