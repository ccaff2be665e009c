#pragma once
// Front: SQS on loopback for one worker. It carries out what the protocol says (guard/protocol):
// answers the worker, asks SQS and the ECS agent.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ground/net/http_server.h"
#include "ground/net/timer.h"
#include "guard/front/agent.h"
#include "guard/front/forwarder.h"
#include "guard/front/queue_book.h"
#include "guard/front/work_report.h"
#include "guard/messages/queue_call.h"
#include "guard/protocol/protocol.h"

namespace scaler::guard {

struct FrontOptions {
  Rules rules = {};
  Door door = {};
  Duration expect_within = std::chrono::minutes(2);  ///< a receive is expected; else it is told
  bool strict = false;                               ///< else the guard ends
  ReportForm report = ReportForm::None;
};

/// What it needs; all of it outlives the front.
struct FrontSurroundings {
  net::EventLoop& loop;
  Forwarder& forwarder;
  Agent* agent = nullptr;  ///< null: there is none
  QueueBook& queues;
  const Clock& clock;
  const Log& log;
  std::function<void()> terminate_child = [] {};
  /// Nothing is left to be done. `failed`: it ends because no receive came (strict).
  std::function<void(bool failed)> finish = [](bool) {};
};

class Front {
 public:
  Front(FrontOptions options, FrontSurroundings surroundings);
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  /// The handler of the guard's server.
  void handle(net::ServerRequest request, net::Respond respond);
  /// SIGTERM, and the child's end.
  void terminate();
  void child_ended(bool leaves_others);

 private:
  /// A receive of the worker that was not answered.
  struct OpenReceive {
    QueueCall call = {};
    net::ServerRequest request = {};
    net::Respond respond = {};
    std::size_t queue = 0;
    std::optional<Result<net::HttpResponse>> answer = {};  ///< SQS's
    std::vector<Handle> handles = {};
  };

  Deadline now() const { return surroundings_.clock.steady(); }

  net::HttpResponse own_page(const net::ServerRequest& request) const;
  std::string status_json() const;

  void pass(const QueueCall& call, const net::ServerRequest& request, net::Respond respond);
  void learn(const QueueCall& call, const net::HttpResponse& response);
  void receive(QueueCall call, net::ServerRequest request, net::Respond respond);
  void begin_receive(const std::shared_ptr<OpenReceive>& open, const KnownQueue& queue);
  void received(ReceiveId id, Result<net::HttpResponse> answer);

  void carry_out_all();
  void carry_out(const Forward& action);
  void carry_out(const AnswerEmpty& action);
  void carry_out(const HandOver& action);
  void carry_out(const GiveBack& action);
  void carry_out(const Renew& action);
  void carry_out(const AskAgent& action);
  void carry_out(const TerminateChild& action);
  void carry_out(const Finish& action);
  void carry_out(const Worked& action);
  void carry_out(const Tell& action);
  void warn(Teller::About about, const std::string& text);
  void finish();

  void give_back(const KnownQueue& queue, std::vector<std::string> handles, int attempt);
  void look_for_gone();
  void every_minute();
  Duration protected_since_last();

  FrontOptions options_;
  FrontSurroundings surroundings_;
  Protocol protocol_;
  ReceiveId last_receive_ = 0;
  std::map<ReceiveId, std::shared_ptr<OpenReceive>> receives_ = {};
  std::size_t asking_ = 0;       ///< receives whose queue is asked about
  std::size_t giving_back_ = 0;  ///< calls under way
  bool carrying_out_ = false;
  bool finishing_ = false;
  bool failed_ = false;
  std::uint64_t receives_seen_ = 0;  ///< of guarded queues
  std::uint64_t others_seen_ = 0;    ///< of those that --queue does not name
  Deadline begun_;
  WorkReport work_ = {};
  Teller teller_ = {};  ///< of what the protocol does not see
  Duration protected_before_ = {};
  net::Timer next_;
  net::Timer gone_;
  net::Timer minute_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace scaler::guard
