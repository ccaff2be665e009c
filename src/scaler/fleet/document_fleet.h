#pragma once
// DocumentFleet: what a fleet file says that lies elsewhere, such as in S3: its services, and where
// others are found by their tags. Asks for it once a minute. One that is bad, or cannot be had,
// changes nothing and is told.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ground/base/clock.h"
#include "scaler/fleet/fleet_source.h"
#include "scaler/fleet/tagged_fleet.h"

namespace scaler {

struct DocumentVersion {
  std::string text = {};
  std::string version = {};  ///< names it; empty when there is no name for it
};

/// The outside as DocumentFleet sees it.
class DocumentStore {
 public:
  virtual ~DocumentStore() = default;
  /// The document as it stands there; nothing: it is still the version `known`, which is empty as
  /// long as none is.
  /// Errors: NotFound, Denied, Unavailable and the others as they are.
  virtual Result<std::optional<DocumentVersion>> fetch(const std::string& known,
                                                       Deadline deadline) = 0;
};

class DocumentFleet final : public FleetSource {
 public:
  /// Errors: Malformed, naming all that is wrong with the document.
  using Read = std::function<Result<FleetScope>(const std::string& text)>;

  static constexpr Duration kEvery = std::chrono::minutes(1);
  /// A larger document is refused before it is read.
  static constexpr std::size_t kSizeMax = std::size_t{8} << 20U;

  /// `fleet` becomes what the document says; `name` is what people call it.
  DocumentFleet(DocumentStore& document, TaggedFleet& fleet, const Clock& clock, std::string name,
                Read read)
      : document_(&document),
        fleet_(&fleet),
        clock_(&clock),
        name_(std::move(name)),
        read_(std::move(read)) {}

  /// Asks for the document alone. Errors: Unavailable, for one that is bad as well.
  Result<void> begin(Deadline deadline);
  /// What is wrong with the document is told each minute, until it is mended.
  FleetNews ask(Deadline deadline) override;
  FleetNews ask_for(const Shard* shard, Deadline deadline) override;
  FleetNews ask_about(const QueueAddress& queue, Deadline deadline) override;
  std::vector<FleetMember> members() const override { return fleet_->members(); }
  void hurry() override { asked_at_.reset(); }
  std::vector<std::string> keep(StateWriter& writer, const Shard& shard,
                                Deadline deadline) override {
    return fleet_->keep(writer, shard, deadline);
  }

 private:
  bool due() const;
  void fetch(Deadline deadline);
  void tell(FleetNews& news);
  void take(const DocumentVersion& document);

  DocumentStore* document_;
  TaggedFleet* fleet_;
  const Clock* clock_;
  std::string name_;
  Read read_;
  std::string version_ = {};              ///< the last that came, good or not
  std::string problem_ = {};              ///< with that version; empty when it is good
  std::string failure_ = {};              ///< why it could not be had last
  bool known_ = false;                    ///< some version was good
  std::optional<SpecProblem> note_ = {};  ///< to be told
  std::optional<Instant> asked_at_ = {};
};

}  // namespace scaler
