// This program's own log: {"level":..,"message":"pass","record":{..}} a line, or the record alone.
#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "lab/trace/formats.h"
#include "lab/trace/intervals.h"
#include "scaler/core/names.h"
#include "wire/record.h"

namespace scaler::trace {
namespace {

/// The pass record in a parsed line, if it holds one.
const json::Value* pass_record_in(const json::Value& line) {
  const json::Value* record = line.find("record");
  const json::Value* candidate = record != nullptr ? record : &line;
  return is_record(*candidate) ? candidate : nullptr;
}

using Address = ServiceAddress;

/// The services of a log: the same names in two places are two.
struct Journal {
  struct Service {
    Address address = {};
    std::vector<JournalPass> passes = {};
  };
  std::map<std::string, Service> services = {};  ///< by name_of()
  std::size_t without_service = 0;
};

/// "[ACCOUNT/][REGION/]CLUSTER/SERVICE", as far as it is known.
std::string name_of(const Address& address) {
  std::string name;
  for (const std::string_view part : {address.account, address.region, address.cluster}) {
    name += part.empty() ? "" : fmt::format("{}/", part);
  }
  return name + address.service;
}

/// What the names tell, and else the record.
Address address_of_pass(const RecordedPass& pass) {
  const Result<Address> told = parse_service(pass.id.cluster, pass.id.service);
  Address address = told ? *told : Address{.cluster = pass.id.cluster, .service = pass.id.service};
  address.region = address.region.empty() ? pass.id.region : address.region;
  address.account = address.account.empty() ? pass.account : address.account;
  return address;
}

Result<void> read_line(std::string_view line, Journal& journal) {
  const std::size_t brace = line.find('{');  // Log services put a time in front.
  if (brace == std::string_view::npos) {
    return {};
  }
  const auto value = json::parse(line.substr(brace));
  const json::Value* const record = value ? pass_record_in(*value) : nullptr;
  if (record == nullptr) {
    return {};
  }
  RecordedPass pass = TRY(read_record(json::Reader(*record, "record")));
  const Address address = address_of_pass(pass);
  Journal::Service& service = journal.services[name_of(address)];
  service.address = address;
  if (!pass.observation) {
    ++journal.without_service;
    return {};
  }
  service.passes.push_back({.observation = *std::move(pass.observation), .desired = pass.desired});
  return {};
}

Result<Journal> read_lines(std::string_view text) {
  Journal journal;
  Lines lines(text);
  while (lines.next()) {
    const Result<void> read = read_line(lines.line(), journal);
    if (!read) {
      return fail(read.error(), fmt::format("line {}", lines.number()));
    }
  }
  return journal;
}

/// Records of an earlier version do not say where their service is. Where only one other can be
/// meant they are its.
void join_unplaced(Journal& journal) {
  constexpr std::size_t kPlacesMax = 50;                   // Each is compared with each.
  std::map<std::string, std::vector<std::string>> places;  // by cluster and service
  for (const auto& [name, service] : journal.services) {
    places[fmt::format("{}/{}", service.address.cluster, service.address.service)].push_back(name);
  }
  for (const auto& [plain_name, names] : places) {
    for (const std::string& name : names.size() > kPlacesMax ? std::vector<std::string>() : names) {
      Journal::Service& service = journal.services.at(name);
      std::vector<Journal::Service*> others;
      for (const std::string& longer : names) {
        const auto other = journal.services.find(longer);
        if (longer.size() > name.size() && other != journal.services.end() &&
            may_be_same(service.address, other->second.address)) {
          others.push_back(&other->second);
        }
      }
      if (others.size() == 1) {
        std::ranges::move(service.passes, std::back_inserter(others.front()->passes));
        journal.services.erase(name);
      }
    }
  }
}

/// What "[ACCOUNT/][REGION/][CLUSTER/]SERVICE" or an ARN says.
Address wanted_address(std::string_view wanted) {
  Address address;
  if (const std::optional<Arn> arn = parse_arn(wanted)) {
    address = {.region = arn->region, .account = arn->account};
    wanted = std::string_view(wanted).substr(wanted.find('/') + 1);
  }
  const std::vector<std::string_view> parts = split(wanted, "/");
  address.service = parts.back();
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const std::string_view part = parts.at(i);
    const bool cluster = i + 2 == parts.size();
    std::string& field = cluster            ? address.cluster
                         : is_account(part) ? address.account
                                            : address.region;
    field = part;
  }
  return address;
}

bool is_wanted(const Address& address, const Address& wanted) {
  const auto fits = [](std::string_view text, std::string_view asked) {
    return asked.empty() || text == asked;
  };
  return fits(address.account, wanted.account) && fits(address.region, wanted.region) &&
         fits(address.cluster, wanted.cluster) && fits(address.service, wanted.service);
}

std::string shown(std::string_view name) {
  constexpr std::size_t kMost = 100;
  return shortened(name, kMost);
}

/// A trace is that of one service: the only one, or that which was asked for.
Result<std::vector<JournalPass>> passes_of(Journal& journal, std::string_view wanted) {
  const Address asked = wanted.empty() ? Address() : wanted_address(wanted);
  std::vector<std::string_view> names;
  std::vector<std::string_view> meant;
  for (const auto& [name, service] : journal.services) {
    names.push_back(name);
    if (name == wanted || is_wanted(service.address, asked)) {
      meant.push_back(name);
    }
  }
  if (meant.size() > 1) {
    return fail(
        ErrorKind::Malformed,
        fmt::format("it holds passes of {} services, such as '{}' and '{}': say which with "
                    "--column, such as --column '{}'",
                    meant.size(), shown(meant.front()), shown(meant.back()), shown(meant.back())));
  }
  if (meant.empty() && !names.empty()) {
    return fail(ErrorKind::Malformed,
                fmt::format("it holds no pass of a service '{}', but of {}, such as '{}'{}",
                            shortened(wanted), names.size(), shown(names.front()),
                            did_you_mean(wanted, names)));
  }
  return meant.empty() ? std::vector<JournalPass>()
                       : std::move(journal.services.at(std::string(meant.front())).passes);
}

/// All messages there, or nothing when a queue could not be read.
std::optional<double> messages_at(const Observation& observation, double& in_flight) {
  double sum = 0;
  in_flight = 0;
  for (const auto& queue : observation.queues) {
    if (!queue) {
      return std::nullopt;
    }
    sum += static_cast<double>(queue->visible) + static_cast<double>(queue->in_flight) +
           static_cast<double>(queue->delayed);
    in_flight += static_cast<double>(queue->in_flight);
  }
  return sum;
}

/// What two passes that read the queue tell of the time between them.
struct Span {
  Instant from = {};
  Duration length = {};
  double grown = 0;      ///< so many messages there are more
  double in_flight = 0;  ///< the mean of both
};

std::vector<Span> spans_of(const std::vector<JournalPass>& passes) {
  std::vector<Span> spans;
  std::optional<double> before;
  double in_flight_before = 0;
  Instant at_before{};
  for (const JournalPass& pass : passes) {
    double in_flight = 0;
    const std::optional<double> now = messages_at(pass.observation, in_flight);
    const Duration length = pass.observation.at - at_before;
    if (!now || (before && length <= Duration(0))) {
      continue;
    }
    if (before) {
      spans.push_back({.from = at_before,
                       .length = length,
                       .grown = *now - *before,
                       .in_flight = (in_flight + in_flight_before) / 2});
    }
    before = now;
    in_flight_before = in_flight;
    at_before = pass.observation.at;
  }
  return spans;
}

/// Which spans are holes in the log, of which nobody knows what was in flight. Those of a schedule
/// are not, however long it is: they come again and again. Between two of them thousands of
/// passes may have been rung for, so that no mean tells them.
class Holes {
 public:
  explicit Holes(const std::vector<Span>& spans) {
    std::vector<Duration> lengths;
    for (const Span& span : spans) {
      lengths.push_back(span.length);
    }
    const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2);
    std::ranges::nth_element(lengths, middle);
    least_ = std::max<Duration>(std::chrono::minutes(3), *middle * 3);
    std::ranges::copy_if(spans, std::back_inserter(long_),
                         [this](const Span& span) { return span.length > least_ / 2; });
  }

