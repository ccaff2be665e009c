#pragma once
// Prices: what an hour of one task costs, and a call of the scaler. The only place with prices is
// prices.json, which names source and date of each.

#include <string>
#include <string_view>

#include "ground/base/result.h"

namespace scaler::study {

struct Price {
  double per_hour = 0;  ///< of one task, or of one instance
  std::string currency = "USD";
  std::string told = {};  ///< for people: what it is of, and its source and date
};

/// "fargate-x86:1,2" (vCPU, GB), "g5.xlarge", or a number for an own price an hour.
/// `prices` is the text of a prices file; empty: the built-in one.
/// Errors: Malformed, naming what is known.
Result<Price> find_price(std::string_view what, std::string_view prices = {});

inline constexpr std::string_view kDefaultPrice = "fargate-x86:1,2";

/// What instances cost beside their hours, in USD.
struct InstancePrices {
  double managed_fee = 0;   ///< of Managed Instances, as a part of the instance's price
  double stopped_hour = 0;  ///< the volume of one that is stopped
};
/// The built-in ones.
const InstancePrices& instance_prices();

/// What the scaler itself uses, in USD.
struct ScalerPrices {
  double lambda_request = 0;
  double lambda_gb_second = 0;
  double sqs_request = 0;
  double log_gb = 0;
};
/// The built-in ones.
const ScalerPrices& scaler_prices();

}  // namespace scaler::study
