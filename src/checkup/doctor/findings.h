#pragma once
// Findings: collects what the checks find; one call a finding.

#include <string>
#include <string_view>
#include <vector>

#include "checkup/doctor/diagnosis.h"
#include "ground/base/result.h"

namespace scaler::doctor {

class Findings {
 public:
  /// `page`: the document that tells more, empty for none.
  void problem(std::string_view subject, std::string seen, std::string advice,
               std::string_view page = {});
  void risk(std::string_view subject, std::string seen, std::string advice,
            std::string_view page = {});
  void note(std::string_view subject, std::string seen, std::string advice,
            std::string_view page = {});
  /// A read that failed: `action` is what IAM calls it.
  void failed(std::string_view subject, const Error& error, std::string_view action,
              std::string_view not_found_advice = "Check the name, the account and the region.");

  /// The worst first.
  std::vector<Finding> sorted() &&;

 private:
  std::vector<Finding> list_ = {};
};

}  // namespace scaler::doctor