  bool contain(const Span& span) const {
    constexpr std::int64_t kAgainAndAgain = 6;  // in the day before and after it
    if (span.length <= least_) {
      return false;
    }
    auto other = std::ranges::lower_bound(long_, span.from - kDay, {}, &Span::from);
    std::int64_t like_it = 0;
    for (; other != long_.end() && other->from <= span.from + kDay && like_it < kAgainAndAgain;
         ++other) {
      like_it += other->length >= span.length / 2 ? 1 : 0;
    }
    return like_it < kAgainAndAgain;
  }

 private:
  Duration least_ = {};
  std::vector<Span> long_ = {};
};

/// Arrivals between two passes: what there is more, and what was worked off meanwhile. A count that
/// dips shows as arrivals when it comes back, so what is missing is carried over. Over a hole in
/// the log only what there is more is known.
Rows estimate_arrivals(const std::vector<Span>& spans, Duration work_time,
                       std::vector<std::string>& remarks) {
  Rows rows{.missing = Missing::Unknown, .near = std::chrono::minutes(10)};
  const Holes holes(spans);
  double missing = 0;
  for (const Span& span : spans) {
    if (holes.contain(span)) {
      if (!rows.rows.empty()) {
        rows.rows.back().behind += std::max(0.0, span.grown + missing);
      }
      missing = 0;
      continue;
    }
    const double worked_off = work_time > Duration(0)
                                  ? span.in_flight * static_cast<double>(span.length.count()) /
                                        static_cast<double>(work_time.count())
                                  : 0;
    const double arrived = span.grown + worked_off + missing;
    missing = std::min(0.0, arrived);
    rows.rows.push_back(
        {.at = span.from, .messages = std::max(0.0, arrived), .length = span.length});
  }
  const bool alone = holes.contain(spans.front()) || holes.contain(spans.back());
  if (alone) {
    remarks.emplace_back("a pass that lies alone at its beginning or end is left out");
  }
  return rows;
}

}  // namespace

Result<Trace> read_journal(std::string_view text, const ReadOptions& options) {
  Journal journal = TRY(read_lines(text));
  join_unplaced(journal);
  Trace trace{.format = Format::Journal};
  trace.passes = TRY(passes_of(journal, options.column));
  std::ranges::stable_sort(trace.passes, {},
                           [](const JournalPass& pass) { return pass.observation.at; });
  const std::vector<Span> spans = spans_of(trace.passes);
  if (spans.empty()) {
    return fail(ErrorKind::Malformed,
                fmt::format("it holds {} passes that read the queue; at least two at different "
                            "times are needed",
                            trace.passes.size()));
  }
  if (journal.without_service > 0) {
    trace.remarks.push_back(
        fmt::format("{} passes could not read the service", journal.without_service));
  }
  trace.remarks.push_back(
      options.work_time > Duration(0)
          ? fmt::format("arrivals are estimated: the change of the counts, and the messages in "
                        "flight each worked off in {}",
                        format_duration(options.work_time))
          : std::string("arrivals are the growth of the counts only: what came and went between "
                        "two passes is missed"));
  fill_intervals(trace, estimate_arrivals(spans, options.work_time, trace.remarks));
  return trace;
}

}  // namespace scaler::trace
