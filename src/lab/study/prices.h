#pragma once
// Prices: what an hour of one task costs. The only place with prices is prices.json, which names
// source and date of each.

#include <string>
#include <string_view>

#include "ground/base/result.h"

namespace scaler::study {

struct Price {
  double per_hour = 0;  ///< of one task
  std::string currency = "USD";
  std::string told = {};  ///< for people: what it is of, and its source and date
};

/// "fargate-x86:1,2" (vCPU, GB), "g5.xlarge", or a number for an own price an hour.
/// `prices` is the text of a prices file; empty: the built-in one.
/// Errors: Malformed, naming what is known.
Result<Price> find_price(std::string_view what, std::string_view prices = {});

inline constexpr std::string_view kDefaultPrice = "fargate-x86:1,2";

}  // namespace scaler::study
