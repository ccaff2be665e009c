#pragma once
// What others say in their errors, made fit for logs: AWS quotes the canonical request, and with it
// the session token, when a signature does not match.

#include <initializer_list>
#include <string>
#include <string_view>

namespace scaler::aws {

/// The text with "[hidden]" in place of each of the secrets, and of whatever follows the name of
/// the header or parameter that carries a token.
std::string without_secrets(std::string text, std::initializer_list<std::string_view> secrets);

}  // namespace scaler::aws
