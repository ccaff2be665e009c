#include "programs/ecs_scaler/commands/service_manager.h"

#include <algorithm>
#include <cstddef>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace scaler::cli {

ServiceManager::ServiceManager(const Environment& environment)
    : socket_(variable(environment, "NOTIFY_SOCKET").value_or("")) {}

void ServiceManager::send(std::string_view message) const {
  sockaddr_un address = {};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) {
    return;
  }
  address.sun_family = AF_UNIX;
  std::ranges::copy(socket_, std::begin(address.sun_path));
  if (socket_.starts_with('@')) {
    address.sun_path[0] = '\0';
  }
  const int file = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) {
    return;
  }
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  ::sendto(file, message.data(), message.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), length);  // NOLINT: as the system wants it
  ::close(file);
}

}  // namespace scaler::cli
