#include "net/event_loop.h"

#include <memory>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/event_loop_impl.h"

namespace scaler::net {

namespace asio = boost::asio;

EventLoop::Impl::Impl() : context_(std::make_unique<asio::io_context>()) {}
EventLoop::Impl::~Impl() = default;

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::run(const std::stop_token& stop) {
  asio::io_context& context = impl_->context();
  const auto guard = asio::make_work_guard(context);
  // Before the callback is set up: a stop that was requested already must not be undone.
  context.restart();
  const std::stop_callback end(stop, [&context] { context.stop(); });
  context.run();
}

void EventLoop::post(std::function<void()> function) {
  asio::post(impl_->context(), std::move(function));
}

void EventLoop::run_after(Duration delay, std::function<void()> function) {
  auto timer = std::make_shared<asio::steady_timer>(impl_->context(), delay);
  // The handler keeps its own timer.
  timer->async_wait([timer, run = std::move(function)](const boost::system::error_code& error) {
    if (!error) {
      run();
    }
  });
}

}  // namespace scaler::net
