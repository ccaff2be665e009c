#pragma once
// Lambda functions as seen from outside: their configuration, and calls to them.

#include <string>

#include "edge/aws/client.h"
#include "ground/base/environment.h"

namespace scaler::aws {

struct FunctionConfiguration {
  std::string name = {};
  std::string arn = {};
  Duration timeout = {};
  std::string state = {};  ///< Pending, Active, Inactive, Failed; empty when the service omits it
  Environment environment = {};
};

/// What a call brought: the function's answer, or the error that it ended with.
struct FunctionReply {
  bool failed = false;  ///< the function failed; `payload` holds errorMessage and errorType
  json::Value payload = {};
};

class Functions {
 public:
  explicit Functions(Client& client) : client_(&client) {}

  /// `function` is a name or an ARN.
  Result<FunctionConfiguration> configuration(const std::string& function, Deadline deadline);
  /// Waits for the answer. A lost reply is not asked for anew: the function would run twice.
  /// Errors: Malformed when the answer is no JSON.
  Result<FunctionReply> invoke(const std::string& function, const std::string& payload,
                               Deadline deadline);

 private:
  Client* client_;
};

}  // namespace scaler::aws
