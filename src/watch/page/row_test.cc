#include "watch/page/row.h"

#include <functional>

#include <gtest/gtest.h>

#include "watch/page/test_support.h"

namespace scaler::page {
namespace {

using namespace std::chrono_literals;

TEST(Row, ItsIdTellsServicesOfTheSameNameApart) {
  ServiceView service = testing::service();
  EXPECT_EQ(row_id(service), "main/worker");
  service.region = "eu-west-1";
  service.account = "123456789012";
  EXPECT_EQ(row_id(service), "123456789012/eu-west-1/main/worker");
}

struct StateCase {
  const char* name;
  std::function<void(ServiceView&)> change;
  const char* state;
};

class RowState : public ::testing::TestWithParam<StateCase> {};

TEST_P(RowState, IsToldInAWord) {
  ServiceView service = testing::service();
  GetParam().change(service);
  EXPECT_EQ(state_of(service), GetParam().state);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, RowState,
    ::testing::Values(
        StateCase{"Failed", [](ServiceView& one) { one.error = "denied"; }, "failed"},
        StateCase{"NoCount", [](ServiceView& one) { one.visible.reset(); }, "unread"},
        StateCase{"NoService", [](ServiceView& one) { one.desired.reset(); }, "unread"},
        StateCase{"Out", [](ServiceView& one) { one.action = "scale_out"; }, "scaling out"},
        StateCase{"In", [](ServiceView& one) { one.action = "scale_in"; }, "scaling in"},
        StateCase{"Starting", [](ServiceView& one) { one.running = 1; }, "starting"},
        StateCase{"Stopping", [](ServiceView& one) { one.running = 5; }, "stopping"},
        StateCase{"Ending", [](ServiceView& one) { one.desired = 0; }, "stopping"},
        StateCase{"Working", [](ServiceView&) {}, "working"},
        StateCase{"Idle", [](ServiceView& one) { one.visible = one.in_flight = 0; }, "idle"},
        StateCase{"Stuck", [](ServiceView& one) { one.desired = one.running = 0; }, "stuck"},
        StateCase{"Asleep", [](ServiceView& one) { one.visible = one.desired = one.running = 0; },
                  "asleep"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Row, LooksTheSameWhateverTheMomentOfTheLook) {
  const ServiceView before = testing::service();
  ServiceView later = testing::service("worker", testing::kNoon + 10s);
  later.steps = "[]";
  EXPECT_TRUE(same_row(before, later));
  later.why = "another";
  EXPECT_FALSE(same_row(before, later));
}

TEST(Row, HasNoSteps) {
  json::Writer out;
  write_row(out, testing::service());
  EXPECT_EQ(out.text().find("steps"), std::string::npos);
  EXPECT_TRUE(out.text().starts_with(R"({"id":"main/worker","state":"working",)")) << out.text();
}

}  // namespace
}  // namespace scaler::page
