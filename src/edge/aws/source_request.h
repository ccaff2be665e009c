#pragma once
// What the sources that ask over HTTP share: one request with a few attempts, and how a refusal
// reads. They do not go through Client, whose calls wait for what they fetch.

#include <initializer_list>

#include "edge/aws/credentials.h"
#include "edge/aws/error_table.h"
#include "ground/net/http.h"

namespace scaler::aws {

struct Attempts {
  Duration limit = std::chrono::seconds(5);  ///< of each
  int most = 3;
  Duration pause = std::chrono::seconds(1);  ///< between two
  bool after_silence = true;                 ///< goes again also when there was no answer at all
};

/// The last attempt's response, whatever its status. Goes again after 5xx, throttling and silence.
/// Errors: Unavailable when there was no answer.
Result<net::HttpResponse> ask(const CredentialSurroundings& surroundings,
                              const net::HttpRequest& request, const Attempts& attempts,
                              Deadline deadline);

/// Of a response that is no success: "what: Code: message", with the secrets hidden.
Error refusal(const std::string& what, const net::HttpResponse& response,
              std::initializer_list<std::string_view> secrets);

/// The keys in the JSON that container endpoints, instance metadata and processes answer with.
/// No error quotes the reply: it may hold a secret.
Result<Credentials> read_keys(std::string_view body, std::string_view token_name = "Token");

}  // namespace scaler::aws
