// A worker of test_protected_scale_ins.py that does nothing but take and give up its task's
// protection, hundreds of times a second: small, so that many can be started and stopped. On
// SIGTERM it says whether it held the protection at that moment.

#include <arpa/inet.h>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <random>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace {

volatile std::sig_atomic_t g_protected = 0;
volatile std::sig_atomic_t g_told = 0;

void say(const char* text) {
  static_cast<void>(!::write(STDOUT_FILENO, text, std::strlen(text)));
}

void on_sigterm(int /*signal*/) {
  say(g_protected != 0 ? "told while protected\n" : "told while free\n");
  g_told = 1;
}

/// The answer to one PUT over the kept connection; empty when the worker is to end.
std::string put(int connection, const std::string& path, const std::string& body) {
  const std::string request = "PUT " + path +
                              " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
                              "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  if (::send(connection, request.data(), request.size(), 0) < 0) {
    return "";
  }
  std::string answer;
  char buffer[4096];
  while (g_told == 0 && answer.find("}}") == std::string::npos) {
    const ssize_t size = ::recv(connection, buffer, sizeof buffer, 0);
    if (size <= 0) {
      return "";
    }
    answer.append(buffer, static_cast<std::size_t>(size));
  }
  return answer;
}

int connect_to(const std::string& port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int connection = ::socket(AF_INET, SOCK_STREAM, 0);
  return ::connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0
             ? connection
             : -1;
}

}  // namespace

int main(int /*count*/, char** /*arguments*/, char** environment) {
  struct sigaction action = {};  // Without SA_RESTART: it ends what waits.
  action.sa_handler = on_sigterm;
  ::sigaction(SIGTERM, &action, nullptr);
  const std::string agent = "ECS_AGENT_URI=http://127.0.0.1:";  // PORT/PATH
  while (*environment != nullptr && !std::string(*environment).starts_with(agent)) {
    ++environment;
  }
  if (*environment == nullptr) {
    return 2;
  }
  const std::string rest = std::string(*environment).substr(agent.size());
  const std::size_t slash = rest.find('/');
  const int connection = connect_to(rest.substr(0, slash));
  const std::string path = rest.substr(slash) + "/task-protection/v1/state";
  std::minstd_rand random(static_cast<unsigned>(::getpid()));
  while (g_told == 0) {
    const std::string answer = put(connection, path, R"({"ProtectionEnabled":true})");
    if (answer.empty()) {
      break;
    }
    g_protected = answer.find(R"("ProtectionEnabled":true)") != std::string::npos ? 1 : 0;
    ::poll(nullptr, 0, static_cast<int>(1 + random() % 20));
    g_protected = 0;
    if (g_told != 0 || put(connection, path, R"({"ProtectionEnabled":false})").empty()) {
      break;
    }
    ::poll(nullptr, 0, static_cast<int>(random() % 5));
  }
  return g_told != 0 ? 0 : 3;
}
