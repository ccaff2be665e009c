#pragma once
// The inside of EventLoop, for the files of this folder that wait on sockets. Asio's context is
// only named here, so that no header includes Boost.

#include "ground/net/event_loop.h"

namespace boost::asio {
class io_context;
}  // namespace boost::asio

namespace scaler::net {

class EventLoop::Impl {
 public:
  Impl();
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  boost::asio::io_context& context() { return *context_; }

 private:
  std::unique_ptr<boost::asio::io_context> context_;
};

}  // namespace scaler::net
