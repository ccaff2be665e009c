#include "ground/base/file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace scaler {
namespace {

TEST(ReadFile, BringsTheWholeFileByteForByte) {
  std::string path = (std::filesystem::temp_directory_path() / "file-XXXXXX").string();
  ::close(::mkstemp(path.data()));
  const std::string text = std::string(10'000, 'x') + std::string("\0\r\n\xff", 4);
  std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(read_file(path).value_or(""), text);
  EXPECT_EQ(read_file(path, 5'000).value_or(""), std::string(5'000, 'x'));
  std::ofstream(path, std::ios::binary) << "";
  EXPECT_EQ(read_file(path).value_or("not empty"), "");
  std::filesystem::remove(path);
  const auto missing = read_file(path);
  EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
  EXPECT_EQ(missing.error().message, path + ": No such file or directory");
}

TEST(ReadFile, TellsWhatCannotBeReadFromWhatIsNotThere) {
  EXPECT_EQ(read_file("/proc/self").error().message, "/proc/self: Is a directory");
  EXPECT_EQ(read_file("/proc/self").error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(read_file("/proc/version/x").error().kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace scaler
