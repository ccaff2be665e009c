#include "ground/base/file_watch.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <unistd.h>

#include <gtest/gtest.h>

#include "ground/base/file.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;

class FileWatchTest : public ::testing::Test {
 protected:
  FileWatchTest() {
    EXPECT_TRUE(write_file(path_, "first").has_value());
    watch_.know();
  }
  ~FileWatchTest() override { std::remove(path_.c_str()); }

  /// A look so many milliseconds after the start.
  bool changed_at(int milliseconds) {
    return watch_.changed(Deadline(1h + Duration(milliseconds)));
  }
  void write(const std::string& text) { ASSERT_TRUE(write_file(path_, text).has_value()); }

  std::string path_ =
      (std::filesystem::temp_directory_path() / ("watch-" + std::to_string(::getpid()))).string();
  FileWatch watch_{path_};
};

TEST_F(FileWatchTest, TellsAChangeOnceAndOnlyWhenItHasSettled) {
  EXPECT_FALSE(changed_at(0));
  write("half of it");
  EXPECT_FALSE(changed_at(1'000));
  write("all of it, at last");
  EXPECT_FALSE(changed_at(1'900));
  EXPECT_FALSE(changed_at(2'800));
  EXPECT_TRUE(changed_at(2'900));
  EXPECT_FALSE(changed_at(9'000));
}

TEST_F(FileWatchTest, SeesAnotherFileInItsPlaceThoughSizeAndTimeAreTheSame) {
  const auto written = std::filesystem::last_write_time(path_);
  ASSERT_TRUE(replace_file(path_, "other").has_value());
  std::filesystem::last_write_time(path_, written);
  EXPECT_FALSE(changed_at(0));
  EXPECT_TRUE(changed_at(1'000));
}

TEST_F(FileWatchTest, TellsThatTheFileIsGoneAndThatItIsBack) {
  EXPECT_FALSE(watch_.is_stream());
  std::remove(path_.c_str());
  changed_at(0);
  EXPECT_TRUE(changed_at(1'000));
  EXPECT_FALSE(changed_at(2'000));
  write("back");
  changed_at(3'000);
  EXPECT_TRUE(changed_at(4'000));
}

TEST_F(FileWatchTest, WhatSomebodyReadsIsKnown) {
  write("second");
  watch_.know();
  EXPECT_FALSE(changed_at(0));
  EXPECT_FALSE(changed_at(5'000));
}

TEST(FileWatch, OfAPipeNeverChanges) {
  std::array<int, 2> ends = {};
  ASSERT_EQ(::pipe(ends.data()), 0);
  FileWatch watch("/dev/fd/" + std::to_string(ends[0]));
  EXPECT_TRUE(watch.is_stream());
  EXPECT_EQ(::write(ends[1], "text", 4), 4);
  EXPECT_FALSE(watch.changed(Deadline(1h)));
  EXPECT_FALSE(watch.changed(Deadline(2h)));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(FileWatch, OfNoPathNeverChanges) {
  FileWatch watch("");
  EXPECT_FALSE(watch.changed(Deadline(1h)));
  EXPECT_FALSE(watch.changed(Deadline(2h)));
}

}  // namespace
}  // namespace scaler
