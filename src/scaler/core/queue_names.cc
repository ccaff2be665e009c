#include "scaler/core/queue_names.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/base/url_text.h"
#include "scaler/core/names.h"

namespace scaler {
namespace {

constexpr std::string_view kFips = "-fips";

/// The text before the dot that precedes `suffix`; nothing when it does not end so.
std::optional<std::string_view> before_suffix(std::string_view host, std::string_view suffix) {
  if (!host.ends_with(suffix)) {
    return std::nullopt;
  }
  host.remove_suffix(suffix.size());
  if (!host.ends_with('.')) {
    return std::nullopt;
  }
  host.remove_suffix(1);
  return host;
}

/// "sqs-fips" -> "sqs", and that it is one.
void read_service_label(std::string_view label, AwsHost& host) {
  host.fips = label.ends_with(kFips);
  host.service = host.fips ? label.substr(0, label.size() - kFips.size()) : label;
}

/// The labels before a partition's suffix.
std::optional<AwsHost> read_labels(const std::vector<std::string_view>& labels, bool dual_stack) {
  AwsHost host;
  const std::size_t count = labels.size();
  if (count == 2 && is_region(labels[1]) && !labels[0].empty()) {
    host.form = dual_stack ? AwsHost::Form::DualStack : AwsHost::Form::Regional;
    host.region = labels[1];
    read_service_label(labels[0], host);
    return host;
  }
  if (dual_stack) {
    return std::nullopt;
  }
  if (count <= 2 && labels.back() == "queue" && (count == 1 || is_region(labels[0]))) {
    host.form = AwsHost::Form::Legacy;
    host.service = "sqs";
    host.region = count == 1 ? "us-east-1" : labels[0];
    return host;
  }
  if (count == 4 && labels[0].starts_with("vpce-") && is_region(labels[2]) && labels[3] == "vpce") {
    host.form = AwsHost::Form::Vpc;
    host.region = labels[2];
    read_service_label(labels[1], host);
    return host;
  }
  return std::nullopt;
}

/// A suffix that the host ends with, and what stands before it.
struct SuffixMatch {
  std::string_view suffix = {};
  std::string_view before = {};
  bool dual_stack = false;
};

std::optional<SuffixMatch> match_suffix(std::string_view host) {
  for (const Partition& partition : kPartitions) {
    for (const std::string_view suffix : {partition.dns_suffix, partition.dual_stack_suffix}) {
      if (const auto before = before_suffix(host, suffix)) {
        return SuffixMatch{.suffix = suffix,
                           .before = *before,
                           .dual_stack = suffix == partition.dual_stack_suffix};
      }
    }
  }
  return std::nullopt;
}

std::unexpected<Error> no_queue(std::string_view whole, std::string_view why = {}) {
  const std::string text = shortened(without_user(whole));
  return fail(ErrorKind::Malformed, why.empty() ? fmt::format("'{}' is not {}", text, kQueueMeaning)
                                                : fmt::format("'{}': {}", text, why));
}

bool is_queue_name(std::string_view name) {
  constexpr std::size_t kLengthMax = 80;
  if (name.size() > kLengthMax) {
    return false;
  }
  if (is_fifo(name)) {
    name.remove_suffix(kFifoSuffix.size());
  }
  return !name.empty() && std::ranges::all_of(name, is_name_character);
}

Result<QueueAddress> queue_of_arn(std::string_view text) {
  std::optional<Arn> arn = parse_arn(text);
  if (!arn || arn->service != "sqs" || !is_region(arn->region) || !is_account(arn->account) ||
      !is_queue_name(arn->resource)) {
    return no_queue(text);
  }
  const Partition& partition = partition_of(arn->region);
  if (arn->partition != partition.name) {
    return no_queue(text, fmt::format("the region {} is one of the partition {}, not of {}",
                                      arn->region, partition.name, arn->partition));
  }
  return QueueAddress{.url = fmt::format("https://sqs.{}.{}/{}/{}", arn->region,
                                         partition.dns_suffix, arn->account, arn->resource),
                      .region = std::move(arn->region),
                      .account = std::move(arn->account),
                      .name = std::move(arn->resource)};
}

/// A URL cut where its parts meet.
struct UrlParts {
  std::string_view origin = {};  ///< scheme and all up to the path
  std::string host = {};         ///< in lower case
  bool has_port = false;
  std::vector<std::string_view> segments = {};  ///< of the path
};

std::optional<UrlParts> cut(std::string_view url) {
  const std::size_t scheme =
      url.starts_with("https://") ? 8 : std::size_t{url.starts_with("http://") ? 7U : 0U};
  const std::size_t path = url.find('/', scheme);
  const bool blank =
      std::ranges::any_of(url, [](unsigned char c) { return c <= ' ' || c == 0x7f; });
  if (scheme == 0 || path == std::string_view::npos || path == scheme || blank ||
      url.find_first_of("?#@") != std::string_view::npos) {
    return std::nullopt;
  }
  UrlParts parts{.origin = url.substr(0, path), .segments = split(url.substr(path + 1), "/")};
  const std::string_view authority = url.substr(scheme, path - scheme);
  parts.host = authority.substr(0, authority.find(':'));
  parts.has_port = parts.host.size() < authority.size();
  for (char& c : parts.host) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (parts.host.ends_with('.')) {
    parts.host.pop_back();  // "amazonaws.com." is the same name, said to be whole.
  }
  const std::size_t count = parts.segments.size();
  if (count < 2 || parts.segments[count - 1].empty() || parts.segments[count - 2].empty()) {
    return std::nullopt;
  }
  return parts;
}

/// The queue behind one of AWS's hosts, whose forms are all known.
Result<QueueAddress> queue_of_aws(std::string_view url, const UrlParts& parts, QueueAddress queue) {
  const std::optional<AwsHost> host = parse_aws_host(parts.host);
  if (!host || host->service != "sqs") {
    return no_queue(url, fmt::format("{} is no host of SQS such as sqs.eu-central-1.amazonaws.com",
                                     parts.host));
  }
  const Partition& partition = partition_of(host->region);
  if (!host->exists) {
    return no_queue(url, fmt::format("{} is one of the partition {}, whose domain is {}: SQS is "
                                     "sqs.{}.{} there",
                                     host->region, partition.name, partition.dns_suffix,
                                     host->region, partition.dns_suffix));
  }
  if (parts.segments.size() != 2 || !is_account(queue.account)) {
    return no_queue(url, "the path at AWS is an account of twelve digits and the queue's name");
  }
  if (!is_queue_name(queue.name)) {
    return no_queue(url, fmt::format("'{}' is no name of a queue: letters, digits, - and _, at "
                                     "most 80, and .fifo at the end of a FIFO queue's",
                                     shortened(queue.name)));
  }
  const bool regions_own =
      !host->fips && (host->form == AwsHost::Form::Regional || host->form == AwsHost::Form::Legacy);
  if (!regions_own || parts.has_port) {
    queue.origin = parts.origin;
  }
  queue.region = host->region;
  queue.fips = host->fips;
  return queue;
}

/// What an emulator's URL says of the region: sqs.REGION.localhost..., REGION.queue.localhost...,
/// or the path /queue/REGION/ACCOUNT/NAME.
std::string region_of_other(const UrlParts& parts) {
  const std::vector<std::string_view> labels = split(parts.host, ".");
  if (labels.size() > 2 && labels[0] == "sqs" && is_region(labels[1])) {
    return std::string(labels[1]);
  }
  if (labels.size() > 2 && labels[1] == "queue" && is_region(labels[0])) {
    return std::string(labels[0]);
  }
  const bool in_path =
      parts.segments.size() == 4 && parts.segments[0] == "queue" && is_region(parts.segments[1]);
  return in_path ? std::string(parts.segments[1]) : "";
}

}  // namespace

std::optional<AwsHost> parse_aws_host(std::string_view host) {
  const std::optional<SuffixMatch> match = match_suffix(host);
  if (!match) {
    return std::nullopt;
  }
  std::optional<AwsHost> read = read_labels(split(match->before, "."), match->dual_stack);
  if (read) {
    const Partition& partition = partition_of(read->region);
    read->exists =
        match->suffix == (match->dual_stack ? partition.dual_stack_suffix : partition.dns_suffix);
  }
  return read;
}

Result<QueueAddress> parse_queue(std::string_view url_or_arn) {
  if (url_or_arn.starts_with("arn:")) {
    return queue_of_arn(url_or_arn);
  }
  const std::optional<UrlParts> parts = cut(url_or_arn);
  if (!parts) {
    return no_queue(url_or_arn);
  }
  const std::size_t count = parts->segments.size();
  QueueAddress queue{.url = std::string(url_or_arn),
                     .account = std::string(parts->segments[count - 2]),
                     .name = std::string(parts->segments[count - 1])};
  if (match_suffix(parts->host)) {
    return queue_of_aws(url_or_arn, *parts, std::move(queue));
  }
  queue.region = region_of_other(*parts);
  queue.origin = parts->origin;
  return queue;
}

Result<QueueAddress> parse_queue_or_name(std::string_view text) {
  if (is_queue_name(text)) {
    return QueueAddress{.name = std::string(text)};
  }
  if (!text.contains("://") && !text.starts_with("arn:")) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is neither the name (letters, digits, - and _, at most 80, .fifo "
                            "included), nor the URL or ARN of a queue",
                            shortened(text)));
  }
  return parse_queue(text);
}

bool may_be_same(const QueueAddress& a, const QueueAddress& b) {
  return a.name == b.name && a.account == b.account &&
         may_be_same(std::string_view(a.region), b.region);
}

std::string arn_of(const QueueAddress& queue, std::string_view otherwise) {
  const std::string_view region = queue.region.empty() ? otherwise : queue.region;
  return fmt::format("arn:{}:sqs:{}:{}:{}", partition_of(region).name, region, queue.account,
                     queue.name);
}

}  // namespace scaler
