#pragma once
// SqsApi: SQS's JSON protocol over the world's queues. Every operation answers at once, except a
// receive that waits for messages; serve_waiting() ends those that have something to return or
// whose time is up. Limits, codes and messages are AWS's; what it models and what it refuses:
// docs/emulator.md.

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"
#include "emulator/request/places.h"
#include "emulator/sqs/message_moves.h"
#include "ground/json/writer.h"
#include "lab/world/world.h"

namespace scaler::emulator {

class SqsApi {
 public:
  /// `endpoint` is what queue URLs begin with, such as "http://127.0.0.1:4566". The queues that the
  /// world has by plain names are the emulator's own in the home region.
  SqsApi(world::World& world, std::string endpoint, std::string home_region);

  /// Calls `reply` once, at once or, for a waiting receive, from serve_waiting().
  void handle(const JsonCall& call, const ApiReply& reply);

  /// Goes on with message move tasks. Answers waiting receives whose queue has a message, or is
  /// gone, or whose wait is over. One whose client has gone takes nothing.
  void serve_waiting();
  /// When the first wait is over, or a move task goes on.
  Instant next_deadline() const;

  /// Of a queue by its name in the world.
  std::string queue_url(std::string_view world_name) const;
  /// As this caller can reach it: from another machine or container the emulator has another name.
  std::string queue_url(std::string_view world_name, const Caller& caller) const;

  /// AWS's older code of an SQS error, for the header x-amzn-query-error.
  static std::string_view query_code(std::string_view code);

 private:
  using Method = ApiAnswer (SqsApi::*)(const Input&, const Caller&);
  struct Operation {
    std::vector<Field> fields = {};
    Method method = nullptr;  ///< nullptr for ReceiveMessage
  };
  static const std::unordered_map<std::string_view, Operation>& operations();

  /// A receive with everything that its answer needs, as the request is gone by then.
  struct Receive {
    std::string queue = {};
    world::ReceiveRequest request = {};
    std::vector<std::string> system_names = {};
    std::vector<std::string> attribute_names = {};
    Instant deadline = {};
    ApiReply reply = {};
    std::function<bool()> abandoned = {};
  };

  ApiAnswer create_queue(const Input& input, const Caller& caller);
  ApiAnswer delete_queue(const Input& input, const Caller& caller);
  ApiAnswer get_queue_url(const Input& input, const Caller& caller);
  ApiAnswer list_queues(const Input& input, const Caller& caller);
  ApiAnswer list_dead_letter_sources(const Input& input, const Caller& caller);
  ApiAnswer get_queue_attributes(const Input& input, const Caller& caller);
  ApiAnswer set_queue_attributes(const Input& input, const Caller& caller);
  ApiAnswer add_permission(const Input& input, const Caller& caller);
  ApiAnswer remove_permission(const Input& input, const Caller& caller);
  ApiAnswer purge_queue(const Input& input, const Caller& caller);
  ApiAnswer tag_queue(const Input& input, const Caller& caller);
  ApiAnswer untag_queue(const Input& input, const Caller& caller);
  ApiAnswer list_queue_tags(const Input& input, const Caller& caller);
  ApiAnswer send_message(const Input& input, const Caller& caller);
  ApiAnswer send_message_batch(const Input& input, const Caller& caller);
  ApiAnswer delete_message(const Input& input, const Caller& caller);
  ApiAnswer delete_message_batch(const Input& input, const Caller& caller);
  ApiAnswer change_message_visibility(const Input& input, const Caller& caller);
  ApiAnswer change_message_visibility_batch(const Input& input, const Caller& caller);
  ApiAnswer start_message_move(const Input& input, const Caller& caller);
  ApiAnswer list_message_moves(const Input& input, const Caller& caller);
  ApiAnswer cancel_message_move(const Input& input, const Caller& caller);

  /// The queue that QueueUrl names, in the caller's region.
  ApiResult<world::Queue*> find_queue(const Input& input, const Caller& caller);
  world::Queue* find_by_arn(std::string_view arn, const Caller& caller);
  ApiResult<world::Queue*> find_move_source(const Input& input, const Caller& caller);
  std::unexpected<ApiError> no_such_queue(std::string_view name, std::string_view account,
                                          const Caller& caller) const;
  /// A page of the URLs of those of the caller's queues that belong to the answer.
  ApiAnswer list_page(const Input& input, const Caller& caller, std::string_view list_name,
                      const std::function<bool(const world::Queue&)>& belongs);
  void receive_message(const Input& input, const JsonCall& call, const ApiReply& reply);
  ApiResult<Receive> read_receive(const Input& input, const Caller& caller);
  /// The answer, or nothing as long as there is nothing to return.
  std::optional<ApiAnswer> try_receive(const Receive& receive);
  /// A message that has passed all checks, not yet sent.
  struct CheckedMessage;
  ApiResult<CheckedMessage> check_message(const Input& entry, const world::Queue& queue,
                                          const Caller& caller);
  void send(world::Queue& queue, CheckedMessage message, json::Writer& writer);
  ApiResult<void> delete_one(world::Queue& queue, const Input& entry);
  ApiResult<void> change_visibility_one(world::Queue& queue, const Input& entry);

  world::World& world_;
  std::string endpoint_;
  WorldPlaces places_;
  MessageMoves moves_;
  std::uint64_t next_move_ = 1;
  std::list<Receive> waiting_ = {};
  std::map<std::string, Instant, std::less<>> purged_at_ = {};
  std::map<std::string, Instant, std::less<>> deleted_at_ = {};
};

}  // namespace scaler::emulator
