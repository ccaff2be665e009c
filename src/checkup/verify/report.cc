#include "checkup/verify/report.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "ground/base/text.h"
#include "ground/json/writer.h"

namespace scaler::verify {
namespace {

std::string measurement_text(const Measurement& measurement) {
  std::string text = fmt::format("{}: {}", measurement.name, format_duration(measurement.took));
  if (measurement.limit) {
    text += fmt::format(" (limit {})", format_duration(*measurement.limit));
  }
  return text;
}

std::string junit_case(const CheckResult& check) {
  std::string text =
      fmt::format("    <testcase classname=\"verify\" name=\"{}\" time=\"{:.3f}\">\n",
                  markup_text(check.name), in_seconds(check.took));
  const std::string sentence = markup_text(check.sentence);
  if (check.verdict == Verdict::Failed) {
    text += fmt::format("      <failure message=\"{}\"/>\n", sentence);
  } else if (check.verdict == Verdict::Skipped) {
    text += fmt::format("      <skipped message=\"{}\"/>\n", sentence);
  }
  std::string details = check.verdict == Verdict::Passed ? sentence : "";
  for (const Measurement& measurement : check.measurements) {
    details += (details.empty() ? "" : "\n") + markup_text(measurement_text(measurement));
  }
  if (!details.empty()) {
    text += fmt::format("      <system-out>{}</system-out>\n", details);
  }
  return text + "    </testcase>\n";
}

void write_check(json::Writer& writer, const CheckResult& check) {
  writer.begin_object()
      .field("name", check.name)
      .field("verdict", to_string(check.verdict))
      .field("sentence", check.sentence)
      .field("seconds", in_seconds(check.took));
  writer.name("measurements").begin_array();
  for (const Measurement& measurement : check.measurements) {
    writer.begin_object()
        .field("name", measurement.name)
        .field("seconds", in_seconds(measurement.took));
    if (measurement.limit) {
      writer.field("limit", in_seconds(*measurement.limit));
    }
    writer.end_object();
  }
  writer.end_array().end_object();
}

std::string name_of(const VerifyReport& report) {
  const ScalerUnderTest& deployment = report.deployment;
  return deployment.name.empty() ? deployment.service : deployment.name;
}

void write_report(json::Writer& writer, const VerifyReport& report) {
  const ScalerUnderTest& deployment = report.deployment;
  writer.begin_object()
      .field("passed", report.passed())
      .field("started", format_instant(report.started))
      .field("seconds", in_seconds(report.took))
      .field("queue_url", deployment.queue_url)
      .field("cluster", deployment.cluster)
      .field("service", deployment.service)
      .field("function", deployment.function)
      .field("messages_sent", report.messages_sent);
  for (const auto& [name, value] :
       {std::pair("name", deployment.name), std::pair("region", deployment.region),
        std::pair("account", deployment.account)}) {
    if (!value.empty()) {
      writer.field(name, value);
    }
  }
  if (!deployment.other_queue_urls.empty()) {
    writer.name("other_queue_urls").begin_array();
    for (const std::string& url : deployment.other_queue_urls) {
      writer.value(url);
    }
    writer.end_array();
  }
  writer.name("checks").begin_array();
  for (const CheckResult& check : report.checks) {
    write_check(writer, check);
  }
  writer.end_array().end_object();
}

std::string junit_suite(const VerifyReport& report) {
  std::string text = fmt::format(
      "  <testsuite name=\"ecs-scaler verify {}\" tests=\"{}\" failures=\"{}\" errors=\"0\" "
      "skipped=\"{}\" time=\"{:.3f}\" timestamp=\"{}\">\n",
      markup_text(name_of(report)), report.checks.size(), report.count(Verdict::Failed),
      report.count(Verdict::Skipped), in_seconds(report.took), format_instant(report.started));
  for (const CheckResult& check : report.checks) {
    text += junit_case(check);
  }
  return text + "  </testsuite>\n";
}

}  // namespace

VerifyReport failed_at(ScalerUnderTest deployment, std::string check, std::string why, Instant at) {
  return {.deployment = std::move(deployment),
          .started = at,
          .checks = {
              {.name = std::move(check), .verdict = Verdict::Failed, .sentence = std::move(why)}}};
}

std::string describe(const Sight& sight) {
  return fmt::format("{} visible, {} in flight, {} delayed; desired {}, running {}",
                     sight.queue.visible, sight.queue.in_flight, sight.queue.delayed, sight.desired,
                     sight.running);
}

std::string_view to_string(Verdict verdict) {
  constexpr std::array<std::string_view, 3> kNames{"passed", "failed", "skipped"};
  return kNames.at(static_cast<std::size_t>(verdict));
}

std::int64_t VerifyReport::count(Verdict verdict) const {
  return std::ranges::count(checks, verdict, &CheckResult::verdict);
}

std::string text_of(const CheckResult& check) {
  std::string text = fmt::format("{:<8} {:<18} {:>9}  {}\n", to_string(check.verdict), check.name,
                                 format_duration(check.took), check.sentence);
  for (const Measurement& measurement : check.measurements) {
    text += fmt::format("{:>39}{}\n", "", measurement_text(measurement));
  }
  return text;
}

std::string summary_of(const VerifyReport& report) {
  return fmt::format("{} passed, {} failed, {} skipped in {}; {} test messages sent\n",
                     report.count(Verdict::Passed), report.count(Verdict::Failed),
                     report.count(Verdict::Skipped), format_duration(report.took),
                     report.messages_sent);
}

std::string text_of(const VerifyReport& report) {
  std::string text;
  for (const CheckResult& check : report.checks) {
    text += text_of(check);
  }
  return text + "\n" + summary_of(report);
}

std::string json_of(const VerifyReport& report) {
  json::Writer writer;
  write_report(writer, report);
  return std::move(writer).text() + "\n";
}

std::string junit_of(const VerifyReport& report) {
  return junit_of(FleetReport{.services = {report}});
}

bool FleetReport::passed() const {
  return !services.empty() && std::ranges::all_of(services, &VerifyReport::passed);
}

std::string block_of(const VerifyReport& report) {
  std::string text = name_of(report) + "\n";
  for (const CheckResult& check : report.checks) {
    std::string lines = text_of(check);
    lines.pop_back();
    for (const std::string_view line : split(lines, "\n")) {
      text += fmt::format("  {}\n", line);
    }
  }
  return text;
}

std::string summary_of(const FleetReport& report) {
  std::vector<std::string> failed;
  std::int64_t messages = 0;
  for (const VerifyReport& service : report.services) {
    messages += service.messages_sent;
    if (!service.passed()) {
      failed.push_back(name_of(service));
    }
  }
  const std::size_t passed = report.services.size() - failed.size();
  return fmt::format("{} test messages sent in {}; {} passed, {} failed{}{}\n", messages,
                     format_duration(report.took),
                     plural(static_cast<std::int64_t>(passed), "service"), failed.size(),
                     failed.empty() ? "" : ": ", fmt::join(failed, ", "));
}

std::string text_of(const FleetReport& report) {
  std::string text;
  for (const VerifyReport& service : report.services) {
    text += block_of(service) + "\n";
  }
  return text + summary_of(report);
}

std::string json_of(const FleetReport& report) {
  json::Writer writer;
  writer.begin_array();
  for (const VerifyReport& service : report.services) {
    write_report(writer, service);
  }
  writer.end_array();
  return std::move(writer).text() + "\n";
}

std::string junit_of(const FleetReport& report) {
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const VerifyReport& service : report.services) {
    text += junit_suite(service);
  }
  return text + "</testsuites>\n";
}

}  // namespace scaler::verify
