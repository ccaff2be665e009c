#pragma once
// Rates: the token buckets that AWS documents for calls of one account in one region, to be
// observed on demand.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "emulator/request/aws_request.h"
#include "ground/base/clock.h"
#include "ground/json/writer.h"

namespace scaler::emulator {

class Rates {
 public:
  /// From now on, with full buckets; or no more.
  void observe(bool observed);
  /// Whether the call is within its rate, or nobody observes that, or none is documented.
  bool take(const Caller& caller, std::string_view operation, Instant now);
  /// Whether they are observed, and by operation the calls that were beyond.
  void write(json::Writer& writer) const;

 private:
  struct Bucket {
    double tokens = 0;
    Instant at = {};
  };
  /// By account, region and the bucket's number in the table.
  using Key = std::tuple<std::string, std::string, std::size_t>;

  bool observed_ = false;
  std::map<Key, Bucket> buckets_ = {};
  std::map<std::string, std::int64_t, std::less<>> throttled_ = {};
};

}  // namespace scaler::emulator
