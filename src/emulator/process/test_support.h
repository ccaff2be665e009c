#pragma once
// For tests: an executable made of a shell script, and an event loop that runs until something is
// true. Every wait is bounded.

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "ground/net/event_loop.h"

namespace scaler::emulator {

/// A folder of its own with one executable in it; both go at the end.
class Script {
 public:
  explicit Script(std::string_view text) {
    std::string folder = (std::filesystem::temp_directory_path() / "scaler-XXXXXX").string();
    EXPECT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    std::ofstream(path()) << text;
    std::filesystem::permissions(path(), std::filesystem::perms::owner_all);
  }
  ~Script() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  std::string path() const { return (folder_ / "bootstrap").string(); }

 private:
  std::filesystem::path folder_;
};

/// Runs the loop until it is true, at most ten seconds; whether it became true.
inline bool run_until(net::EventLoop& loop, const std::function<bool()>& condition) {
  std::stop_source stop;
  const Deadline deadline = after(std::chrono::seconds(10));
  const std::function<void()> look = [&] {
    if (condition() || std::chrono::steady_clock::now() > deadline) {
      stop.request_stop();
    } else {
      loop.run_after(std::chrono::milliseconds(1), look);
    }
  };
  loop.post(look);
  loop.run(stop.get_token());
  return condition();
}

}  // namespace scaler::emulator
