#pragma once
// Teller: what people are told, at most once a minute for each kind of warning.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "guard/protocol/vocabulary.h"

namespace scaler::guard {

class Teller {
 public:
  enum class About { Unguarded, Renewal, Blocked, Ended, Drop, Call, Unread, GiveBack, Count };

  /// Told at once, or counted when the last of its kind was told within a minute.
  void warn(About about, const std::string& text, Deadline now);
  void say(const std::string& text) { told_.push_back({.warning = false, .text = text}); }
  std::vector<Tell> take();

  friend auto operator<=>(const Teller&, const Teller&) = default;

 private:
  struct Last {
    std::optional<Deadline> at;
    std::uint64_t since = 0;  ///< times since then that were not told

    friend auto operator<=>(const Last&, const Last&) = default;
  };
  std::array<Last, static_cast<std::size_t>(About::Count)> last_{};
  std::vector<Tell> told_;
};

}  // namespace scaler::guard
