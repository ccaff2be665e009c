#pragma once
// QueueBook: what the guard knows of each queue: whether it is guarded, for how long its messages
// stay invisible, and after how many receives it gives up on one.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "guard/front/forwarder.h"
#include "guard/messages/queue_call.h"

namespace scaler::guard {

struct KnownQueue {
  std::size_t number = 0;
  Whereto whereto = {};
  bool guarded = true;
  /// The longest that there is, as long as it is unknown: what is held too long costs a scale-in
  /// some time; what is let go too early costs the work.
  Duration visibility = std::chrono::hours(12);
  Duration wait = {};    ///< of a receive that says none
  int receives_max = 0;  ///< before a message is a dead letter; 0: never, or unknown
  /// It gives up on a message so soon that the guard may not give any back.
  bool careful() const { return receives_max > 0 && receives_max < 3; }
};

class QueueBook {
 public:
  /// `only`: names or URLs of the queues that are guarded; empty: all.
  QueueBook(Forwarder& forwarder, std::vector<std::string> only, const Clock& clock, const Log& log)
      : forwarder_(forwarder), only_(std::move(only)), clock_(clock), log_(log) {}
  ~QueueBook() { *alive_ = false; }
  QueueBook(const QueueBook&) = delete;
  QueueBook& operator=(const QueueBook&) = delete;

  /// The queue that a call means, as far as it is known yet.
  const KnownQueue& find(const QueueCall& call);
  const KnownQueue& at(std::size_t number) const { return *queues_.at(number); }
  /// Asks SQS about it first, unless that was done in the last minute, and then calls `then`, at
  /// once or later, whatever came of it.
  void with(const QueueCall& call, std::function<void(const KnownQueue&)> then);

 private:
  struct Entry : KnownQueue {
    std::optional<Deadline> asked = {};
    bool answered = false;
    bool failed = false;  ///< the last time
    bool told = false;
    std::vector<std::function<void(const KnownQueue&)>> waiting = {};
  };

  Entry& entry(const QueueCall& call);
  bool is_guarded(const QueueCall& call) const;
  void ask(Entry& entry);
  void take(Entry& entry, const Result<net::HttpResponse>& response);

  Forwarder& forwarder_;
  std::vector<std::string> only_;
  const Clock& clock_;
  Log log_;
  std::map<std::string, std::size_t> numbers_ = {};  ///< by what the queue is called
  std::vector<std::unique_ptr<Entry>> queues_ = {};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace scaler::guard
