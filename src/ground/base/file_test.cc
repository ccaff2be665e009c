#include "ground/base/file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "ground/base/test_support.h"

namespace scaler {
namespace {

using testing::NoRoom;

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

class Folder {
 public:
  Folder() : path_((std::filesystem::temp_directory_path() / "files-XXXXXX").string()) {
    path_ = ::mkdtemp(path_.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const char* name) const { return path_ + "/" + name; }
  std::ptrdiff_t entries() const {
    return std::distance(std::filesystem::directory_iterator(path_), {});
  }

 private:
  std::string path_;
};

TEST(ReadKeptFile, WaitsForNothingAndTakesNoMoreThanSuchFilesHold) {
  std::string folder = (std::filesystem::temp_directory_path() / "file-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string pipe = folder + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::filesystem::create_symlink("pipe", folder + "/link");
  std::ofstream(folder + "/large").close();
  std::filesystem::resize_file(folder + "/large", (16U << 20U) + 1);
  for (const auto& [path, why] :
       {std::pair(pipe, "it is a pipe, which can be read only once: a file is needed"),
        std::pair(folder + "/link", "it is a pipe, which can be read only once: a file is needed"),
        std::pair(folder + "/large", "it is larger than 16 MiB"),
        std::pair(std::string("/dev/zero"), "it is larger than 16 MiB"),
        std::pair(folder, "Is a directory")}) {
    const auto text = read_kept_file(path);
    EXPECT_EQ(text.error().kind, ErrorKind::Unavailable);
    EXPECT_EQ(text.error().message, path + ": " + why);
  }
  EXPECT_EQ(read_kept_file(folder + "/none").error().kind, ErrorKind::NotFound);
  std::filesystem::resize_file(folder + "/large", 16U << 20U);
  EXPECT_EQ(read_kept_file(folder + "/large").value_or("").size(), 16U << 20U);
  EXPECT_EQ(read_kept_file("/dev/null"), "");
  std::filesystem::remove_all(folder);
}

TEST(WriteFile, EmptiesAFileAndWritesToADeviceAsItIs) {
  const Folder folder;
  ASSERT_TRUE(write_file(folder / "f", std::string(200'000, 'x')).has_value());
  ASSERT_TRUE(write_file(folder / "f", "short").has_value());
  EXPECT_EQ(read_file(folder / "f").value_or(""), "short");
  EXPECT_TRUE(write_file("/dev/null", "anything").has_value());
  EXPECT_EQ(write_file("/dev/full", "anything").error().message,
            "/dev/full: No space left on device");
  EXPECT_EQ(write_file(folder / "none/f", "x").error().kind, ErrorKind::Unavailable);
}

TEST(ReplaceFile, PutsAFileForItsOwnerOnlyInThePlaceOfTheOld) {
  const Folder folder;
  const std::string text(200'000, 'x');
  ASSERT_TRUE(write_file(folder / "f", "old").has_value());
  ASSERT_TRUE(replace_file(folder / "f", text).has_value());
  EXPECT_EQ(read_file(folder / "f").value_or(""), text);
  struct stat facts = {};
  ASSERT_EQ(::stat((folder / "f").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  EXPECT_EQ(folder.entries(), 1);
}

TEST(ReplaceFile, LeavesTheOldFileAndNoDraftWhenThereIsNoRoom) {
  const Folder folder;
  ASSERT_TRUE(replace_file(folder / "f", "old").has_value());
  {
    const NoRoom full(10);
    EXPECT_EQ(replace_file(folder / "f", std::string(11, 'x')).error().message,
              (folder / "f") + ": File too large");
  }
  EXPECT_EQ(read_file(folder / "f").value_or(""), "old");
  EXPECT_EQ(folder.entries(), 1);
}

TEST(ReplaceFile, LeavesNoDraftWhereAFolderStandsInTheWay) {
  const Folder folder;
  std::filesystem::create_directory(folder / "f");
  EXPECT_EQ(replace_file(folder / "f", "x").error().message, (folder / "f") + ": Is a directory");
  EXPECT_EQ(folder.entries(), 1);
  EXPECT_EQ(replace_file(folder / "none/f", "x").error().kind, ErrorKind::Unavailable);
}

}  // namespace
}  // namespace scaler
