#pragma once
// TaggedFleet: the services that carry the tag ecs-scaler:queue, in one place or several. Looks for
// them once a minute, and lets none go because somebody could not be asked: what a service's own
// tags say is the truth. They are asked of those that are new, gone or changed by the index, and of
// all in turn.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scaler/fleet/fleet_source.h"
#include "scaler/fleet/service_tags.h"

namespace scaler {

/// Where services are looked for by their tags, and as whom.
struct SearchedPlace {
  std::string region = {};  ///< empty: the default one
  AccountRole role = {};    ///< none: the program's own identity
  auto operator<=>(const SearchedPlace&) const = default;
};
/// For messages: "role arn:aws:iam::123456789012:role/scaler, eu-west-1"; empty for the program's
/// own identity in the default region.
std::string describe(const SearchedPlace& place);

struct WantedTag {
  std::string_view key = {};
  std::vector<std::string> values = {};  ///< up to 20; none: any
};

/// The outside as TaggedFleet sees it.
class ServiceDirectory {
 public:
  virtual ~ServiceDirectory() = default;
  struct Found {
    std::map<std::string, ServiceTags> services = {};  ///< by ARN, as far as they came
    std::optional<Error> error = {};                   ///< why not all of them did
  };
  /// The services that carry the tag, with any value or one of these, by indexes that may be late:
  /// one answer for each place, in order. No place waits for another that is much slower.
  virtual std::vector<Found> tagged(const WantedTag& tag, std::span<const SearchedPlace> places,
                                    Deadline deadline) = 0;
  /// The tags of each service, which has its ARN, by its own account of itself, in order. No member
  /// harms another.
  /// Errors: NotFound for a service that is none any more, and as CloudReader::look().
  virtual std::vector<Result<ServiceTags>> tags_of(std::span<const ServiceId> services,
                                                   Deadline deadline) = 0;
};

/// What a deployment says of the services that it scales.
struct FleetScope {
  std::vector<ServiceSpec> fixed = {};  ///< these in any case, whatever their tags say
  std::vector<SearchedPlace> places = {SearchedPlace{}};  ///< where others are looked for
  TagRules rules = {};                                    ///< for those
};

class TaggedFleet final : public FleetSource {
 public:
  /// Between two times that a place is searched, and after one that failed.
  static constexpr Duration kEvery = std::chrono::minutes(1);
  static constexpr Duration kAgain = std::chrono::seconds(10);
  /// Each service's own tags are asked for this often, whatever the index says.
  static constexpr Duration kOwnTagsEvery = std::chrono::minutes(5);
  /// Last good settings that are written after one pass, at most: states go before them.
  static constexpr std::size_t kKeptAtOnce = 10;

  TaggedFleet(ServiceDirectory& directory, const Clock& clock, FleetScope scope)
      : directory_(&directory), clock_(&clock), scope_(std::move(scope)) {}

  /// The problems are told each time that a place was searched, until they are mended.
  FleetNews ask(Deadline deadline) override;
  FleetNews ask_for(const Shard* shard, Deadline deadline) override;
  /// Of a queue whose services are not known, first those are looked for that name it and nothing
  /// else; then all, by the index. Only the tags of those that name it are read.
  FleetNews ask_about(const QueueAddress& queue, Deadline deadline) override;
  std::vector<FleetMember> members() const override;
  void hurry() override { searched_.clear(); }
  std::vector<std::string> keep(StateWriter& writer, const Shard& shard,
                                Deadline deadline) override;

  /// From now on another scope; what is known of places that stay goes on.
  void become(FleetScope scope);
  /// The whole fleet as it is known now.
  std::vector<ServiceSpec> services() const;
  /// Those that carry the tag and of which no good settings are known here; a process that runs for
  /// longer may know some.
  std::vector<ServiceId> without_settings() const;

 private:
  struct Known {
    SearchedPlace place = {};
    std::optional<ServiceTags> indexed = {};  ///< its tags by the index, if that knows it
    ServiceTags tags = {};                    ///< as last read, without what the scaler writes
    std::string kept = {};                    ///< kLastGoodTag, as last read or written
    std::optional<Instant> kept_at = {};      ///< the `read_at` that was looked at for it
    std::optional<ServiceSpec> good = {};     ///< the last that was whole
    std::string problem = {};                 ///< of the tags
    std::string failure = {};                 ///< why they could not be had last
    bool changed = true;                      ///< since it was last told
    bool to_tell = false;                     ///< what is wrong, again
    std::optional<Instant> read_at = {};      ///< its own tags, or an attempt at them
    bool to_read = true;
  };
  /// What became of the last search.
  struct Searched {
    Instant at = {};
    bool whole = false;  ///< then the directory answered in full
  };

  /// Those in which the shard's services may be; with nullptr all.
  std::vector<SearchedPlace> places_of(const Shard* shard) const;
  std::vector<SearchedPlace> due_among(const std::vector<SearchedPlace>& places) const;
  void search(const std::vector<SearchedPlace>& places, Deadline deadline, FleetNews& news);
  void search_for(const QueueAddress& queue, Deadline deadline);
  bool read_owners(const QueueAddress& queue, Deadline deadline);
  bool may_own(const std::string& arn, const Known& known, const QueueAddress& queue) const;
  void take_in(const SearchedPlace& place, const ServiceDirectory::Found& found);
  bool is_to_read(const std::string& arn, const Known& known, bool whole,
                  const std::optional<ServiceTags>& before) const;
  void read_shard(const Shard& shard, Deadline deadline);
  void hear(const ServiceId& id, const Result<ServiceTags>& tags);
  void read(const std::string& arn, Known& known, ServiceTags tags);
  void tell(const Shard& shard, FleetNews& news);
  bool stands_fixed(const ServiceSpec& spec) const;

  ServiceDirectory* directory_;
  const Clock* clock_;
  FleetScope scope_;
  std::map<std::string, Known> known_ = {};  ///< by ARN
  std::map<SearchedPlace, Searched> searched_ = {};
  bool told_ = false;
  bool asked_ = false;    ///< a place was searched, since the fleet was last told
  bool changed_ = false;  ///< the fleet has, since then
};

}  // namespace scaler
