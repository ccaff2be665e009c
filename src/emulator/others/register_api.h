#pragma once
// RegisterApi: what a deployment makes beside queues and services is kept and told, and does
// nothing: log groups, metric filters, rules, targets, alarms, dashboards, roles, their policies.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/others/kept_members.h"
#include "emulator/others/register_tables.h"
#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"
#include "lab/world/world.h"

namespace scaler::emulator {

class RegisterApi {
 public:
  explicit RegisterApi(const world::World& world) : world_(world) {}

  static bool offers(std::string_view service, std::string_view operation);
  static std::vector<std::string_view> operation_names();
  /// Errors: those of the service for what is there, is missing or is in use, and for wrong input.
  ApiAnswer handle(std::string_view service, const JsonCall& call);

 private:
  /// Whose it is, what kind it is, and what names it, its parent's name first.
  using Key = std::vector<std::string>;
  struct Kept {
    json::Object members = {};
    KeptTags tags = {};
  };
  struct Call;

  ApiAnswer put(const Call& call);
  ApiResult<const Kept*> put_one(const Call& call, const json::Object& fields,
                                 std::string_view own_name);
  ApiResult<void> check_parent(const Call& call) const;
  ApiAnswer change(const Call& call);
  ApiAnswer remove(const Call& call);
  ApiAnswer tell(const Call& call);
  ApiAnswer list(const Call& call);
  static bool is_asked_for(const Call& call, const Key& key);
  ApiAnswer tag(const Call& call);
  ApiResult<Kept*> find(const Call& call, const Key& key);
  ApiResult<Kept*> find_tagged(const Call& call);
  /// What was made for what has that key.
  std::vector<Key> children_of(const KeptKind& kind, const Key& key) const;
  Kept fresh(const Call& call, const Key& key) const;

  const world::World& world_;
  std::map<Key, Kept> kept_ = {};
};

}  // namespace scaler::emulator
