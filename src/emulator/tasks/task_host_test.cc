#include "emulator/tasks/task_host.h"

#include <csignal>
#include <fcntl.h>
#include <functional>
#include <optional>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/process/test_support.h"
#include "ground/base/file.h"

namespace scaler::emulator {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kDocument =
    R"({"containerDefinitions":[{"name":"worker","environment":[)"
    R"({"name":"QUEUE","value":"q 1"},{"name":"AWS_REGION","value":"eu-north-1"}]}]})";

/// A cluster whose tasks run a script, on the machine's clock.
class TaskHostTest : public ::testing::Test {
 protected:
  void serve(const std::string& script, std::int64_t desired, TaskHostOptions options = {},
             std::string_view document = kDocument) {
    script_.emplace(script);
    options.command = {script_->path(), "an argument"};
    options.surroundings = {{"PATH", "/usr/bin:/bin"},
                            {"AWS_PROFILE", "mine"},
                            {"HOME", "/h"},
                            {"NO_PROXY", "internal"}};
    options.advance = [this] { advance(); };
    host_.emplace(loop_, world_, agent_, std::move(options), log_);
    world_.create_cluster("main");
    world_.register_task_definition("worker", std::string(document));
    service_ = &world_.create_service(
        {.name = "jobs",
         .cluster = "main",
         .task_definition = "worker:1",
         .desired = desired,
         .behaviour = {.task_start = {.min = Duration(1), .max = Duration(1)}, .processes = true}});
    advance();
  }

  void advance() { world_.advance(system_clock().now()); }
  bool reaches(const std::function<bool()>& condition) {
    return run_until(loop_, [&] {
      advance();
      return condition();
    });
  }
  std::string output() const { return read_file(out_).value_or(""); }

  net::EventLoop loop_;
  std::string out_ = [] {
    std::string path = "/tmp/task-host-XXXXXX";
    const int file = ::mkstemp(path.data());
    ::close(file);
    return path;
  }();
  std::optional<Script> script_;
  Random random_{1};
  std::optional<TaskHost> host_;
  world::World world_{{.on_task_running = [this](const world::Service&,
                                                 const world::Task& task) { host_->start(task); },
                       .on_task_stopping = [this](const world::Service&,
                                                  const world::Task& task) { host_->stop(task); }},
                      system_clock().now(),
                      random_};
  TaskAgent agent_{world_, "http://127.0.0.1:1", "us-east-1"};
  world::Service* service_ = nullptr;
  const Log log_{::open("/dev/null", O_WRONLY | O_CLOEXEC), LogLevel::Error, system_clock()};

