#include "lab/report/report.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/json/value.h"

namespace scaler::report {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr Instant kBegin{std::chrono::seconds(1'800'000'000)};

Moment moment(std::int64_t second, std::int64_t backlog = 0) {
  return {.at = kBegin + std::chrono::seconds(second),
          .arrived = 1,
          .backlog = backlog,
          .desired = 2,
          .running = 1};
}

/// The JSON that a page carries.
std::string data_of(const std::string& page) {
  const std::string begin = R"(<script type="application/json" id="data">)";
  const std::size_t from = page.find(begin) + begin.size();
  return page.substr(from, page.find("</script>", from) - from);
}

TEST(Moments, KeepsAllWhileThereIsRoom) {
  Moments moments;
  for (int i = 0; i < 100; ++i) {
    moments.add(moment(i, i));
  }
  ASSERT_EQ(moments.all().size(), 100U);
  EXPECT_EQ(moments.all().at(42), moment(42, 42));
}

TEST(Moments, StaysBoundedAndLosesNeitherArrivalsNorPeaks) {
  Moments moments;
  constexpr int kCount = 100'003;
  for (int i = 0; i < kCount; ++i) {
    moments.add(moment(i, i == 77'777 ? 9'000 : 1));
  }
  EXPECT_LE(moments.all().size(), Moments::kMax);
  EXPECT_GE(moments.all().size(), Moments::kMax / 2 - 1);
  std::int64_t arrived = 0;
  std::int64_t peak = 0;
  for (const Moment& kept : moments.all()) {
    arrived += kept.arrived;
    peak = std::max(peak, kept.backlog);
  }
  EXPECT_EQ(arrived, kCount);
  EXPECT_EQ(peak, 9'000);
  EXPECT_EQ(moments.all().back().at, kBegin + std::chrono::seconds(kCount - 1));
}

TEST(Moments, MergesAMomentThatIsNotLater) {
  Moments moments;
  moments.add(moment(10, 5));
  moments.add(moment(10, 7));
  moments.add(moment(3, 1));
  ASSERT_EQ(moments.all().size(), 1U);
  EXPECT_EQ(moments.all().front().backlog, 7);
  EXPECT_EQ(moments.all().front().arrived, 3);
}

TEST(Report, CarriesItsDataAsJson) {
  const Report report{.title = "t",
                      .runs = {{.name = "a", .moments = {moment(0, 3), moment(60, 4)}}}};

  const auto value = json::parse(data_of(html(report)));

  ASSERT_TRUE(value) << value.error().message;
  const auto& runs = std::get<json::Array>(value->find("runs")->data());
  ASSERT_EQ(runs.size(), 1U);
  const auto& backlog = std::get<json::Array>(runs.front().find("backlog")->data());
  EXPECT_EQ(std::get<std::int64_t>(backlog.at(1).data()), 4);
}

TEST(Report, EscapesWhateverStandsInIt) {
  const std::string evil = "</script><script>alert(1)</script><!-- & \xff \"";
  const Report report{.title = evil,
                      .subtitle = evil,
                      .facts = {evil},
                      .runs = {{.name = evil, .note = evil, .moments = {moment(0), moment(1)}}}};

  const std::string page = html(report);

  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(data_of(page), Not(HasSubstr("<")));
  const auto value = json::parse(data_of(page));
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_THAT(std::get<std::string>(value->find("title")->data()),
              HasSubstr("</script><script>alert(1)</script><!-- & "));
}

TEST(Report, NeedsNoNetworkAndForbidsIt) {
  const std::string page = html({.title = "t"});
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, Not(ContainsRegex("(src|href) *=")));
  EXPECT_THAT(page, Not(HasSubstr("url(http")));
  EXPECT_THAT(page, Not(HasSubstr("/*data*/")));
}

}  // namespace
}  // namespace scaler::report
