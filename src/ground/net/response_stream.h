#pragma once
// ResponseStream: an answer that goes on until one side ends it, such as server-sent events.

#include <cstddef>
#include <optional>
#include <string_view>

namespace scaler::net {

/// Destroying it ends the answer once what was sent has gone. For use on the server's loop.
class ResponseStream {
 public:
  ResponseStream() = default;
  virtual ~ResponseStream() = default;
  ResponseStream(const ResponseStream&) = delete;
  ResponseStream& operator=(const ResponseStream&) = delete;

  /// So many bytes the peer lets wait, beside the few that the system holds for it; nothing once
  /// the peer has gone, or took nothing for ServerLimits::idle and was dropped.
  virtual std::optional<std::size_t> waiting() const = 0;
  /// Kept until the peer takes it: who sends looks at waiting() first.
  virtual void send(std::string_view piece) = 0;
};

}  // namespace scaler::net
