#include "guard/front/front.h"

#include <algorithm>
#include <utility>

#include "edge/aws/error_table.h"
#include "ground/base/text.h"
#include "ground/json/writer.h"

namespace scaler::guard {
namespace {

/// Longer than any long poll lasts, which is 20 s.
constexpr Duration kReceivePatience = std::chrono::seconds(35);
constexpr Duration kForwardPatience = std::chrono::seconds(30);
constexpr Duration kGiveBackPatience = std::chrono::seconds(5);
constexpr int kGiveBackAttempts = 3;
constexpr std::size_t kBatch = 10;  ///< of SQS
constexpr Duration kLookForGone = std::chrono::milliseconds(250);
constexpr std::string_view kNothingCame =
    "no receive has come through the guard: the worker's SDK goes to SQS by itself, and its task "
    "is not protected. SDKs that do not know AWS_ENDPOINT_URL_SQS want this endpoint in the code";
constexpr std::string_view kOthersCame =
    "no receive of a queue that --queue names has come through the guard, only of others: the task "
    "is not protected";
constexpr Duration kMinute = std::chrono::minutes(1);
/// A message's handle as the protocol knows it: behind the number of its queue.
constexpr char kAfterNumber = ':';

Handle handle_of(std::size_t queue, std::string_view receipt) {
  return std::to_string(queue).append(1, kAfterNumber).append(receipt);
}

struct QueueAndReceipt {
  std::size_t queue = 0;
  std::string receipt = {};
};

QueueAndReceipt parts_of(const Handle& handle) {
  const std::size_t mark = handle.find(kAfterNumber);
  return {.queue = number_of<std::size_t>(std::string_view(handle).substr(0, mark)).value_or(0),
          .receipt = handle.substr(mark + 1)};
}

/// Of an answer that cannot be read: the messages that may be in it. It ends when their visibility
/// does, and nothing else can be done with it.
Handle unread_handle(std::size_t queue) {
  return handle_of(queue, "");
}

net::HttpResponse plain(int status, std::string body) {
  return {.status = status,
          .headers = {{.name = "Content-Type", .value = "application/json"}},
          .body = std::move(body)};
}

}  // namespace

Front::Front(FrontOptions options, FrontSurroundings surroundings)
    : options_(std::move(options)),
      surroundings_(std::move(surroundings)),
      protocol_(options_.rules, surroundings_.clock.steady()),
      begun_(surroundings_.clock.steady()),
      next_(surroundings_.loop),
      gone_(surroundings_.loop),
      minute_(surroundings_.loop) {
  minute_.start(std::min(kMinute, std::max(options_.expect_within, Duration(1))),
                [this] { every_minute(); });
  surroundings_.loop.post([this, alive = alive_] {
    if (*alive) {
      carry_out_all();
    }
  });
}

Front::~Front() {
  *alive_ = false;
}

void Front::handle(net::ServerRequest request, net::Respond respond) {
  request.target = origin_form(request.target);
  if (request.target.starts_with("/guard/")) {
    respond(own_page(request));
    return;
  }
  QueueCall call = read_call(request);
  if (call.queue_url.starts_with('/')) {
    call.queue_url = surroundings_.forwarder.whole_url(call.queue_url, call.region);
  }
  if (call.kind == QueueCall::Kind::Receive) {
    receive(std::move(call), std::move(request), std::move(respond));
  } else {
    pass(call, request, std::move(respond));
  }
}

net::HttpResponse Front::own_page(const net::ServerRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    return plain(405, R"({"error":"only GET"})");
  }
  const std::string_view path =
      std::string_view(request.target).substr(0, request.target.find('?'));
  if (path == "/guard/health") {
    return plain(200, R"({"status":"ok"})");
  }
  return path == "/guard/status"
             ? plain(200, status_json())
             : plain(404, R"({"error":"there are /guard/status and /guard/health"})");
}

std::string Front::status_json() const {
  const Status status = protocol_.status(now());
  json::Writer writer;
  writer.begin_object()
      .field("held", status.held)
      .field("waiting_for_protection", status.waiting)
      .field("polling", status.polling)
      .field("protected", status.is_protected)
      .field("foreign_protection", status.foreign)
      .field("blocked", status.blocked)
      .field("resting", status.resting)
      .field("stopping", status.stopping)
      .field("unguarded", status.unguarded)
      .field("agent", surroundings_.agent != nullptr)
      .field("protected_seconds", in_seconds(status.protected_for))
      .field("receives", receives_seen_)
      .field("handed_over", status.handed_over)
      .field("handed_over_unprotected", status.handed_over_unprotected)
      .field("given_back", status.given_back);
  return std::move(writer.end_object()).text();
}

