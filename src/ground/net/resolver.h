#pragma once
// Resolver: addresses of hosts, looked up on helper threads, so that a name server that does not
// answer delays nothing but what needs the name. The last good addresses are kept (ADR 13).

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/result.h"
#include "ground/net/address.h"

namespace scaler::net {

/// Blocks for as long as it likes; called on helper threads. As resolve() of address.h.
using Lookup = std::function<Result<std::vector<Address>>(const std::string& host, int port)>;

struct Host {
  std::string name = {};
  int port = 0;
  std::vector<Address> addresses = {};  ///< the last good ones, the one to try next in front
  bool fixed = false;                   ///< a literal address, or localhost: never looked up
  bool looking_up = false;
  bool doubtful = false;              ///< none of its addresses could be connected to
  Deadline asked = {};                ///< when the latest look-up began
  Deadline learned = {};              ///< when the addresses came
  std::optional<Error> failure = {};  ///< of the latest look-up, while there are no addresses
};

/// Not for use from several threads at once.
class Resolver {
 public:
  explicit Resolver(Lookup lookup);

  /// The one of that name and port; it stays where it is.
  Host& host(const std::string& name, int port);
  /// Whether the host's addresses may be used now. Starts a look-up where one is needed: without
  /// addresses, when they are old, or when they are in doubt; only then is it waited for, a second.
  bool ready(Host& host, Deadline now);
  /// Nobody answered at this address: the others come first.
  static void demote(Host& host, const Address& address);
  /// Nobody answered at any of them: starts looking for others.
  void doubt(Host& host, Deadline now);

  /// Becomes readable when a look-up has ended; -1 while none is under way.
  int socket() const;
  /// When ready() may change its mind without a look-up that ends.
  Deadline next_limit() const;
  /// Takes in what look-ups have brought; false when there was nothing.
  bool collect(Deadline now);
  void forget_failures();

 private:
  struct Answer;
  struct Answers;

  void start(Host& host, Deadline now);
  void take(Answer answer, Deadline now);

  Lookup lookup_;
  std::deque<Host> hosts_ = {};
  std::shared_ptr<Answers> answers_ = {};  ///< shared with the threads, which may outlive this
  std::size_t under_way_ = 0;
};

}  // namespace scaler::net