  void TearDown() override {
    host_.reset();
    ::unlink(out_.c_str());
  }
};

TEST_F(TaskHostTest, RunsTheCommandWithTheVariablesOfItsTask) {
  serve(
      "#!/bin/bash\necho \"$1|$QUEUE|$AWS_REGION|$AWS_PROFILE|$HOME|$no_proxy|$ECS_AGENT_URI\" > " +
          out_ + "\nexec sleep 1000\n",
      1);
  ASSERT_TRUE(reaches([&] { return !output().empty(); }));
  EXPECT_EQ(output(), "an argument|q 1|eu-north-1||/h|internal,127.0.0.1|http://127.0.0.1:1/api/" +
                          service_->tasks().begin()->second.id + "\n");
}

TEST_F(TaskHostTest, AScaleInGivesSigtermAndTheWholeStopTimeout) {
  serve("#!/bin/bash\ntrap 'sleep 0.3; echo done > " + out_ + "; exit 0' TERM\necho up > " + out_ +
            "\nwhile :; do sleep 0.02; done\n",
        1);
  ASSERT_TRUE(reaches([&] { return output() == "up\n"; }));
  world_.set_desired(*service_, 0);
  ASSERT_TRUE(reaches([&] { return !service_->stopped_tasks().empty(); }));
  EXPECT_EQ(output(), "done\n");
  EXPECT_EQ(service_->stopped_tasks().front().exit_code, 0);
  EXPECT_EQ(host_->running(), 0U);
}

TEST_F(TaskHostTest, AWorkerThatIgnoresSigtermIsKilledAtTheStopTimeout) {
  serve("#!/bin/bash\ntrap '' TERM\necho up > " + out_ + "\nwhile :; do sleep 0.02; done\n", 1,
        {.stop_timeout = std::chrono::milliseconds(200)});
  ASSERT_TRUE(reaches([&] { return output() == "up\n"; }));
  world_.set_desired(*service_, 0);
  ASSERT_TRUE(reaches([&] { return !service_->stopped_tasks().empty(); }));
  EXPECT_EQ(service_->stopped_tasks().front().exit_code, 137);
}

TEST_F(TaskHostTest, AContainerMaySayItsOwnStopTimeout) {
  serve("#!/bin/bash\ntrap '' TERM\necho up > " + out_ + "\nwhile :; do sleep 0.02; done\n", 1,
        {.stop_timeout = std::chrono::minutes(5)},
        R"({"containerDefinitions":[{"name":"worker","stopTimeout":1}]})");
  ASSERT_TRUE(reaches([&] { return output() == "up\n"; }));
  const auto begin = std::chrono::steady_clock::now();
  world_.set_desired(*service_, 0);
  ASSERT_TRUE(reaches([&] { return !service_->stopped_tasks().empty(); }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  EXPECT_EQ(service_->stopped_tasks().front().exit_code, 137);
}

TEST_F(TaskHostTest, AKeeperThatIsKilledIsATaskThatWasKilled) {
  serve("#!/bin/bash\necho $PPID > " + out_ + "\nexec sleep 1000\n", 1);
  ASSERT_TRUE(reaches([&] { return output().ends_with('\n'); }));
  ::kill(std::stoi(output()), SIGKILL);
  ASSERT_TRUE(reaches([&] { return !service_->stopped_tasks().empty(); }));
  EXPECT_EQ(service_->stopped_tasks().front().exit_code, 137);
}

TEST_F(TaskHostTest, AWorkerThatEndsByItselfIsReplaced) {
  serve("#!/bin/bash\necho x >> " + out_ + "\nexit 3\n", 1);
  ASSERT_TRUE(reaches([&] { return output() == "x\nx\nx\n"; }));
  EXPECT_EQ(service_->stopped_tasks().front().exit_code, 3);
  EXPECT_EQ(service_->stopped_tasks().front().stopped_reason, "Essential container in task exited");
}

TEST_F(TaskHostTest, WhatCannotBeStartedEndsAsAFailedTask) {
  serve("#!/nonexistent/interpreter\n", 1);
  ASSERT_TRUE(reaches([&] { return !service_->stopped_tasks().empty(); }));
  EXPECT_EQ(service_->stopped_tasks().front().exit_code, 127);
}

TEST_F(TaskHostTest, StartsNoMoreProcessesThanItsLimit) {
  serve("#!/bin/bash\nexec sleep 1000\n", 3, {.processes_max = 2});
  ASSERT_TRUE(reaches([&] { return !service_->stopped_tasks().empty(); }));
  EXPECT_EQ(host_->running(), 2U);
}

TEST_F(TaskHostTest, TheEndOfTheEmulatorGivesWorkersAMoment) {
  serve("#!/bin/bash\ntrap 'echo done > " + out_ + "; exit 0' TERM\necho up > " + out_ +
            "\nwhile :; do sleep 0.02; done\n",
        2);
  ASSERT_TRUE(reaches([&] { return host_->running() == 2 && output() == "up\n"; }));
  host_->shutdown(std::chrono::seconds(10));
  EXPECT_EQ(host_->running(), 0U);
  EXPECT_EQ(output(), "done\n");
}

}  // namespace
}  // namespace scaler::emulator
