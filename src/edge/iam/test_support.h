#pragma once
// What the tests of policies share.

#include <string>
#include <vector>

#include "edge/iam/iam_policy.h"

namespace scaler::testing {

/// The names of the statements, in their order.
inline std::vector<std::string> sids(const std::vector<IamStatement>& statements) {
  std::vector<std::string> names;
  names.reserve(statements.size());
  for (const IamStatement& statement : statements) {
    names.push_back(statement.sid);
  }
  return names;
}

}  // namespace scaler::testing
