#include "ground/net/timer.h"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "ground/net/event_loop_impl.h"

namespace scaler::net {

namespace asio = boost::asio;

struct Timer::Shot {
  asio::steady_timer timer;
  std::function<void()> function;
};

Timer::~Timer() = default;
Timer::Timer(Timer&& other) noexcept = default;
Timer& Timer::operator=(Timer&& other) noexcept = default;

// Asio cannot take back a handler whose time has come. This one finds its shot gone then.
void Timer::start(Duration delay, std::function<void()> function) {
  shot_ = std::make_shared<Shot>(asio::steady_timer(loop_->impl().context(), delay),
                                 std::move(function));
  shot_->timer.async_wait([weak = std::weak_ptr(shot_)](const boost::system::error_code& error) {
    const auto shot = weak.lock();
    if (shot && !error) {
      std::exchange(shot->function, nullptr)();
    }
  });
}

void Timer::cancel() {
  shot_.reset();
}

bool Timer::waits() const {
  return shot_ && shot_->function;
}

}  // namespace scaler::net
