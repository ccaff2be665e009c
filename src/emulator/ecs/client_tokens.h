#pragma once
// ClientTokens: what requests with a client token have made, so that such a request, sent again,
// makes nothing more. SDKs send one with every RunTask.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"

namespace scaler::emulator {

class ClientTokens {
 public:
  using Made = std::vector<std::string>;

  /// What the same request has made before, or nullptr when it has no token or comes for the first
  /// time. A token holds in its cluster for 24 hours.
  /// Errors: InvalidParameterException for a token that is none, ConflictException for one that
  /// came with another request.
  ApiResult<const Made*> find(std::string_view operation, std::string_view cluster,
                              const Input& input, Instant now);
  /// To be called after a find() of the same request that found nothing.
  void keep(std::string_view operation, std::string_view cluster, const Input& input, Made made,
            Instant now);

 private:
  struct Request {
    std::string text = {};
    Made made = {};
    Instant at = {};
  };
  std::map<std::string, Request, std::less<>> requests_ = {};  ///< by operation, cluster and token
};

}  // namespace scaler::emulator
