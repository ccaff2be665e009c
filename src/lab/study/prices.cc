#include "lab/study/prices.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"

namespace scaler::study {

// Of the generated prices_text.cc.
std::string_view prices_json();

namespace {

constexpr double kPriceMax = 1e6;

std::optional<double> as_number(std::string_view text) {
  const auto value = number_of<double>(text);
  return value && *value >= 0 && *value <= kPriceMax ? value : std::nullopt;
}

std::vector<std::string> known_names(const json::Value& root) {
  std::vector<std::string> names;
  for (const char* group : {"per_vcpu_and_gb", "per_hour"}) {
    const json::Value* const members = root.find(group);
    if (members == nullptr || !std::holds_alternative<json::Object>(members->data())) {
      continue;
    }
    for (const auto& [name, value] : std::get<json::Object>(members->data())) {
      names.push_back(name + (std::string_view(group) == "per_hour" ? "" : ":VCPU,GB"));
    }
  }
  return names;
}

Result<double> number_of(const json::Reader& item, std::string_view name) {
  const json::Reader field = TRY(item.field(name));
  return field.number();
}

Result<std::string> source_of(const json::Reader& item, const json::Reader& root) {
  const json::Reader source = TRY(item.field("source"));
  const json::Reader date = TRY(item.field("date"));
  const json::Reader region = TRY(root.field("region"));
  return fmt::format("{}, {}, {}", TRY(source.string()), TRY(region.string()), TRY(date.string()));
}

/// Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
struct FargateSize {
  double vcpu = 0;
  double least = 0;  ///< GB
  double most = 0;
  double step = 0;
  std::array<double, 3> only = {};  ///< where no step leads from one to the next
  std::string_view told = {};
};
constexpr std::array kFargateSizes = {
    FargateSize{.vcpu = 0.25, .only = {0.5, 1, 2}, .told = "0.5, 1 or 2 GB"},
    FargateSize{.vcpu = 0.5, .least = 1, .most = 4, .step = 1, .told = "1 to 4 GB by 1"},
    FargateSize{.vcpu = 1, .least = 2, .most = 8, .step = 1, .told = "2 to 8 GB by 1"},
    FargateSize{.vcpu = 2, .least = 4, .most = 16, .step = 1, .told = "4 to 16 GB by 1"},
    FargateSize{.vcpu = 4, .least = 8, .most = 30, .step = 1, .told = "8 to 30 GB by 1"},
    FargateSize{.vcpu = 8, .least = 16, .most = 60, .step = 4, .told = "16 to 60 GB by 4"},
    FargateSize{.vcpu = 16, .least = 32, .most = 120, .step = 8, .told = "32 to 120 GB by 8"},
    FargateSize{.vcpu = 32, .only = {60, 120, 244}, .told = "60, 120 or 244 GB"},
};

Result<void> check_fargate(double vcpu, double gigabytes, std::string_view what) {
  const auto* const size = std::ranges::find(kFargateSizes, vcpu, &FargateSize::vcpu);
  if (size == kFargateSizes.end()) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}': Fargate has no tasks of {} vCPU, but of 0.25, 0.5, 1, 2, 4, 8, "
                            "16 and 32",
                            what, vcpu));
  }
  const bool exists = size->step == 0 ? std::ranges::find(size->only, gigabytes) != size->only.end()
                                      : gigabytes >= size->least && gigabytes <= size->most &&
                                            std::fmod(gigabytes - size->least, size->step) == 0;
  return exists ? Result<void>()
                : fail(ErrorKind::Malformed,
                       fmt::format("'{}': with {} vCPU a task on Fargate has {}, not {}", what,
                                   vcpu, size->told, gigabytes));
}

Result<Price> sized(const json::Reader& root, const json::Reader& item, std::string_view what) {
  const std::size_t colon = what.find(':');
  const std::string_view size = colon == std::string_view::npos ? "1,2" : what.substr(colon + 1);
  const std::size_t comma = size.find(',');
  const auto vcpu = as_number(size.substr(0, comma));
  const auto gigabytes =
      comma == std::string_view::npos ? std::nullopt : as_number(size.substr(comma + 1));
  if (!vcpu || !gigabytes) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}': after the colon stand vCPU and GB, such as 0.5,1", what));
  }
  if (what.starts_with("fargate")) {
    TRY(check_fargate(*vcpu, *gigabytes, what));
  }
  Price price;
  price.per_hour =
      *vcpu * TRY(number_of(item, "vcpu_hour")) + *gigabytes * TRY(number_of(item, "gb_hour"));
  price.told = fmt::format("{} vCPU and {} GB, {}", *vcpu, *gigabytes, TRY(source_of(item, root)));
  return price;
}

Result<Price> look_up(const json::Value& value, std::string_view what) {
  const json::Reader root(value, "prices");
  const std::string_view name = what.substr(0, what.find(':'));
  const json::Reader by_size = TRY(root.field("per_vcpu_and_gb"));
  const json::Reader by_hour = TRY(root.field("per_hour"));
  Price price;
  if (const auto item = by_size.optional_field(name)) {
    price = TRY(sized(root, *item, what));
  } else if (const auto instance = by_hour.optional_field(what)) {
    price.per_hour = TRY(number_of(*instance, "hour"));
    price.told = fmt::format("{}, {}", what, TRY(source_of(*instance, root)));
  } else {
    const std::vector<std::string> names = known_names(value);
    const std::vector<std::string_view> known(names.begin(), names.end());
    return fail(ErrorKind::Malformed,
                fmt::format("there is no price of '{}'; known are {}, or give a number per hour{}",
                            what, fmt::join(names, ", "), did_you_mean(what, known)));
  }
  const json::Reader currency = TRY(root.field("currency"));
  price.currency = TRY(currency.string());
  return price;
}

Result<ScalerPrices> read_scaler_prices() {
  const json::Value value = TRY(json::parse(prices_json()));
  const json::Reader scaler = TRY(json::Reader(value, "prices").field("scaler"));
  ScalerPrices prices;
  prices.lambda_request = TRY(number_of(scaler, "lambda_request"));
  prices.lambda_gb_second = TRY(number_of(scaler, "lambda_gb_second"));
  prices.sqs_request = TRY(number_of(scaler, "sqs_request"));
  prices.log_gb = TRY(number_of(scaler, "log_gb"));
  return prices;
}

Result<InstancePrices> read_instance_prices() {
  constexpr double kHoursPerMonth = 730;
  const json::Value value = TRY(json::parse(prices_json()));
  const json::Reader instances = TRY(json::Reader(value, "prices").field("instances"));
  InstancePrices prices;
  prices.managed_fee = TRY(number_of(instances, "managed_fee"));
  prices.stopped_hour = TRY(number_of(instances, "stopped_month")) / kHoursPerMonth;
  return prices;
}

}  // namespace

const InstancePrices& instance_prices() {
  static const InstancePrices prices = read_instance_prices().value();
  return prices;
}

const ScalerPrices& scaler_prices() {
  static const ScalerPrices prices = read_scaler_prices().value();
  return prices;
}

Result<Price> find_price(std::string_view what, std::string_view prices) {
  if (const auto number = as_number(what)) {
    return Price{.per_hour = *number, .told = "as given"};
  }
  const json::Value value = TRY(json::parse(prices.empty() ? prices_json() : prices));
  return look_up(value, what);
}

}  // namespace scaler::study
