#include "edge/identity/command_line.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "edge/identity/test_support.h"

namespace scaler::identity {
namespace {

using namespace std::chrono_literals;

const Environment kEnvironment{{"PATH", "/usr/bin:/bin"}, {"NAME", "value"}};

TEST(RunCommand, TakesBothOutputsStatusAndEnvironment) {
  const auto output =
      run_command({"sh", "-c", "echo $NAME; echo no >&2; exit 3"}, kEnvironment, after(20s));
  ASSERT_TRUE(output.has_value()) << output.error().message;
  EXPECT_EQ(output->status, 3);
  EXPECT_EQ(output->out, "value\n");
  EXPECT_EQ(output->err, "no\n");
  EXPECT_EQ(run_command({"sh", "-c", "kill -9 $$"}, kEnvironment, after(20s))->status, 137);
}

TEST(RunCommand, NamesAProgramThatIsNotThere) {
  const auto output = run_command({"no-such-program-here"}, kEnvironment, after(20s));
  EXPECT_EQ(output.error().message, "run no-such-program-here: No such file or directory");
}

TEST(RunCommand, EndsWhatDoesNotEnd) {
  EXPECT_EQ(run_command({"sleep", "60"}, kEnvironment, after(50ms)).error().message,
            "run sleep: it does not end");
  EXPECT_EQ(run_command({"sh", "-c", "exec >&- 2>&-; sleep 60"}, kEnvironment, after(50ms))
                .error()
                .message,
            "run sh: it does not end");
  EXPECT_EQ(run_command({"yes"}, kEnvironment, after(20s)).error().message,
            "run yes: it writes too much");
}

/// A pipe with a path, which ends when all have ended who opened it.
class NamedPipe {
 public:
  NamedPipe() {
    ::mkfifo(path().c_str(), 0600);
    end_ = ::open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }
  ~NamedPipe() { ::close(end_); }
  NamedPipe(const NamedPipe&) = delete;
  NamedPipe& operator=(const NamedPipe&) = delete;

  std::string path() const { return folder_.path() + "/pipe"; }
  /// Waits for the end; false when it does not come.
  bool ends() const {
    pollfd end{.fd = end_, .events = POLLIN, .revents = 0};
    return ::poll(&end, 1, 10'000) == 1 && (end.revents & POLLHUP) != 0;
  }

 private:
  aws::TemporaryFolder folder_;
  int end_ = -1;
};

TEST(RunCommand, EndsWhatACommandHasBegun) {
  for (const std::string children : {"sleep 600 &", "sh -c 'sleep 600 & exec sleep 600' &"}) {
    const NamedPipe pipe;
    const auto output =
        run_command({"sh", "-c", "exec 3>" + pipe.path() + "; " + children + " exec yes"},
                    kEnvironment, after(20s));
    EXPECT_EQ(output.error().message, "run sh: it writes too much");
    EXPECT_TRUE(pipe.ends()) << children;
  }
}

class ProcessSourceTest : public ::testing::Test, protected Workstation {
 protected:
  ProcessSourceTest() { environment["PATH"] = "/usr/bin:/bin"; }
  std::string result_of(const std::string& command) {
    write_config("[default]\ncredential_process = " + command + "\n");
    return error();
  }
};

TEST_F(ProcessSourceTest, ReadsKeys) {
  EXPECT_EQ(result_of(R"(echo '{"Version":1,"AccessKeyId":"P","SecretAccessKey":"s",)"
                      R"("SessionToken":"t","Expiration":"2026-11-23T13:00:00+00:00"}')"),
            "got P");
  EXPECT_EQ(current()->session_token, Secret("t"));
  EXPECT_EQ(current()->expires, *parse_instant("2026-11-23T13:00:00Z"));
}

TEST_F(ProcessSourceTest, RefusesWhatIsNotOfItsForm) {
  const std::string who = "credential_process of profile 'default': ";
  EXPECT_EQ(result_of(R"(echo '{"Version":2,"AccessKeyId":"P","SecretAccessKey":"s"}')"),
            who + "the reply's Version is not 1");
  EXPECT_EQ(result_of(R"(echo '{"Version":1,"AccessKeyId":"P"}')"),
            who + "the reply lacks AccessKeyId or SecretAccessKey");
  const std::string keys = R"(echo '{"Version":1,"AccessKeyId":"P","SecretAccessKey":"s",)";
  EXPECT_EQ(result_of(keys + R"("Expiration":1764000000}')"),
            who + "the reply has a member Expiration that is no text");
  EXPECT_EQ(result_of(keys + R"("SessionToken":["t"],"Expiration":null}')"),
            who + "the reply has a member SessionToken that is no text");
  EXPECT_EQ(result_of("echo hush"), who + "the reply is not JSON");
  EXPECT_EQ(result_of("sh -c 'echo hush; echo log in first >&2; exit 4'"),
            who + "sh ended with status 4: log in first");
  EXPECT_EQ(result_of(R"(sh -c 'printf "a\302\233b\033c\n" >&2; exit 4')"),
            who + R"(sh ended with status 4: a\x9bb\x1bc)");
  EXPECT_EQ(result_of("echo 'x"), who + "a quote has no end");
}

}  // namespace
}  // namespace scaler::identity
