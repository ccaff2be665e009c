#pragma once
// TLS on a non-blocking socket, one step at a time: the seam behind which the TLS library stands.
// Peers are always verified: chain, validity and host name; TLS 1.2 or newer.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ground/base/result.h"
#include "ground/net/http.h"
#include "ground/net/tls_roots.h"

namespace scaler::net {

/// What became of one non-blocking step.
enum class IoStep {
  Done,
  WantRead,   ///< call again when the socket is readable
  WantWrite,  ///< call again when the socket is writable
  Closed,     ///< the peer ended the stream in order
  Failed,     ///< broken; error() says how
};

struct IoResult {
  IoStep step = IoStep::Failed;
  std::size_t count = 0;  ///< bytes read or written
};

/// Trusted roots and the sessions that may be resumed, per origin. Outlives its sessions'
/// TlsSession.
class TlsContext {
 public:
  /// Trusts the PEM file `ca_bundle`, or the built-in roots of AWS when it is empty.
  /// Errors: Unavailable for a bundle that cannot be read.
  static Result<std::unique_ptr<TlsContext>> create(
      const std::string& ca_bundle, std::span<const TlsRoot> roots = built_in_roots());
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One client connection. Does not own the socket; writing to a closed peer raises no signal.
class TlsSession {
 public:
  TlsSession(TlsContext& context, int socket, const Origin& origin);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  IoStep handshake();
  IoResult read(std::span<char> buffer);
  IoResult write(std::string_view bytes);
  /// Tells the peer that no more comes; does not wait for its answer.
  void shutdown();
  /// Whether the handshake continued an earlier session.
  bool resumed() const;
  const std::string& error() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace scaler::net