void Front::terminate() {
  protocol_.terminate(now());
  carry_out_all();
}

void Front::child_ended(bool leaves_others) {
  protocol_.child_ended(now(), leaves_others);
  carry_out_all();
}

/// What is not a receive goes on as it is.
void Front::pass(const QueueCall& call, const net::ServerRequest& request, net::Respond respond) {
  net::HttpRequest forwarded = forwardable(request);
  // Sending twice would make two messages; deleting twice deletes once.
  forwarded.repeatable = call.kind == QueueCall::Kind::Delete;
  surroundings_.forwarder.send(
      std::move(forwarded), {.queue_url = call.queue_url, .region = call.region}, kForwardPatience,
      [this, alive = alive_, call, respond = std::move(respond)](Result<net::HttpResponse> answer) {
        if (!*alive) {
          return;
        }
        if (!answer.has_value()) {
          // The connection is closed, as SQS's would be: nothing is said in its name.
          warn(Teller::About::Call, call.operation + ": " + answer.error().message);
          return;
        }
        learn(call, *answer);
        respond(passed_on(call, *std::move(answer), options_.door));
        carry_out_all();
      });
}

/// Takes in which messages are done with.
void Front::learn(const QueueCall& call, const net::HttpResponse& response) {
  if (call.kind != QueueCall::Kind::Delete && call.kind != QueueCall::Kind::ChangeVisibility) {
    return;
  }
  const KnownQueue& queue = surroundings_.queues.find(call);
  for (const CallEntry& entry : done_entries(call, response)) {
    const Handle handle = handle_of(queue.number, entry.handle);
    if (call.kind == QueueCall::Kind::Delete) {
      protocol_.deleted(handle, now());
    } else if (entry.visibility) {
      protocol_.visibility_changed(handle, *entry.visibility, true, now());
    }
  }
}

void Front::receive(QueueCall call, net::ServerRequest request, net::Respond respond) {
  auto open = std::make_shared<OpenReceive>(OpenReceive{
      .call = std::move(call), .request = std::move(request), .respond = std::move(respond)});
  ++asking_;
  surroundings_.queues.with(open->call, [this, alive = alive_, open](const KnownQueue& queue) {
    if (!*alive) {
      return;
    }
    --asking_;
    if (finishing_) {
      open->respond(empty_answer(open->call));
      finish();
    } else {
      begin_receive(open, queue);
    }
  });
}

void Front::begin_receive(const std::shared_ptr<OpenReceive>& open, const KnownQueue& queue) {
  if (!queue.guarded) {
    ++others_seen_;
    pass(open->call, open->request, std::move(open->respond));
    return;
  }
  ++receives_seen_;
  open->queue = queue.number;
  const ReceiveId id = ++last_receive_;
  receives_.emplace(id, open);
  protocol_.receive({.id = id,
                     .connection = open->request.connection,
                     .wait = open->call.wait.value_or(queue.wait),
                     .careful = queue.careful()},
                    now());
  if (!gone_.waits()) {
    gone_.start(kLookForGone, [this] { look_for_gone(); });
  }
  carry_out_all();
}

/// SQS's answer to a receive. The worker may have gone meanwhile.
void Front::received(ReceiveId id, Result<net::HttpResponse> answer) {
  const auto found = receives_.find(id);
  if (found == receives_.end()) {
    return;
  }
  OpenReceive& open = *found->second;
  std::vector<Message> messages;
  if (answer.has_value() && answer->status == 200) {
    const Result<std::vector<AnsweredMessage>> read = read_messages(open.call, *answer);
    if (!read.has_value()) {
      warn(Teller::About::Unread,
           "the answer to a receive from " + open.call.queue_url +
               " cannot be read; the task is protected as if there were a message in it: " +
               read.error().message);
    }
    const Duration visibility =
        open.call.visibility.value_or(surroundings_.queues.at(open.queue).visibility);
    if (!read.has_value()) {
      messages.push_back({.handle = unread_handle(open.queue), .visibility = visibility});
    }
    for (const AnsweredMessage& message : read.value_or(std::vector<AnsweredMessage>())) {
      open.handles.push_back(handle_of(open.queue, message.handle));
      messages.push_back({.handle = open.handles.back(), .visibility = visibility});
    }
  }
  open.answer = std::move(answer);
  if (open.request.abandoned()) {
    protocol_.gone(id, now());
  }
  protocol_.received(id, std::move(messages), now());
  carry_out_all();
}

