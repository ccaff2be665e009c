#include "lab/report/report.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/json/value.h"

namespace scaler::report {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

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

Report decided() {
  return {.title = "t",
          .sentence = "From <much> to little.",
          .currency = "USD",
          .runs = {{.name = "advised", .figures = {.month = 12.5, .own_month = 0.99}},
                   {.name = "present: old", .figures = {.month = 4321, .lost = 7}}},
          .advice =
              AdviceSection{.present = 1,
                            .blocks = {{.name = "Terraform", .note = "n", .text = "a = \"<b>\"\n"}},
                            .reasons = {"Because & only because."},
                            .settings = {{"wake", "true", "false", "m"}}},
          .replays = {{.name = "old",
                       .passes = 3,
                       .more = 1,
                       .differences = {{.at = kBegin, .would = 2, .because = "a < b"}}}}};
}

/// What stands in a page when its scripts and data are taken out.
std::string without_scripts(std::string page) {
  for (std::size_t from = page.find("<script"); from != std::string::npos;
       from = page.find("<script")) {
    page.erase(from, page.find("</script>", from) + 9 - from);
  }
  return page;
}

TEST(Report, HoldsWhatDecidesWithoutAScript) {
  const std::string page = without_scripts(html(decided()));

  for (const char* part :
       {"From &lt;much&gt; to little.", "$12.50", "$4,321", "$0.99 of it", "Because &amp; only",
        "a = &quot;&lt;b&gt;&quot;", "<td class=\"bad\">7</td>", "a &lt; b", ">wake</code>"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

TEST(Report, BeginsWithTheSentenceThenTheBlocksThenTheReasons) {
  const std::string page = html(decided());

  EXPECT_LT(page.find("From &lt;much"), page.find("id=\"text-0\""));
  EXPECT_LT(page.find("id=\"text-0\""), page.find("id=\"reasons\""));
  EXPECT_LT(page.find("id=\"reasons\""), page.find("id=\"summary\""));
  EXPECT_LT(page.find("id=\"summary\""), page.find("id=\"charts\""));
}

TEST(Report, TellsMoneyAsPeopleWriteIt) {
  EXPECT_EQ(money(0.994, "USD"), "$0.99");
  EXPECT_EQ(money(999.5, "USD"), "$999.50");
  EXPECT_EQ(money(1234.4, "USD"), "$1,234");
  EXPECT_EQ(money(1234567, "EUR"), "1,234,567 EUR");
}

TEST(Moments, KeepsTheReasonOfTheHighestCount) {
  Moments moments;
  moments.add({.at = kBegin, .desired = 5, .why = "many"});
  moments.add({.at = kBegin, .desired = 2, .why = "few"});
  EXPECT_EQ(moments.all().front().why, "many");
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
