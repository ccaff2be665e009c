#pragma once
// STS: who calls, and credentials of roles. A role of any account can be assumed by anyone; what
// was given out remembers its role, so that its account is the account that answers.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/front/query_protocol.h"
#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"
#include "ground/base/random.h"
#include "lab/world/world.h"

namespace scaler::emulator {

extern const QueryService kStsQuery;

/// Whether STS takes the operation without a signature.
bool is_unsigned_operation(std::string_view operation);

class StsApi {
 public:
  StsApi(const world::World& world, std::uint64_t seed) : world_(world), random_(seed) {}

  /// Errors: ValidationError, AccessDenied.
  ApiAnswer handle(const JsonCall& call);

  /// Whether a request with this key and session token may be served: keys that were not given out
  /// here always may.
  /// Errors: ExpiredTokenException, UnrecognizedClientException.
  ApiResult<void> check_session(std::string_view access_key_id, std::string_view token) const;

  /// That of the role for which the key was given out here.
  std::optional<std::string> account_of(std::string_view access_key_id) const;

 private:
  struct Session {
    std::string account = {};
    std::string arn = {};      ///< arn:aws:sts::<account>:assumed-role/<role>/<session>
    std::string user_id = {};  ///< AROA..:<session>
    std::string token = {};
    Instant expires = {};
  };
  struct Role;

  std::string caller_identity(const Caller& caller) const;
  ApiAnswer assume_role(const Input& input, bool by_session);
  std::string give_out(const Input& input, const Role& role, Duration duration);
  std::string random_text(std::string_view alphabet, std::size_t size);
  std::string new_access_key_id(std::string_view account);
  void make_room();

  const world::World& world_;
  Random random_;
  std::map<std::string, Session, std::less<>> sessions_ = {};  ///< by access key id
};

}  // namespace scaler::emulator