void Front::carry_out_all() {
  if (std::exchange(carrying_out_, true)) {
    return;  // The outer call goes on with what has come of this.
  }
  for (auto actions = protocol_.take_actions(); !actions.empty();
       actions = protocol_.take_actions()) {
    for (const Action& action : actions) {
      std::visit([this](const auto& one) { carry_out(one); }, action);
    }
  }
  carrying_out_ = false;
  work_.note_held(protocol_.status(now()).held);
  if (finishing_) {
    finish();
  } else if (const std::optional<Deadline> next = protocol_.next()) {
    const auto left = std::chrono::ceil<Duration>(*next - now());
    next_.start(std::max(left, Duration::zero()), [this] {
      protocol_.advance(now());
      carry_out_all();
    });
  } else {
    next_.cancel();
  }
}

void Front::carry_out(const Forward& action) {
  const std::shared_ptr<OpenReceive>& open = receives_.at(action.receive);
  net::HttpRequest forwarded = forwardable(open->request);
  // Whether the first one has taken messages nobody knows once its connection broke.
  forwarded.repeatable = false;
  surroundings_.forwarder.send(
      std::move(forwarded), {.queue_url = open->call.queue_url, .region = open->call.region},
      kReceivePatience, [this, alive = alive_, id = action.receive](auto answer) {
        if (*alive) {
          received(id, std::move(answer));
        }
      });
}

void Front::carry_out(const AnswerEmpty& action) {
  const auto open = receives_.extract(action.receive);
  if (open) {
    open.mapped()->respond(empty_answer(open.mapped()->call));
  }
}

void Front::carry_out(const HandOver& action) {
  const auto found = receives_.extract(action.receive);
  if (!found) {
    return;
  }
  OpenReceive& open = *found.mapped();
  if (!open.answer || !open.answer->has_value()) {
    // The connection is closed, as SQS's would be.
    warn(Teller::About::Call,
         open.call.operation + ": " + (open.answer ? open.answer->error().message : "no answer"));
    return;
  }
  if (!open.handles.empty() && open.request.abandoned()) {
    // Nobody gets them: they go to whoever asks next.
    carry_out(GiveBack{.handles = open.handles});
    for (const Handle& handle : open.handles) {
      protocol_.visibility_changed(handle, Duration::zero(), false, now());
    }
    return;
  }
  open.respond(passed_on(open.call, **std::move(open.answer), options_.door));
}

void Front::carry_out(const GiveBack& action) {
  std::map<std::size_t, std::vector<std::string>> by_queue;
  for (const Handle& handle : action.handles) {
    if (auto [queue, receipt] = parts_of(handle); !receipt.empty()) {
      by_queue[queue].push_back(std::move(receipt));
    }
  }
  for (auto& [number, receipts] : by_queue) {
    const KnownQueue& queue = surroundings_.queues.at(number);
    for (std::size_t i = 0; i < receipts.size(); i += kBatch) {
      const auto begin = receipts.begin() + static_cast<std::ptrdiff_t>(i);
      const auto end =
          receipts.begin() + static_cast<std::ptrdiff_t>(std::min(i + kBatch, receipts.size()));
      give_back(queue, {begin, end}, 1);
    }
  }
}

/// Visible again; tried a few times, since whoever loses here waits for a visibility timeout.
void Front::give_back(const KnownQueue& queue, std::vector<std::string> handles, int attempt) {
  json::Writer body;
  body.begin_object().field("QueueUrl", queue.whereto.queue_url).name("Entries").begin_array();
  for (std::size_t i = 0; i < handles.size(); ++i) {
    body.begin_object()
        .field("Id", std::to_string(i))
        .field("ReceiptHandle", handles[i])
        .field("VisibilityTimeout", 0)
        .end_object();
  }
  ++giving_back_;
  surroundings_.forwarder.call(
      "ChangeMessageVisibilityBatch", std::move(body.end_array().end_object()).text(),
      queue.whereto, kGiveBackPatience,
      [this, alive = alive_, &queue, handles = std::move(handles),
       attempt](const Result<net::HttpResponse>& answer) {
        if (!*alive) {
          return;
        }
        --giving_back_;
        if (fails_for_now(answer) && attempt < kGiveBackAttempts) {
          give_back(queue, handles, attempt + 1);
        } else if (!answer.has_value() || answer->status != 200) {
          warn(Teller::About::GiveBack,
               std::to_string(handles.size()) + " messages could not be given back to " +
                   queue.whereto.queue_url + "; they are visible when their time is over: " +
                   (answer.has_value() ? aws::read_error(*answer).code : answer.error().message));
        }
        if (finishing_) {
          finish();
        }
      });
}

