#pragma once
// FileWatch: whether a file has become another, by looking at it now and then. No threads, and no
// notices of the system, which network file systems and mounted secrets do not send.

#include <cstdint>
#include <optional>
#include <string>

#include "ground/base/clock.h"

namespace scaler {

class FileWatch {
 public:
  /// What stands there now is known. An empty path: nothing is watched.
  explicit FileWatch(std::string path) : path_(std::move(path)), known_(stamp()) { seen_ = known_; }

  /// Whether the file is not what is known, and has not changed for kSettled: it may just be in the
  /// middle of being written, and the first half of a list is a list. It is known from then on. A
  /// file that is gone is another, too, for it may come back.
  bool changed(Deadline now);
  /// Whether something stands there that can be read once only, such as a pipe. It never changes.
  bool is_stream() const;
  /// What stands there now is known: somebody reads it.
  void know() { known_ = seen_ = stamp(); }

  static constexpr Duration kSettled = std::chrono::seconds(1);

 private:
  /// What changes with a file; all zero when there is none, or something else.
  struct Stamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified = 0;  ///< nanoseconds, as is the next
    std::int64_t changed = 0;
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp() const;

  std::string path_;
  Stamp known_;
  Stamp seen_ = {};  ///< by the latest look
  Deadline since_ = {};
};

}  // namespace scaler
