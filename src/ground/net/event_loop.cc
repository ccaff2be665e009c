#include "ground/net/event_loop.h"

#include <memory>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "ground/net/event_loop_impl.h"

namespace scaler::net {

namespace asio = boost::asio;

namespace {

class Watch final : public std::enable_shared_from_this<Watch> {
 public:
  Watch(asio::io_context& context, int file_descriptor, std::function<void()> function)
      : descriptor_(context, file_descriptor), function_(std::move(function)) {}

  void wait() {
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [weak = weak_from_this()](const boost::system::error_code& error) {
                             const auto self = weak.lock();
                             if (self && !error) {
                               self->function_();
                               self->wait_unless_last(self);
                             }
                           });
  }

 private:
  /// The function may have let the last handle go; then only this call still holds the watch.
  void wait_unless_last(const std::shared_ptr<Watch>& self) {
    if (self.use_count() > 1) {
      wait();
    }
  }

  asio::posix::stream_descriptor descriptor_;
  std::function<void()> function_;
};

}  // namespace

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

std::shared_ptr<void> EventLoop::watch(int file_descriptor, std::function<void()> function) {
  auto watch = std::make_shared<Watch>(impl_->context(), file_descriptor, std::move(function));
  watch->wait();
  return watch;
}

}  // namespace scaler::net
