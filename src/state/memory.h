#pragma once
// Memory: one service's state between passes. It lives in this process; where a service tag keeps a
// copy, the tag is what another process sees, and it is written only on a change that matters.

#include <optional>
#include <string>
#include <string_view>

#include "core/policy.h"
#include "core/state.h"

namespace scaler {

class Memory {
 public:
  struct Recalled {
    ServiceState state = {};
    std::string complaint =
        {};  ///< why the saved text was not used; empty when it was or there was none
  };

  /// The state to decide with. `saved` is the tag's text as just read, or empty. A damaged or
  /// foreign text counts as nothing known. For kTagLag after an own write a differing tag may be an
  /// old reading: then the more cautious of both is taken, field by field.
  Recalled recall(std::string_view saved, Instant at);

  /// Remembers the state in this process.
  void remember(const ServiceState& state) { state_ = state; }

  /// The text to write to the tag, or nothing when the tag says all that matters already.
  /// `desired` is the count after the pass at `at`.
  std::optional<std::string> text_to_save(const Policy& policy, std::int64_t desired,
                                          Instant at) const;

  /// The tag holds that text from now on.
  void saved(std::string text, Instant at);

  /// How long a reading may lag behind a write. ECS documents eventual consistency without a
  /// figure; it advises to back off for up to five minutes, and a minute bounds what an old reading
  /// can delay.
  static constexpr Duration kTagLag = std::chrono::minutes(1);

 private:
  ServiceState state_ = {};
  std::string tag_ = {};         ///< the text that state_ refines
  ServiceState tag_state_ = {};  ///< what it says; nothing known when it is damaged
  std::optional<Instant> written_at_ = {};
};

/// Of two states the one that scales in later, field by field.
ServiceState more_cautious(const ServiceState& a, const ServiceState& b);

}  // namespace scaler
