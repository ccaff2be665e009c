#include "edge/identity/terminal.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <poll.h>
#include <unistd.h>

namespace scaler::identity {
namespace {

constexpr int kPatienceMilliseconds = 60'000;
constexpr std::size_t kDigits = 6;

}  // namespace

Result<std::string> ask_mfa_code(const std::string& mfa_serial) {
  const auto refuse = [&mfa_serial](const std::string& why) {
    return fail(ErrorKind::Unauthorized, "MFA code for " + mfa_serial + ": " + why);
  };
  if (::isatty(STDIN_FILENO) == 0) {
    return refuse("standard input is no terminal, so nobody can be asked");
  }
  std::fputs(("Enter MFA code for " + mfa_serial + ": ").c_str(), stderr);
  std::fflush(stderr);
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&input, 1, kPatienceMilliseconds) <= 0) {
    return refuse("nobody has entered one");
  }
  std::array<char, 64> buffer{};
  const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  std::string code(buffer.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
  code.erase(std::min(code.find_last_not_of(" \t\r\n") + 1, code.size()));
  const bool digits = std::ranges::all_of(code, [](char c) { return c >= '0' && c <= '9'; });
  if (code.size() != kDigits || !digits) {
    return refuse("it has six digits");
  }
  return code;
}

}  // namespace scaler::identity