void Front::carry_out(const Renew& action) {
  const auto [number, receipt] = parts_of(action.handle);
  if (receipt.empty()) {
    return;
  }
  const KnownQueue& queue = surroundings_.queues.at(number);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(action.visibility);
  json::Writer body;
  body.begin_object()
      .field("QueueUrl", queue.whereto.queue_url)
      .field("ReceiptHandle", receipt)
      .field("VisibilityTimeout", seconds.count());
  surroundings_.forwarder.call(
      "ChangeMessageVisibility", std::move(body.end_object()).text(), queue.whereto,
      kGiveBackPatience, [this, alive = alive_, action](const Result<net::HttpResponse>& answer) {
        if (*alive && answer.has_value() && answer->status == 200) {
          protocol_.visibility_changed(action.handle, action.visibility, false, now());
          carry_out_all();
        }
      });
}

void Front::carry_out(const AskAgent& action) {
  const auto answered = [this, alive = alive_](const AgentReply& reply) {
    if (*alive) {
      protocol_.agent_replied(reply, now());
      carry_out_all();
    }
  };
  if (surroundings_.agent != nullptr) {
    surroundings_.agent->ask(action.what, options_.rules.protect_for, answered);
  } else {
    surroundings_.loop.post([answered] {
      answered({.kind = AgentReply::Kind::Denied, .why = "there is no ECS agent here"});
    });
  }
}

void Front::carry_out(const TerminateChild&) {
  surroundings_.terminate_child();
}

void Front::carry_out(const Finish&) {
  finishing_ = true;
}

void Front::carry_out(const Worked& action) {
  work_.add(action.took);
}

void Front::carry_out(const Tell& action) {
  surroundings_.log.write(action.warning ? LogLevel::Warn : LogLevel::Info, action.text);
}

/// Once a minute for each kind: where SQS is away, each call of the worker has the same to tell.
void Front::warn(Teller::About about, const std::string& text) {
  teller_.warn(about, text, now());
  for (const Tell& tell : teller_.take()) {
    carry_out(tell);
  }
}

/// What is being given back comes first; a worker that lives on gets an answer, too, when it waits
/// for what SQS says of its queue. Each of these calls has its limit.
void Front::finish() {
  if (giving_back_ == 0 && (asking_ == 0 || options_.rules.child)) {
    surroundings_.finish(failed_);
  }
}

/// A worker that closed its connection gets no messages: what SQS has for it goes to others.
void Front::look_for_gone() {
  std::vector<ReceiveId> gone;
  for (const auto& [id, open] : receives_) {
    if (open->request.abandoned()) {
      gone.push_back(id);
    }
  }
  for (const ReceiveId id : gone) {
    protocol_.gone(id, now());
  }
  if (!gone.empty()) {
    carry_out_all();
  }
  if (!receives_.empty()) {
    gone_.start(kLookForGone, [this] { look_for_gone(); });
  }
}

Duration Front::protected_since_last() {
  const Duration in_all = protocol_.status(now()).protected_for;
  return in_all - std::exchange(protected_before_, in_all);
}

void Front::every_minute() {
  minute_.start(kMinute, [this] { every_minute(); });
  if (receives_seen_ == 0 && now() - begun_ >= options_.expect_within) {
    surroundings_.log.write(LogLevel::Warn,
                            std::string(others_seen_ == 0 ? kNothingCame : kOthersCame),
                            {{"endpoint", options_.door.origin()}});
    if (options_.strict && !std::exchange(failed_, true)) {
      terminate();
    }
  }
  if (options_.report == ReportForm::None) {
    return;
  }
  const WorkReport::Numbers numbers = work_.take();
  const Duration protected_for = protected_since_last();
  if (options_.report == ReportForm::Line) {
    write_line(surroundings_.log, numbers, protected_for);
  } else {
    print_line(emf(numbers, protected_for, surroundings_.clock.now()));
  }
}

}  // namespace scaler::guard
