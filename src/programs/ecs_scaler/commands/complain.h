#pragma once
// How a command ends: its exit code, and what it complains of.

#include <string>
#include <string_view>

namespace scaler::cli {

using ExitCode = int;
inline constexpr ExitCode kDone = 0;
inline constexpr ExitCode kFailed = 1;
inline constexpr ExitCode kUsage = 2;
inline constexpr ExitCode kConfiguration = 3;

/// Writes "ecs-scaler: message" to stderr, several lines as a list, and returns the code.
int complain(ExitCode code, std::string_view message);

/// The same of what keeps nobody from going on. A fleet is read again and again while a controller
/// runs: the same words are written once.
void warn_once(const std::string& message);

/// Before standard input is read: at a terminal nothing else shows that it is waited for.
void tell_what_is_waited_for(std::string_view what);

}  // namespace scaler::cli
