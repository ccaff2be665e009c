#pragma once
// CallStats: how long each attempt at a call took, by operation and by what came of it. What a
// controller's metrics tell of AWS.

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "edge/aws/endpoints.h"
#include "ground/base/histogram.h"

namespace scaler::aws {

class CallStats {
 public:
  struct Key {
    AwsService service = {};
    std::string operation = {};
    std::optional<ErrorKind> failure = {};  ///< nothing: it was answered
    auto operator<=>(const Key&) const = default;
  };

  void add(AwsService service, const std::string& operation, std::optional<ErrorKind> failure,
           Duration took) {
    histograms_[{service, operation, failure}].add(took);
  }
  const std::map<Key, Histogram>& histograms() const { return histograms_; }

 private:
  std::map<Key, Histogram> histograms_ = {};
};

}  // namespace scaler::aws
