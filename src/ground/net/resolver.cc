#include "ground/net/resolver.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <sys/eventfd.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace scaler::net {
namespace {

/// Addresses that are older are looked up again beside their use.
constexpr Duration kOld = std::chrono::minutes(5);
/// Nor are known addresses looked up again sooner than this.
constexpr Duration kPause = std::chrono::seconds(1);
/// So long doubtful addresses wait for better ones.
constexpr Duration kPatience = std::chrono::seconds(1);

bool same(const Address& a, const Address& b) {
  return a.length == b.length && std::memcmp(&a.storage, &b.storage, a.length) == 0;
}

}  // namespace

struct Resolver::Answer {
  Host* host = nullptr;
  Result<std::vector<Address>> addresses = {};
};

/// What threads leave, and the descriptor that tells of it.
struct Resolver::Answers {
  explicit Answers(int event_socket) : event(event_socket) {}
  ~Answers() { ::close(event); }
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

  void put(Answer answer) {
    const std::lock_guard lock(mutex);
    list.push_back(std::move(answer));
    const std::uint64_t one = 1;
    static_cast<void>(!::write(event, &one, sizeof one));  // Fails only when it is full: readable.
  }
  std::vector<Answer> take() {
    const std::lock_guard lock(mutex);
    std::uint64_t count = 0;
    static_cast<void>(!::read(event, &count, sizeof count));
    return std::exchange(list, {});
  }

  int event;
  std::mutex mutex;
  std::vector<Answer> list;
};

Resolver::Resolver(Lookup lookup) : lookup_(std::move(lookup)) {}

Host& Resolver::host(const std::string& name, int port) {
  const auto known = std::ranges::find_if(
      hosts_, [&](const Host& host) { return host.port == port && host.name == name; });
  if (known != hosts_.end()) {
    return *known;
  }
  Host& host = hosts_.emplace_back(Host{.name = name, .port = port});
  host.addresses = fixed_addresses(name, port);
  host.fixed = !host.addresses.empty();
  return host;
}

bool Resolver::ready(Host& host, Deadline now) {
  if (host.fixed) {
    return true;
  }
  if (host.addresses.empty() || host.doubtful || now - host.learned >= kOld) {
    start(host, now);
  }
  const bool wait = host.looking_up && host.doubtful && now < host.asked + kPatience;
  return !host.addresses.empty() && !wait;
}

void Resolver::demote(Host& host, const Address& address) {
  const auto found = std::ranges::find_if(
      host.addresses, [&address](const Address& one) { return same(one, address); });
  if (found != host.addresses.end()) {
    std::rotate(found, found + 1, host.addresses.end());
  }
}

void Resolver::doubt(Host& host, Deadline now) {
  if (!host.fixed) {
    host.doubtful = true;
    start(host, now);
  }
}

void Resolver::start(Host& host, Deadline now) {
  if (host.looking_up || (!host.addresses.empty() && now - host.asked < kPause)) {
    return;
  }
  if (!answers_) {
    const int event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event < 0) {
      host.failure =
          Error{.kind = ErrorKind::Unavailable,
                .message = "resolve " + host.name + ": " + std::generic_category().message(errno)};
      return;
    }
    answers_ = std::make_shared<Answers>(event);
  }
  // The thread may outlive all of this: a look-up of a silent name server takes 40 s. So it has
  // copies, and nobody waits for it.
  const auto work = [answers = answers_, lookup = lookup_, target = &host, name = host.name,
                     port = host.port] {
    answers->put({.host = target, .addresses = lookup(name, port)});
  };
  try {
    std::thread(work).detach();
  } catch (const std::system_error& error) {
    host.failure = Error{.kind = ErrorKind::Unavailable,
                         .message = "resolve " + host.name + ": " + error.what()};
    return;
  }
  host.asked = now;
  host.looking_up = true;
  ++under_way_;
}

int Resolver::socket() const {
  return under_way_ > 0 ? answers_->event : -1;
}

Deadline Resolver::next_limit() const {
  Deadline limit = Deadline::max();
  if (under_way_ > 0) {
    for (const Host& host : hosts_) {
      if (host.looking_up && host.doubtful) {
        limit = std::min(limit, host.asked + kPatience);
      }
    }
  }
  return limit;
}

bool Resolver::collect(Deadline now) {
  if (under_way_ == 0) {
    return false;
  }
  std::vector<Answer> answers = answers_->take();
  for (Answer& answer : answers) {
    take(std::move(answer), now);
  }
  return !answers.empty();
}

void Resolver::forget_failures() {
  for (Host& host : hosts_) {
    host.failure.reset();
  }
}

void Resolver::take(Answer answer, Deadline now) {
  --under_way_;
  Host& host = *answer.host;
  host.looking_up = false;
  host.doubtful = false;
  if (answer.addresses.has_value()) {
    host.addresses = *std::move(answer.addresses);
    host.learned = now;
  } else if (host.addresses.empty()) {
    host.failure = std::move(answer.addresses).error();
  }
}

}  // namespace scaler::net
