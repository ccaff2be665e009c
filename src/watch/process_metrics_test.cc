#include "watch/process_metrics.h"

#include <cstdlib>
#include <ctime>
#include <sstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace scaler {
namespace {

double value_of(const std::string& name) {
  std::istringstream lines(process_metrics());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + " ")) {
      return std::strtod(line.c_str() + name.size() + 1, nullptr);
    }
  }
  return -1;
}

TEST(ProcessMetrics, TellOfThisProcess) {
  EXPECT_GE(value_of("process_cpu_seconds_total"), 0);
  EXPECT_GT(value_of("process_resident_memory_bytes"), 1e6);
  EXPECT_GE(value_of("process_virtual_memory_bytes"), value_of("process_resident_memory_bytes"));
  EXPECT_GE(value_of("process_threads"), 1);
  EXPECT_NEAR(value_of("process_start_time_seconds"), static_cast<double>(std::time(nullptr)),
              3600);
}

TEST(ProcessMetrics, CountOpenFiles) {
  const double before = value_of("process_open_fds");
  const int file = ::dup(0);
  EXPECT_EQ(value_of("process_open_fds"), before + 1);
  ::close(file);
  EXPECT_GT(value_of("process_max_fds"), before);
}

}  // namespace
}  // namespace scaler
